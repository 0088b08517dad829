/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The search model: what one search for a local port looked at, rebuilt from its inputs.
 *
 * Pure functions: no I/O, no allocation, no state. A decoder calls them for each event, the tests
 * hold them against a literal walk of the kernel's loops, and `plan` uses them to predict.
 * docs/search-model.md tells how each kernel searches and where that can be checked.
 *
 * "Examined" counts looks at a port, the chosen one included. A reserved port costs the search a
 * turn of its loop but is never looked at. A port that is looked at twice counts twice: bind() does
 * so with a range of one port, and in the second round that ip_autobind_reuse gives it.
 */
#ifndef SEARCH_SEARCH_H
#define SEARCH_SEARCH_H

#include <stdbool.h>
#include <stdint.h>

/* The range in force, both ends included; the kernel keeps 1 <= low <= high. */
struct search_range {
	uint16_t low;
	uint16_t high;
	/*
	 * connect() walks every port instead of one parity after the other: the socket has
	 * IP_LOCAL_PORT_RANGE and the kernel is 6.8 or later (207184853dbd). Has no meaning for
	 * bind() and UDP.
	 */
	bool local;
};

/*
 * net.ipv4.ip_local_reserved_ports with running sums, so that "how many in this run" is O(1).
 * One of these (12 KiB) serves every event of a namespace until the sysctl changes. Everywhere
 * below, a null pointer stands for "nothing is reserved".
 */
#define SEARCH_RESERVED_WORDS 1024

struct search_reserved {
	uint64_t bits[SEARCH_RESERVED_WORDS + 1];
	/* below[p][w]: reserved ports of parity p below 64 * w */
	uint16_t below[2][SEARCH_RESERVED_WORDS + 1];
};

void search_reserved_clear(struct search_reserved *reserved);
/* Copies the kernel's bitmap: 65536 bits, port 0 in the lowest bit of the first word. */
void search_reserved_load(struct search_reserved *reserved, const uint64_t *bits);
/* Reserves low to high, both included. */
void search_reserved_add(struct search_reserved *reserved, uint16_t low, uint16_t high);
bool search_reserved_test(const struct search_reserved *reserved, uint16_t port);
/* How many of low, low + step, low + 2 * step ... <= high are reserved; step is 1 or 2. */
uint32_t search_reserved_count(const struct search_reserved *reserved, uint32_t low, uint32_t high,
			       uint32_t step);

enum search_confidence {
	/* examined is 0 and means nothing: report null. */
	SEARCH_UNKNOWN = 0,
	/* examined is at least the truth: report it, with its key in `approx`. */
	SEARCH_AT_MOST,
	SEARCH_EXACT,
};

/* How the search ended, as told by what the kernel's function returned. */
enum search_end {
	SEARCH_FOUND,
	/* connect: -EADDRNOTAVAIL; bind, listen, UDP: any other value than 0. */
	SEARCH_EXHAUSTED,
	/* connect: -ENOMEM and all else. It stopped at a port that nobody recorded. */
	SEARCH_ABORTED,
};

struct search_result {
	uint32_t examined;
	/* Turns of the last pass before the one that ended the search, reserved ports included. */
	uint32_t index;
	enum search_confidence confidence;
	/* connect() only, and where examined is exact: turns that met a reserved port. */
	uint32_t reserved_skipped;
	/*
	 * The search went on to the other parity. Right even where examined is unknown, except
	 * after SEARCH_ABORTED; false for UDP, which has no passes.
	 */
	bool second_pass;
};

/*
 * connect(): __inet_hash_connect()
 */

/* Where the search starts; tell them apart as kernel-facts section 8 says, never by version. */
enum search_start {
	SEARCH_START_HINT,    /* A: one counter for the whole kernel, up to 5.11 */
	SEARCH_START_TABLE32, /* B: table_perturb[256], port_offset is u32, 5.12 to 5.18 */
	SEARCH_START_TABLE64, /* C: table_perturb[2^n], port_offset is u64, 5.19 and stable trees */
};

/*
 * What rivals, other connect() calls on the same slot, can have added to it during the search. The
 * readings alone cannot tell: an addition between ours at entry and the kernel's own makes the
 * predicted index and the gain of the slot too large by the same amount, and they still agree.
 * docs/search-model.md says how the hooks watch for it and what each answer is worth.
 */
enum search_contention {
	SEARCH_CONTENTION_UNKNOWN, /* nobody watched: the readings are the only check */
	SEARCH_CONTENTION_ALONE,   /* nothing was added between the reading at entry and at exit */
	SEARCH_CONTENTION_LATER,   /* something may have been, but after the kernel's reading */
	SEARCH_CONTENTION_SEEN,	   /* something may have been added before the kernel's reading */
};

struct search_connect {
	struct search_range range;
	enum search_start start;
	enum search_end end;
	uint16_t port; /* the chosen one; with SEARCH_FOUND only */
	enum search_contention contention;
	uint64_t port_offset;	/* third argument of __inet_hash_connect() */
	bool perturb_known;	/* false: the two readings below mean nothing */
	uint32_t perturb_entry; /* the slot as near before the kernel's own reading as possible */
	uint32_t perturb_exit;	/* the slot when the function returns */
	/* net.ipv4.ip_local_port_step_width (7.1, 7da62262ec96); 0 where it is off or not there */
	uint32_t step_width;
	bool step_draw_known;
	uint32_t step_draw; /* what __get_random_u32_below(min(width, turns)) returned */
	const struct search_reserved *reserved;
};

/* The slot of table_perturb that a connect() uses; slots is the size of the table (variant C). */
uint32_t search_connect_slot(enum search_start start, uint64_t port_offset, uint32_t slots);

struct search_result search_connect_examined(const struct search_connect *connect);

/*
 * bind() to port 0 and listen() on an unbound socket: inet_csk_find_open_port()
 */

/* Two halves of the range, in two rounds (strict, then relaxed by ip_autobind_reuse). */
#define SEARCH_BIND_DRAWS 4

struct search_bind {
	struct search_range range;
	enum search_end end;
	uint16_t port;
	bool can_reuse; /* sk_reuse is exactly SK_CAN_REUSE (1): halves are tried one by one */
	uint8_t draws;	/* how many of the draws below were taken: one each stage */
	uint32_t draw[SEARCH_BIND_DRAWS];
	const struct search_reserved *reserved;
};

/*
 * The number below which the stage draws its start: what the kernel passes to
 * __get_random_u32_below(). Other users of that function (the slab's freelist shuffling) draw
 * inside the window too; only a draw whose ceiling is this one belongs to the search. 0 when there
 * is no such stage.
 */
uint32_t search_bind_ceiling(struct search_range range, bool can_reuse, uint32_t stage);

struct search_result search_bind_examined(const struct search_bind *bind);

/*
 * The other way, for every kernel: each refused port makes exactly one call that answers
 * "conflict", of inet_csk_bind_conflict() or (6.1 and later) of inet_bhash2_addr_any_conflict();
 * bpf/fentry.bpf.c tells how they are counted.
 * Gives no index, and second_pass only where the search found a port.
 */
struct search_result search_bind_from_conflicts(const struct search_bind *bind, uint32_t conflicts);

/*
 * UDP: udp_lib_get_port()
 *
 * The search goes through hash slots, not ports: it takes a slot's lock, marks the ports that its
 * sockets hold, and walks the 65536 / slots numbers that hash to the slot until one is inside the
 * range, not marked and not reserved. Looked at, hence counted, is each number of that walk that is
 * inside the range and not reserved: the same rule as for connect, where a number outside the range
 * never comes up. So an exhausted slot counts all of its usable ports, the last one those up to the
 * chosen port, and a failed search every usable port of the range, once.
 */
struct search_udp {
	struct search_range range;
	enum search_end end;
	uint16_t port;
	/* SO_REUSEPORT is set: the search may have found a port and failed after (no memory). */
	bool reuseport;
	uint32_t slots; /* size of the hash table, a power of two from 128 to 65536 */
	bool draw_known;
	uint32_t draw;		/* the first get_random_u32() of the call */
	uint32_t slots_visited; /* calls of udp_lib_lport_inuse(); 0 when not counted */
	const struct search_reserved *reserved;
};

struct search_result search_udp_examined(const struct search_udp *udp);

#endif
