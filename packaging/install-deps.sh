#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Installs what is missing to build and run flowprobe from a checkout, and to test it.
#
#     packaging/install-deps.sh [run] [check] [kernels] [lint]
#
# Without arguments: run. check includes run; lint includes both, and what `make fuzz` and a build
# with clang need. Each need below names what must be there (not which package brings it) and the
# package of Debian and Ubuntu, and of Fedora and RHEL. What is there already, however it came, is
# left alone, so with nothing missing this neither needs root nor touches the network. Whatever
# is installed is named first. CC, CLANG and BPFTOOL are honoured as in the Makefile.
#
# Exit status: 0 all is there, 1 it could not be installed, 64 usage, 77 not root.
set -euo pipefail

# SET PROBE APT DNF; "|" separates names of different releases, "-" is a package that is not there.
needs() {
	cat <<'END'
run      command:make             make                            make
run      compiler                 gcc                             gcc
run      clang                    clang                           clang
run      bpftool                  bpftool|linux-tools-generic     bpftool
run      header:stdio.h           libc6-dev                       glibc-devel
run      header:linux/bpf.h       linux-libc-dev                  kernel-headers
run      header:bpf/libbpf.h      libbpf-dev                      libbpf-devel
run      header:gelf.h            libelf-dev                      elfutils-libelf-devel
run      header:zlib.h            zlib1g-dev                      zlib-devel
run      header:yaml.h            libyaml-dev                     libyaml-devel
check    header:cmocka.h          libcmocka-dev                   libcmocka-devel
check    runtime:libasan.so       gcc                             libasan
check    runtime:libubsan.so      gcc                             libubsan
check    command:ip               iproute2                        iproute
check    command:tc               iproute2                        iproute-tc
check    command:ping             iputils-ping                    iputils
check    command:iperf3           iperf3                          iperf3
check    command:ethtool          ethtool                         ethtool
check    python3                  python3                         python3
check    command:sysctl           procps                          procps-ng
kernels  command:qemu-system-x86_64  qemu-system-x86              -
kernels  static-busybox           busybox-static                  -
kernels  command:cpio             cpio                            cpio
lint     command:clang-format     clang-format                    clang-tools-extra
lint     command:clang-tidy       clang-tidy                      clang-tools-extra
lint     command:shellcheck       shellcheck                      ShellCheck
lint     clang-runtime:fuzzer     libclang-rt-dev                 compiler-rt
lint     clang-runtime:asan       libclang-rt-dev                 compiler-rt
END
}

# Whether what PROBE names is there. Some distributions keep administrators' tools out of a user's
# PATH.
is_there() {
	local probe=$1 name=${1#*:} compiler=${CC:-cc}
	local PATH=$PATH:/usr/sbin:/sbin

	case $probe in
	command:*) command -v "$name" >/dev/null ;;
	header:*) [ -e "/usr/include/$name" ] || [ -e "/usr/local/include/$name" ] ;;
	compiler) command -v "${compiler%% *}" >/dev/null ;; # "ccache gcc" is one, too
	clang) command -v "${CLANG:-clang}" >/dev/null ;;
	bpftool) "${BPFTOOL:-bpftool}" version >/dev/null 2>&1 ;; # Ubuntu's may find no real one
	python3) python3 -c 'import json' 2>/dev/null ;; # Debian's python3-minimal has only half
	runtime:*) [[ $($compiler -print-file-name="$name" 2>/dev/null) == /* ]] ;;
	clang-runtime:*) has_clang_runtime "$name" ;;
	static-busybox)
		command -v busybox >/dev/null && ! ldd "$(command -v busybox)" >/dev/null 2>&1
		;;
	esac
}

has_clang_runtime() {
	local folder file

	folder=$("${CLANG:-clang}" -print-runtime-dir 2>/dev/null) || return 1
	for file in "$folder" "${folder%/*}/linux"; do
		if compgen -G "$file/libclang_rt.$1*.a" >/dev/null; then
			return 0
		fi
	done
	return 1
}

# Fills missing (probes) and packages for the wanted sets.
find_missing() {
	local set probe apt dnf package

	missing=()
	packages=()
	while read -r set probe apt dnf; do
		[[ " $wanted " == *" $set "* ]] || continue
		is_there "$probe" && continue
		missing+=("${probe#*:}")
		case $manager in
		apt-get) package=$apt ;;
		dnf) package=$dnf ;;
		*) continue ;;
		esac
		[ "$package" = - ] || [[ " ${packages[*]} " == *" $package "* ]] ||
			packages+=("$package")
	done < <(needs)
}

apt() {
	DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o Acquire::Retries=3 \
		-o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@"
}

apt_knows() {
	apt-cache show --no-all-versions "$1" >/dev/null 2>&1
}

# Of the names of different releases, takes the first that this release has.
apt_resolve() {
	local alternatives name

	resolved=()
	for alternatives in "${packages[@]}"; do
		for name in ${alternatives//|/ }; do
			if apt_knows "$name"; then
				resolved+=("$name")
				continue 2
			fi
		done
		return 1
	done
}

# The package lists are fetched only if they are not there, or prove to be out of date.
apt_install() {
	if apt_resolve && apt install --no-install-recommends "${resolved[@]}" >&2; then
		return
	fi
	echo "install-deps: fetching the package lists" >&2
	apt update >&2 || return
	# a name that this release does not have is let through, so that apt names it
	apt_resolve || resolved=("${packages[@]%%|*}")
	apt install --no-install-recommends "${resolved[@]}" >&2
}

dnf_install() {
	dnf install -y --setopt=install_weak_deps=False "${packages[@]%%|*}" >&2
}

wanted=
for set in "${@:-run}"; do
	case $set in
	run) wanted+=" run" ;;
	check) wanted+=" run check" ;;
	kernels) wanted+=" kernels" ;;
	lint) wanted+=" run check lint" ;;
	*)
		echo "install-deps: unknown set '$set'; known are: run check kernels lint" >&2
		exit 64
		;;
	esac
done

manager=
for candidate in apt-get dnf; do
	if command -v "$candidate" >/dev/null; then
		manager=$candidate
		break
	fi
done

find_missing
[ ${#missing[@]} -gt 0 ] || exit 0

if [ -z "$manager" ]; then
	echo "install-deps: missing: ${missing[*]}; this system has neither apt-get nor dnf:" \
		"install them with its own package manager" >&2
	exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
	echo "install-deps: missing: ${missing[*]}; only root can install packages: use sudo, or run:" \
		"$manager install ${packages[*]%%|*}" >&2
	exit 77
fi
if [ ${#packages[@]} -gt 0 ]; then
	echo "install-deps: installing with $manager: ${packages[*]%%|*}" >&2
	"${manager%-get}_install" || {
		echo "install-deps: $manager failed, see above" >&2
		exit 1
	}
fi

find_missing
if [ ${#missing[@]} -gt 0 ]; then
	echo "install-deps: still missing: ${missing[*]}" >&2
	exit 1
fi
