// SPDX-License-Identifier: GPL-2.0-only
/*
 * crowd: what else lives on a busy machine while calls are measured.
 *
 * usage: crowd SOCKETS THREADS NAMESPACES
 *
 * Holds TCP sockets bound to loopback addresses and ports outside the range of tests/bench/calls;
 * has threads that allocate a UDP port every two milliseconds, in turns in every one of the
 * namespaces. Says "ready" when all are there and each namespace has seen an allocation; stays
 * until it is killed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <error.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PORT_FIRST = 2000, PORTS = 20000, TURN_US = 2000 };

struct crowd {
	int *namespaces; /* files of /proc/thread-self/ns/net */
	int namespace_count;
};

struct member {
	const struct crowd *crowd;
	int number, step;
};

static int bind_to(int type, uint32_t address, int port)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(port),
				  .sin_addr.s_addr = htonl(address) };
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (const void *)&to, sizeof(to)))
		error(EXIT_FAILURE, errno, "a socket at port %d", port);
	return fd;
}

static void allocate_in(int namespace)
{
	if (setns(namespace, CLONE_NEWNET))
		error(EXIT_FAILURE, errno, "setns");
	close(bind_to(SOCK_DGRAM, INADDR_ANY, 0));
}

static void *member_run(void *argument)
{
	const struct member *member = argument;
	const struct crowd *crowd = member->crowd;

	for (int turn = member->number;; turn = (turn + member->step) % crowd->namespace_count) {
		allocate_in(crowd->namespaces[turn % crowd->namespace_count]);
		usleep(TURN_US);
	}
	return NULL;
}

static void namespaces_make(struct crowd *crowd, int count)
{
	crowd->namespaces = calloc(count, sizeof(*crowd->namespaces));
	crowd->namespace_count = count;
	for (int i = 0; crowd->namespaces && i < count; i++) {
		if (unshare(CLONE_NEWNET))
			error(EXIT_FAILURE, errno, "a namespace");
		crowd->namespaces[i] = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
		if (crowd->namespaces[i] < 0)
			error(EXIT_FAILURE, errno, "/proc/thread-self/ns/net");
	}
}

int main(int argc, char **argv)
{
	struct rlimit files = { 1 << 20, 1 << 20 };
	int sockets, threads, namespaces;
	struct crowd crowd = { 0 };
	struct member *members;

	if (argc != 4)
		error(2, 0, "usage: crowd SOCKETS THREADS NAMESPACES");
	sockets = atoi(argv[1]);
	threads = atoi(argv[2]);
	namespaces = atoi(argv[3]);
	if (setrlimit(RLIMIT_NOFILE, &files))
		error(EXIT_FAILURE, errno, "the number of files");
	for (int i = 0; i < sockets; i++)
		bind_to(SOCK_STREAM, INADDR_LOOPBACK + (uint32_t)(i / PORTS) * 256,
			PORT_FIRST + i % PORTS);
	namespaces_make(&crowd, namespaces);
	for (int i = 0; i < namespaces; i++)
		allocate_in(crowd.namespaces[i]);
	members = calloc(threads + 1, sizeof(*members));
	for (int i = 0; i < threads; i++) {
		pthread_t thread;

		members[i] = (struct member){ &crowd, i, threads };
		if (pthread_create(&thread, NULL, member_run, &members[i]))
			error(EXIT_FAILURE, errno, "a thread");
	}
	puts("ready");
	fflush(stdout);
	pause();
	return 0;
}
