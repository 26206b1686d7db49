// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * See assets.h. The assembler reads the files (the Makefile tells it where), so they are in the
 * program byte by byte, and setup works where nothing but the program is installed.
 */
#include "provision/assets.h"

#include <stdlib.h>
#include <string.h>

/* clang-format off */
#define EMBED(name, path) \
	__asm__(".pushsection .rodata\n" \
		"asset_" #name ":\n" \
		".incbin \"" path "\"\n" \
		".byte 0\n" \
		".popsection\n"); \
	extern const char name[] __asm__("asset_" #name)
/* clang-format on */

EMBED(stream, "stream.json");
EMBED(function, "geo.vrl");
EMBED(pipeline, "pipeline.json");
EMBED(folder, "folder.json");
EMBED(overview, "dashboards/overview.json");
EMBED(top_talkers, "dashboards/top-talkers.json");
EMBED(geography, "dashboards/geography.json");
EMBED(interfaces_hosts, "dashboards/interfaces-hosts.json");
EMBED(exporter_health, "dashboards/exporter-health.json");
EMBED(alert_template, "alert-template.json");
EMBED(alert_destination, "alert-destination.json");
EMBED(traffic_spike, "alerts/traffic-spike.json");
EMBED(port_scan, "alerts/port-scan.json");
EMBED(new_top_talker, "alerts/new-top-talker.json");
EMBED(exporter_loss, "alerts/exporter-loss.json");

const struct asset assets[] = {
	{ASSET_STREAM, "stream.json", stream},
	{ASSET_FUNCTION, "geo.vrl", function},
	{ASSET_PIPELINE, "pipeline.json", pipeline},
	{ASSET_FOLDER, "folder.json", folder},
	{ASSET_DASHBOARD, "dashboards/overview.json", overview},
	{ASSET_DASHBOARD, "dashboards/top-talkers.json", top_talkers},
	{ASSET_DASHBOARD, "dashboards/geography.json", geography},
	{ASSET_DASHBOARD, "dashboards/interfaces-hosts.json", interfaces_hosts},
	{ASSET_DASHBOARD, "dashboards/exporter-health.json", exporter_health},
	{ASSET_TEMPLATE, "alert-template.json", alert_template},
	{ASSET_DESTINATION, "alert-destination.json", alert_destination},
	{ASSET_ALERT, "alerts/traffic-spike.json", traffic_spike},
	{ASSET_ALERT, "alerts/port-scan.json", port_scan},
	{ASSET_ALERT, "alerts/new-top-talker.json", new_top_talker},
	{ASSET_ALERT, "alerts/exporter-loss.json", exporter_loss},
	{0, NULL, NULL},
};

/* Puts value for every occurrence of name; takes text, returns the new one. NULL: no memory. */
static char *replace(char *text, const char *name, const char *value)
{
	size_t name_bytes = strlen(name), value_bytes = strlen(value), count = 0;
	char *filled, *place;
	const char *from, *found;

	if (!text)
		return NULL;
	for (found = text; (found = strstr(found, name)); found += name_bytes)
		count++;
	filled = malloc(strlen(text) + count * value_bytes + 1);
	if (filled) {
		place = filled;
		for (from = text; (found = strstr(from, name)); from = found + name_bytes) {
			place = mempcpy(place, from, (size_t)(found - from));
			place = mempcpy(place, value, value_bytes);
		}
		memcpy(place, from, strlen(from) + 1);
	}
	free(text);
	return filled;
}

char *asset_fill(const struct asset *asset, const struct placeholders *values)
{
	const struct {
		const char *name;
		const char *value;
	} pairs[] = {
		{"@STREAM@", values->stream},
		{"@ORG@", values->organization},
		{"@FOLDER@", values->folder},
		{"@FUNCTION@", values->function},
		{"@PIPELINE@", values->pipeline},
		{"@DESTINATION@", values->destination},
		{"@DESTINATION_URL@", values->destination_url},
	};
	char *text = strdup(asset->text);

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		text = replace(text, pairs[i].name, pairs[i].value);
	return text;
}
