#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# The command line as a user meets it: bad input of every kind gets one line that says what, why and the fix, and the right
# exit code; good input does what it says.

# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

# refused CODE PART ARGUMENTS...: exactly one line on stderr with PART in it, nothing on stdout
refused() {
	local wanted=$1 part=$2 code

	shift 2
	on a timeout 20 "$FLOWPROBE" "$@" >"$WORK/out" 2>"$WORK/err"
	code=$?
	same "exit code of $*" "$code" "$wanted"
	same "lines of $*" "$(wc -l <"$WORK/err")" 1
	contains "message of $*" "$(cat "$WORK/err")" "$part"
	same "output of $*" "$(cat "$WORK/out")" ""
}

test_usage() {
	refused 64 "run" rnu
	refused 64 "--interface" run --interfase=eth0
	refused 64 "argument" run eth0
	refused 64 "--slots" run --slots 1000
	refused 64 "--slots" run --slots many
	refused 64 "--sampling" run --sampling 0
	refused 64 "--idle-timeout" run --idle-timeout 15
	refused 64 "--hook" run --hook ebpf
	refused 64 "--table" run --table
	refused 64 "--harvest-interval" run --harvest-interval 1h
}

test_interfaces() {
	refused 1 'no interface "etho0"' run -i etho0
	refused 1 'no interface "etho0"' run -i a0 -i etho0
}

test_exports() {
	refused 64 "did you mean json?" run -i a0 --export jsn:-
	refused 64 "udp://HOST[:4739]" run -i a0 --export ipfix:192.0.2.1
	refused 64 "source_port is no option of json" run -i a0 --export 'json:-?source_port=1'
	refused 1 "/nonexistent" run -i a0 --export json:/nonexistent/flows.json
	refused 1 "" run -i a0 --export json:/
}

test_files() {
	refused 78 "/nonexistent.yaml" run -c /nonexistent.yaml
	printf 'capture:\n  slotz: 1024\n' >"$WORK/bad.yaml"
	refused 78 "$WORK/bad.yaml:2:3: " run -c "$WORK/bad.yaml"
	contains "did you mean" "$(cat "$WORK/err")" "slots"
	printf 'exporters:\n- {type: ipfix, url: "udp://h", biflow: yes}\n' >"$WORK/bad.yaml"
	refused 78 "$WORK/bad.yaml:2:41: exporters: biflow: must be true or false" run -c "$WORK/bad.yaml"
}

test_config() { # check, show and example, without root and without a network
	local output

	refused 64 "check, show or example" config
	refused 64 "did you mean check?" config chek
	refused 64 "config show --help" config show --origins
	refused 78 "/nonexistent.yaml" config check -c /nonexistent.yaml
	refused 78 "$WORK/bad.yaml:2:41: " config show -c "$WORK/bad.yaml"
	mkdir -p "$WORK/etc/conf.d"
	"$COPY" config example >"$WORK/etc/flowprobe.yaml"
	same "exit code of example" "$?" 0
	printf 'capture: {slots: 4096}\nexporters:\n- {name: o2, type: openobserve, url: "http://h", user: u}\n' \
		>"$WORK/etc/conf.d/10.yaml"
	output=$(setpriv --reuid=65534 --regid=65534 --clear-groups "$COPY" config check -c "$WORK/etc/flowprobe.yaml")
	same "exit code of check" "$?" 0
	contains "files" "$output" "$WORK/etc/flowprobe.yaml $WORK/etc/conf.d/10.yaml"
	output=$(FLOWPROBE_EXPORTER_O2_PASSWORD=hunter2 "$COPY" config show --origin -c "$WORK/etc/flowprobe.yaml" --sampling 3)
	same "exit code of show" "$?" 0
	contains "origin of a flag" "$output" "  sampling: 3  # flag --sampling"
	contains "origin in conf.d" "$output" "  slots: 4096  # $WORK/etc/conf.d/10.yaml:1"
	contains "masked secret" "$output" '    password: "***"  # env FLOWPROBE_EXPORTER_O2_PASSWORD'
	same "secrets" "$(grep -c hunter2 <<<"$output")" 0
	"$COPY" config show -c "$WORK/etc/flowprobe.yaml" >"$WORK/shown.yaml"
	mv "$WORK/etc/conf.d" "$WORK/etc/off"
	same "shown again" "$("$COPY" config show -c "$WORK/shown.yaml")" "$(cat "$WORK/shown.yaml")"
}

test_generated() { # what packages install beside the program
	local output

	refused 64 "config completion bash" config completion
	refused 64 "config completion bash" config completion zsh
	refused 64 "config completion bash" config completion bash all
	refused 64 "config man-options 8" config man-options
	refused 64 "config man-options 8" config man-options 1
	"$FLOWPROBE" config completion bash >"$WORK/completion"
	same "exit code of completion" "$?" 0
	output=$(bash -c '. "$1" && complete -p flowprobe' - "$WORK/completion")
	same "completion" "$output" "complete -F _flowprobe flowprobe"
	contains "subcommands" "$(cat "$WORK/completion")" "'run status doctor config openobserve version help'"
	contains "doctor" "$(cat "$WORK/completion")" "doctor:*) _flowprobe_run \"\$option\" \"\$value\" '--json'"
	contains "words" "$(cat "$WORK/completion")" "'check show example'"
	output=$("$FLOWPROBE" config man-options 8)
	same "exit code of man-options 8" "$?" 0
	contains "flags" "$output" '\-\-harvest\-interval\fR'
	output=$("$FLOWPROBE" config man-options 5)
	same "exit code of man-options 5" "$?" 0
	contains "keys" "$output" '\fBharvest_interval\fR: '
	for output in "completion bash" "man-options 5" "man-options 8" example show; do
		# shellcheck disable=SC2086 # words
		"$FLOWPROBE" config $output >/dev/full 2>"$WORK/err"
		same "exit code of $output on a full disk" "$?" 1
		contains "$output on a full disk" "$(cat "$WORK/err")" "cannot write to stdout: No space left on device"
	done
}

test_environment() {
	local code

	FLOWPROBE_CAPTURE_SLOTS=7 on a "$FLOWPROBE" run >/dev/null 2>"$WORK/err"
	code=$?
	same "exit code" "$code" 78
	contains "bad value" "$(cat "$WORK/err")" FLOWPROBE_CAPTURE_SLOTS
	FLOWPROBE_CAPTURE_SLOTZ=1024 on a "$FLOWPROBE" run >/dev/null 2>"$WORK/err"
	code=$?
	same "exit code" "$code" 78
	contains "did you mean" "$(cat "$WORK/err")" FLOWPROBE_CAPTURE_SLOTS
	FLOWPROBE_EXPORTER_JSN_BIFLOW=true on a "$FLOWPROBE" run >/dev/null 2>"$WORK/err"
	code=$?
	same "exit code" "$code" 78
	contains "which there are" "$(cat "$WORK/err")" "(exporters: json)"
}

test_named_exporters() { # a url is taken as it is, a string has its options cut off
	local code

	printf 'exporters:\n- {name: a, type: json, url: "%s"}\n- "json:%s?name=b"\n' \
		"$WORK/what?name=a.json" "$WORK/b.json" >"$WORK/exporters.yaml"
	on a "$FLOWPROBE" run -i a0 --duration 300ms -c "$WORK/exporters.yaml" 2>"$WORK/err"
	code=$?
	same "exit code" "$code" 0
	[ -f "$WORK/what?name=a.json" ] || fail "no file of the mapping"
	[ -f "$WORK/b.json" ] || fail "no file of the string"
}

test_privilege() {
	local code

	setpriv --reuid=65534 --regid=65534 --clear-groups --bounding-set=-all --inh-caps=-all \
		nsenter --net="/run/netns/$RUN-a" true 2>/dev/null && fail "setpriv drops nothing"
	on a setpriv --reuid=65534 --regid=65534 --clear-groups "$COPY" run -i a0 >"$WORK/out" 2>"$WORK/err"
	code=$?
	same "exit code" "$code" 77
	same "lines" "$(wc -l <"$WORK/err")" 1
	contains "message" "$(cat "$WORK/err")" "CAP_NET_ADMIN"
	on a setpriv --reuid=65534 --regid=65534 --clear-groups "$COPY" doctor -i a0 >"$WORK/out" 2>"$WORK/err"
	same "exit code of doctor" "$?" 77
	contains "doctor" "$(cat "$WORK/out")" "CAP_BPF is missing"
}

# The documented capabilities are enough, and all of them are needed.
test_capabilities() {
	local capabilities="+bpf,+net_admin,+perfmon"

	on a setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps="$capabilities" --ambient-caps="$capabilities" \
		"$COPY" run -i a0 --duration 500ms >"$WORK/out" 2>"$WORK/err"
	same "exit code with the three capabilities" "$?" 0
	contains "log" "$(cat "$WORK/err")" "capturing on a0"
}

test_help_and_version() {
	local output

	output=$("$FLOWPROBE" --help)
	same "exit code" "$?" 0
	contains "help" "$output" "doctor"
	output=$("$FLOWPROBE" run --help)
	contains "run --help" "$output" "--idle-timeout"
	output=$("$FLOWPROBE" version)
	contains "version" "$output" "libbpf"
}

test_doctor() {
	local output

	output=$(on a "$FLOWPROBE" doctor -i a0)
	same "exit code" "$?" 0
	same "program variants" "$(grep -c "^ok .* all 5 load with table" <<<"$output")" 2
	contains "interface" "$output" "a0: ingress by "
	same "failures" "$(grep -c ^FAIL <<<"$output")" 0
	output=$(on a "$FLOWPROBE" doctor -i nosuch)
	same "exit code" "$?" 1
	contains "unknown interface" "$output" 'no interface "nosuch"'
}

has_ended() { # COMMAND_LINE
	! pgrep -f "$1" >/dev/null
}

test_closed_pipe() { # flowprobe run | head -1
	local code

	on a "$FLOWPROBE" run -i a0 --idle-timeout 1s --harvest-interval 100ms 2>"$WORK/err" | head -n 1 >"$WORK/out" &
	CHILDREN+=($!)
	wait_until 10 grep -q "capturing on" "$WORK/err"
	for _ in 1 2 3; do
		on b ping -q -c 3 -i 0.1 10.4.0.1 >/dev/null
		sleep 1.5 # longer than the idle timeout: the next packets are another record
	done
	wait "${CHILDREN[-1]}"
	code=$?
	same "exit code of head" "$code" 0
	wait_until 5 has_ended "$FLOWPROBE run -i a0 --idle-timeout 1s"
	contains "log" "$(cat "$WORK/err")" "stopping"
}

test_closed_descriptors() { # whatever is closed, nothing of ours takes its place
	local code

	on a "$FLOWPROBE" run -i a0 --duration 300ms <&- >&- 2>"$WORK/err"
	code=$?
	same "exit code" "$code" 1
	contains "log" "$(cat "$WORK/err")" "standard output"
	on a "$FLOWPROBE" run -i a0 --duration 300ms --export "json:$WORK/closed.json" <&- >&- 2>&-
	same "exit code, all closed" "$?" 0
}

test_reader_comes_back() { # a named pipe whose reader went away and returned
	local first

	mkfifo "$WORK/fifo"
	head -n 1 "$WORK/fifo" >"$WORK/first" &
	CHILDREN+=($!)
	nsenter --net="/run/netns/$RUN-a" "$FLOWPROBE" run -i a0 --idle-timeout 1s --harvest-interval 100ms --export "json:$WORK/fifo" 2>"$WORK/err" &
	first=$!
	CHILDREN+=("$first")
	wait_until 10 grep -q "capturing on" "$WORK/err"
	on b ping -q -c 2 -i 0.1 10.4.0.1 >/dev/null
	wait_until 10 test -s "$WORK/first"
	on b ping -q -c 2 -i 0.1 10.4.0.1 >/dev/null
	wait_until 10 grep -q "cannot write: Broken pipe" "$WORK/err"
	head -n 1 "$WORK/fifo" >"$WORK/second" &
	CHILDREN+=($!)
	on b ping -q -c 2 -i 0.1 10.4.0.1 >/dev/null
	wait_until 10 test -s "$WORK/second"
	kill -INT "$first"
	wait "$first"
	same "exit code: records were lost" "$?" 1
}

test_full_disk() { # the records are lost, and counted
	local code

	nsenter --net="/run/netns/$RUN-a" "$FLOWPROBE" run -i a0 --export json:/dev/full 2>"$WORK/err" &
	CHILDREN+=($!)
	wait_until 10 grep -q "capturing on" "$WORK/err"
	on b ping -q -c 3 -i 0.1 10.4.0.1 >/dev/null
	kill -INT "${CHILDREN[-1]}"
	wait "${CHILDREN[-1]}"
	code=$?
	same "exit code" "$code" 1
	contains "log" "$(cat "$WORK/err")" "json: 0 records sent, lost: 2 failed: No space left on device"
}

host a
host b
cable a a0 b b0
address a a0 10.4.0.1/24
address b b0 10.4.0.2/24
on a sysctl -qw net.ipv6.conf.all.disable_ipv6=1
on b sysctl -qw net.ipv6.conf.all.disable_ipv6=1
COPY=$WORK/flowprobe # where any user may run it
chmod 755 "$WORK"
cp "$FLOWPROBE" "$COPY"
run_test "usage errors" test_usage
run_test "unknown interfaces" test_interfaces
run_test "impossible exports" test_exports
run_test "configuration files" test_files
run_test "config" test_config
run_test "completion and manual" test_generated
run_test "environment" test_environment
run_test "named exporters" test_named_exporters
run_test "no privilege" test_privilege
run_test "three capabilities are enough" test_capabilities
run_test "help and version" test_help_and_version
run_test "doctor" test_doctor
run_test "a closed pipe ends it quietly" test_closed_pipe
run_test "a full disk is counted" test_full_disk
run_test "closed descriptors" test_closed_descriptors
run_test "a reader that comes back" test_reader_comes_back
finish
