// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Takes the place of openobserve.c in a build without libcurl (make WITH_HTTP=0). */
#include "cmd/commands.h"

#include <getopt.h>
#include <stdio.h>

const struct option openobserve_options[] = {{NULL, 0, NULL, 0}};

int command_openobserve(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	fprintf(stderr, "flowprobe: this flowprobe was built without HTTP (WITH_HTTP=0)\n");
	return EXIT_CODE_RUNTIME;
}
