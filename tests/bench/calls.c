// SPDX-License-Identifier: GPL-2.0-only
/*
 * calls: a fixed load of calls that allocate a source port, each timed by itself.
 *
 * Under QEMU's -icount shift=0 with one processor a nanosecond of the guest is an instruction, so
 * that the figures repeat. One JSON object a line: minimum, median, 90th percentile and mean of one
 * kind of call, in nanoseconds, with nothing subtracted (two readings of the clock are in it).
 *
 * What is random in a search (where it starts) changes how many ports it looks at. With the range
 * empty that is one; in the other fills the median stands for the usual number.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <error.h>
#include <getopt.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	RANGE_LOW = 40000,
	RANGE_PORTS = 1000,
	/* Outside the range, so that they never stand in the way. */
	PORT_CLOSED = 30001,
	PORT_LISTENER = 30002,
	PORT_RECEIVER = 30003,
	CALLS_MAX = 100000,
};

enum fill {
	FILL_EMPTY,
	FILL_60,   /* six ports of ten are held, spread evenly */
	FILL_KNEE, /* all of the low end's parity are held: connect() looks at half the range in
		      vain */
	FILL_COUNT,
};

static const char *const fill_names[FILL_COUNT] = { "empty", "60%", "knee" };

struct address {
	struct sockaddr_storage storage;
	socklen_t length;
};

struct bench {
	int family;
	enum fill fill;
	int listener, receiver;
	int held[2 * RANGE_PORTS];
	int held_count;
	int calls, warmup;
	const char *label;
	uint32_t *samples;
};

/* One kind of call. @call runs and times the call on @fd; @after undoes it, untimed. */
struct load {
	const char *name;
	int type;
	int port;	    /* it asks for: 0 to bind */
	int error;	    /* that is right */
	unsigned int fills; /* 1 << enum fill: where it is worth a figure */
	int (*call)(int fd, const struct address *to);
	void (*after)(const struct bench *bench);
};

static uint64_t clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static struct address address_make(int family, int port)
{
	struct address address = { .length = sizeof(struct sockaddr_in) };
	struct sockaddr_in *in = (void *)&address.storage;
	struct sockaddr_in6 *in6 = (void *)&address.storage;

	if (family == AF_INET) {
		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	} else {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(port);
		in6->sin6_addr = in6addr_loopback;
		address.length = sizeof(*in6);
	}
	return address;
}

static int call_connect(int fd, const struct address *to)
{
	return connect(fd, (const void *)&to->storage, to->length);
}

static int call_bind(int fd, const struct address *to)
{
	return bind(fd, (const void *)&to->storage, to->length);
}

static int call_send(int fd, const struct address *to)
{
	return sendto(fd, "", 1, 0, (const void *)&to->storage, to->length) == 1 ? 0 : -1;
}

static void after_accept(const struct bench *bench)
{
	int fd = accept(bench->listener, NULL, NULL);

	if (fd >= 0)
		close(fd);
}

static void after_send(const struct bench *bench)
{
	char byte;

	while (recv(bench->receiver, &byte, 1, MSG_DONTWAIT) == 1)
		;
}

#define FILLS (1u << FILL_EMPTY | 1u << FILL_60)

static const struct load loads[] = {
	{ "tcp-connect-refused", SOCK_STREAM, PORT_CLOSED, ECONNREFUSED, FILLS, call_connect,
	  NULL },
	{ "tcp-connect", SOCK_STREAM, PORT_LISTENER, 0, FILLS | 1u << FILL_KNEE, call_connect,
	  after_accept },
	{ "tcp-bind", SOCK_STREAM, 0, 0, FILLS, call_bind, NULL },
	{ "udp-bind", SOCK_DGRAM, 0, 0, FILLS, call_bind, NULL },
	{ "udp-connect", SOCK_DGRAM, PORT_RECEIVER, 0, FILLS, call_connect, NULL },
	{ "udp-send", SOCK_DGRAM, PORT_RECEIVER, 0, FILLS, call_send, after_send },
	{ 0 },
};

static int socket_open(int family, int type)
{
	/* No TIME_WAIT: the range would fill up with what was measured. */
	struct linger linger = { .l_onoff = 1, .l_linger = 0 };
	int fd = socket(family, type | SOCK_CLOEXEC, 0);

	if (fd < 0)
		error(EXIT_FAILURE, errno, "socket");
	if (type == SOCK_STREAM)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	return fd;
}

static int socket_bound(int family, int type, int port)
{
	struct address address = address_make(family, port);
	int fd = socket_open(family, type);

	if (bind(fd, (const void *)&address.storage, address.length))
		error(EXIT_FAILURE, errno, "bind to %d", port);
	return fd;
}

/* Connections to the listener on every port of the low end's parity: connect() takes those first.
 */
static void range_fill_knee(struct bench *bench)
{
	struct address to = address_make(bench->family, PORT_LISTENER);

	for (int i = 0; i < RANGE_PORTS / 2; i++) {
		int fd = socket_open(bench->family, SOCK_STREAM), peer;

		if (call_connect(fd, &to))
			error(EXIT_FAILURE, errno, "connect");
		peer = accept(bench->listener, NULL, NULL);
		if (peer < 0)
			error(EXIT_FAILURE, errno, "accept");
		/* The connecting end is closed first, and resets the other. */
		bench->held[bench->held_count++] = peer;
		bench->held[bench->held_count++] = fd;
	}
}

static void range_fill_60(struct bench *bench)
{
	for (int offset = 0; offset < RANGE_PORTS; offset++) {
		/* 7919 is prime to 1000: an even spread over both parities, the same in each run.
		 */
		if (offset * 7919 % RANGE_PORTS >= RANGE_PORTS * 6 / 10)
			continue;
		for (int type = SOCK_STREAM; type <= SOCK_DGRAM; type++)
			bench->held[bench->held_count++] =
				socket_bound(bench->family, type, RANGE_LOW + offset);
	}
}

static void range_empty(struct bench *bench)
{
	while (bench->held_count)
		close(bench->held[--bench->held_count]);
}

static int sample_compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static void samples_print(const struct bench *bench, const struct load *load)
{
	uint64_t sum = 0;
	int n = bench->calls;

	qsort(bench->samples, n, sizeof(*bench->samples), sample_compare);
	for (int i = 0; i < n; i++)
		sum += bench->samples[i];
	printf("{\"tracer\":\"%s\",\"load\":\"%s\",\"family\":%d,\"fill\":\"%s\",\"calls\":%d,"
	       "\"min\":%u,\"p50\":%u,\"p90\":%u,\"mean\":%llu}\n",
	       bench->label, load->name, bench->family == AF_INET ? 4 : 6, fill_names[bench->fill],
	       n, bench->samples[0], bench->samples[n / 2], bench->samples[n * 9 / 10],
	       (unsigned long long)(sum / n));
	fflush(stdout);
}

static void load_run(const struct bench *bench, const struct load *load)
{
	struct address to = address_make(bench->family, load->port);

	for (int i = -bench->warmup; i < bench->calls; i++) {
		int fd = socket_open(bench->family, load->type), result;
		uint64_t begin, end;

		errno = 0;
		begin = clock_ns();
		result = load->call(fd, &to);
		end = clock_ns();
		if (errno != load->error || (result && !errno))
			error(EXIT_FAILURE, errno, "%s: not the outcome expected", load->name);
		if (i >= 0)
			bench->samples[i] = end - begin;
		if (load->after)
			load->after(bench);
		close(fd);
	}
	samples_print(bench, load);
}

/* A namespace of our own: lo up, and a small range, so that 60 % of it are few sockets. */
static void namespace_enter(void)
{
	struct rlimit files;
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_LOOPBACK | IFF_RUNNING };
	FILE *range;
	int fd;

	if (unshare(CLONE_NEWNET))
		error(EXIT_FAILURE, errno, "a network namespace");
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &lo))
		error(EXIT_FAILURE, errno, "lo");
	close(fd);
	range = fopen("/proc/sys/net/ipv4/ip_local_port_range", "w");
	if (!range || fprintf(range, "%d %d\n", RANGE_LOW, RANGE_LOW + RANGE_PORTS - 1) < 0 ||
	    fclose(range))
		error(EXIT_FAILURE, errno, "ip_local_port_range");
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &files))
		error(EXIT_FAILURE, errno, "the number of files");
}

static bool load_wanted(const struct load *load, char *const *names)
{
	if (!*names)
		return true;
	for (; *names; names++)
		if (!strcmp(load->name, *names))
			return true;
	return false;
}

static void bench_run(struct bench *bench, char *const *names)
{
	bench->listener = socket_bound(bench->family, SOCK_STREAM, PORT_LISTENER);
	if (listen(bench->listener, 16))
		error(EXIT_FAILURE, errno, "listen");
	bench->receiver = socket_bound(bench->family, SOCK_DGRAM, PORT_RECEIVER);
	if (bench->fill == FILL_60)
		range_fill_60(bench);
	else if (bench->fill == FILL_KNEE)
		range_fill_knee(bench);
	for (const struct load *load = loads; load->name; load++)
		if ((load->fills & (1u << bench->fill)) && load_wanted(load, names))
			load_run(bench, load);
	range_empty(bench);
	close(bench->listener);
	close(bench->receiver);
}

static __attribute__((noreturn)) void usage(int status)
{
	fprintf(status ? stderr : stdout,
		"usage: calls [-46] [-n CALLS] [-w WARMUP] [-f FILL]... [-l LABEL] [LOAD...]\n\n"
		"Times calls that allocate a port, in a network namespace of its own. LOADs:\n ");
	for (const struct load *load = loads; load->name; load++)
		fprintf(status ? stderr : stdout, " %s", load->name);
	fprintf(status ? stderr : stdout, "\nFILLs of the range: empty 60%% knee\n");
	exit(status);
}

static unsigned int fill_parse(const char *name)
{
	for (int fill = 0; fill < FILL_COUNT; fill++)
		if (!strcmp(name, fill_names[fill]))
			return 1u << fill;
	usage(2);
}

static int calls_parse(const char *text, int min)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (*end || end == text || value < min || value > CALLS_MAX)
		usage(2);
	return (int)value;
}

int main(int argc, char **argv)
{
	struct bench bench = { .calls = 1000, .warmup = 200, .label = "off" };
	bool want[2] = { true, true };
	unsigned int fills = 0;
	int option;

	while ((option = getopt(argc, argv, "46n:w:f:l:h")) >= 0)
		switch (option) {
		case '4':
		case '6':
			want[option == '4'] = false;
			break;
		case 'n':
			bench.calls = calls_parse(optarg, 1);
			break;
		case 'w':
			bench.warmup = calls_parse(optarg, 0);
			break;
		case 'f':
			fills |= fill_parse(optarg);
			break;
		case 'l':
			bench.label = optarg;
			break;
		default:
			usage(option == 'h' ? 0 : 2);
		}
	bench.samples = calloc(bench.calls, sizeof(*bench.samples));
	if (!bench.samples)
		error(EXIT_FAILURE, errno, "memory");
	namespace_enter();
	for (int six = 0; six < 2; six++)
		for (int fill = 0; fill < FILL_COUNT; fill++) {
			if (!want[six] || (fills && !(fills & (1u << fill))))
				continue;
			bench.family = six ? AF_INET6 : AF_INET;
			bench.fill = fill;
			bench_run(&bench, argv + optind);
		}
	return 0;
}
