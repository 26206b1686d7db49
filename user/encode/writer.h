/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * encode: a bounded writer over memory of the caller. Every encoder puts its output through one of
 * these and looks at `overflow` once, at the end, instead of checking each put.
 *
 * Overflow is sticky: the first put that does not fit writes nothing, and so does every later one,
 * so data[0 .. used) is always a prefix of the full output that ends between two puts. Whoever
 * knows the maximum size of what he encodes makes room for it first and may assert that there was
 * no overflow.
 *
 * The core is inline because a record is some eighty puts of a few bytes each. What is put on top
 * of it lives in one file per form: text.h for decimal numbers and addresses.
 */
#ifndef FLOWPROBE_WRITER_H
#define FLOWPROBE_WRITER_H

#include <stddef.h>
#include <string.h>

struct writer {
	char *data; /* borrowed */
	size_t capacity;
	size_t used; /* <= capacity */
	int overflow;
};

/* An empty writer over data[0 .. capacity). */
static inline void writer_init(struct writer *writer, char *data, size_t capacity)
{
	writer->data = data;
	writer->capacity = capacity;
	writer->used = 0;
	writer->overflow = 0;
}

static inline size_t writer_room(const struct writer *writer)
{
	return writer->capacity - writer->used;
}

/* Claims the next `bytes` bytes, for the caller to fill completely; NULL on overflow. */
static inline char *writer_reserve(struct writer *writer, size_t bytes)
{
	char *place = writer->data + writer->used;

	if (writer->overflow || bytes > writer_room(writer)) {
		writer->overflow = 1;
		return NULL;
	}
	writer->used += bytes;
	return place;
}

static inline void writer_put(struct writer *writer, const void *bytes, size_t count)
{
	char *place = writer_reserve(writer, count);

	if (place)
		memcpy(place, bytes, count);
}

#endif
