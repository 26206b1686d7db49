#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# The doctor on a host with something to find: collectors that are there, that are not, and that say no; programs of others
# on the hooks, and a flowprobe that runs already. What it finds is compared word by word, and whatever it looked at is
# afterwards as it was before.

# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
need openssl tc ss

FOREIGN=$O/tests/bpf/foreign.bpf.o
OPENOBSERVE=$HERE/../openobserve
USER=root@example.com
# A flowprobe that runs on this host for some other reason is none of ours.
export FLOWPROBE_CONTROL_SOCKET=$WORK/none.sock
START_FIX="start what should listen there, correct host and port, or let the firewalls between pass it"

# doctor CODE OPTIONS...: as JSON, for findings
doctor() {
	local wanted=$1

	shift
	on a timeout 60 "$FLOWPROBE" doctor --json -i a0 "$@" >"$WORK/doctor.json" 2>"$WORK/doctor.err"
	same "exit code of doctor $*" "$?" "$wanted"
	same "messages of doctor $*" "$(cat "$WORK/doctor.err")" ""
	same "exit code in the object" "$(python3 -c 'import json, sys; print(json.load(sys.stdin)["exit_code"])' \
		<"$WORK/doctor.json")" "$wanted"
}

findings() { # TOPIC...
	"$HERE/findings.py" "$WORK/doctor.json" "$@" || fail "findings.py: $(cat "$WORK/doctor.json")"
}

# Everything the doctor looks at, but for counters and times.
everything() {
	on a ip -d link show
	on a ip addr show
	on a tc qdisc show
	on a tc filter show dev a0 ingress
	on a tc filter show dev a0 egress
	on a "$HERE/tcx.py" a0
	on a bpftool -j net show dev a0 2>/dev/null
	(cd "$WORK/kept" && find . -printf '%p %i %s %m %T@ %C@\n' | sort)
}

listens() { # KIND PORT
	on a ss -Hln "--$1" "sport = :$2" | grep -q .
}

# --- collectors ---

# All that comes to a UDP port, as lines with its length.
udp_collector='
import socket
socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
socket.bind(("127.0.0.1", 4739))
while True:
    print(len(socket.recv(65536)), flush=True)'

start_collectors() {
	local tls=("$WORK/server.pem" "$WORK/server.key")

	"$OPENOBSERVE/certificates.sh" "$WORK"
	printf 'Complexpass#123\n' >"$WORK/password"
	printf 'not the password\n' >"$WORK/wrong"
	chmod 600 "$WORK/password" "$WORK/wrong"
	nsenter --net="/run/netns/$RUN-a" python3 -c "$udp_collector" >"$WORK/udp" &
	CHILDREN+=($!)
	background on a "$HERE/sink.py" 127.0.0.1 4739 "$WORK/tcp"
	background on a "$HERE/sink.py" 127.0.0.1 4740 "$WORK/tls" --certificate "${tls[0]}" --key "${tls[1]}"
	background on a "$OPENOBSERVE/double.py" --listen 127.0.0.1:5080 --state "$WORK/o2"
	background on a "$OPENOBSERVE/double.py" --listen 127.0.0.1:5443 --state "$WORK/o2s" --tls "${tls[@]}"
	wait_until 10 listens udp 4739
	for port in 4739 4740 5080 5443; do wait_until 10 listens tcp "$port"; done
}

# openobserve URL PASSWORD_FILE [OPTION]: an exporter
openobserve() {
	echo "openobserve:$1/api/default/flows/_json?user=$USER&password_file=$2${3:+&$3}"
}

test_all_is_well() {
	doctor 0 --export ipfix:udp://127.0.0.1 --export ipfix:tcp://127.0.0.1 \
		--export "ipfix:tls://localhost?ca_file=$WORK/ca.pem" \
		--export "$(openobserve http://127.0.0.1:5080 "$WORK/password" "spool_directory=$WORK/kept/spool")" \
		--export "$(openobserve https://localhost:5443 "$WORK/password" "ca_file=$WORK/ca.pem")" \
		--export "json:$WORK/kept/new.json"
	same "exporters" "$(findings exporter)" "ok exporter: ipfix: udp 127.0.0.1 port 4739 from 127.0.0.1: no refusal (UDP does not tell more)
ok exporter: ipfix2: tcp 127.0.0.1 port 4739 from 127.0.0.1: connected
ok exporter: ipfix3: TLS localhost (127.0.0.1) port 4740 from 127.0.0.1: connected
ok exporter: openobserve: http://127.0.0.1:5080 takes records for stream flows of organization default
ok exporter: openobserve: the spool $WORK/kept/spool can be made
ok exporter: openobserve2: https://localhost:5443 takes records for stream flows of organization default
ok exporter: json: $WORK/kept/new.json can be made"
	contains "interface" "$(findings interface)" "ok interface: a0: ingress by "
	same "capabilities" "$(findings capability)" "ok capability: CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON are there"
	same "programs" "$(findings program)" "ok program: all 5 load with table slots
ok program: all 5 load with table hash"
	same "lines of all topics" "$(findings kernel lockdown clock memory | cut -d: -f1 | cut -d' ' -f2 | sort -u | tr '\n' ' ')" \
		"clock kernel lockdown memory "
}

# Not a word has come to any of them; OpenObserve was asked, with a batch of nothing, and has made no stream of it.
test_nothing_was_sent() {
	same "datagrams" "$(tr '\n' ' ' <"$WORK/udp")" "0 "
	same "octets by TCP and TLS" "$(cat "$WORK"/tcp.[0-9] "$WORK"/tls.[0-9] | wc -c)" 0
	same "streams" "$(on a "$OPENOBSERVE/control.py" http://127.0.0.1:5080 state streams)" "{}"
	same "records" "$(on a "$OPENOBSERVE/control.py" http://127.0.0.1:5080 show records_stored)" 0
}

test_refused() {
	doctor 69 --export ipfix:udp://127.0.0.1:9 --export ipfix:tcp://127.0.0.1:9 --export ipfix:tls://127.0.0.1:9 \
		--export "$(openobserve http://127.0.0.1:9 "$WORK/password")"
	same "exporters" "$(findings exporter)" "fail exporter: ipfix: nobody listens at udp 127.0.0.1 port 9 | start the collector, or correct host and port
fail exporter: ipfix2: cannot connect to 127.0.0.1 port 9: Connection refused | $START_FIX
fail exporter: ipfix3: cannot connect to 127.0.0.1 port 9: Connection refused | $START_FIX
fail exporter: openobserve: cannot connect to 127.0.0.1 port 9: Connection refused | $START_FIX"
}

# What a resolver says depends on whether there is one at all; here none can be reached.
test_unresolvable() {
	doctor 69 --export ipfix:udp://collector.invalid --export ipfix:tcp://collector.invalid \
		--export "$(openobserve http://collector.invalid:5080 "$WORK/password")"
	same "exporters" "$(findings exporter | sed 's/: [^:|]* | .*/: …/')" "fail exporter: ipfix: cannot look up collector.invalid: …
fail exporter: ipfix2: cannot look up collector.invalid: …
fail exporter: openobserve: cannot look up collector.invalid: …"
}

# The reason is the TLS library's, in its words.
test_wrong_authority() {
	local fix="let ca_file name the authority that has issued the server's certificate, which must be for \"localhost\"; the port must be one that speaks TLS"

	doctor 69 --export "ipfix:tls://localhost?ca_file=$WORK/other.pem" \
		--export "$(openobserve https://localhost:5443 "$WORK/password" "ca_file=$WORK/other.pem")"
	same "exporters" "$(findings exporter | sed 's/by TLS: [^|]*certificate[^|]* |/by TLS: … |/')" \
		"fail exporter: ipfix: connected to localhost (127.0.0.1) port 4740, but not by TLS: … | $fix
fail exporter: openobserve: connected to localhost (127.0.0.1) port 5443, but not by TLS: … | $fix"
}

test_secret_of_root() { # which the service could not read
	printf 'exporters:\n  - "%s"\n' "$(openobserve http://127.0.0.1:5080 "$WORK/password")" >"$WORK/secret.yaml"
	doctor 0 -c "$WORK/secret.yaml"
	same "exporters" "$(findings exporter)" \
		"ok exporter: openobserve: http://127.0.0.1:5080 takes records for stream flows of organization default
note exporter: openobserve: only root can read $WORK/password, and the service is not root | let systemd hand it over (LoadCredential, see \`systemctl cat flowprobe\`), unless flowprobe is to run as root"
}

test_wrong_password() {
	local before after

	before=$(on a "$OPENOBSERVE/control.py" http://127.0.0.1:5080 show answers.401 2>/dev/null || echo 0)
	doctor 69 --export "$(openobserve http://127.0.0.1:5080 "$WORK/wrong")"
	same "exporters" "$(findings exporter)" "fail exporter: openobserve: http://127.0.0.1:5080 refuses the credential: Unauthorized Access | correct user and password_file, or token_file; an ingestion token must be one of the organization \"default\""
	after=$(on a "$OPENOBSERVE/control.py" http://127.0.0.1:5080 show answers.401)
	same "requests refused" "$((after - before))" 1 # one look is one request, or an account may be locked
}

# run would not start: worse than a collector that is away.
test_unusable() {
	: >"$WORK/kept/file"
	doctor 1 --export ipfix:tcp://127.0.0.1:9 --export json:/nonexistent/flows.json \
		--export "$(openobserve http://127.0.0.1:5080 "$WORK/password" "spool_directory=$WORK/kept/file/spool")"
	same "exporters" "$(findings exporter)" "fail exporter: ipfix: cannot connect to 127.0.0.1 port 9: Connection refused | $START_FIX
fail exporter: json: /nonexistent: No such file or directory | create this directory first
ok exporter: openobserve: http://127.0.0.1:5080 takes records for stream flows of organization default
fail exporter: openobserve: cannot use the spool: $WORK/kept/file/spool: Not a directory | give the user flowprobe runs as write access to it, or choose another spool_directory"
}

# --- hooks ---

test_foreign_programs() {
	local fix ids

	fix="nothing, as a rule; --ingress-position and --egress-position say who comes first, and what those before drop or redirect is not seen"
	doctor 0
	same "alone" "$(findings hook | grep -c beside)" 0
	on a tc qdisc add dev a0 clsact
	on a tc filter add dev a0 ingress pref 10 protocol ip bpf da obj "$FOREIGN" sec tc
	on a tc filter add dev a0 egress pref 20 protocol ip bpf da obj "$FOREIGN" sec tc
	on a tc filter add dev a0 egress pref 30 protocol ip bpf da obj "$FOREIGN" sec tc
	read -ra ids < <({ on a tc filter show dev a0 ingress; on a tc filter show dev a0 egress; } |
		sed -n 's/.* id \([0-9]*\).*/\1/p' | tr '\n' ' ')
	same "filters" "${#ids[@]}" 3
	everything >"$WORK/before"
	doctor 0
	same "beside others" "$(findings hook | grep beside)" "note hook: a0 ingress: beside tc ${ids[0]} foreign | $fix
note hook: a0 egress: beside tc ${ids[1]} foreign, tc ${ids[2]} foreign | $fix"
	everything >"$WORK/after"
	same "hooks" "$(diff "$WORK/before" "$WORK/after")" ""
	on a tc qdisc del dev a0 clsact
}

test_interface_that_is_down() {
	on a ip link set a0 down
	doctor 0
	contains "interface" "$(findings interface)" "note interface: a0 is down: there is nothing to see | ip link set a0 up"
	on a ip link set a0 up
}

# --- a flowprobe that runs ---

test_running_agent() {
	local pid taken fix="nothing, if that is the one that shall run; else"

	probe a running -i a0 --control-socket "$WORK/control.sock"
	pid=$PROBE_PID
	taken="TAKEN by another flowprobe (pid $pid), beside which a second one would be refused"
	doctor 1 --control-socket "$WORK/control.sock"
	same "agent" "$(findings agent)" "fail agent: already running (pid $pid), and listens at $WORK/control.sock | $fix choose another --control-socket (control.socket)"
	same "taken" "$(findings interface | grep fail)" "fail interface: a0 ingress: $taken | $fix stop it, or choose other interfaces with -i
fail interface: a0 egress: $taken | $fix stop it, or choose other interfaces with -i"
	same "hooks" "$(findings hook | grep -c beside)" 0
	doctor 1 # it is another's, then
	same "taken" "$(findings interface | grep fail)" "fail interface: a0 ingress: $taken | stop it, or choose other interfaces with -i
fail interface: a0 egress: $taken | stop it, or choose other interfaces with -i"
	stop_probe "$pid"
	doctor 0 --control-socket "$WORK/control.sock"
	same "agent that has ended" "$(findings agent)" ""
}

test_metrics_address() {
	doctor 0 --metrics 127.0.0.1:9991
	same "free" "$(findings agent)" "ok agent: metrics can be had on 127.0.0.1:9991"
	doctor 1 --metrics 127.0.0.1:5080
	same "taken" "$(findings agent)" "fail agent: cannot listen on 127.0.0.1:5080 for metrics: Address already in use | choose another address or port for --metrics (metrics.listen)"
}

# --- nothing changes ---

test_nothing_changes() {
	local hook

	mkdir "$WORK/kept/old"
	echo precious >"$WORK/kept/flows"
	everything >"$WORK/before"
	for hook in auto tc xdp; do
		doctor 0 --hook "$hook" --export "json:$WORK/kept/flows" --export "json:$WORK/kept/new" \
			--export "ipfix:file:$WORK/kept/flows" \
			--export "$(openobserve http://127.0.0.1:5080 "$WORK/password" "spool_directory=$WORK/kept/old")"
		everything >"$WORK/after"
		same "everything, --hook $hook" "$(diff "$WORK/before" "$WORK/after")" ""
	done
}

# --- the command line ---

test_text_and_json_agree() {
	local text

	text=$(on a "$FLOWPROBE" doctor -i a0 --export ipfix:tcp://127.0.0.1:9)
	same "exit code" "$?" 69
	contains "finding" "$text" "FAIL  exporter    ipfix: cannot connect to 127.0.0.1 port 9: Connection refused
                  fix: $START_FIX"
	contains "conclusion" "$text" "
The worst is: exporter: ipfix: cannot connect to 127.0.0.1 port 9: Connection refused
         fix: $START_FIX"
	doctor 69 --export ipfix:tcp://127.0.0.1:9
	same "findings" "$(grep -c '^\(ok\|note\|FAIL\) ' <<<"$text")" "$(findings | wc -l)"
}

refused() { # CODE PART OPTIONS...: one line on stderr with PART in it, nothing on stdout
	local wanted=$1 part=$2

	shift 2
	on a timeout 20 "$FLOWPROBE" doctor "$@" >"$WORK/out" 2>"$WORK/err"
	same "exit code of doctor $*" "$?" "$wanted"
	same "lines of doctor $*" "$(wc -l <"$WORK/err")" 1
	contains "message of doctor $*" "$(cat "$WORK/err")" "$part"
	same "output of doctor $*" "$(cat "$WORK/out")" ""
}

test_bad_input() {
	local code

	refused 64 "unknown option --jsno" --jsno
	refused 64 "unexpected argument" a0
	refused 64 "--slots" --json --slots 3
	refused 64 "did you mean ipfix?" --json --export ipfx:udp://127.0.0.1
	refused 78 "/nonexistent.yaml" --json -c /nonexistent.yaml
	on a "$FLOWPROBE" doctor -i a0 >/dev/full 2>"$WORK/err"
	code=$?
	same "exit code, disk full" "$code" 1
	same "message, disk full" "$(cat "$WORK/err")" "flowprobe: error: cannot write to standard output: No space left on device"
	doctor 1 -i nosuch
	contains "unknown interface" "$(findings interface)" 'fail interface: there is no interface "nosuch"'
}

host a
host b
cable a a0 b b0
address a a0 10.8.0.1/24
mkdir "$WORK/kept"
start_collectors
run_test "all is well" test_all_is_well
run_test "nothing was sent" test_nothing_was_sent
run_test "collectors that refuse" test_refused
run_test "a name that cannot be looked up" test_unresolvable
run_test "a wrong authority" test_wrong_authority
run_test "a secret of root's" test_secret_of_root
run_test "a wrong password" test_wrong_password
run_test "exporters that would not start" test_unusable
run_test "foreign programs on the hooks" test_foreign_programs
run_test "an interface that is down" test_interface_that_is_down
run_test "a flowprobe that runs already" test_running_agent
run_test "an address for metrics" test_metrics_address
run_test "nothing changes" test_nothing_changes
run_test "text and JSON agree" test_text_and_json_agree
run_test "bad input" test_bad_input
finish
