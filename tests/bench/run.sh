#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Prints what the numbers were measured on, then runs each benchmark, which prints its own table.
# Nothing here judges a number: only a benchmark that could not run makes the exit status 1.
#
#     tests/bench/run.sh BENCH...
set -euo pipefail

read_or() {
	cat "$1" 2>/dev/null || echo "$2"
}

describe_machine() {
	local cpu

	cpu=$(awk -F': *' '/^(model name|Model)/ { print $2; exit }' /proc/cpuinfo)
	echo "machine   ${cpu:-unknown processor}, $(nproc) CPUs, $(uname -m)"
	echo "kernel    $(uname -r)"
	echo "jit       bpf_jit_enable $(read_or /proc/sys/net/core/bpf_jit_enable 'not readable')," \
		"bpf_jit_harden $(read_or /proc/sys/net/core/bpf_jit_harden 'not readable')"
	echo "governor  $(read_or /sys/devices/system/cpu/cpu0/cpufreq/scaling_governor none)"
	echo "load      $(cut -d' ' -f1-3 /proc/loadavg)"
}

[ $# -ge 1 ] || {
	echo "usage: tests/bench/run.sh BENCH... (no benchmark was given)" >&2
	exit 64
}
[ "$(id -u)" -eq 0 ] || {
	echo "bench: loading programs into the kernel needs root: use sudo make bench" >&2
	exit 77
}
describe_machine
failures=0
for bench in "$@"; do
	printf '\n%s\n' "${bench##*/}"
	"$bench" || {
		echo "bench: ${bench##*/} ended with status $?" >&2
		failures=$((failures + 1))
	}
done
[ "$failures" -eq 0 ]
