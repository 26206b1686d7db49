#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# What README.md tells people to type, typed: each block behind a comment `<!-- recipe: NAME -->` is run as it stands there, on
# the host it is for, and what comes out is counted. A block among the recipes without such a comment is a failure, and so is
# one that no test here has run.
#
#	b ---b0---a0--- a ---m0---c0--- c
#
# Traffic comes from b; a is the host to watch, with its default route to there; c is 192.0.2.10, the collectors' host.

# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
need curl pgrep ss

ROOT=$(cd "$HERE/../.." && pwd)
RECIPES=$WORK/recipes
COVERED=()
SHELLS=()
COLLECTOR=192.0.2.10
FLOWS=20
PACKETS=60
OCTETS=$((PACKETS * 48)) # IP, UDP and 20 of payload

export PYTHONDONTWRITEBYTECODE=1 TZ=UTC

topology() {
	local name

	for name in a b c; do
		host $name
		on $name sysctl -qw net.ipv6.conf.all.disable_ipv6=1 # all that is counted is what the tests send
		mkdir "$WORK/$name"
	done
	cable a a0 b b0
	cable a m0 c c0
	address a a0 10.9.0.1/24
	address b b0 10.9.0.2/24
	on a ip route add default via 10.9.0.2
	address a m0 192.0.2.1/24
	address c c0 $COLLECTOR/24
}

# --- recipes ---

# Writes a file for each, and a line into $WORK/strays for each thing that is not as it should be.
extract() {
	mkdir "$RECIPES"
	: >"$WORK/strays"
	awk -v folder="$RECIPES" -v strays="$WORK/strays" '
		function stray(what) { print "README.md:" NR ": " what >strays }
		/^## / { among = $0 == "## Recipes" }
		/^<!-- recipe: .* -->$/ {
			if (name)
				stray("no block behind recipe " name)
			name = $0
			gsub(/^<!-- recipe: | -->$/, "", name)
			file = ""
			if (seen[name]++)
				stray("a second recipe " name)
			next
		}
		/^$/ { next }
		/^    / {
			if (name)
				file = folder "/" name
			else if (!file && among)
				stray("a block that is no recipe")
			name = ""
			if (file)
				print substr($0, 5) >file
			next
		}
		{
			if (name)
				stray("no block behind recipe " name)
			name = file = ""
			if (among && /^(```|~~~|\t)/)
				stray("a block of another kind")
		}' "$ROOT/README.md"
}

# What recipes find by these names. goflow2 is no package of Debian's; in its place is what takes the recipe's options, and only
# these, listens where they say, and keeps the messages.
tools() {
	mkdir "$WORK/bin"
	ln -s "$(readlink -f "$FLOWPROBE")" "$WORK/bin/flowprobe"
	printf '#!/bin/sh\nexec "$@"\n' >"$WORK/bin/sudo"
	cat >"$WORK/bin/goflow2" <<-'END'
		#!/usr/bin/env python3
		import argparse, signal, socket, sys
		from urllib.parse import urlsplit

		parser = argparse.ArgumentParser()
		parser.add_argument("-listen", type=urlsplit, required=True)
		parser.add_argument("-format", choices=["json"], required=True)
		options = parser.parse_args()
		assert options.listen.scheme == "netflow", options.listen
		signal.signal(signal.SIGINT, lambda *_: sys.exit())
		receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		receiver.bind((options.listen.hostname or "", options.listen.port))
		with open("messages", "wb", buffering=0) as file:
		    while True:
		        file.write(receiver.recv(65536))
	END
	chmod 755 "$WORK/bin/sudo" "$WORK/bin/goflow2"
}

# running SHELL: the pid of the program that this recipe waits for
running() {
	pgrep -P "$1"
}

end_recipes() {
	local shell

	for shell in "${SHELLS[@]}"; do
		pkill -P "$shell"
	done
}
trap 'end_recipes; cleanup' EXIT

# typed HOST RECIPE: becomes the shell it is typed into, in the folder $WORK/HOST.
typed() {
	cd "$WORK/$1" || exit
	export PATH=$WORK/bin:$PATH FLOWPROBE_CONTROL_SOCKET=$WORK/control
	exec nsenter --net="/run/netns/$RUN-$1" bash -eu "$RECIPES/$2"
}

# recipe HOST RECIPE: runs it to its end; output and messages go to $WORK/RECIPE.out.
recipe() {
	COVERED+=("$2")
	(typed "$@") >"$WORK/$2.out" 2>&1
	same "exit code of recipe $2" "$?" 0
}

# start HOST RECIPE: one that ends with a program that runs until it is stopped. SHELL_PID is the pid of its shell.
start() {
	COVERED+=("$2")
	(typed "$@") >"$WORK/$2.out" 2>&1 &
	SHELL_PID=$!
	SHELLS+=("$SHELL_PID")
	CHILDREN+=("$SHELL_PID")
}

start_probe() { # RECIPE
	start a "$1"
	wait_until 60 grep -q "capturing on a0:" "$WORK/$1.out" || sed 's/^/# /' "$WORK/$1.out"
}

# stop RECIPE SHELL SIGNAL: its program, as from the keyboard; the recipe has to end well.
stop() {
	kill "-$3" "$(running "$2")"
	wait "$2"
	same "exit code of recipe $1" "$?" 0
}

stop_probe_of() { # RECIPE
	stop "$1" "$SHELL_PID" INT
	contains "$1" "$(cat "$WORK/$1.out")" "seen $PACKETS packets ($PACKETS in, 0 out), $OCTETS octets, all accounted for"
	contains "$1" "$(cat "$WORK/$1.out")" "$FLOWS records sent, none lost"
	same "errors of $1" "$(grep "error:" "$WORK/$1.out")" ""
}

traffic() {
	same "sent" "$(on b "$INJECT" b0 --src 198.51.100.1 --flows "$FLOWS" --count "$PACKETS")" \
		"{\"packets\":$PACKETS,\"octets\":$OCTETS}"
}

listens() { # HOST udp|tcp PORT
	[ -n "$(on "$1" ss -Hln "--$2" "sport = :$3")" ]
}

# Whether a process waits for datagrams to a port of c, and all that came were read.
is_idle() { # PORT PID
	local queued state

	queued=$(on c ss -Hlun "sport = :$1" | awk '{ n += $2 } END { print n + 0 }')
	state=$(sed 's/^.*) //' "/proc/$2/stat")
	[ "$queued" = 0 ] && [ "${state%% *}" = S ]
}

# --- tests ---

test_blocks() {
	same "what is no recipe" "$(cat "$WORK/strays")" ""
}

test_openobserve() {
	local double

	background nsenter --net="/run/netns/$RUN-a" "$HERE/../openobserve/double.py" --listen 127.0.0.1:5080 --state "$WORK/o2"
	double=$CHILD_PID
	wait_until 10 listens a tcp 5080
	start_probe openobserve
	same "mode of the password" "$(stat -c %a "$WORK/a/o2.password")" 600
	same "made by setup" "$(awk '/ created$/ { count[$1]++ } END { print count["stream"] + 0, count["dashboard"] + 0 }' \
		"$WORK/openobserve.out")" "1 5"
	traffic
	stop_probe_of openobserve
	cp "$WORK/o2/default/netflow1.ndjson" "$WORK/o2.json"
	same "at the server" "$(flows o2 count sum:packets sum:bytes)" "$FLOWS $PACKETS $OCTETS"
	kill "$double"
	wait "$double"
}

test_nfdump() {
	local collector

	start c "nfdump collector"
	collector=$SHELL_PID
	wait_until 10 listens c udp 4739
	start_probe "nfdump probe"
	traffic
	stop_probe_of "nfdump probe"
	wait_until 10 is_idle 4739 "$(running "$collector")"
	stop "nfdump collector" "$collector" TERM
	recipe c "nfdump query"
	contains "nfdump" "$(cat "$WORK/nfdump query.out")" \
		"Summary: total flows: $FLOWS, total bytes: $OCTETS, total packets: $PACKETS,"
	contains "nfdump" "$(cat "$WORK/nfdump query.out")" "198.51.100.1 "
}

test_goflow2() {
	local collector

	start c "goflow2 collector"
	collector=$SHELL_PID
	wait_until 10 listens c udp 2055
	start_probe "goflow2 probe"
	traffic
	stop_probe_of "goflow2 probe"
	wait_until 10 is_idle 2055 "$(running "$collector")"
	stop "goflow2 collector" "$collector" INT
	"$O/tests/tools/ipfix_check" --stream "$WORK/c/messages" --records >"$WORK/goflow2.records" 2>"$WORK/verdict" ||
		fail "ipfix_check: $(head -n 5 "$WORK/verdict")"
	same "collected" "$(python3 -c '
import json, sys
records = [record for record in map(json.loads, sys.stdin) if not record["_options"]]
print(len(records), *(sum(record[name] for record in records) for name in ("packetDeltaCount", "octetDeltaCount")))' \
		<"$WORK/goflow2.records")" "$FLOWS $PACKETS $OCTETS"
}

has_seen() { # URL PACKETS
	on a "$HERE/service.py" get "$1" | grep -qxF "flowprobe_seen_packets_total{direction=\"ingress\"} $2"
}

test_prometheus() {
	local target output="$WORK/prometheus query.out"

	COVERED+=(prometheus.yml)
	same "prometheus.yml" "$(cat "$RECIPES/prometheus.yml")" "$(grep -v '^#\|^$' "$ROOT/packaging/examples/prometheus.yml")"
	target=$(sed -n 's/.*targets: \["\(.*\)"\]$/\1/p' "$RECIPES/prometheus.yml")
	start_probe "prometheus probe"
	traffic
	wait_until 10 has_seen "http://$target/metrics" "$PACKETS"
	recipe a "prometheus query"
	contains "metrics" "$(cat "$output")" "flowprobe_packets_total{interface=\"a0\",direction=\"ingress\"} $PACKETS"
	contains "metrics" "$(cat "$output")" "flowprobe_bytes_total{interface=\"a0\",direction=\"ingress\"} $OCTETS"
	same "health and readiness" "$(tail -n 2 "$output" | tr '\n' ' ')" "ok ok "
	stop_probe_of "prometheus probe"
	mv "$WORK/a/flows.json" "$WORK/prometheus.json"
	same "in the file" "$(flows prometheus count sum:packets sum:bytes)" "$FLOWS $PACKETS $OCTETS"
}

test_configuration() {
	COVERED+=(flowprobe.yaml)
	same "what check has to say" "$(env -i "$FLOWPROBE" config check -c "$RECIPES/flowprobe.yaml" 2>&1 >/dev/null)" ""
	env -i "$FLOWPROBE" config show -c "$RECIPES/flowprobe.yaml" >"$WORK/shown" || fail "exit code of config show: $?"
	same "exporters" "$(sed -n 's/^ *\(- \)\{0,1\}name: //p' "$WORK/shown" | tr -d '"' | tr '\n' ' ')" "ipfix office "
}

test_covered() {
	same "recipes that were run" "$(printf '%s\n' "${COVERED[@]}" | sort)" "$(cd "$RECIPES" && printf '%s\n' * | sort)"
}

topology
tools
extract
run_test "every block is a recipe" test_blocks
run_test "OpenObserve" test_openobserve
if command -v nfcapd >/dev/null && command -v nfdump >/dev/null; then
	run_test "nfdump" test_nfdump
else
	COVERED+=("nfdump collector" "nfdump probe" "nfdump query")
	skip_test "nfdump" "nfdump is not installed"
fi
run_test "goflow2" test_goflow2
run_test "Prometheus" test_prometheus
run_test "the service's configuration" test_configuration
run_test "no recipe was left out" test_covered
finish
