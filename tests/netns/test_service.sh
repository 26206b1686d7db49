#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# The agent as a service, with real traffic: its metrics, health and status say what is true; a new configuration is taken
# over while packets come in, and no record is lost by it; and the service manager and node_exporter get what they are used to.
#
#	b ---b0---a0--- a ---m0---c0--- c

# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

CHECK=$O/tests/tools/ipfix_check
URL=http://127.0.0.1:9991
COLLECTOR=10.8.1.2

export PYTHONDONTWRITEBYTECODE=1

topology() {
	local name

	for name in a b c; do
		host $name
		on $name sysctl -qw net.ipv6.conf.all.disable_ipv6=1 # all that is counted is what the tests send
	done
	cable a a0 b b0
	cable a m0 c c0
	address a m0 10.8.1.1/24
	address c c0 $COLLECTOR/24
}

# configure NAME KEY=VALUE...: $WORK/NAME.yaml, put in place at once. A key is SECTION.OPTION, or "export" with what stands in the
# list of exporters.
configure() {
	local name=$1 item section last=

	shift
	{
		for item in "$@"; do
			section=${item%%[.=]*}
			if [ "$section" != "$last" ]; then
				[ "$section" = export ] && echo "exporters:" || echo "$section:"
				last=$section
			fi
			if [ "$section" = export ]; then
				echo "  - \"${item#*=}\""
			else
				item=${item#*.}
				echo "  ${item%%=*}: ${item#*=}"
			fi
		done
	} >"$WORK/$name.yaml.new"
	mv "$WORK/$name.yaml.new" "$WORK/$name.yaml"
}

# service NAME KEY=VALUE...: starts the agent on a with this configuration, and what all tests have in common.
service() {
	local name=$1

	configure "$@" "metrics.listen=127.0.0.1:9991" "control.socket=$WORK/control"
	nsenter --net="/run/netns/$RUN-a" "${PROBE_BY[@]}" "$FLOWPROBE" run -c "$WORK/$name.yaml" 2>"$WORK/$name.log" &
	PROBE_PID=$!
	PROBES+=("$PROBE_PID")
	wait_until 60 grep -q "capturing on\|no interface to capture" "$WORK/$name.log" || sed 's/^/# /' "$WORK/$name.log"
}

get() {
	on a "$HERE/service.py" get "$URL/$1"
}

metrics() { # in $WORK/metrics
	get metrics | sed '1s/^200 //' >"$WORK/metrics"
}

# metric SERIES...: values of now
metric() {
	metrics && "$HERE/service.py" value "$WORK/metrics" "$@"
}

has_metric() { # SERIES VALUE
	[ "$(metric "$1")" = "$2" ]
}

balance() {
	metrics
	"$HERE/service.py" balance "$WORK/metrics" || fail "the balance does not add up"
}

status() {
	"$FLOWPROBE" status --socket "$WORK/control" "$@"
}

# flood COUNT PORT [OPTIONS]: so many flows of one packet each
flood() {
	local count=$1 port=$2

	shift 2
	on b "$INJECT" b0 --flows "$count" --count "$count" --dport "$port" "$@" >/dev/null || fail "inject"
}

has_seen() { # PACKETS
	has_metric 'flowprobe_seen_packets_total{direction="ingress"}' "$1"
}

daemon() { # HOST NAME COMMAND...: its output in $WORK/NAME.out
	local host=$1 name=$2

	shift 2
	nsenter --net="/run/netns/$RUN-$host" "$@" >"$WORK/$name.out" 2>&1 &
	DAEMON_PID=$!
	CHILDREN+=($!)
}

sink() { # NAME PORT
	daemon c "$1" "$HERE/sink.py" "$COLLECTOR" "$2" "$WORK/$1"
	wait_until 5 listens "$2"
}

listens() { # PORT
	[ -n "$(on c ss -Hltn "sport = :$1")" ]
}

# collected NAME: records and packets that came to the sink
collected() {
	"$CHECK" --stream "$WORK/$1" --templates-once --records 2>/dev/null | python3 -c '
import json, sys
records = [record for record in map(json.loads, sys.stdin) if not record["_options"]]
print(len(records), sum(record["packetDeltaCount"] for record in records))'
}

# reload NAME COUNT: and wait until it was the COUNTth
reload() {
	kill -HUP "$PROBE_PID"
	wait_until 15 has_metric flowprobe_config_reloads_total "$2"
}

said() { # NAME TEXT
	contains "log" "$(cat "$WORK/$1.log")" "$2"
}

lines() { # NAME
	[ -e "$WORK/$1" ] && wc -l <"$WORK/$1"
}

has_lines() { # NAME COUNT
	[ "$(lines "$1")" = "$2" ]
}

# --- what it tells ---

test_metrics() {
	sink metrics 4739
	service metrics "interfaces.include=[a0]" "flows.idle_timeout=1s" "export=json:$WORK/metrics.json?name=file" \
		"export=ipfix:tcp://$COLLECTOR:4739?name=collector"
	flood 500 1000
	flood 700 1000
	on b "$INJECT" b0 --ethertype 0x88b5 --count 7 >/dev/null
	wait_until 10 has_seen 1207
	balance >/dev/null # at some moment
	wait_until 10 has_metric flowprobe_flow_cache_flows 0
	wait_until 10 has_metric 'flowprobe_exporter_records_total{exporter="collector"}' 700
	wait_until 10 has_metric 'flowprobe_exporter_records_total{exporter="file"}' 700
	same "seen, in records, cached, skipped" "$(balance)" "1207 1200 0 7"
	same "by interface, and why" "$(metric 'flowprobe_packets_total{interface="a0",direction="ingress"}' \
		'flowprobe_packets_total{interface="a0",direction="egress"}' 'flowprobe_packets_skipped_total{reason="not_ip"}' \
		flowprobe_flows_created_total 'flowprobe_flows_total{end_reason="idle"}' \
		'flowprobe_interface_events_total{type="attached"}')" "1200 0 7 700 700 1"
	same "bytes of the file" "$(metric 'flowprobe_exporter_bytes_total{exporter="file"}')" "$(stat -c %s "$WORK/metrics.json")"
	status --json >"$WORK/status"
	"$HERE/service.py" agree "$WORK/metrics" "$WORK/status" || fail "they do not agree"
	contains "status" "$(status)" "1207 packets seen, all accounted for"
	contains "status" "$(status)" "up; records: 700 sent, 0 waiting, 0 lost"
	stop_probe "$PROBE_PID"
	same "in the file" "$(flows metrics count sum:packets)" "700 1200"
	same "collected" "$(collected metrics.1)" "700 1200"
	kill "$DAEMON_PID"
}

test_promtool() {
	service promtool "interfaces.include=[a0]" "export=json:$WORK/promtool.json"
	metrics
	same "what promtool has to say" "$(promtool check metrics <"$WORK/metrics" 2>&1)" ""
	stop_probe "$PROBE_PID"
}

test_health() { # a collector that is away is not ours to be restarted for
	service health "interfaces.include=[a0]" "flows.idle_timeout=1s" "export=json:$WORK/health.json?name=file" \
		"export=ipfix:tcp://$COLLECTOR:4740?name=away&reconnect_interval=1s"
	flood 100 1000
	wait_until 10 has_metric 'flowprobe_exporter_up{exporter="away"}' 0
	wait_until 10 has_metric 'flowprobe_exporter_records_total{exporter="file"}' 100
	same "healthz" "$(get healthz)" "200 ok"
	same "readyz" "$(get readyz)" "200 ok"
	same "seen, in records, cached, skipped" "$(balance)" "100 100 0 0"
	status --json >"$WORK/status"
	"$HERE/service.py" agree "$WORK/metrics" "$WORK/status" || fail "they do not agree"
	contains "status" "$(status)" "DOWN; records: 0 sent, 100 waiting, 0 lost"
	sink away 4740
	wait_until 10 has_metric 'flowprobe_exporter_up{exporter="away"}' 1
	wait_until 10 has_metric 'flowprobe_exporter_records_total{exporter="away"}' 100
	stop_probe "$PROBE_PID"
	same "collected" "$(collected away.1)" "100 100"
	kill "$DAEMON_PID"
}

is_ready() {
	[ "$(get readyz)" = "200 ok" ]
}

test_readiness() {
	service ready "interfaces.include=['z*']" "export=json:$WORK/ready.json"
	same "healthz" "$(get healthz)" "200 ok"
	same "readyz" "$(get readyz)" "503 no interface is captured on"
	cable a z0 b y0
	wait_until 10 is_ready
	on a ip link delete z0
	wait_until 10 grep -q "no longer capturing on z0" "$WORK/ready.log"
	same "readyz" "$(get readyz)" "503 no interface is captured on"
	stop_probe "$PROBE_PID"
}

test_nobody_answers() {
	local output

	output=$(status 2>&1)
	same "exit code" "$?" 69
	contains "message" "$output" "no flowprobe answers at $WORK/control"
}

# --- reload ---

test_reload() {
	local common=("metrics.listen=127.0.0.1:9991" "control.socket=$WORK/control")

	service reload "interfaces.include=[a0]" "flows.idle_timeout=1h" "export=json:$WORK/kept.json?name=kept" \
		"export=json:$WORK/before.json?name=turn"
	flood 10 1000
	wait_until 10 has_seen 10

	# a shorter timeout holds for flows that are there, and what is new gets their records
	configure reload "interfaces.include=[a0]" "flows.idle_timeout=1s" "export=json:$WORK/kept.json?name=kept" \
		"export=json:$WORK/after.json?name=turn" "export=json:$WORK/added.json?name=added" "${common[@]}"
	reload reload 1
	said reload "the configuration was reloaded; new: flows.idle_timeout, exporters"
	for name in kept after added; do wait_until 10 has_lines "$name.json" 10; done
	same "before" "$(lines before.json)" 0

	# one is removed
	configure reload "interfaces.include=[a0]" "flows.idle_timeout=1s" "export=json:$WORK/kept.json?name=kept" \
		"export=json:$WORK/after.json?name=turn" "${common[@]}"
	reload reload 2
	same "exporters" "$(metric 'flowprobe_exporter_up{exporter="kept"}' 'flowprobe_exporter_up{exporter="turn"}' \
		'flowprobe_exporter_up{exporter="added"}')" "1 1 -"
	flood 5 1001
	for name in kept after; do wait_until 10 has_lines "$name.json" 15; done
	same "added" "$(lines added.json)" 10

	# other interfaces: the last flows of the one that is left come out
	flood 3 1002
	configure reload "interfaces.include=[m0]" "flows.idle_timeout=1h" "export=json:$WORK/kept.json?name=kept" "${common[@]}"
	reload reload 3
	said reload "no longer capturing on a0: not selected any more"
	said reload "capturing on m0"
	wait_until 5 has_lines kept.json 18
	configure reload "interfaces.include=[a0]" "flows.idle_timeout=1s" "export=json:$WORK/kept.json?name=kept" "${common[@]}"
	reload reload 4
	flood 2 1003
	wait_until 10 has_lines kept.json 20

	stop_probe "$PROBE_PID"
	all_accounted reload
	same "all" "$(flows kept count sum:packets)" "20 20"
}

test_reload_refused() { # what is wrong is said, and nothing has changed
	local common=("metrics.listen=127.0.0.1:9991" "control.socket=$WORK/control") kept=("interfaces.include=[a0]"
		"flows.idle_timeout=1s" "export=json:$WORK/kept2.json?name=kept")

	service refused "${kept[@]}"
	printf 'flows:\n  idle_timeout: soon\n' >"$WORK/refused.yaml"
	reload refused 1
	said refused "refused.yaml:2:"
	said refused "error: the configuration was not reloaded: the old one stays in use"
	same "successful" "$(metric flowprobe_config_last_reload_successful)" 0
	contains "status" "$(status)" "the last reload FAILED"
	flood 4 1000
	wait_until 10 has_lines kept2.json 4

	configure refused "interfaces.include=[a0, nowhere0]" "flows.idle_timeout=1h" "export=json:$WORK/kept2.json?name=kept" "${common[@]}"
	reload refused 2
	said refused "there is no interface \"nowhere0\""
	configure refused "interfaces.include=[a0]" "flows.idle_timeout=1h" "export=json:$WORK/other2.json?name=other" \
		"export=json:$WORK/no/such/folder?name=bad" "${common[@]}"
	reload refused 3
	said refused "no/such/folder: No such file or directory"
	rm "$WORK/refused.yaml"
	reload refused 4
	flood 4 1001
	wait_until 10 has_lines kept2.json 8 # so the old timeout is still there, too

	# what needs a restart is named; the rest of it holds
	configure refused "interfaces.include=[a0]" "flows.idle_timeout=1s" "flows.max_flows=2048" "capture.sampling=10" \
		"export=json:$WORK/kept2.json?name=kept" "export=json:$WORK/fixed.json?name=fixed" "${common[@]}"
	reload refused 5
	said refused "warning: changed, but in effect only after a restart: capture.sampling, flows.max_flows"
	same "in effect" "$(metric flowprobe_config_last_reload_successful flowprobe_flow_cache_capacity flowprobe_sampling_interval)" "1 262144 1"
	flood 4 1002
	wait_until 10 has_lines kept2.json 12
	wait_until 10 has_lines fixed.json 4

	# the level of messages
	configure refused "${kept[@]}" "${common[@]}" "log.level=error"
	reload refused 6
	: >"$WORK/refused.log"
	configure refused "${kept[@]}" "${common[@]}" "log.level=error"
	reload refused 7
	same "said quietly" "$(cat "$WORK/refused.log")" ""
	stop_probe "$PROBE_PID"
	same "said quietly" "$(cat "$WORK/refused.log")" ""
	same "all" "$(flows kept2 count sum:packets)" "12 12"
}

has_credentials() { # COUNT
	[ "$(sort -u "$WORK/o2.out" | wc -l)" = "$1" ]
}

test_credentials() { # the file of a credential is looked at anew, although nothing in the configuration has changed
	local options="name=o2&user=probe&password_file=$WORK/password&flush_interval=1s"

	daemon c o2 "$HERE/service.py" openobserve "$COLLECTOR" 5080
	wait_until 5 listens 5080
	(umask 077 && echo first >"$WORK/password")
	service credentials "interfaces.include=[a0]" "flows.idle_timeout=1s" \
		"export=openobserve:http://$COLLECTOR:5080/api/default/s/_json?$options"
	flood 5 1000
	wait_until 10 has_credentials 1
	same "credential" "$(sort -u "$WORK/o2.out")" "Basic $(printf probe:first | base64)"
	echo second >"$WORK/password"
	reload credentials 1
	flood 5 1001
	wait_until 10 has_credentials 2
	same "credential" "$(tail -n 1 "$WORK/o2.out")" "Basic $(printf probe:second | base64)"
	wait_until 10 has_metric 'flowprobe_exporter_records_total{exporter="o2"}' 10
	stop_probe "$PROBE_PID"
	kill "$DAEMON_PID"
}

descriptors() {
	find "/proc/$PROBE_PID/fd" -mindepth 1 | wc -l
}

test_hundred_reloads() {
	local common=("metrics.listen=127.0.0.1:9991" "control.socket=$WORK/control") before i reloads
	local kept=("interfaces.include=[a0]" "flows.idle_timeout=1s" "export=json:$WORK/hundred.json?name=file"
		"export=ipfix:tcp://$COLLECTOR:4741?name=collector")

	sink hundred 4741
	service hundred "${kept[@]}" "export=json:$WORK/turn1.json?name=turn"
	configure first "${kept[@]}" "export=json:$WORK/turn2.json?name=turn" "${common[@]}"
	configure second "${kept[@]}" "export=json:$WORK/turn1.json?name=turn" "${common[@]}"
	flood 1 999
	wait_until 10 has_metric 'flowprobe_exporter_records_total{exporter="collector"}' 1
	before=$(descriptors)
	on a "$HERE/service.py" reloads "$PROBE_PID" "$URL/metrics" "$WORK/hundred.yaml" "$WORK/first.yaml" "$WORK/second.yaml" 100 \
		>"$WORK/reloads.out" 2>&1 &
	reloads=$!
	CHILDREN+=("$reloads")
	i=0
	while [ "$i" -lt 200 ] || kill -0 "$reloads" 2>/dev/null; do
		flood 100 $((1000 + i))
		i=$((i + 1))
	done
	wait "$reloads"
	same "reloads" "$?$(cat "$WORK/reloads.out")" 0
	wait_until 10 has_seen $((100 * i + 1))
	wait_until 10 has_metric flowprobe_flow_cache_flows 0
	balance >/dev/null
	same "descriptors" "$(descriptors)" "$before"
	stop_probe "$PROBE_PID"
	all_accounted hundred
	same "in the file" "$(flows hundred count sum:packets)" "$((100 * i + 1)) $((100 * i + 1))"
	same "collected, in one connection" "$(collected hundred.1)" "$((100 * i + 1)) $((100 * i + 1))"
	cat "$WORK"/turn[12].json >"$WORK/turns.json"
	same "by those that took turns" "$(flows turns count sum:packets)" "$((100 * i + 1)) $((100 * i + 1))"
	kill "$DAEMON_PID"
}

# --- the service manager and node_exporter ---

has_messages() { # TEXT COUNT
	[ "$(grep -c "$1" "$WORK/manager.out")" -ge "$2" ]
}

is_stopped() { # PID
	grep -q "^State:.T" "/proc/$1/status"
}

has_said() { # NAME TEXT COUNT
	[ "$(grep -c "$2" "$WORK/$1.log")" -ge "$3" ]
}

test_notify() {
	local status="STATUS=capturing on 1 interface, [0-9]* packets/s, [0-9]* flows; 1 of 1 exporters up"

	daemon a manager "$HERE/service.py" manager "$WORK/notify"
	wait_until 5 test -S "$WORK/notify"
	PROBE_BY=(env "NOTIFY_SOCKET=$WORK/notify" WATCHDOG_USEC=900000)
	service notify "interfaces.include=[a0]" "export=json:$WORK/notify.json"
	PROBE_BY=()
	wait_until 10 has_messages "^WATCHDOG=1 | $status$" 3
	contains "the first" "$(head -n 1 "$WORK/manager.out")" "READY=1 | STATUS=capturing on 1 interface"
	same "ready" "$(grep -c "^READY=1 | $status$" "$WORK/manager.out")" 1
	kill -HUP "$PROBE_PID"
	wait_until 10 has_messages "^READY=1 | $status$" 2
	same "reloading" "$(grep -A 1 "^RELOADING=1 | MONOTONIC_USEC=[0-9]*$" "$WORK/manager.out" | sed 's/USEC=[0-9]*/USEC=N/; s/ | STATUS.*//' | tr '\n' ' ')" \
		"RELOADING=1 | MONOTONIC_USEC=N READY=1 "
	printf 'flows: soon\n' >"$WORK/notify.yaml"
	kill -HUP "$PROBE_PID"
	wait_until 10 has_messages "^READY=1 | $status; the last reload failed$" 1

	# a manager that has no time for it gets it later
	kill -STOP "$DAEMON_PID"
	wait_until 5 is_stopped "$DAEMON_PID"
	on a "$HERE/service.py" fill "$WORK/notify"
	kill -HUP "$PROBE_PID"
	wait_until 10 has_said notify "the configuration was not reloaded" 2
	kill -CONT "$DAEMON_PID"
	wait_until 10 has_messages "^READY=1 | $status; the last reload failed$" 2
	stop_probe "$PROBE_PID" TERM
	wait_until 5 has_messages "^STOPPING=1" 1
	same "the last" "$(tail -n 1 "$WORK/manager.out")" "STOPPING=1 | STATUS=writing the last records"
	kill "$DAEMON_PID"
}

is_other_file() { # FILE INODE
	[ "$(stat -c %i "$1")" != "$2" ]
}

test_textfile() {
	local file=$WORK/textfile/flowprobe.prom inode old
	local common=("interfaces.include=[a0]" "flows.idle_timeout=1h" "export=json:$WORK/textfile.json"
		"metrics.listen=127.0.0.1:9991" "control.socket=$WORK/control")

	mkdir "$WORK/textfile"
	umask 077 # as in the service
	service textfile "${common[@]:0:3}" "metrics.textfile=$file"
	umask 022
	wait_until 10 test -e "$file"
	exec {old}<"$file"
	inode=$(stat -c %i "$file")
	cp "$file" "$WORK/textfile.first"
	"$HERE/service.py" balance "$file" >/dev/null || fail "not metrics"
	flood 20 1000
	wait_until 25 is_other_file "$file" "$inode"
	same "who still reads the old one" "$(cat <&"$old")" "$(cat "$WORK/textfile.first")"
	exec {old}<&-
	same "seen, in records, cached, skipped" "$("$HERE/service.py" balance "$file")" "20 0 20 0"
	same "in the folder, for everybody" "$(stat -c '%n %a' "$WORK/textfile"/*)" "$file 644"

	# a reload takes over another file, and none
	configure textfile "${common[@]:0:3}" "metrics.textfile=$WORK/textfile/other.prom" "${common[@]:3}"
	reload textfile 1
	wait_until 10 test -e "$WORK/textfile/other.prom"
	same "in the folder" "$(ls "$WORK/textfile")" other.prom
	configure textfile "${common[@]}"
	reload textfile 2
	same "in the folder" "$(ls "$WORK/textfile")" ""
	stop_probe "$PROBE_PID"
}

topology
run_test "metrics and status are true" test_metrics
if command -v promtool >/dev/null; then
	run_test "promtool has nothing to say" test_promtool
else
	skip_test "promtool has nothing to say" "promtool is not installed"
fi
run_test "a collector that is away is no illness" test_health
run_test "ready is who captures" test_readiness
run_test "status without an agent" test_nobody_answers
run_test "a reload changes what is new" test_reload
run_test "a reload that is refused changes nothing" test_reload_refused
run_test "credentials are read again" test_credentials
run_test "a hundred reloads lose nothing" test_hundred_reloads
run_test "the service manager is told" test_notify
run_test "the metrics file is whole" test_textfile
finish
