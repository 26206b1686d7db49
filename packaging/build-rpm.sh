#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# make rpm: the RPM packages of HEAD, source and binary.
#
#     packaging/build-rpm.sh FOLDER VERSION REVISION
#
# FOLDER is made anew and becomes the "topdir" of rpmbuild. Build requirements are looked up only
# where rpm is what installs packages; elsewhere packaging/install-deps.sh has seen to them.
#
# Exit status: 0, or not if the packages could not be built or rpmlint has found fault with them.
set -euo pipefail

cd "$(dirname "$0")/.."
folder=$(realpath -m "$1") version=$2 revision=$3
unset MAKEFLAGS MAKEOVERRIDES MFLAGS # the settings of the make that runs this are not the package's

nodeps=()
rpm -q rpm >/dev/null 2>&1 || nodeps=(--nodeps)
spec=$folder/SPECS/flowprobe.spec
rm -rf "$folder"
mkdir -p "$folder"/{SOURCES,SPECS}
git archive --prefix="flowprobe-$version/" HEAD |
	gzip -n >"$folder/SOURCES/flowprobe-$version.tar.gz"
packaging/changelog.sh rpm "$version" "$(git log -1 --format=%ct)" >"$folder/changelog"
sed -e "/^@CHANGELOG@\$/{r $folder/changelog" -e 'd}' \
	-e "s/@VERSION@/$version/; s/@REVISION@/$revision/" packaging/rpm/flowprobe.spec.in >"$spec"
rm "$folder/changelog"
rpmbuild -ba "${nodeps[@]}" --define "_topdir $folder" "$spec"
rpmlint --strict --config packaging/rpm/rpmlint.toml "$spec" "$folder"/RPMS/*/*.rpm "$folder"/SRPMS/*.rpm
