// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "trace/aggregate.h"
#include "trace/backend.h"
#include "trace/cgroup.h"
#include "trace/decode.h"
#include "trace/descendants.h"
#include "trace/kernel.h"
#include "trace/ring.h"
#include "trace/skips.h"
#include "trace/tracer.h"
#include "util/clock.h"
#include "util/heap.h"

/* START_BYTES: for the types of the kernel, 5 MB and more, which libbpf copies once. */
enum { LINKS_MAX = 32, START_BYTES = 16 << 20 };

struct tracer {
	const struct backend_info *backend;
	struct kernel_facts facts;
	struct decoder decoder;
	struct bpf_object *object;
	struct bpf_link *links[LINKS_MAX];
	int link_count;
	unsigned int paths; /* 1 << enum alloc_path: traced */
	bool sees_changes;  /* those of the range and of the reserved ports */
	struct ring ring;
	struct aggregate aggregate;
	int counters_fd;
	struct event_counters counters; /* at the last look */
	int cgroup_fd;
	const struct stream *stream; /* while tracer__consume() runs */
	int consumed;
	/* What of the losses the stream has been told. */
	uint64_t told[LOST_CAUSE_COUNT + 1];
	uint64_t misses; /* by the kernel's own protection against recursion, at the last look */
	uint64_t looked_ns;
	uint64_t inner_skips; /* of the programs that count inside a search, likewise */
	uint64_t inner_looked_ns;
	char *message;
};

static const char *const lost_names[LOST_CAUSE_COUNT + 1] = {
	[LOST_RING_FULL] = "ring_full",		[LOST_SLOT_CLASH] = "slot_clash",
	[LOST_UNFINISHED] = "unfinished",	[LOST_DESCENDANT] = "descendant",
	[LOST_CAUSE_COUNT] = "program_skipped",
};

static __attribute__((format(printf, 2, 3))) void tracer_say(struct tracer *tracer,
							     const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(tracer->message, TRACER_MESSAGE_LEN, format, args);
	va_end(args);
}

static int print_nothing(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level, (void)format, (void)args;
	return 0;
}

static int print_all(enum libbpf_print_level level, const char *format, va_list args)
{
	return level == LIBBPF_DEBUG ? 0 : vfprintf(stderr, format, args);
}

/* The ring must be a power of two of pages. */
static uint32_t ring_bytes(uint64_t wanted)
{
	uint32_t bytes = (uint32_t)sysconf(_SC_PAGESIZE);

	while (bytes < wanted && bytes < TRACER_BUFFER_MAX)
		bytes *= 2;
	return bytes;
}

static int tracer_configure(struct tracer *tracer, const struct tracer_options *options,
			    unsigned int groups)
{
	struct bpf_map *rodata = bpf_object__find_map_by_name(tracer->object, ".rodata.config");
	struct bpf_map *events = bpf_object__find_map_by_name(tracer->object, "events");
	uint64_t wanted = options->buffer_bytes ? options->buffer_bytes : TRACER_BUFFER_DEFAULT;
	struct config config = options->config;
	int error;

	if (!rodata || !events)
		return -ENOENT;
	if (config.aggregate)
		wanted = 1; /* the programs name the ring, but nothing goes through it */
	config.option_scans_all = tracer->facts.option_scans_all;
	config.udp_examined = options->explain;
	error = aggregate_configure(tracer->object, &config, options->keys);
	if (!error)
		error = descendants_configure(tracer->object, &config);
	if (error)
		return error;
	config.wakeup_bytes = ring_bytes(wanted) / 8;
	config.connect_start = tracer->facts.connect_start;
	if (tracer->backend == &backends[BACKEND_FENTRY])
		config.perturb_mask = kernel_perturb_mask();
	config.rdonly_cast = kernel_function_args(&tracer->facts, "bpf_rdonly_cast") == 2;
	for (const struct backend_program *program = tracer->backend->programs; program->name;
	     program++) {
		struct bpf_program *found =
			bpf_object__find_program_by_name(tracer->object, program->name);

		if (!found)
			return -ENOENT;
		bpf_program__set_autoload(found,
					  backend_wants(program, found, &tracer->facts, &config) &&
						  (groups & (1u << program->group)));
	}
	bpf_map__set_max_entries(events, ring_bytes(wanted));
	return bpf_map__set_initial_value(rodata, &config, sizeof(config));
}

/* Opens and loads the programs of @groups. Leaves no object behind where it fails. */
static int tracer_load(struct tracer *tracer, const struct tracer_options *options,
		       unsigned int groups)
{
	size_t size;
	const void *elf = tracer->backend->elf(&size);
	LIBBPF_OPTS(bpf_object_open_opts, open_options, .object_name = "ephemport");
	int error;

	tracer->object = bpf_object__open_mem(elf, size, &open_options);
	if (!tracer->object)
		return -errno;
	error = tracer_configure(tracer, options, groups);
	/* libbpf is about to load the same again: never both in memory. */
	kernel_facts_free(&tracer->facts);
	if (!error)
		error = bpf_object__load(tracer->object);
	heap_release();
	if (error) {
		bpf_object__close(tracer->object);
		tracer->object = NULL;
	}
	return error;
}

/*
 * The object loads whole or not at all. Where it does not, each group is tried alone, so that a
 * function that one kernel lacks costs only its own path.
 */
static int tracer_load_what_can_be(struct tracer *tracer, const struct tracer_options *options,
				   unsigned int *groups)
{
	unsigned int good = 0;
	int error = tracer_load(tracer, options, *groups), first = error;

	if (!error || error == -EPERM)
		return error;
	for (unsigned int group = 0; group < GROUP_COUNT; group++) {
		if (!(*groups & (1u << group)) || tracer_load(tracer, options, 1u << group))
			continue;
		good |= 1u << group;
		bpf_object__close(tracer->object);
		tracer->object = NULL;
	}
	if (!(good & (1u << GROUP_CONNECT | 1u << GROUP_TCP_PORT | 1u << GROUP_UDP_PORT)))
		return first;
	*groups = good;
	return tracer_load(tracer, options, good);
}

static int program_attach(struct tracer *tracer, struct bpf_program *program)
{
	struct bpf_link *link;

	if (tracer->link_count == LINKS_MAX)
		return -ENOSPC;
	switch (bpf_program__type(program)) {
	case BPF_PROG_TYPE_TRACING:
		link = bpf_program__attach(program);
		break;
	default:
		/* A link leaves the programs of others in place; all of them run. */
		link = bpf_program__attach_cgroup(program, tracer->cgroup_fd);
	}
	if (!link)
		return -errno;
	tracer->links[tracer->link_count++] = link;
	return 0;
}

/* A path is traced where every group that it needs is. */
static unsigned int tracer_paths_of(const struct tracer *tracer, const struct config *config,
				    unsigned int groups)
{
	unsigned int paths = config->paths;

	for (const struct backend_program *program = tracer->backend->programs; program->name;
	     program++)
		if (!(groups & (1u << program->group)) && program->group != GROUP_AUTOBIND &&
		    group_is_main(program->group))
			paths &= ~program->paths;
	return paths;
}

static bool program_loaded(const struct tracer *tracer, const char *name)
{
	struct bpf_program *program = bpf_object__find_program_by_name(tracer->object, name);

	return program && bpf_program__fd(program) >= 0;
}

/*
 * What the programs that run allow the decoder to conclude. A program is not even loaded where the
 * kernel has no function for it: a count that misses one of its sources would be wrong, not small.
 */
static void decoder_learn(struct tracer *tracer, unsigned int groups)
{
	struct decoder *decoder = &tracer->decoder;

	decoder->conflicts_known = (groups & (1u << GROUP_CONFLICT)) &&
				   (program_loaded(tracer, "bind_conflict4") ||
				    (program_loaded(tracer, "bind_conflict5") &&
				     program_loaded(tracer, "bind_any_conflict")));
	decoder->timewait_known =
		(groups & (1u << GROUP_TIMEWAIT)) && program_loaded(tracer, "timewait_taken");
	decoder->explain = (groups & (1u << GROUP_EXPLAIN)) &&
			   (program_loaded(tracer, "tuple_check4") ||
			    program_loaded(tracer, "tuple_check6")) &&
			   program_loaded(tracer, "timewait_check");
	tracer->aggregate.conflicts_known = decoder->conflicts_known;
}

/* Attaches what was loaded; takes from @groups those of which a program failed. */
static int tracer_attach(struct tracer *tracer, unsigned int *groups)
{
	int attached = 0, first = 0;

	for (const struct backend_program *program = tracer->backend->programs; program->name;
	     program++) {
		struct bpf_program *found =
			bpf_object__find_program_by_name(tracer->object, program->name);
		int error;

		if (bpf_program__fd(found) < 0)
			continue;
		error = program_attach(tracer, found);
		if (error)
			*groups &= ~(1u << program->group);
		else if (program->group == GROUP_CONNECT || program->group == GROUP_TCP_PORT ||
			 program->group == GROUP_UDP_PORT)
			attached++;
		if (error && !first)
			first = error;
	}
	return attached ? 0 : first;
}

/*
 * Where the kernel can preempt a task inside a program (PREEMPT_LAZY), it skips that program for
 * all others on the CPU meanwhile, and a count kept inside a search comes out too small. One look
 * serves all records of searches that ended before it, so one a batch as a rule.
 */
static void tracer_watch_inner(struct tracer *tracer, uint64_t end_ns)
{
	uint64_t skips;

	if (end_ns < tracer->inner_looked_ns)
		return;
	tracer->inner_looked_ns = clock_ns(CLOCK_MONOTONIC);
	skips = skips_count_inner(tracer->object);
	if (skips != tracer->inner_skips)
		tracer->decoder.skipped_ns = tracer->inner_looked_ns;
	tracer->inner_skips = skips;
}

static int on_record(void *context, void *data, size_t size)
{
	struct tracer *tracer = context;

	tracer->consumed++;
	if (*(const __u8 *)data == EVENT_ALLOC && size >= sizeof(struct event_alloc)) {
		const struct event_alloc *event = data;

		tracer_watch_inner(tracer, event->start_ns + event->latency_ns);
	}
	return decode_record(&tracer->decoder, data, size, tracer->stream);
}

static int tracer_read_ring(struct tracer *tracer)
{
	struct bpf_map *events = bpf_object__find_map_by_name(tracer->object, "events");
	const struct bpf_map *counters =
		bpf_object__find_map_by_name(tracer->object, ".data.counters");

	if (!counters || bpf_map__value_size(counters) != sizeof(tracer->counters))
		return -EINVAL; /* the kernel copies the whole value */
	tracer->counters_fd = bpf_map__fd(counters);
	return ring_open(&tracer->ring, bpf_map__fd(events), bpf_map__max_entries(events));
}

static const char *const no_privilege =
	"tracing needs root, or CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN: try sudo";

/* One line for an error that ended tracer__new(). */
static void tracer_explain(struct tracer *tracer, int error)
{
	if (error == -EPERM && geteuid())
		tracer_say(tracer, "%s", no_privilege);
	else if (error == -EPERM)
		tracer_say(tracer, "this kernel or container refuses the %s programs (EPERM)",
			   tracer->backend ? tracer->backend->name : "BPF");
	else if (error == -ENOMEM)
		tracer_say(tracer, "no memory for the ring buffer: use a smaller --buffer");
	else
		tracer_say(tracer,
			   "the %s backend does not work on this kernel: %s (-v tells more)",
			   tracer->backend ? tracer->backend->name : "BPF", strerror(-error));
}

static int tracer_choose(struct tracer *tracer, const char *wanted)
{
	for (int backend = 0; backend < BACKEND_COUNT; backend++)
		if (!strcmp(wanted, backends[backend].name))
			tracer->backend = &backends[backend];
	if (kernel_facts_read(&tracer->facts)) {
		tracer_say(tracer,
			   "this kernel tells no types (no /sys/kernel/btf/vmlinux): it needs "
			   "CONFIG_DEBUG_INFO_BTF");
		return -ENOTSUP;
	}
	if (!tracer->backend)
		tracer->backend = &backends[kernel_try_fentry(&tracer->facts) ? BACKEND_TRACEPOINT :
										BACKEND_FENTRY];
	if (tracer->backend->needs_cgroup) {
		tracer->cgroup_fd = cgroup_root_open();
		if (tracer->cgroup_fd < 0) {
			tracer_say(tracer,
				   geteuid() ?
					   no_privilege :
					   "the tracepoint backend needs cgroup v2, and there is "
					   "none to be mounted: %s",
				   strerror(-tracer->cgroup_fd));
			return geteuid() ? -EPERM : -ENOTSUP;
		}
	}
	return 0;
}

static unsigned int groups_wanted(const struct tracer_options *options)
{
	unsigned int groups = (1u << GROUP_COUNT) - 1;

	if (options->config.aggregate)
		groups = GROUPS_OF_COUNTS;
	else if (!options->explain)
		groups &= ~(1u << GROUP_EXPLAIN | 1u << GROUP_DRAW);
	if (!(options->config.filters & FILTER_DESCENDANTS))
		groups &= ~(1u << GROUP_DESCENDANTS);
	return groups;
}

static int tracer_start(struct tracer *tracer, const struct tracer_options *options)
{
	unsigned int wanted = groups_wanted(options), groups = wanted;
	int error;

	libbpf_set_print(options->verbose ? print_all : print_nothing);
	heap_reserve(START_BYTES);
	error = tracer_choose(tracer, options->backend);
	if (error)
		return error;
	tracer->decoder = (struct decoder){
		.backend = (enum backend)(tracer->backend - backends),
		.clock_offset_ns = (int64_t)(clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_MONOTONIC)),
		.option_scans_all = tracer->facts.option_scans_all,
		.start = tracer->facts.connect_start == CONNECT_START_TABLE32 ?
				 SEARCH_START_TABLE32 :
				 SEARCH_START_TABLE64,
	};
	error = tracer_load_what_can_be(tracer, options, &groups);
	if (!error)
		error = tracer_read_ring(tracer);
	if (!error && options->config.aggregate)
		error = aggregate_open(&tracer->aggregate, tracer->object, &options->config);
	if (!error)
		error = tracer_attach(tracer, &groups);
	/* Without them a filter by descent would show nothing. */
	if (!error && (wanted & ~groups & (1u << GROUP_DESCENDANTS)))
		error = -ENOTSUP;
	if (error)
		tracer_explain(tracer, error);
	tracer->paths = tracer_paths_of(tracer, &options->config, groups);
	tracer->sees_changes =
		!error && backend_sees_changes(tracer->backend, tracer->object, groups);
	if (!error)
		decoder_learn(tracer, groups);
	if (options->explain && tracer->backend != &backends[BACKEND_FENTRY])
		tracer_say(tracer,
			   "--explain needs the fentry backend: refusals are not known here");
	for (unsigned int group = 0; !error && group < GROUP_COUNT; group++)
		if (wanted & ~groups & (1u << group))
			tracer_say(tracer, "not traced on this kernel: %s (-v tells more)",
				   group_name(group));
	return error;
}

int tracer__new(const struct tracer_options *options, struct tracer **out,
		char message[TRACER_MESSAGE_LEN])
{
	struct tracer *tracer = calloc(1, sizeof(*tracer));
	int error;

	*message = '\0';
	if (!tracer)
		return -ENOMEM;
	tracer->cgroup_fd = -1;
	tracer->message = message;
	tracer->looked_ns = clock_ns(CLOCK_REALTIME);
	error = tracer_start(tracer, options);
	if (error) {
		tracer__free(tracer);
		return error;
	}
	*out = tracer;
	return 0;
}

void tracer__detach(struct tracer *tracer)
{
	while (tracer->link_count)
		bpf_link__destroy(tracer->links[--tracer->link_count]);
}

void tracer__free(struct tracer *tracer)
{
	if (!tracer)
		return;
	tracer__detach(tracer);
	ring_close(&tracer->ring);
	aggregate_close(&tracer->aggregate);
	bpf_object__close(tracer->object);
	kernel_facts_free(&tracer->facts);
	decoder_free(&tracer->decoder);
	if (tracer->cgroup_fd >= 0)
		close(tracer->cgroup_fd);
	free(tracer);
}

enum backend tracer__backend(const struct tracer *tracer)
{
	return tracer->decoder.backend;
}

unsigned int tracer__paths(const struct tracer *tracer)
{
	return tracer->paths;
}

bool tracer__sees_changes(const struct tracer *tracer)
{
	return tracer->sees_changes;
}

uint32_t tracer__descendants(const struct tracer *tracer)
{
	return descendants_count(tracer->object);
}

int tracer__fd(const struct tracer *tracer)
{
	return tracer->ring.fd;
}

static uint64_t tracer_lost_by(const struct tracer *tracer, int cause)
{
	return cause == LOST_CAUSE_COUNT ? tracer->misses : tracer->counters.lost[cause];
}

/* Tells the stream what was lost since the last look, at most ten times a second. */
static int tracer_tell_losses(struct tracer *tracer, bool last)
{
	uint64_t now = clock_ns(CLOCK_REALTIME), since = tracer->looked_ns;
	int error = 0, zero = 0;

	if (!last && now - since < 100000000u)
		return 0;
	tracer->looked_ns = now;
	tracer->misses = skips_count(tracer->object);
	bpf_map_lookup_elem(tracer->counters_fd, &zero, &tracer->counters);
	for (int cause = 0; cause <= LOST_CAUSE_COUNT && !error; cause++) {
		uint64_t lost = tracer_lost_by(tracer, cause);
		struct loss loss = {
			.count = lost - tracer->told[cause],
			.cause = lost_names[cause],
			.since_ns = since,
			.time_ns = now,
		};

		tracer->told[cause] = lost;
		if (loss.count)
			error = stream_loss(tracer->stream, &loss);
	}
	return error;
}

int tracer__read(const struct tracer *tracer, struct stat_table *now)
{
	return aggregate_read(&tracer->aggregate, now);
}

int tracer__consume(struct tracer *tracer, const struct stream *stream)
{
	int error;

	tracer->stream = stream;
	tracer->consumed = 0;
	error = ring_consume(&tracer->ring, on_record, tracer);
	if (error >= 0)
		error = tracer_tell_losses(tracer, !tracer->link_count);
	tracer->stream = NULL;
	return error < 0 ? error : tracer->consumed;
}
