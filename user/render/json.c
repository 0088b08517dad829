// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "render/format.h"
#include "render/json.h"
#include "render/line.h"

static void put_known(struct line *line, enum known known)
{
	if (known == UNKNOWN)
		LINE_PUT(line, "null");
	else if (known)
		LINE_PUT(line, "true");
	else
		LINE_PUT(line, "false");
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
	LINE_PUT(line, "\"time\":\"");
	line->at += format_rfc3339(line->at, time_ns);
	LINE_PUT(line, "\",\"ts_ns\":");
	line_put_number(line, mono_ns);
}

static void put_endpoint(struct line *line, const struct endpoint *endpoint, uint8_t family,
			 const char *address_key, const char *port_key)
{
	line_put_text(line, address_key);
	if (!endpoint->known) {
		LINE_PUT(line, "null");
		line_put_text(line, port_key);
		LINE_PUT(line, "null");
		return;
	}
	*line->at++ = '"';
	line->at += format_address(line->at, &endpoint->address, family);
	*line->at++ = '"';
	line_put_text(line, port_key);
	line_put_number(line, endpoint->port);
}

static void put_errno(struct line *line, int error)
{
	char buffer[16];

	if (!error) {
		LINE_PUT(line, "0");
		return;
	}
	*line->at++ = '"';
	line_put_text(line, errno_name(error, buffer));
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

	LINE_PUT(line, ",\"approx\":[");
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (!(approx & keys[i].bit))
			continue;
		line_put_text(line, separator);
		line_put_text(line, keys[i].key);
		separator = ",";
	}
	LINE_PUT(line, "]");
}

/* A key whose value is not known where it is negative. */
static void put_maybe(struct line *line, const char *key, int64_t value)
{
	line_put_text(line, key);
	if (value < 0)
		LINE_PUT(line, "null");
	else
		line_put_number(line, (uint64_t)value);
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
	LINE_PUT(line, ",\"pid\":");
	line_put_number(line, task->pid);
	LINE_PUT(line, ",\"tid\":");
	line_put_number(line, task->tid);
	LINE_PUT(line, ",\"uid\":");
	line_put_number(line, task->uid);
	LINE_PUT(line, ",\"comm\":");
	put_comm(line, task->comm);
	LINE_PUT(line, ",\"cgroup_id\":");
	if (task->cgroup_id)
		line_put_number(line, task->cgroup_id);
	else
		LINE_PUT(line, "null");
	LINE_PUT(line, ",\"netns\":");
	line_put_number(line, task->netns);
}

/* The key is there where somebody looked. */
static void put_where(struct line *line, const char *where)
{
	if (!where)
		return;
	LINE_PUT(line, ",\"where\":");
	put_string(line, where);
}

static int line_end(struct line *line, FILE *out)
{
	LINE_PUT(line, "}\n");
	return line_write(line, out);
}

static int json_allocation(struct sink *sink, const struct allocation *allocation)
{
	struct line line = { .at = line.text };
	char buffer[16];

	LINE_PUT(&line, "{\"type\":\"alloc\",");
	put_time(&line, allocation->time_ns, allocation->start_ns);
	LINE_PUT(&line, ",\"path\":\"");
	line_put_text(&line, path_name(allocation->path));
	LINE_PUT(&line, "\",\"proto\":\"");
	line_put_text(&line, proto_name(allocation->proto, buffer));
	LINE_PUT(&line, "\",\"family\":");
	line_put_number(&line, allocation->family);
	put_endpoint(&line, &allocation->source, allocation->family, ",\"saddr\":", ",\"sport\":");
	put_endpoint(&line, &allocation->dest, allocation->family, ",\"daddr\":", ",\"dport\":");
	LINE_PUT(&line, ",\"errno\":");
	put_errno(&line, allocation->error);
	LINE_PUT(&line, ",\"latency_ns\":");
	line_put_number(&line, allocation->latency_ns);
	put_maybe(&line, ",\"examined\":", allocation->examined);
	LINE_PUT(&line, ",\"second_pass\":");
	put_known(&line, allocation->second_pass);
	LINE_PUT(&line, ",\"range_low\":");
	line_put_number(&line, allocation->low);
	LINE_PUT(&line, ",\"range_high\":");
	line_put_number(&line, allocation->high);
	LINE_PUT(&line, ",\"range_source\":\"");
	line_put_text(&line, allocation->range_of_socket ? "socket" : "netns");
	LINE_PUT(&line, "\",\"in_range\":");
	put_known(&line, allocation->error ? UNKNOWN : (enum known)allocation_in_range(allocation));
	LINE_PUT(&line, ",\"tw_reused\":");
	put_known(&line, allocation->tw_reused);
	put_refused(&line, allocation);
	put_task(&line, &allocation->task);
	LINE_PUT(&line, ",\"backend\":\"");
	line_put_text(&line, backend_name(allocation->backend));
	LINE_PUT(&line, "\"");
	put_approx(&line, allocation->approx);
	return line_end(&line, ((struct json_sink *)sink)->out);
}

static int json_range_change(struct sink *sink, const struct range_change *change)
{
	struct line line = { .at = line.text };

	LINE_PUT(&line, "{\"type\":\"range_change\",");
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

	LINE_PUT(&line, "{\"type\":\"reserved_change\",");
	put_time(&line, change->time_ns, change->mono_ns);
	line_write(&line, out);
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

	LINE_PUT(&line, "{\"type\":\"lost\",\"time\":\"");
	line.at += format_rfc3339(line.at, loss->time_ns);
	LINE_PUT(&line, "\",\"count\":");
	line_put_number(&line, loss->count);
	LINE_PUT(&line, ",\"cause\":\"");
	line_put_text(&line, loss->cause);
	LINE_PUT(&line, "\",\"since\":\"");
	line.at += format_rfc3339(line.at, loss->since_ns);
	LINE_PUT(&line, "\"");
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
