// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "measure/tally.h"

/* All that tells a row apart. Compared as bytes: zeroed first. */
struct kind {
	enum alloc_path path;
	uint16_t proto, error;
	uint8_t family;
	enum known second_pass;
	struct stat_who who;
};

struct tally tally_make(enum stat_by by, uint32_t keys)
{
	return (struct tally){ .by = by,
			       .table = { .by = by },
			       .rows = table_make(sizeof(struct kind), sizeof(uint64_t),
						  UINT32_MAX),
			       .keys = table_make(sizeof(struct stat_who), 0, keys) };
}

void tally_free(struct tally *tally)
{
	stat_table_free(&tally->table);
	table_free(&tally->rows);
	table_free(&tally->keys);
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

static void kind_fill(struct kind *kind, enum stat_by by, const struct allocation *allocation)
{
	const struct task *task = &allocation->task;
	struct stat_who *who = &kind->who;

	memset(kind, 0, sizeof(*kind));
	kind->path = allocation->path;
	kind->proto = proto_class(allocation->proto);
	kind->error = error_class(allocation->error);
	kind->family = allocation->family;
	kind->second_pass = allocation->path == PATH_CONNECT ? allocation->second_pass : UNKNOWN;
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
}

static struct stat_row *row_make(struct tally *tally, const struct kind *kind)
{
	struct stat_row *row = stat_table_add(&tally->table);
	uint64_t *number = row ? table_add(&tally->rows, kind) : NULL;

	if (!number)
		return NULL;
	*number = tally->table.count - 1;
	row->id = (uint32_t)*number;
	row->path = kind->path;
	row->proto = kind->proto;
	row->error = kind->error;
	row->family = kind->family;
	row->second_pass = kind->second_pass;
	row->who = kind->who;
	return row;
}

/* The row of this kind, or of the others where its key comes too late; NULL without memory. */
static struct stat_row *tally_row(struct tally *tally, struct kind *kind)
{
	uint64_t *number = table_find(&tally->rows, kind);

	if (!number && tally->by && !table_add(&tally->keys, &kind->who)) {
		if (tally->keys.count < tally->keys.max)
			return NULL;
		memset(&kind->who, 0, sizeof(kind->who));
		kind->who.other = true;
		number = table_find(&tally->rows, kind);
	}
	return number ? &tally->table.rows[*number] : row_make(tally, kind);
}

int tally_add(struct tally *tally, const struct allocation *allocation)
{
	struct stat_row *row;
	struct kind kind;

	kind_fill(&kind, tally->by, allocation);
	row = tally_row(tally, &kind);
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
