#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# make check-e2e: the packaged service in a Debian that systemd has booted. What takes long, and only the first time, is done
# before the tests: they have a time limit.
set -euo pipefail

readonly HERE=${BASH_SOURCE%/*}
O=${O:-build}

"$HERE/rootfs.sh" "$O"/deb/flowprobe_*_*.deb >/dev/null || : # the test says why not
exec "$HERE/../run.sh" "$HERE"/test_*.sh
