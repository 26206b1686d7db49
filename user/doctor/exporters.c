// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * doctor: exporters, see exporters.h. Each is looked at with the very settings that `run` would give
 * it, by its own driver (export/check.h). All of them at once, on a thread each, because one that
 * cannot be reached takes all the time there is.
 */
#include "doctor/exporters.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/exports.h"
#include "agent/identity.h"
#include "export/check.h"
#include "lib/clock.h"

#define PATIENCE_NS (20 * NS_PER_S)
#define CREDENTIALS_SOURCE "/etc/credstore" /* of those that the unit names */
#define SECRETS_DIRECTORY "/run/credentials/"

struct look {
	struct export_settings settings; /* whose texts are the configuration's */
	const struct export_identity *identity;
	struct export_check check;
	pthread_t thread;
	int has_thread;
};

static void *look_run(void *arg)
{
	struct look *look = arg;

	check_destination(&look->settings, look->identity, &look->check);
	return NULL;
}

static void look_begin(struct look *look, const struct config_exporter *exporter,
		       const struct export_identity *identity)
{
	look->settings = exports_settings(exporter);
	look->identity = identity;
	look->check.until_ns = clock_monotonic_ns() + PATIENCE_NS;
	look->has_thread = pthread_create(&look->thread, NULL, look_run, look) == 0;
	if (!look->has_thread)
		look_run(look);
}

static void report(struct findings *findings, const struct look *look)
{
	for (size_t i = 0; i < look->check.count; i++) {
		const struct check_finding *found = &look->check.findings[i];
		const char *name = look->settings.name;

		switch (found->verdict) {
		case CHECK_OK:
			findings_ok(findings, FINDING_EXPORTER, "%s: %s", name, found->text);
			break;
		case CHECK_NOTE:
			findings_note(findings, FINDING_EXPORTER, found->fix, "%s: %s", name,
				      found->text);
			break;
		case CHECK_AWAY:
			findings_fail(findings, FINDING_EXPORTER, EXIT_CODE_UNREACHABLE, found->fix,
				      "%s: %s", name, found->text);
			break;
		case CHECK_WRONG:
			findings_fail(findings, FINDING_EXPORTER, EXIT_CODE_RUNTIME, found->fix,
				      "%s: %s", name, found->text);
			break;
		}
	}
}

static void look_end(struct look *look, struct findings *findings)
{
	if (look->has_thread)
		pthread_join(look->thread, NULL);
	report(findings, look);
}

/* The service is handed credentials by systemd, and so must be whoever looks in its place. */
static void find_credentials(void)
{
	setenv("CREDENTIALS_DIRECTORY", CREDENTIALS_SOURCE, 0);
}

/* What we can read as root, the service cannot, which is not root. */
static void check_secret(struct findings *findings, const char *name, const char *path)
{
	struct stat st;

	if (!path || strncmp(path, SECRETS_DIRECTORY, strlen(SECRETS_DIRECTORY)) == 0 ||
	    stat(path, &st) || st.st_uid != 0 || st.st_mode & (S_IRGRP | S_IROTH))
		return;
	findings_note(findings, FINDING_EXPORTER,
		      "let systemd hand it over (LoadCredential, see `systemctl cat flowprobe`), "
		      "unless flowprobe is to run as root",
		      "%s: only root can read %s, and the service is not root", name, path);
}

static void check_secrets(struct findings *findings, const struct config_exporter *exporter)
{
	check_secret(findings, exporter->name, exporter->password_file);
	check_secret(findings, exporter->name, exporter->token_file);
	check_secret(findings, exporter->name, exporter->key_file);
}

void doctor_check_exporters(struct doctor *doctor)
{
	const struct config_exporters *exporters = &doctor->config->exporters;
	struct look *looks = calloc(exporters->count, sizeof(*looks));
	struct export_identity identity;
	int err = looks ? identity_read(&identity, doctor->config) : -ENOMEM;

	find_credentials();
	if (err)
		findings_fail(doctor->findings, FINDING_EXPORTER, EXIT_CODE_RUNTIME,
			      "report it with `flowprobe version`",
			      "cannot tell who this host is: %s", strerror(-err));
	for (size_t i = 0; !err && i < exporters->count; i++)
		look_begin(&looks[i], &exporters->items[i], &identity);
	for (size_t i = 0; !err && i < exporters->count; i++) {
		look_end(&looks[i], doctor->findings);
		if (doctor->config->has_file) /* as the service has */
			check_secrets(doctor->findings, &exporters->items[i]);
	}
	free(looks);
}
