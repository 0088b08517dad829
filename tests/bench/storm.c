// SPDX-License-Identifier: GPL-2.0-only
/*
 * storm: as many TCP connects as the machine can do, over loopback in a network namespace of its
 * own. Each is reset at once (SO_LINGER 0), so that no port stays in TIME_WAIT. Prints how many a
 * second.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <error.h>
#include <net/if.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { THREADS_MAX = 256, PORT = 30000 };

static atomic_bool over;

struct worker {
	pthread_t thread;
	uint64_t done, failed;
	int port;
};

static int socket_open(void)
{
	struct linger linger = { .l_onoff = 1, .l_linger = 0 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		error(EXIT_FAILURE, errno, "socket");
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	return fd;
}

/* Each thread has a listener: their accept queues would be one more lock. */
static void *worker_run(void *context)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct worker *worker = context;
	int listener = socket_open(), one = 1;

	to.sin_port = htons(worker->port);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(listener, (void *)&to, sizeof(to)) || listen(listener, 16))
		error(EXIT_FAILURE, errno, "listen");
	while (!over) {
		int fd = socket_open(), peer;

		if (connect(fd, (void *)&to, sizeof(to))) {
			worker->failed++;
		} else {
			worker->done++;
			peer = accept(listener, NULL, NULL);
			close(fd);
			close(peer);
			continue;
		}
		close(fd);
	}
	close(listener);
	return NULL;
}

static void loopback_up(void)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_LOOPBACK | IFF_RUNNING };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &lo))
		error(EXIT_FAILURE, errno, "lo");
	close(fd);
}

static double clock_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	static struct worker workers[THREADS_MAX];
	int threads = argc > 1 ? atoi(argv[1]) : 8;
	double seconds = argc > 2 ? atof(argv[2]) : 3, begin, cpu;
	struct rusage usage;
	uint64_t done = 0, failed = 0;

	if (threads < 1 || threads > THREADS_MAX || seconds <= 0)
		error(2, 0, "usage: storm [THREADS [SECONDS]]");
	if (unshare(CLONE_NEWNET))
		error(EXIT_FAILURE, errno, "a network namespace");
	loopback_up();
	begin = clock_seconds();
	for (int i = 0; i < threads; i++) {
		workers[i].port = PORT + i;
		if (pthread_create(&workers[i].thread, NULL, worker_run, &workers[i]))
			error(EXIT_FAILURE, EAGAIN, "thread");
	}
	usleep((useconds_t)(seconds * 1e6));
	over = true;
	for (int i = 0; i < threads; i++) {
		pthread_join(workers[i].thread, NULL);
		done += workers[i].done;
		failed += workers[i].failed;
	}
	getrusage(RUSAGE_SELF, &usage);
	cpu = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	      (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
	printf("{\"connects\":%llu,\"failed\":%llu,\"per_second\":%.0f,"
	       "\"cpu_us\":%.3f}\n",
	       (unsigned long long)done, (unsigned long long)failed,
	       (double)done / (clock_seconds() - begin), cpu * 1e6 / (double)(done + !done));
	return 0;
}
