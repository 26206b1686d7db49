#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Files that users are told to copy: the program takes all of them.

# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

check() { # FILE
	same "$1" "$(env -i "$O/flowprobe" config check -c "$1" 2>&1 >/dev/null)" ""
	env -i "$O/flowprobe" config check -c "$1" >/dev/null 2>&1 || fail "$1: status $?"
}

test_examples() {
	local file count=0

	for file in "$ROOT"/packaging/examples/*.yaml; do
		check "$file"
		count=$((count + 1))
	done
	[ "$count" -ge 2 ] || fail "only $count examples"
}

# The examples of flowprobe.yaml(5): indented, between .nf and .fi, that begin with a section or a list of exporters.
test_manual() {
	local file

	awk -v folder="$WORK" '
		/^\.SH/ { examples = /EXAMPLES/ }
		!examples { next }
		/^\.nf/ { file = folder "/manual" ++count ".yaml"; inside = 1; next }
		/^\.fi/ { inside = 0; next }
		inside { gsub(/\\-/, "-"); print > file }' "$ROOT/packaging/man/flowprobe.yaml.5.in"
	for file in "$WORK"/manual*.yaml; do
		check "$file"
	done
	[ -s "$WORK/manual2.yaml" ] || fail "found no examples"
}

test_packaged() {
	check "$ROOT/packaging/flowprobe.yaml"
	same "exporters" "$(env -i "$O/flowprobe" config show -c "$ROOT/packaging/flowprobe.yaml" | grep -c 'type:')" 0
}

run_test "examples" test_examples
run_test "examples of the manual" test_manual
run_test "the packaged configuration" test_packaged
finish
