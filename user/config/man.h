/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Parts of the manual pages, in roff with the macros of man(7), for packages to include. */
#ifndef FLOWPROBE_CONFIG_MAN_H
#define FLOWPROBE_CONFIG_MAN_H

#include <stdio.h>

/* Options of `flowprobe run` as subsections of flowprobe(8)'s OPTIONS, exporters included. */
void config_man_write_flags(FILE *stream);

/* Keys of the configuration file as subsections of flowprobe.yaml(5), exporters included. */
void config_man_write_keys(FILE *stream);

#endif
