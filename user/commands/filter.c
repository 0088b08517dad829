// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/message.h"
#include "commands/filter.h"
#include "trace/cgroup.h"

#define FIELD(name) offsetof(struct filter_options, name)

const struct option_spec filter_specs[FILTER_SPEC_COUNT] = {
	{ "pid", 'p', "PID", "only allocations of this process", parse_uint, FIELD(pid), 1,
	  UINT32_MAX, 0, 0 },
	{ "uid", 'u', "UID", "only of this numeric user id", parse_uint, FIELD(uid), 0,
	  UINT32_MAX - 1, 0, 0 },
	{ "comm", 0, "NAME", "only of tasks of this name (at most 15 characters)", parse_string,
	  FIELD(comm), 0, 0, 0, 0 },
	{ "cgroup", 0, "PATH", "only of tasks in this cgroup v2 directory or below it",
	  parse_string, FIELD(cgroup), 0, 0, 0, 0 },
	{ "netns", 0, "PID|PATH|all",
	  "only in the network namespace of this process or file, or of this inode number (as "
	  "trace shows it); all of them by default",
	  parse_string, FIELD(netns), 0, 0, 0, 0 },
	{ "ipv4", '4', NULL, "only IPv4, v4-mapped IPv6 sockets included", parse_flag_bits,
	  FIELD(families), 0, 0, 0, 1 },
	{ "ipv6", '6', NULL, "only IPv6", parse_flag_bits, FIELD(families), 0, 0, 0, 2 },
	{ "proto", 0, "NAME[,NAME]...", "only these protocols: tcp, udp, udplite, dccp",
	  parse_string, FIELD(proto), 0, 0, 0, 0 },
	{ "path", 0, "NAME[,NAME]...",
	  "only these paths: connect, bind, listen, autobind, explicit", parse_string, FIELD(path),
	  0, 0, 0, 0 },
	{ "daddr", 0, "ADDRESS[/BITS]",
	  "only to this destination; what has no destination yet is left out", parse_string,
	  FIELD(daddr), 0, 0, 0, 0 },
	{ "dport", 0, "PORT", "only to this destination port", parse_uint, FIELD(dport), 1, 65535,
	  0, 0 },
	{ "failed", 'x', NULL, "only failures", parse_flag, FIELD(failed), 0, 0, 0, 0 },
	{ "slower-than", 0, "DURATION", "only searches that took at least this long",
	  parse_duration, FIELD(slower_than_ns), 0, 0, 0, 0 },
	{ "explicit", 0, NULL, "also binds to a port inside the range that the caller named",
	  parse_flag, FIELD(show_explicit), 0, 0, 0, 0 },
};

/* Calls @add for each name of a comma list. Returns the first name that @add refuses, or NULL. */
static const char *list_parse(const char *list, int (*add)(struct config *, const char *),
			      struct config *config, char name[32])
{
	while (*list) {
		size_t length = strcspn(list, ",");

		snprintf(name, 32, "%.*s", (int)length, list);
		if (length >= 32 || add(config, name))
			return name;
		list += length + (list[length] == ',');
	}
	return NULL;
}

static int proto_add(struct config *config, const char *name)
{
	int proto = proto_find(name);

	if (proto < 0 || proto >= 256 || proto == IPPROTO_SCTP)
		return -EINVAL;
	config->protos[proto / 64] |= 1ULL << (proto % 64);
	return 0;
}

static int path_add(struct config *config, const char *name)
{
	int path = path_find(name);

	if (path < 0)
		return -EINVAL;
	config->paths |= 1u << path;
	return 0;
}

static int netns_inode(const char *netns, uint32_t *inode)
{
	char path[64];
	struct stat st;
	uint64_t number;

	if (!uint_parse(netns, UINT32_MAX, &number)) {
		/* Above all process ids are the inodes of namespaces, as trace shows them. */
		if (number > INT32_MAX) {
			*inode = (uint32_t)number;
			return 0;
		}
		snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)number);
		netns = path;
	}
	if (stat(netns, &st))
		return -errno;
	*inode = (uint32_t)st.st_ino;
	return 0;
}

static int daddr_parse(const char *text, struct config *config)
{
	char address[64];
	const char *slash = strchr(text, '/');
	struct in_addr v4;
	struct in6_addr v6;
	uint64_t bits, most;

	snprintf(address, sizeof(address), "%.*s", (int)(slash ? slash - text : (long)strlen(text)),
		 text);
	if (inet_pton(AF_INET, address, &v4) == 1) {
		memset(&v6, 0, 10);
		memset(&v6.s6_addr[10], 0xff, 2);
		memcpy(&v6.s6_addr[12], &v4, 4);
		most = 32;
	} else if (inet_pton(AF_INET6, address, &v6) == 1) {
		most = 128;
	} else {
		return -EINVAL;
	}
	bits = most;
	if (slash && uint_parse(slash + 1, most, &bits))
		return -EINVAL;
	bits += 128 - most; /* of the mapped prefix */
	for (int i = 0; i < 4; i++) {
		int here = bits >= 32u * (i + 1u) ? 32 :
			   bits <= 32u * i	  ? 0 :
						    (int)(bits - 32u * i);
		uint32_t word;

		memcpy(&word, &v6.s6_addr[4 * i], sizeof(word));
		config->daddr_mask[i] = here ? htonl(~0u << (32 - here)) : 0;
		config->daddr[i] = word & config->daddr_mask[i];
	}
	return 0;
}

static int filter_task(const struct filter_options *options, const char *command,
		       struct config *config)
{
	uint64_t cgroup_id = 0;
	int error;

	if (options->pid != UINT64_MAX) {
		config->filters |= FILTER_PID;
		config->pid = (uint32_t)options->pid;
	}
	if (options->uid != UINT64_MAX) {
		config->filters |= FILTER_UID;
		config->uid = (uint32_t)options->uid;
	}
	if (options->comm) {
		config->filters |= FILTER_COMM;
		if (strlen(options->comm) >= sizeof(config->comm)) {
			message_error(
				"%s: --comm: '%s' is too long: the kernel keeps 15 characters",
				command, options->comm);
			return EXIT_USAGE;
		}
		memcpy(config->comm, options->comm, strlen(options->comm));
	}
	if (options->cgroup) {
		config->filters |= FILTER_CGROUP;
		error = cgroup_identify(options->cgroup, &cgroup_id, &config->cgroup_level);
		config->cgroup_id = cgroup_id;
		if (error) {
			message_error("%s: --cgroup: '%s' is no directory of a cgroup v2 mount: %s",
				      command, options->cgroup, strerror(-error));
			return EXIT_USAGE;
		}
	}
	if (options->netns && strcmp(options->netns, "all")) {
		config->filters |= FILTER_NETNS;
		error = netns_inode(options->netns, &config->netns);
		if (error) {
			message_error("%s: --netns: '%s' is neither 'all', nor a process, nor a "
				      "namespace file: %s",
				      command, options->netns, strerror(-error));
			return EXIT_USAGE;
		}
	}
	return EXIT_DONE;
}

static int filter_traffic(const struct filter_options *options, const char *command,
			  struct config *config)
{
	if (options->families == 1 || options->families == 2) {
		config->filters |= FILTER_FAMILY;
		config->family = options->families == 1 ? 4 : 6;
	}
	if (options->dport) {
		config->filters |= FILTER_DPORT;
		config->dport = htons((uint16_t)options->dport);
	}
	if (options->daddr) {
		config->filters |= FILTER_DADDR;
		if (daddr_parse(options->daddr, config)) {
			message_error("%s: --daddr: '%s' is no address: use 10.0.0.1, 10.0.0.0/8, "
				      "::1 or fd00::/8",
				      command, options->daddr);
			return EXIT_USAGE;
		}
		if ((options->families == 1 && strchr(options->daddr, ':')) ||
		    (options->families == 2 && !strchr(options->daddr, ':'))) {
			message_error("%s: --daddr %s and -%d leave nothing to show", command,
				      options->daddr, options->families == 1 ? 4 : 6);
			return EXIT_USAGE;
		}
	}
	if (options->failed)
		config->filters |= FILTER_FAILED;
	if (options->slower_than_ns) {
		config->filters |= FILTER_SLOWER;
		config->slower_than_ns = options->slower_than_ns;
	}
	return EXIT_DONE;
}

int filter_apply(const struct filter_options *options, const char *command, struct config *config)
{
	char name[32];
	int status;

	memset(config, 0, sizeof(*config));
	if (options->proto) {
		config->filters |= FILTER_PROTO;
		if (list_parse(options->proto, proto_add, config, name)) {
			message_error("%s: --proto: '%s' is none of tcp, udp, udplite, dccp",
				      command, name);
			return EXIT_USAGE;
		}
	}
	if (options->path && list_parse(options->path, path_add, config, name)) {
		message_error(
			"%s: --path: '%s' is none of connect, bind, listen, autobind, explicit",
			command, name);
		return EXIT_USAGE;
	}
	if (!config->paths)
		config->paths = ((1u << PATH_COUNT) - 1) & ~(1u << PATH_EXPLICIT);
	if (options->show_explicit)
		config->paths |= 1u << PATH_EXPLICIT;
	status = filter_task(options, command, config);
	return status ? status : filter_traffic(options, command, config);
}
