// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "measure/tally.h"

enum { INDEX_FIRST = 256 };

struct tally tally_make(enum stat_by by, uint32_t keys)
{
	return (struct tally){ .by = by, .keys_left = keys, .table = { .by = by } };
}

void tally_free(struct tally *tally)
{
	stat_table_free(&tally->table);
	free(tally->rows.slots);
	free(tally->keys.slots);
	tally->rows = tally->keys = (struct tally_index){ 0 };
}

/* The classes of bpf/stat.h. */
static uint16_t proto_class(uint16_t proto)
{
	switch (proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_DCCP:
	case 262: /* MPTCP */
		return proto;
	default:
		return STAT_ANY_PROTO;
	}
}

static uint16_t error_class(uint16_t error)
{
	switch (error) {
	case 0:
	case EADDRNOTAVAIL:
	case EADDRINUSE:
	case EAGAIN:
	case ENOMEM:
		return error;
	default:
		return STAT_ANY_ERROR;
	}
}

/* As aggregate.c reads it: an address of zeros is none. */
static void dest_fill(struct endpoint *dest, const struct endpoint *from)
{
	if (!from->known)
		return;
	dest->address = from->address;
	dest->known = !IN6_IS_ADDR_UNSPECIFIED(&from->address);
}

/* All that tells a row apart, without its distributions: those are large. */
struct kind {
	enum alloc_path path;
	uint16_t proto, error;
	uint8_t family;
	enum known second_pass;
	struct stat_who who;
};

static struct kind kind_of(enum stat_by by, const struct allocation *allocation)
{
	const struct task *task = &allocation->task;
	struct kind kind = {
		.path = allocation->path,
		.proto = proto_class(allocation->proto),
		.error = error_class(allocation->error),
		.family = allocation->family,
		.second_pass = allocation->path == PATH_CONNECT ? allocation->second_pass : UNKNOWN,
	};
	struct stat_who *who = &kind.who;

	switch (by) {
	case BY_COMM:
		memcpy(who->comm, task->comm, strnlen(task->comm, sizeof(task->comm)));
		break;
	case BY_TUPLE:
		who->source.address = allocation->source.address;
		who->source.known = true; /* the wildcard is a source */
		who->netns = task->netns;
		who->dest.port = allocation->dest.known ? allocation->dest.port : 0;
		/* fallthrough */
	case BY_DADDR:
		dest_fill(&who->dest, &allocation->dest);
		break;
	case BY_CGROUP:
		who->cgroup_id = task->cgroup_id;
		break;
	case BY_NETNS:
		who->netns = task->netns;
		break;
	case BY_UID:
		who->uid = task->uid;
		break;
	case BY_NONE:
	case BY_COUNT:
		break;
	}
	return kind;
}

static uint64_t hash_bytes(uint64_t hash, const void *data, size_t size)
{
	const unsigned char *bytes = data;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ bytes[i]) * 0x100000001b3u;
	return hash;
}

static uint64_t who_hash(const struct stat_who *who)
{
	uint64_t hash = hash_bytes(0xcbf29ce484222325u, who->comm, sizeof(who->comm));

	hash = hash_bytes(hash, &who->source.address, sizeof(who->source.address));
	hash = hash_bytes(hash, &who->dest.address, sizeof(who->dest.address));
	hash = hash_bytes(hash, &who->dest.port, sizeof(who->dest.port));
	hash = hash_bytes(hash, &who->cgroup_id, sizeof(who->cgroup_id));
	hash = hash_bytes(hash, &who->netns, sizeof(who->netns));
	return hash_bytes(hash, &who->uid, sizeof(who->uid));
}

static uint64_t kind_hash(const struct kind *kind)
{
	uint32_t outcome[] = { (uint32_t)kind->path << 16 | kind->proto,
			       (uint32_t)kind->error << 16 | (uint32_t)kind->family << 8 |
				       (uint32_t)(kind->second_pass - UNKNOWN) };

	return hash_bytes(who_hash(&kind->who), outcome, sizeof(outcome));
}

static bool kind_matches(const struct stat_row *row, const struct kind *kind)
{
	return row->path == kind->path && row->proto == kind->proto && row->error == kind->error &&
	       row->family == kind->family && row->second_pass == kind->second_pass &&
	       stat_who_same(&row->who, &kind->who);
}

/* The slot of the row like @kind, or the empty one where it belongs. */
static uint32_t *row_find(const struct tally *tally, const struct kind *kind)
{
	size_t mask = tally->rows.size - 1, at = kind_hash(kind) & mask;

	while (tally->rows.slots[at] &&
	       !kind_matches(&tally->table.rows[tally->rows.slots[at] - 1], kind))
		at = (at + 1) & mask;
	return &tally->rows.slots[at];
}

/* The same of the first row of a key. */
static uint32_t *key_find(const struct tally *tally, const struct stat_who *who)
{
	size_t mask = tally->keys.size - 1, at = who_hash(who) & mask;

	while (tally->keys.slots[at] &&
	       !stat_who_same(&tally->table.rows[tally->keys.slots[at] - 1].who, who))
		at = (at + 1) & mask;
	return &tally->keys.slots[at];
}

static int index_size(struct tally_index *index, size_t size)
{
	free(index->slots);
	index->slots = calloc(size, sizeof(*index->slots));
	index->size = index->slots ? size : 0;
	return index->slots ? 0 : -ENOMEM;
}

/* Makes room for one more row. */
static int tally_grow(struct tally *tally)
{
	size_t size = tally->rows.size ? 2 * tally->rows.size : INDEX_FIRST;

	if (2 * (tally->table.count + 1) <= tally->rows.size)
		return 0;
	if (index_size(&tally->rows, size) || index_size(&tally->keys, size))
		return -ENOMEM;
	for (uint32_t i = 0; i < tally->table.count; i++) {
		const struct stat_row *row = &tally->table.rows[i];
		struct kind kind = { row->path,	  row->proto,	    row->error,
				     row->family, row->second_pass, row->who };
		uint32_t *key = key_find(tally, &row->who);

		*row_find(tally, &kind) = i + 1;
		if (!*key)
			*key = i + 1;
	}
	return 0;
}

/* Whether a row of this key may be made: there is one, or it is one of the first. */
static bool key_admit(struct tally *tally, const struct stat_who *who)
{
	if (!tally->by || who->other || *key_find(tally, who))
		return true;
	if (!tally->keys_left)
		return false;
	tally->keys_left--;
	return true;
}

static struct stat_row *row_make(struct tally *tally, const struct kind *kind)
{
	uint32_t *slot = row_find(tally, kind), *key = key_find(tally, &kind->who);
	struct stat_row *row = stat_table_add(&tally->table);

	if (!row)
		return NULL;
	row->id = (uint32_t)tally->table.count - 1;
	row->path = kind->path;
	row->proto = kind->proto;
	row->error = kind->error;
	row->family = kind->family;
	row->second_pass = kind->second_pass;
	row->who = kind->who;
	*slot = row->id + 1;
	if (!*key)
		*key = row->id + 1;
	return row;
}

static struct stat_row *tally_row(struct tally *tally, struct kind *kind)
{
	uint32_t *slot = row_find(tally, kind);

	if (!*slot && !key_admit(tally, &kind->who)) {
		kind->who = (struct stat_who){ .other = true };
		slot = row_find(tally, kind);
	}
	return *slot ? &tally->table.rows[*slot - 1] : row_make(tally, kind);
}

int tally_add(struct tally *tally, const struct allocation *allocation)
{
	struct kind kind = kind_of(tally->by, allocation);
	struct stat_row *row = tally_grow(tally) ? NULL : tally_row(tally, &kind);

	if (!row)
		return -ENOMEM;
	hist_add(&row->latency, allocation->latency_ns);
	/* An upper bound is no count. */
	if (allocation->examined >= 0 && !(allocation->approx & APPROX_EXAMINED))
		hist_add(&row->examined, (uint64_t)allocation->examined);
	return 0;
}

int tally_take(struct tally *tally, struct stat_table *part)
{
	part->count = 0;
	part->by = tally->by;
	for (size_t i = 0; i < tally->table.count; i++) {
		struct stat_row *from = &tally->table.rows[i], *row;

		if (!from->latency.count)
			continue;
		row = stat_table_add(part);
		if (!row)
			return -ENOMEM;
		*row = *from;
		from->latency = from->examined = (struct hist){ 0 };
	}
	return 0;
}
