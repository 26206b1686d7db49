#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Debian 12's kernel: no TCX, so programs are attached as clsact filters; an older verifier.
exec "${BASH_SOURCE%/*}/kernel.sh" linux-image-cloud-amd64 6.1.
