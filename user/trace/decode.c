// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
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

void decode_allocation(const struct decoder *decoder, const struct event_alloc *event,
		       struct allocation *allocation)
{
	bool known = event->flags & ALLOC_DEST;

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
	allocation->examined = -1;
	allocation->approx = (event->flags & ALLOC_UPPER_BOUND ? APPROX_LATENCY : 0) |
			     (event->flags & ALLOC_PATH_GUESSED ? APPROX_PATH : 0);
	decode_task(&event->task, &allocation->task);
}

void decode_range_change(const struct decoder *decoder, const struct event_range *event,
			 struct range_change *change)
{
	*change = (struct range_change){
		.mono_ns = event->time_ns,
		.time_ns = event->time_ns + (uint64_t)decoder->clock_offset_ns,
		.old_low = event->old_low,
		.old_high = event->old_high,
		.new_low = event->new_low,
		.new_high = event->new_high,
	};
	decode_task(&event->task, &change->task);
}
