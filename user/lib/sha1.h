/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * SHA-1 (RFC 3174), for what prescribes it (Community ID). Not for anything that needs a secure
 * hash.
 */
#ifndef FLOWPROBE_SHA1_H
#define FLOWPROBE_SHA1_H

#include <stddef.h>
#include <stdint.h>

#define SHA1_DIGEST_BYTES 20

void sha1_digest(uint8_t digest[static SHA1_DIGEST_BYTES], const void *message, size_t bytes);

#endif
