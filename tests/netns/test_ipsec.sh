#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# An IPsec interface (xfrm): what comes out of the tunnel still has the network card's Ethernet header in front, although the
# interface has none. Many kernels are built without; this runs under others too (tests/kernels).
#
#	b ---b0---a0--- a, and from x0 to x0 inside it a tunnel

# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
need ping

ID=7
KEY=0x$(printf '01%.0s' {1..32})
INSIDE=fd00:9::1

states() { # HOST: of both ways
	local way

	for way in "10.2.0.1 dst 10.2.0.2 spi 1" "10.2.0.2 dst 10.2.0.1 spi 2"; do
		# shellcheck disable=SC2086
		on "$1" ip xfrm state add src ${way% spi *} proto esp spi "${way##* }" reqid 1 mode tunnel if_id $ID \
			flag af-unspec auth "hmac(sha256)" "$KEY" enc "ecb(cipher_null)" ""
	done
}

policies() { # HOST OWN PEER
	local all

	for all in 0.0.0.0/0 ::/0; do
		on "$1" ip xfrm policy add dir out src $all dst $all if_id $ID \
			tmpl src "$2" dst "$3" proto esp reqid 1 mode tunnel
		on "$1" ip xfrm policy add dir in src $all dst $all if_id $ID \
			tmpl src "$3" dst "$2" proto esp reqid 1 mode tunnel
	done
}

tunnel() { # HOST DEVICE OWN PEER NUMBER
	on "$1" ip link add x0 type xfrm dev "$2" if_id $ID && states "$1" && policies "$1" "$3" "$4" || return
	on "$1" ip address add "10.9.0.$5/24" dev x0
	on "$1" ip address add "fd00:9::$5/64" dev x0 nodad
	on "$1" sysctl -qw net.ipv6.conf.x0.router_solicitations=0
	on "$1" ip link set x0 up
}

topology() {
	local name

	for name in a b; do
		host $name
		on $name sysctl -qw net.ipv6.conf.all.router_solicitations=0
	done
	cable a a0 b b0
	address a a0 10.2.0.1/24
	address b b0 10.2.0.2/24
	wait_until 10 on a ping -q -c 1 -W 1 10.2.0.2
	{ tunnel a a0 10.2.0.1 10.2.0.2 1 && tunnel b b0 10.2.0.2 10.2.0.1 2; } 2>"$WORK/tunnel" ||
		skip_all "kernel has no IPsec interfaces: $(head -n 1 "$WORK/tunnel")"
	wait_until 10 on b ping -q -c 1 -W 1 10.9.0.1
	wait_until 10 on b ping -q -c 1 -W 1 "$INSIDE"
}

both_ways() { # HOOK
	local name=ipsec.$1 way

	probe a "$name" -i x0 --hook "$1"
	on b ping -q -c 5 -i 0.2 -s 100 10.9.0.1 >/dev/null
	on b ping -q -c 5 -i 0.2 -s 100 "$INSIDE" >/dev/null
	stop_probe "$PROBE_PID"
	all_accounted "$name"
	for way in ingress egress; do
		same "IPv4 $way" "$(flows "$name" count sum:packets sum:bytes set:src_mac where direction="$way" etype=IPv4)" \
			"1 5 $((5 * 128)) 00:00:00:00:00:00"
		same "IPv6 $way" "$(flows "$name" sum:packets sum:bytes set:src_mac where direction="$way" etype=IPv6 \
			src_addr="fd00:9::$([ "$way" = ingress ] && echo 2 || echo 1)")" "5 $((5 * 148)) 00:00:00:00:00:00"
	done
	case $(cat "$WORK/$name.log") in *malformed*) fail "malformed: $(cat "$WORK/$name.log")" ;; esac
}

test_tunnel() {
	both_ways auto
}

test_tunnel_clsact() {
	both_ways tc
}

topology
run_test "what comes out of a tunnel is what is in it" test_tunnel
run_test "by clsact as well" test_tunnel_clsact
finish
