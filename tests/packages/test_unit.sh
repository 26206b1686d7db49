#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# The unit, as far as systemd judges it without running it.

# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
need systemd-analyze

readonly UNIT=$ROOT/packaging/systemd/flowprobe.service
readonly EXPOSURE=20 # tenths: 2.0 at most

exposure_at_most() { # TENTHS UNIT
	systemd-analyze security --no-pager --offline=true --threshold="$1" "$2" >"$WORK/security" 2>&1
}

test_exposure() {
	exposure_at_most "$EXPOSURE" "$UNIT" || fail "$(tail -n 1 "$WORK/security")"
	# and it is measured at all
	sed '/^DynamicUser=/d; /^CapabilityBoundingSet=/d' "$UNIT" >"$WORK/flowprobe.service"
	if exposure_at_most "$EXPOSURE" "$WORK/flowprobe.service"; then
		fail "a unit without a user and bounds passes as well"
	fi
}

setting() {
	sed -n "s/^$1=//p" "$UNIT"
}

# What stopping may take must not be more than systemd waits: the agent's drain, and the last harvests.
test_time_to_stop() {
	local drain

	drain=$(sed -n 's/^#define AGENT_DRAIN_NS (\([0-9]*\) \* NS_PER_S).*/\1/p' "$ROOT"/user/agent/*.[ch])
	same "time to stop" "$(($(setting TimeoutStopSec) >= 2 * drain))" 1
}

# A usage, privilege or configuration error is not mended by trying again.
test_exit_codes() {
	local wanted

	wanted=$(sed -n 's/.*EXIT_CODE_\(USAGE\|PRIVILEGE\|CONFIG\) *= *\([0-9]*\),.*/\2/p' "$ROOT/user/cmd/commands.h" |
		sort -n | tr '\n' ' ')
	same "exit codes" "$(setting RestartPreventExitStatus) " "$wanted"
}

run_test "exposure is at most 2.0" test_exposure
run_test "there is time for the last records" test_time_to_stop
run_test "what cannot be mended is not tried again" test_exit_codes
finish
