# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=bash
#
# A Debian that systemd has booted, in a container: the host of ../netns/lib.sh that is called "server" gets a file system,
# an init process and services of its own. Sourced in place of lib.sh.
#
# The container shares the kernel, of course, and is not kept from it: BPF and network administration are what is tested.
# Everything it has is below $WORK, in namespaces and in a control group of ours, and is gone with the test.

# shellcheck source-path=SCRIPTDIR
. "$(dirname "${BASH_SOURCE[0]}")/../netns/lib.sh"

readonly GUEST=$WORK/guest
readonly GUEST_SECONDS=90 # for any one command
GUEST_NSPAWN=
GUEST_INIT=
GUEST_GROUPS=()
GUEST_ROOT=() # what to start systemd-nspawn with

# systemd-nspawn makes control groups beside the process it is started by, and leaves them there.
guest_make_groups() {
	local mountpoint own

	while read -r mountpoint own; do
		if mkdir "$mountpoint$own/$RUN" 2>/dev/null; then
			GUEST_GROUPS+=("$mountpoint$own/$RUN")
		fi
	done < <(guest_list_groups)
}

# Where this shell is, in each hierarchy that systemd uses: the mount point, and the path in it.
guest_list_groups() {
	local path

	path=$(sed -n 's/^0:://p' /proc/self/cgroup)
	awk '$3 == "cgroup2" { print $2 }' /proc/mounts | while read -r mountpoint; do
		echo "$mountpoint ${path%/}"
	done
	path=$(sed -n 's/^[0-9]*:name=systemd://p' /proc/self/cgroup)
	awk '$3 == "cgroup" && $4 ~ /name=systemd/ { print $2 }' /proc/mounts | while read -r mountpoint; do
		echo "$mountpoint ${path%/}"
	done
}

guest_remove_groups() {
	local group

	for group in "${GUEST_GROUPS[@]}"; do
		find "$group" -depth -type d -exec rmdir {} + 2>/dev/null
	done
}

# systemd-nspawn wants / to be where something is mounted, which it is not in a chroot. A mount namespace gets one then:
# the same tree, bound to a folder of ours, in place of the root.
guest_find_root() {
	mountpoint -q / && return
	mkdir "$WORK/root"
	# shellcheck disable=SC2016 # the inner shell's
	GUEST_ROOT=(unshare --mount --propagation=unchanged
		sh -c 'mount --rbind / "$0" && mount --make-rprivate "$0" && exec chroot "$0" "$@"' "$WORK/root")
}

# In the shell that becomes systemd-nspawn.
guest_exec() {
	local group

	for group in "${GUEST_GROUPS[@]}"; do
		echo "$BASHPID" >"$group/cgroup.procs"
	done
	exec "${GUEST_ROOT[@]}" systemd-nspawn --quiet --directory="$GUEST" --machine="$RUN" --boot --register=no --keep-unit \
		--network-namespace-path="/run/netns/$RUN-server" --capability=all \
		--system-call-filter='bpf @keyring' --console=pipe
}

guest_find_init() {
	GUEST_INIT=$(tr -d ' ' <"/proc/$GUEST_NSPAWN/task/$GUEST_NSPAWN/children") &&
		[ "$(cat "/proc/$GUEST_INIT/comm")" = systemd ]
}

guest_is_up() {
	[ "$(in_guest systemctl is-system-running 2>/dev/null)" = running ]
}

# guest_boot ARCHIVE: unpacks it and returns when everything is up.
guest_boot() {
	mkdir "$GUEST"
	tar -C "$GUEST" -xf "$1"
	tr -d - </proc/sys/kernel/random/uuid >"$GUEST/etc/machine-id"
	echo server >"$GUEST/etc/hostname"
	guest_make_groups
	guest_find_root
	guest_exec </dev/null >"$WORK/console" 2>&1 &
	GUEST_NSPAWN=$!
	wait_until 30 guest_find_init && wait_until 60 guest_is_up
}

# in_guest COMMAND...: runs it as root, in all of the guest's namespaces; its descendants end with the guest.
in_guest() {
	timeout --kill-after=5 "$GUEST_SECONDS" nsenter --target "$GUEST_INIT" --all --root --wd -- \
		env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 "$@"
}

# guest_put PATH: standard input becomes that file.
guest_put() {
	mkdir -p "$GUEST${1%/*}"
	cat >"$GUEST$1"
}

# guest_report [UNIT]: what an engineer would look at first, of the unit or of everything.
guest_report() {
	{
		tail -n 10 "$WORK/console"
		if [ $# -gt 0 ]; then
			in_guest systemctl status --no-pager --full --lines=0 "$1"
		fi
		in_guest systemctl list-units --no-pager --failed
		in_guest journalctl --no-pager --output=short-precise --lines=60 ${1:+--unit "$1"}
	} 2>&1 | sed 's/^/# guest: /'
}

# Kills its init, and with it everything else.
guest_stop() {
	if [ -n "$GUEST_NSPAWN" ]; then
		kill -KILL "${GUEST_INIT:-$GUEST_NSPAWN}" 2>/dev/null
		wait "$GUEST_NSPAWN" 2>/dev/null
	fi
	guest_remove_groups
	rmdir "/run/systemd/nspawn/propagate/$RUN" 2>/dev/null
}

# guest_test UNIT NAME FUNCTION: run_test, and a report on the unit where it failed.
guest_test() {
	run_test "$2" "$3"
	[ "$TEST_FAILED" = 0 ] || guest_report "$1"
}

trap 'guest_stop; cleanup' EXIT
need systemd-nspawn nsenter tar
