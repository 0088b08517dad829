// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "range/verify.h"

struct verify_item *verify_item_add(struct verify_report *report, enum verify_outcome outcome,
				    const char *check, const char *format, ...)
{
	struct verify_item *items = reallocarray(report->items, report->count + 1, sizeof(*items));
	struct verify_item *item;
	va_list args;

	if (!items)
		return NULL;
	report->items = items;
	item = &items[report->count++];
	*item = (struct verify_item){ .outcome = outcome, .check = check, .count = -1 };
	va_start(args, format);
	vsnprintf(item->text, sizeof(item->text), format, args);
	va_end(args);
	return item;
}

static int item_place(struct verify_item *item, const struct verify_netns *subject)
{
	if (!item)
		return -ENOMEM;
	item->netns = subject->netns->inode;
	netns_label(item->where, subject->netns, subject->host_pids);
	return 0;
}

int verify_live(struct verify_report *report, const struct verify_netns *subject,
		struct port_range expected)
{
	struct port_range kernel_default = { RANGE_DEFAULT_LOW, RANGE_DEFAULT_HIGH };
	char live[RANGE_TEXT_LEN], wanted[RANGE_TEXT_LEN];
	struct verify_item *item;

	range_format(live, subject->live, RANGE_PLAIN);
	range_format(wanted, expected, RANGE_PLAIN);
	if (range_equal(subject->live, expected))
		item = verify_item_add(report, VERIFY_OK, "live", "live %s", live);
	else if (!subject->netns->init && subject->netns->init_known &&
		 range_equal(subject->live, kernel_default))
		item = verify_item_add(
			report, VERIFY_FAIL, "live",
			"live %s, not %s: a namespace does not take the host's value; set it "
			"there: ephemport range set %s%s%s",
			live, wanted, wanted, subject->netns->current ? "" : " --netns ",
			subject->netns->current ? "" : subject->netns->path);
	else
		item = verify_item_add(report, VERIFY_FAIL, "live", "live %s, not %s", live,
				       wanted);
	if (item)
		item->found = subject->live;
	return item_place(item, subject);
}

/* "tcp4 connect 33012" of each way that gave a port outside, or why it gave none. */
static void probes_sum(const struct probe_result *probes, struct verify_item *sum, char *outside,
		       char *failed, char *skipped, size_t size)
{
	*outside = *failed = *skipped = '\0';
	for (size_t i = 0; i < PROBE_WAYS; i++) {
		const struct probe_result *probe = &probes[i];
		char *list = probe->failed ? failed : probe->skipped ? skipped : outside;
		size_t used = strlen(list);

		sum->made += probe->made;
		sum->inside += probe->inside;
		if (probe->failed || probe->skipped)
			snprintf(list + used, size - used, "%s%s %s: %s", used ? ", " : "",
				 probe->proto, probe_path_name(probe->path),
				 strerrorname_np(probe->failed ? probe->failed : probe->skipped));
		else if (probe->outside)
			snprintf(list + used, size - used, "%s%s %s got %u", used ? ", " : "",
				 probe->proto, probe_path_name(probe->path), probe->outside);
	}
}

static const struct probe_result *probe_shown(const struct verify_netns *subject)
{
	for (size_t i = 0; i < PROBE_WAYS; i++)
		if (subject->probes[i].first)
			return &subject->probes[i];
	return NULL;
}

/* The folklore wants a service restarted: the port just taken is the proof that it need not be. */
static int verify_restart(struct verify_report *report, const struct verify_netns *subject)
{
	const struct probe_result *shown = probe_shown(subject);

	if (!shown)
		return 0;
	return item_place(
		verify_item_add(report, VERIFY_NOTE, "restart",
				"no restart of NetworkManager or anything else is needed: the next "
				"allocation uses the range in force (%s %s just got %u)",
				shown->proto, probe_path_name(shown->path), shown->first),
		subject);
}

int verify_probes(struct verify_report *report, const struct verify_netns *subject)
{
	char outside[400], failed[400], skipped[400];
	struct verify_item sum = { 0 }, *item;
	bool right;
	int error;

	probes_sum(subject->probes, &sum, outside, failed, skipped, sizeof(outside));
	right = sum.made && sum.inside == sum.made && !*failed;
	item = verify_item_add(report, right ? VERIFY_OK : VERIFY_FAIL, "probe",
			       "%u of %u probe allocations inside%s%s%s%s%s%s", sum.inside,
			       sum.made,
			       right ? " (tcp4 tcp6 udp4 udp6; connect bind listen autobind)" : "",
			       *outside ? ": " : "", outside, *failed ? "; no port found: " : "",
			       failed, sum.made ? "" : ": none was possible");
	if (item) {
		item->made = sum.made;
		item->inside = sum.inside;
	}
	error = item_place(item, subject);
	if (!error && *skipped)
		error = item_place(
			verify_item_add(
				report, VERIFY_SKIP, "probe", "not possible here: %s%s%s", skipped,
				strstr(skipped, "ENETUNREACH") ?
					" (no route to loopback: lo is down)" :
					"",
				strstr(skipped, "EPERM") ?
					" (it takes CAP_NET_ADMIN to connect without a packet)" :
					""),
			subject);
	return error ? error : verify_restart(report, subject);
}

/* Processes by the number of ports that they have outside. */
struct holder {
	const struct socket_owner *owner; /* NULL: none, as of TIME_WAIT */
	unsigned int ports;
};

static int holder_count(struct holder **holders, size_t *count, const struct socket_owner *owner)
{
	struct holder *grown;

	for (size_t i = 0; i < *count; i++) {
		struct holder *holder = &(*holders)[i];

		if (owner && holder->owner ? holder->owner->pid == owner->pid :
					     holder->owner == owner) {
			holder->ports++;
			return 0;
		}
	}
	grown = reallocarray(*holders, *count + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	*holders = grown;
	grown[(*count)++] = (struct holder){ owner, 1 };
	return 0;
}

static int holder_compare(const void *a, const void *b)
{
	const struct holder *first = a, *second = b;

	return (first->ports < second->ports) - (first->ports > second->ports);
}

static int holders_say(struct verify_report *report, const struct verify_netns *subject,
		       struct holder *holders, size_t count)
{
	enum { SHOWN = 5 };
	unsigned int ports = 0, processes = 0;
	char list[300] = "";
	struct verify_item *item;

	qsort(holders, count, sizeof(*holders), holder_compare);
	for (size_t i = 0; i < count; i++) {
		const struct socket_owner *owner = holders[i].owner;
		size_t used = strlen(list);

		ports += holders[i].ports;
		processes += owner != NULL;
		if (i < SHOWN && owner)
			snprintf(list + used, sizeof(list) - used, "%s%s (pid %d) %u",
				 i ? ", " : "", owner->comm, owner->pid, holders[i].ports);
		else if (i < SHOWN)
			snprintf(list + used, sizeof(list) - used, "%sno process %u", i ? ", " : "",
				 holders[i].ports);
	}
	item = verify_item_add(
		report, VERIFY_NOTE, "holders",
		"%u sockets of %u processes have a port outside: opened before the change, or "
		"bound to it by name: %s%s",
		ports, processes, list, count > SHOWN ? ", ..." : "");
	if (item) {
		item->ports = ports;
		item->processes = processes;
	}
	return item_place(item, subject);
}

int verify_holders(struct verify_report *report, const struct verify_netns *subject,
		   struct port_range expected)
{
	struct port_set listening;
	struct holder *holders = NULL;
	size_t count = 0;
	int error = 0;

	if (!subject->sockets)
		return item_place(
			verify_item_add(
				report, VERIFY_SKIP, "holders",
				"what has a port outside cannot be told: no sock_diag here"),
			subject);
	listening_ports(subject->sockets, &listening);
	for (size_t i = 0; i < subject->sockets->count && !error; i++) {
		const struct held_socket *held = &subject->sockets->items[i];

		if (socket_is_outgoing(held, &listening) && !range_contains(expected, held->sport))
			error = holder_count(&holders, &count,
					     owner_find(subject->owners, held->inode));
	}
	if (!error && count)
		error = holders_say(report, subject, holders, count);
	free(holders);
	return error;
}

int verify_boot(struct verify_report *report, enum boot_reader reader,
		const struct boot_result *boot, struct port_range expected)
{
	bool right = range_equal(boot->range, expected);
	char text[RANGE_TEXT_LEN], decides[600];
	struct verify_item *item;

	range_format(text, boot->range, RANGE_PLAIN);
	if (*boot->file)
		snprintf(decides, sizeof(decides), "%s:%u decides", boot->file, boot->line);
	else
		snprintf(decides, sizeof(decides), "no file sets it: the kernel's default");
	item = verify_item_add(report, right ? VERIFY_OK : VERIFY_FAIL, "boot",
			       "%s gives %s: %s%s%s", boot_reader_name(reader), text, decides,
			       *boot->refused.text ? "; " : "", boot->refused.text);
	if (!item)
		return -ENOMEM;
	snprintf(item->where, sizeof(item->where), "boot");
	snprintf(item->file, sizeof(item->file), "%s", boot->file);
	item->line = boot->line;
	item->found = boot->range;
	return 0;
}

bool verify_failed(const struct verify_report *report)
{
	for (size_t i = 0; i < report->count; i++)
		if (report->items[i].outcome == VERIFY_FAIL)
			return true;
	return false;
}

void verify_free(struct verify_report *report)
{
	free(report->items);
	*report = (struct verify_report){ 0 };
}
