#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Debian 13's kernel, which Debian 12 offers too: programs are attached as TCX links.
exec "${BASH_SOURCE%/*}/kernel.sh" linux-image-6.12-cloud-amd64 6.12.
