# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=bash
#
# What the network namespace tests share: hosts made of namespaces and veth pairs, and the probe started and stopped in them;
# results are told by ../lib/tap.sh. Source it first. Names are unique per run; everything is taken down on exit, however it
# comes.

# shellcheck source-path=SCRIPTDIR
. "$(dirname "${BASH_SOURCE[0]}")/../lib/tap.sh"

O=${O:-build}
FLOWPROBE=$O/flowprobe
# shellcheck disable=SC2034 # used by the tests
INJECT=$O/tests/tools/inject
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
RUN=fp$$
WORK=$(mktemp -d)
PROBES=()
CHILDREN=()

cleanup() {
	local pid namespace

	for pid in "${PROBES[@]}" "${CHILDREN[@]}"; do
		kill "$pid" 2>/dev/null
	done
	for pid in "${PROBES[@]}" "${CHILDREN[@]}"; do
		wait "$pid" 2>/dev/null
	done
	for namespace in $(ip netns list 2>/dev/null | awk -v run="$RUN-" 'index($1, run) == 1 { print $1 }'); do
		ip netns delete "$namespace"
	done
	rm -rf "$WORK"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# --- hosts ---

# host NAME: a namespace with loopback up; on NAME COMMAND... runs COMMAND in it. Not by `ip netns exec`, which also wants a
# mount namespace and cannot have one in a chroot; so /sys is not the namespace's own.
host() {
	ip netns add "$RUN-$1"
	on "$1" sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0 \
		net.ipv6.conf.default.router_solicitations=0
	on "$1" ip link set lo up
}

on() {
	local name=$1

	shift
	nsenter --net="/run/netns/$RUN-$name" "$@"
}

# cable A IF_A B IF_B: a veth pair between two hosts.
cable() {
	ip link add "$2" netns "$RUN-$1" type veth peer name "$4" netns "$RUN-$3"
	on "$1" ip link set "$2" up
	on "$3" ip link set "$4" up
}

address() { # HOST IF ADDRESS/LENGTH
	case $3 in
	*:*) on "$1" ip -6 addr add "$3" dev "$2" nodad ;;
	*) on "$1" ip addr add "$3" dev "$2" ;;
	esac
}

offloads_off() { # HOST IF
	on "$1" ethtool -K "$2" tso off gso off gro off tx off >/dev/null 2>&1
}

# counter HOST IF NAME: an interface statistic, e.g. rx_packets
counter() {
	on "$1" ip -s -j link show dev "$2" | python3 -c '
import json, sys
way, what = sys.argv[1].split("_")
print(json.load(sys.stdin)[0]["stats64"][way][what])' "$3"
}

mac() { # HOST IF
	on "$1" ip -j link show dev "$2" | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["address"])'
}

# --- the probe ---

# probe HOST NAME OPTIONS...: starts the shipped program on HOST; records go to $WORK/NAME.json, messages to $WORK/NAME.log.
# Returns when it captures. PROBE_PID is its pid. PROBE_BY is a command, if any, that becomes the program named behind it.
PROBE_BY=()
probe() {
	local host=$1 name=$2

	shift 2
	nsenter --net="/run/netns/$RUN-$host" "${PROBE_BY[@]}" "$FLOWPROBE" run --export "json:$WORK/$name.json" "$@" 2>"$WORK/$name.log" &
	PROBE_PID=$!
	PROBES+=("$PROBE_PID")
	wait_until 60 grep -q "capturing on\|no interface to capture" "$WORK/$name.log" || sed 's/^/# /' "$WORK/$name.log"
}

# stop_probe PID [SIGNAL]: waits for its final flush; fails unless it exits with 0.
stop_probe() {
	kill -"${2:-INT}" "$1"
	wait "$1"
	same "exit code of the probe" "$?" 0
}

# flows NAME VALUE... [where FIELD=TEXT...]: see flows.py
flows() {
	local name=$1

	shift
	python3 "$HERE/flows.py" "$WORK/$name.json" "$@" || fail "flows.py $name $*"
}

# all_accounted NAME: the probe itself found its balance right, and lost no record.
all_accounted() {
	contains "$1 log" "$(cat "$WORK/$1.log")" "all accounted for"
	contains "$1 log" "$(cat "$WORK/$1.log")" "none lost"
	if grep -q "error:" "$WORK/$1.log"; then
		fail "$1 logged: $(grep error: "$WORK/$1.log")"
	fi
}

# background COMMAND...: started, and ended at the latest with the test. CHILD_PID is its pid.
background() {
	local command=("$@")

	# Behind a function in the background is a shell, and the end of that does not end its program.
	[ "$1" != on ] || command=(nsenter --net="/run/netns/$RUN-$2" "${@:3}")
	"${command[@]}" >"$WORK/background.$((${#CHILDREN[@]} + 1))" 2>&1 &
	CHILD_PID=$!
	CHILDREN+=("$CHILD_PID")
}

[ "$(id -u)" = 0 ] || skip_all "needs root"
need ip python3
