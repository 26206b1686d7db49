# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=bash
#
# TAP for the shell tests, as tests/run.sh reads it.
#
# A test is a function; run_test NAME FUNCTION runs it and prints one TAP line. Inside, `same WHAT GOT WANTED` and `fail WHAT`
# report; the rest of the function still runs, so that one failure does not hide the next.

set -uo pipefail

TEST_NUMBER=0
FAILED=0

fail() {
	echo "# $*"
	TEST_FAILED=1
}

# same WHAT GOT WANTED: exact comparison.
same() {
	[ "$2" = "$3" ] || fail "$1: got $2, wanted $3"
}

# contains WHAT TEXT PART
contains() {
	case $2 in
	*"$3"*) ;;
	*) fail "$1: \"$3\" is not in: $2" ;;
	esac
}

run_test() {
	TEST_NUMBER=$((TEST_NUMBER + 1))
	TEST_FAILED=0
	"$2"
	if [ "$TEST_FAILED" = 0 ]; then
		echo "ok $TEST_NUMBER - $1"
	else
		echo "not ok $TEST_NUMBER - $1"
		FAILED=1
	fi
}

skip_test() {
	TEST_NUMBER=$((TEST_NUMBER + 1))
	echo "ok $TEST_NUMBER - $1 # SKIP $2"
}

skip_all() {
	echo "1..1"
	skip_test "$(basename "$0")" "$1"
	exit 0
}

finish() {
	echo "1..$TEST_NUMBER"
	exit "$FAILED"
}

# wait_until SECONDS COMMAND...: polls COMMAND until it succeeds; a failure if it never does.
wait_until() {
	local deadline=$((SECONDS + $1))

	shift
	until "$@" >/dev/null 2>&1; do
		if [ "$SECONDS" -ge "$deadline" ]; then
			fail "waited in vain for: $*"
			return 1
		fi
		sleep 0.05
	done
}

need() {
	local tool

	for tool in "$@"; do
		command -v "$tool" >/dev/null || skip_all "$tool is not installed"
	done
}
