#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Exporting when something is wrong: collectors that are slow, absent, restarted, moved, refuse us or break connections, and
# a path that gets narrower and goes away. What one suffers must not be seen by the others, and each record either arrives,
# once, or is declared lost.

# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
. "$HERE/collectors.sh"
need ping

# flood COUNT PORT: so many flows of one packet each
flood() {
	on b "$INJECT" b0 --flows "$1" --count "$1" --dport "$2" >/dev/null || fail "inject"
}

# narrow: connections that are made from now on get stuck soon when c does not read
narrow() {
	on c sysctl -qw net.ipv4.tcp_rmem="4096 8192 8192"
}

# sent NAME EXPORTER: what the latest line about it says: records sent, lost to a full queue, lost otherwise
sent() {
	local line sent queue=0 failed=0

	line=$(grep -o " $2: [0-9]* records sent.*" "$WORK/$1.log" | tail -n 1)
	sent=${line#*: }
	[[ $line =~ ([0-9]+)\ queue\ full ]] && queue=${BASH_REMATCH[1]}
	[[ $line =~ ([0-9]+)\ failed ]] && failed=${BASH_REMATCH[1]}
	echo "${sent%% *} $queue $failed"
}

# stop_failing PID: a probe that has lost records says so with its exit code, too
stop_failing() {
	kill -INT "$1"
	wait "$1"
	same "exit code of the probe" "$?" 1
}

# whole FILE: the messages in it that are not cut off, in FILE.whole
whole() {
	python3 - "$WORK/$1" <<-'END'
		import struct, sys
		stream, end = open(sys.argv[1], "rb").read(), 0
		while end + 4 <= len(stream) and end + (length := struct.unpack_from("!H", stream, end + 2)[0]) <= len(stream):
		    end += length
		open(sys.argv[1] + ".whole", "wb").write(stream[:end])
	END
}

# --- one for all ---

test_others_suffer_nothing() {
	local name blocked late

	nfcapd_start others.nf10 9910
	sink good 4739
	sinks_listen 4739
	narrow
	sink broken 4741 --reset-after 5000
	sink slow 4740
	sinks_listen 4740 4741
	kill -STOP "${PIDS[slow]}"
	probe a others -i a0 --idle-timeout 1s \
		--export "ipfix:tcp://$MANAGEMENT:4740?name=slow" \
		--export "ipfix:tcp://$MANAGEMENT:4741?name=broken&reconnect_interval=1s" \
		--export "ipfix:tcp://$MANAGEMENT:4742?name=refused&reconnect_interval=1s" \
		--export "ipfix:udp://$MANAGEMENT:9911?name=closed" \
		--export "ipfix:udp://192.0.2.77?name=unreachable" \
		--export "ipfix:udp://nobody.invalid?name=unknown" \
		--export "ipfix:tcp://$MANAGEMENT:4739?name=good" --export "netflow5:udp://10.8.1.99?name=silent" \
		--export "ipfix:udp://$MANAGEMENT:9910?name=nfcapd" --export "ipfix:file:$WORK/file?name=file"
	flood 6500 5000
	wait_until 10 has_lines others 6500
	flood 100 5001
	wait_until 10 has_lines others 6600
	kill -USR1 "$PROBE_PID"
	wait_until 5 grep -q " unknown: .* records sent" "$WORK/others.log"
	blocked=$(sent others slow)
	[ "${blocked%% *}" -lt 6500 ] || fail "the slow collector took everything at once"
	kill -CONT "${PIDS[slow]}"
	stop_failing "$PROBE_PID"
	contains "log" "$(cat "$WORK/others.log")" "all accounted for"
	nfcapd_stop others.nf10 9910
	for name in json slow good nfcapd file; do
		same "$name" "$(sent others "$name")" "6600 0 0"
	done
	for name in refused unreachable unknown; do
		same "$name" "$(sent others "$name")" "0 0 6600"
	done
	same "nfcapd: flows and sequence errors" "$(nfcapd_said others.nf10)" "6600 0"
	late=$("$HERE/collectors.py" late "$WORK/others.json" "$WORK/others.nf10")
	[ "$late" -le 2000 ] || fail "a record was $late ms late, which is more than two harvests"
	for name in slow.1 good.1 file; do
		check "$name" --stream "$WORK/$name" --templates-once
	done
	compared same "$WORK/others.json" "ipfix_check=$WORK/slow.1.records" "ipfix_check=$WORK/good.1.records" \
		"ipfix_check=$WORK/file.records"
	contains "warnings" "$(grep "warning:" "$WORK/others.log")" "nobody listens on $MANAGEMENT port 9911"
	contains "warnings" "$(grep "warning:" "$WORK/others.log")" "cannot reach 192.0.2.77"
	contains "warnings" "$(grep "warning:" "$WORK/others.log")" "cannot reach nobody.invalid"
	contains "warnings" "$(grep "warning:" "$WORK/others.log")" "port 4742: Connection refused"
	for name in good slow broken; do stop_daemon "$name" TERM; done
}

test_resets() {
	local i records=() lost

	narrow
	sink reset 4743 --reset-after 30000
	sinks_listen 4743
	probe a reset -i a0 --idle-timeout 1s --harvest-interval 200ms \
		--export "ipfix:tcp://$MANAGEMENT:4743?name=reset&reconnect_interval=1s&enterprise_number=32473"
	for i in 1 2 3; do
		flood 1000 $((6000 + i))
		wait_until 10 has_lines reset $((1000 * i))
		wait_until 5 test -e "$WORK/reset.$((i + 1))"
	done
	kill -USR1 "${PIDS[reset]}"
	flood 100 6009
	stop_failing "$PROBE_PID"
	lost=$(sent reset reset)
	lost=${lost##* }
	[ "$lost" -gt 0 ] || fail "no connection was broken"
	same "all" "$(sent reset reset)" "$((3100 - lost)) 0 $lost"
	for ((i = 1; ; i++)); do
		[ -e "$WORK/reset.$i" ] || break
		whole "reset.$i"
		dump "reset.$i.whole"
		check "reset.$i.whole" --stream "$WORK/reset.$i.whole" --templates-once --enterprise 32473
		records+=("ipfix_check-own=$WORK/reset.$i.whole.records")
	done
	[ "$i" -gt 4 ] || fail "$((i - 1)) connections"
	compared partly "$WORK/reset.json" "$lost" "${records[@]}"
	same "what the last message says is lost" \
		"$(grep -o '"notSentFlowTotalCount":[0-9]*' "$WORK/reset.$((i - 1)).whole.records" | tail -n 1)" \
		"\"notSentFlowTotalCount\":$lost"
	stop_daemon reset TERM
}

test_tls_refusals() {
	local name

	authority ours
	authority strangers
	certificate here ours -addext "subjectAltName=IP:$MANAGEMENT"
	certificate elsewhere ours -addext "subjectAltName=IP:10.8.1.9,DNS:collector.test"
	certificate stranger strangers
	sink here 4744 --certificate "$WORK/here.pem" --key "$WORK/here.key"
	sink there 4748 --certificate "$WORK/here.pem" --key "$WORK/here.key"
	sink elsewhere 4745 --certificate "$WORK/elsewhere.pem" --key "$WORK/elsewhere.key"
	sink strict 4746 --certificate "$WORK/here.pem" --key "$WORK/here.key" --client-ca "$WORK/ours.ca.pem"
	sink stern 4749 --certificate "$WORK/here.pem" --key "$WORK/here.key" --client-ca "$WORK/ours.ca.pem"
	sink plain 4747
	sinks_listen 4744 4745 4746 4747 4748 4749
	probe a tls -i a0 --export "ipfix:tls://$MANAGEMENT:4744?name=right&ca_file=$WORK/ours.ca.pem" \
		--export "ipfix:tls://$MANAGEMENT:4748?name=untrusted&ca_file=$WORK/strangers.ca.pem" \
		--export "ipfix:tls://$MANAGEMENT:4745?name=misnamed&ca_file=$WORK/ours.ca.pem" \
		--export "ipfix:tls://$MANAGEMENT:4747?name=plain&ca_file=$WORK/ours.ca.pem&connect_timeout=1s" \
		--export "ipfix:tls://$MANAGEMENT:4746?name=nameless&ca_file=$WORK/ours.ca.pem" \
		--export "ipfix:tls://$MANAGEMENT:4749?name=stranger&ca_file=$WORK/ours.ca.pem&certificate_file=$WORK/stranger.pem&key_file=$WORK/stranger.key"
	flood 10 7000
	stop_failing "$PROBE_PID"
	contains "untrusted" "$(grep "export untrusted: cannot connect" "$WORK/tls.log")" "certificate problem"
	contains "misnamed" "$(grep "export misnamed: cannot connect" "$WORK/tls.log")" "no alternative certificate subject name"
	# They say why before they hang up; but what they have not read by then makes it a reset, which may be faster.
	contains "nameless" "$(cat "$WORK/tls.log")" "export nameless: the connection to $MANAGEMENT broke ("
	contains "stranger" "$(cat "$WORK/tls.log")" "export stranger: the connection to $MANAGEMENT broke ("
	same "right" "$(sent tls right)" "10 0 0"
	for name in untrusted misnamed plain nameless stranger; do
		same "$name" "$(sent tls "$name")" "0 0 10"
	done
	for name in here there elsewhere strict stern plain; do stop_daemon "$name" TERM; done
}

test_restart() { # what is sent while nobody listens is lost, what is sent afterwards is not
	nfcapd_start first 9910
	probe a restart -i a0 --idle-timeout 1s --harvest-interval 200ms --export "ipfix:udp://$MANAGEMENT:9910?name=udp"
	flood 10 8000
	wait_until 5 has_lines restart 10
	nfcapd_stop first 9910
	flood 10 8001
	wait_until 5 has_lines restart 20
	nfcapd_start second 9910
	flood 10 8002
	wait_until 5 has_lines restart 30
	flood 10 8003
	stop_probe "$PROBE_PID"
	nfcapd_stop second 9910
	same "first" "$(nfcapd_said first)" "10 0"
	same "second" "$(nfcapd_said second)" "20 0"
}

flush() { # NAME OPTIONS: ends 120000 flows at once
	local began

	ln -s /dev/null "$WORK/$1.json" # it would be 100 MB
	nfcapd_start "$1.nf10" 9910
	probe a "$1" -i a0 --idle-timeout 1h --active-timeout 1h --export "ipfix:udp://$MANAGEMENT:9910?name=udp${2:-}"
	flood 60000 9000
	flood 60000 9001
	began=$(date +%s%3N)
	stop_probe "$PROBE_PID"
	TOOK=$(($(date +%s%3N) - began))
	all_accounted "$1"
	same "sent" "$(sent "$1" udp)" "120000 0 0"
	nfcapd_stop "$1.nf10" 9910
}

test_flush() {
	flush paced
	same "flows and sequence errors" "$(nfcapd_said paced.nf10)" "120000 0"
	# Spread over a second, and what the rest of a shutdown takes.
	if [ "$TOOK" -lt 900 ] || [ "$TOOK" -gt 5000 ]; then
		fail "that took $TOOK ms"
	fi
	flush unpaced "&max_rate=10000000"
	echo "# not paced, in $TOOK ms: flows that arrived, and sequence errors: $(nfcapd_said unpaced.nf10)"
}

# longest FILE PORT CONDITION: the longest IP packet to that port among those of the list for which it is true, in octets
longest() {
	awk "\$5 == $2 && ($3) && \$6 > longest { longest = \$6 } END { print longest + 0 }" "$1"
}

# fits WHAT OCTETS MTU: it is not longer, and is full: one more record of the longest would not have fitted
fits() {
	if [ "$2" -gt "$3" ] || [ "$2" -le $(($3 - 107)) ]; then
		fail "$1 is $2 octets long, where the path takes $3"
	fi
}

neighbours_known() {
	wait_until 5 on a ping -q -c 1 -W 1 "$MANAGEMENT" >/dev/null
	wait_until 5 on a ping -q -c 1 -W 1 "$MANAGEMENT6" >/dev/null
}

test_path() { # from 1500 octets to 1280, down, and up again; every record arrives, and no datagram is ever cut
	local lowered port

	address a m0 10.8.1.77/24
	capture_start path
	nfcapd_start path.nf10 9910
	nfcapd_start path.nf9 9909
	nfacctd_start path.acct 9911
	probe a path -i a0 --idle-timeout 1s --harvest-interval 200ms \
		--export "ipfix:udp://$MANAGEMENT:9910?source_address=10.8.1.77&source_port=4747" \
		--export "netflow9:udp://$MANAGEMENT:9909?source_address=10.8.1.77" \
		--export "ipfix:udp://[$MANAGEMENT6]:9911?source_address=fd00:8:1::1&source_port=4748"
	flood 200 1000
	wait_until 5 has_lines path 200
	on a ip link set m0 mtu 1280
	wait_until 5 mark_is_captured path lowered
	flood 200 1001
	wait_until 5 has_lines path 400
	on a sysctl -qw net.ipv6.conf.m0.keep_addr_on_down=1
	on a ip link set m0 down
	flood 200 1002
	wait_until 5 has_lines path 600
	on a ip link set m0 up
	neighbours_known # what waits for one can be overtaken by what comes after it
	flood 200 1003
	wait_until 5 has_lines path 800
	stop_probe "$PROBE_PID"
	all_accounted path
	nfcapd_stop path.nf10 9910
	nfcapd_stop path.nf9 9909
	nfacctd_stop path.acct 800
	capture_stop path
	dissect path 9910 9909 9911
	check path.9910 --pcap "$WORK/path.pcap" --port 9910 --max-message 1452
	check path.9911 --pcap "$WORK/path.pcap" --port 9911 --max-message 1452
	compared same "$WORK/path.json" "nfdump-ipfix=$WORK/path.nf10" "nfdump-v9=$WORK/path.nf9" \
		"nfacctd=$WORK/path.acct.records" "tshark-ipfix=$WORK/path.tshark,9910"
	datagrams path >"$WORK/path.datagrams"
	same "fragments" "$(grep -c " part " "$WORK/path.datagrams")" 0
	lowered=$(awk '/lowered/ { print $1; exit }' "$WORK/path.datagrams")
	for port in 9910 9909 9911; do
		fits "the longest to $port" "$(longest "$WORK/path.datagrams" "$port" "\$1 < $lowered")" 1500
		fits "the longest to $port afterwards" "$(longest "$WORK/path.datagrams" "$port" "\$1 > $lowered")" 1280
	done
	same "where it comes from" "$(awk '$5 == 9910 || $5 == 9911 { print $2, $3 }' "$WORK/path.datagrams" | sort -u | tr '\n' ' ')" \
		"10.8.1.77 4747 fd00:8:1::1 4748 "
	same "NetFlow v9" "$(awk '$5 == 9909 { print $2, $3 }' "$WORK/path.datagrams" | sort -u | sed 's/ .*//')" 10.8.1.77
}

# Where mount namespaces can be had, the probe can have names of its own.
can_change_hosts() {
	: >"$WORK/hosts"
	# shellcheck disable=SC2016 # for the shell in there
	PROBE_BY=(unshare -m sh -c 'mount --bind "$0" /etc/hosts && exec "$@"' "$WORK/hosts")
	"${PROBE_BY[@]}" true 2>/dev/null
}

test_names() { # a name that is not known at first, and then moves from one host to another
	local i

	address c c0 10.8.1.3/24
	nfcapd_start names.nf10 9910
	sink old 4739
	daemon c new "$HERE/sink.py" 10.8.1.3 4739 "$WORK/new"
	wait_until 5 listens c tcp 4739 2
	probe a names -i a0 --idle-timeout 1s --harvest-interval 200ms \
		--export "ipfix:udp://collector.test:9910?name=udp" \
		--export "ipfix:tcp://collector.test:4739?name=tcp&reconnect_interval=1s"
	flood 10 1000
	wait_until 5 has_lines names 10
	wait_until 5 grep -q "export udp: cannot reach collector.test" "$WORK/names.log"
	wait_until 5 grep -q "export tcp: cannot connect to collector.test" "$WORK/names.log"
	echo "$MANAGEMENT collector.test" >"$WORK/hosts"
	wait_until 10 grep -q "export tcp: connected to collector.test" "$WORK/names.log"
	flood 10 1001
	wait_until 5 has_lines names 20
	wait_until 5 old_has 20
	echo "10.8.1.3 collector.test" >"$WORK/hosts"
	stop_daemon old TERM
	flood 10 1002
	wait_until 5 has_lines names 30
	wait_until 10 test -s "$WORK/new.1"
	stop_probe "$PROBE_PID"
	all_accounted names
	same "UDP" "$(sent names udp)" "30 0 0"
	same "TCP" "$(sent names tcp)" "30 0 0"
	nfcapd_stop names.nf10 9910
	stop_daemon new TERM
	check old.1 --stream "$WORK/old.1" --templates-once
	check new.1 --stream "$WORK/new.1" --templates-once
	compared partly "$WORK/names.json" 0 "ipfix_check=$WORK/old.1.records" "ipfix_check=$WORK/new.1.records"
	compared same "$WORK/names.json" "nfdump-ipfix=$WORK/names.nf10"
}

test_addresses() { # a name with two addresses, where at the first nobody listens
	printf '%s collector.test\n' "$MANAGEMENT6" "$MANAGEMENT" >"$WORK/hosts"
	nfcapd_start addresses.nf10 9910
	probe a addresses -i a0 --idle-timeout 1s --harvest-interval 200ms --export "ipfix:udp://collector.test:9910?name=udp"
	flood 10 1100
	wait_until 5 has_lines addresses 10
	flood 10 1101
	stop_probe "$PROBE_PID"
	all_accounted addresses
	nfcapd_stop addresses.nf10 9910
	same "sent" "$(sent addresses udp)" "20 0 0"
	same "nfcapd: flows and sequence errors" "$(nfcapd_said addresses.nf10)" "20 0"
}

old_has() { # COUNT
	[ "$("$CHECK" --stream "$WORK/old.1" --records | grep -c '"_options":false')" = "$1" ]
}

collectors_topology
on a sysctl -qw net.ipv6.conf.a0.disable_ipv6=1 # all that is counted is what the tests send
on b sysctl -qw net.ipv6.conf.b0.disable_ipv6=1
run_test "others suffer nothing" test_others_suffer_nothing
run_test "broken connections" test_resets
run_test "TLS that is refused" test_tls_refusals
run_test "a collector that is restarted" test_restart
run_test "a hundred thousand flows at once" test_flush
run_test "a path that gets narrower and goes away" test_path
if can_change_hosts; then
	run_test "a name that changes its address" test_names
	run_test "a name with two addresses" test_addresses
else
	skip_test "a name that changes its address" "kernel: no mount namespaces here"
	skip_test "a name with two addresses" "kernel: no mount namespaces here"
fi
finish
