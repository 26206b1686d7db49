#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# The short tour: doctor agrees, the probe attaches by the hook this kernel should give it, counts a little of everything
# exactly on both ends of a cable, and leaves nothing behind. Light enough for an emulated processor: this is what runs under
# other kernels (tests/kernels), beside the tests of the programs.

# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
need ping tc

EXPECTED_HOOK=tc # clsact; Linux 6.6 and later have TCX
if [ "$(printf '%s\n' 6.6 "$(uname -r)" | sort -V | head -n 1)" = 6.6 ]; then
	EXPECTED_HOOK=tcx
fi

topology() {
	local name

	for name in a b; do
		host $name
		on $name sysctl -qw net.ipv6.conf.all.router_solicitations=0
	done
	cable a a0 b b0
	address a a0 10.2.0.1/24
	address b b0 10.2.0.2/24
	address a a0 fd00:2::1/64
	address b b0 fd00:2::2/64
	wait_until 10 on a ping -q -c 1 -W 1 10.2.0.2
	wait_until 10 on a ping -q -c 1 -W 1 fd00:2::2
}

both_ends() { # WHAT WANTED FIELD=TEXT...
	local what=$1 wanted=$2

	shift 2
	same "$what leaving a" "$(flows a sum:packets sum:bytes where direction=egress "$@")" "$wanted"
	same "$what reaching b" "$(flows b sum:packets sum:bytes where direction=ingress "$@")" "$wanted"
}

test_doctor() {
	local output

	output=$(on a "$FLOWPROBE" doctor -i a0)
	same "exit code" "$?" 0
	contains "hook" "$output" "a0: ingress by $EXPECTED_HOOK (tc_ingress_l2), egress by $EXPECTED_HOOK (tc_egress_l2)"
}

test_counts() { # OPTIONS...
	local packets payload

	rm -f "$WORK"/[ab].json "$WORK"/[ab].log
	probe a a -i a0 "$@"
	PROBE_A=$PROBE_PID
	probe b b -i b0 "$@"
	PROBE_B=$PROBE_PID
	on a ping -q -c 10 -i 0.05 -s 100 10.2.0.2 >/dev/null
	on a ping -q -c 10 -i 0.05 -s 4000 fd00:2::2 >/dev/null
	on b "$HERE/tcp.py" serve 10.2.0.2 5201 >/dev/null &
	CHILDREN+=($!)
	wait_until 20 on b sh -c 'ss -Hltn sport = :5201 | grep -q .'
	on a "$HERE/tcp.py" send 10.2.0.2 5201 20 63712 >"$WORK/sent" || fail "the transfer failed"
	wait "${CHILDREN[-1]}"
	stop_probe "$PROBE_A"
	stop_probe "$PROBE_B"
	all_accounted a
	all_accounted b
	both_ends "ping" "10 $((10 * 128))" icmp_type=8
	both_ends "fragments" "30 $((10 * (4008 + 3 * 48)))" icmp_type=128
	packets=$(sed -n 's/.*"packets": \([0-9]*\).*/\1/p' "$WORK/sent")
	payload=$(sed -n 's/.*"payload": \([0-9]*\).*/\1/p' "$WORK/sent")
	both_ends "TCP" "$packets $((payload + packets * 52 + 8))" src_port=40001
}

test_hook() {
	test_counts
	contains "log" "$(cat "$WORK/a.log")" "ingress and egress by $EXPECTED_HOOK"
}

test_nothing_left() {
	same "TCX programs" "$(on a "$HERE/tcx.py" a0)" "0 0"
	same "clsact filters" "$(on a tc filter show dev a0 ingress)$(on a tc filter show dev a0 egress)" ""
	same "qdiscs" "$(on a tc qdisc show dev a0 clsact)" ""
}

test_hash() {
	test_counts --table hash
}

test_xdp() {
	test_counts --hook xdp
	contains "log" "$(cat "$WORK/a.log")" "ingress by xdp (native), egress by $EXPECTED_HOOK"
}

topology
run_test "doctor" test_doctor
run_test "exact counts by $EXPECTED_HOOK" test_hook
run_test "nothing left behind" test_nothing_left
run_test "exact counts, table hash" test_hash
run_test "exact counts, XDP on ingress" test_xdp
finish
