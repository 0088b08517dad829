// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "measure/traffic_verdict.h"

enum { SAMPLE_LEN = 96, WHY_LEN = 300 };

/* The namespace that is judged, and where the items go. */
struct verdict {
	struct verify_report *report;
	const struct traffic *traffic;
	const struct traffic_netns *netns;
	uint64_t inode;
	const char *where;
};

/* "tcp4 connect 40012 of curl (pid 4211)" */
static const char *sample_text(char out[SAMPLE_LEN], const struct traffic_sample *sample)
{
	char buffer[16];

	snprintf(out, SAMPLE_LEN, "%s%u %s %u of %s (pid %u)", proto_name(sample->proto, buffer),
		 sample->family, path_name(sample->path), sample->port, sample->comm, sample->pid);
	return out;
}

static const char *plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

/* Places the item, with the count that it is about. */
static int verdict_item(const struct verdict *verdict, struct verify_item *item, int64_t count)
{
	if (!item)
		return -ENOMEM;
	item->netns = verdict->inode;
	snprintf(item->where, sizeof(item->where), "%s", verdict->where);
	item->count = count;
	return 0;
}

/* Whether there is a reason for what is outside that says nothing against the range in force. */
static bool group_excused(const struct verdict *verdict, const struct traffic_group *group)
{
	return !group->mixed && (group->of_socket || traffic_ended(verdict->netns, group));
}

static int say_excused(const struct verdict *verdict, const struct traffic_group *group)
{
	const struct traffic_change *change = traffic_ended(verdict->netns, group);
	char range[RANGE_TEXT_LEN], new[RANGE_TEXT_LEN], sample[SAMPLE_LEN];
	unsigned long long count = group->count;
	struct verify_item *item;

	range_format(range, group->range, RANGE_PLAIN);
	sample_text(sample, &group->first);
	if (group->of_socket) {
		item = verify_item_add(verdict->report, VERIFY_NOTE, "socket_range",
				       "%llu outside: IP_LOCAL_PORT_RANGE of the socket asks for "
				       "%s (%s)",
				       count, range, sample);
	} else {
		range_format(new, change->new, RANGE_PLAIN);
		item = verify_item_add(verdict->report, VERIFY_NOTE, "changed",
				       "%llu outside, under %s (%s), before %s (pid %u) changed it "
				       "to %s",
				       count, range, sample, change->comm, change->pid, new);
	}
	return verdict_item(verdict, item, (int64_t)group->count);
}

/* "connect 8, autobind 4" */
static void paths_text(char *out, size_t size, const struct traffic_netns *netns)
{
	size_t used = 0;

	*out = '\0';
	for (int path = 0; path < PATH_COUNT && used < size; path++)
		if (netns->by_path[path])
			used += (size_t)snprintf(out + used, size - used, "%s%s %llu",
						 used ? ", " : "", path_name((enum alloc_path)path),
						 (unsigned long long)netns->by_path[path]);
}

/* The check itself: all that were made, and those outside that nothing excuses. */
static int say_made(const struct verdict *verdict)
{
	const struct traffic_netns *netns = verdict->netns;
	char paths[120], why[WHY_LEN] = "", range[RANGE_TEXT_LEN], sample[SAMPLE_LEN];
	struct verify_item *item;
	uint64_t unexcused = 0;

	for (size_t i = 0; i < netns->group_count; i++) {
		const struct traffic_group *group = &netns->groups[i];

		if (group_excused(verdict, group))
			continue;
		range_format(range, group->range, RANGE_PLAIN);
		if (!unexcused)
			snprintf(why, sizeof(why), "under %s%s, as %s", range,
				 group->mixed ? " and others" : "",
				 sample_text(sample, &group->first));
		unexcused += group->count;
	}
	paths_text(paths, sizeof(paths), netns);
	/* None inside is no proof either, whatever the reasons. */
	item = verify_item_add(verdict->report,
			       unexcused     ? VERIFY_FAIL :
			       netns->inside ? VERIFY_OK :
					       VERIFY_NOTE,
			       "traffic", "%llu of %llu allocations inside (%s)",
			       (unsigned long long)netns->inside, (unsigned long long)netns->made,
			       paths);
	if (item && unexcused) {
		size_t used = strlen(item->text);

		snprintf(item->text + used, sizeof(item->text) - used,
			 "; %llu outside without a reason: %s", (unsigned long long)unexcused, why);
	}
	if (item) {
		item->made = (unsigned int)netns->made;
		item->inside = (unsigned int)netns->inside;
	}
	return verdict_item(verdict, item, (int64_t)unexcused);
}

static int say_nothing_made(const struct verdict *verdict)
{
	return verdict_item(verdict,
			    verify_item_add(verdict->report, VERIFY_NOTE, "traffic",
					    "no allocation was seen: traffic proves nothing here, "
					    "the live value is all there is"),
			    0);
}

/* What is no port of a search: said, since it looks like one in ss and netstat. */
static int say_others(const struct verdict *verdict)
{
	const struct traffic_netns *netns = verdict->netns;
	char sample[SAMPLE_LEN], buffer[16];
	int error = 0;

	if (netns->named)
		error = verdict_item(
			verdict,
			verify_item_add(verdict->report, VERIFY_NOTE, "named",
					"%llu bind%s to a port outside that the caller named, "
					"which no range rules (%s)",
					(unsigned long long)netns->named, plural(netns->named),
					sample_text(sample, &netns->named_first)),
			(int64_t)netns->named);
	if (!error && netns->failed)
		error = verdict_item(
			verdict,
			verify_item_add(verdict->report, VERIFY_NOTE, "failed",
					"%llu search%s found no port (%s): no proof either way",
					(unsigned long long)netns->failed,
					netns->failed == 1 ? "" : "es",
					errno_name(netns->failed_error, buffer)),
			(int64_t)netns->failed);
	return error;
}

static int say_restart(const struct verdict *verdict)
{
	char sample[SAMPLE_LEN];

	if (!verdict->netns->inside)
		return 0;
	return verdict_item(
		verdict,
		verify_item_add(verdict->report, VERIFY_NOTE, "restart",
				"no restart of NetworkManager or anything else is needed: the "
				"next allocation uses the range in force (%s)",
				sample_text(sample, &verdict->netns->first)),
		-1);
}

int traffic_verdict(struct verify_report *report, const struct traffic *traffic, uint64_t inode,
		    const char *where)
{
	static const struct traffic_netns none;
	const struct traffic_netns *found = traffic_find(traffic, inode);
	struct verdict verdict = { report, traffic, found ? found : &none, inode, where };
	const struct traffic_netns *netns = verdict.netns;
	int error = netns->made ? say_made(&verdict) : say_nothing_made(&verdict);

	for (size_t i = 0; i < netns->group_count && !error; i++)
		if (group_excused(&verdict, &netns->groups[i]))
			error = say_excused(&verdict, &netns->groups[i]);
	if (!error)
		error = say_others(&verdict);
	return error ? error : say_restart(&verdict);
}

int traffic_verdict_rest(struct verify_report *report, const struct traffic *traffic)
{
	struct verdict verdict = { report, traffic, NULL, 0, "traffic" };
	int error = 0;

	if (traffic->elsewhere)
		error = verdict_item(&verdict,
				     verify_item_add(report, VERIFY_NOTE, "elsewhere",
						     "%llu allocation%s in namespaces that are not "
						     "judged; --netns all judges each",
						     (unsigned long long)traffic->elsewhere,
						     plural(traffic->elsewhere)),
				     traffic->elsewhere);
	if (!error && traffic->lost)
		error = verdict_item(&verdict,
				     verify_item_add(report, VERIFY_NOTE, "lost",
						     "%llu were lost and are not judged: a larger "
						     "--buffer may help",
						     (unsigned long long)traffic->lost),
				     traffic->lost);
	return error;
}
