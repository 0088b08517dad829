// SPDX-License-Identifier: GPL-2.0-only
/* The figures of what run.c kept. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "measure/run.h"

/* Only where there is something of which it is told; else null without being unknown. */
static void set_if(struct figures *out, bool there, enum figure_id id, double number)
{
	if (there)
		figure_set(out, id, number);
}

static void set_unknown(struct figures *out, enum figure_id id)
{
	out->at[id].state = FIGURE_UNKNOWN;
}

static void set_address(struct figures *out, enum figure_id id, const struct in6_addr *address,
			uint8_t family)
{
	char text[INET6_ADDRSTRLEN];

	if (family == 4)
		inet_ntop(AF_INET, &address->s6_addr[12], text, sizeof(text));
	else
		inet_ntop(AF_INET6, address, text, sizeof(text));
	figure_set_text(out, id, text);
}

static double since_begin(uint64_t ns, uint64_t begin_ns)
{
	return ns > begin_ns ? (double)(ns - begin_ns) : 0;
}

static double percent(double part, double whole)
{
	return whole > 0 ? 100 * part / whole : 0;
}

static void figures_first_failure(struct figures *out, const struct allocation *first,
				  uint64_t begin_ns)
{
	char buffer[16], comm[EVENT_COMM_LEN + 1];

	figure_set(out, FIGURE_FIRST_FAILURE, since_begin(first->start_ns, begin_ns));
	figure_set_text(out, FIGURE_FIRST_ERRNO, errno_name(first->error, buffer));
	figure_set_text(out, FIGURE_FIRST_PATH, path_name(first->path));
	figure_set_text(out, FIGURE_FIRST_PROTO, proto_name(first->proto, buffer));
	set_address(out, FIGURE_FIRST_SADDR, &first->source.address, first->family);
	if (first->dest.known) {
		set_address(out, FIGURE_FIRST_DADDR, &first->dest.address, first->family);
		figure_set(out, FIGURE_FIRST_DPORT, first->dest.port);
	}
	snprintf(comm, sizeof(comm), "%.*s", EVENT_COMM_LEN, first->task.comm);
	figure_set_text(out, FIGURE_FIRST_COMM, comm);
	figure_set(out, FIGURE_FIRST_PID, first->task.pid);
	figure_set(out, FIGURE_FIRST_NETNS, first->task.netns);
}

/* That of the first failure, else that which most allocations had. */
static const struct run_range *range_chosen(const struct run_measure *measure)
{
	const struct allocation *first = measure->wanting ? &measure->first_failure : NULL;
	const struct run_range *most = NULL;

	for (size_t i = 0; i < measure->range_count; i++) {
		const struct run_range *range = &measure->ranges[i];

		if (first && range->netns == first->task.netns && range->low == first->low &&
		    range->high == first->high)
			return range;
		if (!most || range->allocations > most->allocations)
			most = range;
	}
	return most;
}

static void figures_range(const struct run_measure *measure, struct figures *out)
{
	const struct run_range *range = range_chosen(measure);
	uint64_t ranges = 0, reserved = 0;

	for (size_t i = 0; i < measure->changes_count; i++)
		for (size_t j = 0; j < measure->range_count; j++) {
			if (measure->ranges[j].netns != measure->changes[i].netns)
				continue;
			ranges += measure->changes[i].ranges;
			reserved += measure->changes[i].reserved;
			break;
		}
	figure_set(out, FIGURE_RANGES, (double)measure->range_count);
	figure_set(out, FIGURE_RANGE_CHANGES, (double)ranges);
	figure_set(out, FIGURE_RESERVED_CHANGES, (double)reserved);
	if (measure->ranges_full)
		out->at[FIGURE_RANGES].bound = BOUND_AT_LEAST;
	if (measure->ranges_full || measure->changes_full)
		out->at[FIGURE_RANGE_CHANGES].bound = out->at[FIGURE_RESERVED_CHANGES].bound =
			BOUND_AT_LEAST;
	if (!range)
		return;
	struct port_range ports = { range->low, range->high };

	figure_set(out, FIGURE_RANGE_LOW, ports.low);
	figure_set(out, FIGURE_RANGE_HIGH, ports.high);
	figure_set(out, FIGURE_RANGE_PORTS, range_count(ports));
	figure_set(out, FIGURE_KNEE, range_knee(ports));
	if (range->usable != UINT32_MAX)
		figure_set(out, FIGURE_USABLE, range->usable);
	else
		set_unknown(out, FIGURE_USABLE);
}

static void figures_counts(const struct run_measure *measure, double seconds, struct figures *out)
{
	static const enum figure_id paths[PATH_COUNT] = {
		[PATH_CONNECT] = FIGURE_CONNECT,   [PATH_BIND] = FIGURE_BIND,
		[PATH_LISTEN] = FIGURE_LISTEN,	   [PATH_AUTOBIND] = FIGURE_AUTOBIND,
		[PATH_EXPLICIT] = FIGURE_EXPLICIT,
	};
	double allocations = (double)measure->allocations, failed = (double)measure->failed;

	figure_set(out, FIGURE_ALLOCATIONS, allocations);
	for (int path = 0; path < PATH_COUNT; path++)
		figure_set(out, paths[path], (double)measure->by_path[path]);
	set_if(out, seconds > 0, FIGURE_RATE, allocations / seconds);
	figure_set(out, FIGURE_RATE_PEAK, (double)measure->busiest);
	figure_set(out, FIGURE_ERRORS, failed);
	set_if(out, measure->allocations, FIGURE_ERROR_PCT, percent(failed, allocations));
	figure_set(out, FIGURE_EADDRNOTAVAIL, (double)measure->eaddrnotavail);
	figure_set(out, FIGURE_EADDRINUSE, (double)measure->eaddrinuse);
	figure_set(out, FIGURE_EAGAIN, (double)measure->eagain);
	figure_set(out, FIGURE_OTHER_ERRORS, (double)(measure->failed - measure->wanting));
	figure_set(out, FIGURE_WINDOWS, (double)measure->windows);
	figure_set(out, FIGURE_WINDOWS_NS, (double)measure->windows_ns);
	figure_set(out, FIGURE_OUT_OF_RANGE, (double)measure->out_of_range);
	figure_set(out, FIGURE_LOST, (double)measure->lost);
}

static void figures_ports(const struct run_measure *measure, struct figures *out)
{
	double distinct = 0;

	for (size_t i = 0; i < measure->ports_count; i++)
		distinct += measure->ports[i].distinct;
	if (measure->ports_full) {
		set_unknown(out, FIGURE_PORTS_DISTINCT);
		set_unknown(out, FIGURE_PORTS_REUSED);
		set_unknown(out, FIGURE_REUSE_MIN);
		set_unknown(out, FIGURE_REUSE_P50);
	} else {
		figure_set(out, FIGURE_PORTS_DISTINCT, distinct);
		figure_set(out, FIGURE_PORTS_REUSED, (double)measure->reused);
		set_if(out, measure->reused, FIGURE_REUSE_MIN, (double)measure->reuse_min_ns);
		set_if(out, measure->reused, FIGURE_REUSE_P50,
		       (double)hist_percentile(&measure->reuse, 500));
	}
	if (measure->tw_known)
		figure_set(out, FIGURE_TW_REUSED, (double)measure->tw_reused);
	else if (measure->connects)
		set_unknown(out, FIGURE_TW_REUSED);
}

/*
 * How full a tuple was at its fullest. Exact where a search found no port. Else what was seen at
 * the looks, or what the second pass proves: that no port of the first was to be had.
 */
struct fill {
	double used, usable, pct;
	bool known, exact;
};

static struct fill tuple_fill(const struct run_measure *measure, const struct run_tuple *tuple,
			      const struct run_tally *tally)
{
	struct port_range range = { tally->low, tally->high };
	struct fill fill = { 0 };

	for (size_t i = 0; i < measure->range_count; i++)
		if (measure->ranges[i].netns == tuple->netns &&
		    measure->ranges[i].low == range.low && measure->ranges[i].high == range.high &&
		    measure->ranges[i].usable != UINT32_MAX)
			fill.usable = measure->ranges[i].usable;
	if (tally->exhausted) {
		fill = (struct fill){ .used = fill.usable,
				      .usable = fill.usable,
				      .pct = 100,
				      .known = true,
				      .exact = true };
		return fill;
	}
	fill.used = tally->peak_used ?: 1; /* the port of a search that succeeded */
	if (tally->second_pass && fill.usable) {
		double proven = range_knee(range) - (range_count(range) - fill.usable);

		fill.used = proven > fill.used ? proven : fill.used;
	}
	fill.known = fill.usable > 0; /* then somebody looked */
	fill.pct = fill.known ? percent(fill.used, fill.usable) : 0;
	return fill;
}

static void figures_peak(const struct run_measure *measure, struct figures *out)
{
	const struct run_tuple *fullest = NULL;
	struct fill most = { 0 };
	size_t with_dest = 0;

	if (measure->tuples.refused)
		out->at[FIGURE_TUPLES].bound = BOUND_AT_LEAST;
	figure_set(out, FIGURE_TUPLES, (double)measure->tuples.count);
	for (size_t i = 0; i < measure->tuples.count; i++) {
		const struct run_tuple *tuple = table_key(&measure->tuples, i);
		const struct run_tally *tally = table_value(&measure->tuples, i);
		struct fill fill = tuple_fill(measure, tuple, tally);

		/* Of what has no destination, other sockets of any kind are in the way as well. */
		if (!tuple->dest_known && !fill.exact)
			continue;
		with_dest++;
		if (!fill.known || (fullest && fill.pct <= most.pct))
			continue;
		fullest = tuple;
		most = fill;
	}
	if (!fullest) {
		if (with_dest) {
			set_unknown(out, FIGURE_PEAK_USED);
			set_unknown(out, FIGURE_PEAK_USED_PCT);
		}
		return;
	}
	figure_set(out, FIGURE_PEAK_USED_PCT, most.pct);
	if (most.used > 0 || !most.exact)
		figure_set(out, FIGURE_PEAK_USED, most.used);
	else
		set_unknown(out, FIGURE_PEAK_USED);
	if (!most.exact)
		out->at[FIGURE_PEAK_USED].bound = out->at[FIGURE_PEAK_USED_PCT].bound =
			BOUND_AT_LEAST;
	set_address(out, FIGURE_PEAK_SADDR, &fullest->saddr, fullest->family);
	if (!fullest->dest_known)
		return;
	set_address(out, FIGURE_PEAK_DADDR, &fullest->daddr, fullest->family);
	figure_set(out, FIGURE_PEAK_DPORT, fullest->dport);
}

/* @ids: mean, p50, p90, p99, p99.9, max. */
static void figures_hist(struct figures *out, const struct hist *hist, const enum figure_id ids[6],
			 bool there, bool at_most)
{
	static const unsigned int per_mille[4] = { 500, 900, 990, 999 };

	if (!hist->count) {
		for (int i = 0; there && i < 6; i++)
			set_unknown(out, ids[i]);
		return;
	}
	figure_set(out, ids[0], hist_mean(hist));
	for (int i = 0; i < 4; i++)
		figure_set(out, ids[i + 1], (double)hist_percentile(hist, per_mille[i]));
	figure_set(out, ids[5], (double)hist->max);
	for (int i = 0; at_most && i < 6; i++)
		out->at[ids[i]].bound = BOUND_AT_MOST;
}

static void figures_search(const struct run_measure *measure, double duration_ns,
			   struct figures *out)
{
	static const enum figure_id latency[6] = { FIGURE_LATENCY_MEAN, FIGURE_LATENCY_P50,
						   FIGURE_LATENCY_P90,	FIGURE_LATENCY_P99,
						   FIGURE_LATENCY_P999, FIGURE_LATENCY_MAX };
	static const enum figure_id examined[6] = { FIGURE_EXAMINED_MEAN, FIGURE_EXAMINED_P50,
						    FIGURE_EXAMINED_P90,  FIGURE_EXAMINED_P99,
						    FIGURE_EXAMINED_P999, FIGURE_EXAMINED_MAX };
	bool at_most = measure->approx & APPROX_LATENCY;
	double total = (double)measure->latency.sum;

	figures_hist(out, &measure->latency, latency, false, at_most);
	figures_hist(out, &measure->examined, examined, measure->allocations,
		     measure->approx & APPROX_EXAMINED);
	figure_set(out, FIGURE_LATENCY_TOTAL, total);
	set_if(out, duration_ns > 0, FIGURE_LATENCY_SHARE, percent(total, duration_ns));
	if (at_most)
		out->at[FIGURE_LATENCY_TOTAL].bound = out->at[FIGURE_LATENCY_SHARE].bound =
			BOUND_AT_MOST;
	if (!measure->passes_known) {
		if (measure->connects) {
			set_unknown(out, FIGURE_SECOND_PASS);
			set_unknown(out, FIGURE_SECOND_PASS_PCT);
			set_unknown(out, FIGURE_KNEE_CROSSED);
		} else {
			figure_set(out, FIGURE_KNEE_CROSSED, 0);
		}
		return;
	}
	figure_set(out, FIGURE_SECOND_PASS, (double)measure->second_pass);
	figure_set(out, FIGURE_SECOND_PASS_PCT,
		   percent((double)measure->second_pass, (double)measure->passes_known));
	figure_set(out, FIGURE_KNEE_CROSSED, measure->second_pass > 0);
}

static void figures_looks(const struct run_measure *measure, struct figures *out)
{
	if (measure->look) {
		figure_set(out, FIGURE_PEAK_OPEN, (double)measure->peak_open);
		out->at[FIGURE_PEAK_OPEN].bound = BOUND_AT_LEAST;
	} else if (measure->connects) {
		set_unknown(out, FIGURE_PEAK_OPEN);
	}
	if (measure->look && measure->look_complete) {
		figure_set(out, FIGURE_TIME_WAIT, (double)measure->time_wait);
		figure_set(out, FIGURE_TIME_WAIT_NS, (double)measure->time_wait_clean_ns);
	} else if (measure->connects) {
		set_unknown(out, FIGURE_TIME_WAIT);
		set_unknown(out, FIGURE_TIME_WAIT_NS);
	}
}

static void figures_requests(const struct run_measure *measure, uint64_t requests,
			     struct figures *out)
{
	double made = (double)(measure->allocations - measure->failed);

	if (!requests)
		return;
	figure_set(out, FIGURE_REQUESTS, (double)requests);
	set_if(out, made > 0, FIGURE_REQUESTS_PER_PORT, (double)requests / made);
}

void run_measure_figures(const struct run_measure *measure, uint64_t requests, struct figures *out)
{
	uint64_t begin_ns = measure->begin_ns ?: measure->first_ns;
	uint64_t end_ns = measure->end_ns ?: measure->last_ns;
	double duration_ns = since_begin(end_ns, begin_ns);

	memset(out, 0, sizeof(*out));
	out->latency = &measure->latency;
	out->examined = &measure->examined;
	if (measure->wanting || !measure->lost)
		figure_set(out, FIGURE_BOTTLENECK, measure->wanting > 0);
	else
		set_unknown(out, FIGURE_BOTTLENECK);
	figure_set(out, FIGURE_DURATION, duration_ns);
	if (measure->allocations)
		figure_set_text(out, FIGURE_BACKEND, backend_name(measure->backend));
	if (measure->wanting)
		figures_first_failure(out, &measure->first_failure, begin_ns);
	figures_range(measure, out);
	figures_counts(measure, duration_ns / 1e9, out);
	figures_ports(measure, out);
	figures_peak(measure, out);
	figures_search(measure, duration_ns, out);
	if (measure->knee_ns)
		figure_set(out, FIGURE_KNEE_CROSSED_NS, since_begin(measure->knee_ns, begin_ns));
	figures_looks(measure, out);
	figures_requests(measure, requests, out);
}

static bool tally_above(const struct run_tally *a, const struct run_tally *b)
{
	if (a->failed != b->failed)
		return a->failed > b->failed;
	return a->allocations > b->allocations;
}

/* The entries that come first, by insertion: @room is a handful. */
static size_t tally_top(const struct table *table, size_t *top, size_t room)
{
	size_t count = 0;

	for (size_t entry = 0; entry < table->count; entry++) {
		const struct run_tally *here = table_value(table, entry);
		size_t at = count;

		while (at && tally_above(here, table_value(table, top[at - 1])))
			at--;
		if (at == room)
			continue;
		count += count < room;
		memmove(&top[at + 1], &top[at], (count - at - 1) * sizeof(*top));
		top[at] = entry;
	}
	return count;
}

enum { TOP_MAX = 64 };

size_t run_measure_top_tuples(const struct run_measure *measure, struct run_top_tuple *top,
			      size_t room)
{
	size_t entries[TOP_MAX];
	size_t count = tally_top(&measure->tuples, entries, room < TOP_MAX ? room : TOP_MAX);

	for (size_t i = 0; i < count; i++)
		top[i] = (struct run_top_tuple){ table_key(&measure->tuples, entries[i]),
						 table_value(&measure->tuples, entries[i]) };
	return count;
}

size_t run_measure_top_comms(const struct run_measure *measure, struct run_top_comm *top,
			     size_t room)
{
	size_t entries[TOP_MAX];
	size_t count = tally_top(&measure->comms, entries, room < TOP_MAX ? room : TOP_MAX);

	for (size_t i = 0; i < count; i++)
		top[i] = (struct run_top_comm){ table_key(&measure->comms, entries[i]),
						table_value(&measure->comms, entries[i]) };
	return count;
}
