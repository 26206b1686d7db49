#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# When records come out, and with what times: idle, active, TCP end, forced; never more than a harvest late.

# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
need ping

topology() {
	host a
	host b
	cable a a0 b b0
	address a a0 10.6.0.1/24
	address b b0 10.6.0.2/24
	wait_until 5 on a ping -q -c 1 -W 1 10.6.0.2
}

now_ns() {
	date +%s%N
}

# within WHAT VALUE LOW HIGH
within() {
	if [ "$2" -lt "$3" ] || [ "$2" -gt "$4" ]; then
		fail "$1: $2 is not in $3..$4"
	fi
}

has_records() { # NAME COUNT FIELD=TEXT...
	local name=$1 count=$2

	shift 2
	[ "$(flows "$name" count where "$@")" -ge "$count" ]
}

test_idle() {
	local before after received

	probe a idle -i a0 --idle-timeout 2s --harvest-interval 200ms
	before=$(now_ns)
	on b ping -q -c 3 -i 0.2 10.6.0.1 >/dev/null
	after=$(now_ns)
	wait_until 10 has_records idle 1 icmp_type=8
	received=$(flows idle max:time_received_ns where icmp_type=8)
	same "reason and count" "$(flows idle set:flow_end_reason sum:packets where icmp_type=8)" "idle 3"
	# A tick of the kernel's clock is at most 10 ms.
	within "start" "$(flows idle min:time_flow_start_ns where icmp_type=8)" "$before" "$after"
	within "end" "$(flows idle max:time_flow_end_ns where icmp_type=8)" $((before + 380000000)) $((after + 10000000))
	# Idle for 2 s, seen by the next harvest, which takes as long as a grace period does.
	within "lateness" $((received - $(flows idle max:time_flow_end_ns where icmp_type=8))) 1980000000 2700000000
	stop_probe "$PROBE_PID"
	all_accounted idle
}

test_active() { # a long flow is reported piece by piece, and the pieces add up
	local pieces

	probe a active -i a0 --active-timeout 1s --harvest-interval 100ms
	on b ping -q -c 35 -i 0.1 10.6.0.1 >/dev/null
	stop_probe "$PROBE_PID"
	all_accounted active
	same "sum" "$(flows active sum:packets sum:bytes where icmp_type=8)" "35 $((35 * 84))"
	pieces=$(flows active count where icmp_type=8 flow_end_reason=active)
	within "pieces" "$pieces" 2 3
	same "the last one" "$(flows active count where icmp_type=8 flow_end_reason=forced)" 1
	# 1 s +-5 %, a harvest and a grace period late at most
	python3 - "$WORK/active.json" <<-'END' || fail "pieces overlap or last too long"
		import json, sys
		pieces = sorted((record["time_flow_start_ns"], record["time_flow_end_ns"])
		                for record in map(json.loads, open(sys.argv[1])) if record["icmp_type"] == 8)
		assert all(end - start <= 1_400_000_000 for start, end in pieces), pieces
		assert all(after[0] >= before[1] for before, after in zip(pieces, pieces[1:])), pieces
	END
}

test_tcp_end() { # FIN both ways: well before the idle timeout
	probe a end -i a0 --harvest-interval 200ms
	on b "$HERE/tcp.py" serve 10.6.0.2 5202 >/dev/null &
	CHILDREN+=($!)
	wait_until 5 on b sh -c 'ss -Hltn sport = :5202 | grep -q .'
	on a "$HERE/tcp.py" send 10.6.0.2 5202 3 1000 >/dev/null
	wait_until 5 has_records end 2 proto=TCP
	same "both directions" "$(flows end set:direction set:flow_end_reason where proto=TCP)" "egress,ingress end"
	within "linger" $(($(flows end max:time_received_ns where proto=TCP) - $(flows end max:time_flow_end_ns where proto=TCP))) \
		1900000000 2900000000
	same "one community" "$(flows end set:community_id where proto=TCP | tr ',' '\n' | wc -l)" 1
	stop_probe "$PROBE_PID"
	all_accounted end
}

test_tcp_reset() {
	probe a reset -i a0 --harvest-interval 200ms
	on a python3 -c 'import socket; socket.socket().connect_ex(("10.6.0.2", 5999))' # nobody listens there
	wait_until 5 has_records reset 2 proto=TCP
	same "both directions" "$(flows reset set:direction set:flow_end_reason sum:packets where proto=TCP)" \
		"egress,ingress end 2"
	same "flags" "$(flows reset or:tcp_flags where direction=ingress proto=TCP)" $((0x14))
	stop_probe "$PROBE_PID"
	all_accounted reset
}

test_forced() { # stopping brings out everything, at once
	local before

	probe a forced -i a0 --idle-timeout 1h --active-timeout 1h
	on b ping -q -c 5 -i 0.01 10.6.0.1 >/dev/null
	before=$(now_ns)
	stop_probe "$PROBE_PID"
	within "shutdown took" $(($(now_ns) - before)) 0 3000000000
	same "records" "$(flows forced set:flow_end_reason sum:packets where icmp_type=8)" "forced 5"
	all_accounted forced
}

test_balance_on_demand() {
	probe a demand -i a0 --idle-timeout 1h --active-timeout 1h
	on b ping -q -c 5 -i 0.01 10.6.0.1 >/dev/null
	kill -USR1 "$PROBE_PID"
	wait_until 5 grep -q "in flows not exported yet" "$WORK/demand.log"
	contains "balance" "$(cat "$WORK/demand.log")" "all accounted for"
	same "lines out" "$(wc -l <"$WORK/demand.json")" 0
	stop_probe "$PROBE_PID"
	same "records" "$(flows demand sum:packets where icmp_type=8)" 5
	all_accounted demand
}

test_resources() { # more flows than may be kept: cut early, not lost
	probe a resources -i a0 --max-flows 1024 --idle-timeout 1h --active-timeout 1h
	on a python3 -c '
import socket
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for port in range(10000, 15000):
    sender.sendto(b"x" * 72, ("10.6.0.2", port))'
	stop_probe "$PROBE_PID"
	same "all of them" "$(flows resources sum:packets sum:bytes where dst_addr=10.6.0.2 proto=UDP)" "5000 500000"
	same "flows" "$(flows resources count where dst_addr=10.6.0.2 proto=UDP)" 5000
	within "cut early" "$(flows resources count where flow_end_reason=resources)" 3900 9000
	all_accounted resources
}

test_duration_and_sampling() {
	local seen

	on a timeout 20 "$FLOWPROBE" run -i a0 --duration 2s --sampling 4 --export "json:$WORK/sampled.json" 2>"$WORK/sampled.log" &
	CHILDREN+=($!)
	wait_until 10 grep -q "capturing on" "$WORK/sampled.log"
	on b ping -q -f -c 1000 10.6.0.1 >/dev/null
	wait "${CHILDREN[-1]}"
	same "exit code" "$?" 0
	all_accounted sampled
	same "rate" "$(flows sampled set:sampling_rate)" 4
	seen=$(flows sampled sum:packets where icmp_type=8)
	within "a quarter, unscaled" "$seen" 170 330 # more than 5 standard deviations
	contains "balance" "$(cat "$WORK/sampled.log")" "sampled out"
}

topology
run_test "idle flows" test_idle
run_test "active flows" test_active
run_test "TCP connections that end" test_tcp_end
run_test "TCP connections that are refused" test_tcp_reset
run_test "forced end" test_forced
run_test "the balance on demand" test_balance_on_demand
run_test "lack of resources" test_resources
run_test "duration and sampling" test_duration_and_sampling
finish
