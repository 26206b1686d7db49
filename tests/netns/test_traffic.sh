#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Real traffic, exact figures: every flow's packets and octets against what the generator sent, what the interface counted,
# and what the other end received.
#
#	a ---a0---r0--- r ---r1---b0--- b
#
# r forwards, and cuts super-packets into wire packets before r1 (offloads off there), so that a and r count GSO packets of
# up to 64 KiB where b counts the very same traffic packet by packet. All three must agree. Neighbours are static and IPv6 is
# silent, so that nothing but the test's own traffic is on the wires.

# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
need iperf3 ping ethtool

POINTS=everywhere # how the four points are compared
LINK_HEADER=14 # what interface statistics count beside the IP packet

topology() {
	local name

	for name in a r b; do host $name; done
	cable a a0 r r0
	cable r r1 b b0
	offloads_off r r1
	address a a0 10.1.0.1/24
	address r r0 10.1.0.2/24
	address r r1 10.2.0.2/24
	address b b0 10.2.0.1/24
	address a a0 fd00:1::1/64
	address r r0 fd00:1::2/64
	address r r1 fd00:2::2/64
	address b b0 fd00:2::1/64
	on r sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	on a ip route add default via 10.1.0.2
	on b ip route add default via 10.2.0.2
	on a ip -6 route add default via fd00:1::2
	on b ip -6 route add default via fd00:2::2
	neighbours a a0 r r0 10.1.0.2 fd00:1::2
	neighbours r r0 a a0 10.1.0.1 fd00:1::1
	neighbours r r1 b b0 10.2.0.1 fd00:2::1
	neighbours b b0 r r1 10.2.0.2 fd00:2::2
}

neighbours() { # HOST IF PEER PEER_IF ADDRESS...: tells HOST where the peer's addresses are
	local host=$1 interface=$2 mac

	mac=$(mac "$3" "$4")
	shift 4
	for ip in "$@"; do
		on "$host" ip neigh replace "$ip" lladdr "$mac" dev "$interface" nud permanent
	done
}

probes() { # NAME OPTIONS...: one probe on each host, records in NAME.a, NAME.r, NAME.b
	local name=$1

	shift
	probe a "$name.a" -i a0 "$@"
	PROBE_A=$PROBE_PID
	probe r "$name.r" -i 'r?' "$@"
	PROBE_R=$PROBE_PID
	probe b "$name.b" -i b0 "$@"
	PROBE_B=$PROBE_PID
}

stop_probes() { # NAME
	local host

	stop_probe "$PROBE_A"
	stop_probe "$PROBE_R"
	stop_probe "$PROBE_B"
	for host in a r b; do all_accounted "$1.$host"; done
}

# everywhere NAME PACKETS BYTES FIELD=TEXT...: the flow a -> b has these totals at each of the four points it passes.
everywhere() {
	local name=$1 wanted="$2 $3"

	shift 3
	same "a egress" "$(flows "$name.a" sum:packets sum:bytes where direction=egress "$@")" "$wanted"
	same "r ingress" "$(flows "$name.r" sum:packets sum:bytes where direction=ingress "$@")" "$wanted"
	same "r egress" "$(flows "$name.r" sum:packets sum:bytes where direction=egress "$@")" "$wanted"
	same "b ingress" "$(flows "$name.b" sum:packets sum:bytes where direction=ingress "$@")" "$wanted"
}

# with_drops NAME PACKETS BYTES FIELD=TEXT...: as everywhere, but the cables may have dropped packets (and counted them, on
# the sending side): their small XDP rings do.
with_drops() {
	local name=$1 packets=$2 wanted="$2 $3"

	shift 3
	same "a egress" "$(flows "$name.a" sum:packets sum:bytes where direction=egress "$@")" "$wanted"
	packets=$((packets - $(counter a a0 tx_dropped)))
	same "r ingress" "$(flows "$name.r" sum:packets where direction=ingress "$@")" "$packets"
	same "r egress" "$(flows "$name.r" sum:packets where direction=egress "$@")" "$packets"
	packets=$((packets - $(counter r r1 tx_dropped)))
	same "b ingress" "$(flows "$name.b" sum:packets where direction=ingress "$@")" "$packets"
}

seen() { # NAME in|out: what the balance says
	sed -n 's/.*seen [0-9]* packets (\([0-9]*\) in, \([0-9]*\) out).*/\1 \2/p' "$WORK/$1.log" |
		awk -v which="$2" '{ print which == "in" ? $1 : $2 }'
}

interface_start() { # what b0 has received before
	RX_PACKETS=$(counter b b0 rx_packets)
	RX_BYTES=$(counter b b0 rx_bytes)
}

# interface_same NAME: the flows of b are all that b0 has received since.
interface_same() {
	local packets bytes

	RX_PACKETS=$(($(counter b b0 rx_packets) - RX_PACKETS))
	RX_BYTES=$(($(counter b b0 rx_bytes) - RX_BYTES))
	read -r packets bytes <<<"$(flows "$1" sum:packets sum:bytes where direction=ingress)"
	same "packets of b0" "$packets" "$RX_PACKETS"
	same "octets of b0" "$((bytes + LINK_HEADER * packets))" "$RX_BYTES"
	same "seen by b" "$(seen "$1" in)" "$RX_PACKETS"
}

figure() { # FILE NAME: from what tcp.py printed
	python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$WORK/$1" "$2"
}

# tcp NAME OPTIONS...: 300 writes of 44 segments from a to b, against what both kernels say they sent.
tcp() {
	local name=$1 packets payload

	shift
	probes "$name" "$@"
	interface_start
	on b "$HERE/tcp.py" serve "$SERVER" 5201 >"$WORK/$name.served" &
	CHILDREN+=($!)
	wait_until 5 on b sh -c 'ss -Hltn sport = :5201 | grep -q .'
	on a "$HERE/tcp.py" send "$SERVER" 5201 300 63712 >"$WORK/$name.sent" || fail "the transfer failed"
	wait "${CHILDREN[-1]}"
	stop_probes "$name"

	packets=$(figure "$name.sent" packets)
	payload=$(figure "$name.sent" payload)
	# IP and TCP headers with timestamps on each packet, 8 octets of options more on the SYN.
	"$POINTS" "$name" "$packets" $((payload + packets * (IP_HEADER + 32) + 8)) src_port=40001
	interface_same "$name.b"
	# The kernel counts for a connection, and the SYN-ACK comes before there is one.
	same "ACKs leaving b" "$(flows "$name.b" sum:packets where dst_port=40001 direction=egress)" \
		$((1 + $(figure "$name.served" packets)))
	[ "$POINTS" = with_drops ] || same "ACKs reaching a" "$(flows "$name.a" sum:packets sum:bytes where dst_port=40001 direction=ingress)" \
		"$(flows "$name.b" sum:packets sum:bytes where dst_port=40001 direction=egress)"
	same "flags" "$(flows "$name.b" or:tcp_flags where src_port=40001 direction=ingress)" $((0x1b))
	same "type" "$(flows "$name.b" set:proto set:etype where src_port=40001)" "TCP $ETYPE"
}

test_tcp_ipv4() {
	SERVER=10.2.0.1 IP_HEADER=20 ETYPE=IPv4
	on a ethtool -K a0 tso on gso on >/dev/null
	tcp tcp4
}

test_tcp_ipv4_offloads_off() {
	offloads_off a a0
	tcp tcp4off
	on a ethtool -K a0 tx on gso on tso on >/dev/null
}

test_tcp_ipv6() {
	SERVER=fd00:2::1 IP_HEADER=40 ETYPE=IPv6
	tcp tcp6
}

test_tcp_table_hash() {
	SERVER=10.2.0.1 IP_HEADER=20 ETYPE=IPv4
	tcp tcphash --table hash
}

test_tcp_clsact() {
	tcp tcptc --hook tc
}

test_tcp_xdp() {
	same "dropped before" "$(counter a a0 tx_dropped) $(counter r r1 tx_dropped)" "0 0"
	LINK_HEADER=0 # veth counts after taking the Ethernet header off when it runs an XDP program
	POINTS=with_drops tcp tcpxdp --hook xdp
	LINK_HEADER=14
	contains "hook" "$(cat "$WORK/tcpxdp.b.log")" "ingress by xdp (native)"
}

has_no_connections() { # HOST
	! on "$1" ss -Htan | grep -v TIME-WAIT | grep -q 5201
}

# Four connections at once, both ways; iperf3 says only what its connections carried, so the points are compared with each
# other and with the interface.
test_iperf3() {
	local way tuple tuples

	SERVER=10.2.0.1
	for way in "" -R; do
		probes "iperf$way"
		interface_start
		background on b iperf3 -s -1 -p 5201
		wait_until 5 on b sh -c 'ss -Hltn sport = :5201 | grep -q .'
		# shellcheck disable=SC2086
		on a iperf3 -c "$SERVER" -p 5201 --cport 41000 -P 4 -b 50M -n 4M -J $way >"$WORK/iperf$way.iperf" ||
			fail "iperf3 failed"
		wait "$CHILD_PID"
		for host in a b; do # the kernel may still be closing connections for processes that are gone
			wait_until 5 has_no_connections "$host"
		done
		stop_probes "iperf$way"
		interface_same "iperf$way.b"
		tuples=$(flows "iperf$way.a" set:src_port where dst_port=5201 direction=egress)
		same "connections" "$(tr ',' '\n' <<<"$tuples" | grep -c '^4100[0-3]$')" 4
		for tuple in ${tuples//,/ }; do
			# shellcheck disable=SC2046
			everywhere "iperf$way" $(flows "iperf$way.b" sum:packets sum:bytes where src_port="$tuple" direction=ingress) \
				src_port="$tuple"
		done
	done
}

udp_send() { # HOST DESTINATION PORT COUNT PAYLOAD [SEGMENT]: with SEGMENT, by UDP segmentation offload
	on "$1" python3 -c '
import socket, sys
destination, port, count, payload = sys.argv[1], *map(int, sys.argv[2:5])
family = socket.AF_INET6 if ":" in destination else socket.AF_INET
sender = socket.socket(family, socket.SOCK_DGRAM)
sender.bind(("", 5555))
if len(sys.argv) > 5:
    sender.setsockopt(socket.IPPROTO_UDP, 103, int(sys.argv[5]))
for _ in range(count):
    sender.sendto(bytes(payload), (destination, port))
' "${@:2}"
}

test_udp() {
	probes udp
	udp_send a 10.2.0.1 7001 500 700
	udp_send a fd00:2::1 7002 300 1000
	udp_send a 10.2.0.1 7003 40 5000 500
	udp_send a fd00:2::1 7004 40 5100 500
	stop_probes udp
	everywhere udp 500 $((500 * 728)) dst_port=7001 src_addr=10.1.0.1 dst_addr=10.2.0.1
	everywhere udp 300 $((300 * 1048)) dst_port=7002 src_addr=fd00:1::1 etype=IPv6
	everywhere udp 400 $((400 * 528)) dst_port=7003 src_port=5555
	everywhere udp 440 $((40 * (10 * 548 + 148))) dst_port=7004 proto=UDP
}

test_ping() {
	probes ping
	on a ping -q -c 20 -i 0.01 -s 100 10.2.0.1 >/dev/null
	on a ping -q -c 30 -i 0.01 -s 100 fd00:2::1 >/dev/null
	stop_probes ping
	everywhere ping 20 $((20 * 128)) proto=ICMP icmp_type=8 icmp_code=0 src_port=0 dst_port=0 src_addr=10.1.0.1
	everywhere ping 30 $((30 * 148)) proto=IPv6-ICMP icmp_type=128 src_addr=fd00:1::1
	same "replies" "$(flows ping.a sum:packets sum:bytes where direction=ingress icmp_type=0)" "20 $((20 * 128))"
	same "replies" "$(flows ping.a sum:packets sum:bytes where direction=ingress icmp_type=129)" "30 $((30 * 148))"
	same "interfaces of a" "$(flows ping.a set:in_if_name where direction=ingress) $(flows ping.a set:out_if_name where direction=egress)" "a0 a0"
	same "interfaces of r" "$(flows ping.r set:in_if_name set:out_if_name where direction=egress icmp_type=8)" "r0 r1"
	same "TTL at b" "$(flows ping.b set:ip_ttl where icmp_type=8)" 63
}

test_fragments() {
	probes fragments
	on a ping -q -c 10 -i 0.01 -s 4000 10.2.0.1 >/dev/null
	on a ping -q -c 10 -i 0.01 -s 4000 fd00:2::1 >/dev/null
	stop_probes fragments
	# Three fragments each, all of them in the flow of the first.
	everywhere fragments 30 $((10 * (4008 + 3 * 20))) icmp_type=8
	everywhere fragments 30 $((10 * (4008 + 3 * 48))) icmp_type=128
	same "flows" "$(flows fragments.b set:icmp_type where direction=ingress)" "128,8"
}

topology
# TCP super-packets inside a tunnel: segmentation repeats the inner headers too, and the flow is the outer one.
test_tunnel() { # NAME TYPE-AND-OPTIONS... ; the fields of the outer flow are in OUTER
	local name=$1 kind=$2 packets bytes

	shift 2
	on a ip link add tun0 type "$kind" local 10.1.0.1 remote 10.2.0.1 "$@" || { fail "no $kind here"; return; }
	on b ip link add tun0 type "$kind" local 10.2.0.1 remote 10.1.0.1 "$@"
	on a sysctl -qw net.ipv6.conf.tun0.disable_ipv6=1 # silent
	on b sysctl -qw net.ipv6.conf.tun0.disable_ipv6=1
	on a ip link set tun0 mtu 1400 up
	on b ip link set tun0 mtu 1400 up
	address a tun0 10.3.0.1/24
	address b tun0 10.3.0.2/24
	wait_until 5 on a ping -q -c 1 -W 1 10.3.0.2
	probes "$name"
	on b "$HERE/tcp.py" serve 10.3.0.2 5201 >"$WORK/$name.served" &
	CHILDREN+=($!)
	wait_until 5 on b sh -c 'ss -Hltn sport = :5201 | grep -q .'
	on a "$HERE/tcp.py" send 10.3.0.2 5201 100 63712 >"$WORK/$name.sent" || fail "the transfer failed"
	wait "${CHILDREN[-1]}"
	stop_probes "$name"
	# shellcheck disable=SC2086
	read -r packets bytes <<<"$(flows "$name.b" sum:packets sum:bytes where src_addr=10.1.0.1 direction=ingress $OUTER)"
	# shellcheck disable=SC2086
	everywhere "$name" "$packets" "$bytes" src_addr=10.1.0.1 $OUTER
	# Far more wire packets than super-packets, or this proves nothing.
	[ "$packets" -gt 4000 ] || fail "only $packets packets"
	on a ip link delete tun0
	on b ip link delete tun0
}

test_vxlan() {
	OUTER="dst_port=4789" test_tunnel vxlan vxlan id 7 dstport 4789
}

run_test "TCP over IPv4, super-packets and wire packets agree" test_tcp_ipv4
run_test "TCP over IPv4 without offloads gives the same" test_tcp_ipv4_offloads_off
run_test "TCP over IPv6" test_tcp_ipv6
run_test "TCP, table hash" test_tcp_table_hash
run_test "TCP, clsact" test_tcp_clsact
run_test "TCP, XDP on ingress" test_tcp_xdp
run_test "iperf3, four connections, both ways" test_iperf3
run_test "super-packets in a VXLAN tunnel" test_vxlan
run_test "UDP, plain and with segmentation offload" test_udp
run_test "ping and ping6, interfaces and TTL" test_ping
run_test "fragments join their flow" test_fragments
finish
