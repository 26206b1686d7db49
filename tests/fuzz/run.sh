#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Runs each fuzzer for a while and says how much it tried and reached.
#
#     tests/fuzz/run.sh SECONDS FUZZER...
#
# Inputs that found something new are kept beside the fuzzer, in FUZZER.corpus, and are where the
# next run starts; tests/fuzz/corpus/NAME, if it is there, holds the seeds. An input that crashes,
# leaks, or takes 10 s or 1 GB ends that fuzzer: the report is shown, the input is saved as
# FUZZER.crash-* and the exit status is 1.
set -euo pipefail

readonly HERE=${BASH_SOURCE%/*}

run_fuzzer() {
	local fuzzer=$1 name=${1##*/} corpora=("$1.corpus")

	mkdir -p "$fuzzer.corpus"
	[ ! -d "$HERE/corpus/$name" ] || corpora+=("$HERE/corpus/$name")
	if "$fuzzer" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
		-artifact_prefix="$fuzzer." "${corpora[@]}" >"$fuzzer.log" 2>&1 </dev/null; then
		awk -v name="$name" '
			/^#[0-9]+/ && match($0, /cov: [0-9]+/) { cov = substr($0, RSTART + 5, RLENGTH - 5) }
			/number_of_executed_units/ { runs = $2 }
			END { printf "ok    %-30s %12d runs, %6d edges\n", name, runs, cov }' "$fuzzer.log"
	else
		printf 'FAIL  %s\n' "$name"
		tail -n 60 "$fuzzer.log"
		return 1
	fi
}

[ $# -ge 2 ] || {
	echo "usage: tests/fuzz/run.sh SECONDS FUZZER... (no fuzzer was given)" >&2
	exit 64
}
seconds=$1
shift
failures=0
for fuzzer in "$@"; do
	run_fuzzer "$fuzzer" || failures=$((failures + 1))
done
echo "$# fuzzers, $failures failed"
[ "$failures" -eq 0 ]
