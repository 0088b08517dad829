// SPDX-License-Identifier: GPL-2.0-only
/* Reads the log and the trace: every key that is compared has to be there and of its type. */
#define _GNU_SOURCE
#include <errno.h>
#include <json-c/json.h>
#include <json-c/linkhash.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "match.h"

struct source {
	const char *name;
	unsigned long line;
	const char *problem;
};

static struct json_object *need(struct source *src, struct json_object *obj, const char *key)
{
	struct json_object *value = NULL;

	if (!json_object_object_get_ex(obj, key, &value) && !src->problem)
		src->problem = key;
	return value;
}

static long get_number(struct source *src, struct json_object *obj, const char *key, bool nullable)
{
	struct json_object *value = need(src, obj, key);

	if (!value && nullable)
		return NOTHING;
	if (!json_object_is_type(value, json_type_int) || json_object_get_int64(value) < 0) {
		src->problem = key;
		return NOTHING;
	}
	return json_object_get_int64(value);
}

static void get_text(struct source *src, struct json_object *obj, const char *key, char *out,
		     size_t size)
{
	struct json_object *value = need(src, obj, key);

	if (!value)
		return;
	if (!json_object_is_type(value, json_type_string) || !json_object_get_string_len(value) ||
	    (size_t)json_object_get_string_len(value) >= size)
		src->problem = key;
	else
		strcpy(out, json_object_get_string(value));
}

/* 0, or the name of an error. */
static void get_errno(struct source *src, struct json_object *obj, char *out, size_t size)
{
	struct json_object *value = need(src, obj, "errno");

	if (json_object_is_type(value, json_type_int) && !json_object_get_int64(value)) {
		strcpy(out, "0");
		return;
	}
	get_text(src, obj, "errno", out, size);
	if (out[0] != 'E')
		src->problem = "errno";
}

static void get_range(struct source *src, struct json_object *obj, struct record *r)
{
	struct json_object *value = need(src, obj, "in_range");

	r->range_low = get_number(src, obj, "range_low", true);
	r->range_high = get_number(src, obj, "range_high", true);
	r->in_range = NOTHING;
	if (json_object_is_type(value, json_type_boolean))
		r->in_range = json_object_get_boolean(value);
	else if (value)
		src->problem = "in_range";
}

static struct record *record_parse(struct source *src, struct json_object *obj, bool event)
{
	struct record *r = calloc(1, sizeof(*r));

	if (!r) {
		src->problem = "out of memory";
		return NULL;
	}
	r->line = src->line;
	get_text(src, obj, "path", r->path, sizeof(r->path));
	get_text(src, obj, "proto", r->proto, sizeof(r->proto));
	r->family = get_number(src, obj, "family", false);
	get_text(src, obj, "saddr", r->saddr, sizeof(r->saddr));
	r->sport = get_number(src, obj, "sport", false);
	get_text(src, obj, "daddr", r->daddr, sizeof(r->daddr));
	r->dport = get_number(src, obj, "dport", true);
	get_errno(src, obj, r->err, sizeof(r->err));
	/* An event in no task's name has no pid; it never matches, and counts with --all. */
	r->pid = get_number(src, obj, "pid", event);
	r->tid = get_number(src, obj, "tid", event);
	r->netns = get_number(src, obj, "netns", false);
	if (event)
		get_range(src, obj, r);
	if (!*r->path || !*r->proto)
		src->problem = "path or proto";
	if (src->problem) {
		free(r);
		return NULL;
	}
	return r;
}

static int records_add(struct records *rs, struct record *r)
{
	if (rs->n == rs->size) {
		size_t size = rs->size ? 2 * rs->size : 1024;
		struct record **list = reallocarray(rs->list, size, sizeof(*list));

		if (!list)
			return -ENOMEM;
		rs->list = list;
		rs->size = size;
	}
	rs->list[rs->n++] = r;
	return 0;
}

void records_free(struct records *rs)
{
	for (size_t i = 0; i < rs->n; i++)
		free(rs->list[i]);
	free(rs->list);
}

static int read_log_line(struct match *m, struct source *src, struct json_object *obj)
{
	struct record *r = record_parse(src, obj, false);
	void *pid;

	if (!r)
		return -EINVAL;
	pid = (void *)r->pid;
	if (!lh_table_lookup_entry(m->pids, pid))
		lh_table_insert(m->pids, pid, pid);
	if (!strcmp(r->path, "explicit") && !m->want_explicit) {
		free(r);
		return 0;
	}
	return records_add(&m->log, r);
}

static int read_event_line(struct match *m, struct source *src, struct json_object *obj)
{
	struct record *r;
	char type[16] = "";

	get_text(src, obj, "type", type, sizeof(type));
	if (!strcmp(type, "range_change") || !strcmp(type, "reserved_change") ||
	    !strcmp(type, "summary"))
		return 0;
	if (!strcmp(type, "lost")) {
		m->lost += get_number(src, obj, "count", false);
		return src->problem ? -EINVAL : 0;
	}
	if (strcmp(type, "alloc")) {
		src->problem = "type";
		return -EINVAL;
	}
	r = record_parse(src, obj, true);
	return r ? records_add(&m->events, r) : -EINVAL;
}

typedef int (*line_reader)(struct match *m, struct source *src, struct json_object *obj);

static int read_line(struct match *m, struct source *src, struct json_tokener *tok,
		     const char *text, size_t len, line_reader reader)
{
	struct json_object *obj = json_tokener_parse_ex(tok, text, len);
	int err = -EINVAL;

	/* The newline ends the object, so that a line cut short is an error and not a wait. */
	if (json_tokener_get_error(tok) != json_tokener_success ||
	    !json_object_is_type(obj, json_type_object) ||
	    strspn(text + json_tokener_get_parse_end(tok), " \n") !=
		    len - json_tokener_get_parse_end(tok))
		src->problem = "not a JSON object";
	else
		err = reader(m, src, obj);
	json_tokener_reset(tok);
	json_object_put(obj);
	return err;
}

static int read_file(struct match *m, const char *name, line_reader reader)
{
	struct source src = { .name = name };
	struct json_tokener *tok = json_tokener_new();
	FILE *f = strcmp(name, "-") ? fopen(name, "re") : stdin;
	char *text = NULL;
	size_t size = 0;
	ssize_t len;
	int err = 0;

	if (!f || !tok) {
		fprintf(stderr, "match: %s: %s\n", name, strerror(errno));
		json_tokener_free(tok);
		return -EIO;
	}
	while ((len = getline(&text, &size, f)) > 0) {
		src.line++;
		src.problem = NULL;
		if (!read_line(m, &src, tok, text, len, reader))
			continue;
		complain(m, "unreadable %s:%lu: %s", name, src.line,
			 src.problem ? src.problem : "out of memory");
		m->wrong++;
	}
	if (ferror(f))
		err = -EIO;
	free(text);
	json_tokener_free(tok);
	if (f != stdin)
		fclose(f);
	return err;
}

int match_read(struct match *m)
{
	int err = read_file(m, m->log_name, read_log_line);

	return err ? err : read_file(m, m->event_name, read_event_line);
}
