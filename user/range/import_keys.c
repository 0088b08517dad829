// SPDX-License-Identifier: GPL-2.0-only
/* The formats that name what they say: PowerShell, and sysctl of BSD and Linux. */
#include <ctype.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "range/import_text.h"

#define KEY_START "DynamicPortRangeStartPort"
#define KEY_NUM	  "DynamicPortRangeNumberOfPorts"

static const char cut_off[] =
	"a setting has one of " KEY_START " and " KEY_NUM ": the output is cut off";

/* The value behind @key and a colon or an equals sign, NULL where the line has another key. */
static const char *key_value(const char *line, const char *key)
{
	size_t length = strlen(key);

	if (strncmp(line, key, length))
		return NULL;
	line += length + strspn(line + length, " \t");
	if (*line != ':' && *line != '=')
		return NULL;
	return line + 1 + strspn(line + 1, " \t");
}

/* One block of Get-NetTCPSetting. */
struct setting {
	char name[48];
	unsigned long start, num;
	bool have_start, have_num;
};

static int setting_end(struct setting *setting, struct import *import, struct reason *why)
{
	int error = 0;

	if (setting->have_start != setting->have_num)
		return reason_set(why, -EINVAL, "%s", cut_off);
	if (setting->have_start)
		error = import_add_start(import, setting->start, setting->num, setting->name, why);
	setting->have_start = setting->have_num = false;
	return error;
}

static int setting_number(const char *value, unsigned long *number, bool *have, struct reason *why)
{
	/* The template Automatic has no values of its own. */
	if (!*value)
		return 0;
	if (*have)
		return reason_set(why, -EINVAL, "a setting has a value twice");
	if (number_parse(value, number))
		return reason_set(why, -EINVAL, "'%.40s' is no number of digits alone", value);
	*have = true;
	return 0;
}

/* The ones that programs use first: Internet, InternetCustom, then Datacenter. */
static int settings_sort(struct import *import, struct reason *why)
{
	static const char *const first[] = { "Datacenter", "Internet" };

	if (!import->count)
		return reason_set(why, -EINVAL, "no setting in it has a dynamic port range");
	for (size_t i = 0; i < 2; i++) {
		for (size_t at = import->count; at--;) {
			struct imported_range found = import->items[at];

			if (strncmp(found.label, first[i], strlen(first[i])))
				continue;
			memmove(import->items + 1, import->items, at * sizeof(found));
			import->items[0] = found;
			break;
		}
	}
	/* The other templates are for connections that somebody assigned to them. */
	for (size_t i = 1; i < import->count; i++)
		import->items[i].other = true;
	return 0;
}

int import_powershell(char *text, struct import *import, struct reason *why)
{
	struct setting setting = { 0 };
	char *line;
	int error = 0;

	import->source = IMPORT_POWERSHELL;
	while (!error && line_next(&text, &line)) {
		const char *value;

		if ((value = key_value(line, "SettingName"))) {
			error = setting_end(&setting, import, why);
			snprintf(setting.name, sizeof(setting.name), "%.47s", value);
		} else if ((value = key_value(line, KEY_START))) {
			error = setting_number(value, &setting.start, &setting.have_start, why);
		} else if ((value = key_value(line, KEY_NUM))) {
			error = setting_number(value, &setting.num, &setting.have_num, why);
		}
	}
	if (!error)
		error = setting_end(&setting, import, why);
	return error ? error : settings_sort(import, why);
}

/* 1: has the number; 0: null or absent; -EINVAL: something else. */
static int json_number(struct json_object *object, const char *key, unsigned long *number)
{
	struct json_object *value = NULL;

	if (!json_object_object_get_ex(object, key, &value) || !value)
		return 0;
	if (!json_object_is_type(value, json_type_int) || json_object_get_int64(value) < 0)
		return -EINVAL;
	*number = (unsigned long)json_object_get_int64(value);
	return 1;
}

static int json_setting(struct json_object *object, struct import *import, struct reason *why)
{
	struct json_object *name = NULL;
	unsigned long start = 0, num = 0;
	char label[48] = "";
	int have_start, have_num;

	if (!json_object_is_type(object, json_type_object))
		return reason_set(why, -EINVAL, "it is JSON, and not an object with " KEY_START);
	have_start = json_number(object, KEY_START, &start);
	have_num = json_number(object, KEY_NUM, &num);
	if (have_start < 0 || have_num < 0)
		return reason_set(why, -EINVAL, KEY_START " or " KEY_NUM " is no number");
	if (have_start != have_num)
		return reason_set(why, -EINVAL, "%s", cut_off);
	/* PowerShell 5.1 writes the name, 7 without -EnumsAsStrings a number that says nothing. */
	if (json_object_object_get_ex(object, "SettingName", &name) &&
	    json_object_is_type(name, json_type_string))
		snprintf(label, sizeof(label), "%.47s", json_object_get_string(name));
	return have_start ? import_add_start(import, start, num, label, why) : 0;
}

int import_json(const char *text, struct import *import, struct reason *why)
{
	struct json_object *root = json_tokener_parse(text);
	int error = 0;

	import->source = IMPORT_POWERSHELL;
	if (!root)
		return reason_set(why, -EINVAL, "it begins as JSON and is none");
	if (json_object_is_type(root, json_type_array))
		for (size_t i = 0; i < json_object_array_length(root) && !error; i++)
			error = json_setting(json_object_array_get_idx(root, i), import, why);
	else
		error = json_setting(root, import, why);
	json_object_put(root);
	return error ? error : settings_sort(import, why);
}

static int bsd_pair(struct import *import, const unsigned long ends[2], const bool have[2],
		    const char *label, struct reason *why)
{
	unsigned long low = ends[0], high = ends[1];

	if (!have[0] && !have[1])
		return 0;
	if (!have[0] || !have[1])
		return reason_set(why, -EINVAL,
				  "net.inet.ip.portrange.%sfirst and .%slast belong "
				  "together: one is missing",
				  label, label);
	/* Counts down where first is above last, as the low range does: in_pcb.c. */
	if (low > high) {
		low = ends[1];
		high = ends[0];
	}
	if (!low || high > 65535)
		return reason_set(why, -EINVAL,
				  "net.inet.ip.portrange.%sfirst and .%slast say %lu and "
				  "%lu: a port is 1 to 65535",
				  label, label, ends[0], ends[1]);
	return import_add(import, (struct port_range){ (uint16_t)low, (uint16_t)high }, label,
			  *label != '\0', why);
}

int import_bsd(char *text, struct import *import, struct reason *why)
{
	static const char *const kinds[] = { "", "hi", "low" };
	unsigned long ends[3][2] = { 0 };
	bool have[3][2] = { 0 };
	char *line, key[64];
	int error = 0;

	import->source = IMPORT_BSD;
	while (line_next(&text, &line)) {
		for (size_t i = 0; i < 6; i++) {
			const char *value;

			snprintf(key, sizeof(key), "net.inet.ip.portrange.%s%s", kinds[i / 2],
				 i % 2 ? "last" : "first");
			value = key_value(line, key);
			if (!value)
				continue;
			if (have[i / 2][i % 2] || number_parse(value, &ends[i / 2][i % 2]))
				return reason_set(why, -EINVAL,
						  "%s is there twice, or '%.40s' is no "
						  "number of digits alone",
						  key, value);
			have[i / 2][i % 2] = true;
		}
	}
	if (!have[0][0] || !have[0][1])
		return reason_set(why, -EINVAL,
				  "net.inet.ip.portrange.first and .last belong "
				  "together: one is missing");
	for (size_t i = 0; i < 3 && !error; i++)
		error = bsd_pair(import, ends[i], have[i], kinds[i], why);
	return error;
}

int import_linux(char *text, struct import *import, struct reason *why)
{
	static const char *const keys[] = { "net.ipv4.ip_local_port_range",
					    "net/ipv4/ip_local_port_range",
					    "/proc/sys/net/ipv4/ip_local_port_range" };
	struct reason detail;
	struct port_range range;
	char *line;

	import->source = IMPORT_LINUX;
	while (line_next(&text, &line)) {
		const char *value = NULL;

		for (size_t i = 0; i < 3 && !value; i++)
			value = key_value(line, keys[i]);
		if (!value)
			continue;
		if (!isdigit((unsigned char)*value) || range_parse(value, &range, &detail))
			return reason_set(why, -EINVAL,
					  "ip_local_port_range is '%.40s', which is no "
					  "range",
					  value);
		if (import->count && !range_equal(range, import->items[0].range))
			return reason_set(why, -EINVAL,
					  "ip_local_port_range is there twice with two "
					  "values: which is in force cannot be told");
		if (!import->count && import_add(import, range, "", false, why))
			return -ENOMEM;
	}
	return import->count ? 0 :
			       reason_set(why, -EINVAL, "ip_local_port_range has no value in it");
}
