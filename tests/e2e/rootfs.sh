#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Prints the path of a tar archive with a minimal Debian of this system's release: systemd, and what PACKAGE depends on, so
# that PACKAGE can be installed there without a network.
#
#     tests/e2e/rootfs.sh PACKAGE.deb
#
# It is made once and kept, by what it is made of: this script, the list of packages and where they come from. Exit status
# 69: this system is not Debian, or the archive could not be made.
set -euo pipefail

readonly CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/flowprobe-e2e
readonly BASE=systemd,systemd-sysv,dbus

die() {
	echo "rootfs.sh: $*" >&2
	exit 69
}

# The names alone, the first of alternatives.
dependencies() {
	dpkg-deb --field "$1" Depends | tr ',' '\n' | sed 's/|.*//; s/(.*//; s/ //g'
}

# Where this system gets its release of Debian from, in either of the formats. Other archives it may know are left out.
find_sources() { # RELEASE
	local file

	for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.{list,sources}; do
		if grep -qsE '^(URIs:|deb ).*/debian/?( |$)' "$file" && grep -qw "$1" "$file"; then
			echo "$file"
			return
		fi
	done
	die "found nothing in /etc/apt that says where $1 comes from"
}

# mmdebstrap does not look into this system's apt.conf.
proxy_options() {
	local scheme proxy

	for scheme in http https; do
		proxy=$(apt-config dump --format '%v' "Acquire::$scheme::Proxy")
		[ -z "$proxy" ] || printf '%s\n' "--aptopt=Acquire::$scheme::Proxy \"$proxy\";"
	done
}

# shellcheck source=/dev/null
[ "$(. /etc/os-release && echo "$ID")" = debian ] || die "root file systems are made of Debian's packages, on Debian"
# shellcheck source=/dev/null
release=$(. /etc/os-release && echo "$VERSION_CODENAME")
include=$BASE$(dependencies "$1" | sort -u | sed 's/^/,/' | tr -d '\n')
sources=$(find_sources "$release")
key=$(cat "$0" "$sources" <(echo "$release $include $(dpkg --print-architecture)") | sha256sum | cut -c 1-16)
archive=$CACHE/$release-$key.tar

mkdir -p "$CACHE"
exec {lock}>"$CACHE/lock"
flock "$lock"
if [ ! -s "$archive" ]; then
	echo "rootfs.sh: making $archive, once" >&2
	mapfile -t proxies < <(proxy_options)
	mmdebstrap --quiet --variant=minbase --include="$include" "${proxies[@]}" \
		"$release" "$CACHE/new.tar" "$sources" >&2 || die "mmdebstrap has failed"
	mv "$CACHE/new.tar" "$archive"
fi
echo "$archive"
