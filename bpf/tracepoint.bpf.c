// SPDX-License-Identifier: GPL-2.0-only
/*
 * Backend tracepoint: for kernels that refuse fentry (locked-down microVMs). Tracepoints and cgroup
 * hooks bracket the search from outside, so latency is an upper bound; the order of the hooks in
 * each path was watched on 5.15 to 7.3:
 *
 *   connect   inet_sock_set_state 7->2, search, sock_ops TCP_CONNECT_CB
 *             out of ports: 7->2, search, 2->7 in the same task
 *   bind      cgroup/bind4|6, search, cgroup/post_bind4|6; out of ports: the syscall's end
 *   listen    7->10, search, the syscall's end; out of ports: 10->7 in the same task
 *   autobind  connect: cgroup/connect4|6, search, the syscall's end
 *             send: the syscall's begin, search, cgroup/sendmsg4|6, the syscall's end
 *
 * Needs bpf_get_current_task_btf() (5.11) in programs of every type.
 */
#include <linux/bpf.h>
#include <vmlinux.h>
#include <asm/unistd.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

#define BRACKETED	     1
#define READ(pointer, field) BPF_CORE_READ(pointer, field)
#define READ_16(out, pointer, field) \
	probe_16(out, __builtin_preserve_access_index(&(pointer)->field))

#include "alloc.h"
#include "writes.h"

enum {
	CGROUP_ALLOW = 1, /* what a cgroup program returns to leave the call alone */
	CLAIM_SLOTS = 4096,
	SOCK_DGRAM = 2,
	S_IFMT = 0170000,
	S_IFSOCK = 0140000,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	PROTO_DCCP = 33,
	PROTO_UDPLITE = 136,
	PROTO_MPTCP = 262,
};

/* Which thread's call allocated the port of an unbound UDP socket, where several send at once. */
struct claim {
	__u64 sock;
	__u64 time_ns;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, CLAIM_SLOTS);
	__type(key, __u32);
	__type(value, struct claim);
} claims SEC(".maps");

static __always_inline bool proto_is_udp(__u32 proto)
{
	return proto == PROTO_UDP || proto == PROTO_UDPLITE;
}

/* Those whose ports come from the range. SCTP has hooks of its own, raw sockets have no ports. */
static __always_inline bool proto_has_ports(__u32 proto)
{
	return proto_is_udp(proto) || proto == PROTO_TCP || proto == PROTO_DCCP ||
	       proto == PROTO_MPTCP;
}

/*
 * A cgroup program's socket as a plain address. The verifier knows the pointer as a bpf_sock and
 * allows none of the other reads; a copy made by a helper is a number to it.
 */
static __always_inline struct sock *sock_of_ctx(void *pointer)
{
	struct sock *sk = NULL;

	bpf_probe_read_kernel(&sk, sizeof(sk), &pointer);
	return sk;
}

static __always_inline struct flight *bracket_begin(const struct self *self, struct sock *sk,
						    enum alloc_path path, __u16 named)
{
	struct flight *flight = alloc_begin(self, sk, path, named, false);

	if (flight)
		flight->flags |= ALLOC_UPPER_BOUND;
	return flight;
}

/* The flight of this task, where it is for @sk. */
static __always_inline struct flight *bracket_find(const struct self *self, __u64 sk)
{
	struct flight *flight = flight_mine(self);

	return flight && flight->sock == sk && flight->path < PATH_COUNT ? flight : NULL;
}

static __always_inline void bracket_end(const struct self *self, struct flight *flight, __u16 port,
					__u16 error)
{
	alloc_end(self, flight, (struct sock *)flight->sock, port, error);
}

static __always_inline __u16 bracket_port(const struct flight *flight)
{
	struct sock *sk = (struct sock *)flight->sock;

	return BPF_CORE_READ(sk, __sk_common.skc_num);
}

/* Network order; on close it outlives skc_num (tcp_set_state() puts the port first). */
static __always_inline __u16 source_port(struct sock *sk)
{
	struct inet_sock *inet = (struct inet_sock *)sk;

	return bpf_ntohs(BPF_CORE_READ(inet, inet_sport));
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(set_state, struct sock *sk, int old_state, int new_state)
{
	struct self self;
	struct flight *flight;
	__u16 port;

	if (old_state == STATE_CLOSE) {
		if (new_state != STATE_SYN_SENT && new_state != STATE_LISTEN)
			return 0;
		if (BPF_CORE_READ(sk, __sk_common.skc_num))
			return 0; /* bound before: no allocation */
		self = self_get();
		flight = bracket_begin(&self, sk,
				       new_state == STATE_LISTEN ? PATH_LISTEN : PATH_CONNECT,
				       source_port(sk));
		if (flight && new_state == STATE_SYN_SENT)
			flight->flags |= ALLOC_DEST;
		return 0;
	}
	if (new_state != STATE_CLOSE || (old_state != STATE_SYN_SENT && old_state != STATE_LISTEN))
		return 0;
	self = self_get();
	flight = bracket_find(&self, (__u64)sk);
	if (!flight)
		return 0;
	/*
	 * Back to CLOSE before any other sign. The search found nothing, or a later step of the
	 * call failed: then the source port is no longer the one that the socket had before.
	 */
	port = source_port(sk);
	if (port && port != flight->named)
		bracket_end(&self, flight, port, 0);
	else
		bracket_end(&self, flight, 0,
			    old_state == STATE_LISTEN ? EADDRINUSE : EADDRNOTAVAIL);
	return 0;
}

SEC("sockops")
int connect_done(struct bpf_sock_ops *ctx)
{
	struct bpf_sock *sk;
	struct self self;
	struct flight *flight;

	if (ctx->op != BPF_SOCK_OPS_TCP_CONNECT_CB)
		return CGROUP_ALLOW;
	sk = ctx->sk;
	if (!sk)
		return CGROUP_ALLOW;
	self = self_get();
	flight = bracket_find(&self, (__u64)sock_of_ctx(sk));
	if (flight)
		bracket_end(&self, flight, ctx->local_port, 0);
	return CGROUP_ALLOW;
}

/* Begin of bind(): @ctx has the address asked for, its port in network order. */
static __always_inline struct flight *bind_begin(struct bpf_sock_addr *ctx)
{
	__u16 port = bpf_ntohs(ctx->user_port);
	struct bpf_sock *sk = ctx->sk;
	struct self self;
	struct flight *flight;

	if (!sk || !proto_has_ports(ctx->protocol))
		return NULL;
	self = self_get();
	flight = bracket_begin(&self, sock_of_ctx(sk), port ? PATH_EXPLICIT : PATH_BIND, port);
	if (flight)
		flight->flags |= ALLOC_SOURCE;
	return flight;
}

#define ADDRESS_4(out, ctx)                         \
	do {                                        \
		(out)[0] = (ctx)->user_ip4;         \
		(out)[1] = (out)[2] = (out)[3] = 0; \
	} while (0)

#define ADDRESS_6(out, ctx)                    \
	do {                                   \
		(out)[0] = (ctx)->user_ip6[0]; \
		(out)[1] = (ctx)->user_ip6[1]; \
		(out)[2] = (ctx)->user_ip6[2]; \
		(out)[3] = (ctx)->user_ip6[3]; \
	} while (0)

SEC("cgroup/bind4")
int bind4_begin(struct bpf_sock_addr *ctx)
{
	struct flight *flight = bind_begin(ctx);

	if (flight)
		ADDRESS_4(flight->source, ctx);
	return CGROUP_ALLOW;
}

SEC("cgroup/bind6")
int bind6_begin(struct bpf_sock_addr *ctx)
{
	struct flight *flight = bind_begin(ctx);

	if (flight)
		ADDRESS_6(flight->source, ctx);
	return CGROUP_ALLOW;
}

static __always_inline int bind_done(struct bpf_sock *ctx)
{
	struct self self = self_get();
	struct flight *flight = bracket_find(&self, (__u64)sock_of_ctx(ctx));

	if (flight)
		bracket_end(&self, flight, ctx->src_port, 0);
	return CGROUP_ALLOW;
}

SEC("cgroup/post_bind4")
int bind4_done(struct bpf_sock *ctx)
{
	return bind_done(ctx);
}

SEC("cgroup/post_bind6")
int bind6_done(struct bpf_sock *ctx)
{
	return bind_done(ctx);
}

/* An autobind begins: the source is what the socket has now; connect() goes on to choose another.
 */
static __always_inline struct flight *autobind_begin(const struct self *self, struct sock *sk)
{
	struct flight *flight = bracket_begin(self, sk, PATH_AUTOBIND, 0);

	if (flight) {
		flight->flags |= ALLOC_SOURCE;
		address_read(flight->source, sk, READ(sk, __sk_common.skc_family), false);
	}
	return flight;
}

/* connect() on an unbound UDP socket. TCP's begins later and closer, at the change of state. */
static __always_inline struct flight *connect_begin(struct bpf_sock_addr *ctx)
{
	struct bpf_sock *ctx_sk = ctx->sk;
	struct self self;
	struct flight *flight;
	struct sock *sk;

	if (!ctx_sk || !proto_is_udp(ctx->protocol))
		return NULL;
	sk = sock_of_ctx(ctx_sk);
	if (BPF_CORE_READ(sk, __sk_common.skc_num))
		return NULL;
	self = self_get();
	flight = autobind_begin(&self, sk);
	if (flight) {
		flight->flags |= ALLOC_DEST;
		flight->dport = ctx->user_port;
	}
	return flight;
}

SEC("cgroup/connect4")
int connect4_begin(struct bpf_sock_addr *ctx)
{
	struct flight *flight = connect_begin(ctx);

	if (flight)
		ADDRESS_4(flight->dest, ctx);
	return CGROUP_ALLOW;
}

SEC("cgroup/connect6")
int connect6_begin(struct bpf_sock_addr *ctx)
{
	struct flight *flight = connect_begin(ctx);

	if (flight)
		ADDRESS_6(flight->dest, ctx);
	return CGROUP_ALLOW;
}

/* An unconnected send got past the search: its end, and its destination. */
static __always_inline struct flight *send_searched(struct bpf_sock_addr *ctx)
{
	struct bpf_sock *sk = ctx->sk;
	struct self self = self_get();
	struct flight *flight = sk ? bracket_find(&self, (__u64)sock_of_ctx(sk)) : NULL;

	if (!flight || flight->end_ns)
		return NULL;
	flight->end_ns = bpf_ktime_get_ns();
	flight->flags |= ALLOC_DEST;
	flight->dport = ctx->user_port;
	return flight;
}

SEC("cgroup/sendmsg4")
int send4_searched(struct bpf_sock_addr *ctx)
{
	struct flight *flight = send_searched(ctx);

	if (flight)
		ADDRESS_4(flight->dest, ctx);
	return CGROUP_ALLOW;
}

SEC("cgroup/sendmsg6")
int send6_searched(struct bpf_sock_addr *ctx)
{
	struct flight *flight = send_searched(ctx);

	if (flight)
		ADDRESS_6(flight->dest, ctx);
	return CGROUP_ALLOW;
}

/* The socket behind a file descriptor of this task, NULL where it is none. */
static __always_inline struct sock *sock_of_fd(const struct self *self, unsigned int fd)
{
	struct task_struct *task = self->task;
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file **slots = BPF_CORE_READ(table, fd);
	struct file *file = NULL;
	struct socket *socket;

	if (fd >= BPF_CORE_READ(table, max_fds))
		return NULL;
	bpf_probe_read_kernel(&file, sizeof(file), &slots[fd]);
	if (!file || (BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) != S_IFSOCK)
		return NULL;
	socket = BPF_CORE_READ(file, private_data);
	return BPF_CORE_READ(socket, sk);
}

SEC("tp_btf/sys_enter")
int BPF_PROG(send_begin, struct pt_regs *regs, long id)
{
	struct self self;
	struct sock *sk;
	__u16 family, proto;

	/*
	 * UDP-Lite has no cgroup/connect hook (no pre_connect in udplite_prot, up to its end
	 * in 7.0). To look at every connect() would tax TCP for it: only where the filter asks for
	 * UDP-Lite.
	 */
	if (id != __NR_sendto && id != __NR_sendmsg && id != __NR_sendmmsg &&
	    !(id == __NR_connect && (config.filters & FILTER_PROTO) &&
	      (config.protos[PROTO_UDPLITE / 64] & (1ULL << (PROTO_UDPLITE % 64)))))
		return 0;
	self = self_get();
	sk = sock_of_fd(&self, (unsigned int)PT_REGS_PARM1_CORE(regs));
	if (!sk || BPF_CORE_READ(sk, __sk_common.skc_num))
		return 0;
	family = BPF_CORE_READ(sk, __sk_common.skc_family);
	proto = BPF_CORE_READ(sk, sk_protocol);
	if ((family != AF_INET && family != AF_INET6) || !proto_is_udp(proto) ||
	    (id == __NR_connect && proto != PROTO_UDPLITE))
		return 0;
	autobind_begin(&self, sk);
	return 0;
}

/*
 * Two threads that send on one unbound socket both see it unbound before and bound after. The port
 * was allocated once: only the first to come here, since this call began, may tell of it.
 */
static __always_inline bool autobind_claim(const struct flight *flight)
{
	__u32 slot = (flight->sock >> 6) & (CLAIM_SLOTS - 1);
	struct claim *claim = bpf_map_lookup_elem(&claims, &slot);
	__u64 now = bpf_ktime_get_ns(), owner;

	if (!claim)
		return true;
	owner = claim->sock;
	if (owner == flight->sock)
		return __sync_lock_test_and_set(&claim->time_ns, now) < flight->start_ns;
	if (__sync_val_compare_and_swap(&claim->sock, owner, flight->sock) != owner)
		return claim->sock != flight->sock;
	claim->time_ns = now;
	return true;
}

/* The flights that no earlier hook could end. */
SEC("tp_btf/sys_exit")
int BPF_PROG(call_done, struct pt_regs *regs, long ret)
{
	struct self self = self_get();
	struct flight *flight = flight_mine(&self);
	__u16 port;

	if (!flight)
		return 0;
	if (flight->path >= PATH_COUNT) {
		if (ret > 0 && flight->path == FLIGHT_RANGE)
			range_write_end(&self, flight);
		else if (ret > 0)
			reserved_write_tell(&self, (struct net *)flight->sock,
					    EVENT_RESERVED_AFTER);
		flight->task = 0; /* else refused: nothing changed */
		return 0;
	}
	port = bracket_port(flight);
	if (flight->path == PATH_BIND || flight->path == PATH_EXPLICIT) {
		/* Success was told by post_bind. IP_BIND_ADDRESS_NO_PORT made no search. */
		if (ret == -EADDRINUSE)
			bracket_end(&self, flight, 0, EADDRINUSE);
	} else if (port) {
		if (flight->path != PATH_AUTOBIND || autobind_claim(flight))
			bracket_end(&self, flight, port, 0);
	} else if (flight->path == PATH_AUTOBIND && ret == -EAGAIN) {
		bracket_end(&self, flight, 0, EAGAIN);
	}
	/* Else the call ended before its search, or another program refused it. */
	flight->task = 0;
	return 0;
}

static __always_inline void reserved_write_begin(const struct self *self, struct net *net)
{
	struct flight *flight = flight_slot(self);

	if (!flight)
		return;
	flight_take(self, flight);
	reserved_write_tell(self, net, EVENT_RESERVED_BEFORE);
	flight->sock = (__u64)net;
	flight->path = FLIGHT_RESERVED;
	flight->task = (__u64)self->task;
}

SEC("cgroup/sysctl")
int sysctl_write(struct bpf_sysctl *ctx)
{
	const char range[] = "net/ipv4/ip_local_port_range";
	const char reserved[] = "net/ipv4/ip_local_reserved_ports";
	char name[sizeof(reserved) + 1] = {};
	struct bpf_sysctl_kern *kernel = NULL;
	const struct ctl_table *table;
	bool is_range, is_reserved;
	struct self self;
	long length;

	if (!ctx->write)
		return CGROUP_ALLOW;
	length = bpf_sysctl_get_name(ctx, name, sizeof(name), 0);
	is_range = length == sizeof(range) - 1;
	is_reserved = length == sizeof(reserved) - 1;
	if (!is_range && !is_reserved)
		return CGROUP_ALLOW;
	for (unsigned int i = 0; i < sizeof(reserved) - 1; i++) {
		is_range &= i >= sizeof(range) - 1 || name[i] == range[i];
		is_reserved &= name[i] == reserved[i];
	}
	if (!is_range && !is_reserved)
		return CGROUP_ALLOW;
	/* As in sock_of_ctx(): the address of the context as a plain number. */
	bpf_probe_read_kernel(&kernel, sizeof(kernel), &ctx);
	table = BPF_CORE_READ(kernel, table);
	self = self_get();
	if (is_range)
		range_write_begin(&self, range_table_net(table));
	else
		reserved_write_begin(&self, reserved_table_net(table));
	return CGROUP_ALLOW;
}
