// SPDX-License-Identifier: GPL-2.0-only
/* libFuzzer: whatever other systems print, the answer is ranges of ports or a reason. */
#include <stdint.h>
#include <stdlib.h>

#include "range/import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct import import;
	struct reason why = { "" };

	if (import_parse((const char *)data, size, &import, &why)) {
		if (!*why.text)
			abort();
	} else if (import.source != IMPORT_EXCLUDED && !import.count) {
		abort();
	}
	for (size_t i = 0; i < import.count; i++)
		if (!import.items[i].range.low ||
		    import.items[i].range.low > import.items[i].range.high)
			abort();
	import_free(&import);
	return 0;
}
