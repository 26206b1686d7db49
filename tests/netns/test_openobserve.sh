#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Flows to OpenObserve while everything goes wrong that can: every fault at once, each at a server of its own.

# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/openobserve.sh"
need ping

FAULTY=(happy plain login large encoding busy broken storm hang closing shortfall discarded slow behind)
STORM_S=60

start_servers() {
	local name port=5081

	declare -gA PORT
	for name in "${FAULTY[@]}"; do
		PORT[$name]=$port
		double_start "$name" "$port"
		port=$((port + 1))
	done
	tell "${PORT[login]}" standing 401
	tell "${PORT[large]}" standing 413,above=12000
	tell "${PORT[encoding]}" standing 415
	tell "${PORT[busy]}" faults 429,retry_after=1,times=3 429,times=2
	tell "${PORT[broken]}" faults 500,times=2 502 504 503 408
	tell "${PORT[storm]}" standing 503 "$STORM_S"
	tell "${PORT[hang]}" faults hang,store=true hang,early=true
	tell "${PORT[closing]}" faults close_before_read close_mid_body,bytes=100 store_then_close close_mid_response,bytes=5 \
		close_before_read,reset=true store_then_close,reset=true connection_close
	tell "${PORT[shortfall]}" faults shortfall,keep=4 column_trap
	tell "${PORT[discarded]}" faults discard,count=3
	tell "${PORT[slow]}" faults slow_response,times=2 chunked_response,times=2 delay,seconds=3
	tell "${PORT[behind]}" clock 36000 # for it, our records are ten hours old, twice what it takes
}

test_faults() {
	local name arguments=()

	start_servers
	for name in "${FAULTY[@]}"; do
		case $name in
		plain | large) arguments+=(--export "$(exporter "$name" "${PORT[$name]}" "flush_interval=1s&compression=false")") ;;
		hang) arguments+=(--export "$(exporter "$name" "${PORT[$name]}" "flush_interval=1s&request_timeout=2s")") ;;
		*) arguments+=(--export "$(exporter "$name" "${PORT[$name]}" "flush_interval=1s&batch_records=100")") ;;
		esac
	done
	probe a faults -i a0 --idle-timeout 1s --harvest-interval 500ms "${arguments[@]}"
	traffic $((STORM_S + 5))
	sleep 5
	tell "${PORT[login]}" clear
	wait "$TRAFFIC_PID"
	wait_until 60 has_all faults 0 "${FAULTY[@]/shortfall/}"
	stop_lossy "$PROBE_PID"
}

test_server() { # NAME
	settled faults "$1" 0
	same "$1: sent twice" "$(compare repeated "$1")" 0
}

test_most_servers() {
	local name

	for name in happy plain large encoding busy broken storm slow login; do
		test_server "$name"
		compare ordered "$WORK/faults.json" "$name"
		same "$name: restamped" "$(compare restamped "$name")" 0
	done
}

encodings() { # NAME: of the bodies that were accepted
	python3 - "$WORK/$1.o2/requests.ndjson" <<-'END'
		import json, sys
		notes = [json.loads(line) for line in open(sys.argv[1])]
		print(*sorted({note["headers"].get("content-encoding", "none") for note in notes if note["status"] == 200}))
	END
}

test_encodings() {
	same "by default" "$(encodings happy)" gzip
	same "switched off" "$(encodings plain)" none
	same "after a 415" "$(encodings encoding)" none
}

test_ambiguous() { # whether the server has them could not be known: sent twice, which shows in flow_id
	settled faults hang 0
	settled faults closing 0
	[ "$(compare repeated hang)" -gt 0 ] || fail "hang: nothing was sent twice"
	[ "$(compare repeated closing)" -gt 0 ] || fail "closing: nothing was sent twice"
}

test_shortfall() { # of two batches, four records were taken; nothing was said of the others
	local total lost

	total=$(flows faults count)
	lost=$(outcome faults shortfall failed)
	[ "$lost" -gt 0 ] || fail "nothing is declared lost"
	settled faults shortfall "$lost"
	same "missing" "$(compare missing "$WORK/faults.json" shortfall)" "$lost"
	same "all" $((lost + $(outcome faults shortfall sent))) "$total"
}

test_discarded() {
	same "refused" "$(outcome faults discarded refused)" 3
	settled faults discarded 3
	contains "log" "$(cat "$WORK/faults.log")" "export discarded: 3 records lost: "
}

test_behind() { # its own clock says that all are too old
	settled faults behind 0
	same "restamped" "$(compare restamped behind)" "$(flows faults count)"
}

has_secret() { # FILE: as it is, or as it is sent
	local sent

	sent=$(printf 'root@example.com:%s' "$PASSWORD" | base64 -w 0)
	grep -qaF -e "$PASSWORD" -e "${sent%%=*}" "$1"
	case $? in
	0) return 0 ;;
	1) return 1 ;;
	esac
	fail "cannot look into $1"
	return 2
}

test_credential_is_nowhere() { # whoever may see it: what it says, its command line, its variables, its status
	local name

	double_start secret 5096
	double_start refusing 5097
	tell 5097 standing 401
	probe a secret -i a0 --log-level debug --idle-timeout 1s --harvest-interval 200ms --metrics 127.0.0.1:9991 \
		--control-socket "$WORK/secret.socket" --export json:- \
		--export "$(exporter secret 5096 "flush_interval=200ms")" \
		--export "$(exporter refusing 5097 "flush_interval=200ms")" >"$WORK/secret.stdout"
	flood 20 60000
	wait_until 20 has_all secret 0 secret
	wait_until 20 grep -q "export refusing: " "$WORK/secret.log"
	for name in cmdline environ; do
		cat "/proc/$PROBE_PID/$name" >"$WORK/secret.$name" || fail "no $name"
	done
	"$FLOWPROBE" status --socket "$WORK/secret.socket" >"$WORK/secret.status" || fail "no status"
	on a python3 -c 'import urllib.request as r; print(r.urlopen("http://127.0.0.1:9991/metrics").read().decode())' \
		>"$WORK/secret.metrics" || fail "no metrics"
	stop_lossy "$PROBE_PID"
	contains "command line" "$(tr '\0' ' ' <"$WORK/secret.cmdline")" "password_file=$WORK/password"
	contains "stdout" "$(cat "$WORK/secret.stdout")" '"flow_id"'
	for name in log stdout json cmdline environ status metrics; do
		[ -s "$WORK/secret.$name" ] || fail "the probe's $name is empty"
		if has_secret "$WORK/secret.$name"; then fail "the password is in the probe's $name"; fi
	done
	# What is looked for is what there is to be found.
	has_secret "$WORK/password" || fail "the password is not found where it is"
	printf 'Authorization: Basic %s\n' "$(printf 'root@example.com:%s' "$PASSWORD" | base64 -w 0)" >"$WORK/header"
	has_secret "$WORK/header" || fail "the password is not found as it is sent"
}

topology
run_test "one probe, fourteen servers, each with another fault" test_faults
run_test "what passes is waited for, and all arrives once and in order" test_most_servers
run_test "compression" test_encodings
run_test "records of unknown fate are sent again, and findable" test_ambiguous
run_test "200, and records that were not mentioned" test_shortfall
run_test "200, and records that were refused" test_discarded
run_test "a server whose clock is ahead" test_behind
run_test "the password is in no output" test_credential_is_nowhere
finish
