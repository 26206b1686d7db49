#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# The shipped program among others: foreign programs on its hooks before, during and after; a second instance; every way to
# end; interfaces that come and go.

# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
need ping tc bpftool

FOREIGN=$O/tests/bpf/foreign.bpf.o

topology() {
	host a
	host b
	cable a a0 b b0
	address a a0 10.9.0.1/24
	address b b0 10.9.0.2/24
	wait_until 5 on a ping -q -c 1 -W 1 10.9.0.2 # addresses are resolved, so that only the tests' packets are seen
}

# qdiscs and filters of an interface, as one would find them
left_behind() { # HOST IF
	on "$1" tc qdisc show dev "$2" clsact
	on "$1" tc filter show dev "$2" ingress
	on "$1" tc filter show dev "$2" egress
	on "$1" bpftool -j net show dev "$2"
	on "$1" "$HERE/tcx.py" "$2"
}

# packets each foreign filter on a direction has counted, one after the other
foreign_seen() { # HOST IF DIRECTION
	local program map

	for program in $(on "$1" tc filter show dev "$2" "$3" | sed -n '/foreign/s/.* id \([0-9]*\).*/\1/p'); do
		map=$(bpftool -j prog show id "$program" | python3 -c 'import json, sys; print(json.load(sys.stdin)["map_ids"][0])')
		bpftool -j map dump id "$map" | python3 -c '
import json, sys
print(json.load(sys.stdin)[0]["formatted"]["value"])'
	done | tr '\n' ' '
}

add_foreign() { # PREF
	local direction

	for direction in ingress egress; do
		on a tc filter add dev a0 "$direction" pref "$1" protocol ip bpf da obj "$FOREIGN" sec tc
	done
}

is_left_as() { # BEFORE
	[ "$(left_behind a a0)" = "$1" ]
}

test_nothing_left() { # for each way to end
	local before signal hook

	before=$(left_behind a a0)
	for hook in auto tc xdp; do
		for signal in INT TERM; do
			probe a "left.$hook.$signal" -i a0 --hook "$hook"
			[ "$(left_behind a a0)" != "$before" ] || fail "--hook $hook attached nothing"
			stop_probe "$PROBE_PID" "$signal"
			same "left by --hook $hook, SIG$signal" "$(left_behind a a0)" "$before"
		done
	done
	on a "$HERE/hangup.py" "capturing on a0" "$FLOWPROBE" run -i a0 --export "json:$WORK/left.terminal.json" >/dev/null
	same "exit code when its terminal is gone" "$?" 0
	same "left when its terminal is gone" "$(left_behind a a0)" "$before"
	probe a left.kill -i a0
	kill -KILL "$PROBE_PID"
	wait "$PROBE_PID" 2>/dev/null
	if grep -q "by tcx" "$WORK/left.kill.log"; then # links leave with the process; filters cannot
		wait_until 5 is_left_as "$before"
	fi
}

test_hangup_goes_on() { # SIGHUP means to read the configuration again; the hooks stay as they are
	local before

	probe a hup -i a0
	before=$(left_behind a a0)
	kill -HUP "$PROBE_PID"
	wait_until 5 grep -q "the configuration was reloaded, nothing new" "$WORK/hup.log"
	same "attached" "$(left_behind a a0)" "$before"
	on b ping -q -c 3 -i 0.01 10.9.0.1 >/dev/null
	stop_probe "$PROBE_PID"
	same "seen after" "$(flows hup sum:packets where direction=ingress icmp_type=8)" 3
	all_accounted hup
}

test_killed_on_clsact() { # a dead process cannot take its filters along: the next one replaces them
	local count

	probe a killed -i a0 --hook tc
	kill -KILL "$PROBE_PID"
	wait "$PROBE_PID" 2>/dev/null
	probe a killed.again -i a0 --hook tc
	on b ping -q -c 5 -i 0.01 10.9.0.1 >/dev/null
	count=$(on a tc filter show dev a0 ingress | grep -c 'tc_ingress')
	same "filters of ours" "$count" 1
	stop_probe "$PROBE_PID"
	same "counted once" "$(flows killed.again sum:packets where direction=ingress icmp_type=8)" 5
	same "filters left" "$(on a tc filter show dev a0 ingress)$(on a tc filter show dev a0 egress)" ""
	on a tc qdisc del dev a0 clsact 2>/dev/null # the dead process had made it, so the next one may not take it away
}

test_second_instance() {
	local first output code hook

	for hook in auto tc xdp; do
		probe a "first.$hook" -i a0 --hook "$hook" --control-socket "$WORK/first"
		first=$PROBE_PID
		output=$(on a "$FLOWPROBE" run -i a0 --hook "$hook" --duration 1s 2>&1)
		code=$?
		same "exit code" "$code" 1
		same "lines" "$(wc -l <<<"$output")" 1
		contains "message" "$output" "pid $first"
		output=$(on a "$FLOWPROBE" doctor -i a0 --hook "$hook" 2>&1)
		same "exit code of doctor" "$?" 1
		contains "doctor" "$output" "pid $first"
		output=$(on a "$FLOWPROBE" doctor -i a0 --hook "$hook" --control-socket "$WORK/first" 2>&1)
		same "exit code of doctor, asked about the first one" "$?" 1
		contains "doctor" "$output" "already running (pid $first)"
		stop_probe "$first"
	done
}

# Foreign clsact filters on both hooks, before and after our start, in front of and behind ours: all of them see all packets,
# ours too, and they are all there when we are gone.
test_foreign_clsact() {
	local hook direction

	for hook in auto tc; do
		on a tc qdisc add dev a0 clsact
		add_foreign 10
		probe a "foreign.$hook" -i a0 --hook "$hook"
		add_foreign 20
		on b ping -q -c 7 -i 0.01 10.9.0.1 >/dev/null
		for direction in ingress egress; do
			same "--hook $hook: seen by the foreign filters, $direction" "$(foreign_seen a a0 "$direction")" "7 7 "
		done
		stop_probe "$PROBE_PID"
		same "--hook $hook: seen by us" "$(flows "foreign.$hook" sum:packets where proto=ICMP)" 14
		on b ping -q -c 1 10.9.0.1 >/dev/null
		for direction in ingress egress; do
			same "--hook $hook: still there and running, $direction" "$(foreign_seen a a0 "$direction")" "8 8 "
		done
		on a tc qdisc del dev a0 clsact
	done
}

test_interfaces_follow() {
	local before

	probe a follow -i 'f*' --idle-timeout 1h --active-timeout 1h
	contains "log" "$(cat "$WORK/follow.log")" "waiting for one to appear"
	cable a f0 b g0
	address a f0 10.8.0.1/24
	address b g0 10.8.0.2/24
	wait_until 5 grep -q "capturing on f0" "$WORK/follow.log"
	on b ping -q -c 3 -i 0.01 10.8.0.1 >/dev/null
	on a ip link set f0 down
	on a ip link set f0 up
	wait_until 5 on b ping -q -c 1 -W 1 10.8.0.1
	before=$(counter a f0 rx_packets)
	on b ping -q -c 4 -i 0.01 10.8.0.1 >/dev/null
	[ "$before" -gt 0 ] || fail "no packets"
	on a ip link delete f0
	wait_until 5 grep -q "no longer capturing on f0" "$WORK/follow.log"
	wait_until 5 test -s "$WORK/follow.json"
	# At least the pings that were surely answered, in records that came out although nothing had timed out.
	same "its last flows" "$(flows follow set:flow_end_reason set:if_name where icmp_type=8)" "forced f0"
	[ "$(flows follow sum:packets where icmp_type=8)" -ge 8 ] || fail "lost $(flows follow sum:packets where icmp_type=8)"
	cable a f1 b g1
	wait_until 5 grep -q "capturing on f1" "$WORK/follow.log"
	on a ip link set f1 down
	on a ip link set f1 name g1x
	wait_until 5 grep -q "no longer capturing on" "$WORK/follow.log"
	stop_probe "$PROBE_PID"
	all_accounted follow
	on a ip link delete g1x
}

test_default_interfaces() { # those with a default route; else all that are up but lo
	local log

	probe a default.all
	stop_probe "$PROBE_PID"
	log=$(grep -o "capturing on [a-z0-9]*" "$WORK/default.all.log")
	same "without a default route" "$log" "capturing on a0"
	cable a d0 b e0
	on a ip link add d1 type veth peer name d2
	address a d0 10.7.0.1/24
	on a ip route add default via 10.7.0.2
	probe a default.route
	log=$(grep -o "capturing on [a-z0-9]*" "$WORK/default.route.log")
	same "with a default route" "$log" "capturing on d0"
	on a ip route add default via 10.9.0.2 metric 50
	wait_until 5 grep -q "capturing on a0" "$WORK/default.route.log"
	stop_probe "$PROBE_PID"
	on a ip link delete d0
	on a ip link delete d1
}

is_captured_twice() { # LOG
	[ "$(grep -c "capturing on a0" "$1")" = 2 ]
}

test_taken_off() { # somebody removes our filter: put back, and said
	probe a taken -i a0 --hook tc
	on a tc filter del dev a0 ingress
	wait_until 30 grep -q "taken off a0 by somebody else" "$WORK/taken.log"
	wait_until 5 is_captured_twice "$WORK/taken.log"
	on b ping -q -c 3 -i 0.01 10.9.0.1 >/dev/null
	stop_probe "$PROBE_PID"
	same "seen after" "$(flows taken sum:packets where direction=ingress icmp_type=8)" 3
}

test_name_and_glob() { # a name must work; what a glob matches may be in a state of its own
	local first output

	cable a k0 b k1
	probe a name.first -i k0
	first=$PROBE_PID
	probe a name.second -i a0 -i 'k*'
	contains "log" "$(cat "$WORK/name.second.log")" "already captures k0"
	on b ping -q -c 3 -i 0.01 10.9.0.1 >/dev/null
	stop_probe "$PROBE_PID"
	same "seen by name" "$(flows name.second sum:packets where direction=ingress icmp_type=8)" 3
	output=$(on a "$FLOWPROBE" run -i k0 -i 'a*' --duration 1s 2>&1)
	same "exit code" "$?" 1
	contains "message" "$output" "already captures k0"
	stop_probe "$first"
	on a ip link delete k0
}

test_tried_again() { # two instances want an interface; when one ends, the other gets it
	local first

	probe a again.first -i 'h*'
	first=$PROBE_PID
	probe a again.second -i 'h*'
	cable a h0 b h1
	wait_until 5 grep -q "already captures h0" "$WORK/again.first.log" "$WORK/again.second.log"
	if grep -q "already captures h0" "$WORK/again.second.log"; then
		stop_probe "$first"
		wait_until 20 grep -q "capturing on h0" "$WORK/again.second.log"
		stop_probe "$PROBE_PID"
	else
		stop_probe "$PROBE_PID"
		wait_until 20 grep -q "capturing on h0" "$WORK/again.first.log"
		stop_probe "$first"
	fi
	on a ip link delete h0
}

topology
run_test "nothing is left behind, however it ends" test_nothing_left
run_test "SIGHUP does not end it" test_hangup_goes_on
run_test "filters of a killed process are replaced" test_killed_on_clsact
run_test "a second instance is refused" test_second_instance
run_test "foreign clsact filters are respected" test_foreign_clsact
run_test "interfaces are followed" test_interfaces_follow
run_test "default interfaces" test_default_interfaces
run_test "a filter taken off by others is put back" test_taken_off
run_test "a name beside a glob" test_name_and_glob
run_test "what could not be attached is tried again" test_tried_again
finish
