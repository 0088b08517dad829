// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "render/figures.h"
#include "render/format.h"
#include "render/run.h"

static void print_gates(FILE *out, const struct run_report *report)
{
	static const char *const outcomes[] = {
		[GATE_PASSED] = "passed",
		[GATE_FAILED] = "failed",
		[GATE_UNKNOWN] = "unknown",
	};

	fputs(",\"gates\":[", out);
	for (size_t i = 0; i < report->gates->count; i++) {
		const struct gate_result *result = &report->results[i];

		fprintf(out, "%s{\"expression\":", i ? "," : "");
		json_print_string(out, report->gates->items[i].text);
		fprintf(out, ",\"outcome\":\"%s\",\"value\":", outcomes[result->outcome]);
		if (result->value.state == FIGURE_KNOWN)
			fprintf(out, "%.15g}", result->value.number);
		else
			fputs("null}", out);
	}
	fputc(']', out);
}

static void print_tally(FILE *out, const struct run_tally *tally)
{
	fprintf(out,
		"\"allocations\":%" PRIu64 ",\"errors\":%" PRIu64 ",\"second_pass\":%" PRIu64
		",\"latency_total_ns\":%" PRIu64 "}",
		tally->allocations, tally->failed, tally->second_pass, tally->latency_ns);
}

static void print_tuples(FILE *out, const struct run_report *report)
{
	char address[FORMAT_ADDRESS_LEN], proto[16];

	fputs(",\"top_tuples\":[", out);
	for (size_t i = 0; i < report->tuple_count; i++) {
		const struct run_tuple *tuple = report->tuples[i].tuple;

		format_address(address, &tuple->saddr, tuple->family);
		fprintf(out,
			"%s{\"netns\":%" PRIu32 ",\"proto\":\"%s\",\"family\":%u,\"saddr\":\"%s\"",
			i ? "," : "", tuple->netns, proto_name(tuple->proto, proto), tuple->family,
			address);
		format_address(address, &tuple->daddr, tuple->family);
		if (tuple->dest_known)
			fprintf(out, ",\"daddr\":\"%s\",\"dport\":%u,", address, tuple->dport);
		else
			fputs(",\"daddr\":null,\"dport\":null,", out);
		print_tally(out, report->tuples[i].tally);
	}
	fputc(']', out);
}

static void print_comms(FILE *out, const struct run_report *report)
{
	char comm[FORMAT_JSON_COMM_LEN];

	fputs(",\"top_comms\":[", out);
	for (size_t i = 0; i < report->comm_count; i++) {
		format_json_comm(comm, report->comms[i].comm);
		fprintf(out, "%s{\"comm\":%s,", i ? "," : "", comm);
		print_tally(out, report->comms[i].tally);
	}
	fputc(']', out);
}

int run_print_json(FILE *out, const struct run_report *report)
{
	char time[FORMAT_TIME_LEN], verdict[RUN_VERDICT_LEN];

	format_rfc3339(time, report->begin_ns);
	run_format_verdict(verdict, report->figures);
	fprintf(out, "{\"type\":\"run\",\"time\":\"%s\",\"command\":[", time);
	for (size_t i = 0; report->command[i]; i++) {
		fputs(i ? "," : "", out);
		json_print_string(out, report->command[i]);
	}
	fprintf(out, "],\"status\":%d,\"traced\":%s,\"verdict\":", report->status,
		report->traced ? "true" : "false");
	json_print_string(out, verdict);
	print_gates(out, report);
	fputc(',', out);
	figures_print_json(out, report->figures);
	print_tuples(out, report);
	print_comms(out, report);
	fputs("}\n", out);
	return fflush(out) ? -errno : 0;
}
