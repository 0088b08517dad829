// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <string.h>

#include "event/match.h"

/* filter_begin(): on who asks. */
static bool match_task(const struct config *config, const struct task *task)
{
	unsigned int filters = config->filters;

	if ((filters & FILTER_PID) && task->pid != config->pid)
		return false;
	if ((filters & FILTER_UID) && task->uid != config->uid)
		return false;
	if ((filters & FILTER_COMM) && strncmp(task->comm, config->comm, EVENT_COMM_LEN))
		return false;
	return !(filters & FILTER_NETNS) || task->netns == config->netns;
}

static bool match_daddr(const struct config *config, const struct in6_addr *address)
{
	for (int i = 0; i < 4; i++) {
		uint32_t word;

		memcpy(&word, &address->s6_addr[4 * i], sizeof(word));
		if ((word & config->daddr_mask[i]) != config->daddr[i])
			return false;
	}
	return true;
}

/* filter_end(): on the outcome. */
static bool match_outcome(const struct config *config, const struct allocation *allocation)
{
	const struct endpoint *dest = &allocation->dest;
	unsigned int filters = config->filters;

	if ((filters & FILTER_FAILED) && !allocation->error)
		return false;
	if ((filters & FILTER_SLOWER) && allocation->latency_ns < config->slower_than_ns)
		return false;
	if ((filters & FILTER_FAMILY) && allocation->family != config->family)
		return false;
	if ((filters & FILTER_DPORT) && (!dest->known || htons(dest->port) != config->dport))
		return false;
	return !(filters & FILTER_DADDR) || (dest->known && match_daddr(config, &dest->address));
}

bool match_allocation(const struct config *config, const struct allocation *allocation)
{
	uint16_t proto = allocation->proto;

	if (!(config->paths & (1u << allocation->path)))
		return false;
	/* alloc_begin(); where the bind failed, the port that was named is not known any more. */
	if (allocation->path == PATH_EXPLICIT && !config->named_all && !allocation->error &&
	    !allocation_in_range(allocation))
		return false;
	/* As in the kernel, MPTCP (262) has the bit of TCP. */
	if ((config->filters & FILTER_PROTO) &&
	    !(config->protos[(proto >> 6) & 3] & (1ull << (proto & 63))))
		return false;
	return match_task(config, &allocation->task) && match_outcome(config, allocation);
}

bool match_change(const struct config *config, uint32_t netns)
{
	return !(config->filters & FILTER_NETNS) || netns == config->netns;
}
