// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: compare PLAN TRUTH EVENTS
 *
 * Holds `examined` of ephemport's events (trace --json --explain) against what the probes in the
 * kernel's loops counted, search by search. PLAN has a line for each load that ran:
 *
 *	PID NAME CLASS LOGGED EXHAUSTED RESERVED BOUND
 *
 * LOGGED: how many allocations the load itself counted. The last three, or -: what a connect() that
 * fails must have examined, the reserved ports and the bound ones that it must have met.
 * CLASS: plain; threads, where several tasks search; race, where they do so from the same start;
 * unknown, where this kernel shows no start and null is an answer to all but failures.
 * The kernel skips a program on a CPU where another task was preempted in it, so of threads events
 * may be missing, though no more than the tracer says it lost.
 *
 * Prints a line for each load: name, allocations, exact, approx, null, wrong, lost, and
 * whether the set-up is evidence too. Status 1 if
 * anything is wrong (in a race: a thousandth), nothing exact, or a search is in one file only.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNKNOWN	  (-1L)
#define SHOWN_MAX 5

struct search {
	long pid, tid, port, start, end;
	char path[16];
	bool failed;
	/* truth: candidates; events: examined, UNKNOWN where null */
	long count;
	bool approx;
	long reserved, bound;
};

struct searches {
	struct search *list;
	size_t n, size;
	long lost; /* as the tracer says */
};

struct load {
	long pid, logged, exhausted, reserved, bound;
	char name[64], class[16];
	unsigned long allocations, exact, approx, null, wrong, lost, broken;
};

struct loads {
	struct load list[64];
	size_t n;
};

static long number(struct json_object *object, const char *key)
{
	struct json_object *value;

	if (!json_object_object_get_ex(object, key, &value) || !value)
		return UNKNOWN;
	return json_object_get_int64(value);
}

static const char *text(struct json_object *object, const char *key)
{
	struct json_object *value;

	return json_object_object_get_ex(object, key, &value) && value ?
		       json_object_get_string(value) :
		       "";
}

static bool is_approx(struct json_object *object)
{
	struct json_object *keys;

	if (!json_object_object_get_ex(object, "approx", &keys))
		return false;
	for (size_t i = 0; i < json_object_array_length(keys); i++)
		if (!strcmp(json_object_get_string(json_object_array_get_idx(keys, i)), "examined"))
			return true;
	return false;
}

/* Both files name the three functions that search. */
static const char *path_of(struct json_object *object)
{
	if (!strncmp(text(object, "proto"), "udp", 3))
		return "udp";
	return strcmp(text(object, "path"), "listen") ? text(object, "path") : "bind";
}

static void search_of_event(struct json_object *object, struct search *search)
{
	*search = (struct search){
		.port = number(object, "sport"),
		.start = number(object, "ts_ns"),
		.failed = number(object, "sport") == 0,
		.count = number(object, "examined"),
		.approx = is_approx(object),
		.reserved = number(object, "reserved_skipped"),
		.bound = number(object, "refused_bound"),
	};
	search->end = search->start + number(object, "latency_ns");
}

static void search_of_truth(struct json_object *object, struct search *search)
{
	*search = (struct search){
		.port = number(object, "port"),
		.start = number(object, "start_ns"),
		.end = number(object, "end_ns"),
		.failed = number(object, "port") == 0,
		.count = number(object, "candidates"),
	};
}

static int searches_add(struct searches *searches, const struct search *search)
{
	if (searches->n == searches->size) {
		size_t size = searches->size ? 2 * searches->size : 4096;
		struct search *list = reallocarray(searches->list, size, sizeof(*list));

		if (!list)
			return -ENOMEM;
		searches->list = list;
		searches->size = size;
	}
	searches->list[searches->n++] = *search;
	return 0;
}

static int by_task_and_time(const void *a, const void *b)
{
	const struct search *x = a, *y = b;

	if (x->tid != y->tid)
		return x->tid < y->tid ? -1 : 1;
	return (x->start > y->start) - (x->start < y->start);
}

/* Lines of other types than @type are passed over. */
static int searches_read(struct searches *searches, const char *name, const char *type)
{
	FILE *file = fopen(name, "re");
	char *line = NULL;
	size_t size = 0;
	int err = file ? 0 : -errno;

	while (!err && getline(&line, &size, file) > 0) {
		struct json_object *object = json_tokener_parse(line);
		struct search search;

		if (!object)
			err = -EBADMSG;
		else if (!strcmp(text(object, "type"), "lost"))
			searches->lost += number(object, "count");
		else if (!strcmp(text(object, "type"), type)) {
			if (!strcmp(type, "alloc"))
				search_of_event(object, &search);
			else
				search_of_truth(object, &search);
			search.pid = number(object, "pid");
			search.tid = number(object, "tid");
			snprintf(search.path, sizeof(search.path), "%s", path_of(object));
			err = searches_add(searches, &search);
		}
		json_object_put(object);
	}
	free(line);
	if (file)
		fclose(file);
	if (err)
		fprintf(stderr, "compare: %s: %s\n", name, strerror(-err));
	else if (searches->n)
		qsort(searches->list, searches->n, sizeof(*searches->list), by_task_and_time);
	return err;
}

static long plan_number(const char *word)
{
	return strcmp(word, "-") ? strtol(word, NULL, 10) : UNKNOWN;
}

static int loads_read(struct loads *loads, const char *name)
{
	FILE *file = fopen(name, "re");
	char line[256], words[4][24];
	int err = file ? 0 : -errno;

	while (!err && fgets(line, sizeof(line), file)) {
		struct load *load = &loads->list[loads->n++];

		memset(load, 0, sizeof(*load));
		if (sscanf(line, "%ld %63s %15s %23s %23s %23s %23s", &load->pid, load->name,
			   load->class, words[0], words[1], words[2], words[3]) != 7 ||
		    loads->n == sizeof(loads->list) / sizeof(loads->list[0]))
			err = -EBADMSG;
		load->logged = plan_number(words[0]);
		load->exhausted = plan_number(words[1]);
		load->reserved = plan_number(words[2]);
		load->bound = plan_number(words[3]);
	}
	if (file)
		fclose(file);
	if (err)
		fprintf(stderr, "compare: %s: %s\n", name, strerror(-err));
	return err;
}

static struct load *load_find(struct loads *loads, long pid)
{
	for (size_t i = 0; i < loads->n; i++)
		if (loads->list[i].pid == pid)
			return &loads->list[i];
	return NULL;
}

static void complain(unsigned long *count, const struct load *load, const struct search *search,
		     const char *what, long said, long counted)
{
	if ((*count)++ < SHOWN_MAX)
		fprintf(stderr, "%s: %s port %ld tid %ld at %ld: %s: %ld, counted %ld\n",
			load->name, search->path, search->port, search->tid, search->start, what,
			said, counted);
}

/* What the set-up of the load says that a connect() must have met: all of it, if it failed. */
static void judge_met(struct load *load, const struct search *event, const struct search *truth)
{
	if (event->failed && load->exhausted != UNKNOWN && truth->count != load->exhausted)
		complain(&load->broken, load, truth, "the probe, of a range used up",
			 load->exhausted, truth->count);
	if (event->count == UNKNOWN || event->approx)
		return;
	/* Of threads, null: a program that counts was skipped. */
	if (event->bound == UNKNOWN && event->reserved == UNKNOWN && strcmp(load->class, "plain"))
		return;
	if ((event->failed || !load->reserved) && load->reserved != UNKNOWN &&
	    event->reserved != load->reserved)
		complain(&load->wrong, load, event, "reserved_skipped", event->reserved,
			 load->reserved);
	if ((event->failed || !load->bound) && load->bound != UNKNOWN &&
	    event->bound != load->bound)
		complain(&load->wrong, load, event, "refused_bound", event->bound, load->bound);
}

static void judge(struct load *load, const struct search *event, const struct search *truth)
{
	load->allocations++;
	if (event->count == UNKNOWN)
		load->null++;
	else if (event->approx && event->count >= truth->count)
		load->approx++;
	else if (event->approx)
		complain(&load->wrong, load, event, "an upper bound below it", event->count,
			 truth->count);
	else if (event->count == truth->count && event->bound >= UNKNOWN)
		load->exact++;
	else
		complain(&load->wrong, load, event, "examined", event->count, truth->count);
	if (!strcmp(event->path, "connect"))
		judge_met(load, event, truth);
}

static bool same_search(const struct search *a, const struct search *b)
{
	return a->tid == b->tid && a->start <= b->end && b->start <= a->end && a->port == b->port &&
	       !strcmp(a->path, b->path);
}

/* Both are sorted; the two windows of one search overlap, those of two of a task never do. */
static void compare(struct loads *loads, const struct searches *events,
		    const struct searches *truths)
{
	size_t e = 0, t = 0;

	while (e < events->n || t < truths->n) {
		const struct search *event = e < events->n ? &events->list[e] : NULL;
		const struct search *truth = t < truths->n ? &truths->list[t] : NULL;
		const struct search *first = event;
		struct load *load;

		if (!event || (truth && by_task_and_time(truth, event) < 0))
			first = truth;
		load = load_find(loads, first->pid);
		if (event && truth && same_search(event, truth)) {
			if (load)
				judge(load, event, truth);
			e++;
			t++;
			continue;
		}
		if (load && first == truth && strcmp(load->class, "plain"))
			load->lost++;
		else if (load)
			complain(&load->broken, load, first,
				 first == event ? "no probe saw it" : "no event of it",
				 first->count, 0);
		e += first == event;
		t += first == truth;
	}
}

static bool load_passes(const struct load *load)
{
	unsigned long allowed = 0;

	if (load->logged == UNKNOWN ||
	    (unsigned long)load->logged != load->allocations + load->lost) {
		fprintf(stderr, "%s: the load counted %ld allocations, the probes %lu\n",
			load->name, load->logged, load->allocations + load->lost);
		return false;
	}
	if (!strcmp(load->class, "race"))
		allowed = (load->allocations - 1) / 1000; /* less than a thousandth */
	return !load->broken && (load->exact || !strcmp(load->class, "unknown")) &&
	       load->wrong <= allowed;
}

int main(int argc, char **argv)
{
	static struct loads loads;
	struct searches events = { 0 }, truths = { 0 };
	long lost = 0;
	bool failed;

	if (argc != 4) {
		fprintf(stderr, "usage: compare PLAN TRUTH EVENTS\n");
		return 2;
	}
	failed = loads_read(&loads, argv[1]) || searches_read(&truths, argv[2], "search") ||
		 searches_read(&events, argv[3], "alloc") || !loads.n;
	if (!failed)
		compare(&loads, &events, &truths);
	for (size_t i = 0; !failed && i < loads.n; i++) {
		const struct load *load = &loads.list[i];

		printf("%s %lu %lu %lu %lu %lu %lu %s\n", load->name, load->allocations,
		       load->exact, load->approx, load->null, load->wrong, load->lost,
		       load->exhausted != UNKNOWN ? "probe,set-up" : "probe");
		lost += (long)load->lost;
	}
	if (lost > events.lost) {
		fprintf(stderr, "compare: %ld events are missing, the tracer lost %ld\n", lost,
			events.lost);
		failed = true;
	}
	for (size_t i = 0; i < loads.n; i++)
		if (!load_passes(&loads.list[i])) {
			fprintf(stderr, "%s: not as it should be\n", loads.list[i].name);
			failed = true;
		}
	free(events.list);
	free(truths.list);
	return failed;
}
