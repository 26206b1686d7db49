// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * `flowprobe version`: what a bug report needs to say, one fact a line.
 *
 * libbpf's version is asked of the library that was linked, not of its headers; the kernel's is
 * that of the running one.
 */
#include "cmd/commands.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "capture/loader.h"
#include "lib/version.h"

int command_version(int argc, char **argv)
{
	struct utsname host;
	int help = argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0);

	if (help) {
		puts("Usage: flowprobe version\n\nShows versions and licence.");
		return fflush(stdout) ? EXIT_CODE_RUNTIME : EXIT_CODE_OK;
	}
	if (argc > 1) {
		fprintf(stderr, "flowprobe: unexpected argument \"%.80s\": version takes none\n",
			argv[1]);
		return EXIT_CODE_USAGE;
	}
	printf("flowprobe %s\n", version_number);
	printf("revision  %s\n", version_revision[0] ? version_revision : "unknown");
	printf("libbpf    %s\n", loader_libbpf_version());
	if (uname(&host) == 0)
		printf("kernel    %s %s\n", host.release, host.machine);
	printf("licence   GPL-2.0-only OR BSD-2-Clause\n");
	if (fflush(stdout)) {
		perror("flowprobe: cannot write to stdout");
		return EXIT_CODE_RUNTIME;
	}
	return EXIT_CODE_OK;
}
