// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* encode: see uptime.h. */
#include "encode/uptime.h"

#define REBASE_MS (1ull << 31) /* 25 days */

uint64_t uptime_boot_ms(uint64_t start_ms, uint64_t now_ms)
{
	uint64_t boot_ms = start_ms < now_ms ? start_ms : now_ms; /* or the clock was set back */

	boot_ms += (now_ms - boot_ms) / REBASE_MS * REBASE_MS;
	return boot_ms > UPTIME_MARGIN_MS ? boot_ms - UPTIME_MARGIN_MS : 0;
}
