/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* `flowprobe config example`: a configuration file to start from. */
#ifndef FLOWPROBE_CONFIG_EXAMPLE_H
#define FLOWPROBE_CONFIG_EXAMPLE_H

#include <stdio.h>

/*
 * Writes a file that has every section, and every option, with its help, range and default,
 * commented out: "#key: value", whereas text is "# text". As it is it changes nothing.
 */
void config_example_write(FILE *stream);

#endif
