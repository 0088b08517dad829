/* SPDX-License-Identifier: GPL-2.0-only */
/* What one would regret of a range, before it is set. */
#ifndef EPHEMPORT_RANGE_CHECK_H
#define EPHEMPORT_RANGE_CHECK_H

#include <netinet/in.h>

#include "range/range.h"
#include "range/sockets.h"
#include "range/sysctl.h"

/* kube-apiserver --service-node-port-range, its default. */
enum { NODEPORT_LOW = 30000, NODEPORT_HIGH = 32767 };

/* TCP_TIMEWAIT_LEN, include/net/tcp.h: no sysctl changes it, tcp_fin_timeout neither. */
enum { TIME_WAIT_SECONDS = 60 };

enum check_level {
	CHECK_NOTE,    /* good to know */
	CHECK_WARN,    /* the kernel takes it and you would regret it: set wants --force */
	CHECK_REFUSED, /* the kernel would not take it */
};

struct finding {
	const char
		*code; /* one word, stable: parity, nodeport, listener, privileged, in_use, ... */
	enum check_level level;
	unsigned long count; /* ports, sockets or connections that it is about; 0: none */
	pid_t pid;	     /* of a listener, 0: unknown or none */
	char text[400];
};

struct check_report {
	struct finding *items;
	size_t count;
	unsigned int usable; /* ports of the range less the reserved ones */
	double sustained;    /* new connections a second to one destination, for good */
};

struct check_input {
	struct port_range range;
	const struct range_settings *settings; /* in force now */
	const struct socket_list *sockets;     /* of the namespace; NULL: not looked at */
	const struct owner_list *owners;
	struct port_range nodeport;
	double rate; /* planned connections a second, 0: not asked */
	double hold; /* seconds that each lives */
	bool has_destination;
	bool destination_loopback;
	uint8_t family;		     /* of the destination */
	struct in6_addr destination; /* IPv4 in the first four bytes */
	uint16_t destination_port;
	unsigned long files; /* RLIMIT_NOFILE, 0: unlimited or unknown */
};

/*
 * Seconds until a port is free again for the same destination after a close. tcp_tw_reuse 1 lets
 * connect() take it after tcp_tw_reuse_delay (1 s before 6.14), 2 on loopback alone; the first
 * burst is no larger than the range all the same.
 */
double time_wait_seconds(const struct range_settings *settings, bool loopback);

/* 0 or -ENOMEM; the caller frees the report. */
int check_run(const struct check_input *input, struct check_report *report);
void check_free(struct check_report *report);
bool check_has(const struct check_report *report, enum check_level at_least);

/* The ports that sockets other than listeners and accepted ones hold outside @range. */
bool socket_is_outgoing(const struct held_socket *held, const struct port_set *listening);
/* The TCP ports that are listened on. */
void listening_ports(const struct socket_list *sockets, struct port_set *listening);

#endif
