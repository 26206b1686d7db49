#!/busybox sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=dash
#
# First process of the guest that boot.sh boots, in two stages.
#
# Stage 1 runs from the initramfs, which holds busybox, this file and a few modules: it mounts the
# host's root file system (virtiofs, read-only) under a tmpfs (overlay), gives it fresh /proc, /sys,
# /dev and /run, and makes it the root. Stage 2 runs in that root: it lets the kernel load
# modules from the cache, runs the command and powers off. A failure anywhere powers off without an
# exit status, which boot.sh reports with the console.
#
# ttyS0: console, ttyS1: the command's output, ttyS2: its exit status, after everything else.

busybox=/busybox
root=/overlay/root

parameter() {
	for word in $($busybox cat /proc/cmdline); do
		case $word in
		"flowprobe.$1="*) echo "${word#*=}" ;;
		esac
	done
}

mount_fresh() {
	$busybox mkdir -p "$root$2"
	$busybox mount -t "$1" "$1" "$root$2"
}

stage1() {
	$busybox mount -t proc proc /proc
	release=$(parameter release)
	modules=/lib/modules/$release
	for module in virtio_pci virtiofs overlay; do
		$busybox modprobe "$module" 2>/dev/null # fails if it is built in
	done

	$busybox mount -t tmpfs tmpfs /overlay &&
		$busybox mkdir -p /overlay/upper /overlay/work $root &&
		$busybox mount -t virtiofs -o ro host /host &&
		$busybox mount -t overlay overlay $root \
			-o lowerdir=/host,upperdir=/overlay/upper,workdir=/overlay/work || return

	mount_fresh proc /proc
	mount_fresh sysfs /sys
	mount_fresh devtmpfs /dev
	mount_fresh devpts /dev/pts
	mount_fresh tmpfs /dev/shm
	mount_fresh tmpfs /run
	mount_fresh cgroup2 /sys/fs/cgroup
	mount_fresh bpf /sys/fs/bpf
	mount_fresh tracefs /sys/kernel/tracing

	$busybox mkdir -p "$root$modules" $root/run/guest
	$busybox mount -o bind "/host$(parameter kernel)$modules" "$root$modules" || return
	$busybox cp "/host$(parameter work)/command" $root/run/guest/command
	$busybox cp $busybox /init $root/run/guest/
	exec $busybox switch_root $root /run/guest/busybox sh /run/guest/init stage2
}

stage2() {
	busybox=/run/guest/busybox
	export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb
	printf '#!%s sh\nexec %s modprobe "$@"\n' $busybox $busybox >/run/guest/modprobe
	$busybox chmod 755 /run/guest/modprobe
	echo /run/guest/modprobe >/proc/sys/kernel/modprobe
	$busybox ln -s /proc/self/fd /dev/fd # as udev does; bash needs it
	$busybox ip link set lo up
	$busybox hostname guest

	$busybox stty raw -echo </dev/ttyS1
	$busybox stty raw -echo </dev/ttyS2
	$busybox setsid /bin/bash /run/guest/command </dev/null >/dev/ttyS1 2>&1
	echo $? >/dev/ttyS2
}

case ${1:-} in
stage2) stage2 ;;
*) stage1 ;;
esac
$busybox sync
$busybox poweroff -f
