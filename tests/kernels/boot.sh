#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Runs a command under another kernel, with everything else as it is here.
#
#     tests/kernels/boot.sh PACKAGE COMMAND...     e.g. linux-image-cloud-amd64 uname -r
#
# The kernel image of Debian package PACKAGE is unpacked into a cache (nothing is installed) and
# booted in qemu. The guest's root is this system's root file system over virtiofs, read-only, under
# a tmpfs that takes what the guest writes; the command runs in it as root, in the same folder. The
# guest has only three ways out, each a serial line: console, output, exit status. So nothing it
# does can reach this system, and nothing has to be built or installed for it.
#
# Standard output gets what the command printed, once it has ended. Exit status: the command's;
# 125 if the guest gave none (panic, hang, BOOT_SECONDS over), after one more try, because an
# emulated kernel rarely, but sometimes, dies of the emulation; 69 if the kernel or virtiofsd cannot
# be had. A status other than 125 is never tried again.
#
# The processors are emulated (TCG), one thread for all: KVM would be no faster for tests this short
# and is not there in most virtual machines; a thread per processor made 1 boot in 50 fail. Races
# between processors are therefore hardly provoked here: that is for the tests on the real kernel.
set -euo pipefail

readonly HERE=${BASH_SOURCE%/*}
readonly CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/flowprobe-kernels
readonly VIRTIOFSD=/usr/lib/qemu/virtiofsd
readonly BOOT_SECONDS=${BOOT_SECONDS:-300}
readonly BOOT_MEMORY=${BOOT_MEMORY:-1536M}
readonly BOOT_CPUS=${BOOT_CPUS:-2}
# What the guest needs of its own to mount its root; the rest comes from the root.
readonly BOOT_MODULE_DIRS=(drivers/virtio fs/fuse fs/overlayfs)
readonly PASSED_ON=(O V CI KERNEL_TESTS)

die() {
	echo "boot.sh: $*" >&2
	exit 69
}

# The package that holds the newest image: PACKAGE itself, or what it depends on.
resolve_package() {
	local image

	apt-cache show "$1" >/dev/null 2>&1 || return 1
	image=$(apt-cache depends "$1" |
		awk '$1 == "Depends:" && $2 ~ /^linux-image-/ { print $2; exit }')
	echo "${image:-$1}"
}

download_kernel() {
	local image=$1 folder

	folder=$(mktemp -d "$CACHE/new.XXXXXX")
	(
		cd "$folder"
		apt-get -qq -o APT::Sandbox::User=root -o Acquire::Retries=3 download "$image" &&
			dpkg-deb -x ./*.deb tree &&
			busybox depmod -b tree "${image#linux-image-}" &&
			mv tree "$CACHE/${image#linux-image-}"
	) || {
		rm -rf "$folder"
		return 1
	}
	rm -rf "$folder"
}

# Sets release and kernel (the folder with its boot/ and lib/modules/), fetching it at need. Package
# lists may be missing, or older than what the mirror still has.
find_kernel() {
	local package=$1 image fresh

	mkdir -p "$CACHE"
	exec {lock}>"$CACHE/lock"
	flock "$lock"
	for fresh in no yes; do
		[ "$fresh" = no ] || apt-get -qq update >&2 || break
		image=$(resolve_package "$package") || continue
		release=${image#linux-image-}
		kernel=$CACHE/$release
		if [ -d "$kernel" ] || download_kernel "$image"; then
			exec {lock}>&-
			return
		fi
	done
	die "cannot download the kernel of package $package"
}

make_initramfs() {
	local modules=lib/modules/$release dir

	mkdir -p "$work/initramfs/"{proc,host,overlay} "$work/initramfs/$modules/kernel"
	cp "$(command -v busybox)" "$work/initramfs/busybox"
	cp "$HERE/init.sh" "$work/initramfs/init"
	chmod 755 "$work/initramfs/init"
	cp "$kernel/$modules/"modules.* "$work/initramfs/$modules/"
	for dir in "${BOOT_MODULE_DIRS[@]}"; do
		mkdir -p "$work/initramfs/$modules/kernel/$dir"
		cp -r "$kernel/$modules/kernel/$dir/." "$work/initramfs/$modules/kernel/$dir/"
	done 2>/dev/null # a driver may be built in
	(cd "$work/initramfs" && find . | cpio -o -H newc --quiet) >"$work/initramfs.cpio"
}

make_command() {
	local name

	{
		printf 'cd %q\n' "$PWD"
		for name in "${PASSED_ON[@]}"; do
			[ -z "${!name+set}" ] || printf 'export %s=%q\n' "$name" "${!name}"
		done
		printf 'exec'
		printf ' %q' "$@"
		echo
	} >"$work/command"
}

# One virtiofsd per boot, on a socket of its own: it ends with the guest.
start_virtiofsd() {
	"$VIRTIOFSD" --socket-path="$work/socket" -o source=/ -o sandbox=chroot -o cache=always \
		-o log_level=err 2>"$work/virtiofsd.log" &
	virtiofsd=$!
	until [ -S "$work/socket" ]; do
		kill -0 "$virtiofsd" 2>/dev/null || {
			cat "$work/virtiofsd.log" >&2
			die "virtiofsd did not start"
		}
		sleep 0.02
	done
}

stop_process() {
	kill "$1" 2>/dev/null || :
	wait "$1" 2>/dev/null || :
}

clean_up() {
	[ -z "$qemu" ] || stop_process "$qemu"
	[ -z "$virtiofsd" ] || stop_process "$virtiofsd"
	rm -rf "$work"
}

# Returns once the guest is off; its exit status, if it gave one, is in $work/status then.
run_guest() {
	rm -f "$work"/{socket,console,output,status}
	start_virtiofsd
	timeout --kill-after=5 "$BOOT_SECONDS" qemu-system-x86_64 \
		-accel tcg,thread=single -cpu max -smp "$BOOT_CPUS" -m "$BOOT_MEMORY" \
		-object "memory-backend-memfd,id=memory,size=$BOOT_MEMORY,share=on" \
		-numa node,memdev=memory \
		-nodefaults -no-user-config -display none -no-reboot -net none \
		-serial "file:$work/console" -serial "file:$work/output" -serial "file:$work/status" \
		-chardev "socket,id=host,path=$work/socket" \
		-device vhost-user-fs-pci,chardev=host,tag=host,queue-size=1024 \
		-kernel "$kernel/boot/vmlinuz-$release" -initrd "$work/initramfs.cpio" \
		-append "console=ttyS0 panic=-1 quiet loglevel=4 mitigations=off \
			flowprobe.work=$work flowprobe.kernel=$kernel flowprobe.release=$release" \
		</dev/null >&2 &
	qemu=$!
	qemu_status=0
	wait "$qemu" || qemu_status=$?
	qemu=
	stop_process "$virtiofsd"
	virtiofsd=
}

[ $# -ge 2 ] || {
	echo "usage: tests/kernels/boot.sh PACKAGE COMMAND..." >&2
	exit 64
}
package=$1
shift
[ "$(id -u)" -eq 0 ] || die "virtiofsd needs root to serve the root file system"
[ -x "$VIRTIOFSD" ] || die "$VIRTIOFSD is not there (packaging/install-deps.sh kernels brings it)"

qemu=
virtiofsd=
work=$(mktemp -d)
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

find_kernel "$package"
make_initramfs
make_command "$@"

for try in 1 2; do
	run_guest
	if read -r status <"$work/status" && [[ $status =~ ^[0-9]+$ ]]; then
		cat "$work/output"
		exit "$status"
	fi
	{
		echo "boot.sh: try $try: no exit status from $release" \
			"(qemu: $qemu_status, 124 is the time limit)"
		tail -n 20 "$work/output"
		echo "boot.sh: console:"
		tail -n 40 "$work/console"
	} >&2
done
exit 125
