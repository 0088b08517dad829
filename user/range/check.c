// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "range/check.h"

enum { BOUND_INACTIVE = 13 }; /* TCP_BOUND_INACTIVE, include/net/tcp_states.h, 6.8 */

struct check {
	const struct check_input *input;
	struct check_report *report;
	int error;
};

__attribute__((format(printf, 5, 6))) static struct finding *
find(struct check *check, const char *code, enum check_level level, unsigned long count,
     const char *format, ...)
{
	struct check_report *report = check->report;
	static const size_t step = 16;
	struct finding *items = report->items, *finding;
	va_list args;

	if (!(report->count % step))
		items = reallocarray(items, report->count + step, sizeof(*items));
	if (!items) {
		check->error = -ENOMEM;
		return NULL;
	}
	report->items = items;
	finding = &items[report->count++];
	*finding = (struct finding){ .code = code, .level = level, .count = count };
	va_start(args, format);
	vsnprintf(finding->text, sizeof(finding->text), format, args);
	va_end(args);
	return finding;
}

double time_wait_seconds(const struct range_settings *settings, bool loopback)
{
	if (settings->tw_reuse != 1 && !(settings->tw_reuse == 2 && loopback))
		return TIME_WAIT_SECONDS;
	return settings->tw_reuse_delay_ms < 0 ? 1 : settings->tw_reuse_delay_ms / 1000.0;
}

static void check_privileged(struct check *check)
{
	struct port_range range = check->input->range;
	int start = check->input->settings->unprivileged_start;

	if (start > 0 && range.low < start)
		find(check, "refused", CHECK_REFUSED, (unsigned long)(start - range.low),
		     "the kernel refuses it: %u is below net.ipv4.ip_unprivileged_port_start, %d; "
		     "begin at %d",
		     range.low, start, start);
	else if (range.low < 1024)
		find(check, "privileged", CHECK_WARN, 1024ul - range.low,
		     "%u ports below 1024 belong to it: services like SSH and DNS live there",
		     1024u - range.low);
}

static void check_parity(struct check *check)
{
	struct port_range range = check->input->range;
	const char *parity = range.low & 1 ? "odd" : "even";

	if (range.low == range.high)
		find(check, "single", CHECK_WARN, 1,
		     "it is one port: one connection to a destination "
		     "at a time");
	else if (range_same_parity(range))
		find(check, "parity", CHECK_WARN, 1,
		     "both ends are %s, so that connect() has %u %s ports first and then %u others; the "
		     "kernel asks for ends of different parity: use %u-%u",
		     parity, range_knee(range), parity, range_count(range) - range_knee(range),
		     range.low, range.high - 1u);
}

static void check_nodeport(struct check *check)
{
	const struct check_input *input = check->input;
	struct port_range both;
	unsigned int exposed;

	if (!range_overlap(input->range, input->nodeport, &both))
		return;
	exposed = range_count(both) - port_set_count(&input->settings->reserved, both);
	if (exposed)
		find(check, "nodeport", CHECK_WARN, exposed,
		     "%u ports of Kubernetes' NodePort range %u-%u belong to it (%u-%u): on a node, a "
		     "connection takes a port that a service then cannot have; begin at %u, or reserve "
		     "them: sysctl net.ipv4.ip_local_reserved_ports=%u-%u (which replaces the list)",
		     exposed, input->nodeport.low, input->nodeport.high, both.low, both.high,
		     input->nodeport.high + 1u, both.low, both.high);
}

static void check_reserved(struct check *check)
{
	const struct check_input *input = check->input;
	unsigned int count = range_count(input->range);
	unsigned int reserved = port_set_count(&input->settings->reserved, input->range);

	check->report->usable = count - reserved;
	if (!reserved)
		return;
	/* Half is where it stops being a correction and becomes another range. */
	find(check, "reserved", reserved * 2 > count ? CHECK_WARN : CHECK_NOTE, reserved,
	     "%u of its %u ports are reserved (net.ipv4.ip_local_reserved_ports) and never chosen: %u "
	     "are left",
	     reserved, count, count - reserved);
}

void listening_ports(const struct socket_list *sockets, struct port_set *listening)
{
	*listening = (struct port_set){ 0 };
	for (size_t i = 0; i < sockets->count; i++) {
		const struct held_socket *held = &sockets->items[i];

		if (held->proto == IPPROTO_TCP && held->state == TCP_LISTEN && held->sport)
			port_set_add(listening, (struct port_range){ held->sport, held->sport });
	}
}

bool socket_is_outgoing(const struct held_socket *held, const struct port_set *listening)
{
	if (!held->sport || !held->dport || held->state == TCP_LISTEN)
		return false;
	/* What was accepted has the port of its listener. */
	return held->proto != IPPROTO_TCP || !port_set_has(listening, held->sport);
}

/* Does a socket sit on its port because somebody named the port? */
static bool socket_is_service(const struct held_socket *held, struct port_range now)
{
	if (held->proto == IPPROTO_TCP)
		return held->state == TCP_LISTEN || held->state == BOUND_INACTIVE;
	/* A UDP port out of the range in force was no search's choice. */
	return !held->dport && !range_contains(now, held->sport);
}

static void check_listeners(struct check *check)
{
	const struct check_input *input = check->input;
	struct port_set seen[2] = { 0 }; /* TCP, UDP: IPv4 and IPv6 of one port are one */

	for (size_t i = 0; i < input->sockets->count; i++) {
		const struct held_socket *held = &input->sockets->items[i];
		const struct socket_owner *owner = owner_find(input->owners, held->inode);
		bool udp = held->proto == IPPROTO_UDP;
		struct finding *finding;
		char who[48] = "unknown process";

		if (!range_contains(input->range, held->sport) ||
		    port_set_has(&input->settings->reserved, held->sport) ||
		    !socket_is_service(held, input->settings->range) ||
		    port_set_has(&seen[udp], held->sport))
			continue;
		port_set_add(&seen[udp], (struct port_range){ held->sport, held->sport });
		if (owner)
			snprintf(who, sizeof(who), "%s, pid %d", owner->comm, owner->pid);
		finding = find(check, "listener", CHECK_WARN, held->sport,
			       "%s port %u is held by %s: no destination can have it, and when the "
			       "service stops, a connection may take it and bind() then fails with "
			       "EADDRINUSE; reserve it: net.ipv4.ip_local_reserved_ports",
			       udp ? "UDP" : "TCP", held->sport, who);
		if (finding && owner)
			finding->pid = owner->pid;
	}
}

static void check_in_use(struct check *check)
{
	const struct check_input *input = check->input;
	struct port_range all = { 1, 65535 };
	struct port_set listening, used[2] = { 0 };
	unsigned int tcp, udp;

	listening_ports(input->sockets, &listening);
	for (size_t i = 0; i < input->sockets->count; i++) {
		const struct held_socket *held = &input->sockets->items[i];

		if (socket_is_outgoing(held, &listening))
			port_set_add(&used[held->proto == IPPROTO_UDP],
				     (struct port_range){ held->sport, held->sport });
	}
	tcp = port_set_count(&used[0], all);
	udp = port_set_count(&used[1], all);
	if (tcp > check->report->usable || udp > check->report->usable)
		find(check, "in_use", CHECK_WARN, tcp > udp ? tcp : udp,
		     "%u source ports are in use now by %s, and it offers %u",
		     tcp > udp ? tcp : udp, tcp > udp ? "TCP" : "UDP", check->report->usable);
}

static unsigned int used_to_destination(const struct check_input *input)
{
	unsigned int used = 0;

	for (size_t i = 0; input->sockets && i < input->sockets->count; i++) {
		const struct held_socket *held = &input->sockets->items[i];

		if (held->proto == IPPROTO_TCP && held->family == input->family &&
		    held->dport == input->destination_port &&
		    !memcmp(&held->daddr, &input->destination, input->family == AF_INET ? 4 : 16))
			used++;
	}
	return used;
}

static void check_destination(struct check *check)
{
	unsigned int used = used_to_destination(check->input), usable = check->report->usable;

	if (!check->input->has_destination)
		return;
	find(check, "destination", used > usable ? CHECK_WARN : CHECK_NOTE, used,
	     "%u of its %u ports would be taken by what goes to that destination now", used,
	     usable);
}

static const char *reuse_words(const struct range_settings *settings)
{
	switch (settings->tw_reuse) {
	case 0:
		return "tcp_tw_reuse=0";
	case 1:
		return "tcp_tw_reuse=1";
	case 2:
		return "tcp_tw_reuse=2, loopback alone";
	}
	return "no tcp_tw_reuse here";
}

static void check_rate(struct check *check)
{
	const struct check_input *input = check->input;
	double wait = time_wait_seconds(input->settings, input->destination_loopback);
	unsigned int usable = check->report->usable;
	double needed = input->rate * (input->hold + wait), carried = usable / (input->hold + wait);

	check->report->sustained = carried;
	find(check, "rate", CHECK_NOTE, (unsigned long)carried,
	     "it carries %.1f new connections a second to one destination for good (%u ports, each held "
	     "%g s and in TIME_WAIT for %g s: %s); half of that before searches get long",
	     carried, usable, input->hold, wait, reuse_words(input->settings));
	if (input->rate > 0 && needed > usable)
		find(check, "too_fast", CHECK_WARN, (unsigned long)needed,
		     "%g a second need %.0f ports and it has %u: EADDRNOTAVAIL after %.1f s",
		     input->rate, needed, usable, usable / input->rate);
	else if (input->rate > 0 && needed > usable / 2.0)
		find(check, "past_knee", CHECK_WARN, (unsigned long)needed,
		     "%g a second need %.0f ports, more than half of its %u: searches get long past %u",
		     input->rate, needed, usable, (usable + 1) / 2);
}

static void check_files(struct check *check)
{
	const struct check_input *input = check->input;
	double open = input->rate * input->hold;

	if (!input->files || input->files >= check->report->usable)
		return;
	find(check, "files",
	     input->rate > 0 && open > (double)input->files ? CHECK_WARN : CHECK_NOTE, input->files,
	     "a process may open %lu files here (ulimit -n): that is tighter than its %u "
	     "ports",
	     input->files, check->report->usable);
}

int check_run(const struct check_input *input, struct check_report *report)
{
	struct check check = { .input = input, .report = report };

	*report = (struct check_report){ 0 };
	check_privileged(&check);
	check_parity(&check);
	check_nodeport(&check);
	check_reserved(&check);
	if (input->sockets) {
		check_listeners(&check);
		check_in_use(&check);
		check_destination(&check);
	}
	check_rate(&check);
	check_files(&check);
	return check.error;
}

void check_free(struct check_report *report)
{
	free(report->items);
	*report = (struct check_report){ 0 };
}

bool check_has(const struct check_report *report, enum check_level at_least)
{
	for (size_t i = 0; i < report->count; i++)
		if (report->items[i].level >= at_least)
			return true;
	return false;
}
