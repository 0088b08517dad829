// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: userspace [RECORDS]
 *
 * What the user-space half manages: records as the kernel side writes them, in memory, through the
 * decoder into the sinks of 'ephemport trace', on one processor. For each kind of output one JSON
 * line: records in a second of processor time, the median and the spread of some runs, and how much
 * memory grew while all of them went by.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "commands/live.h"
#include "measure/summary.h"
#include "render/json.h"
#include "render/text.h"
#include "trace/decode.h"

/* More than the caches of a processor have room for, as the ring is. */
enum { RECORDS = 1 << 16, RUNS = 5, NAMESPACES = 1000 };

#define NETNS_FIRST 4026531840u

static const struct event_search searches[] = {
	[PATH_CONNECT] = { .flags = SEARCH_PERTURB, .perturb_entry = 1000, .perturb_exit = 1002 },
	[PATH_BIND] = { .refused = 3 },
	[PATH_LISTEN] = { .refused = 0 },
	[PATH_AUTOBIND] = { .refused = 0 },
	[PATH_EXPLICIT] = { .refused = 0 },
};

/* The mix: mostly connects, every eighth of them fails; a third IPv6. */
static void record_make(struct event_alloc *event, unsigned int number)
{
	static const __u8 paths[] = { PATH_CONNECT, PATH_CONNECT,  PATH_CONNECT, PATH_CONNECT,
				      PATH_BIND,    PATH_AUTOBIND, PATH_CONNECT, PATH_LISTEN };
	bool six = number % 3 == 0, dest;

	*event = (struct event_alloc){ .type = EVENT_ALLOC, .path = paths[number % 8] };
	dest = event->path == PATH_CONNECT || event->path == PATH_AUTOBIND;
	event->family = six ? AF_INET6 : AF_INET;
	event->flags = dest ? ALLOC_DEST : 0;
	event->proto = event->path == PATH_AUTOBIND ? IPPROTO_UDP : IPPROTO_TCP;
	event->error = number % 64 == 8 ? EADDRNOTAVAIL : 0;
	event->start_ns = 1000000000000 + number * 1234ull;
	event->latency_ns = 400 + (uint64_t)lrand48() % (number % 16 ? 3000 : 300000);
	event->low = 32768;
	event->high = 60999;
	event->sport = event->error ? 0 : (uint16_t)(32768 + lrand48() % 28232);
	event->dport = dest ? htons((uint16_t)(number % 4 ? 443 : lrand48())) : 0;
	inet_pton(six ? AF_INET6 : AF_INET, six ? "2001:db8::1" : "10.20.30.40", event->saddr);
	if (dest)
		inet_pton(six ? AF_INET6 : AF_INET, six ? "2001:db8:0:7::42" : "192.168.1.80",
			  event->daddr);
	event->task = (struct event_task){ .pid = 4000 + number % 9,
					   .tid = 4000 + number % 77,
					   .uid = 1000,
					   .netns = NETNS_FIRST + number % NAMESPACES,
					   .cgroup_id = 5000 + number % 5,
					   .comm = "nginx: worker" };
	event->search = searches[event->path];
	event->search.port_offset = (uint64_t)lrand48() << 32 ^ (uint64_t)lrand48();
}

static double cpu_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static long memory_kb(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss;
}

/* Reserved ports in every second namespace, as the kernel side tells them before allocations. */
static int decoder_make(struct decoder *decoder, const struct stream *stream)
{
	struct event_reserved reserved = { .type = EVENT_RESERVED, .bits = { [600] = 0xff } };
	int error = 0;

	*decoder = (struct decoder){ .backend = BACKEND_FENTRY,
				     .clock_offset_ns = 1700000000000000000,
				     .option_scans_all = true,
				     .start = SEARCH_START_TABLE32,
				     .conflicts_known = true,
				     .timewait_known = true };
	for (unsigned int i = 0; i < NAMESPACES && !error; i += 2) {
		reserved.netns = NETNS_FIRST + i;
		error = decode_record(decoder, &reserved, sizeof(reserved), stream);
	}
	return error;
}

/* Records per second of one run, or a negative errno. */
static double run_once(struct decoder *decoder, const struct event_alloc *records, uint64_t count,
		       const struct stream *stream)
{
	double begin = cpu_seconds();
	int error = 0;

	for (uint64_t i = 0; i < count && !error; i++) {
		error = decode_record(decoder, &records[i % RECORDS], sizeof(*records), stream);
		/* A batch at a time, as the ring is read. */
		if (!error && i % 8192 == 8191)
			error = stream_flush(stream);
	}
	return error ? error : (double)count / (cpu_seconds() - begin);
}

static int by_value(const void *a, const void *b)
{
	return (*(const double *)a > *(const double *)b) -
	       (*(const double *)a < *(const double *)b);
}

static int measure(const char *name, struct sink *output, const struct event_alloc *records,
		   uint64_t count)
{
	struct summary summary = summary_make();
	struct sink *sinks[] = { &summary.sink, output, NULL };
	struct stream stream = { sinks };
	struct decoder decoder;
	double rates[RUNS];
	int error = decoder_make(&decoder, &stream);
	long before = 0;

	for (int i = -1; i < RUNS && !error; i++) {
		double rate = run_once(&decoder, records, i < 0 ? RECORDS : count, &stream);

		if (i < 0)
			before = memory_kb();
		else
			rates[i] = rate;
		error = rate < 0 ? (int)rate : 0;
	}
	decoder_free(&decoder);
	if (error) {
		fprintf(stderr, "userspace: %s: %s\n", name, strerror(-error));
		return error;
	}
	qsort(rates, RUNS, sizeof(*rates), by_value);
	printf("{\"output\":\"%s\",\"records\":%" PRIu64 ",\"per_second\":%.0f,\"least\":%.0f,"
	       "\"most\":%.0f,\"grown_kb\":%ld}\n",
	       name, summary.allocations, rates[RUNS / 2], rates[0], rates[RUNS - 1],
	       memory_kb() - before);
	return 0;
}

int main(int argc, char **argv)
{
	uint64_t count = (argc > 1 ? strtoull(argv[1], NULL, 10) : 10000000) / RUNS;
	struct event_alloc *records = calloc(RECORDS, sizeof(*records));
	FILE *null = fopen("/dev/null", "w");
	struct json_sink json;
	struct text_sink text;

	if (!records || !null || !count) {
		fprintf(stderr, "userspace: %s\n", count ? strerror(errno) : "how many records?");
		return 2;
	}
	setvbuf(null, NULL, _IOFBF, LIVE_STDOUT_BYTES);
	for (unsigned int i = 0; i < RECORDS; i++)
		record_make(&records[i], i);
	json = json_sink_make(null);
	text = text_sink_make(null, false, true, 0);
	if (measure("aggregate", NULL, records, count) ||
	    measure("text", &text.sink, records, count) ||
	    measure("json", &json.sink, records, count))
		return 1;
	free(records);
	fclose(null);
	return 0;
}
