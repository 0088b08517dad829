/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel types that we read, and only those. Offsets and sizes here mean nothing: CO-RE
 * relocates each access against the BTF of the running kernel, by the names below. A type whose
 * layout differs between kernels has one flavour (name___suffix) for each layout.
 *
 * The uapi types (maps, contexts of cgroup programs) come from <linux/bpf.h>.
 */
#ifndef EPHEMPORT_VMLINUX_H
#define EPHEMPORT_VMLINUX_H

#define __VMLINUX_H__ /* tells bpf_tracing.h the kernel's names of registers */

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct in6_addr {
	union {
		__u8 u6_addr8[16];
		__be32 u6_addr32[4];
	} in6_u;
};

struct ns_common {
	unsigned int inum;
};

/*
 * net/netns/ipv4.h. The range was int[2] under a seqlock up to 6.6; from 6.8 (d9f28735af87, "Use a
 * single u32 for ip_local_port_range") it is one u32, low in the lower half.
 */
struct local_ports___pair {
	int range[2];
};

struct netns_ipv4___pair {
	struct local_ports___pair ip_local_ports;
};

struct net___pair {
	struct netns_ipv4___pair ipv4;
};

struct local_ports___word {
	__u32 range;
};

struct netns_ipv4___word {
	struct local_ports___word ip_local_ports;
};

struct net___word {
	struct netns_ipv4___word ipv4;
};

/* UDP's hash table: of the protocol (up to 6.1, and UDP-Lite's), or of the namespace (6.2,
 * 9804985bf27f). */
struct udp_table {
	unsigned int mask;
};

struct netns_ipv4 {
	unsigned long *sysctl_local_reserved_ports; /* 65536 bits */
	__u32 sysctl_ip_local_port_step_width;	    /* 7.1, 7da62262ec96 */
	struct udp_table *udp_table;
};

struct net {
	struct ns_common ns;
	__u64 net_cookie; /* from 5.12; never given twice, unlike ns.inum */
	struct netns_ipv4 ipv4;
};

struct proto {
	union {
		struct udp_table *udp_table;
	} h;
};

typedef struct {
	struct net *net;
} possible_net_t;

/* Two words of 8 bytes: to read 16 bytes of any kind through a pointer of this type. */
struct timespec64 {
	__s64 tv_sec;
	long tv_nsec;
};

/* One word of 4 bytes, for the same end. */
struct seqcount {
	unsigned int sequence;
};

struct sock_common {
	__u64 skc_addrpair; /* skc_daddr and skc_rcv_saddr in one, in this order */
	__be32 skc_daddr;
	__be32 skc_rcv_saddr;
	__be16 skc_dport;
	__u16 skc_num;
	unsigned short skc_family;
	volatile unsigned char skc_state;
	possible_net_t skc_net;
	struct proto *skc_prot;
	unsigned char skc_reuseport : 1;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
};

struct sock {
	struct sock_common __sk_common;
	__u16 sk_type;
	__u16 sk_protocol;
};

/* include/net/inet_sock.h. IP_LOCAL_PORT_RANGE: absent before 6.1.y and 6.3; {lo, hi} to 6.6; then
 * u32. */
struct inet_sock___pair {
	struct {
		__u16 lo, hi;
	} local_port_range;
};

struct inet_sock___word {
	__u32 local_port_range;
};

struct inet_sock {
	__be16 inet_sport;
};

struct socket {
	struct sock *sk;
};

typedef struct {
	unsigned int val;
} kuid_t;

struct cred {
	kuid_t uid;
};

struct kernfs_node {
	__u64 id;
};

struct cgroup {
	int level;
	struct kernfs_node *kn;
	struct cgroup *ancestors[]; /* from 6.1; this cgroup's own is at [level] */
};

struct cgroup___ids {
	int level;
	__u64 ancestor_ids[]; /* up to 6.0 */
};

struct css_set {
	struct cgroup *dfl_cgrp;
};

struct inode {
	unsigned short i_mode;
};

struct file {
	struct inode *f_inode;
	void *private_data;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
};

struct nsproxy {
	struct net *net_ns;
};

typedef struct {
	int counter;
} atomic_t;

struct signal_struct {
	atomic_t live; /* threads */
};

struct task_struct {
	int pid;
	int tgid;
	struct signal_struct *signal;
	const struct cred *cred;
	struct css_set *cgroups;
	struct files_struct *files;
	struct nsproxy *nsproxy;
	char comm[16];
};

/* A socket in TIME_WAIT; its tuple is that of the socket that it was. */
struct inet_timewait_sock {
	struct sock_common __tw_common;
};

struct ctl_table {
	const char *procname;
	void *data;
};

/* include/linux/filter.h: what the context of a cgroup/sysctl program really is. */
struct bpf_sysctl_kern {
	const struct ctl_table *table;
};

/* Only passed on to bpf_tracing.h's PT_REGS_* macros. */
struct pt_regs {
	unsigned long di, si, dx, orig_ax;
};

struct inet_timewait_death_row;

#pragma clang attribute pop

#endif
