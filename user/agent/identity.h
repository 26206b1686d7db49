/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who this host is to those who read its records. */
#ifndef FLOWPROBE_IDENTITY_H
#define FLOWPROBE_IDENTITY_H

#include "config/config.h"
#include "export/driver.h"

/* 0 or a negative errno. */
int identity_read(struct export_identity *identity, const struct config *config);

#endif
