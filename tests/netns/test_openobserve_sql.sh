#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# From packets to dashboards: what the SQL of the dashboards and alerts says of the records that arrived is what was sent.

# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/openobserve.sh"
need ping

PORT=5131
SCAN=100 # ports that are one: see alerts/port-scan.json

note() { # SOURCE DESTINATION PROTOCOL SPORT DPORT DIRECTION FLAGS VLAN PACKETS OCTETS
	printf '{"src_addr":"%s","dst_addr":"%s","proto":"%s","src_port":%d,"dst_port":%d,"direction":"%s","tcp_flags":%d,"vlan":%d,"packets":%d,"octets":%d}\n' \
		"$@" >>"$WORK/sent.ndjson"
}

# send SOURCE DESTINATION PROTOCOL SPORT DPORT COUNT PAYLOAD [--tcp-flags FLAGS | --vlan VLAN | --ipv6]: one flow into a
send() {
	local said flags=0 vlan=0

	case ${8-} in
	--tcp-flags) flags=$9 ;;
	--vlan) vlan=$9 ;;
	esac
	said=$(on b "$INJECT" b0 --src "$1" --dst "$2" --proto "${3,,}" --sport "$4" --dport "$5" --count "$6" --payload "$7" \
		"${@:8}" | tr -dc '0-9,') || fail "inject"
	note "${@:1:5}" ingress "$flags" "$vlan" "${said%,*}" "${said#*,}"
}

test_delivery() {
	local i

	double_start sql "$PORT"
	on c "$FLOWPROBE" openobserve setup "http://$SERVER:$PORT" --user root@example.com --password-file "$WORK/password" --no-geo \
		>"$WORK/setup" || fail "setup"
	# Long enough for each flow to be one record, and none before the end.
	probe a sql -i a0 --idle-timeout 120s --active-timeout 120s --export "$(exporter sql "$PORT" "flush_interval=200ms")"
	send 192.0.2.1 198.51.100.2 UDP 1234 53 7 100
	send 192.0.2.1 198.51.100.3 UDP 1235 53 5 1000
	send 192.0.2.2 198.51.100.2 TCP 40000 443 3 1400 --tcp-flags 24
	send 192.0.2.2 198.51.100.2 TCP 40001 443 300 1000 --tcp-flags 24
	send 192.0.2.3 198.51.100.2 UDP 50000 4789 4 64 --vlan 100
	send 2001:db8::1 2001:db8:ffff::2 UDP 6000 443 11 1200 --ipv6
	for ((i = 1; i <= SCAN; i++)); do
		send 203.0.113.66 198.51.100.9 TCP 55555 "$i" 1 0 --tcp-flags 2
	done
	for ((i = 1; i < SCAN; i++)); do
		send 203.0.113.67 198.51.100.9 TCP 55555 "$i" 1 0 --tcp-flags 2
	done
	on a ping -qc 3 -i 0.1 10.8.0.2 >"$WORK/ping" || fail "ping"
	note 10.8.0.1 10.8.0.2 ICMP 0 0 egress 0 0 3 $((3 * 84))
	note 10.8.0.2 10.8.0.1 ICMP 0 0 ingress 0 0 3 $((3 * 84))
	stop_probe "$PROBE_PID"
	all_accounted sql
	settled sql sql 0
}

ask() { # WHAT
	"$HERE/openobserve_sql.py" "$1" "$WORK/sent.ndjson" "$(held sql)" || fail "openobserve_sql.py $1"
}

test_columns() { ask columns; }
test_panels() { ask panels; }
test_totals() { ask totals; }
test_talkers() { ask talkers; }
test_sides() { ask sides; }
test_health() { ask health; }
test_alerts() { ask alerts; }

topology
for name in a b; do on $name sysctl -qw net.ipv6.conf.all.disable_ipv6=1; done # of itself it would say something, too
run_test "records arrive on a server that was set up" test_delivery
run_test "each field has a column of its type" test_columns
run_test "all panels can be asked for" test_panels
run_test "totals are what was sent" test_totals
run_test "talkers, conversations and services are who sent it" test_talkers
run_test "interfaces, directions and VLANs are where it was sent" test_sides
run_test "health of the exporter" test_health
run_test "alerts" test_alerts
finish
