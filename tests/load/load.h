/* SPDX-License-Identifier: GPL-2.0-only */
/* load: makes source port allocations on every path and logs what the kernel answered. */
#ifndef EPHEMPORT_TESTS_LOAD_H
#define EPHEMPORT_TESTS_LOAD_H

#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/types.h>

/* Ports set aside outside the range for listeners, per worker: one open, one closed. */
#define WORKER_PORTS 2
#define MAX_THREADS  64
/* Connections that a thread of tcp4_storm keeps open. */
#define STORM_HELD 50

/* What a scenario or an allocation hands back, besides 0 and a negative errno. */
#define LOAD_SKIP 0x10000 /* this kernel or this namespace cannot do it */

#define MAX_SETTINGS 8

/* A file of /proc/sys/net/ipv4 and what is written there. */
enum setting_when {
	SETTING_FIRST,	    /* before anything else */
	SETTING_HALFWAY,    /* when a scenario that uses the range up has used half of it */
	SETTING_ALTERNATES, /* to and fro, as long as the scenarios run */
};

struct setting {
	const char *name;
	enum setting_when when;
	char *values[2];
};

enum addr_kind {
	ADDR_V4,
	ADDR_V6,
	ADDR_MAPPED, /* an AF_INET6 socket with ::ffff:a.b.c.d: IPv4 on the wire */
};

enum call {
	CALL_BIND,
	CALL_LISTEN,
	CALL_CONNECT,
	CALL_REFUSED, /* TCP connect to a port without a listener */
	CALL_FASTOPEN,
	CALL_SENDTO,
	CALL_SENDMSG,
	CALL_SENDMMSG,
};

enum tweak {
	TWEAK_NONE,
	TWEAK_ANY, /* bind to the wildcard address instead of loopback */
	TWEAK_REUSEADDR,
	TWEAK_REUSEPORT,
	TWEAK_BOUND,	/* bind(0) allocates; the call that follows must not */
	TWEAK_NO_PORT,	/* IP_BIND_ADDRESS_NO_PORT: bind(0) must not, the call that follows does */
	TWEAK_RANGE_IN, /* IP_LOCAL_PORT_RANGE within the namespace's range */
	TWEAK_RANGE_PART, /* ... overlapping it: clamped */
	TWEAK_RANGE_OUT,  /* ... apart from it: ignored */
	TWEAK_RANGE_SAME, /* ... the same */
	TWEAK_FAR,	  /* an address that this namespace does not have and cannot reach */
};

struct load_ctx {
	FILE *log;
	bool log_explicit;
	bool own_netns;
	unsigned long netns; /* inode number */
	int range_low;
	int range_high;
	int threads;
	unsigned long count;
	unsigned int timeout;
	const struct scenario **chosen;
	int n_chosen;
	pthread_mutex_t full_lock; /* one thread at a time uses the range up */
	struct setting settings[MAX_SETTINGS];
	int n_settings;
	unsigned long bound; /* ports held from the beginning to the end */
	bool bound_any;	     /* by the wildcard address */
	bool one_destination;
	pthread_t alternator;
	bool alternating;
	atomic_ulong lines;
	atomic_bool failed;
	atomic_bool finished;
};

struct worker {
	struct load_ctx *ctx;
	pthread_t thread;
	int index;
	pid_t tid;
	unsigned long lines;
	bool listening;	  /* on the sockets below; with --one-destination all share them */
	int listen_fd[2]; /* IPv4, IPv6; -1 where the family is missing */
	int open_port;
	int closed_port;
	int held[2 *
		 STORM_HELD]; /* tcp4_storm: a client and its peer each, 0 where there is none */
	unsigned int storms;
	char why[128]; /* the reason for a skip or an error */
};

struct scenario {
	const char *name;
	const char *about;
	int (*run)(struct worker *w, const struct scenario *s);
	int proto;
	enum addr_kind kind;
	enum call call;
	enum tweak tweak;
	bool once; /* too dear to repeat until the count is reached */
};

extern const struct scenario load_scenarios[];
extern const int load_n_scenarios;

/* address.c */
union address {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

/* As on the wire: a mapped address is IPv4 here. */
struct endpoint {
	int family;
	char text[INET6_ADDRSTRLEN];
	int port;
};

int address_family(enum addr_kind kind);
socklen_t address_loopback(union address *addr, enum addr_kind kind, int port);
socklen_t address_any(union address *addr, enum addr_kind kind, int port);
socklen_t address_far(union address *addr, enum addr_kind kind, int port);
void endpoint_from(struct endpoint *ep, const union address *addr);
int endpoint_of_socket(struct endpoint *ep, int fd);

/* netns.c */
int netns_enter_new(void);
int netns_inode(unsigned long *inode);
int range_read(int *low, int *high);
int range_write(int low, int high);

/* log.c */
struct log_entry {
	const char *path;
	int proto;
	const struct endpoint *src;
	const struct endpoint *dst; /* NULL where the call names none */
	int err;		    /* of the allocation: a refused connect has 0 */
};

void log_alloc(struct worker *w, const struct log_entry *e);
int worker_fail(struct worker *w, int err, const char *what);
int worker_skip(struct worker *w, int err, const char *what);

/*
 * alloc.c: each makes one call and logs the allocation it causes. Returns 0, a positive errno
 * when the allocation failed (and was logged so), a negative one when something else went wrong.
 */
int alloc_bind(struct worker *w, const struct scenario *s, int fd, int port);
int alloc_call(struct worker *w, const struct scenario *s, int fd);

/* scenarios.c */
int scenario_open(struct worker *w, const struct scenario *s);
int scenario_prepare(struct worker *w, const struct scenario *s, int fd);
int scenario_accept(struct worker *w, const struct scenario *s);
int scenario_plain(struct worker *w, const struct scenario *s);
int scenario_explicit(struct worker *w, const struct scenario *s);

/* special.c */
int scenario_full(struct worker *w, const struct scenario *s);
int scenario_reconnect(struct worker *w, const struct scenario *s);
int scenario_no_alloc(struct worker *w, const struct scenario *s);
int scenario_unanswered(struct worker *w, const struct scenario *s);
int scenario_knee(struct worker *w, const struct scenario *s);
int scenario_storm(struct worker *w, const struct scenario *s);

/* settings.c */
int setting_parse(struct load_ctx *ctx, enum setting_when when, char *text);
int settings_apply(struct load_ctx *ctx, enum setting_when when);
int settings_alternate_start(struct load_ctx *ctx);
void settings_alternate_stop(struct load_ctx *ctx);
int worker_hold_ports(struct worker *w);

/* worker.c */
int worker_setup(struct worker *w);
void *worker_main(void *arg);

#endif
