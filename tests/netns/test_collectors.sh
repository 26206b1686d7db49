#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# What collectors make of our messages: one probe exports the same flows in every protocol over every transport at once, and
# each record is compared, field by field, with what nfdump, nfacctd, tshark, ipfixDump and our own ipfix_check decode. The
# reference is the output of the JSON exporter, which is itself compared with what was sent.

# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
. "$HERE/collectors.sh"
need ping

# Several hundred flows with all that can differ.
crafted_traffic() { # HOST
	local number=0 flags proto

	for flags in 0x001 0x002 0x004 0x008 0x012 0x020 0x040 0x080 0x100 0xfff; do
		number=$((number + 1))
		crafted "$1" --proto tcp --tcp-flags "$flags" --dport $((1000 + number)) --flows 3 --count 6 --tos $((number * 25))
		crafted "$1" --proto tcp --tcp-flags "$flags" --dport $((1000 + number)) --flows 2 --count 2 --ipv6
	done
	crafted "$1" --dport 2000 --flows 100 --count 300 --payload 500
	crafted "$1" --dport 2001 --flows 60 --count 60 --ipv6 --payload 0 --tos 0xb8 --flow-label 0xfffff
	crafted "$1" --dport 2002 --flows 10 --count 10 --vlan 100
	crafted "$1" --dport 2003 --flows 10 --count 10 --vlan 0xeffe --ttl 1
	crafted "$1" --dport 2004 --flows 10 --count 10 --qinq 200 --vlan 100 --ttl 255 --smac 0a:ff:00:00:00:01
	crafted "$1" --dport 2005 --flows 5 --count 20 --fragments 3 --payload 3000
	crafted "$1" --dport 2006 --flows 5 --count 20 --fragments 4 --payload 3000 --ipv6
	crafted "$1" --proto icmp --icmp-type 3 --icmp-code 4 --payload 100
	crafted "$1" --proto icmp --icmp-type 255 --icmp-code 255
	crafted "$1" --proto icmpv6 --ipv6 --icmp-type 1 --icmp-code 4 --payload 100
	crafted "$1" --proto icmpv6 --ipv6 --icmp-type 255 --icmp-code 255 --flow-label 1
	for proto in udplite sctp dccp; do
		crafted "$1" --proto "$proto" --dport 3000 --flows 5 --count 10
		crafted "$1" --proto "$proto" --dport 3000 --flows 5 --count 10 --ipv6
	done
	for proto in 47 50 89 255; do
		crafted "$1" --proto "$proto" --payload 64 --count 7
		crafted "$1" --proto "$proto" --payload 64 --count 7 --ipv6
	done
}

start_collectors() {
	capture_start all
	nfcapds start all
	nfacctd_start acct 9911
	sink tcp 4739
	authority tls
	certificate collector tls -addext "subjectAltName=IP:$MANAGEMENT"
	certificate probe tls
	sink tls 4740 --certificate "$WORK/collector.pem" --key "$WORK/collector.key" --client-ca "$WORK/tls.ca.pem"
	sinks_listen 4739 4740
}

stop_collectors() {
	nfcapds stop all
	nfacctd_stop acct "$(flows all sum:packets)"
	stop_daemon tcp TERM
	stop_daemon tls TERM
	capture_stop all
}

has_reasons() { # REASONS
	[ "$(flows all set:flow_end_reason)" = "$1" ]
}

test_export() {
	local ping

	start_collectors
	probe a all -i a0 --active-timeout 3s --idle-timeout 2s --harvest-interval 500ms --max-flows 1024 \
		--export "ipfix:udp://$MANAGEMENT:9910?template_refresh=1s" --export "ipfix:udp://[$MANAGEMENT6]:9911" \
		--export "ipfix:tcp://$MANAGEMENT:4739?template_refresh=2s" --export "ipfix:file:$WORK/file" \
		--export "ipfix:tls://$MANAGEMENT?ca_file=$WORK/tls.ca.pem&certificate_file=$WORK/probe.pem&key_file=$WORK/probe.key" \
		--export "netflow9:udp://$MANAGEMENT:9909" --export "netflow5:udp://$MANAGEMENT:9905?name=v5"
	on b ping -q -i 0.4 -c 10 10.8.0.1 >/dev/null & # longer than the active timeout
	ping=$!
	CHILDREN+=($!)
	(crafted_traffic a && exit "$TEST_FAILED") &
	CHILDREN+=($!)
	crafted_traffic b
	wait "${CHILDREN[-1]}" || fail "the traffic of a"
	tcp_connection 10.8.0.2 5201
	tcp_connection fd00:8::2 5202
	wait "$ping"
	wait_until 10 has_reasons active,end,idle
	crafted b --dport 4000 --flows 1100 --count 1100 # more than may be kept
	stop_probe "$PROBE_PID"
	all_accounted all
	stop_collectors
	RECORDS=$(flows all count)
	IPV6_RECORDS=$(flows all count where etype=IPv6)
}

test_reference() {
	compared crafted "$WORK/all.json" "$WORK/crafted"
	same "end reasons" "$(flows all set:flow_end_reason)" active,end,forced,idle,resources
}

test_tshark() {
	dissect all 9910 9911 4739 9909 9905
	compared same "$WORK/all.json" "tshark-ipfix=$WORK/all.tshark,9910" "tshark-ipfix=$WORK/all.tshark,9911" \
		"tshark-ipfix=$WORK/all.tshark,tcp" "tshark-v9=$WORK/all.tshark,9909" "tshark-v5=$WORK/all.tshark,9905"
}

test_nfdump() {
	compared same "$WORK/all.json" "nfdump-ipfix=$WORK/all.nf10" "nfdump-v9=$WORK/all.nf9" "nfdump-v5=$WORK/all.nf5"
	same "IPFIX: flows and sequence errors" "$(nfcapd_said all.nf10)" \
		"$RECORDS $("$HERE/collectors.py" miscounted "$WORK/all.tshark" 9910)"
	same "v9: flows and sequence errors" "$(nfcapd_said all.nf9)" "$RECORDS 0"
	same "v5: flows and sequence errors" "$(nfcapd_said all.nf5)" "$((RECORDS - IPV6_RECORDS)) 0"
	# In IPFIX it can read no string of variable length, and says so whenever interfaces are named.
	same "complaints" "$(grep -ih error "$WORK"/all.nf*.out | grep -v "^Process_ifvrf_option: \|^Ident: ")" ""
}

test_nfacctd() {
	compared same "$WORK/all.json" "nfacctd=$WORK/acct.records"
	same "sampling rate" "$(grep -o '"sampling_rate": [0-9]*' "$WORK/acct.records" | sort -u)" '"sampling_rate": 1'
	same "warnings" "$(grep WARN "$WORK/acct.out")" ""
}

test_ipfixdump() {
	local name sources=()

	payloads all 9910
	payloads all 9911
	for name in all.9910 all.9911 tcp.1 tls.1 file; do
		dump "$name"
		sources+=("ipfixdump=$WORK/$name.text")
	done
	compared same "$WORK/all.json" "${sources[@]}"
}

test_ipfix_check() {
	local name sources=()

	# A second, and what a busy machine adds to it; the session lasts at least twice as long.
	check all.9910 --pcap "$WORK/all.pcap" --port 9910 --max-message 1452 --template-refresh 3 --options-refresh 3
	check all.9911 --pcap "$WORK/all.pcap" --port 9911 --max-message 1452
	check all.4739 --pcap "$WORK/all.pcap" --templates-once
	for name in tcp.1 tls.1 file; do
		check "$name" --stream "$WORK/$name" --templates-once
	done
	for name in all.9910 all.9911 all.4739 tcp.1 tls.1 file; do
		counted "$name"
		sources+=("ipfix_check=$WORK/$name.records")
	done
	compared same "$WORK/all.json" "${sources[@]}"
}

test_v5_without_ipv6() {
	contains "final line" "$(grep " v5: .* records sent" "$WORK/all.log")" \
		"$((RECORDS - IPV6_RECORDS)) records sent, none lost; $IPV6_RECORDS left out"
	same "warnings" "$(grep -c "NetFlow v5 cannot carry IPv6" "$WORK/all.log")" 1
}

test_datagrams() { # full, but never cut
	datagrams all >"$WORK/all.datagrams"
	same "fragments" "$(grep -c " part " "$WORK/all.datagrams")" 0
	# The longest record has 107 octets; v5 has more room, and another length.
	same "longest messages" "$(awk '
		$5 >= 9905 && $5 <= 9911 && $6 > longest[$5] { longest[$5] = $6 }
		END {
			for (port in longest) {
				most = port == 9905 ? 1492 : port == 9911 ? 1500 : 1480
				print port, (longest[port] > most - 107 && longest[port] <= most ? "right" : longest[port])
			}
		}' "$WORK/all.datagrams" | sort | tr '\n' ' ')" "9905 right 9909 right 9910 right 9911 right "
	same "ports sent from" "$(awk '$5 >= 9905 && $5 <= 9911 { print $5, $3 }' "$WORK/all.datagrams" | sort -u | wc -l)" 4
}

collectors_topology
run_test "one probe exports to eight destinations" test_export
run_test "the reference has what was sent" test_reference
run_test "tshark" test_tshark
run_test "nfdump" test_nfdump
run_test "nfacctd" test_nfacctd
run_test "ipfixDump" test_ipfixdump
run_test "ipfix_check" test_ipfix_check
run_test "what v5 cannot carry is left out and counted" test_v5_without_ipv6
run_test "datagrams fit the path" test_datagrams
finish
