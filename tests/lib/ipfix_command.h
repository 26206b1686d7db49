/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The program tests/tools/ipfix_check, apart from its main, so that it can be tested itself. */
#ifndef FLOWPROBE_TESTS_IPFIX_COMMAND_H
#define FLOWPROBE_TESTS_IPFIX_COMMAND_H

#include <stdio.h>

#define IPFIX_COMMAND_CLEAN 0
#define IPFIX_COMMAND_VIOLATIONS 1
#define IPFIX_COMMAND_USAGE 64
#define IPFIX_COMMAND_INPUT 65 /* not a capture, no IPFIX in it, or not to be read */

/* Returns the exit status. Records go to out, all else to err. */
int ipfix_command(int argc, char **argv, FILE *out, FILE *err);

#endif
