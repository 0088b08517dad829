/* SPDX-License-Identifier: GPL-2.0-only */
/* The cells of bpf/stat.h: their maps' sizes before load, and their readings after it. */
#ifndef EPHEMPORT_TRACE_AGGREGATE_H
#define EPHEMPORT_TRACE_AGGREGATE_H

#include <bpf/libbpf.h>

#include "config.h"
#include "measure/interval.h"

/* Keys of --by, each with this many cells: paths, errnos and passes that it is seen with. */
enum { AGGREGATE_KEYS_DEFAULT = 256, AGGREGATE_KEYS_MAX = 4096, AGGREGATE_CELLS_PER_KEY = 8 };

struct aggregate {
	enum stat_by by;
	struct stat_cell *cells; /* mapped, written by the kernel meanwhile; NULL: not open */
	size_t bytes;
	uint32_t key_cells;
	bool conflicts_known; /* the programs of GROUP_CONFLICT run */
	int state_fd;	      /* of the map with struct stat_state */
};

/*
 * Before load. Where @config asks for no aggregation, the maps are left out; else it sets the sizes
 * for @keys keys, and in @config the number of cells.
 */
int aggregate_configure(struct bpf_object *object, struct config *config, uint32_t keys);
/* After load. */
int aggregate_open(struct aggregate *aggregate, struct bpf_object *object,
		   const struct config *config);
void aggregate_close(struct aggregate *aggregate);
/*
 * Adds a row to the empty table @now for every cell in use, with all that it counted so far, but
 * max since the last reading. The programs go on counting meanwhile. 0 or a negative errno.
 */
int aggregate_read(const struct aggregate *aggregate, struct stat_table *now);

#endif
