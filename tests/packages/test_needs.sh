#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# What is needed to build is said in three places: the installer for a checkout, and each package. They must agree.

# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

# column N: the packages that bring libraries and special compilers, in the installer's list; the rest is in every package
# builder's hands already.
column() {
	awk -v n="$1" '
		$1 == "run" && ($2 ~ /^header:/ || $2 == "clang" || $2 == "bpftool") { print $n }' \
		"$ROOT/packaging/install-deps.sh" | grep -vE '^(libc6-dev|linux-libc-dev|glibc-devel|kernel-headers)$'
}

test_debian() {
	same_list "Build-Depends" "$(sed -n '/^Build-Depends:/,/^$/p' "$ROOT/packaging/debian/control" |
		sed -n 's/^ \([^ ,]*\).*/\1/p' | grep -vE '^(debhelper-compat|libcmocka-dev)$')" "$(column 3 | sed 's/|.*//')"
}

test_fedora() {
	same_list "BuildRequires" "$(sed -n 's/^BuildRequires: *//p' "$ROOT/packaging/rpm/flowprobe.spec.in" |
		grep -vE '^(gcc|make|systemd-rpm-macros)$')" "$(column 4)"
}

test_version() {
	same "places of the version" "$(cd "$ROOT" && grep -rlF "$(sed -n 's/^VERSION  *:= //p' Makefile)" Makefile packaging)" Makefile
}

run_test "Debian" test_debian
run_test "Fedora" test_fedora
run_test "the version stands in one place" test_version
finish
