// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "find.h"

#define TEXT_MAX 16384 /* no function that we look for comes near */

/* The function's address and that of whatever follows it. */
static int symbol_bounds(const char *name, uint64_t *address, uint64_t *end)
{
	FILE *symbols;
	char line[512], found[256];
	uint64_t at;

	for (int pass = 0; pass < 2; pass++) {
		symbols = fopen("/proc/kallsyms", "re");
		if (!symbols)
			return -errno;
		while (fgets(line, sizeof(line), symbols)) {
			if (sscanf(line, "%" SCNx64 " %*c %255s", &at, found) != 2)
				continue;
			if (!pass && !strcmp(found, name))
				*address = at;
			else if (pass && at > *address && at < *end)
				*end = at;
		}
		fclose(symbols);
		if (!*address)
			return -ENOENT;
	}
	return 0;
}

/* /proc/kcore is an ELF file of the kernel's memory. */
static int memory_read(uint64_t address, uint8_t *bytes, size_t size)
{
	int core = open("/proc/kcore", O_RDONLY | O_CLOEXEC);
	int err = -ENOENT;
	Elf64_Ehdr header;
	Elf64_Phdr part;

	if (core < 0)
		return -errno;
	if (pread(core, &header, sizeof(header), 0) != sizeof(header))
		err = -EIO;
	for (int i = 0; err == -ENOENT && i < header.e_phnum; i++) {
		off_t at = (off_t)(header.e_phoff + (size_t)i * header.e_phentsize);

		if (pread(core, &part, sizeof(part), at) != sizeof(part))
			err = -EIO;
		else if (part.p_type == PT_LOAD && address >= part.p_vaddr &&
			 address + size <= part.p_vaddr + part.p_memsz)
			err = pread(core, bytes, size,
				    (off_t)(part.p_offset + address - part.p_vaddr)) ==
					      (ssize_t)size ?
				      0 :
				      -EIO;
	}
	close(core);
	return err;
}

int text_read(struct text *text, const char *name)
{
	uint64_t end = UINT64_MAX;
	int err;

	memset(text, 0, sizeof(*text));
	text->name = name;
	err = symbol_bounds(name, &text->address, &end);
	if (err)
		return err;
	if (end - text->address > TEXT_MAX)
		return -E2BIG;
	text->size = end - text->address;
	text->bytes = malloc(text->size);
	if (!text->bytes)
		return -ENOMEM;
	return memory_read(text->address, text->bytes, text->size);
}

static void found_add(struct found *found, size_t offset)
{
	if (found->n < FIND_MAX)
		found->offset[found->n] = offset;
	found->n++;
}

/* Instructions with a REX.W prefix and a memory operand, x86-64. */
struct operand {
	unsigned int mode; /* 0: (base), 1: 8 bits of displacement, 2: 32 bits, 3: a register */
	unsigned int reg;
	unsigned int base;
	bool scaled; /* has an index */
	int32_t displacement;
};

/* @at: the byte ModRM, @left: how many bytes are there from it on. */
static bool operand_read(const uint8_t *at, size_t left, uint8_t rex, struct operand *operand)
{
	size_t used = 1;

	if (left < 6)
		return false;
	operand->mode = at[0] >> 6;
	operand->reg = (at[0] >> 3 & 7) | (rex & 4) << 1;
	operand->base = (at[0] & 7) | (rex & 1) << 3;
	operand->scaled = false;
	operand->displacement = 0;
	if (operand->mode == 3)
		return true;
	if ((at[0] & 7) == 4) {
		operand->base = (at[1] & 7) | (rex & 1) << 3;
		operand->scaled = (at[1] & 0x38) != 0x20 || rex & 2;
		used++;
	} else if (!operand->mode && (at[0] & 7) == 5) {
		return false; /* relative to the instruction */
	}
	if (operand->mode == 1)
		operand->displacement = (int8_t)at[used];
	else if (operand->mode == 2)
		memcpy(&operand->displacement, at + used, 4);
	return true;
}

/* shl $shift,%reg; add member(%base),%reg */
void find_bucket(const struct text *text, unsigned int shift, unsigned int member,
		 struct found *found)
{
	const uint8_t *code = text->bytes;
	struct operand operand;

	memset(found, 0, sizeof(*found));
	for (size_t i = 0; i + 16 <= text->size; i++) {
		unsigned int shifted = (code[i + 2] & 7) | (code[i] & 1) << 3;

		if ((code[i] & 0xfe) != 0x48 || code[i + 1] != 0xc1 ||
		    (code[i + 2] & 0xf8) != 0xe0 || code[i + 3] != shift)
			continue;
		if ((code[i + 4] & 0xf8) != 0x48 || code[i + 5] != 0x03 ||
		    !operand_read(code + i + 6, text->size - i - 6, code[i + 4], &operand))
			continue;
		if (operand.mode != 3 && !operand.scaled && operand.reg == shifted &&
		    operand.displacement == (int32_t)member)
			found_add(found, i + 4);
	}
}

static void find_bit(const struct text *text, bool stack, struct found *found)
{
	const uint8_t *code = text->bytes;
	struct operand operand;

	memset(found, 0, sizeof(*found));
	for (size_t i = 0; i + 16 <= text->size; i++) {
		bool frame;

		if ((code[i] & 0xf8) != 0x48 || code[i + 1] != 0x0f || code[i + 2] != 0xa3 ||
		    !operand_read(code + i + 3, text->size - i - 3, code[i], &operand) ||
		    operand.mode == 3 || operand.scaled)
			continue;
		frame = operand.mode && (operand.base == 4 || operand.base == 5);
		if (frame != stack || (!frame && operand.mode))
			continue;
		found_add(found, i);
		found->base = operand.base;
		found->index = operand.reg;
	}
}

void find_bit_of_stack(const struct text *text, struct found *found)
{
	find_bit(text, true, found);
}

void find_bit_of_pointer(const struct text *text, struct found *found)
{
	find_bit(text, false, found);
}
