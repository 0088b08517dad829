// SPDX-License-Identifier: GPL-2.0-only
/* ephemport stat --from: the allocations of a recording, counted as the kernel counts live ones. */
#include <errno.h>
#include <string.h>

#include "cli/message.h"
#include "commands/stat_from.h"
#include "measure/tally.h"
#include "render/json.h"

struct from_job {
	struct sink sink;
	const struct stat_options *options;
	const struct store_meta *meta;
	struct tally tally;
	struct stat_table part, total;
	struct stat_span span; /* of the interval under way; end_ns: when it ends */
	uint64_t left;	       /* intervals; 0: no limit */
	struct json_sink json; /* of the losses */
	struct sink note;
	struct summary summary; /* of the losses, and at the end of all */
};

static void from_job_free(struct from_job *job)
{
	tally_free(&job->tally);
	stat_table_free(&job->part);
	stat_table_free(&job->total);
}

static uint64_t realtime_of(const struct from_job *job, uint64_t mono_ns)
{
	return mono_ns - job->meta->begin_mono_ns + job->meta->begin_ns;
}

/* Ends the interval at @end_ns. -ECANCELED where it was the last that is wanted. */
static int interval_end(struct from_job *job, uint64_t end_ns)
{
	int error = tally_take(&job->tally, &job->part);

	job->span.end_ns = end_ns;
	job->span.time_ns = realtime_of(job, end_ns);
	if (!error)
		error = stat_table_merge(&job->total, &job->part);
	if (!error && job->options->interval_ns)
		error = stat_print(job->options, &job->part, &job->span);
	if (error)
		return error;
	job->span.begin_ns = end_ns;
	job->span.begin_time_ns = job->span.time_ns;
	job->span.end_ns = end_ns + job->options->interval_ns;
	return job->left && !--job->left ? -ECANCELED : 0;
}

/* An allocation belongs to the interval in which its search ended: then the kernel counts it. */
static int from_allocation(struct sink *sink, const struct allocation *allocation)
{
	struct from_job *job = (struct from_job *)sink;
	uint64_t end_ns = allocation->start_ns + allocation->latency_ns;
	int error = 0;

	while (!error && job->options->interval_ns && end_ns >= job->span.end_ns)
		error = interval_end(job, job->span.end_ns);
	return error ?: tally_add(&job->tally, allocation);
}

/* The rest: intervals in which nothing happened, and the last one, which may be shorter. */
static int from_end(struct from_job *job)
{
	uint64_t end_ns = job->meta->end_mono_ns;
	int error = 0;

	while (!error && job->options->interval_ns && job->span.end_ns < end_ns)
		error = interval_end(job, job->span.end_ns);
	/* What came after the end is in it, too: it was on its way. */
	if (!error)
		error = interval_end(job,
				     end_ns > job->span.begin_ns ? end_ns : job->span.begin_ns);
	return error;
}

static int from_totals(struct from_job *job)
{
	struct stat_span span = job->span;

	span.total = job->options->interval_ns;
	span.end_ns = span.begin_ns;
	span.begin_ns = job->summary.begin_ns = job->meta->begin_mono_ns;
	span.begin_time_ns = job->meta->begin_ns;
	job->summary.end_ns = span.end_ns;
	return stat_totals(job->options, &job->total, &span, &job->summary);
}

static int from_stream(struct from_job *job, const struct from *from)
{
	struct sink *sinks[] = { &job->sink, job->options->json ? &job->json.sink : &job->note,
				 &job->summary.sink, NULL };
	struct stream stream = { sinks };
	int error = store_read(from->reader, &from->filter, &stream);

	if (!error)
		error = from_end(job);
	/* So many intervals were wanted. */
	return error && error != -ECANCELED ? error : from_totals(job);
}

static int from_run(const struct stat_options *options, const struct from *from)
{
	const struct store_meta *meta = store_reader__meta(from->reader);
	__attribute__((cleanup(from_job_free))) struct from_job job = {
		.sink = { .allocation = from_allocation },
		.options = options,
		.meta = meta,
		.tally = tally_make(options->by, (uint32_t)options->keys),
		.part = { .by = options->by },
		.total = { .by = options->by },
		.span = { .begin_ns = meta->begin_mono_ns,
			  .end_ns = meta->begin_mono_ns + options->interval_ns,
			  .begin_time_ns = meta->begin_ns,
			  .backend = meta->backend },
		.left = options->count,
		.json = json_sink_make(stdout),
		.note = stat_loss_note(),
		.summary = summary_make(),
	};
	int error;

	/* Of the rest the losses alone: what is counted is told in tables. */
	job.json.sink.allocation = NULL;
	job.json.sink.range_change = NULL;
	job.json.sink.reserved_change = NULL;
	job.summary.sink = (struct sink){ .loss = job.summary.sink.loss };
	from_note(from);
	error = from_stream(&job, from);
	if (!error || error == -EPIPE)
		return EXIT_DONE;
	message_error("stat: %s", error == -EIO && *store_reader__why(from->reader) ?
					  store_reader__why(from->reader) :
					  strerror(-error));
	return EXIT_ERROR;
}

int stat_from(const struct stat_options *options)
{
	__attribute__((cleanup(from_close))) struct from from = { 0 };
	int status = from_open(options->from, &options->live, "stat", &from);

	return status ?: from_run(options, &from);
}
