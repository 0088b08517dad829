// SPDX-License-Identifier: GPL-2.0-only
/*
 * Backend fentry: entry and exit of the three functions through which every TCP, UDP, UDP-Lite,
 * DCCP and MPTCP allocation passes. None of them is inlined in any kernel from 5.10 to 7.3 that was
 * looked at; their first two arguments never moved.
 */
#include <linux/bpf.h>
#include <vmlinux.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

#define BRACKETED	     0
#define READ(pointer, field) ((pointer)->field)
#define READ_ADDRESS(out, pointer, field)                               \
	do {                                                            \
		for (int i = 0; i < 4; i++)                             \
			(out)[i] = (pointer)->field.in6_u.u6_addr32[i]; \
	} while (0)

#include "alloc.h"

/* A search has begun in alloc_begin() for this very socket; ends it with @ret of the function. */
static __always_inline int search_exit(struct sock *sk, int ret)
{
	struct self self = self_get();
	struct flight *flight = flight_mine(&self);
	__u16 error = 0;

	if (!flight || flight->sock != (__u64)sk)
		return 0;
	if (ret) {
		/*
		 * get_port() gave 1 up to 6.0 and gives -EADDRINUSE since 7a7160edf1bf
		 * (6.1.y, 6.2); inet_autobind() makes EAGAIN of either (net/ipv4/af_inet.c).
		 */
		error = ret < 0 ? -ret : EADDRINUSE;
		if (flight->path == PATH_AUTOBIND)
			error = EAGAIN;
	}
	alloc_end(&self, flight, sk, sk->__sk_common.skc_num, error);
	return 0;
}

/* Allocation where no port is bound yet; else the function only checks the 4-tuple. */
SEC("fentry/__inet_hash_connect")
int BPF_PROG(connect_enter, struct inet_timewait_death_row *death_row, struct sock *sk)
{
	struct self self;

	if (sk->__sk_common.skc_num)
		return 0;
	self = self_get();
	alloc_begin(&self, sk, PATH_CONNECT, 0);
	return 0;
}

/* Up to 6.14: (death_row, sk, port_offset, check_established). */
SEC("fexit/__inet_hash_connect")
int BPF_PROG(connect_exit4, struct inet_timewait_death_row *death_row, struct sock *sk,
	     __u64 port_offset, void *check_established, int ret)
{
	return search_exit(sk, ret);
}

/* From 6.15 (d4438ce68bf1): hash_port0 came in before the function. */
SEC("fexit/__inet_hash_connect")
int BPF_PROG(connect_exit5, struct inet_timewait_death_row *death_row, struct sock *sk,
	     __u64 port_offset, __u32 hash_port0, void *check_established, int ret)
{
	return search_exit(sk, ret);
}

SEC("fentry/inet_csk_get_port")
int BPF_PROG(get_port_enter, struct sock *sk, unsigned short snum)
{
	/* listen() asks after the state is set (net/ipv4/inet_connection_sock.c), bind() before. */
	bool listen = sk->__sk_common.skc_state == STATE_LISTEN;
	struct self self;

	/* With a port listen() makes sure of what it has: no allocation, no named bind. */
	if (snum && (listen || !(config.paths & (1 << PATH_EXPLICIT))))
		return 0;
	self = self_get();
	alloc_begin(&self, sk, snum ? PATH_EXPLICIT : listen ? PATH_LISTEN : PATH_BIND, snum);
	return 0;
}

SEC("fexit/inet_csk_get_port")
int BPF_PROG(get_port_exit, struct sock *sk, unsigned short snum, int ret)
{
	return search_exit(sk, ret);
}

/* Tells connect and send on an unbound socket from bind(): both end in the same get_port(). */
SEC("fentry/inet_autobind")
int BPF_PROG(autobind_enter, struct sock *sk)
{
	struct self self = self_get();
	struct flight *flight = flight_slot(&self);

	if (flight)
		flight->autobind = (__u64)sk;
	return 0;
}

SEC("fentry/udp_lib_get_port")
int BPF_PROG(udp_get_port_enter, struct sock *sk, unsigned short snum)
{
	struct self self;
	struct flight *flight;
	bool autobind = false;

	if (snum && !(config.paths & (1 << PATH_EXPLICIT)))
		return 0;
	self = self_get();
	flight = flight_slot(&self);
	if (flight && flight->autobind == (__u64)sk) {
		autobind = true;
		flight->autobind = 0;
	}
	alloc_begin(&self, sk, snum ? PATH_EXPLICIT : autobind ? PATH_AUTOBIND : PATH_BIND, snum);
	return 0;
}

SEC("fexit/udp_lib_get_port")
int BPF_PROG(udp_get_port_exit, struct sock *sk, unsigned short snum, unsigned int nulladdr,
	     int ret)
{
	return search_exit(sk, ret);
}

/*
 * The sysctl handler, for reads too. table->data is the range itself up to 6.6, the namespace from
 * 6.8; never the current task's: the file may have been opened in another one.
 */
static __always_inline struct net *range_table_net(struct ctl_table *table)
{
	__u64 data = (__u64)table->data;

	if (bpf_core_field_exists(struct net___pair, ipv4.ip_local_ports.range))
		data -= bpf_core_field_offset(struct net___pair, ipv4.ip_local_ports.range);
	return (struct net *)data;
}

SEC("fentry/ipv4_local_port_range")
int BPF_PROG(range_enter, struct ctl_table *table, int write)
{
	struct self self;

	if (!write)
		return 0;
	self = self_get();
	range_write_begin(&self, range_table_net(table));
	return 0;
}

SEC("fexit/ipv4_local_port_range")
int BPF_PROG(range_exit, struct ctl_table *table, int write, void *buffer, size_t *length,
	     void *position, int ret)
{
	struct self self = self_get();
	struct flight *flight = flight_mine(&self);

	if (!flight || flight->path != PATH_COUNT)
		return 0;
	if (ret)
		flight->task = 0; /* refused: nothing changed */
	else
		range_write_end(&self, flight);
	return 0;
}
