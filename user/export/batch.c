// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * record -> export: the batches that records travel in, see batch.h.
 *
 * The pool is one anonymous mapping, so batches that were never used cost address space and no
 * memory. Returned batches are handed out again last in, first out: the working set stays as small
 * as the most that was ever in use at once, and what is handed out is still warm in the cache.
 *
 * A mutex guards the free list. It is taken twice per batch of 512 records, for a few instructions,
 * so a lock-free list (with its ABA counter) would win nothing. The reference count is atomic
 * because every exporter drops its own without the lock.
 */
#include "export/batch.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

struct record_pool {
	pthread_mutex_t lock;
	struct record_batch *batches;
	size_t total;
	size_t touched; /* batches[touched ..] were never handed out */
	size_t in_use;
	struct record_batch *free; /* linked by next_free */
};

struct record_pool *record_pool_new(size_t batches)
{
	struct record_pool *pool = calloc(1, sizeof(*pool));
	void *memory;

	assert(batches > 0);
	if (!pool)
		return NULL;
	memory = mmap(NULL, batches * sizeof(struct record_batch), PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED) {
		free(pool);
		errno = ENOMEM;
		return NULL;
	}
	pthread_mutex_init(&pool->lock, NULL);
	pool->batches = memory;
	pool->total = batches;
	return pool;
}

void record_pool_free(struct record_pool *pool)
{
	if (!pool)
		return;
	assert(pool->in_use == 0);
	munmap(pool->batches, pool->total * sizeof(struct record_batch));
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

struct record_batch *record_pool_get(struct record_pool *pool)
{
	struct record_batch *batch = NULL;

	pthread_mutex_lock(&pool->lock);
	if (pool->free) {
		batch = pool->free;
		pool->free = batch->next_free;
	} else if (pool->touched < pool->total) {
		batch = &pool->batches[pool->touched++];
	}
	if (batch)
		pool->in_use++;
	pthread_mutex_unlock(&pool->lock);
	if (!batch)
		return NULL;
	batch->count = (struct export_count){0};
	batch->handed = (struct export_count){0};
	batch->pool = pool;
	atomic_store_explicit(&batch->references, 1, memory_order_relaxed);
	return batch;
}

void record_batch_ref(struct record_batch *batch)
{
	atomic_fetch_add_explicit(&batch->references, 1, memory_order_relaxed);
}

void record_batch_put(struct record_batch *batch)
{
	struct record_pool *pool = batch->pool;

	/* Release what we read, acquire what the others read: the next owner writes. */
	if (atomic_fetch_sub_explicit(&batch->references, 1, memory_order_acq_rel) != 1)
		return;
	pthread_mutex_lock(&pool->lock);
	batch->next_free = pool->free;
	pool->free = batch;
	pool->in_use--;
	pthread_mutex_unlock(&pool->lock);
}
