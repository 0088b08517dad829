// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: truth [PID]
 *
 * truth: counts in the kernel's own loops how many candidates each search for a port looks at, and
 * writes one JSON object for each search. It knows neither ephemport's formulas nor its hooks: the
 * probes sit on instructions of the loops, found in the text of the running kernel.
 *
 *   connect, bind, listen   where the port's bucket is taken from the hash table, which every
 *                           candidate that is not reserved comes to once, before any lock
 *   UDP                     where the port's bit is tested in the map of those in use; a second
 *                           probe, where the bit of the reserved ports is tested, takes these off
 *
 * x86-64 only. Ends on SIGINT or SIGTERM; status 1 if anything was lost or a probe found no place.
 */
#define _GNU_SOURCE
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>

#include "find.h"
#include "truth.h"
#include "truth.skel.h"

#define MAX_LINKS (3 * FIND_MAX)

struct truth {
	struct truth_bpf *bpf;
	struct bpf_link *links[MAX_LINKS];
	int n_links;
	struct ring_buffer *ring;
	unsigned long searches;
};

static volatile sig_atomic_t stopped;

static void on_signal(int sig)
{
	(void)sig;
	stopped = 1;
}

__attribute__((format(printf, 1, 2))) static int complain(const char *format, ...)
{
	va_list args;

	fputs("truth: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return -1;
}

static int print_libbpf(enum libbpf_print_level level, const char *format, va_list args)
{
	return level == LIBBPF_DEBUG ? 0 : vfprintf(stderr, format, args);
}

/* What the kernel's own types say of the table of ports. */
struct bucket_table {
	unsigned int member; /* where struct inet_hashinfo has it */
	unsigned int shift;  /* log2 of the size of a bucket */
};

static int member_offset(const struct btf *btf, const char *type, const char *name)
{
	int id = btf__find_by_name_kind(btf, type, BTF_KIND_STRUCT);
	const struct btf_type *t;

	if (id < 0)
		return -1;
	t = btf__type_by_id(btf, (unsigned int)id);
	for (unsigned int i = 0; i < btf_vlen(t); i++)
		if (!strcmp(btf__name_by_offset(btf, btf_members(t)[i].name_off), name))
			return (int)(btf_member_bit_offset(t, i) / 8);
	return -1;
}

static int bucket_table_read(struct bucket_table *table)
{
	struct btf *btf = btf__load_vmlinux_btf();
	int id, member;
	long size;

	if (!btf)
		return complain("the kernel has no BTF");
	member = member_offset(btf, "inet_hashinfo", "bhash");
	id = btf__find_by_name_kind(btf, "inet_bind_hashbucket", BTF_KIND_STRUCT);
	size = id < 0 ? 0 : btf__resolve_size(btf, (unsigned int)id);
	btf__free(btf);
	if (member < 0 || size < 1 || size & (size - 1))
		return complain("the kernel's table of ports is another one");
	table->member = (unsigned int)member;
	table->shift = (unsigned int)__builtin_ctzl((unsigned long)size);
	return 0;
}

/* Where struct pt_regs of the kernel keeps what x86 calls register @number. */
static uint32_t register_offset(unsigned int number)
{
	static const size_t offsets[16] = {
		offsetof(struct user_regs_struct, rax), offsetof(struct user_regs_struct, rcx),
		offsetof(struct user_regs_struct, rdx), offsetof(struct user_regs_struct, rbx),
		offsetof(struct user_regs_struct, rsp), offsetof(struct user_regs_struct, rbp),
		offsetof(struct user_regs_struct, rsi), offsetof(struct user_regs_struct, rdi),
		offsetof(struct user_regs_struct, r8),	offsetof(struct user_regs_struct, r9),
		offsetof(struct user_regs_struct, r10), offsetof(struct user_regs_struct, r11),
		offsetof(struct user_regs_struct, r12), offsetof(struct user_regs_struct, r13),
		offsetof(struct user_regs_struct, r14), offsetof(struct user_regs_struct, r15),
	};

	return (uint32_t)offsets[number & 15];
}

static int probe(struct truth *truth, struct bpf_program *program, const struct text *text,
		 const struct found *found, size_t most, const char *what)
{
	if (!found->n || found->n > most)
		return complain("%s: %zu places look like %s", text->name, found->n, what);
	for (size_t i = 0; i < found->n; i++) {
		LIBBPF_OPTS(bpf_kprobe_opts, options, .offset = found->offset[i]);
		struct bpf_link *link =
			bpf_program__attach_kprobe_opts(program, text->name, &options);

		if (!link)
			return complain("%s+0x%zx: %s", text->name, found->offset[i],
					strerror(errno));
		truth->links[truth->n_links++] = link;
		printf("{\"type\":\"probe\",\"at\":\"%s+0x%zx\",\"is\":\"%s\"}\n", text->name,
		       found->offset[i], what);
	}
	return 0;
}

static int probe_buckets(struct truth *truth, const char *name, size_t most)
{
	struct bucket_table table = { 0 };
	struct found found;
	struct text text;
	int err = text_read(&text, name);

	if (err)
		complain("%s: %s", name, strerror(-err));
	else
		err = bucket_table_read(&table);
	if (!err) {
		find_bucket(&text, table.shift, table.member, &found);
		err = probe(truth, truth->bpf->progs.truth_look, &text, &found, most,
			    "the port's bucket");
	}
	free(text.bytes);
	return err;
}

static int probe_udp(struct truth *truth, const struct text *text, const struct found *reserved)
{
	struct found used;

	find_bit_of_stack(text, &used);
	if (probe(truth, truth->bpf->progs.truth_look, text, &used, 1, "the bit of ports in use"))
		return -1;
	return probe(truth, truth->bpf->progs.truth_udp_reserved, text, reserved, 1,
		     "the bit of reserved ports");
}

/* Those of entry and return last: the probes must be there before a window opens. */
static int start(struct truth *truth)
{
	struct found reserved;
	struct text udp;
	int err = text_read(&udp, "udp_lib_get_port");

	if (err) {
		complain("udp_lib_get_port: %s", strerror(-err));
		goto out;
	}
	err = -1;
	find_bit_of_pointer(&udp, &reserved);
	truth->bpf = truth_bpf__open();
	if (!truth->bpf)
		goto out;
	truth->bpf->rodata_truth->truth_config.bitmap_register = register_offset(reserved.base);
	truth->bpf->rodata_truth->truth_config.port_register = register_offset(reserved.index);
	if (truth_bpf__load(truth->bpf)) {
		complain("the kernel refuses the programs");
		goto out;
	}
	/* get_port() takes a bucket for a named port too; that lies outside of every window. */
	if (probe_buckets(truth, "__inet_hash_connect", 1) ||
	    probe_buckets(truth, "inet_csk_get_port", 2) || probe_udp(truth, &udp, &reserved))
		goto out;
	err = truth_bpf__attach(truth->bpf);
out:
	free(udp.bytes);
	return err;
}

static int on_event(void *context, void *data, size_t size)
{
	static const char *const paths[TRUTH_PATHS] = { "connect", "bind", "udp" };
	struct truth *truth = context;
	const struct truth_event *event = data;

	(void)size;
	printf("{\"type\":\"search\",\"pid\":%u,\"tid\":%u,\"path\":\"%s\",\"port\":%u,"
	       "\"start_ns\":%" PRIu64 ",\"end_ns\":%" PRIu64 ",\"candidates\":%u}\n",
	       event->pid, event->tid, paths[event->path], event->port, (uint64_t)event->start_ns,
	       (uint64_t)event->end_ns, event->looked - event->reserved);
	truth->searches++;
	return 0;
}

/* How often the kernel passed over one of our programs. */
static uint64_t runs_missed(const struct bpf_object *object)
{
	struct bpf_program *program;
	uint64_t missed = 0;

	bpf_object__for_each_program(program, object)
	{
		struct bpf_prog_info info = { 0 };
		__u32 size = sizeof(info);

		if (bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size) ||
		    !info.recursion_misses)
			continue;
		complain("%s was passed over %" PRIu64 " times", bpf_program__name(program),
			 (uint64_t)info.recursion_misses);
		missed += info.recursion_misses;
	}
	return missed;
}

static int run(struct truth *truth)
{
	uint64_t lost;
	int left = 1;

	truth->ring = ring_buffer__new(bpf_map__fd(truth->bpf->maps.truths), on_event, truth, NULL);
	if (!truth->ring)
		return complain("no ring buffer: %s", strerror(errno));
	fprintf(stderr, "truth: counting\n");
	while (!stopped)
		ring_buffer__poll(truth->ring, 100);
	while (left > 0)
		left = ring_buffer__consume(truth->ring);
	lost = truth->bpf->data_truth->lost + runs_missed(truth->bpf->obj);
	fprintf(stderr, "truth: %lu searches, %" PRIu64 " lost\n", truth->searches, lost);
	return lost ? -1 : 0;
}

/*
 * A task inside bpf(BPF_MAP_LOOKUP_ELEM) keeps the probes of its CPU from running (the kernel's
 * bpf_disable_instrumentation()). Under PREEMPT_LAZY it could be preempted there: not by the load,
 * if it comes before it.
 */
static int put_first(pid_t pid)
{
	struct sched_param first = { .sched_priority = 1 };

	if (!sched_setscheduler(pid, SCHED_FIFO, &first))
		return 0;
	return complain("cannot put %d first: %s", pid, strerror(errno));
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct truth truth = { 0 };
	int err;

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	libbpf_set_print(print_libbpf);
	err = put_first(0);
	if (!err && argc > 1)
		err = put_first(atoi(argv[1]));
	if (!err)
		err = start(&truth);
	if (!err)
		err = run(&truth);
	ring_buffer__free(truth.ring);
	for (int i = 0; i < truth.n_links; i++)
		bpf_link__destroy(truth.links[i]);
	truth_bpf__destroy(truth.bpf);
	return err || fflush(stdout) ? EXIT_FAILURE : 0;
}
