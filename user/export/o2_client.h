/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* export: one request to OpenObserve: a run of records goes out, and what became of it comes back. */
#ifndef FLOWPROBE_O2_CLIENT_H
#define FLOWPROBE_O2_CLIENT_H

#include <stddef.h>
#include <stdint.h>

#include "export/driver.h"
#include "export/json_batch.h"
#include "export/o2_answer.h"

/* How long a server may take once the agent is to end, when there is a disk for what it does not
 * take. Without one there is nothing better to do than to wait. */
#define O2_PATIENCE_NS 2000000000ull

struct o2_client;

/* Borrows settings and compressor. NULL with what is wrong and the fix in error. */
struct o2_client *o2_client_new(const struct export_settings *settings,
				struct compressor *compressor, char *error, size_t error_bytes);
void o2_client_free(struct o2_client *client); /* accepts NULL */

/*
 * Sends the slice, and waits for the answer until timeout_ns from now, or for request_timeout if
 * that is shorter. Records whose _timestamp the server would not take get the present one; with
 * restamp_all, all of them. 0 with the answer, and in *retry_after_ns how long the server wants to
 * be left alone; -ECANCELED: control->over; or another negative errno: there was no answer, and
 * answer->message says why.
 */
int o2_client_post(struct o2_client *client, struct json_slice *slice, int restamp_all,
		   uint64_t timeout_ns, struct export_control *control, struct o2_answer *answer,
		   uint64_t *retry_after_ns);

/* The server has refused the credential: reads it again. */
void o2_client_renew_credential(struct o2_client *client);

/* The server takes no gzip. 1: from now on it gets none; 0: it did not get any before. */
int o2_client_stop_compressing(struct o2_client *client);

#endif
