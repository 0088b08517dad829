// SPDX-License-Identifier: GPL-2.0-only
/* The sink: what is kept of a stream. run_figures.c makes the figures of it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "measure/run.h"

#define SECOND_NS 1000000000u

/* Failures less than this apart are one window. */
#define WINDOW_GAP_NS SECOND_NS

struct run_tuple run_tuple_make(const struct allocation *allocation)
{
	struct run_tuple tuple;

	memset(&tuple, 0, sizeof(tuple));
	tuple.saddr = allocation->source.address;
	tuple.netns = allocation->task.netns;
	tuple.proto = allocation->proto;
	tuple.family = allocation->family;
	if (allocation->dest.known) {
		tuple.dest_known = 1;
		tuple.daddr = allocation->dest.address;
		tuple.dport = allocation->dest.port;
	}
	return tuple;
}

static void run_note_range(struct run_measure *measure, const struct allocation *allocation)
{
	size_t at = measure->range_at;

	for (size_t tries = 0; tries < measure->range_count; tries++) {
		struct run_range *range = &measure->ranges[at];

		if (range->netns == allocation->task.netns && range->low == allocation->low &&
		    range->high == allocation->high) {
			range->allocations++;
			measure->range_at = at;
			return;
		}
		at = (at + 1) % measure->range_count;
	}
	if (measure->range_count == RUN_LISTS_MAX) {
		measure->ranges_full = true;
		return;
	}
	measure->ranges[measure->range_count++] = (struct run_range){
		.netns = allocation->task.netns,
		.low = allocation->low,
		.high = allocation->high,
		.allocations = 1,
		.usable = UINT32_MAX,
	};
}

static struct run_ports *run_ports_of(struct run_measure *measure, uint32_t netns, uint16_t proto)
{
	size_t at = measure->ports_at;
	struct run_ports *ports;

	for (size_t tries = 0; tries < measure->ports_count; tries++) {
		ports = &measure->ports[at];
		if (ports->netns == netns && ports->proto == proto) {
			measure->ports_at = at;
			return ports;
		}
		at = (at + 1) % measure->ports_count;
	}
	if (measure->ports_count == RUN_LISTS_MAX)
		return NULL;
	ports = &measure->ports[measure->ports_count];
	*ports = (struct run_ports){ .netns = netns, .proto = proto };
	ports->last_ns = calloc(PORT_COUNT, sizeof(*ports->last_ns));
	if (!ports->last_ns)
		return NULL;
	measure->ports_count++;
	return ports;
}

static void run_note_port(struct run_measure *measure, const struct allocation *allocation)
{
	struct run_ports *ports = run_ports_of(measure, allocation->task.netns, allocation->proto);
	uint64_t *last, gone;

	if (!ports) {
		measure->ports_full = true;
		return;
	}
	last = &ports->last_ns[allocation->source.port];
	if (!*last) {
		ports->distinct++;
	} else {
		/* Records of two CPUs can come in the wrong order, by less than their searches. */
		gone = allocation->start_ns > *last ? allocation->start_ns - *last : 0;
		hist_add(&measure->reuse, gone);
		if (!measure->reused++ || gone < measure->reuse_min_ns)
			measure->reuse_min_ns = gone;
	}
	*last = allocation->start_ns ?: 1;
}

static void run_note_window(struct run_measure *measure, uint64_t begin_ns, uint64_t end_ns)
{
	if (measure->windows && begin_ns < measure->window_end_ns + WINDOW_GAP_NS) {
		uint64_t before = measure->window_end_ns - measure->window_begin_ns;

		if (begin_ns < measure->window_begin_ns)
			measure->window_begin_ns = begin_ns;
		if (end_ns > measure->window_end_ns)
			measure->window_end_ns = end_ns;
		measure->windows_ns += measure->window_end_ns - measure->window_begin_ns - before;
		return;
	}
	measure->windows++;
	measure->windows_ns += end_ns - begin_ns;
	measure->window_begin_ns = begin_ns;
	measure->window_end_ns = end_ns;
}

/* Whether it failed because no port was to be had. */
static bool run_wants_port(const struct allocation *allocation)
{
	return allocation->error == EADDRNOTAVAIL || allocation->error == EADDRINUSE ||
	       allocation->error == EAGAIN;
}

static void run_note_failure(struct run_measure *measure, const struct allocation *allocation)
{
	measure->failed++;
	measure->eaddrnotavail += allocation->error == EADDRNOTAVAIL;
	measure->eaddrinuse += allocation->error == EADDRINUSE;
	measure->eagain += allocation->error == EAGAIN;
	if (!run_wants_port(allocation))
		return;
	if (!measure->wanting++ || allocation->start_ns < measure->first_failure.start_ns)
		measure->first_failure = *allocation;
	run_note_window(measure, allocation->start_ns,
			allocation->start_ns + allocation->latency_ns);
}

static void run_tally_add(struct run_tally *tally, const struct allocation *allocation)
{
	if (!tally)
		return;
	tally->allocations++;
	tally->failed += !!allocation->error;
	tally->second_pass += allocation->second_pass == KNOWN_YES;
	tally->latency_ns += allocation->latency_ns;
	tally->low = allocation->low;
	tally->high = allocation->high;
	tally->exhausted += run_wants_port(allocation);
}

static void run_note_time(struct run_measure *measure, const struct allocation *allocation)
{
	uint64_t end_ns = allocation->start_ns + allocation->latency_ns, second, base;

	if (!measure->first_ns || allocation->start_ns < measure->first_ns)
		measure->first_ns = allocation->start_ns;
	if (end_ns > measure->last_ns)
		measure->last_ns = end_ns;
	base = measure->begin_ns ?: measure->first_ns;
	second = allocation->start_ns > base ? (allocation->start_ns - base) / SECOND_NS : 0;
	/* What comes late, by less than a search, is counted with the second after it. */
	if (second > measure->busy_second) {
		measure->busy_second = second;
		measure->busy_count = 0;
	}
	if (++measure->busy_count > measure->busiest)
		measure->busiest = measure->busy_count;
}

static void run_note_search(struct run_measure *measure, const struct allocation *allocation)
{
	bool second = allocation->second_pass == KNOWN_YES;

	hist_add(&measure->latency, allocation->latency_ns);
	if (allocation->examined >= 0) {
		hist_add(&measure->examined, (uint64_t)allocation->examined);
		measure->approx |= allocation->approx & APPROX_EXAMINED;
	}
	measure->approx |= allocation->approx & APPROX_LATENCY;
	if (allocation->path != PATH_CONNECT)
		return;
	measure->connects++;
	measure->passes_known += allocation->second_pass != UNKNOWN;
	measure->second_pass += second;
	measure->tw_known += allocation->tw_reused != UNKNOWN;
	measure->tw_reused += allocation->tw_reused == KNOWN_YES;
	if (second && (!measure->knee_ns || allocation->start_ns < measure->knee_ns))
		measure->knee_ns = allocation->start_ns;
}

static int run_allocation(struct sink *sink, const struct allocation *allocation)
{
	struct run_measure *measure = (struct run_measure *)sink;
	char comm[EVENT_COMM_LEN] = { 0 };
	struct run_tuple tuple;

	measure->by_path[allocation->path]++;
	if (allocation->path == PATH_EXPLICIT)
		return 0; /* no search */
	measure->allocations++;
	measure->backend = allocation->backend;
	run_note_time(measure, allocation);
	run_note_range(measure, allocation);
	run_note_search(measure, allocation);
	if (allocation->error) {
		run_note_failure(measure, allocation);
	} else {
		measure->out_of_range += !allocation_in_range(allocation);
		run_note_port(measure, allocation);
	}
	tuple = run_tuple_make(allocation);
	run_tally_add(table_add(&measure->tuples, &tuple), allocation);
	memcpy(comm, allocation->task.comm, strnlen(allocation->task.comm, sizeof(comm)));
	run_tally_add(table_add(&measure->comms, comm), allocation);
	return 0;
}

static struct run_changes *run_changes_of(struct run_measure *measure, uint32_t netns)
{
	size_t i;

	for (i = 0; i < measure->changes_count; i++)
		if (measure->changes[i].netns == netns)
			return &measure->changes[i];
	if (i == RUN_LISTS_MAX) {
		measure->changes_full = true;
		return NULL;
	}
	measure->changes_count++;
	measure->changes[i] = (struct run_changes){ .netns = netns };
	return &measure->changes[i];
}

static int run_range_change(struct sink *sink, const struct range_change *change)
{
	struct run_changes *changes =
		run_changes_of((struct run_measure *)sink, change->task.netns);

	if (changes)
		changes->ranges++;
	return 0;
}

static int run_reserved_change(struct sink *sink, const struct reserved_change *change)
{
	struct run_changes *changes =
		run_changes_of((struct run_measure *)sink, change->task.netns);

	if (changes)
		changes->reserved++;
	return 0;
}

static int run_loss(struct sink *sink, const struct loss *loss)
{
	((struct run_measure *)sink)->lost += loss->count;
	return 0;
}

void run_look_begin(struct run_measure *measure)
{
	measure->look++;
	measure->open = measure->time_wait = measure->time_wait_clean_ns = 0;
}

void run_look_netns(struct run_measure *measure, uint32_t netns, const struct port_set *blocked)
{
	for (size_t i = 0; i < measure->range_count; i++) {
		struct run_range *range = &measure->ranges[i];
		struct port_range ports = { range->low, range->high };

		if (range->netns == netns)
			range->usable = range_count(ports) - port_set_count(blocked, ports);
	}
}

void run_look_socket(struct run_measure *measure, const struct run_socket *socket)
{
	struct run_tally *tally = table_find(&measure->tuples, &socket->tuple);

	if (!tally || socket->sport < tally->low || socket->sport > tally->high)
		return;
	if (tally->look != measure->look)
		tally->used = 0;
	tally->look = measure->look;
	if (++tally->used > tally->peak_used)
		tally->peak_used = tally->used;
	if (!socket->time_wait) {
		measure->open++;
		return;
	}
	measure->time_wait++;
	if (socket->clean_ns > measure->time_wait_clean_ns)
		measure->time_wait_clean_ns = socket->clean_ns;
}

void run_look_end(struct run_measure *measure, bool complete)
{
	measure->look_complete = complete;
	if (measure->open > measure->peak_open)
		measure->peak_open = measure->open;
}

struct run_measure run_measure_make(void)
{
	return (struct run_measure){
		.sink = { .allocation = run_allocation,
			  .range_change = run_range_change,
			  .reserved_change = run_reserved_change,
			  .loss = run_loss },
		.tuples = table_make(sizeof(struct run_tuple), sizeof(struct run_tally),
				     RUN_TUPLES_MAX),
		.comms = table_make(EVENT_COMM_LEN, sizeof(struct run_tally), RUN_COMMS_MAX),
	};
}

void run_measure_free(struct run_measure *measure)
{
	table_free(&measure->tuples);
	table_free(&measure->comms);
	for (size_t i = 0; i < measure->ports_count; i++)
		free(measure->ports[i].last_ns);
	measure->ports_count = 0;
}
