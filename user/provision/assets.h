/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The files of packaging/openobserve, built into the program. */
#ifndef FLOWPROBE_ASSETS_H
#define FLOWPROBE_ASSETS_H

#include <stddef.h>

enum asset_kind {
	ASSET_STREAM,
	ASSET_FUNCTION, /* VRL, not JSON */
	ASSET_PIPELINE,
	ASSET_FOLDER,
	ASSET_DASHBOARD,
	ASSET_TEMPLATE,
	ASSET_DESTINATION,
	ASSET_ALERT,
};

struct asset {
	enum asset_kind kind;
	const char *path; /* "dashboards/overview.json" */
	const char *text; /* NUL-terminated, with placeholders */
};

extern const struct asset assets[]; /* ends with a row without a path */

/* What stands for the placeholders. The values go into JSON, SQL and URLs as they are, and must need
 * no escape there. */
struct placeholders {
	const char *stream;
	const char *organization;
	const char *folder;
	const char *function;
	const char *pipeline;
	const char *destination;
	const char *destination_url;
};

/* The asset's text with its placeholders filled in, to be freed. NULL: no memory. */
char *asset_fill(const struct asset *asset, const struct placeholders *values);

#endif
