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

#define BRACKETED		     0
#define READ(pointer, field)	     ((pointer)->field)
#define READ_16(out, pointer, field) copy_16(out, (const __u64 *)&(pointer)->field)

#include "alloc.h"
#include "writes.h"
#include "search.h"

/*
 * The errno that the caller sees. get_port() gave 1 up to 6.0 and gives -EADDRINUSE since
 * 7a7160edf1bf (6.1.y, 6.2); inet_autobind() makes EAGAIN of either (net/ipv4/af_inet.c).
 */
static __always_inline __u16 search_errno(const struct flight *flight, int ret)
{
	if (!ret)
		return 0;
	if (flight->path == PATH_AUTOBIND)
		return EAGAIN;
	return ret < 0 ? -ret : EADDRINUSE;
}

/* The candidate seen last counted as refused, but it is the one that the search chose. */
static __always_inline void candidate_chosen(struct flight *flight, const struct sock *sk, int ret)
{
	if (!ret && flight->named && flight->named == sk->__sk_common.skc_num)
		flight->search.refused--;
}

/* A search has begun in alloc_begin() for this very socket; ends it with @ret of the function. */
static __always_inline int search_exit(struct sock *sk, int ret)
{
	struct self self = self_get();
	struct flight *flight = flight_mine(&self);

	if (!flight || flight->sock != (__u64)sk)
		return 0;
	alloc_end(&self, flight, sk, sk->__sk_common.skc_num, search_errno(flight, ret));
	return 0;
}

/*
 * Allocation where no port is bound yet. Else the function only checks the tuple of the port that
 * the socket has; that this failed is of interest where binds to named ports are.
 */
SEC("fentry/__inet_hash_connect")
int BPF_PROG(connect_enter, struct inet_timewait_death_row *death_row, struct sock *sk,
	     __u64 port_offset)
{
	__u16 port = sk->__sk_common.skc_num;
	struct self self;
	struct flight *flight;

	if (port && !(config.paths & (1 << PATH_EXPLICIT)))
		return 0;
	self = self_get();
	if (port) {
		flight = alloc_begin(&self, sk, PATH_EXPLICIT, port, false);
		if (flight)
			flight->flags |= ALLOC_DEST;
		return 0;
	}
	flight = alloc_begin(&self, sk, PATH_CONNECT, 0, true);
	if (!flight)
		return 0;
	step_width_read(&flight->search, sk->__sk_common.skc_net.net);
	connect_search_begin(flight, port_offset);
	return 0;
}

static __always_inline int connect_exit(struct sock *sk, int ret)
{
	struct self self = self_get();
	struct flight *flight = flight_mine(&self);

	if (!flight || flight->sock != (__u64)sk)
		return 0;
	if (flight->path == PATH_CONNECT) {
		candidate_chosen(flight, sk, ret);
		connect_search_end(flight, ret);
	}
	if (flight->untold || (flight->path == PATH_EXPLICIT && !ret)) {
		flight->task = 0;
		return 0;
	}
	alloc_end(&self, flight, sk, sk->__sk_common.skc_num, search_errno(flight, ret));
	return 0;
}

/* Up to 6.14: (death_row, sk, port_offset, check_established). */
SEC("fexit/__inet_hash_connect")
int BPF_PROG(connect_exit4, struct inet_timewait_death_row *death_row, struct sock *sk,
	     __u64 port_offset, void *check_established, int ret)
{
	return connect_exit(sk, ret);
}

/* From 6.15 (d4438ce68bf1): hash_port0 came in before the function. */
SEC("fexit/__inet_hash_connect")
int BPF_PROG(connect_exit5, struct inet_timewait_death_row *death_row, struct sock *sk,
	     __u64 port_offset, __u32 hash_port0, void *check_established, int ret)
{
	return connect_exit(sk, ret);
}

/*
 * The flight of the search that this task does for @sk. The socket alone says so: its lock is held
 * for the whole search. What a flight that is over still counts is cleared when the next begins.
 */
static __always_inline struct flight *flight_of_search(struct sock *sk)
{
	struct self self = self_get();
	struct flight *flight = flight_slot(&self);

	return flight && flight->sock == (__u64)sk ? flight : NULL;
}

static __always_inline int candidate_refused(struct sock *sk)
{
	struct flight *flight = flight_of_search(sk);

	if (flight)
		flight->search.refused++;
	return 0;
}

/*
 * bind and listen (net/ipv4/inet_connection_sock.c): each candidate that is refused makes one call
 * of inet_csk_bind_conflict() that answers so. From 6.1 (28044fc1d495), for a socket of an address
 * of its own, inet_bhash2_addr_any_conflict() is asked about each candidate before, free ones too,
 * and may refuse it by itself: there all are taken for refused at the entry, which is a quarter
 * cheaper than the exit, and candidate_chosen() takes the last one back. The next call further in,
 * inet_bind2_bucket_match_addr_any(), is made only where there is something to find, but for each
 * socket that shares a hash chain with the port, and so the more the more sockets there are.
 */
SEC("fexit/inet_csk_bind_conflict")
int BPF_PROG(bind_conflict4, struct sock *sk, void *tb, bool relax, bool reuseport_ok, int ret)
{
	return ret ? candidate_refused(sk) : 0;
}

/* From 6.1: tb2 came in after tb. */
SEC("fexit/inet_csk_bind_conflict")
int BPF_PROG(bind_conflict5, struct sock *sk, void *tb, void *tb2, bool relax, bool reuseport_ok,
	     int ret)
{
	struct flight *flight = (ret & 0xff) ? flight_of_search(sk) : NULL;

	if (flight && !flight->named)
		flight->search.refused++;
	return 0;
}

SEC("fentry/inet_bhash2_addr_any_conflict")
int BPF_PROG(bind_any_conflict, struct sock *sk, int port)
{
	struct flight *flight = flight_of_search(sk);

	if (!flight || flight->path == PATH_EXPLICIT)
		return 0;
	flight->search.refused++;
	flight->named = port;
	return 0;
}

/*
 * --explain. Each candidate whose tuple is taken makes exactly one call that fails; those held by
 * a socket that was bound make none. A call that succeeds ends the search, so that the entries
 * alone tell as much, for a quarter less than the exits: all are taken for refused, and
 * candidate_chosen() takes the last one back.
 */
static __always_inline int candidate_asked(struct sock *sk, __u16 port)
{
	struct flight *flight = flight_of_search(sk);

	if (flight && flight->named != port) {
		flight->search.refused++;
		flight->named = port;
	}
	return 0;
}

SEC("fentry/__inet_check_established")
int BPF_PROG(tuple_check4, void *death_row, struct sock *sk, __u16 port)
{
	return candidate_asked(sk, port);
}

/*
 * From 6.15 (86c2bc293b81): rcu_lookup and hash came in at the end. A candidate that a look without
 * the lock finds free is asked about again with it, so here the answer counts.
 */
SEC("fexit/__inet_check_established")
int BPF_PROG(tuple_check6, void *death_row, struct sock *sk, __u16 port, void *timewait,
	     bool rcu_lookup, __u32 hash, int ret)
{
	return ret ? candidate_refused(sk) : 0;
}

SEC("fentry/__inet6_check_established")
int BPF_PROG(tuple6_check4, void *death_row, struct sock *sk, __u16 port)
{
	return candidate_asked(sk, port);
}

SEC("fexit/__inet6_check_established")
int BPF_PROG(tuple6_check6, void *death_row, struct sock *sk, __u16 port, void *timewait,
	     bool rcu_lookup, __u32 hash, int ret)
{
	return ret ? candidate_refused(sk) : 0;
}

/* The tuple is held by a socket in TIME_WAIT: 1 where it may be taken over (tcp_tw_reuse). */
SEC("fexit/tcp_twsk_unique")
int BPF_PROG(timewait_check, struct sock *sk, struct sock *timewait, void *arg, int ret)
{
	struct flight *flight = ret ? NULL : flight_of_search(sk);

	if (flight)
		flight->search.refused_timewait++;
	return 0;
}

/*
 * A socket in TIME_WAIT goes before its time: the search has taken its tuple over, if it has the
 * port and the destination of the searching socket. Once a success, so cheap enough for every
 * trace.
 */
SEC("fentry/inet_twsk_deschedule_put")
int BPF_PROG(timewait_taken, struct inet_timewait_sock *timewait)
{
	struct self self = self_get();
	struct flight *flight = flight_mine(&self);
	struct sock *sk;

	if (!flight || flight->path != PATH_CONNECT || flight->untold)
		return 0;
	sk = (struct sock *)flight->sock;
	if (BPF_CORE_READ(sk, __sk_common.skc_num) == timewait->__tw_common.skc_num &&
	    BPF_CORE_READ(sk, __sk_common.skc_dport) == timewait->__tw_common.skc_dport)
		flight->search.flags |= SEARCH_TW_REUSED;
	return 0;
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
	alloc_begin(&self, sk,
		    snum   ? PATH_EXPLICIT :
		    listen ? PATH_LISTEN :
			     PATH_BIND,
		    snum, false);
	return 0;
}

SEC("fexit/inet_csk_get_port")
int BPF_PROG(get_port_exit, struct sock *sk, unsigned short snum, int ret)
{
	struct self self = self_get();
	struct flight *flight = flight_mine(&self);

	if (!flight || flight->sock != (__u64)sk)
		return 0;
	if (flight->path != PATH_EXPLICIT)
		candidate_chosen(flight, sk, ret);
	alloc_end(&self, flight, sk, sk->__sk_common.skc_num, search_errno(flight, ret));
	return 0;
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
	flight = alloc_begin(&self, sk,
			     snum     ? PATH_EXPLICIT :
			     autobind ? PATH_AUTOBIND :
					PATH_BIND,
			     snum, false);
	if (flight && !snum && config.udp_examined)
		udp_search_inputs(flight, sk);
	return 0;
}

/* The number that a UDP search starts from is the first that it draws (net/ipv4/udp.c, 5.19). */
SEC("fexit/get_random_u32")
int BPF_PROG(random_draw, __u32 ret)
{
	struct self self = self_get();
	struct flight *flight = flight_mine(&self);

	if (!flight || !flight->search.slots || (flight->search.flags & SEARCH_DRAW))
		return 0;
	flight->search.draw = ret;
	flight->search.flags |= SEARCH_DRAW;
	return 0;
}

SEC("fexit/udp_lib_get_port")
int BPF_PROG(udp_get_port_exit, struct sock *sk, unsigned short snum, unsigned int nulladdr,
	     int ret)
{
	struct self self;
	struct flight *flight;

	/* A search that failed looked at every port: that needs no hook on the random number. */
	if (ret && !snum && !config.udp_examined && !config.aggregate) {
		self = self_get();
		flight = flight_mine(&self);
		if (flight)
			udp_search_inputs(flight, sk);
	}
	return search_exit(sk, ret);
}

/*
 * The handler of net.ipv4.ip_local_reserved_ports, for reads too. It serves another file only in
 * the kernel's own tests (lib/test_sysctl.c).
 */
static __always_inline bool table_is_reserved_ports(const struct ctl_table *table)
{
	const char wanted[] = "ip_local_reserved_ports";
	char name[sizeof(wanted)] = {};

	bpf_probe_read_kernel_str(name, sizeof(name), BPF_CORE_READ(table, procname));
	for (unsigned int i = 0; i < sizeof(wanted); i++)
		if (name[i] != wanted[i])
			return false;
	return true;
}

/*
 * A search while the list is written may have met the old one or the new one: for its reckoning
 * that is like a change of the range.
 */
SEC("fentry/proc_do_large_bitmap")
int BPF_PROG(reserved_enter, struct ctl_table *table, int write)
{
	struct self self = self_get();

	if (!write)
		return 0;
	settings_write_begin(&self);
	if (config.aggregate || !table_is_reserved_ports(table))
		return 0;
	reserved_write_tell(&self, reserved_table_net(table), EVENT_RESERVED_BEFORE);
	return 0;
}

SEC("fexit/proc_do_large_bitmap")
int BPF_PROG(reserved_written, struct ctl_table *table, int write, void *buffer, size_t *length,
	     void *position, int ret)
{
	struct self self = self_get();

	if (!write)
		return 0;
	if (!ret)
		__sync_fetch_and_add(&reserved_epoch, 1);
	settings_write_end(&self);
	if (ret || config.aggregate || !table_is_reserved_ports(table))
		return 0;
	reserved_write_tell(&self, reserved_table_net(table), EVENT_RESERVED_AFTER);
	return 0;
}

/* The handler of net.ipv4.ip_local_port_range, for reads too. */
SEC("fentry/ipv4_local_port_range")
int BPF_PROG(range_enter, struct ctl_table *table, int write)
{
	struct self self = self_get();

	if (!write)
		return 0;
	settings_write_begin(&self);
	range_write_begin(&self, range_table_net(table));
	return 0;
}

SEC("fexit/ipv4_local_port_range")
int BPF_PROG(range_exit, struct ctl_table *table, int write, void *buffer, size_t *length,
	     void *position, int ret)
{
	struct self self = self_get();
	struct flight *flight = flight_mine(&self);

	if (write)
		settings_write_end(&self);
	if (!flight || flight->path != FLIGHT_RANGE)
		return 0;
	if (ret)
		flight->task = 0; /* refused: nothing changed */
	else
		range_write_end(&self, flight);
	return 0;
}
