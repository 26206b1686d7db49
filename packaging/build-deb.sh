#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# make deb: the Debian package of HEAD.
#
#     packaging/build-deb.sh FOLDER VERSION REVISION
#
# FOLDER is made anew and gets what dpkg-buildpackage makes, beside the tree it was made from. The
# date of everything is that of the commit. The tests are not run again: they have their place in
# the checkout; with DEB_BUILD_OPTIONS and DEB_BUILD_PROFILES empty those that need no privilege are.
#
# Exit status: 0, or not if the package could not be built or lintian has found fault with it.
set -euo pipefail

cd "$(dirname "$0")/.."
folder=$1 version=$2
export REVISION=$3
export DEB_BUILD_OPTIONS=${DEB_BUILD_OPTIONS-nocheck}
export DEB_BUILD_PROFILES=${DEB_BUILD_PROFILES-nocheck}
unset MAKEFLAGS MAKEOVERRIDES MFLAGS # the settings of the make that runs this are not the package's

tree=$folder/flowprobe-$version
rm -rf "$folder"
mkdir -p "$tree"
git archive HEAD | tar -x -C "$tree"
cp -a "$tree/packaging/debian" "$tree/debian"
packaging/changelog.sh deb "$version" "$(git log -1 --format=%ct)" >"$tree/debian/changelog"
(cd "$tree" && dpkg-buildpackage --no-sign --build=binary --jobs=auto)
lintian --fail-on error,warning --allow-root "$folder"/*.changes
