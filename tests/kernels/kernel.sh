#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# What all test_*.sh here share: runs guest.sh under one kernel and passes its TAP on.
#
#     tests/kernels/kernel.sh PACKAGE VERSION     VERSION is what its release must begin with
#     tests/kernels/kernel.sh --can-boot          says by its exit status whether that is possible
set -euo pipefail

readonly HERE=${BASH_SOURCE%/*}

why_not() {
	if [ "$(uname -m)" != x86_64 ]; then
		echo "kernel images for $(uname -m) are not booted here, only for x86_64"
	elif ! command -v apt-get >/dev/null || ! grep -qx 'ID=debian' /etc/os-release; then
		echo "kernel images come from Debian's package archive, and this is not Debian"
	elif [ "$(id -u)" -ne 0 ]; then
		echo "needs root, whose file system the guest gets"
	fi
}

reason=$(why_not)
if [ "$1" = --can-boot ]; then
	[ -z "$reason" ]
	exit
fi
if [ -n "$reason" ]; then
	echo "1..0 # SKIP $reason"
	exit
fi
exec "$HERE/boot.sh" "$1" "$HERE/guest.sh" "$2"
