// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Configuration: rows of the exporters' tables -> words, for messages, help, manual and example.
 *
 * A text that does not fit is cut: these are for people, and the tests see that all of today's do.
 */
#include "config/exporter_describe.h"

#include <stdarg.h>
#include <stdio.h>

static const char *const transports[] = {
	[CONFIG_TRANSPORT_FILE] = "file", [CONFIG_TRANSPORT_UDP] = "udp",
	[CONFIG_TRANSPORT_TCP] = "tcp",	  [CONFIG_TRANSPORT_TLS] = "tls",
	[CONFIG_TRANSPORT_HTTP] = "http", [CONFIG_TRANSPORT_HTTPS] = "https",
};

const char *config_transport_name(enum config_transport transport)
{
	return transports[transport];
}

/* Appends to text of CONFIG_EXPORTER_TEXT_BYTES, of which *used are used, as much as fits. */
static void __attribute__((format(printf, 3, 4)))
append(char *text, size_t *used, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	*used += (size_t)vsnprintf(text + *used, CONFIG_EXPORTER_TEXT_BYTES - *used, format,
				   arguments);
	va_end(arguments);
	if (*used >= CONFIG_EXPORTER_TEXT_BYTES)
		*used = CONFIG_EXPORTER_TEXT_BYTES - 1;
}

void config_exporter_describe_target(const struct config_exporter_target *target,
				     char text[CONFIG_EXPORTER_TEXT_BYTES])
{
	const char *path = "";

	if (target->transport == CONFIG_TRANSPORT_FILE) {
		snprintf(text, CONFIG_EXPORTER_TEXT_BYTES, "%sPATH", target->prefix);
		return;
	}
	if (config_transport_is_http(target->transport))
		path = "[/api/ORG/STREAM/_json]";
	snprintf(text, CONFIG_EXPORTER_TEXT_BYTES, "%sHOST[:%u]%s", target->prefix,
		 target->default_port, path);
}

void config_exporter_describe_targets(const struct config_exporter_type *type,
				      char text[CONFIG_EXPORTER_TEXT_BYTES])
{
	char one[CONFIG_EXPORTER_TEXT_BYTES];
	size_t used = 0;

	for (size_t i = 0; i < CONFIG_EXPORTER_TARGETS && type->targets[i].prefix; i++) {
		int last = i + 1 == CONFIG_EXPORTER_TARGETS || !type->targets[i + 1].prefix;

		config_exporter_describe_target(&type->targets[i], one);
		append(text, &used, "%s%s", i == 0 ? "" : last ? " or " : ", ", one);
	}
}

void config_exporter_describe_type(const struct config_exporter_type *type, unsigned int over,
				   char text[CONFIG_EXPORTER_TEXT_BYTES])
{
	unsigned int all = 0;
	const char *before = " (";
	size_t used = 0;

	for (size_t i = 0; i < CONFIG_EXPORTER_TARGETS && type->targets[i].prefix; i++)
		all |= 1u << type->targets[i].transport;
	append(text, &used, "%s", type->name);
	if ((over & all) == all)
		return;
	for (size_t i = 0; i < sizeof(transports) / sizeof(transports[0]); i++) {
		if (!(over & all & (1u << i)))
			continue;
		append(text, &used, "%s%s", before, transports[i]);
		before = ", ";
	}
	append(text, &used, ")");
}

void config_exporter_describe_takers(const struct config_exporter_option *option,
				     char text[CONFIG_EXPORTER_TEXT_BYTES])
{
	char one[CONFIG_EXPORTER_TEXT_BYTES];
	size_t used = 0;

	for (size_t i = 0; i < CONFIG_EXPORTER_TYPES; i++) {
		if (!option->takers[i])
			continue;
		config_exporter_describe_type(&config_exporter_types[i], option->takers[i], one);
		append(text, &used, "%s%s", used ? ", " : "", one);
	}
}
