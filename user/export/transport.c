// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* export: what transports share, see transport.h. */
#include "export/transport.h"

#include <stdio.h>

int transport_parse_target(struct endpoint *endpoint, const char *target, uint16_t default_port,
			   char *error, size_t error_bytes)
{
	char reason[ENDPOINT_ERROR_BYTES];
	int err = endpoint_parse(endpoint, target, default_port, reason);

	if (err)
		snprintf(error, error_bytes, "%s", reason);
	return err;
}
