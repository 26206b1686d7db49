// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Table "hash", user side: batched lookup-and-delete over the closed generation's map. The kernel
 * copies whole buckets, so a buffer smaller than one bucket is refused with ENOSPC; it is then
 * doubled.
 */
#include "capture/table.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>

#define HASH_BATCH_ENTRIES 4096

void table_hash_buffer_free(struct table_hash_buffer *buffer)
{
	free(buffer->keys);
	free(buffer->values);
	buffer->keys = NULL;
	buffer->values = NULL;
}

static int table_hash_buffer_resize(struct table_hash_buffer *buffer, uint32_t entries)
{
	struct flow_key *keys = calloc(entries, sizeof(*keys));
	struct flow_value *values = calloc(entries, sizeof(*values));

	if (!keys || !values) {
		free(keys);
		free(values);
		return -ENOMEM;
	}
	table_hash_buffer_free(buffer);
	buffer->entries = entries;
	buffer->keys = keys;
	buffer->values = values;
	return 0;
}

int table_hash_buffer_init(struct table_hash_buffer *buffer)
{
	return table_hash_buffer_resize(buffer, HASH_BATCH_ENTRIES);
}

static void table_hash_deliver(const struct table_hash_buffer *buffer, uint32_t count,
			       const struct table_clock *clock, struct table_batch *batch)
{
	struct flow_delta *delta;
	uint32_t i, bit;

	for (i = 0; i < count; i++) {
		const struct flow_value *value = &buffer->values[i];

		delta = table_batch_next(batch);
		delta->key = &buffer->keys[i];
		delta->details = &value->details;
		delta->packets = value->packets;
		delta->octets = value->octets;
		delta->first_ns = table_clock_ns(clock, value->first_ticks);
		delta->last_ns = table_clock_ns(clock, value->last_ticks);
		if (delta->last_ns < delta->first_ns)
			delta->last_ns = delta->first_ns;
		delta->ttl_min = value->ttl_min;
		delta->ttl_max = value->ttl_max;
		delta->tcp_flags = 0;
		for (bit = 0; bit < sizeof(value->tcp_flag_seen); bit++)
			delta->tcp_flags |= (uint16_t)(value->tcp_flag_seen[bit] << bit);
		table_batch_add(batch);
	}
	table_batch_flush(batch);
}

int table_hash_drain(const struct probe_maps *maps, uint32_t generation,
		     const struct table_clock *clock, struct table_hash_buffer *buffer,
		     struct table_batch *batch)
{
	uint32_t position, count;
	void *from = NULL;
	int err = 0, last = 0;

	while (!err && !last) {
		count = buffer->entries;
		err = bpf_map_lookup_and_delete_batch(maps->hash_fd[generation], from, &position,
						      buffer->keys, buffer->values, &count, NULL);
		if (err == -ENOSPC) {
			err = table_hash_buffer_resize(buffer, buffer->entries * 2);
			continue;
		}
		last = err == -ENOENT; /* the end */
		if (last)
			err = 0;
		/* Memory may run out after some buckets: those are copied, and deleted already. */
		if (!err || err == -ENOMEM)
			table_hash_deliver(buffer, count, clock, batch);
		from = &position;
	}
	return err;
}
