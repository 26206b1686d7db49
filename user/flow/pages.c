// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Pre-faulted memory for the flow cache: see pages.h.
 *
 * MAP_POPULATE would fault small pages in before madvise() can ask for huge ones, so the pages are
 * touched by hand after it. Huge pages need an aligned start, which mmap() does not promise: more
 * is mapped than asked for, and the ends are cut off. Both wishes (huge, locked) are best effort:
 * without them the cache is slower, not wrong; so their results are not looked at.
 */
#include "flow/pages.h"

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGES_HUGE_BYTES ((size_t)2 << 20)

static size_t pages_round(size_t bytes)
{
	size_t unit = bytes < PAGES_HUGE_BYTES ? (size_t)sysconf(_SC_PAGESIZE) : PAGES_HUGE_BYTES;

	return (bytes + unit - 1) / unit * unit;
}

void *pages_map(size_t bytes)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t size = pages_round(bytes);
	size_t slack = size < PAGES_HUGE_BYTES ? 0 : PAGES_HUGE_BYTES;
	volatile uint8_t *touch;
	size_t cut;
	char *start;

	start = mmap(NULL, size + slack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		     0);
	if (start == MAP_FAILED)
		return NULL;
	if (slack) {
		cut = (PAGES_HUGE_BYTES - (uintptr_t)start % PAGES_HUGE_BYTES) % PAGES_HUGE_BYTES;
		if (cut)
			munmap(start, cut);
		start += cut;
		if (slack - cut)
			munmap(start + size, slack - cut);
		(void)madvise(start, size, MADV_HUGEPAGE);
	}
	touch = (volatile uint8_t *)start;
	for (size_t offset = 0; offset < size; offset += page)
		touch[offset] = 0;
	(void)mlock(start, size);
	return start;
}

void pages_unmap(void *pages, size_t bytes)
{
	if (pages)
		munmap(pages, pages_round(bytes));
}
