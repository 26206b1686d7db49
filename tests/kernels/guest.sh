#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Runs inside the guest, as built on the host: the programs of the tier "bpf", then the short tour of
# the shipped program with real traffic.
#
#     tests/kernels/guest.sh VERSION
#
# Prints one TAP stream: that the guest runs kernel VERSION, then for each program its own results
# and one more, that it ran to its end; so a program that crashes, hangs or cannot start is seen
# whatever it printed. The plans add up.
set -euo pipefail

readonly TESTS=${O:-build}/tests/bpf
readonly PROGRAM_SECONDS=400
export TEST_PACKETS=200000 # of 20 million: an emulated processor is slow

number=0
report() {
	number=$((number + 1))
	echo "1..1"
	echo "$1 $number - $2"
}

# All of them, unless the environment names some.
list_tests() {
	local path

	if [ -n "${KERNEL_TESTS:-}" ]; then
		tr ' ' '\n' <<<"$KERNEL_TESTS"
		return
	fi
	for path in "$TESTS"/test_*; do
		[ ! -x "$path" ] || echo "$path"
	done
	printf "%s\n" tests/netns/test_first_run.sh tests/netns/test_ipsec.sh
}

# Exit status 0, or results that say why not: cmocka's is the number of failed tests.
run_test() {
	local path=$1 name=${1##*/} status=0 output=/run/guest/output

	timeout --kill-after=5 "$PROGRAM_SECONDS" "$path" >"$output" || status=$?
	cat "$output"
	if [ "$status" -eq 0 ] || { [ "$status" -lt 124 ] && grep -q '^not ok' "$output"; }; then
		report ok "$name ran to its end"
	else
		report "not ok" "$name ended with status $status (124: after $PROGRAM_SECONDS s)"
	fi
}

case $(uname -r) in
"$1"*) report ok "runs under kernel $(uname -r)" ;;
*) report "not ok" "runs under kernel $1*, not $(uname -r)" ;;
esac

mapfile -t tests < <(list_tests)
[ ${#tests[@]} -gt 0 ] || report "not ok" "no programs in $TESTS"
for path in "${tests[@]}"; do
	run_test "$path"
done
