// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "range/sockets.h"
#include "util/cleanup.h"
#include "util/file.h"

enum {
	DIAG_BUFFER = 256 << 10,
	STATE_BOUND_INACTIVE = 13, /* include/net/tcp_states.h, 6.8 */
	DIAG_TIMER_TIMEWAIT = 3, /* idiag_timer, see inet_twsk_diag_fill(), net/ipv4/inet_diag.c */
};

static void *array_grow(void *array, size_t count, size_t size)
{
	return count & (count - 1) ? array : realloc(array, (count ? 2 * count : 1) * size);
}

static int socket_add(struct socket_list *list, const struct inet_diag_msg *message, uint8_t proto)
{
	struct held_socket *items = array_grow(list->items, list->count, sizeof(*items)), *item;

	if (!items)
		return -ENOMEM;
	list->items = items;
	item = &items[list->count++];
	*item = (struct held_socket){
		.proto = proto,
		.family = message->idiag_family,
		.state = message->idiag_state,
		.sport = ntohs(message->id.idiag_sport),
		.dport = ntohs(message->id.idiag_dport),
		.inode = message->idiag_inode,
		.expires_ms =
			message->idiag_timer == DIAG_TIMER_TIMEWAIT ? message->idiag_expires : 0,
	};
	memcpy(&item->saddr, message->id.idiag_src, sizeof(item->saddr));
	memcpy(&item->daddr, message->id.idiag_dst, sizeof(item->daddr));
	return 0;
}

static int diag_ask(int fd, uint8_t family, uint8_t proto)
{
	struct {
		struct nlmsghdr header;
		struct inet_diag_req_v2 request;
	} message = {
		.header = { .nlmsg_len = sizeof(message),
			    .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			    .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		/* All states: also those that later kernels add, as bound-inactive (6.8). */
		.request = { .sdiag_family = family, .sdiag_protocol = proto, .idiag_states = ~0u },
	};

	return send(fd, &message, sizeof(message), 0) < 0 ? -errno : 0;
}

/* One message: 1 where it is the last. */
static int diag_message(struct socket_list *list, struct nlmsghdr *header, uint8_t proto)
{
	int error;

	if (header->nlmsg_type == NLMSG_DONE)
		return 1;
	if (header->nlmsg_type != NLMSG_ERROR)
		return socket_add(list, NLMSG_DATA(header), proto);
	error = ((struct nlmsgerr *)NLMSG_DATA(header))->error;
	/* IPv6 or the protocol is not in this kernel: then there are no sockets. */
	return error == -ENOENT || !error ? 1 : error;
}

/* One datagram of the answer: 1 after the last one. */
static int diag_take(struct socket_list *list, char *buffer, size_t length, uint8_t proto)
{
	size_t at = 0;
	int result = 0;

	while (!result && length - at >= sizeof(struct nlmsghdr)) {
		struct nlmsghdr *header = (struct nlmsghdr *)(buffer + at);

		if (header->nlmsg_len < sizeof(*header) || header->nlmsg_len > length - at)
			return -EPROTO;
		result = diag_message(list, header, proto);
		at += NLMSG_ALIGN(header->nlmsg_len);
		if (at > length)
			at = length;
	}
	return result;
}

static int diag_read(struct socket_list *list, int fd, uint8_t family, uint8_t proto)
{
	CLEANUP_FREE char *buffer = malloc(DIAG_BUFFER);
	int error = buffer ? diag_ask(fd, family, proto) : -ENOMEM;

	while (!error) {
		ssize_t length = recv(fd, buffer, DIAG_BUFFER, 0);

		if (length < 0 && errno != EINTR)
			return -errno;
		if (length > 0)
			error = diag_take(list, buffer, (size_t)length, proto);
	}
	return error < 0 ? error : 0;
}

struct in6_addr held_address(const struct held_socket *held, const struct in6_addr *address)
{
	struct in6_addr mapped = { .s6_addr = { [10] = 0xff, [11] = 0xff } };

	if (held->family == AF_INET6)
		return *address;
	memcpy(&mapped.s6_addr[12], address, 4);
	return mapped;
}

int sockets_read(struct socket_list *list, struct reason *why)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 },
			     protos[] = { IPPROTO_TCP, IPPROTO_UDP };
	CLEANUP_CLOSE int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	int error = fd < 0 ? -errno : 0;

	*list = (struct socket_list){ 0 };
	for (size_t i = 0; i < 4 && !error; i++)
		error = diag_read(list, fd, families[i / 2], protos[i % 2]);
	return error ? reason_set(why, error, "sockets cannot be listed by sock_diag: %s",
				  strerror(-error)) :
		       0;
}

void sockets_add_bound(struct port_set *ports, const struct socket_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct held_socket *held = &list->items[i];

		if (held->proto == IPPROTO_TCP &&
		    (held->state == TCP_LISTEN || held->state == STATE_BOUND_INACTIVE))
			port_set_add(ports, (struct port_range){ held->sport, held->sport });
	}
}

void sockets_free(struct socket_list *list)
{
	free(list->items);
	*list = (struct socket_list){ 0 };
}

static int owner_add(struct owner_list *list, uint32_t inode, pid_t pid, const char *comm)
{
	struct socket_owner *items = array_grow(list->items, list->count, sizeof(*items)), *item;

	if (!items)
		return -ENOMEM;
	list->items = items;
	item = &items[list->count++];
	*item = (struct socket_owner){ .inode = inode, .pid = pid };
	snprintf(item->comm, sizeof(item->comm), "%.*s", (int)strcspn(comm, "\n"), comm);
	return 0;
}

static int owners_of(struct owner_list *list, const char *pid)
{
	CLEANUP_FREE char *comm = NULL;
	char path[64], link[64];
	struct dirent *entry;
	unsigned int inode;
	size_t length;
	int error = 0;

	snprintf(path, sizeof(path), "/proc/%.16s/fd", pid);
	CLEANUP_DIR DIR *dir = opendir(path);

	while (dir && !error && (entry = readdir(dir))) {
		ssize_t size = readlinkat(dirfd(dir), entry->d_name, link, sizeof(link) - 1);

		if (size < 0)
			continue;
		link[size] = '\0';
		if (sscanf(link, "socket:[%u]", &inode) != 1)
			continue;
		snprintf(path, sizeof(path), "/proc/%.16s/comm", pid);
		if (!comm && file_read(path, 4096, &comm, &length))
			return 0; /* gone */
		error = owner_add(list, inode, atoi(pid), comm);
	}
	return error;
}

static int owner_compare(const void *a, const void *b)
{
	const struct socket_owner *first = a, *second = b;

	if (first->inode != second->inode)
		return first->inode < second->inode ? -1 : 1;
	return (first->pid > second->pid) - (first->pid < second->pid);
}

int owners_read(struct owner_list *list)
{
	CLEANUP_DIR DIR *proc = opendir("/proc");
	struct dirent *entry;
	int error = 0;

	*list = (struct owner_list){ 0 };
	while (proc && !error && (entry = readdir(proc)))
		if (isdigit((unsigned char)*entry->d_name))
			error = owners_of(list, entry->d_name);
	if (list->count)
		qsort(list->items, list->count, sizeof(*list->items), owner_compare);
	return error;
}

void owners_free(struct owner_list *list)
{
	free(list->items);
	*list = (struct owner_list){ 0 };
}

const struct socket_owner *owner_find(const struct owner_list *list, uint32_t inode)
{
	size_t low = 0, high = list->count;

	/* The first of several that share it: the oldest, as a rule the parent. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (list->items[middle].inode < inode)
			low = middle + 1;
		else
			high = middle;
	}
	return inode && low < list->count && list->items[low].inode == inode ? &list->items[low] :
									       NULL;
}
