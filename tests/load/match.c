// SPDX-License-Identifier: GPL-2.0-only
/*
 * match: holds the events of a trace against the log of load. Every logged allocation must have
 * exactly one event and every event of the logged processes exactly one line of the log.
 *
 * Lines and events are paired as multisets: by path, protocol, family, port, errno, pid and tid,
 * in order where one key occurs more than once. An address that the event leaves null is not
 * compared; events with the most addresses choose first, so that a null cannot take the partner
 * of an event that knows better.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <json-c/linkhash.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "match.h"

#define MAX_SHOWN 20

enum {
	EXIT_USAGE = 2,
};

/* Lines of the log with one key. */
struct bucket {
	struct record *first;
	struct record **last;
};

void complain(struct match *m, const char *fmt, ...)
{
	va_list args;

	if (m->shown++ >= MAX_SHOWN)
		return;
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
}

static void endpoint_text(char *out, size_t size, const char *addr, long port)
{
	if (port == NOTHING)
		snprintf(out, size, "%s:null", *addr ? addr : "null");
	else
		snprintf(out, size, "%s:%ld", *addr ? addr : "null", port);
}

static void complain_record(struct match *m, const char *what, const char *file,
			    const struct record *r)
{
	char src[72], dst[72];

	endpoint_text(src, sizeof(src), r->saddr, r->sport);
	endpoint_text(dst, sizeof(dst), r->daddr, r->dport);
	complain(m, "%-10s %s:%lu: %s %s%ld %s -> %s errno %s pid %ld tid %ld netns %ld", what,
		 file, r->line, r->path, r->proto, r->family, src, dst, r->err, r->pid, r->tid,
		 r->netns);
}

static char *record_key(const struct record *r)
{
	char *key;

	if (asprintf(&key, "%s %s %ld %ld %s %ld %ld", r->path, r->proto, r->family, r->sport,
		     r->err, r->pid, r->tid) < 0)
		return NULL;
	return key;
}

static int index_log(struct match *m)
{
	for (size_t i = 0; i < m->log.n; i++) {
		struct record *r = m->log.list[i];
		char *key = record_key(r);
		struct bucket *b = NULL;

		if (!key)
			return -ENOMEM;
		if (lh_table_lookup_ex(m->buckets, key, (void **)&b)) {
			free(key);
		} else {
			b = calloc(1, sizeof(*b));
			if (!b || lh_table_insert(m->buckets, key, b)) {
				free(key);
				free(b);
				return -ENOMEM;
			}
			b->last = &b->first;
		}
		*b->last = r;
		b->last = &r->next;
	}
	return 0;
}

static int unknown_fields(const struct record *r)
{
	return !*r->saddr + !*r->daddr + (r->dport == NOTHING);
}

/* What the event leaves null is unknown; what it says although the log has null is invented. */
static bool addresses_agree(const struct record *event, const struct record *line)
{
	if (*event->saddr && strcmp(event->saddr, line->saddr))
		return false;
	if (*event->daddr && strcmp(event->daddr, line->daddr))
		return false;
	return event->dport == NOTHING || event->dport == line->dport;
}

static struct record *take_line(struct match *m, const struct record *event)
{
	char *key = record_key(event);
	struct record **at, *line;
	struct bucket *b = NULL;

	if (!key || !lh_table_lookup_ex(m->buckets, key, (void **)&b)) {
		free(key);
		return NULL;
	}
	free(key);
	for (at = &b->first; (line = *at); at = &line->next) {
		if (!addresses_agree(event, line))
			continue;
		/* Unlinked, so that a key used 100,000 times stays cheap. */
		*at = line->next;
		line->used = true;
		return line;
	}
	return NULL;
}

static void check_event(struct match *m, const struct record *e)
{
	bool inside = e->sport >= e->range_low && e->sport <= e->range_high;
	bool known = e->range_low != NOTHING && e->range_high != NOTHING;
	const char *problem = NULL;

	if (known && e->range_low > e->range_high)
		problem = "range_low is above range_high";
	else if (!strcmp(e->err, "0") != (e->sport > 0))
		problem = "sport and errno contradict each other";
	else if (e->sport && known && e->in_range != inside)
		problem = "in_range is wrong";
	else if (e->sport && !known && e->in_range != NOTHING)
		problem = "in_range without a range";
	else if (!e->sport && e->in_range == 1)
		problem = "in_range without a port";
	if (!problem)
		return;
	m->wrong++;
	complain_record(m, "wrong", m->event_name, e);
	complain(m, "           %s: range %ld-%ld, in_range %ld", problem, e->range_low,
		 e->range_high, e->in_range);
}

static void check_netns(struct match *m, const struct record *event, const struct record *line)
{
	if (event->netns == line->netns && (m->netns == NOTHING || event->netns == m->netns))
		return;
	m->wrong++;
	complain_record(m, "wrong", m->event_name, event);
	complain(m, "           netns is %ld in the log, %ld expected", line->netns,
		 m->netns == NOTHING ? line->netns : m->netns);
}

/* Other processes allocate meanwhile: their events are nobody's concern unless asked for. */
static bool event_concerns(struct match *m, const struct record *e)
{
	if (lh_table_lookup_entry(m->pids, (void *)e->pid))
		return true;
	return m->all && (m->netns == NOTHING || e->netns == m->netns);
}

static void pair_events(struct match *m)
{
	for (int unknown = 0; unknown <= 3; unknown++) {
		for (size_t i = 0; i < m->events.n; i++) {
			struct record *e = m->events.list[i], *line;

			if (unknown_fields(e) != unknown || !event_concerns(m, e))
				continue;
			check_event(m, e);
			line = take_line(m, e);
			e->used = line != NULL;
			if (!line)
				continue;
			m->matched++;
			check_netns(m, e, line);
		}
	}
}

static void report_rest(struct match *m)
{
	/* Either kind of mismatch shows its first lines, however many the other has. */
	m->shown = 0;
	for (size_t i = 0; i < m->log.n; i++) {
		if (m->log.list[i]->used)
			continue;
		m->missing++;
		complain_record(m, "missing", m->log_name, m->log.list[i]);
	}
	m->shown = 0;
	for (size_t i = 0; i < m->events.n; i++) {
		const struct record *e = m->events.list[i];

		if (e->used || !event_concerns(m, e))
			continue;
		m->unexpected++;
		complain_record(m, "unexpected", m->event_name, e);
	}
	if (m->lost)
		printf("lost: %lu events by the tracer's own account\n", m->lost);
	if (m->wrong)
		printf("wrong: %lu lines are unreadable or contradict themselves\n", m->wrong);
	printf("matched %lu, missing %lu, unexpected %lu\n", m->matched, m->missing, m->unexpected);
}

static int verdict(const struct match *m)
{
	unsigned long may_miss = m->allow_lost ? m->lost : 0;

	if (!m->matched || m->unexpected || m->wrong || m->missing > may_miss)
		return EXIT_FAILURE;
	return m->lost && !m->allow_lost ? EXIT_FAILURE : 0;
}

static void free_bucket(struct lh_entry *e)
{
	free(lh_entry_k(e));
	free((void *)lh_entry_v(e));
}

static int run(struct match *m)
{
	int status = EXIT_FAILURE;

	m->buckets = lh_kchar_table_new(1024, free_bucket);
	m->pids = lh_kptr_table_new(16, NULL);
	if (m->buckets && m->pids && !match_read(m) && !index_log(m)) {
		pair_events(m);
		report_rest(m);
		status = verdict(m);
	}
	if (m->buckets)
		lh_table_free(m->buckets);
	if (m->pids)
		lh_table_free(m->pids);
	records_free(&m->log);
	records_free(&m->events);
	return status;
}

static const char usage[] =
	"usage: match LOG EVENTS [options]\n"
	"  --explicit      compare binds to a named port too; without it they must not show up\n"
	"  --all           events of processes that are not in the log count as unexpected\n"
	"  --netns INODE   every event must be of this namespace; limits --all to it\n"
	"  --allow-lost    lost events may be missing, as many as the tracer said\n";

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "explicit", no_argument, NULL, 'e' },	   { "all", no_argument, NULL, 'a' },
		{ "netns", required_argument, NULL, 'n' }, { "allow-lost", no_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },	   { 0 },
	};
	struct match m = { .netns = NOTHING };
	char *end = NULL;
	int opt;

	while ((opt = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (opt == 'e')
			m.want_explicit = true;
		else if (opt == 'a')
			m.all = true;
		else if (opt == 'l')
			m.allow_lost = true;
		else if (opt == 'n')
			m.netns = strtol(optarg, &end, 10);
		else if (opt == 'h')
			return fputs(usage, stdout) < 0;
		else
			return fputs(usage, stderr), EXIT_USAGE;
	}
	if (argc - optind != 2 || (end && (*end || m.netns <= 0))) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	m.log_name = argv[optind];
	m.event_name = argv[optind + 1];
	return run(&m);
}
