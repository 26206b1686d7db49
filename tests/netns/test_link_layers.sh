#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# What arrives on real devices in every wrapping: VLAN tags taken off by the kernel or left in the packet, two of them,
# fragments in either order, headers beyond the linear part, devices without an Ethernet header, packets that are no IP.

# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
need ethtool

topology() {
	host a
	host b
	for name in a b; do on $name sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1; done
	cable a a0 b b0
}

# injected NAME OPTIONS...: b sends with inject; what it says it sent is in PACKETS and OCTETS
injected() {
	local said

	said=$(on b "$INJECT" b0 "$@") || fail "inject $*"
	PACKETS=$(sed -n 's/.*"packets":\([0-9]*\).*/\1/p' <<<"$said")
	OCTETS=$(sed -n 's/.*"octets":\([0-9]*\).*/\1/p' <<<"$said")
}

# arrives WHAT FIELD=TEXT...: exactly the injected packets are in the flows that match, and in no others
arrives() {
	local what=$1

	shift
	same "$what" "$(flows "$NAME" sum:packets sum:bytes where direction=ingress "$@")" "$PACKETS $OCTETS"
}

start() { # NAME OPTIONS...
	NAME=$1
	shift
	probe a "$NAME" -i a0 "$@"
}

stop() {
	stop_probe "$PROBE_PID"
	all_accounted "$NAME"
}

tags() { # OPTIONS of the probe...
	local untagged

	injected --count 10 --dport 1000
	untagged="$PACKETS $OCTETS"
	injected --count 20 --dport 1001 --vlan 100
	same "inject counts IP octets" "$((PACKETS)) $OCTETS" "20 $((20 * ${untagged#* } / 10))"
	injected --count 30 --dport 1002 --qinq 200 --vlan 100
	injected --count 40 --dport 1003 --vlan 0x6000 # priority only
	injected --count 50 --dport 1004 --ipv6 --vlan 100 --payload 100
}

test_vlan() {
	local hook

	for hook in auto xdp; do
		start "vlan.$hook" --hook "$hook"
		tags
		stop
		same "untagged" "$(flows "$NAME" sum:packets set:vlan_id where dst_port=1000)" "10 0"
		same "tagged" "$(flows "$NAME" sum:packets set:vlan_id set:src_vlan set:l2_vlan_inner where dst_port=1001)" "20 100 100 0"
		same "two tags" "$(flows "$NAME" sum:packets set:vlan_id set:l2_vlan_inner where dst_port=1002)" "30 200 100"
		same "priority tag" "$(flows "$NAME" sum:packets set:vlan_id where dst_port=1003)" "40 0"
		same "IPv6" "$(flows "$NAME" sum:packets sum:bytes set:vlan_id where dst_port=1004)" "50 $((50 * 148)) 100"
	done
}

test_vlan_egress() { # the tag is in the packet on the way out of an AF_PACKET socket
	probe b egress -i b0
	injected --count 25 --dport 1001 --vlan 100
	stop_probe "$PROBE_PID"
	all_accounted egress
	same "tagged" "$(flows egress sum:packets sum:bytes set:vlan_id where direction=egress)" "25 $OCTETS 100"
}

test_fragments() {
	local hook

	for hook in auto xdp; do
		start "fragments.$hook" --hook "$hook"
		injected --count 10 --dport 2000 --fragments 3 --payload 3000
		stop
		arrives "three fragments" dst_port=2000
		start "fragments6.$hook" --hook "$hook"
		injected --count 10 --dport 2001 --fragments 4 --payload 3000 --ipv6
		stop
		arrives "IPv6 fragments" dst_port=2001 proto=UDP
		# Last one first: the ports come too late for the others, which are counted without them.
		start "reverse.$hook" --hook "$hook"
		injected --count 1 --dport 2002 --fragments 3 --payload 3000 --reverse
		stop
		arrives "all fragments" proto=UDP
		same "without ports" "$(flows "$NAME" sum:packets where dst_port=0)" 2
	done
}

test_protocols() {
	local proto name

	for proto in udp:UDP tcp:TCP udplite:UDPLite sctp:SCTP dccp:DCCP 47:GRE 50:ESP 89:OSPFIGP; do
		name=${proto#*:}
		start "proto.$name"
		injected --count 7 --proto "${proto%:*}" --sport 77 --dport 3000 --ip-options 12 --payload 64
		stop
		arrives "$name" proto="$name"
		case $name in
		GRE | ESP | OSPFIGP) same "$name ports" "$(flows "$NAME" set:src_port set:dst_port)" "0 0" ;;
		*) same "$name ports" "$(flows "$NAME" set:src_port set:dst_port)" "77 3000" ;;
		esac
	done
	start proto.ext
	injected --count 7 --ipv6 --extensions hop,routing,destination --dport 3001 --flow-label 0x12345 --tos 0xb8
	stop
	arrives "IPv6 extension headers" dst_port=3001 ipv6_flow_label=$((0x12345)) ip_tos=$((0xb8))
}

test_padding_and_linear() {
	start padding
	injected --count 9 --payload 1 --pad 60 --dport 4000
	stop
	same "padding is not IP" "$PACKETS $OCTETS" "9 $((9 * 29))"
	arrives "padded" dst_port=4000
	on a ip link set a0 mtu 9000
	on b ip link set b0 mtu 9000
	start linear
	injected --count 9 --payload 8000 --linear 16 --ipv6 --extensions hop,destination --proto tcp --dport 4001
	stop
	arrives "headers beyond the linear part" dst_port=4001 proto=TCP
	start gso
	injected --count 5 --proto tcp --gso 1000 --payload 20500 --dport 4002
	stop
	same "segments" "$PACKETS" 105
	arrives "super-packets" dst_port=4002
}

test_not_ip() {
	start notip
	injected --count 6 --ethertype 0x88cc --payload 50
	injected --count 4 --dport 5000
	stop
	arrives "the IP packets" proto=UDP
	contains "balance" "$(cat "$WORK/notip.log")" "6 packets"
	contains "balance" "$(cat "$WORK/notip.log")" "not IP"
}

test_tun() { # no Ethernet header: the l3 programs
	local said fifo=$WORK/hold holder

	mkfifo "$fifo"
	on a "$INJECT" --tun t0 --hold --count 12 --dport 6000 --payload 100 <"$fifo" >"$WORK/tun.said" &
	CHILDREN+=($!)
	exec {holder}>"$fifo"
	wait_until 5 on a ip link show t0
	probe a tun -i t0
	on a ip link set t0 up
	wait_until 5 test -s "$WORK/tun.said"
	said=$(cat "$WORK/tun.said")
	on a ip addr add 10.5.0.1/24 dev t0
	on a python3 -c '
import socket
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for _ in range(8):
    sender.sendto(bytes(100), ("10.5.0.2", 6001))'
	stop_probe "$PROBE_PID"
	exec {holder}>&-
	all_accounted tun
	same "said" "$said" '{"packets":12,"octets":1536}'
	same "ingress" "$(flows tun sum:packets sum:bytes set:src_mac where direction=ingress dst_port=6000)" \
		"12 1536 00:00:00:00:00:00"
	same "egress" "$(flows tun sum:packets sum:bytes set:out_if_name where direction=egress dst_port=6001)" \
		"8 $((8 * 128)) t0"
}

topology
run_test "VLAN tags on ingress, tc and XDP" test_vlan
run_test "VLAN tags on egress" test_vlan_egress
run_test "fragments in order and in reverse" test_fragments
run_test "transport protocols, options, extension headers" test_protocols
run_test "padding, short linear part, super-packets" test_padding_and_linear
run_test "packets that are not IP" test_not_ip
run_test "a device without an Ethernet header" test_tun
finish
