/* SPDX-License-Identifier: GPL-2.0-only */
/* Finds, in the text of the running kernel, the instructions that its searches run per candidate.
 */
#ifndef EPHEMPORT_TESTS_TRUTH_FIND_H
#define EPHEMPORT_TESTS_TRUTH_FIND_H

#include <stddef.h>
#include <stdint.h>

/* A function as it lies in memory. */
struct text {
	const char *name;
	uint64_t address;
	size_t size;
	uint8_t *bytes;
};

/* The machine code of function @name: 0, or a negative errno. free() the bytes. */
int text_read(struct text *text, const char *name);

#define FIND_MAX 4

/* Offsets in the function; at most FIND_MAX are given. */
struct found {
	size_t n;
	size_t offset[FIND_MAX];
	/* numbers of the registers that the instruction uses, as x86 encodes them */
	unsigned int base, index;
};

/*
 * Where the bucket of a port is taken from the table: base + (hash << @shift), with base at offset
 * @member of the structure in a register.
 */
void find_bucket(const struct text *text, unsigned int shift, unsigned int member,
		 struct found *found);
/* A test of one bit, of an array on the stack and of one in a register: bt %reg, (memory). */
void find_bit_of_stack(const struct text *text, struct found *found);
void find_bit_of_pointer(const struct text *text, struct found *found);

#endif
