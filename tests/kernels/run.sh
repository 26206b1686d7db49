#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# make check-kernels: the tests of the kernel side under the kernels that users have but this
# machine does not. One test_*.sh per kernel; run by tests/run.sh, so it ends with the same summary.
#
# Where no Debian kernel can be booted nothing is installed, and each test skips with its reason.
set -euo pipefail

readonly HERE=${BASH_SOURCE%/*}

if "$HERE/kernel.sh" --can-boot; then
	"$HERE/../../packaging/install-deps.sh" check kernels
fi
# two tries of one boot, and time to download the kernel
export BOOT_SECONDS=${BOOT_SECONDS:-1200}
export TEST_SECONDS=${TEST_SECONDS:-$((2 * BOOT_SECONDS + 300))}
exec "$HERE/../run.sh" "$HERE"/test_*.sh
