# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=bash
#
# What the tests of exporting to collectors share. Source it after lib.sh.
#
#	b ---b0---a0--- a ---m0---c0--- c
#
# The probe watches a0 of host a; the collectors are on host c, at the other end of a cable of their own, so that exported
# messages are not themselves counted.

# shellcheck disable=SC2034 # used by the tests
MANAGEMENT=10.8.1.2
MANAGEMENT6=fd00:8:1::2
CHECK=$O/tests/tools/ipfix_check

declare -A PIDS # of what daemon started, by name
NFACCTDS=()

export PYTHONDONTWRITEBYTECODE=1 TZ=UTC

# known TOOL OPTION VERSION: what it prints, and what it gets wrong, is another matter in each version; this is Debian 12's.
known() {
	local said

	need "$1"
	said=$("$1" "$2" 2>&1)
	case $said in
	*"$3"*) ;;
	*) skip_all "these tests know \"$3\", and here is: $(head -n 2 <<<"$said" | tr '\n' ' ')" ;;
	esac
}

known nfcapd -V "Version: 1.7.1"
known nfdump -V "1.7.1"
known nfacctd -V "nfacctd 1.7.7"
known dumpcap -v "(Wireshark) 4.0." # starts much faster than tshark, which is of the same version
known ipfixDump -V "version 2.4."
need tshark openssl

collectors_topology() {
	local name

	for name in a b c; do host $name; done
	cable a a0 b b0
	cable a m0 c c0
	address a a0 10.8.0.1/24
	address b b0 10.8.0.2/24
	address a a0 fd00:8::1/64
	address b b0 fd00:8::2/64
	address a m0 10.8.1.1/24
	address c c0 $MANAGEMENT/24
	address a m0 fd00:8:1::1/64
	address c c0 $MANAGEMENT6/64
}

# daemon HOST NAME COMMAND...: in the background, its output in $WORK/NAME.out, its pid in PIDS[NAME].
daemon() {
	local host=$1 name=$2

	shift 2
	nsenter --net="/run/netns/$RUN-$host" "$@" >"$WORK/$name.out" 2>&1 &
	PIDS[$name]=$!
	CHILDREN+=($!)
}

stop_daemon() { # NAME SIGNAL
	kill "-$2" "${PIDS[$1]}"
	wait "${PIDS[$1]}"
}

listens() { # HOST udp|tcp PORT [COUNT]
	[ "$(on "$1" ss -Hln "--$2" "sport = :$3" | wc -l)" = "${4:-1}" ]
}

# Whether a process waits for datagrams to a port of c, and all that came were read.
is_idle() { # PORT PID
	local queued state

	queued=$(on c ss -Hlun "sport = :$1" | awk '{ n += $2 } END { print n + 0 }')
	state=$(sed 's/^.*) //' "/proc/$2/stat")
	[ "$queued" = 0 ] && [ "${state%% *}" = S ]
}

# --- traffic ---

# crafted HOST OPTIONS...: sends with inject, and notes in $WORK/crafted what, for collectors.py
crafted() {
	local host=$1 direction=ingress before said

	shift
	[ "$host" = b ] || direction=egress
	before=$(date +%s%3N)
	said=$(on "$host" "$INJECT" "${host}0" "$@") || fail "inject $*"
	echo "$direction $before $(date +%s%3N) '$said' $*" >>"$WORK/crafted"
}

tcp_connection() { # ADDRESS OF b, PORT
	on b "$HERE/tcp.py" serve "$1" "$2" >/dev/null &
	CHILDREN+=($!)
	wait_until 5 listens b tcp "$2"
	on a "$HERE/tcp.py" send "$1" "$2" 3 1000 >/dev/null || fail "the transfer failed"
	wait "${CHILDREN[-1]}"
}

has_lines() { # NAME COUNT: so many records have come out
	[ "$(wc -l <"$WORK/$1.json")" -ge "$2" ]
}

# --- collectors ---

# nfcapd_start NAME PORT [OPTIONS]: keeps what it decodes in the folder $WORK/NAME.
nfcapd_start() {
	local name=$1 port=$2

	shift 2
	mkdir -p "$WORK/$name"
	daemon c "$name" nfcapd -w "$WORK/$name" -b $MANAGEMENT -p "$port" -t 3600 "$@"
	wait_until 5 listens c udp "$port"
}

nfcapd_stop() { # NAME PORT
	wait_until 30 is_idle "$2" "${PIDS[$1]}"
	stop_daemon "$1" TERM
}

# nfcapds start|stop NAME: one for each protocol
nfcapds() {
	"nfcapd_$1" "$2.nf10" 9910
	"nfcapd_$1" "$2.nf9" 9909
	"nfcapd_$1" "$2.nf5" 9905
}

# nfcapd_said NAME: flows and sequence errors, by the last line of its output
nfcapd_said() {
	sed -n 's/^Ident: .* Flows: \([0-9]*\),.* Sequence Errors: \([0-9]*\),.*/\1 \2/p' "$WORK/$1.out"
}

nfacctd_start() { # NAME PORT: keeps what it decodes in $WORK/NAME.records
	cat >"$WORK/$1.conf" <<-END
		nfacctd_ip: $MANAGEMENT6
		nfacctd_port: $2
		plugins: print
		plugin_pipe_size: 16384000
		print_cache_entries: 65521
		aggregate: src_host, dst_host, src_port, dst_port, proto, tos, tcpflags, in_iface, out_iface, vlan, \
		src_mac, dst_mac, timestamp_start, timestamp_end, sampling_rate
		timestamps_since_epoch: true
		print_output: json
		print_output_file: $WORK/$1.records
		print_output_file_append: true
		print_refresh_time: 1
	END
	: >"$WORK/$1.records"
	daemon c "$1" nfacctd -f "$WORK/$1.conf"
	NFACCTDS+=("${PIDS[$1]}")
	wait_until 10 listens c udp "$2"
}

# nfacctd_stop NAME PACKETS: it hands records over to the process that prints them in its own time, and takes two seconds to
# end, for which nobody has to wait.
nfacctd_stop() {
	wait_until 20 nfacctd_has "$1" "$2"
	kill -INT "${PIDS[$1]}"
}

end_nfacctds() { # they do not listen to SIGTERM
	[ ${#NFACCTDS[@]} = 0 ] || kill -INT "${NFACCTDS[@]}" 2>/dev/null
}
trap 'end_nfacctds; cleanup' EXIT

nfacctd_has() { # NAME PACKETS
	[ "$(grep -o '"packets": [0-9]*' "$WORK/$1.records" | awk '{ n += $2 } END { print n + 0 }')" = "$2" ]
}

# sink NAME PORT OPTIONS...: connections are kept in $WORK/NAME.1 and so on. It listens soon: see sinks_listen PORT...
sink() {
	local name=$1 port=$2

	shift 2
	daemon c "$name" "$HERE/sink.py" "$MANAGEMENT" "$port" "$WORK/$name" "$@"
}

sinks_listen() {
	local port

	for port in "$@"; do wait_until 5 listens c tcp "$port"; done
}

# authority NAME: $WORK/NAME.ca.pem
authority() {
	new_certificate "$1.ca" "the authority $1"
}

# certificate NAME AUTHORITY OPTIONS...: $WORK/NAME.pem and $WORK/NAME.key
certificate() {
	new_certificate "$1" "$1" -CA "$WORK/$2.ca.pem" -CAkey "$WORK/$2.ca.key" \
		-addext basicConstraints=critical,CA:FALSE "${@:3}"
}

new_certificate() { # FILE SUBJECT OPTIONS...
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=$2" \
		-out "$WORK/$1.pem" -keyout "$WORK/$1.key" "${@:3}" 2>"$WORK/openssl.err" ||
		fail "openssl: $(cat "$WORK/openssl.err")"
}

# --- captures ---

# Whether what is sent from a to c now gets into the capture.
mark_is_captured() { # NAME MARK
	on a bash -c "echo $2-$RUN >/dev/udp/$MANAGEMENT/9"
	grep -q -- "$2-$RUN" "$WORK/$1.pcap"
}

capture_start() { # NAME: all that comes to c, in $WORK/NAME.pcap
	daemon c "$1.capture" dumpcap -q -P -B 64 -i c0 -w "$WORK/$1.pcap"
	wait_until 10 mark_is_captured "$1" start
}

capture_stop() { # NAME: when all is in it
	wait_until 10 mark_is_captured "$1" stop
	stop_daemon "$1.capture" INT
	contains "what dumpcap says" "$(cat "$WORK/$1.capture.out")" "/0 (pcap:0/dumpcap:0/"
}

# dissect NAME PORT...: what tshark shows of the messages to these ports, in $WORK/NAME.tshark. It does without the tree of
# TCP, so what is in there of faults is about our messages.
dissect() {
	local name=$1 port as=()

	shift
	for port in "$@"; do as+=(-d "udp.port==$port,cflow" -d "tcp.port==$port,cflow"); done
	tshark -r "$WORK/$name.pcap" "${as[@]}" -Y cflow -T json -J "udp cflow" >"$WORK/$name.tshark" 2>"$WORK/tshark.err" ||
		fail "tshark: $(cat "$WORK/tshark.err")"
}

# datagrams NAME: what datagrams.py lists of the capture
datagrams() {
	"$HERE/datagrams.py" list "$WORK/$1.pcap"
}

# payloads NAME PORT: the messages that went to a UDP port, in one stream $WORK/NAME.PORT
payloads() {
	"$HERE/datagrams.py" payloads "$WORK/$1.pcap" "$2" >"$WORK/$1.$2" || fail "datagrams.py payloads"
}

# --- judging ---

compared() { # see collectors.py
	"$HERE/collectors.py" "$@" || fail "collectors.py $*"
}

# dump NAME: what ipfixDump shows of the messages in $WORK/NAME, in $WORK/NAME.text; it must have nothing to say itself.
dump() {
	ipfixDump --rfc5610 --data -i "$WORK/$1" >"$WORK/$1.text" 2>"$WORK/$1.warnings" || fail "ipfixDump: $1"
	same "what ipfixDump has to say of $1" "$(cat "$WORK/$1.warnings")" ""
}

# counted NAME: what the last statistics in the sessions of a check say was exported is what had come by then.
counted() {
	local line pattern="^(.*): reported (.*), measured (.*)$" lines=0

	while read -r line; do
		[[ $line =~ $pattern ]] || continue
		same "what $1 says was exported" "${BASH_REMATCH[2]}" "${BASH_REMATCH[3]}"
		lines=$((lines + 1))
	done <"$WORK/$1.verdict"
	[ "$lines" -gt 0 ] || fail "$1 has no statistics"
}

# check NAME OPTIONS...: what ipfix_check shows, in $WORK/NAME.records; there must be no violation.
check() {
	"$CHECK" --records "${@:2}" >"$WORK/$1.records" 2>"$WORK/$1.verdict" || fail "$1: $(head -n 5 "$WORK/$1.verdict")"
}
