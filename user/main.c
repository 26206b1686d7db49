// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * flowprobe: picks the subcommand.
 *
 * Nothing else happens here, because this is the one file that tests do not link. What is set up
 * for the whole process is how messages look, that a reader of stdout that goes away is an error of
 * write() instead of a silent death, and what numbers and how many files may have.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cmd/commands.h"
#include "cmd/usage.h"
#include "lib/log.h"

static const struct {
	const char *flag;
	const char *subcommand;
} aliases[] = {
	{"--help", "help"},
	{"-h", "help"},
	{"--version", "version"},
	{"-V", "version"},
};

static const char *subcommand_name(const char *argument)
{
	for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++) {
		if (strcmp(argument, aliases[i].flag) == 0)
			return aliases[i].subcommand;
	}
	return argument;
}

/*
 * A process may be started with stdin, stdout or stderr closed. The next files it opens would then
 * take their numbers, and records or messages go into them. These placeholders cannot be written
 * to, so that writing fails as it should.
 */
static void fill_standard_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

/* Each interface takes four; the usual soft limit of 1024 is there for select(), which we do not
 * use. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit); /* if not, the old limit has to do */
	}
}

int main(int argc, char **argv)
{
	const char *name;

	fill_standard_descriptors();
	raise_descriptor_limit();
	log_init();
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a file size limit: an error of the write, to be counted */
	if (argc < 2) {
		usage_print(stderr, subcommands);
		return EXIT_CODE_USAGE;
	}
	name = subcommand_name(argv[1]);
	if (strcmp(name, "help") == 0) {
		usage_print(stdout, subcommands);
		return fflush(stdout) ? EXIT_CODE_RUNTIME : EXIT_CODE_OK;
	}
	for (const struct subcommand *command = subcommands; command->name; command++) {
		if (strcmp(command->name, name) == 0)
			return command->run(argc - 1, argv + 1);
	}
	usage_print_unknown(name, subcommands);
	return EXIT_CODE_USAGE;
}
