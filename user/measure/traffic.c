// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "measure/traffic.h"
#include "render/format.h"

const struct traffic_netns *traffic_find(const struct traffic *traffic, uint64_t inode)
{
	for (size_t i = 0; i < traffic->count; i++)
		if (traffic->netns[i].inode == inode)
			return &traffic->netns[i];
	return NULL;
}

static struct traffic_netns *traffic_get(struct traffic *traffic, uint32_t inode)
{
	struct traffic_netns *netns = (struct traffic_netns *)traffic_find(traffic, inode);

	if (netns)
		return netns;
	netns = reallocarray(traffic->netns, traffic->count + 1, sizeof(*netns));
	if (!netns)
		return NULL;
	traffic->netns = netns;
	netns += traffic->count++;
	*netns = (struct traffic_netns){ .inode = inode };
	return netns;
}

static bool traffic_selected(const struct traffic *traffic, uint32_t inode)
{
	for (size_t i = 0; traffic->selected && i < traffic->selected_count; i++)
		if (traffic->selected[i] == inode)
			return true;
	return !traffic->selected;
}

static struct traffic_sample sample_make(const struct allocation *allocation)
{
	struct traffic_sample sample = {
		.path = allocation->path,
		.proto = allocation->proto,
		.port = allocation->source.port,
		.family = allocation->family,
		.pid = allocation->task.pid,
	};

	format_comm(sample.comm, allocation->task.comm);
	return sample;
}

static void outside_add(struct traffic_netns *netns, const struct allocation *allocation)
{
	struct port_range range = { allocation->low, allocation->high };
	bool of_socket = allocation->range_of_socket;
	struct traffic_group *group;

	for (size_t i = 0; i < netns->group_count; i++) {
		group = &netns->groups[i];
		if (range_equal(group->range, range) && group->of_socket == of_socket) {
			group->count++;
			if (allocation->start_ns > group->last_ns)
				group->last_ns = allocation->start_ns;
			return;
		}
	}
	if (netns->group_count == TRAFFIC_GROUPS) {
		group = &netns->groups[TRAFFIC_GROUPS - 1];
		group->mixed = true;
		group->count++;
		return;
	}
	group = &netns->groups[netns->group_count++];
	group->range = range;
	group->of_socket = of_socket;
	group->count = 1;
	group->last_ns = allocation->start_ns;
	group->first = sample_make(allocation);
}

static int traffic_allocation(struct sink *sink, const struct allocation *allocation)
{
	struct traffic *traffic = (struct traffic *)sink;
	bool named = allocation->path == PATH_EXPLICIT;
	struct traffic_netns *netns;

	if (!traffic_selected(traffic, allocation->task.netns)) {
		traffic->elsewhere += !named;
		return 0;
	}
	netns = traffic_get(traffic, allocation->task.netns);
	if (!netns)
		return -ENOMEM;
	if (named) {
		if (!allocation->error &&
		    !range_contains(traffic->expected, allocation->source.port) && !netns->named++)
			netns->named_first = sample_make(allocation);
		return 0;
	}
	if (allocation->error) {
		netns->failed++;
		netns->failed_error = allocation->error;
		return 0;
	}
	netns->made++;
	netns->by_path[allocation->path]++;
	if (!range_contains(traffic->expected, allocation->source.port))
		outside_add(netns, allocation);
	else if (!netns->inside++)
		netns->first = sample_make(allocation);
	return ++traffic->made == traffic->wanted ? -ECANCELED : 0;
}

static struct traffic_change *change_of(struct traffic_netns *netns, struct port_range old)
{
	for (size_t i = 0; i < netns->change_count; i++)
		if (range_equal(netns->changes[i].old, old))
			return &netns->changes[i];
	return netns->change_count < TRAFFIC_CHANGES ? &netns->changes[netns->change_count++] :
						       NULL;
}

static int traffic_range_change(struct sink *sink, const struct range_change *change)
{
	struct traffic *traffic = (struct traffic *)sink;
	struct port_range old = { change->old_low, change->old_high };
	struct port_range new = { change->new_low, change->new_high };
	struct traffic_netns *netns;
	struct traffic_change *kept;

	if (range_equal(old, new) || !traffic_selected(traffic, change->task.netns))
		return 0;
	netns = traffic_get(traffic, change->task.netns);
	if (!netns)
		return -ENOMEM;
	kept = change_of(netns, old);
	if (kept) {
		*kept = (struct traffic_change){
			.old = old,
			.new = new,
			.time_ns = change->mono_ns,
			.pid = change->task.pid,
		};
		format_comm(kept->comm, change->task.comm);
	}
	return 0;
}

static int traffic_loss(struct sink *sink, const struct loss *loss)
{
	((struct traffic *)sink)->lost += loss->count;
	return 0;
}

const struct traffic_change *traffic_ended(const struct traffic_netns *netns,
					   const struct traffic_group *group)
{
	for (size_t i = 0; i < netns->change_count && !group->mixed; i++)
		if (range_equal(netns->changes[i].old, group->range) &&
		    netns->changes[i].time_ns >= group->last_ns)
			return &netns->changes[i];
	return NULL;
}

struct traffic traffic_make(struct port_range expected)
{
	return (struct traffic){
		.sink = { .allocation = traffic_allocation,
			  .range_change = traffic_range_change,
			  .loss = traffic_loss },
		.expected = expected,
	};
}

void traffic_free(struct traffic *traffic)
{
	free(traffic->netns);
	traffic->netns = NULL;
	traffic->count = 0;
}
