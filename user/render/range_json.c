// SPDX-License-Identifier: GPL-2.0-only
#include <json-c/json.h>
#include <string.h>

#include "render/range_view.h"

static void put_int(struct json_object *object, const char *key, int64_t value)
{
	json_object_object_add(object, key, json_object_new_int64(value));
}

/* NULL and "" are null: there is nothing to tell. */
static void put_text(struct json_object *object, const char *key, const char *value)
{
	json_object_object_add(object, key, value && *value ? json_object_new_string(value) : NULL);
}

static void put_bool(struct json_object *object, const char *key, bool value)
{
	json_object_object_add(object, key, json_object_new_boolean(value));
}

/* null where it is not @known. */
static void put_if(struct json_object *object, const char *key, bool known, int64_t value)
{
	json_object_object_add(object, key, known ? json_object_new_int64(value) : NULL);
}

/* A negative number stands for what this kernel does not have. */
static void put_known(struct json_object *object, const char *key, int64_t value)
{
	put_if(object, key, value >= 0, value);
}

static void put_range(struct json_object *object, struct port_range range)
{
	put_int(object, "low", range.low);
	put_int(object, "high", range.high);
	put_int(object, "count", range_count(range));
}

static struct json_object *object_new(const char *type)
{
	struct json_object *object = json_object_new_object();

	put_text(object, "type", type);
	return object;
}

static void object_print(FILE *out, struct json_object *object)
{
	fprintf(out, "%s\n",
		json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN |
							       JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
}

static void put_inhabitants(struct json_object *object, const struct netns *netns)
{
	struct json_object *pids = json_object_new_array(), *comms = json_object_new_array();
	struct json_object *containers = json_object_new_array();

	for (size_t i = 0; i < netns->process_count; i++) {
		json_object_array_add(pids, json_object_new_int(netns->processes[i].pid));
		json_object_array_add(comms, json_object_new_string(netns->processes[i].comm));
	}
	for (size_t i = 0; i < netns->container_count; i++)
		json_object_array_add(containers, json_object_new_string(netns->containers[i]));
	json_object_object_add(object, "pids", pids);
	json_object_object_add(object, "comms", comms);
	json_object_object_add(object, "containers", containers);
}

static void put_boot(struct json_object *object, const struct range_view *view)
{
	static const char *const readers[BOOT_READERS] = { "boot", "boot_procps" };
	static const char *const names[] = { "low", "high", "file", "line", "agrees", "refused" };

	for (int i = 0; i < BOOT_READERS; i++) {
		const struct boot_result *boot = view->boot ? &view->boot[i] : NULL;
		char keys[6][32];

		for (size_t j = 0; j < 6; j++)
			snprintf(keys[j], sizeof(keys[j]), "%s_%s", readers[i], names[j]);
		if (!boot) {
			for (size_t j = 0; j < 6; j++)
				json_object_object_add(object, keys[j], NULL);
			continue;
		}
		put_int(object, keys[0], boot->range.low);
		put_int(object, keys[1], boot->range.high);
		put_text(object, keys[2], boot->file);
		put_if(object, keys[3], *boot->file, boot->line);
		put_bool(object, keys[4], range_equal(boot->range, view->settings->range));
		put_text(object, keys[5], boot->refused.text);
	}
	if (view->netns->init_known)
		put_bool(object, "boot_reaches", view->netns->init);
	else
		put_text(object, "boot_reaches", NULL);
}

void range_json_show(FILE *out, const struct range_view *view)
{
	const struct range_settings *settings = view->settings;
	struct json_object *object = object_new("range");
	char reserved[4096];

	port_set_format(reserved, sizeof(reserved), &settings->reserved, settings->range);
	put_int(object, "netns", (int64_t)view->netns->inode);
	put_text(object, "path", view->netns->path);
	put_text(object, "name", view->netns->name);
	put_bool(object, "current", view->netns->current);
	put_range(object, settings->range);
	put_int(object, "knee", range_knee(settings->range));
	put_text(object, "parity", range_same_parity(settings->range) ? "same" : "differs");
	/* None is known, not null. */
	json_object_object_add(object, "reserved", json_object_new_string(reserved));
	put_int(object, "reserved_count", port_set_count(&settings->reserved, settings->range));
	put_known(object, "unprivileged_start", settings->unprivileged_start);
	put_known(object, "step_width", settings->step_width);
	put_known(object, "tcp_tw_reuse", settings->tw_reuse);
	put_known(object, "tcp_tw_reuse_delay_ms", settings->tw_reuse_delay_ms);
	put_inhabitants(object, view->netns);
	put_boot(object, view);
	object_print(out, object);
}

void range_json_change(FILE *out, const struct range_change_view *view)
{
	struct json_object *object = object_new("range_set");

	put_int(object, "netns", (int64_t)view->netns->inode);
	put_int(object, "old_low", view->old.low);
	put_int(object, "old_high", view->old.high);
	put_range(object, view->now);
	put_bool(object, "planned", view->planned);
	object_print(out, object);
}

void range_json_check(FILE *out, uint64_t netns, const struct check_input *input,
		      const struct check_report *report)
{
	static const char *const levels[] = { "note", "warning", "refused" };
	struct json_object *object;
	int warnings = 0;

	for (size_t i = 0; i < report->count; i++) {
		const struct finding *finding = &report->items[i];

		object = object_new("finding");
		put_int(object, "netns", (int64_t)netns);
		put_text(object, "code", finding->code);
		put_text(object, "level", levels[finding->level]);
		put_int(object, "count", (int64_t)finding->count);
		put_if(object, "pid", finding->pid, finding->pid);
		put_text(object, "text", finding->text);
		object_print(out, object);
		warnings += finding->level >= CHECK_WARN;
	}
	object = object_new("check");
	put_int(object, "netns", (int64_t)netns);
	put_range(object, input->range);
	put_int(object, "usable", report->usable);
	put_int(object, "knee", (report->usable + 1) / 2);
	json_object_object_add(object, "sustained_rate", json_object_new_double(report->sustained));
	put_int(object, "warnings", warnings);
	put_bool(object, "ok", !warnings);
	object_print(out, object);
}

void range_json_verify(FILE *out, const struct verify_report *report)
{
	static const char *const outcomes[] = { "ok", "fail", "skip", "note" };

	for (size_t i = 0; i < report->count; i++) {
		const struct verify_item *item = &report->items[i];
		bool probe = item->made != 0;
		bool holders = !strcmp(item->check, "holders") && item->ports;
		struct json_object *object = object_new("verify");

		put_text(object, "check", item->check);
		put_text(object, "outcome", outcomes[item->outcome]);
		put_if(object, "netns", item->netns, (int64_t)item->netns);
		put_if(object, "low", item->found.low, item->found.low);
		put_if(object, "high", item->found.low, item->found.high);
		put_if(object, "made", probe, item->made);
		put_if(object, "inside", probe, item->inside);
		put_known(object, "count", item->count);
		put_if(object, "ports", holders, item->ports);
		put_if(object, "processes", holders, item->processes);
		put_text(object, "file", item->file);
		put_if(object, "line", *item->file, item->line);
		put_text(object, "text", item->text);
		object_print(out, object);
	}
}

void range_json_import(FILE *out, const struct import *import)
{
	struct port_range all = { 1, 65535 };
	struct json_object *object;
	char list[4096];

	for (size_t i = 0; i < import->count; i++) {
		const struct imported_range *item = &import->items[i];

		object = object_new("import");
		put_text(object, "source", import_source_name(import->source));
		put_text(object, "label", item->label);
		put_bool(object, "primary", !item->other);
		put_range(object, item->range);
		object_print(out, object);
	}
	if (import->source != IMPORT_EXCLUDED)
		return;
	port_set_format(list, sizeof(list), &import->excluded, all);
	object = object_new("import");
	put_text(object, "source", import_source_name(import->source));
	put_int(object, "blocks", import->excluded_blocks);
	put_int(object, "count", port_set_count(&import->excluded, all));
	put_text(object, "excluded", list);
	object_print(out, object);
}
