// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counts, in the kernel's own loops, the candidates that each search for a port looks at. Nothing
 * here knows how a search goes: a window opens where it begins, a probe inside the loop counts, and
 * the window closes where it ends.
 */
#include <linux/bpf.h>
#include <vmlinux.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "truth.h"

enum { TASKS = 4096 };

struct window {
	struct sock *sock;
	struct truth_event event;
};

const volatile struct truth_config truth_config SEC(".rodata.truth");
__u64 lost SEC(".data.truth");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, TASKS);
	__type(key, __u32);
	__type(value, struct window);
} windows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 24);
} truths SEC(".maps");

static __always_inline int window_open(struct sock *sk, enum truth_path path)
{
	__u64 id = bpf_get_current_pid_tgid();
	__u32 tid = (__u32)id;
	struct window window = { .sock = sk };

	window.event.pid = id >> 32;
	window.event.tid = tid;
	window.event.path = path;
	window.event.start_ns = bpf_ktime_get_ns();
	if (bpf_map_update_elem(&windows, &tid, &window, BPF_ANY))
		__sync_fetch_and_add(&lost, 1);
	return 0;
}

static __always_inline struct window *window_find(void)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();

	return bpf_map_lookup_elem(&windows, &tid);
}

static __always_inline int window_close(enum truth_path path)
{
	struct window *window = window_find();
	struct sock *sk;
	__u32 tid;

	if (!window || window->event.path != path)
		return 0;
	sk = window->sock;
	tid = window->event.tid;
	window->event.port = BPF_CORE_READ(sk, __sk_common.skc_num);
	window->event.end_ns = bpf_ktime_get_ns();
	if (bpf_ringbuf_output(&truths, &window->event, sizeof(window->event), 0))
		__sync_fetch_and_add(&lost, 1);
	bpf_map_delete_elem(&windows, &tid);
	return 0;
}

/*
 * kprobes, since the kernel skips fentry and fexit programs where another task was preempted in the
 * same program on the same CPU, which happens a lot under PREEMPT_LAZY. What the functions return
 * needs no reading: a search that failed leaves no port behind.
 */
SEC("kprobe/__inet_hash_connect")
int truth_connect_begin(struct pt_regs *regs)
{
	struct sock *sk = (struct sock *)PT_REGS_PARM2(regs);

	return BPF_CORE_READ(sk, __sk_common.skc_num) ? 0 : window_open(sk, TRUTH_CONNECT);
}

SEC("kretprobe/__inet_hash_connect")
int truth_connect_end(struct pt_regs *regs)
{
	return window_close(TRUTH_CONNECT);
}

SEC("kprobe/inet_csk_get_port")
int truth_bind_begin(struct pt_regs *regs)
{
	if ((__u16)PT_REGS_PARM2(regs))
		return 0;
	return window_open((struct sock *)PT_REGS_PARM1(regs), TRUTH_BIND);
}

SEC("kretprobe/inet_csk_get_port")
int truth_bind_end(struct pt_regs *regs)
{
	return window_close(TRUTH_BIND);
}

SEC("kprobe/udp_lib_get_port")
int truth_udp_begin(struct pt_regs *regs)
{
	if ((__u16)PT_REGS_PARM2(regs))
		return 0;
	return window_open((struct sock *)PT_REGS_PARM1(regs), TRUTH_UDP);
}

SEC("kretprobe/udp_lib_get_port")
int truth_udp_end(struct pt_regs *regs)
{
	return window_close(TRUTH_UDP);
}

/* At an instruction that the loop runs once for each candidate. */
SEC("kprobe")
int truth_look(struct pt_regs *regs)
{
	struct window *window = window_find();

	if (window)
		window->event.looked++;
	return 0;
}

/*
 * At the instruction with which UDP's loop tests whether the candidate is reserved, after it was
 * counted above: the registers say of which bitmap and which bit.
 */
SEC("kprobe")
int truth_udp_reserved(struct pt_regs *regs)
{
	struct window *window = window_find();
	__u64 bitmap = 0, port = 0, word = 0;

	if (!window)
		return 0;
	bpf_probe_read_kernel(&bitmap, sizeof(bitmap), (void *)regs + truth_config.bitmap_register);
	bpf_probe_read_kernel(&port, sizeof(port), (void *)regs + truth_config.port_register);
	bpf_probe_read_kernel(&word, sizeof(word), (__u64 *)bitmap + (port >> 6));
	if (word >> (port & 63) & 1)
		window->event.reserved++;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
