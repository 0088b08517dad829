/* SPDX-License-Identifier: GPL-2.0-only */
/* run --record: the recording beside the run. Where it breaks, the run goes on without it. */
#ifndef EPHEMPORT_COMMANDS_RUN_RECORD_H
#define EPHEMPORT_COMMANDS_RUN_RECORD_H

#include "store/writer.h"

struct run_record {
	struct store_writer *writer; /* NULL: none was asked for */
	bool broken;
};

/* NULL where there is none, or none any more. */
struct sink *run_record_sink(const struct run_record *record);
/* To be called where the stream gave an error: true where it was ours, and is told. */
bool run_record_failed(struct run_record *record, int error);
/* Ends it with COMMAND's status. EXIT_DONE, or EXIT_ERROR after a line, also for what broke before.
 */
int run_record_close(struct run_record *record, uint64_t end_mono_ns, int status);

#endif
