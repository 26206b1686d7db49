#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# A life of the service, on a Debian that systemd has booted, as its administrator sees it: the package is installed, the
# service configured and started in its sandbox, reloaded, hung and stopped; the package is upgraded, removed and purged.
#
#	peer ---p0---lan0--- server ---up0---c0--- collector
#
# The service watches lan0. On the collector are nfcapd, which gets IPFIX, and the double of OpenObserve, which wants a
# token. Each phase pings from an address of its own, so what each collector has of a phase can be told exactly.

# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/guest.sh"
need nfcapd nfdump ping dpkg-deb bpftool

readonly SOURCE_ROOT=$HERE/../..
readonly SERVER=10.20.0.1 COLLECTOR=10.30.0.2
readonly TOKEN=o2oi_0123456789abcdefghijklmnopqrstuv
readonly CAPABILITIES=000000c000001000 # NET_ADMIN 12, PERFMON 38, BPF 39
readonly RECORDS=$WORK/double/default/flows.ndjson
readonly DEB=${DEB:-$(echo "$O"/deb/flowprobe_*_*.deb)}

topology() {
	local phase

	host peer
	host server
	host collector
	cable peer p0 server lan0
	cable server up0 collector c0
	address server lan0 $SERVER/24
	address server up0 10.30.0.1/24
	address collector c0 $COLLECTOR/24
	for phase in 1 2 3 4 5 6 7; do
		address peer p0 "10.20.0.1$phase/24"
	done
}

start_collectors() {
	mkdir "$WORK/nfcapd" "$WORK/double"
	background nsenter --net="/run/netns/$RUN-collector" \
		nfcapd -w "$WORK/nfcapd" -b $COLLECTOR -p 4739 -t 3600
	NFCAPD=$CHILD_PID
	start_double
	wait_until 10 collector_listens udp 4739
}

start_double() {
	background nsenter --net="/run/netns/$RUN-collector" \
		python3 -B "$SOURCE_ROOT/tests/openobserve/double.py" --listen $COLLECTOR:5080 \
		--state "$WORK/double" --token $TOKEN
	DOUBLE=$CHILD_PID
	wait_until 10 collector_listens tcp 5080
}

collector_listens() {
	[ -n "$(on collector ss -Hln "--$1" "sport = :$2")" ]
}

# --- what to look at ---

property() {
	in_guest systemctl show --value --property="$1" flowprobe
}

has_property() { # NAME VALUE
	[ "$(property "$1")" = "$2" ]
}

is_active() {
	has_property ActiveState active
}

# The line NAME of the main process's status.
process_status() {
	in_guest sed -n "s/^$1:[[:space:]]*//p" "/proc/$(property MainPID)/status"
}

metric() {
	on server python3 -c '
import sys, urllib.request
for line in urllib.request.urlopen("http://127.0.0.1:9991/metrics", timeout=5).read().decode().splitlines():
    if line.split(" ")[0] == sys.argv[1]:
        print(line.split(" ")[1])' "$1"
}

has_metric() { # NAME VALUE
	[ "$(metric "$1")" = "$2" ]
}

# Everything on the guest's disk but what installing anything leaves there, and what lives on by itself.
list_files() {
	in_guest find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /tmp -o -path /root -o -path /var/log \
		-o -path /var/lib/dpkg -o -path /var/cache -o -path /run/systemd -o -path /run/log -o -path '/run/user*' \
		-o -path /var/lib/systemd -o -path '/var/tmp/systemd-private-*' -o -name '.updated' \) -prune \
		-o -printf '%y %m %u %g %p %l\n' | sort
}

# --- traffic, and what has come of it ---

# pings PHASE COUNT: and as many answers
pings() {
	on peer ping -q -c "$2" -i 0.01 -I "10.20.0.1$1" "$SERVER" >/dev/null || fail "no answer to ping in phase $1"
}

# Packets, in and out, that the double has of a phase, by end reason if one is given.
double_has() { # PHASE [FIELD=TEXT]
	local phase=$1

	shift
	[ -e "$RECORDS" ] || return
	echo "$(python3 "$HERE/flows.py" "$RECORDS" sum:packets where "src_addr=10.20.0.1$phase" direction=ingress "$@")" \
		"$(python3 "$HERE/flows.py" "$RECORDS" sum:packets where "dst_addr=10.20.0.1$phase" direction=egress "$@")"
}

double_got() { # PHASE COUNT
	[ "$(double_has "$1")" = "$2 $2" ]
}

# The same of nfcapd, once it has ended.
nfcapd_has() { # PHASE
	local way

	for way in src dst; do
		nfdump -q -R "$WORK/nfcapd" -o 'fmt:%pkt' "$way ip 10.20.0.1$1" | awk '{ n += $1 } END { printf "%d ", n }'
	done
}

# --- phases ---

test_install() {
	in_guest dpkg --install /root/flowprobe.deb >"$WORK/install" 2>&1 || fail "dpkg: $(cat "$WORK/install")"
	same "files changed by installing" "$(in_guest dpkg --verify flowprobe)" ""
	same "enabled" "$(property UnitFileState)" disabled
	same "state" "$(property ActiveState)" inactive
}

# As the package brings it, the service counts and tells Prometheus, but says next to nothing.
test_default_configuration() {
	in_guest flowprobe config check || fail "the packaged configuration is wrong"
	in_guest systemctl start flowprobe || fail "does not start"
	same "state" "$(property ActiveState)" active
	pings 1 20
	wait_until 10 has_metric 'flowprobe_packets_total{interface="lan0",direction="ingress"}' 20
	in_guest systemctl stop flowprobe
	same "result" "$(property Result)" success
	same "records in the journal" "$(in_guest journalctl --unit flowprobe --output cat | grep -c '"src_addr"')" 0
}

configure() { # IDLE_TIMEOUT
	guest_put /etc/flowprobe/flowprobe.yaml <<-END
		# edited by the administrator
		interfaces:
		  include: [lan0]
		flows:
		  idle_timeout: $1
		exporters:
		  - ipfix:udp://$COLLECTOR:4739
		  - type: openobserve
		    url: http://$COLLECTOR:5080/api/default/flows/_json
		    flush_interval: 100ms
		    spool_after: 0s
		metrics:
		  listen: 127.0.0.1:9991
		  textfile: /run/flowprobe/flowprobe.prom
	END
	chmod 644 "$GUEST/etc/flowprobe/flowprobe.yaml"
}

test_start() {
	echo "$TOKEN" | guest_put /etc/credstore/flowprobe.token
	chmod 700 "$GUEST/etc/credstore"
	chmod 600 "$GUEST/etc/credstore/flowprobe.token"
	guest_put /etc/systemd/system/flowprobe.service.d/fast.conf <<-'END'
		[Service]
		WatchdogSec=2
		RestartSec=0
	END
	configure 1s
	contains "doctor, who must find the credential too" "$(in_guest flowprobe doctor 2>&1)" \
		"openobserve: http://$COLLECTOR:5080 takes records for stream flows of organization default"
	in_guest systemctl daemon-reload
	in_guest systemctl enable --now flowprobe 2>/dev/null || fail "does not start"
	same "state" "$(property ActiveState)" active
	[ -n "$(property StatusText)" ] || fail "has no status"
	contains "status" "$(in_guest flowprobe status)" "lan0"
}

test_sandbox() {
	local name

	for name in CapEff CapPrm CapBnd CapAmb; do
		same "$name" "$(process_status "$name")" "$CAPABILITIES"
	done
	same "no new privileges" "$(process_status NoNewPrivs)" 1
	same "system calls are filtered" "$(process_status Seccomp)" 2
	# the dynamic users of systemd; root is what it must not be
	same "dynamic user" "$(process_status Uid | awk '{ print ($1 >= 61184 && $1 <= 65519) }')" 1
	same "what it may write to" "$(in_guest stat -c '%a %u' /var/lib/private/flowprobe)" \
		"700 $(process_status Uid | cut -f 1)"
}

test_metrics_file() { # anybody may read it, node_exporter has a user of its own
	wait_until 10 in_guest test -e /run/flowprobe/flowprobe.prom
	contains "metrics" "$(in_guest setpriv --reuid=65534 --regid=65534 --clear-groups cat /run/flowprobe/flowprobe.prom)" \
		"flowprobe_build_info{"
}

test_flows() {
	pings 2 30
	wait_until 20 double_got 2 30
}

test_reload() {
	local pid

	pid=$(property MainPID)
	sed -i 's/^  idle_timeout: .*/  idle_timeout: 2s/' "$GUEST/etc/flowprobe/flowprobe.yaml"
	in_guest systemctl reload flowprobe || fail "reload failed"
	wait_until 10 has_metric flowprobe_config_reloads_total 1
	same "last reload" "$(metric flowprobe_config_last_reload_successful)" 1
	same "process" "$(property MainPID)" "$pid"
	pings 3 30
	wait_until 20 double_got 3 30
}

# A file that is missing does not mean that all is to be as by default.
test_start_without_configuration() {
	mv "$GUEST/etc/flowprobe/flowprobe.yaml" "$GUEST/etc/flowprobe/away"
	if in_guest systemctl start flowprobe 2>/dev/null; then
		fail "it starts"
	fi
	same "exit status" "$(property ExecMainStatus)" 78
	contains "errors in the journal" "$(in_guest journalctl --unit flowprobe --priority err --output cat)" \
		"/etc/flowprobe/flowprobe.yaml: cannot be opened: No such file or directory"
	mv "$GUEST/etc/flowprobe/away" "$GUEST/etc/flowprobe/flowprobe.yaml"
}

# Wrong configurations are refused before the service hears of them, or by the service itself.
test_reload_wrong() {
	local pid

	pid=$(property MainPID)
	sed -i 's/^  idle_timeout: .*/  idle_timeout: never/' "$GUEST/etc/flowprobe/flowprobe.yaml"
	if in_guest systemctl reload flowprobe 2>/dev/null; then
		fail "systemctl took a wrong file"
	fi
	contains "journal" "$(in_guest journalctl --unit flowprobe --output cat)" "/etc/flowprobe/flowprobe.yaml:5:17: "
	same "reloads" "$(metric flowprobe_config_reloads_total)" 1
	in_guest sh -c "kill -HUP $pid"
	wait_until 10 has_metric flowprobe_config_last_reload_successful 0
	contains "errors in the journal" "$(in_guest journalctl --unit flowprobe --priority err --output cat)" \
		"/etc/flowprobe/flowprobe.yaml:5:17: "
	same "state" "$(property ActiveState)" active
	same "process" "$(property MainPID)" "$pid"
	pings 4 30
	wait_until 20 double_got 4 30
}

is_other_process() { # PID
	[ "$(property MainPID)" != "$1" ] && is_active
}

test_watchdog() {
	local pid

	configure 1s
	pid=$(property MainPID)
	in_guest sh -c "kill -STOP $pid"
	wait_until 20 is_other_process "$pid"
	same "restarts" "$(property NRestarts)" 1
	contains "journal" "$(in_guest journalctl --unit flowprobe --output cat)" "Watchdog timeout"
	pings 5 30
	wait_until 20 double_got 5 30
}

# Packets of the records that wait on disk; files have that in their names.
spool_packets() {
	find "$GUEST/var/lib/private/flowprobe/spool" -name '*.batch' -printf '%f\n' |
		awk -F - '{ n += $3 } END { print n + 0 }'
}

spool_has() { # PACKETS
	[ "$(spool_packets)" = "$1" ]
}

# The server is away, and then the service dies: nothing can be flushed.
test_crash() {
	local pid

	pid=$(property MainPID)
	kill -TERM "$DOUBLE"
	wait "$DOUBLE"
	pings 6 30
	wait_until 20 spool_has 60
	in_guest sh -c "kill -KILL $pid"
	wait_until 20 is_other_process "$pid"
	start_double
	wait_until 30 double_got 6 30
	wait_until 10 spool_has 0
}

# The flow is alive, and would be for long: stopping is what ends it.
test_stop() {
	configure 60s
	in_guest systemctl restart flowprobe
	pings 7 50
	in_guest systemctl stop flowprobe
	same "result" "$(property Result)" success
	same "exit status" "$(property ExecMainStatus)" 0
	same "what the double has" "$(double_has 7 flow_end_reason=forced)" "50 50"
	same "on the hooks" "$(on server bpftool -j net show dev lan0)" "$HOOKS_BEFORE"
}

test_nfcapd() {
	local phase

	kill -TERM "$NFCAPD"
	wait "$NFCAPD"
	for phase in 2 3 4 5 6; do
		same "nfcapd, phase $phase" "$(nfcapd_has "$phase")" "30 30 "
	done
	same "nfcapd, phase 7" "$(nfcapd_has 7)" "50 50 "
}

upgrade() { # PACKAGE
	in_guest dpkg --force-confold --install "/root/$1.deb" >"$WORK/upgrade" 2>&1 || fail "dpkg: $(cat "$WORK/upgrade")"
}

test_upgrade() {
	local pid config

	config=$(cat "$GUEST/etc/flowprobe/flowprobe.yaml")
	in_guest systemctl start flowprobe
	pid=$(property MainPID)
	upgrade next
	same "version" "$(in_guest dpkg-query --show flowprobe)" \
		"$(printf 'flowprobe\t%s' "$(dpkg-deb --field "$WORK/next.deb" Version)")"
	is_other_process "$pid" || fail "was not restarted"
	same "enabled" "$(property UnitFileState)" enabled
	same "configuration" "$(cat "$GUEST/etc/flowprobe/flowprobe.yaml")" "$config"
	contains "new configuration" "$(cat "$GUEST/etc/flowprobe/flowprobe.yaml.dpkg-dist")" "the next version says more"

	in_guest systemctl stop flowprobe
	upgrade next
	same "state, when it was stopped before" "$(property ActiveState)" inactive
	in_guest systemctl start flowprobe
}

test_remove() {
	is_active || fail "is not running before"
	in_guest dpkg --remove flowprobe >/dev/null 2>&1 || fail "dpkg"
	same "processes" "$(in_guest sh -c 'cat /proc/[0-9]*/comm' | grep -cx flowprobe)" 0
	same "unit" "$(property LoadState)" not-found
	contains "configuration" "$(cat "$GUEST/etc/flowprobe/flowprobe.yaml")" "edited by the administrator"
	same "on the hooks" "$(on server bpftool -j net show dev lan0)" "$HOOKS_BEFORE"
}

test_purge() {
	in_guest dpkg --purge flowprobe >/dev/null 2>&1 || fail "dpkg"
	# what the administrator has made himself
	rm -r "$GUEST/etc/credstore" "$GUEST/etc/systemd/system/flowprobe.service.d"
	list_files >"$WORK/after"
	same "what is left" "$(diff "$WORK/before" "$WORK/after")" ""
}

reason=$("$HERE/../e2e/rootfs.sh" "$DEB" 2>&1 >"$WORK/rootfs") || skip_all "${reason##*$'\n'}"
topology
start_collectors
guest_boot "$(cat "$WORK/rootfs")" || {
	guest_report
	exit 1
}
cp "$DEB" "$GUEST/root/flowprobe.deb"
"$HERE/../packages/next_deb.sh" "$DEB" "$WORK/next.deb"
cp "$WORK/next.deb" "$GUEST/root/"
list_files >"$WORK/before"
HOOKS_BEFORE=$(on server bpftool -j net show dev lan0)

guest_test flowprobe "installing neither enables nor starts the service" test_install
guest_test flowprobe "the packaged configuration counts, and writes nothing" test_default_configuration
guest_test flowprobe "without its configuration it does not start" test_start_without_configuration
guest_test flowprobe "the service starts and says how it is" test_start
guest_test flowprobe "it runs in its sandbox" test_sandbox
guest_test flowprobe "its metrics file is for everybody" test_metrics_file
guest_test flowprobe "flows reach OpenObserve" test_flows
guest_test flowprobe "reload takes a new configuration over" test_reload
guest_test flowprobe "reload refuses a wrong one" test_reload_wrong
guest_test flowprobe "a service that hangs is killed and started again" test_watchdog
guest_test flowprobe "what a server could not take outlives the process" test_crash
guest_test flowprobe "stopping ends all flows, and none is lost" test_stop
guest_test flowprobe "nfcapd has the same" test_nfcapd
guest_test flowprobe "an upgrade restarts it and keeps its configuration" test_upgrade
guest_test flowprobe "removing stops it and keeps its configuration" test_remove
guest_test flowprobe "purging leaves nothing" test_purge
finish
