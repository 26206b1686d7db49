/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Large memory that is really there before the first packet: zeroed, page-aligned, on huge pages
 * where the kernel grants them, every page touched, and locked where the limits allow.
 *
 * A page fault in the middle of a harvest delays the next one, and a late harvest is what makes the
 * kernel's table overflow.
 */
#ifndef FLOWPROBE_PAGES_H
#define FLOWPROBE_PAGES_H

#include <stddef.h>

/* NULL with errno set. To be given back with the same size. */
void *pages_map(size_t bytes);
void pages_unmap(void *pages, size_t bytes); /* accepts NULL */

#endif
