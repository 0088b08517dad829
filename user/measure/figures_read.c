// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <json-c/json.h>
#include <string.h>

#include "measure/figures_read.h"

static void json_put(struct json_object **object)
{
	json_object_put(*object);
}

/* A member that is no object, text or list is a number, a flag or null. */
static void figure_read(struct figures *figures, enum figure_id id, struct json_object *value)
{
	if (!value) {
		figures->at[id].state = FIGURE_UNKNOWN;
		return;
	}
	switch (json_object_get_type(value)) {
	case json_type_string:
		figure_set_text(figures, id, json_object_get_string(value));
		break;
	case json_type_boolean:
		figure_set(figures, id, json_object_get_boolean(value));
		break;
	case json_type_int:
	case json_type_double:
		figure_set(figures, id, json_object_get_double(value));
		break;
	default:
		figures->at[id].state = FIGURE_UNKNOWN;
	}
}

static void bounds_read(struct figures *figures, struct json_object *run, const char *key,
			enum figure_bound bound)
{
	struct json_object *names;

	if (!json_object_object_get_ex(run, key, &names) ||
	    !json_object_is_type(names, json_type_array))
		return;
	for (size_t i = 0; i < json_object_array_length(names); i++) {
		const char *name = json_object_get_string(json_object_array_get_idx(names, i));
		int id = name ? figure_find(name) : -1;

		if (id >= 0)
			figures->at[id].bound = bound;
	}
}

/* "first_failure_ns" and its like are null where there was nothing: that is no ignorance. */
static void nothing_read(struct figures *figures)
{
	bool failed = figures->at[FIGURE_ERRORS].number > 0;

	for (int id = 0; id < FIGURE_COUNT; id++) {
		bool first = !strncmp(figure_specs[id].name, "first_failure", 13);

		if (first && !failed && figures->at[id].state == FIGURE_UNKNOWN)
			figures->at[id].state = FIGURE_NONE;
	}
	if (figures->at[FIGURE_KNEE_CROSSED].state == FIGURE_KNOWN &&
	    !figures->at[FIGURE_KNEE_CROSSED].number)
		figures->at[FIGURE_KNEE_CROSSED_NS].state = FIGURE_NONE;
}

int figures_read_json(const char *json, struct figures *figures, struct reason *why)
{
	__attribute__((cleanup(json_put))) struct json_object *run = json_tokener_parse(json);
	struct json_object *member;
	const char *type = NULL;

	*figures = (struct figures){ 0 };
	if (run && json_object_is_type(run, json_type_object) &&
	    json_object_object_get_ex(run, "type", &member))
		type = json_object_get_string(member);
	if (!type || strcmp(type, "run") != 0)
		return reason_set(why, -EINVAL,
				  "neither a recording (see record) nor what run --json writes");
	for (int id = 0; id < FIGURE_COUNT; id++) {
		member = NULL;
		json_object_object_get_ex(run, figure_specs[id].name, &member);
		figure_read(figures, (enum figure_id)id, member);
	}
	bounds_read(figures, run, "approx", BOUND_AT_MOST);
	bounds_read(figures, run, "at_least", BOUND_AT_LEAST);
	nothing_read(figures);
	return 0;
}
