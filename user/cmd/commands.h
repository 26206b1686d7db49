/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The subcommands. Each takes its own argv (argv[0] is its name) and returns the exit code. */
#ifndef FLOWPROBE_COMMANDS_H
#define FLOWPROBE_COMMANDS_H

#include <getopt.h>

/* sysexits, so that systemd shows them by name */
enum exit_code {
	EXIT_CODE_OK = 0,
	EXIT_CODE_RUNTIME = 1,
	EXIT_CODE_USAGE = 64,
	EXIT_CODE_UNREACHABLE = 69,
	EXIT_CODE_PRIVILEGE = 77,
	EXIT_CODE_CONFIG = 78,
};

int command_run(int argc, char **argv);
int command_status(int argc, char **argv);
int command_doctor(int argc, char **argv);
int command_config(int argc, char **argv);
int command_openobserve(int argc, char **argv);
int command_version(int argc, char **argv);

/* Takes FLAG out of argv, which is otherwise of run's options; 1 if it was there. */
int command_take_flag(int *argc, char **argv, const char *flag);

/* Options of their own that they take, as for getopt_long; ends with a row without a name. */
extern const struct option status_options[];
extern const struct option doctor_options[];
extern const struct option config_command_options[];
extern const struct option openobserve_options[];

#endif
