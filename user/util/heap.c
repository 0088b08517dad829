// SPDX-License-Identifier: GPL-2.0-only
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "util/heap.h"

enum { LARGE_PAGE = 2 << 20, THRESHOLD = 128 << 10 /* glibc's own */ };

void heap_reserve(size_t bytes)
{
	void *volatile seen; /* else the compiler leaves the pair out */
	char *end;

	mallopt(M_MMAP_THRESHOLD, (int)bytes + LARGE_PAGE);
	mallopt(M_TRIM_THRESHOLD, (int)bytes + LARGE_PAGE);
	/* Not touched, so it costs an address range alone. */
	seen = malloc(bytes);
	free(seen);
	end = sbrk(0);
	end -= (uintptr_t)end % LARGE_PAGE;
	bytes -= bytes % LARGE_PAGE;
	/* As good as it gets: refused, it is slower. */
	(void)!madvise(end - bytes, bytes, MADV_HUGEPAGE);
}

void heap_release(void)
{
	mallopt(M_MMAP_THRESHOLD, THRESHOLD);
	mallopt(M_TRIM_THRESHOLD, THRESHOLD);
	malloc_trim(0);
}
