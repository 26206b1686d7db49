#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# The test runner behind every `make check*`: runs programs that print TAP, one after another, shows
# a line for each, and ends with the line `N passed, N failed, N skipped`.
#
#     tests/run.sh PROGRAM...
#
# Only standard output is read as TAP. A program has failed, whatever it printed, when it exits
# non-zero without naming a failed test, prints no plan or not as many results as planned, runs
# longer than TEST_SECONDS (300), or leaves a process behind. Its output is shown when it failed,
# or with V=1. No test at all is a failure too. EMULATOR, if set, is what runs programs built for
# another processor.
#
# Skips: `ok N - NAME # SKIP REASON`, or `1..0 # SKIP REASON` for a whole program. cmocka can only
# name the test, so a line `# skip: REASON` before its result gives the reason. With CI=true a skip
# is a failure unless its reason starts with "kernel", because all but the kernel can be installed,
# or with "this flowprobe was built without", because that was chosen.
#
# Each program gets a process group of its own (timeout(1) makes it), so that its time limit, an
# interrupt and the check for left-overs reach its children too. Standard error is kept apart,
# because two unbuffered writers in one file can tear a TAP line.
set -euo pipefail

readonly TEST_SECONDS=${TEST_SECONDS:-300}

passed=0
failed=0
skipped=0
skips=()
group=

scratch=$(mktemp -d)

stop_group() {
	[ -z "$group" ] || kill -KILL -- "-$group" 2>/dev/null || :
}

trap 'stop_group; rm -rf "$scratch"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# Reads TAP; prints "PLANNED OK NOT_OK SKIPPED" (PLANNED is -1 without a plan), then one line
# "NAME<TAB>REASON" for each skip.
read_tap() {
	awk '
	function trim(text) {
		gsub(/^[ \t]+|[ \t]+$/, "", text)
		return text
	}
	function note_skip(name, reason) {
		skips = skips name "\t" (reason == "" ? "no reason given" : reason) "\n"
		skip++
	}
	BEGIN { planned = -1; good = 0; bad = 0; skip = 0 }
	/^# skip: / { announced = trim(substr($0, 9)); next }
	/^1\.\.[0-9]+/ {
		count = substr($1, 4) + 0
		planned = (planned < 0 ? 0 : planned) + count
		if (count == 0 && match($0, /# *[Ss][Kk][Ii][Pp]/)) {
			planned++
			note_skip("all", trim(substr($0, RSTART + RLENGTH)))
		}
		next
	}
	/^(not )?ok( |$)/ {
		line = $0
		sub(/^(not )?ok *[0-9]*( *-)? */, "", line)
		if (match(line, /# *[Ss][Kk][Ii][Pp]/)) {
			name = trim(substr(line, 1, RSTART - 1))
			rest = trim(substr(line, RSTART + RLENGTH))
			if (name == "")
				note_skip(rest == "" ? "unnamed" : rest, announced)
			else
				note_skip(name, rest == "" ? announced : rest)
		} else if (/^not/) {
			bad++
		} else {
			good++
		}
		announced = ""
		next
	}
	/^Bail out!/ { bad++ }
	END { printf "%d %d %d %d\n%s", planned, good, bad, skip, skips }'
}

# Living members of process group $1, zombies apart: nobody may be there to reap those.
count_members() {
	cat /proc/[0-9]*/stat 2>/dev/null |
		awk -v group="$1" '
			{ sub(/^.*\) /, "") }
			$3 == group && $1 !~ /[ZX]/ { n++ }
			END { print n + 0 }'
}

# A child that was told to end may need a moment.
has_leftovers() {
	local try
	for try in 1 2 3 4 5 6 7 8 9 10; do
		[ "$(count_members "$1")" -gt 0 ] || return 1
		[ "$try" -eq 10 ] || sleep 0.1
	done
}

# Runs $1 into $scratch/{out,err}; sets status and elapsed_ms.
run_program() {
	local started_us=${EPOCHREALTIME/[.,]/}

	timeout --kill-after=5 "$TEST_SECONDS" ${EMULATOR:+"$EMULATOR"} "$1" \
		</dev/null >"$scratch/out" 2>"$scratch/err" &
	group=$!
	status=0
	wait "$group" || status=$?
	elapsed_ms=$(((${EPOCHREALTIME/[.,]/} - started_us) / 1000))
}

# Sets problem to what is wrong with the program as a whole, or "".
judge_program() {
	local planned=$1 results=$2 bad=$3

	problem=
	if ((elapsed_ms >= TEST_SECONDS * 1000)); then
		problem="exceeded its time limit of $TEST_SECONDS s"
	elif ((status != 0 && bad == 0)); then
		problem="exited with status $status"
	elif ((planned < 0)); then
		problem="printed no plan"
	elif ((results != planned)); then
		problem="planned $planned results, but printed $results"
	elif ((planned == 0)); then
		problem="has no tests"
	elif has_leftovers "$group"; then
		problem="left a process behind"
	fi
}

show_output() {
	sed 's/^/      | /' "$scratch/out"
	[ ! -s "$scratch/err" ] || sed 's/^/      ! /' "$scratch/err"
}

run_test() {
	local program=$1 label=${1#"${1%%tests/*}"tests/}
	local planned good bad skip name reason verdict=ok counts
	local status elapsed_ms problem

	run_program "$program"
	read_tap <"$scratch/out" >"$scratch/tap"
	{
		read -r planned good bad skip
		while IFS=$'\t' read -r name reason; do
			skips+=("$label: $name: $reason")
			if [ "${CI:-}" = true ] && [[ $reason != kernel* &&
				$reason != "this flowprobe was built without"* ]]; then
				skip=$((skip - 1))
				bad=$((bad + 1))
			fi
		done
	} <"$scratch/tap"

	judge_program "$planned" $((good + bad + skip)) "$bad"
	stop_group
	group=
	[ -z "$problem" ] || bad=$((bad + 1))

	counts="$good passed"
	((bad == 0)) || counts+=", $bad failed"
	((skip == 0)) || counts+=", $skip skipped"
	((bad == 0)) || verdict=FAIL
	printf '%-4s  %-36s %-32s %4d.%d s\n' "$verdict" "$label" "$counts" \
		$((elapsed_ms / 1000)) $((elapsed_ms % 1000 / 100))
	[ -z "$problem" ] || printf '      %s\n' "$problem"
	if ((bad > 0)) || [ "${V:-0}" = 1 ]; then
		show_output
	fi

	passed=$((passed + good))
	failed=$((failed + bad))
	skipped=$((skipped + skip))
}

for program in "$@"; do
	run_test "$program"
done

if ((${#skips[@]} > 0)); then
	printf '\nskipped%s:\n' "${CI:+ (in CI a failure unless for the kernel)}"
	printf '  %s\n' "${skips[@]}"
fi
if ((passed + failed + skipped == 0)); then
	echo 'no tests were run' >&2
	failed=1
fi
printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
((failed == 0))
