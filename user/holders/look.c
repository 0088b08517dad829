// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "holders/look.h"
#include "range/netns.h"
#include "range/sockets.h"
#include "range/sysctl.h"
#include "util/cleanup.h"
#include "util/clock.h"

enum {
	LOOK_INTERVAL_NS = 50000000,
	LOOK_SHARE = 50, /* one part in so many of the time */
};

static int look_allocation(struct sink *sink, const struct allocation *allocation)
{
	struct looker *looker = (struct looker *)sink;
	uint32_t inode = allocation->task.netns;
	size_t i;

	/* The latest first: as a rule there is but one. */
	for (i = looker->count; i && looker->netns[i - 1].inode != inode; i--)
		;
	if (i) {
		looker->netns[i - 1].pid = allocation->task.pid;
	} else if (looker->count < RUN_LISTS_MAX) {
		looker->netns[looker->count++] = (struct look_netns){ inode, allocation->task.pid };
	} else {
		looker->overflow = true;
	}
	return 0;
}

struct looker looker_make(struct run_measure *measure)
{
	return (struct looker){ .sink = { .allocation = look_allocation }, .measure = measure };
}

/* The namespace behind @path, opened, where its number is still @inode; else -1. */
static int look_open(const char *path, uint32_t inode)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || (!fstat(fd, &st) && st.st_ino == inode))
		return fd;
	close(fd);
	return -1;
}

static int look_open_netns(const struct look_netns *netns)
{
	char path[64];
	int fd = look_open("/proc/self/ns/net", netns->inode);

	if (fd >= 0)
		return fd;
	/* Where our /proc numbers processes otherwise, the inode tells. */
	snprintf(path, sizeof(path), "/proc/%u/ns/net", netns->pid);
	return look_open(path, netns->inode);
}

/* -1 with *@gone where nothing that can be found keeps it: then it has no sockets either. */
static int look_search_netns(const struct look_netns *netns, bool *gone)
{
	struct netns_list list;
	int fd = -1;

	*gone = !netns_survey(&list) && !list.hidden;
	for (size_t i = 0; i < list.count && fd < 0; i++) {
		if (list.items[i].inode != netns->inode)
			continue;
		*gone = false;
		fd = look_open(list.items[i].path, netns->inode);
	}
	netns_list_free(&list);
	return fd;
}

struct look_call {
	struct run_measure *measure;
	uint32_t inode;
};

static void look_socket(const struct look_call *call, const struct held_socket *held)
{
	struct run_socket socket = {
		.sport = held->sport,
		.time_wait = held->state == TCP_TIME_WAIT || held->expires_ms,
		.clean_ns = (uint64_t)held->expires_ms * 1000000,
	};

	if (!held->dport)
		return;
	memset(&socket.tuple, 0, sizeof(socket.tuple));
	socket.tuple.saddr = held_address(held, &held->saddr);
	socket.tuple.daddr = held_address(held, &held->daddr);
	socket.tuple.netns = call->inode;
	socket.tuple.proto = held->proto;
	socket.tuple.dport = held->dport;
	socket.tuple.family = IN6_IS_ADDR_V4MAPPED(&socket.tuple.daddr) ? 4 : 6;
	socket.tuple.dest_known = 1;
	run_look_socket(call->measure, &socket);
}

/* In a thread that is in the namespace; the caller waits for it. */
static int look_inside(void *arg)
{
	const struct look_call *call = arg;
	struct range_settings settings;
	struct socket_list sockets = { 0 };
	struct reason why;
	int error = settings_read(&settings, &why);

	if (!error)
		error = sockets_read(&sockets, &why);
	if (!error) {
		sockets_add_bound(&settings.reserved, &sockets);
		run_look_netns(call->measure, call->inode, &settings.reserved);
	}
	for (size_t i = 0; i < sockets.count && !error; i++)
		if (sockets.items[i].proto == IPPROTO_TCP)
			look_socket(call, &sockets.items[i]);
	sockets_free(&sockets);
	return error;
}

/* Whether all was seen that there is. */
static bool look_at(const struct looker *looker, const struct look_netns *known, bool last)
{
	struct look_call call = { looker->measure, known->inode };
	bool gone = false;
	CLEANUP_CLOSE int fd = look_open_netns(known);
	struct netns netns = { .inode = known->inode, .path = "the namespace" };
	struct reason why;

	if (fd < 0 && last)
		fd = look_search_netns(known, &gone);
	if (fd < 0)
		return gone;
	netns.fd = fd;
	return !netns_run(&netns, look_inside, &call, &why);
}

static void look(struct looker *looker, bool last)
{
	bool complete = !looker->overflow;

	if (!looker->count)
		return;
	run_look_begin(looker->measure);
	for (size_t i = 0; i < looker->count; i++)
		complete &= look_at(looker, &looker->netns[i], last);
	run_look_end(looker->measure, complete);
}

void looker_poll(struct looker *looker, uint64_t now_ns)
{
	uint64_t took;

	if (now_ns < looker->next_ns || looker->seen == looker->measure->allocations)
		return;
	looker->seen = looker->measure->allocations;
	look(looker, false);
	took = clock_ns(CLOCK_MONOTONIC) - now_ns;
	looker->next_ns = now_ns + LOOK_SHARE * took;
	if (looker->next_ns < now_ns + LOOK_INTERVAL_NS)
		looker->next_ns = now_ns + LOOK_INTERVAL_NS;
}

void looker_finish(struct looker *looker)
{
	look(looker, true);
}
