// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <string.h>

#include "render/range_view.h"

enum { COUNT_LEN = 24, LIST_LEN = 400 };

/* "28,232" */
static const char *count_text(char *out, unsigned long number)
{
	char digits[COUNT_LEN];
	int length = snprintf(digits, sizeof(digits), "%lu", number), used = 0;

	for (int i = 0; i < length; i++) {
		if (i && (length - i) % 3 == 0)
			out[used++] = ',';
		out[used++] = digits[i];
	}
	out[used] = '\0';
	return out;
}

static void show_parity(FILE *out, struct port_range range)
{
	const char *low = range.low & 1 ? "odd" : "even", *high = range.high & 1 ? "odd" : "even";
	char count[COUNT_LEN];

	fprintf(out,
		"  knee            %s to one destination; past it connect() searches the %s ports, "
		"and each search is long\n",
		count_text(count, range_knee(range)), range.low & 1 ? "even" : "odd");
	fprintf(out, "  parity          low %s, high %s%s\n", low, high,
		range_same_parity(range) ? ": the kernel asks for different ones" : "");
}

static void show_values(FILE *out, const struct range_settings *settings)
{
	char list[LIST_LEN], count[COUNT_LEN];
	unsigned int reserved = port_set_count(&settings->reserved, settings->range);

	port_set_format(list, sizeof(list), &settings->reserved, settings->range);
	if (reserved)
		fprintf(out, "  reserved        %s ports inside: %s\n", count_text(count, reserved),
			list);
	else
		fputs("  reserved        none inside\n", out);
	if (settings->unprivileged_start >= 0)
		fprintf(out, "  unprivileged    from %d\n", settings->unprivileged_start);
	if (settings->step_width >= 0)
		fprintf(out, "  step width      %ld\n", settings->step_width);
	fprintf(out, "  tcp_tw_reuse    %d%s", settings->tw_reuse,
		settings->tw_reuse == 2 ? " (loopback alone)" : "");
	if (settings->tw_reuse_delay_ms >= 0)
		fprintf(out, ", after %d ms", settings->tw_reuse_delay_ms);
	fputc('\n', out);
}

static void show_inhabitants(FILE *out, const struct netns *netns)
{
	enum { SHOWN = 6 };

	fputs("  lives here      ", out);
	if (!netns->process_count)
		fputs("no process", out);
	for (size_t i = 0; i < netns->process_count && i < SHOWN; i++)
		fprintf(out, "%s%s (%d)", i ? ", " : "", netns->processes[i].comm,
			netns->processes[i].pid);
	if (netns->process_count > SHOWN)
		fprintf(out, " and %zu more", netns->process_count - SHOWN);
	fputc('\n', out);
	if (!netns->container_count)
		return;
	fputs("  containers      ", out);
	for (size_t i = 0; i < netns->container_count && i < SHOWN; i++)
		fprintf(out, "%s%s", i ? ", " : "", netns->containers[i]);
	if (netns->container_count > SHOWN)
		fprintf(out, " and %zu more", netns->container_count - SHOWN);
	fputc('\n', out);
}

static void show_boot(FILE *out, const struct range_view *view)
{
	if (!view->boot) {
		fputs("  at boot         no file reaches it: each namespace starts at 32768-60999\n",
		      out);
		return;
	}
	for (int i = 0; i < BOOT_READERS; i++) {
		const struct boot_result *boot = &view->boot[i];
		char text[RANGE_TEXT_LEN];

		range_format(text, boot->range, RANGE_PLAIN);
		fprintf(out, "  at boot         %s: %s, ", boot_reader_name((enum boot_reader)i),
			text);
		if (*boot->file)
			fprintf(out, "by %s:%u", boot->file, boot->line);
		else
			fputs("the kernel's default, no file sets it", out);
		fputs(range_equal(boot->range, view->settings->range) ? ": agrees\n" :
									": differs from now\n",
		      out);
		if (*boot->refused.text)
			fprintf(out, "                  %s\n", boot->refused.text);
	}
	if (view->netns->init_known && !view->netns->init)
		fputs("                  the files reach the namespace of process 1, and this is another\n",
		      out);
}

void range_text_show(FILE *out, const struct range_view *view)
{
	char label[NETNS_LABEL_LEN], text[RANGE_TEXT_LEN], count[COUNT_LEN];
	struct port_range range = view->settings->range;

	netns_label(label, view->netns, view->host_pids);
	range_format(text, range, RANGE_PLAIN);
	fprintf(out, "%s%s\n  range           %s, %s ports\n", label,
		view->netns->current ? ", the current one" : "", text,
		count_text(count, range_count(range)));
	show_parity(out, range);
	show_values(out, view->settings);
	show_inhabitants(out, view->netns);
	show_boot(out, view);
}

void range_text_change(FILE *out, const struct range_change_view *view)
{
	char label[NETNS_LABEL_LEN], old[RANGE_TEXT_LEN], now[RANGE_TEXT_LEN];

	netns_label(label, view->netns, view->host_pids);
	range_format(old, view->old, RANGE_PLAIN);
	range_format(now, view->now, RANGE_PLAIN);
	fprintf(out, "%s  %s -> %s%s\n", label, old, now, view->planned ? "  (planned)" : "");
}

void range_text_check(FILE *out, const struct check_input *input, const struct check_report *report)
{
	static const char *const levels[] = { "note", "warn", "FAIL" };
	char text[RANGE_TEXT_LEN], count[COUNT_LEN], usable[COUNT_LEN], knee[COUNT_LEN];

	range_format(text, input->range, RANGE_PLAIN);
	fprintf(out, "range %s: %s ports, %s usable, knee at %s\n", text,
		count_text(count, range_count(input->range)), count_text(usable, report->usable),
		count_text(knee, (report->usable + 1) / 2));
	for (size_t i = 0; i < report->count; i++)
		fprintf(out, "%s  %-11s  %s\n", levels[report->items[i].level],
			report->items[i].code, report->items[i].text);
	if (!check_has(report, CHECK_WARN))
		fputs("ok    nothing in it to regret\n", out);
}

void range_text_verify(FILE *out, const struct verify_report *report)
{
	static const char *const outcomes[] = { "ok  ", "FAIL", "skip", "note" };
	int width = 0;

	for (size_t i = 0; i < report->count; i++)
		if ((int)strlen(report->items[i].where) > width)
			width = (int)strlen(report->items[i].where);
	for (size_t i = 0; i < report->count; i++)
		fprintf(out, "%s  %-*s  %s\n", outcomes[report->items[i].outcome], width,
			report->items[i].where, report->items[i].text);
}

static void import_excluded_text(FILE *out, const struct import *import)
{
	struct port_range all = { 1, 65535 };
	char list[LIST_LEN], count[COUNT_LEN];

	port_set_format(list, sizeof(list), &import->excluded, all);
	fprintf(out, "%u excluded ranges, %s ports%s%s\n", import->excluded_blocks,
		count_text(count, port_set_count(&import->excluded, all)), *list ? ": " : "", list);
}

void range_text_import(FILE *out, const struct import *import)
{
	if (import->source == IMPORT_EXCLUDED) {
		import_excluded_text(out, import);
		return;
	}
	for (size_t i = 0; i < import->count; i++) {
		const struct imported_range *item = &import->items[i];
		char text[RANGE_TEXT_LEN], netsh[RANGE_TEXT_LEN], count[COUNT_LEN];

		range_format(text, item->range, RANGE_PLAIN);
		range_format(netsh, item->range, RANGE_NETSH);
		fprintf(out, "%-11s  %6s ports  %-22s  %s%s%s\n", text,
			count_text(count, range_count(item->range)), netsh,
			import_source_name(import->source), *item->label ? " " : "", item->label);
	}
}
