// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "trace/decode.h"

static void decode_task(const struct event_task *event, struct task *task)
{
	task->pid = event->pid;
	task->tid = event->tid;
	task->uid = event->uid;
	task->netns = event->netns;
	task->cgroup_id = event->cgroup_id;
	memcpy(task->comm, event->comm, sizeof(task->comm));
}

/* The socket's form of an address (AF_INET: four bytes) as IPv6, v4-mapped where it is IPv4. */
static void decode_address(uint8_t family, const uint8_t bytes[16], struct in6_addr *address)
{
	if (family == AF_INET6) {
		memcpy(address, bytes, sizeof(*address));
		return;
	}
	memset(address, 0, sizeof(*address));
	address->s6_addr[10] = address->s6_addr[11] = 0xff;
	memcpy(&address->s6_addr[12], bytes, 4);
}

/*
 * connect() searches the ports of the parity of the low end first (07f4c90062f8, 4.2). A search
 * that failed went through both halves; a range of one port has one.
 */
static enum known decode_second_pass(const struct decoder *decoder, const struct event_alloc *event)
{
	if (event->path != PATH_CONNECT)
		return UNKNOWN;
	if (((event->flags & ALLOC_SOCKET_OPTION) && decoder->option_scans_all) ||
	    event->low >= event->high)
		return KNOWN_NO;
	if (event->error)
		return KNOWN_YES;
	return ((event->sport - event->low) & 1) ? KNOWN_YES : KNOWN_NO;
}

static enum search_end decode_end(const struct event_alloc *event)
{
	if (!event->error)
		return SEARCH_FOUND;
	if (event->error == ENOMEM)
		return SEARCH_ABORTED;
	return SEARCH_EXHAUSTED;
}

static struct search_result connect_result(const struct decoder *decoder,
					   const struct event_alloc *event,
					   struct search_range range,
					   const struct search_reserved *reserved)
{
	const struct event_search *search = &event->search;
	struct search_connect connect = {
		.range = range,
		.start = decoder->start,
		.end = decode_end(event),
		.port = event->sport,
		.contention = search->flags & SEARCH_RIVALS ? SEARCH_CONTENTION_SEEN :
							      SEARCH_CONTENTION_ALONE,
		.port_offset = search->port_offset,
		.perturb_known = search->flags & SEARCH_PERTURB,
		.perturb_entry = search->perturb_entry,
		.perturb_exit = search->perturb_exit,
		.step_width = search->step_width,
		.reserved = reserved,
	};

	return search_connect_examined(&connect);
}

static struct search_result bind_result(const struct event_alloc *event, struct search_range range)
{
	struct search_bind bind = {
		.range = range,
		.end = decode_end(event),
		.port = event->sport,
	};

	return search_bind_from_conflicts(&bind, event->search.refused);
}

static struct search_result udp_result(const struct event_alloc *event, struct search_range range,
				       const struct search_reserved *reserved)
{
	const struct event_search *search = &event->search;
	struct search_udp udp = {
		.range = range,
		.end = decode_end(event),
		.port = event->sport,
		.reuseport = search->flags & SEARCH_REUSEPORT,
		.slots = search->slots,
		.draw_known = search->flags & SEARCH_DRAW,
		.draw = search->draw,
		.reserved = reserved,
	};

	return search_udp_examined(&udp);
}

/* Which of the searches it was, and whether its inputs are there and hold. */
static struct search_result decode_search(const struct decoder *decoder,
					  const struct event_alloc *event,
					  const struct search_reserved *reserved)
{
	static const struct search_result unknown = { .confidence = SEARCH_UNKNOWN };
	struct search_range range = {
		.low = event->low,
		.high = event->high,
		.local = (event->flags & ALLOC_SOCKET_OPTION) && decoder->option_scans_all,
	};
	bool udp = event->proto == IPPROTO_UDP || event->proto == IPPROTO_UDPLITE;

	if (decoder->backend != BACKEND_FENTRY || event->path == PATH_EXPLICIT ||
	    (event->search.flags & SEARCH_SETTINGS_CHANGED))
		return unknown;
	if (event->path == PATH_CONNECT)
		return connect_result(decoder, event, range, reserved);
	if (event->start_ns < decoder->skipped_ns)
		return unknown;
	if (udp)
		return event->search.slots ? udp_result(event, range, reserved) : unknown;
	return decoder->conflicts_known ? bind_result(event, range) : unknown;
}

/*
 * --explain: connect() only, and exact only where examined is. Where memory ran out, the candidate
 * that was free may have been counted as refused.
 */
static void decode_refused(const struct decoder *decoder, const struct event_alloc *event,
			   const struct search_result *result, struct allocation *allocation)
{
	allocation->refused_tuple = allocation->refused_timewait = -1;
	allocation->refused_bound = allocation->reserved_skipped = -1;
	if (!decoder->explain || event->path != PATH_CONNECT || event->error == ENOMEM ||
	    event->start_ns < decoder->skipped_ns)
		return;
	allocation->refused_tuple = event->search.refused;
	allocation->refused_timewait = event->search.refused_timewait;
	if (result->confidence != SEARCH_EXACT)
		return;
	allocation->refused_bound =
		(int64_t)result->examined - !event->error - event->search.refused;
	allocation->reserved_skipped = result->reserved_skipped;
}

void decode_allocation(const struct decoder *decoder, const struct event_alloc *event,
		       struct allocation *allocation)
{
	bool known = event->flags & ALLOC_DEST;
	struct search_result result;

	decode_address(event->family, event->saddr, &allocation->source.address);
	decode_address(event->family, event->daddr, &allocation->dest.address);
	allocation->source.port = event->sport;
	allocation->source.known = true;
	allocation->dest.port = ntohs(event->dport);
	allocation->dest.known = known;
	allocation->family =
		event->family == AF_INET || IN6_IS_ADDR_V4MAPPED(&allocation->source.address) ||
				(known && IN6_IS_ADDR_V4MAPPED(&allocation->dest.address)) ?
			4 :
			6;
	allocation->start_ns = event->start_ns;
	allocation->time_ns = event->start_ns + (uint64_t)decoder->clock_offset_ns;
	allocation->latency_ns = event->latency_ns;
	allocation->path = event->path;
	allocation->backend = decoder->backend;
	allocation->proto = event->proto;
	allocation->error = event->error;
	allocation->low = event->low;
	allocation->high = event->high;
	allocation->range_of_socket = event->flags & ALLOC_RANGE_SOCKET;
	allocation->second_pass = decode_second_pass(decoder, event);
	allocation->tw_reused = UNKNOWN;
	if (event->path == PATH_CONNECT && decoder->timewait_known &&
	    event->start_ns >= decoder->skipped_ns)
		allocation->tw_reused =
			event->search.flags & SEARCH_TW_REUSED ? KNOWN_YES : KNOWN_NO;
	result = decode_search(decoder, event,
			       reserved_ports_find(&decoder->reserved, event->task.netns));
	allocation->examined = result.confidence == SEARCH_UNKNOWN ? -1 : (int64_t)result.examined;
	decode_refused(decoder, event, &result, allocation);
	allocation->approx = (event->flags & ALLOC_UPPER_BOUND ? APPROX_LATENCY : 0) |
			     (event->flags & ALLOC_PATH_GUESSED ? APPROX_PATH : 0) |
			     (result.confidence == SEARCH_AT_MOST ? APPROX_EXAMINED : 0);
	decode_task(&event->task, &allocation->task);
}

static int record_range(const struct decoder *decoder, const struct event_range *event,
			const struct stream *stream)
{
	struct range_change change = {
		.mono_ns = event->time_ns,
		.time_ns = event->time_ns + (uint64_t)decoder->clock_offset_ns,
		.old_low = event->old_low,
		.old_high = event->old_high,
		.new_low = event->new_low,
		.new_high = event->new_high,
	};

	decode_task(&event->task, &change.task);
	return stream_range_change(stream, &change);
}

/*
 * The reserved ports that a thread found when it began to write them. A write that is refused
 * leaves its entry behind, and two threads may share one: what does not fit what follows is as good
 * as unknown.
 */
struct reserved_before {
	uint32_t tid, netns;
	struct port_set ports;
};

enum { BEFORE_SLOTS = 16 };

static int record_reserved_before(struct decoder *decoder, const struct event_reserved_write *event)
{
	struct reserved_before *before;

	if (!decoder->before)
		decoder->before = calloc(BEFORE_SLOTS, sizeof(*decoder->before));
	if (!decoder->before)
		return -ENOMEM;
	before = &decoder->before[event->task.tid % BEFORE_SLOTS];
	before->tid = event->task.tid;
	before->netns = event->task.netns;
	memcpy(&before->ports, event->bits, sizeof(before->ports));
	return 0;
}

static int record_reserved_after(struct decoder *decoder, const struct event_reserved_write *event,
				 const struct stream *stream)
{
	struct reserved_before *before =
		decoder->before ? &decoder->before[event->task.tid % BEFORE_SLOTS] : NULL;
	bool known = before && before->tid == event->task.tid && before->netns == event->task.netns;
	struct port_set ports;
	struct reserved_change change = {
		.mono_ns = event->time_ns,
		.time_ns = event->time_ns + (uint64_t)decoder->clock_offset_ns,
		.old = known ? &before->ports : NULL,
		.new = &ports,
	};
	int error;

	memcpy(&ports, event->bits, sizeof(ports));
	decode_task(&event->task, &change.task);
	error = stream_reserved_change(stream, &change);
	if (known)
		before->tid = 0;
	return error;
}

int decode_record(struct decoder *decoder, const void *data, size_t size,
		  const struct stream *stream)
{
	const struct event_reserved *reserved = data;
	const unsigned char *type = data;
	struct allocation allocation;

	if (*type == EVENT_ALLOC && size >= sizeof(struct event_alloc)) {
		decode_allocation(decoder, data, &allocation);
		return stream_allocation(stream, &allocation);
	}
	if (*type == EVENT_RESERVED && size >= sizeof(*reserved))
		return reserved_ports_set(&decoder->reserved, reserved->netns, reserved->bits);
	if (*type == EVENT_RANGE && size >= sizeof(struct event_range))
		return record_range(decoder, data, stream);
	if (*type == EVENT_RESERVED_BEFORE && size >= sizeof(struct event_reserved_write))
		return record_reserved_before(decoder, data);
	if (*type == EVENT_RESERVED_AFTER && size >= sizeof(struct event_reserved_write))
		return record_reserved_after(decoder, data, stream);
	return 0;
}

void decoder_free(struct decoder *decoder)
{
	reserved_ports_free(&decoder->reserved);
	free(decoder->before);
	decoder->before = NULL;
}
