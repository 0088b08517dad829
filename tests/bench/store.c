// SPDX-License-Identifier: GPL-2.0-only
/*
 * How many allocations a second the sink of a recording takes, on one core: allocations made up in
 * memory go through the same calls as live ones, with a flush where the live loop would have one.
 * Prints for each of five runs, and their median, rows per second of wall time and of processor
 * time, the closing of the file included.
 *
 *	store DIRECTORY [ROWS [TUPLES [TASKS]]]
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "store/writer.h"

enum { RUNS = 5, ROWS_PER_FLUSH = 20000 };

struct load {
	uint64_t rows;
	uint32_t tuples, tasks;
};

struct figures {
	double wall, processor; /* rows per second */
	uint64_t bytes;
};

static double seconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* A storm of connects: destinations and threads take turns, some searches are long, some fail. */
static void allocation_make(const struct load *load, uint64_t i, struct allocation *out)
{
	uint32_t random = (uint32_t)(i * 0x9e3779b97f4a7c15u >> 32);
	bool failed = random % 100 == 0;
	uint32_t dest = htonl(0x0a000000u + random % load->tuples);

	memset(out, 0, sizeof(*out));
	out->start_ns = 1000000000000u + 2000 * i;
	out->time_ns = out->start_ns + 1700000000000000000u;
	out->latency_ns = 1000 + random % 40000;
	out->backend = BACKEND_FENTRY;
	out->proto = IPPROTO_TCP;
	out->family = 4;
	out->error = failed ? EADDRNOTAVAIL : 0;
	out->source.port = failed ? 0 : (uint16_t)(32768 + random % 28232);
	out->source.known = out->dest.known = true;
	memset(&out->source.address.s6_addr[10], 0xff, 2);
	memset(&out->dest.address.s6_addr[10], 0xff, 2);
	memcpy(&out->dest.address.s6_addr[12], &dest, sizeof(dest));
	out->dest.port = 80;
	out->low = 32768;
	out->high = 60999;
	out->second_pass = failed || out->source.port % 2;
	out->examined = failed ? 28232 : 1 + random % 500;
	out->refused_tuple = out->refused_timewait = -1;
	out->refused_bound = out->reserved_skipped = -1;
	out->task = (struct task){ .pid = 4211,
				   .tid = 4211 + random % load->tasks,
				   .netns = 4026531840,
				   .cgroup_id = 4321 };
	memcpy(out->task.comm, "wrk", 4);
}

static int stream_all(const struct load *load, struct sink *sink)
{
	struct allocation allocation;
	int error = 0;

	for (uint64_t i = 0; i < load->rows && !error; i++) {
		allocation_make(load, i, &allocation);
		error = sink->allocation(sink, &allocation);
		if (!error && i % ROWS_PER_FLUSH == 0)
			error = sink->flush(sink);
	}
	return error;
}

static int run(const struct load *load, const char *path, struct figures *figures)
{
	__attribute__((cleanup(store_writer__freep))) struct store_writer *writer = NULL;
	struct store_writer_options options = { .meta = { .options = "bench" }, .force = true };
	double wall = seconds(CLOCK_MONOTONIC), processor = seconds(CLOCK_PROCESS_CPUTIME_ID);
	struct reason why;
	struct stat st;
	int error = store_writer__new(path, &options, &writer, &why);

	if (error) {
		fprintf(stderr, "%s\n", why.text);
		return error;
	}
	error = stream_all(load, store_writer__sink(writer));
	error = store_writer__finish(writer, 1, 1, -1) ?: error;
	if (error)
		fprintf(stderr, "%s\n", store_writer__why(writer));
	figures->wall = (double)load->rows / (seconds(CLOCK_MONOTONIC) - wall);
	figures->processor = (double)load->rows / (seconds(CLOCK_PROCESS_CPUTIME_ID) - processor);
	figures->bytes = stat(path, &st) ? 0 : (uint64_t)st.st_size;
	return error;
}

static int by_size(const void *a, const void *b)
{
	double one = *(const double *)a, two = *(const double *)b;

	return (one > two) - (one < two);
}

static uint64_t argument(int argc, char **argv, int index, uint64_t otherwise)
{
	return argc > index ? strtoull(argv[index], NULL, 10) : otherwise;
}

int main(int argc, char **argv)
{
	struct load load = { .rows = argument(argc, argv, 2, 2000000),
			     .tuples = (uint32_t)argument(argc, argv, 3, 16),
			     .tasks = (uint32_t)argument(argc, argv, 4, 64) };
	double wall[RUNS], processor[RUNS];
	struct figures figures;
	char path[4096];

	if (argc < 2 || !load.rows || !load.tuples || !load.tasks) {
		fprintf(stderr, "usage: store DIRECTORY [ROWS [TUPLES [TASKS]]]\n");
		return 2;
	}
	snprintf(path, sizeof(path), "%s/bench.ephemport", argv[1]);
	for (int i = 0; i < RUNS; i++) {
		if (run(&load, path, &figures))
			return 1;
		wall[i] = figures.wall;
		processor[i] = figures.processor;
		printf("%9.0f rows/s of wall time, %9.0f of processor time, %.1f bytes a row\n",
		       figures.wall, figures.processor, (double)figures.bytes / (double)load.rows);
	}
	remove(path);
	qsort(wall, RUNS, sizeof(*wall), by_size);
	qsort(processor, RUNS, sizeof(*processor), by_size);
	printf("%9.0f rows/s of wall time, %9.0f of processor time: medians of %d\n",
	       wall[RUNS / 2], processor[RUNS / 2], RUNS);
	return 0;
}
