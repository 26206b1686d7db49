// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Judges IPFIX in a capture file, an IPFIX File or a recorded TCP stream; see --help,
 * tests/lib/ipfix_check.h for what is judged, and tests/lib/ipfix_json.h for --records.
 */
#include <stdio.h>

#include "ipfix_command.h"

int main(int argc, char **argv)
{
	return ipfix_command(argc, argv, stdout, stderr);
}
