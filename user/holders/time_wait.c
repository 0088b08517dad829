// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

#include "holders/time_wait.h"
#include "range/sockets.h"
#include "range/sysctl.h"
#include "util/cleanup.h"

/* One socket in TIME_WAIT. */
struct waiting {
	struct in6_addr saddr, daddr;
	uint32_t expires_ms;
};

static bool waiting_matches(const struct time_wait_query *query, struct port_range range,
			    const struct held_socket *held, struct waiting *out)
{
	if (held->proto != IPPROTO_TCP || (held->state != TCP_TIME_WAIT && !held->expires_ms) ||
	    held->dport != query->port || !range_contains(range, held->sport))
		return false;
	out->saddr = held_address(held, &held->saddr);
	out->daddr = held_address(held, &held->daddr);
	out->expires_ms = held->expires_ms;
	for (size_t i = 0; i < query->address_count; i++)
		if (IN6_ARE_ADDR_EQUAL(&query->addresses[i], &out->daddr))
			return true;
	return false;
}

/* By pair of addresses, and in it those that go first. */
static int waiting_compare(const void *a, const void *b)
{
	const struct waiting *first = a, *second = b;
	int order = memcmp(first, second, offsetof(struct waiting, expires_ms));

	if (order)
		return order;
	return (first->expires_ms > second->expires_ms) - (first->expires_ms < second->expires_ms);
}

/* The most that is clean. */
static size_t waiting_allowed(const struct time_wait_query *query, uint32_t usable)
{
	double limit = query->below_pct * usable / 100;
	size_t whole = (size_t)limit;

	return whole && (double)whole == limit ? whole - 1 : whole;
}

static void waiting_judge(const struct time_wait_query *query, const struct waiting *list,
			  size_t count, struct time_wait_state *state)
{
	size_t allowed = waiting_allowed(query, state->usable), end;

	for (size_t begin = 0; begin < count; begin = end) {
		size_t here;

		for (end = begin + 1; end < count && !memcmp(&list[begin], &list[end],
							     offsetof(struct waiting, expires_ms));
		     end++)
			;
		here = end - begin;
		if (here > state->count) {
			state->count = (uint32_t)here;
			state->saddr = list[begin].saddr;
			state->daddr = list[begin].daddr;
			state->last_ms = list[end - 1].expires_ms;
		}
		/* The kernel's timers are late by up to an eighth: then 0 ms are left. */
		if (here > allowed && list[end - allowed - 1].expires_ms >= state->clean_ms)
			state->clean_ms = list[end - allowed - 1].expires_ms ?: 1;
	}
}

static int time_wait_sum(const struct time_wait_query *query, struct range_settings *settings,
			 const struct socket_list *sockets, struct time_wait_state *state)
{
	CLEANUP_FREE struct waiting *list = calloc(sockets->count + 1, sizeof(*list));
	size_t count = 0;

	if (!list)
		return -ENOMEM;
	sockets_add_bound(&settings->reserved, sockets);
	state->usable =
		range_count(settings->range) - port_set_count(&settings->reserved, settings->range);
	for (size_t i = 0; i < sockets->count; i++)
		count += waiting_matches(query, settings->range, &sockets->items[i], &list[count]);
	qsort(list, count, sizeof(*list), waiting_compare);
	waiting_judge(query, list, count, state);
	return 0;
}

int time_wait_read(const struct time_wait_query *query, struct time_wait_state *state,
		   struct reason *why)
{
	struct range_settings settings;
	struct socket_list sockets = { 0 };
	int error = settings_read(&settings, why);

	*state = (struct time_wait_state){ 0 };
	if (error)
		return error;
	error = sockets_read(&sockets, why);
	if (!error && time_wait_sum(query, &settings, &sockets, state))
		error = reason_set(why, -ENOMEM, "no memory");
	sockets_free(&sockets);
	return error;
}
