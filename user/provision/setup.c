// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * See setup.h. The order matters: what another object names must be there first.
 *
 * What cannot be had does not keep the rest from being done; only a server that does not answer, or
 * refuses the credential, ends it at once. Running it again does what is missing.
 *
 * Objects are ours by their names. What somebody has changed in them is changed back, since nobody
 * can tell it from what an older version has made. The user's own are left alone, and where one is in
 * the way that is said.
 */
#include "provision/setup.h"

#include <stdio.h>
#include <stdlib.h>

#include "provision/part.h"
#include "provision/report.h"
#include "provision/steps.h"
#include "provision/stream.h"

static enum setup_result install_stream(const struct setup *setup)
{
	const struct object_place place = part_place(setup, NULL);
	char *body = part_body(setup, part_asset(ASSET_STREAM));
	struct object_result result;

	if (body)
		stream_ensure(&setup->api, &place, setup->names.stream, body, setup->dry_run,
			      &result);
	else
		object_fail_locally(&result, "out of memory");
	free(body);
	return report_result(setup, "stream", setup->names.stream, &result);
}

static enum setup_result install_dashboards(const struct setup *setup)
{
	return part_install_folder(setup, &object_dashboard_folder, &object_dashboard,
				   ASSET_DASHBOARD);
}

enum setup_result setup_install(const struct setup *setup)
{
	enum setup_result (*const steps[])(const struct setup *setup) = {
		install_stream,
		steps_install_geo,
		install_dashboards,
		steps_install_alerts,
	};
	enum setup_result result = SETUP_OK;

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && !report_is_final(result); i++)
		result = report_worse(result, steps[i](setup));
	if (result == SETUP_OK && !setup->dry_run)
		fprintf(setup->out,
			"\nRecords go to %s/api/%s/%s/_json; the dashboards are at %s/web/, in "
			"folder %s.\n",
			setup->api.base, setup->names.organization, setup->names.stream,
			setup->api.base, setup->names.folder);
	return result;
}
