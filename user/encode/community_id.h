/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Community ID version 1 with seed 0 (github.com/corelight/community-id-spec): a name for a
 * conversation that Zeek, Suricata, Wireshark and others compute alike. Both directions of a flow
 * get the same one.
 */
#ifndef FLOWPROBE_COMMUNITY_ID_H
#define FLOWPROBE_COMMUNITY_ID_H

#include "encode/writer.h"
#include "flow.h"

#define COMMUNITY_ID_CHARS 30 /* always: "1:" and 20 octets in base64 */

void community_id_put(struct writer *writer, const struct flow_key *key);

#endif
