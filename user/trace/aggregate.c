// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "trace/aggregate.h"

static const uint32_t by_words[BY_COUNT] = {
	[BY_NONE] = 1,	 [BY_COMM] = 4,	 [BY_DADDR] = 4, [BY_TUPLE] = STAT_BY_WORDS,
	[BY_CGROUP] = 2, [BY_NETNS] = 1, [BY_UID] = 1,
};

int aggregate_configure(struct bpf_object *object, struct config *config, uint32_t keys)
{
	struct bpf_map *cells = bpf_object__find_map_by_name(object, "stat_cells");
	struct bpf_map *index = bpf_object__find_map_by_name(object, "stat_index");
	struct bpf_map *names = bpf_object__find_map_by_name(object, "stat_keys");
	uint32_t bytes = by_words[config->by] * (uint32_t)sizeof(__u32);

	if (!cells || !index || !names)
		return -ENOENT;
	config->addresses = config->by == BY_DADDR || config->by == BY_TUPLE || config->filters;
	bpf_map__set_autocreate(cells, config->aggregate);
	bpf_map__set_autocreate(index, config->aggregate && config->by);
	bpf_map__set_autocreate(names, config->aggregate && config->by);
	if (!config->aggregate || !config->by)
		return 0;
	config->key_cells = keys * AGGREGATE_CELLS_PER_KEY;
	if (bpf_map__set_max_entries(cells, STAT_SLOTS + config->key_cells) ||
	    bpf_map__set_max_entries(index, config->key_cells) ||
	    bpf_map__set_max_entries(names, keys) ||
	    bpf_map__set_key_size(index, (uint32_t)sizeof(__u32) + bytes) ||
	    bpf_map__set_key_size(names, bytes))
		return -EINVAL;
	return 0;
}

int aggregate_open(struct aggregate *aggregate, struct bpf_object *object,
		   const struct config *config)
{
	struct bpf_map *cells = bpf_object__find_map_by_name(object, "stat_cells");
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *mapped;

	aggregate->state_fd = bpf_object__find_map_fd_by_name(object, ".data.stat");
	if (!cells || aggregate->state_fd < 0)
		return -ENOENT;
	aggregate->by = config->by;
	aggregate->key_cells = bpf_map__max_entries(cells) - STAT_SLOTS;
	aggregate->bytes = sizeof(struct stat_cell) * bpf_map__max_entries(cells);
	aggregate->bytes = (aggregate->bytes + page - 1) / page * page;
	mapped = mmap(NULL, aggregate->bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
		      bpf_map__fd(cells), 0);
	if (mapped == MAP_FAILED)
		return -errno;
	aggregate->cells = mapped;
	return 0;
}

void aggregate_close(struct aggregate *aggregate)
{
	if (aggregate->cells)
		munmap(aggregate->cells, aggregate->bytes);
	aggregate->cells = NULL;
}

/* The inverse of stat_slot() in bpf/aggregate.h. */
static void slot_decode(uint32_t slot, struct stat_row *row)
{
	static const uint16_t protos[STAT_PROTO_COUNT] = {
		[STAT_TCP] = IPPROTO_TCP,
		[STAT_UDP] = IPPROTO_UDP,
		[STAT_UDPLITE] = IPPROTO_UDPLITE,
		[STAT_DCCP] = IPPROTO_DCCP,
		[STAT_MPTCP] = 262,
		[STAT_PROTO_OTHER] = STAT_ANY_PROTO,
	};
	static const uint16_t errors[STAT_ERROR_COUNT] = {
		[STAT_OK] = 0,
		[STAT_EADDRNOTAVAIL] = EADDRNOTAVAIL,
		[STAT_EADDRINUSE] = EADDRINUSE,
		[STAT_EAGAIN] = EAGAIN,
		[STAT_ENOMEM] = ENOMEM,
		[STAT_ERROR_OTHER] = STAT_ANY_ERROR,
	};
	static const enum known passes[STAT_PASS_COUNT] = {
		[STAT_PASS_FIRST] = KNOWN_NO,
		[STAT_PASS_SECOND] = KNOWN_YES,
		[STAT_PASS_UNKNOWN] = UNKNOWN,
	};
	uint32_t kind = slot / (STAT_PROTO_COUNT * 2 * STAT_ERROR_COUNT);

	row->error = errors[slot % STAT_ERROR_COUNT];
	row->family = slot / STAT_ERROR_COUNT % 2 ? 6 : 4;
	row->proto = protos[slot / STAT_ERROR_COUNT / 2 % STAT_PROTO_COUNT];
	row->path = kind < STAT_PASS_COUNT ? PATH_CONNECT : kind - (STAT_PASS_COUNT - 1);
	row->second_pass = kind < STAT_PASS_COUNT ? passes[kind] : UNKNOWN;
}

static void endpoint_decode(const __u32 words[4], struct endpoint *endpoint)
{
	memcpy(&endpoint->address, words, sizeof(endpoint->address));
	endpoint->known = words[0] || words[1] || words[2] || words[3];
}

static void key_decode(enum stat_by by, const __u32 words[STAT_BY_WORDS], struct stat_who *who)
{
	switch (by) {
	case BY_COMM:
		memcpy(who->comm, words, sizeof(who->comm));
		break;
	case BY_TUPLE:
		endpoint_decode(words + 4, &who->source);
		who->source.known = true; /* the wildcard is a source */
		who->netns = words[8];
		who->dest.port = ntohs((uint16_t)words[9]);
		/* fallthrough */
	case BY_DADDR:
		endpoint_decode(words, &who->dest);
		break;
	case BY_CGROUP:
		who->cgroup_id = words[0] | (uint64_t)words[1] << 32;
		break;
	case BY_NETNS:
		who->netns = words[0];
		break;
	case BY_UID:
		who->uid = words[0];
		break;
	case BY_NONE:
	case BY_COUNT:
		break;
	}
}

static void buckets_read(struct hist *hist, const __u64 *buckets, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		hist->buckets[i] = __atomic_load_n(&buckets[i], __ATOMIC_RELAXED);
		hist->count += hist->buckets[i];
	}
}

/* A value of 0 adds nothing to the sum, but to the first bucket. */
static bool cell_is_empty(const struct stat_cell *cell)
{
	return !__atomic_load_n(&cell->latency_sum, __ATOMIC_ACQUIRE) &&
	       !__atomic_load_n(&cell->latency[0], __ATOMIC_RELAXED);
}

static void cell_read(struct stat_cell *cell, struct stat_row *row)
{
	/* In the opposite order of the programs: what has a known count has a latency too. */
	row->examined.max = __atomic_exchange_n(&cell->examined_max, 0, __ATOMIC_RELAXED);
	row->examined.sum = __atomic_load_n(&cell->examined_sum, __ATOMIC_RELAXED);
	buckets_read(&row->examined, cell->examined, STAT_EXAMINED_BUCKETS);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	row->latency.max = __atomic_exchange_n(&cell->latency_max, 0, __ATOMIC_RELAXED);
	row->latency.sum = __atomic_load_n(&cell->latency_sum, __ATOMIC_RELAXED);
	buckets_read(&row->latency, cell->latency, HIST_BUCKETS);
}

int aggregate_read(const struct aggregate *aggregate, struct stat_table *now)
{
	struct stat_state state;
	uint32_t zero = 0, used;

	if (bpf_map_lookup_elem(aggregate->state_fd, &zero, &state))
		return -errno;
	used = state.next < aggregate->key_cells ? state.next : aggregate->key_cells;
	now->by = aggregate->by;
	for (uint32_t id = 0; id < STAT_SLOTS + used; id++) {
		struct stat_cell *cell = &aggregate->cells[id];
		struct stat_row *row;

		if (cell_is_empty(cell))
			continue;
		row = stat_table_add(now);
		if (!row)
			return -ENOMEM;
		row->id = id;
		row->who.other = aggregate->by != BY_NONE && id < STAT_SLOTS;
		slot_decode(id < STAT_SLOTS ? id : cell->key.slot, row);
		if (id >= STAT_SLOTS)
			key_decode(aggregate->by, cell->key.by, &row->who);
		cell_read(cell, row);
		if (!aggregate->conflicts_known &&
		    (row->path == PATH_BIND || row->path == PATH_LISTEN))
			row->examined = (struct hist){ 0 };
	}
	return 0;
}
