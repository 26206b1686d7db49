/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Exporter types, their targets and who takes which option, in words. */
#ifndef FLOWPROBE_CONFIG_EXPORTER_DESCRIBE_H
#define FLOWPROBE_CONFIG_EXPORTER_DESCRIBE_H

#include "config/exporters.h"

#define CONFIG_EXPORTER_TEXT_BYTES 192 /* any description below, with the NUL */

/* "udp" */
const char *config_transport_name(enum config_transport transport);

/* "udp://HOST[:4739]" */
void config_exporter_describe_target(const struct config_exporter_target *target,
				     char text[CONFIG_EXPORTER_TEXT_BYTES]);

/* All the type has: "udp://HOST[:4739], tcp://HOST[:4739] or file:PATH" */
void config_exporter_describe_targets(const struct config_exporter_type *type,
				      char text[CONFIG_EXPORTER_TEXT_BYTES]);

/* "ipfix (udp, tcp)", or only the type if these are all transports it has. */
void config_exporter_describe_type(const struct config_exporter_type *type, unsigned int transports,
				   char text[CONFIG_EXPORTER_TEXT_BYTES]);

/* All that take the option: "ipfix (udp), netflow9". */
void config_exporter_describe_takers(const struct config_exporter_option *option,
				     char text[CONFIG_EXPORTER_TEXT_BYTES]);

#endif
