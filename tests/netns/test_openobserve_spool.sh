#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# OpenObserve away for long, over a restart, a kill and with a full disk: what the spool on disk is for.

# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/openobserve.sh"
need ping

spooled_records() { # DIRECTORY
	"$HERE/openobserve.py" spooled "$1" | grep -vc '^#'
}

spool_has() { # DIRECTORY COUNT
	[ "$(spooled_records "$1")" -ge "$2" ]
}

test_away() { # for longer than memory lasts
	local lost

	probe a away -i a0 --idle-timeout 1s --harvest-interval 100ms --max-flows 1024 \
		--export "$(exporter spooled 5101 "flush_interval=200ms&spool_after=1s&spool_directory=$WORK/spool.away")" \
		--export "$(exporter unspooled 5102 "flush_interval=200ms")"
	(
		for ((i = 0; i < 100; i++)); do
			flood 500 $((20000 + i)) # in all, more than a queue holds: 68 batches of 512 records
			sleep 0.1
		done
	) &
	CHILDREN+=($!)
	wait $!
	wait_until 30 reached away 50000
	double_start spooled 5101
	double_start unspooled 5102
	wait_until 120 has_all away 0 spooled
	wait_until 120 holds_some unspooled
	stop_lossy "$PROBE_PID"
	settled away spooled 0
	compare ordered "$WORK/away.json" spooled
	same "sent twice" "$(compare repeated spooled)" 0
	lost=$(outcome away unspooled "queue full")
	[ "$lost" -gt 0 ] || fail "memory was never full"
	settled away unspooled "$lost"
	same "left in the spool" "$(find "$WORK/spool.away" -name '*.batch' | wc -l)" 0
	double_stop spooled
	double_stop unspooled
}

holds_some() { # NAME
	[ "$(compare unique "$1")" -gt 0 ]
}

test_restart() { # an orderly end leaves all on disk, and the next run begins with it
	local first second

	probe a before -i a0 --idle-timeout 1s --harvest-interval 200ms \
		--export "$(exporter restart 5103 "flush_interval=200ms&spool_directory=$WORK/spool.restart")"
	flood 100 30000
	wait_until 10 reached before 100
	stop_probe "$PROBE_PID"
	same "kept" "$(outcome before restart "kept on disk")" 100
	same "in the spool" "$(spooled_records "$WORK/spool.restart")" 100
	double_start restart 5103
	probe a after -i a0 --idle-timeout 1s --harvest-interval 200ms \
		--export "$(exporter restart 5103 "flush_interval=200ms&spool_directory=$WORK/spool.restart")"
	flood 50 30001
	wait_until 10 reached after 50
	stop_probe "$PROBE_PID"
	first=$(flows before count)
	second=$(flows after count)
	same "what is held" "$(compare unique restart)" $((first + second))
	same "sent twice" "$(compare repeated restart)" 0
	compare same "$(references before after)" restart
	compare ordered "$(references before after)" restart
	contains "log" "$(cat "$WORK/after.log")" "$first records of an earlier run are in the spool and go first"
	double_stop restart
}

test_forgotten() { # the service's spools are called like the exporters, and one of them has another name now
	PROBE_BY=(env "STATE_DIRECTORY=$WORK/state")
	probe a first -i a0 --idle-timeout 1s --harvest-interval 200ms --export "$(exporter old 5131 "flush_interval=200ms")"
	flood 20 35000
	wait_until 10 reached first 20
	stop_probe "$PROBE_PID"
	same "in the spool" "$(spooled_records "$WORK/state/spool/old")" "$(flows first count)"
	probe a second -i a0 --export "$(exporter new 5131 "flush_interval=200ms")"
	stop_probe "$PROBE_PID"
	contains "log" "$(cat "$WORK/second.log")" \
		"$WORK/state/spool/old holds $(flows first count) records (0.0 MB) of an exporter that is not there any more: name one old to send them, or remove the directory"
	rmdir "$WORK/state/spool/new"
	mv "$WORK/state/spool/old" "$WORK/state/spool/new" # as the manual says
	double_start renamed 5131
	probe a third -i a0 --export "$(exporter new 5131 "flush_interval=200ms")"
	wait_until 20 drained "$WORK/state/spool/new"
	stop_probe "$PROBE_PID"
	compare same "$(references first second third)" renamed
	same "what is held" "$(compare unique renamed)" $(($(flows first count) + $(flows second count) + $(flows third count)))
	PROBE_BY=()
	double_stop renamed
}

test_killed() { # at any moment while it writes to the disk: whatever was there arrives, whole and once
	local i expected

	for i in 1 2 3; do
		rm -rf "$WORK/spool.killed" "$WORK/killed$i.o2"
		probe a "killed$i" -i a0 --idle-timeout 1s --harvest-interval 100ms \
			--export "$(exporter "killed$i" "511$i" "flush_interval=100ms&batch_records=5&spool_after=100ms&spool_directory=$WORK/spool.killed")"
		(for ((k = 0; k < 100; k++)); do
			flood 30 $((40000 + k))
			sleep 0.02
		done) &
		CHILDREN+=($!)
		wait_until 20 spool_has "$WORK/spool.killed" $((40 * i))
		kill -KILL "$PROBE_PID"
		wait "$PROBE_PID" 2>/dev/null
		wait "${CHILDREN[-1]}"
		expected=$("$HERE/openobserve.py" spooled "$WORK/spool.killed") || fail "half a batch: $expected"
		double_start "killed$i" "511$i"
		probe a "again$i" -i a0 --harvest-interval 100ms \
			--export "$(exporter "killed$i" "511$i" "flush_interval=100ms&batch_records=5&spool_directory=$WORK/spool.killed")"
		wait_until 20 arrived "killed$i" "$expected"
		stop_probe "$PROBE_PID"
		same "what is held" "$("$HERE/openobserve.py" held "$(held "killed$i")")" "$expected"
		double_stop "killed$i"
	done
}

arrived() { # NAME IDS
	[ "$("$HERE/openobserve.py" held "$(held "$1")" | wc -l)" -ge "$(wc -l <<<"$2")" ]
}

test_disk_full() { # memory has to do, and what that does not hold is declared lost
	local lost

	mkdir "$WORK/small"
	if ! mount -t tmpfs -o size=64k none "$WORK/small"; then
		fail "no tmpfs"
		return
	fi
	probe a full -i a0 --idle-timeout 1s --harvest-interval 100ms --max-flows 1024 \
		--export "$(exporter full 5121 "flush_interval=100ms&spool_after=100ms&spool_directory=$WORK/small/spool")"
	(for ((k = 0; k < 100; k++)); do
		flood 500 $((50000 + k))
		sleep 0.1
	done) &
	CHILDREN+=($!)
	wait $!
	wait_until 30 reached full 50000
	double_start full 5121
	wait_until 60 drained "$WORK/small/spool"
	stop_lossy "$PROBE_PID"
	lost=$(($(outcome full full "queue full") + $(outcome full full failed) + $(outcome full full "spool full")))
	[ "$lost" -gt 0 ] || fail "nothing was lost"
	contains "log" "$(cat "$WORK/full.log")" "cannot write to the spool: No space left on device"
	settled full full "$lost"
	same "sent twice" "$(compare repeated full)" 0
	double_stop full
	umount "$WORK/small"
}

drained() { # DIRECTORY
	! compgen -G "$1/*.batch" >/dev/null
}

topology
run_test "server away for longer than memory lasts" test_away
run_test "server away over a restart" test_restart
run_test "spool of an exporter that has another name now" test_forgotten
run_test "killed while it writes to the spool" test_killed
run_test "disk of the spool full" test_disk_full
finish
