// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "event.h"
#include "trace/ring.h"

/* The longest record and its header. */
enum { LONGEST = sizeof(struct event_reserved_write) + BPF_RINGBUF_HDR_SZ };

/* Layout: kernel/bpf/ringbuf.c, and tools/lib/bpf/ringbuf.c of the kernel for who reads it. */
int ring_open(struct ring *ring, int fd, size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t over = (LONGEST + page - 1) / page * page;
	void *consumed, *produced;

	*ring = (struct ring){ .fd = fd, .page = page, .size = size };
	ring->mapped = page + size + (over < size ? over : size);
	consumed = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (consumed == MAP_FAILED)
		return -errno;
	produced = mmap(NULL, ring->mapped, PROT_READ, MAP_SHARED, fd, (off_t)page);
	if (produced == MAP_FAILED) {
		int error = -errno;

		munmap(consumed, page);
		return error;
	}
	ring->consumed = consumed;
	ring->produced = produced;
	ring->data = (char *)produced + page;
	return 0;
}

void ring_close(struct ring *ring)
{
	if (!ring->consumed)
		return;
	munmap(ring->consumed, ring->page);
	munmap(ring->produced, ring->mapped);
	ring->consumed = NULL;
}

int ring_consume(struct ring *ring, ring_fn function, void *context)
{
	unsigned long at = *ring->consumed; /* only we write it */
	int error = 0;

	while (!error && at < __atomic_load_n(ring->produced, __ATOMIC_ACQUIRE)) {
		char *record = ring->data + (at & (ring->size - 1));
		uint32_t head = __atomic_load_n((uint32_t *)record, __ATOMIC_ACQUIRE);
		uint32_t length = head & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);

		if (head & BPF_RINGBUF_BUSY_BIT)
			break; /* still being written, and the order holds */
		at += (length + BPF_RINGBUF_HDR_SZ + 7) / 8 * 8;
		if (!(head & BPF_RINGBUF_DISCARD_BIT))
			error = function(context, record + BPF_RINGBUF_HDR_SZ, length);
		__atomic_store_n(ring->consumed, at, __ATOMIC_RELEASE);
	}
	return error;
}
