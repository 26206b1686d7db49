# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=bash
#
# What the tests of exporting to OpenObserve share. Source it after lib.sh.
#
#	b ---b0---a0--- a ---m0---c0--- c
#
# The probe watches a0 of host a; the servers are on host c, doubles all (tests/openobserve/double.py). The reference is
# always the output of the JSON exporter of the same probe: what a server holds at the end is exactly that, minus what the
# probe has declared lost.

OPENOBSERVE=$HERE/../openobserve
SERVER=10.8.1.2
PASSWORD="Complexpass#123"
declare -A DOUBLE_PIDS

export PYTHONDONTWRITEBYTECODE=1 TZ=UTC

topology() {
	local name

	for name in a b c; do host $name; done
	cable a a0 b b0
	cable a m0 c c0
	address a a0 10.8.0.1/24
	address b b0 10.8.0.2/24
	address a m0 10.8.1.1/24
	address c c0 $SERVER/24
	(umask 077 && printf '%s\n' "$PASSWORD" >"$WORK/password")
}

# --- servers ---

double_start() { # NAME PORT OPTIONS...: what it holds stays over a restart
	local name=$1 port=$2

	shift 2
	: >"$WORK/$name.said"
	nsenter --net="/run/netns/$RUN-c" python3 -S "$OPENOBSERVE/double.py" --listen "$SERVER:$port" \
		--state "$WORK/$name.o2" "$@" >"$WORK/$name.said" 2>&1 &
	DOUBLE_PIDS[$name]=$!
	CHILDREN+=($!)
	wait_until 20 grep -q listening "$WORK/$name.said"
}

double_stop() { # NAME
	kill -TERM "${DOUBLE_PIDS[$1]}"
	wait "${DOUBLE_PIDS[$1]}"
}

tell() { # PORT ORDER...: see control.py
	local port=$1

	shift
	on c python3 "$OPENOBSERVE/control.py" "http://$SERVER:$port" "$@" >/dev/null || fail "control.py $*"
}

held() { # NAME: where the records are
	echo "$WORK/$1.o2/default/netflow1.ndjson"
}

compare() { # WHAT [REFERENCE] NAME
	local what=$1 name=${*: -1}

	"$HERE/openobserve.py" "$what" "${@:2:$#-2}" "$(held "$name")" || fail "openobserve.py $what $name"
}

# --- the probe ---

exporter() { # NAME PORT [OPTIONS]: for --export
	echo "openobserve:http://$SERVER:$2/api/default/netflow1/_json?name=$1&user=root@example.com&password_file=$WORK/password&$3"
}

# flood COUNT PORT: so many flows of one packet each
flood() {
	on b "$INJECT" b0 --flows "$1" --count "$1" --dport "$2" >/dev/null || fail "inject"
}

# traffic SECONDS: in the background, 20 flows twice a second. Ends by itself.
traffic() {
	(
		for ((i = 0; i < 2 * $1; i++)); do
			flood 20 $((10000 + i))
			sleep 0.5
		done
	) &
	# shellcheck disable=SC2034 # used by a test
	TRAFFIC_PID=$!
	CHILDREN+=($!)
}

references() { # NAME...: all their files
	local name list=

	for name in "$@"; do list+=,$WORK/$name.json; done
	echo "${list#,}"
}

# outcome NAME EXPORTER WORD: the number before WORD in the last line about it: sent, "queue full", failed, refused ...
outcome() {
	grep -o " $2: [0-9]* records sent.*" "$WORK/$1.log" | tail -n 1 | sed "s/ records sent/ sent/" |
		grep -o "[0-9]* $3" | grep -o "^[0-9]*" || echo 0
}

stop_lossy() { # PID: a probe that has lost records says so with its exit code, too
	kill -INT "$1"
	wait "$1"
	same "exit code of the probe" "$?" 1
}

# settled NAME EXPORTER LOST: all of the reference arrived, as it is, but what was declared lost
settled() {
	local name=$1 exporter=$2 lost=$3 total

	total=$(flows "$name" count)
	same "$exporter: what is held" "$(compare unique "$exporter")" $((total - lost))
	same "$exporter: what was sent" "$(outcome "$name" "$exporter" sent)" $((total - lost))
	compare same "$WORK/$name.json" "$exporter"
}

reached() { # NAME COUNT
	[ "$(flows "$1" count)" -ge "$2" ]
}

# has_all NAME LOST EXPORTER...: the servers of these hold all that the JSON exporter wrote, but so many
has_all() {
	local name=$1 all=$2 lost exporter total

	shift 2
	total=$(flows "$name" count)
	[ "$total" -gt 0 ] || return 1
	for exporter in "$@"; do
		[ "$exporter" ] || continue
		lost=$all
		[ "$exporter" != discarded ] || lost=3
		[ "$(compare unique "$exporter")" = $((total - lost)) ] || return 1
	done
}
