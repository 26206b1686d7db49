#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Makes the package that an upgrade needs: the same with a higher version and another configuration file.
#
#     tests/packages/next_deb.sh PACKAGE.deb NEW.deb
#
# The changed file matters: dpkg asks about one that was edited, and has to keep it, only if both sides have changed it.
set -euo pipefail

readonly CONFIG=etc/flowprobe/flowprobe.yaml

tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
dpkg-deb --raw-extract "$1" "$tree"
sed -i 's/^Version: .*/&+next/' "$tree/DEBIAN/control"
echo '# the next version says more' >>"$tree/$CONFIG"
dpkg-deb --root-owner-group --build "$tree" "$2" >/dev/null
