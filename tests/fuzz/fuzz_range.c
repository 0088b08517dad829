// SPDX-License-Identifier: GPL-2.0-only
/* libFuzzer: the small parsers. What is formatted from a result parses to the same result. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "range/container.h"
#include "range/netns_scan.h"
#include "range/sysctl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_range(const char *text)
{
	char back[RANGE_TEXT_LEN];
	struct port_range range, again;
	struct reason why = { "" };

	if (range_parse(text, &range, &why)) {
		if (!*why.text)
			abort();
		return;
	}
	if (!range.low || range.low > range.high)
		abort();
	for (int style = RANGE_PLAIN; style <= RANGE_NETSH; style++) {
		range_format(back, range, (enum range_style)style);
		if (range_parse(back, &again, &why) || !range_equal(range, again))
			abort();
	}
}

static void fuzz_port_set(const char *text)
{
	static char list[PORT_COUNT * 6];
	struct port_range all = { 1, 65535 };
	struct port_set set, again;

	if (port_set_parse(text, &set))
		return;
	port_set_format(list, sizeof(list), &set, all);
	set.bits[0] &= ~1ull; /* port 0 is no port to show */
	if (port_set_parse(list, &again) || memcmp(&set, &again, sizeof(set)))
		abort();
	port_set_format(list, 16, &set, all);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct port_range now = { RANGE_DEFAULT_LOW, RANGE_DEFAULT_HIGH }, then;
	char *text = malloc(size + 1), name[32];
	struct reason why;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	fuzz_range(text);
	fuzz_port_set(text);
	if (!sysctl_range_would(text, now, 1024, &then, &why) &&
	    (then.low < 1024 || then.low > then.high))
		abort();
	container_from_cgroup(text, name, sizeof(name));
	mountinfo_netns(text, name, sizeof(name));
	free(text);
	return 0;
}
