/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The stream that flows go to: unlike other objects it has a schema that must not be replaced, but
 * can be added to. */
#ifndef FLOWPROBE_STREAM_H
#define FLOWPROBE_STREAM_H

#include "provision/object.h"

/* As object_ensure, for the stream of that name; body has fields and settings. A field that the
 * server has with another type is OBJECT_FAILED: sums over it may be wrong or impossible. */
void stream_ensure(const struct o2_api *api, const struct object_place *place, const char *name,
		   const char *body, int dry_run, struct object_result *result);

void stream_delete(const struct o2_api *api, const struct object_place *place, const char *name,
		   int dry_run, struct object_result *result);

#endif
