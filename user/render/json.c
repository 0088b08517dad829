// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "render/format.h"
#include "render/json.h"

/* A line under way. It has room for the longest record; comm escaped takes 6 bytes a byte. */
struct line {
	char text[2048];
	char *at;
};

static void put(struct line *line, const char *text, size_t length)
{
	memcpy(line->at, text, length);
	line->at += length;
}

/* A literal, its length known to the compiler. */
#define PUT(line, literal) put(line, literal, sizeof(literal) - 1)

static void put_text(struct line *line, const char *text)
{
	put(line, text, strlen(text));
}

static void put_number(struct line *line, uint64_t number)
{
	char digits[20], *at = digits + sizeof(digits);

	do
		*--at = (char)('0' + number % 10);
	while (number /= 10);
	put(line, at, (size_t)(digits + sizeof(digits) - at));
}

static void put_known(struct line *line, enum known known)
{
	if (known == UNKNOWN)
		PUT(line, "null");
	else if (known)
		PUT(line, "true");
	else
		PUT(line, "false");
}

static void put_comm(struct line *line, const char comm[EVENT_COMM_LEN])
{
	line->at += format_json_comm(line->at, comm);
}

/* Any bytes as a string, in the manner of format_json_comm(). Not for long ones. */
static void put_string(struct line *line, const char *text)
{
	*line->at++ = '"';
	for (; *text; text++) {
		unsigned char byte = (unsigned char)*text;

		if (byte == '"' || byte == '\\')
			line->at += sprintf(line->at, "\\%c", byte);
		else if (byte >= 0x20 && byte < 0x7f)
			*line->at++ = (char)byte;
		else
			line->at += sprintf(line->at, "\\u%04x", byte);
	}
	*line->at++ = '"';
}

static void put_time(struct line *line, uint64_t time_ns, uint64_t mono_ns)
{
	PUT(line, "\"time\":\"");
	line->at += format_rfc3339(line->at, time_ns);
	PUT(line, "\",\"ts_ns\":");
	put_number(line, mono_ns);
}

static void put_endpoint(struct line *line, const struct endpoint *endpoint, uint8_t family,
			 const char *address_key, const char *port_key)
{
	put_text(line, address_key);
	if (!endpoint->known) {
		PUT(line, "null");
		put_text(line, port_key);
		PUT(line, "null");
		return;
	}
	*line->at++ = '"';
	line->at += format_address(line->at, &endpoint->address, family);
	*line->at++ = '"';
	put_text(line, port_key);
	put_number(line, endpoint->port);
}

static void put_errno(struct line *line, int error)
{
	char buffer[16];

	if (!error) {
		PUT(line, "0");
		return;
	}
	*line->at++ = '"';
	put_text(line, errno_name(error, buffer));
	*line->at++ = '"';
}

static void put_approx(struct line *line, unsigned int approx)
{
	static const struct {
		unsigned int bit;
		const char *key;
	} keys[] = { { APPROX_LATENCY, "\"latency_ns\"" },
		     { APPROX_PATH, "\"path\"" },
		     { APPROX_EXAMINED, "\"examined\"" } };
	const char *separator = "";

	PUT(line, ",\"approx\":[");
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (!(approx & keys[i].bit))
			continue;
		put_text(line, separator);
		put_text(line, keys[i].key);
		separator = ",";
	}
	PUT(line, "]");
}

/* A key whose value is not known where it is negative. */
static void put_maybe(struct line *line, const char *key, int64_t value)
{
	put_text(line, key);
	if (value < 0)
		PUT(line, "null");
	else
		put_number(line, (uint64_t)value);
}

/* --explain only: the keys are there where it was asked for. */
static void put_refused(struct line *line, const struct allocation *allocation)
{
	if (allocation->refused_tuple < 0)
		return;
	put_maybe(line, ",\"refused_tuple\":", allocation->refused_tuple);
	put_maybe(line, ",\"refused_timewait\":", allocation->refused_timewait);
	put_maybe(line, ",\"refused_bound\":", allocation->refused_bound);
	put_maybe(line, ",\"reserved_skipped\":", allocation->reserved_skipped);
}

static void put_task(struct line *line, const struct task *task)
{
	PUT(line, ",\"pid\":");
	put_number(line, task->pid);
	PUT(line, ",\"tid\":");
	put_number(line, task->tid);
	PUT(line, ",\"uid\":");
	put_number(line, task->uid);
	PUT(line, ",\"comm\":");
	put_comm(line, task->comm);
	PUT(line, ",\"cgroup_id\":");
	if (task->cgroup_id)
		put_number(line, task->cgroup_id);
	else
		PUT(line, "null");
	PUT(line, ",\"netns\":");
	put_number(line, task->netns);
}

/* The key is there where somebody looked. */
static void put_where(struct line *line, const char *where)
{
	if (!where)
		return;
	PUT(line, ",\"where\":");
	put_string(line, where);
}

static int line_end(struct line *line, FILE *out)
{
	PUT(line, "}\n");
	return fwrite(line->text, 1, (size_t)(line->at - line->text), out) ? 0 : -errno;
}

static int json_allocation(struct sink *sink, const struct allocation *allocation)
{
	struct line line = { .at = line.text };
	char buffer[16];

	PUT(&line, "{\"type\":\"alloc\",");
	put_time(&line, allocation->time_ns, allocation->start_ns);
	PUT(&line, ",\"path\":\"");
	put_text(&line, path_name(allocation->path));
	PUT(&line, "\",\"proto\":\"");
	put_text(&line, proto_name(allocation->proto, buffer));
	PUT(&line, "\",\"family\":");
	put_number(&line, allocation->family);
	put_endpoint(&line, &allocation->source, allocation->family, ",\"saddr\":", ",\"sport\":");
	put_endpoint(&line, &allocation->dest, allocation->family, ",\"daddr\":", ",\"dport\":");
	PUT(&line, ",\"errno\":");
	put_errno(&line, allocation->error);
	PUT(&line, ",\"latency_ns\":");
	put_number(&line, allocation->latency_ns);
	put_maybe(&line, ",\"examined\":", allocation->examined);
	PUT(&line, ",\"second_pass\":");
	put_known(&line, allocation->second_pass);
	PUT(&line, ",\"range_low\":");
	put_number(&line, allocation->low);
	PUT(&line, ",\"range_high\":");
	put_number(&line, allocation->high);
	PUT(&line, ",\"range_source\":\"");
	put_text(&line, allocation->range_of_socket ? "socket" : "netns");
	PUT(&line, "\",\"in_range\":");
	put_known(&line, allocation->error ? UNKNOWN : (enum known)allocation_in_range(allocation));
	PUT(&line, ",\"tw_reused\":");
	put_known(&line, allocation->tw_reused);
	put_refused(&line, allocation);
	put_task(&line, &allocation->task);
	PUT(&line, ",\"backend\":\"");
	put_text(&line, backend_name(allocation->backend));
	PUT(&line, "\"");
	put_approx(&line, allocation->approx);
	return line_end(&line, ((struct json_sink *)sink)->out);
}

static int json_range_change(struct sink *sink, const struct range_change *change)
{
	struct line line = { .at = line.text };

	PUT(&line, "{\"type\":\"range_change\",");
	put_time(&line, change->time_ns, change->mono_ns);
	line.at += sprintf(line.at, ",\"old\":\"%u-%u\",\"new\":\"%u-%u\"", change->old_low,
			   change->old_high, change->new_low, change->new_high);
	put_task(&line, &change->task);
	put_where(&line, change->where);
	return line_end(&line, ((struct json_sink *)sink)->out);
}

/* "1,2-4", "" where there are none, null where they are not known. */
static void print_ports(FILE *out, const char *key, const struct port_set *ports)
{
	/* Every second port, five digits and a comma each, is the longest there is. */
	static const size_t size = PORT_COUNT / 2 * 6 + 64;
	char *text = ports ? malloc(size) : NULL;

	if (text)
		port_set_format(text, size, ports, (struct port_range){ 0, 65535 });
	fprintf(out, text ? "%s\"%s\"" : "%snull", key, text);
	free(text);
}

static int json_reserved_change(struct sink *sink, const struct reserved_change *change)
{
	FILE *out = ((struct json_sink *)sink)->out;
	struct line line = { .at = line.text };

	PUT(&line, "{\"type\":\"reserved_change\",");
	put_time(&line, change->time_ns, change->mono_ns);
	fwrite(line.text, 1, (size_t)(line.at - line.text), out);
	print_ports(out, ",\"old\":", change->old);
	print_ports(out, ",\"new\":", change->new);
	line.at = line.text;
	put_task(&line, &change->task);
	put_where(&line, change->where);
	return line_end(&line, out);
}

static int json_loss(struct sink *sink, const struct loss *loss)
{
	struct line line = { .at = line.text };

	PUT(&line, "{\"type\":\"lost\",\"time\":\"");
	line.at += format_rfc3339(line.at, loss->time_ns);
	PUT(&line, "\",\"count\":");
	put_number(&line, loss->count);
	PUT(&line, ",\"cause\":\"");
	put_text(&line, loss->cause);
	PUT(&line, "\",\"since\":\"");
	line.at += format_rfc3339(line.at, loss->since_ns);
	PUT(&line, "\"");
	return line_end(&line, ((struct json_sink *)sink)->out);
}

static int json_flush(struct sink *sink)
{
	return fflush(((struct json_sink *)sink)->out) ? -errno : 0;
}

struct json_sink json_sink_make(FILE *out)
{
	return (struct json_sink){
		.sink = { .allocation = json_allocation,
			  .range_change = json_range_change,
			  .reserved_change = json_reserved_change,
			  .loss = json_loss,
			  .flush = json_flush },
		.out = out,
	};
}

int json_print_summary(FILE *out, const struct summary *summary)
{
	char buffer[16];

	fprintf(out,
		"{\"type\":\"summary\",\"allocations\":%" PRIu64 ",\"failed\":%" PRIu64
		",\"lost\":%" PRIu64 ",\"range_changes\":%" PRIu64 ",\"out_of_range\":%" PRIu64
		",\"second_pass\":%" PRIu64 ",\"seconds\":%.3f",
		summary->allocations, summary->failed, summary->lost, summary->range_changes,
		summary->out_of_range, summary->second_pass,
		(double)(summary->end_ns - summary->begin_ns) / 1e9);
	for (int path = 0; path < PATH_COUNT; path++)
		fprintf(out, ",\"%s\":%" PRIu64, path_name(path), summary->by_path[path]);
	fputs(",\"errno\":{", out);
	for (int error = 1, first = 1; error < SUMMARY_ERRNO_MAX; error++) {
		if (!summary->by_errno[error])
			continue;
		fprintf(out, "%s\"%s\":%" PRIu64, first ? "" : ",", errno_name(error, buffer),
			summary->by_errno[error]);
		first = 0;
	}
	fputs("}}\n", out);
	return fflush(out) ? -errno : 0;
}
