/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * export: batches that wait on disk for their destination, in order, over crashes and restarts.
 *
 * One file per batch in a directory of its own. A batch is in the spool when its file has its final
 * name, which it gets only after its contents are on the disk; so whatever happens in between,
 * there is never half a batch. Its name says its place in the order and what it stands for:
 *
 *	00000000000000000042-500-1234-56789.batch	number, records, packets, octets
 *
 * Bounded: when there is no room for a new batch, the oldest ones make room. What counts is what
 * files take on the disk, which is whole blocks.
 */
#ifndef FLOWPROBE_SPOOL_H
#define FLOWPROBE_SPOOL_H

#include <stddef.h>
#include <stdint.h>

#include "export/count.h"

#define SPOOL_BATCH_BYTES_MAX (8 << 20) /* longest batch */

struct spool;

/*
 * Makes the directory if need be, and takes over what an earlier process has left in it; nobody else
 * may use it at the same time. NULL with what is wrong and the fix in error.
 */
struct spool *spool_open(const char *directory, uint64_t max_bytes, char *error,
			 size_t error_bytes);
void spool_close(struct spool *spool); /* accepts NULL; what is in it stays */

/* What is in a directory that need not be a spool, and may be somebody else's; changes nothing. 0 or a
 * negative errno. */
int spool_look(const char *directory, struct export_count *count, uint64_t *bytes);

/* What all batches in it stand for, and their bytes on the disk. */
const struct export_count *spool_count(const struct spool *spool);
uint64_t spool_bytes(const struct spool *spool);
int spool_is_empty(const struct spool *spool);

/*
 * Adds a batch behind all others. 0; the batches that had to make room are added up in *dropped. Or
 * a negative errno: it is not in the spool; -EFBIG: it is larger than the whole spool may be.
 */
int spool_add(struct spool *spool, const void *data, size_t bytes, const struct export_count *count,
	      struct export_count *dropped);

/*
 * Reads the oldest batch, which must be there, into *data (to be freed by the caller). 0; -EAGAIN:
 * not now, for want of memory or file descriptors; or another negative errno: it cannot be read, and
 * never will be. *count is set in any case.
 */
int spool_read(struct spool *spool, char **data, size_t *bytes, struct export_count *count);

/*
 * Puts a shorter batch into the place of the oldest, which must be there and stand for more records.
 * 0, or a negative errno: it is as it was. A crash in between may leave both.
 */
int spool_replace(struct spool *spool, const void *data, size_t bytes,
		  const struct export_count *count);

/* Removes the oldest batch, which must be there: it has arrived, or is given up. */
void spool_remove(struct spool *spool);

#endif
