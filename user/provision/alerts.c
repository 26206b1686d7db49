// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * See steps.h. Alerts need somebody to tell: a web hook that is given, whose destination and template
 * are made here; a destination that the user has; or, when setup is run again, the one of before. A
 * destination is ours if it uses our template. Others are used if that is asked for, never changed.
 */
#include "provision/steps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "provision/part.h"
#include "provision/report.h"

enum destination_owner steps_destination_owner(const struct setup *setup,
					       const struct object_set *destinations)
{
	const struct json_value *destination = object_find(destinations, setup->names.destination);
	const char *used = json_tree_text(json_tree_member(destination, "template"));
	char *template = part_name(setup, &object_template, part_asset(ASSET_TEMPLATE));
	int is_ours = used && template && strcmp(used, template) == 0;

	free(template);
	if (!destination)
		return DESTINATION_NOBODY;
	return is_ours ? DESTINATION_OURS : DESTINATION_OTHERS;
}

static enum setup_result report_destination(const struct setup *setup,
					    const struct object_result *result)
{
	return report_result(setup, object_destination.title, setup->names.destination, result);
}

static enum setup_result fail_destination(const struct setup *setup, const char *why)
{
	struct object_result result;

	object_fail_locally(&result, why);
	return report_destination(setup, &result);
}

static enum setup_result say_it_is_there(const struct setup *setup)
{
	const struct object_result result = {.outcome = OBJECT_UNCHANGED};

	return report_destination(setup, &result);
}

/* The server sends nothing to its own network, where web hooks of a first try tend to be. */
static void explain_guard(struct object_result *result)
{
	size_t length = strlen(result->message);

	if (result->outcome != OBJECT_FAILED || !strstr(result->message, "SSRF guard"))
		return;
	while (length && result->message[length - 1] == '.')
		length--;
	snprintf(result->message + length, sizeof(result->message) - length,
		 "; the server sends alerts to public addresses only, unless it is started with "
		 "ZO_SSRF_ALLOW_LOOPBACK=true");
}

/* Ours, with the template that it uses. */
static enum setup_result install_own(const struct setup *setup,
				     const struct object_set *destinations)
{
	enum setup_result said = part_install(setup, &object_template, ASSET_TEMPLATE, NULL);
	struct object_result result;
	char *body;

	if (said != SETUP_OK)
		return said;
	if (!setup->names.destination_url[0])
		return say_it_is_there(setup);
	body = part_body(setup, part_asset(ASSET_DESTINATION));
	if (body)
		object_ensure(destinations, body, setup->dry_run, &result);
	else
		object_fail_locally(&result, "out of memory");
	free(body);
	explain_guard(&result);
	return report_destination(setup, &result);
}

/* *is_there says whether alerts can name it. */
static enum setup_result install_destination(const struct setup *setup,
					     const struct object_set *destinations, int *is_there)
{
	enum destination_owner owner = steps_destination_owner(setup, destinations);
	int has_url = setup->names.destination_url[0] != '\0';
	enum setup_result result;

	*is_there = 0;
	if (owner != DESTINATION_OURS && !has_url && !setup->destination_given) {
		report_row(setup, "alerts", "",
			   "left out: nobody to tell; give --destination-url URL of a web hook, or "
			   "--destination NAME of what is there");
		return SETUP_OK;
	}
	if (owner == DESTINATION_NOBODY && !has_url)
		return fail_destination(setup, "there is none of that name; give --destination-url "
					       "too, to make it");
	if (owner == DESTINATION_OTHERS && has_url)
		return fail_destination(setup, "there is one that was not made by this; give "
					       "another --destination, or no --destination-url to "
					       "use it as it is");
	result = owner == DESTINATION_OTHERS ? say_it_is_there(setup)
					     : install_own(setup, destinations);
	*is_there = result == SETUP_OK;
	return result;
}

enum setup_result steps_install_alerts(const struct setup *setup)
{
	struct object_result listed;
	struct object_set set;
	enum setup_result result;
	int is_there = 0;

	if (part_set_open(setup, &object_destination, &set, &listed))
		result = report_destination(setup, &listed);
	else
		result = install_destination(setup, &set, &is_there);
	object_set_close(&set);
	if (is_there)
		return part_install_folder(setup, &object_alert_folder, &object_alert, ASSET_ALERT);
	if (result == SETUP_FAILED)
		report_row(setup, "alerts", "", "left out: they need the destination");
	return result;
}
