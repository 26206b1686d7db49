#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Installs what is missing to build and run flowprobe from a checkout, and to test it.
#
#     packaging/install-deps.sh [run] [check] [kernels] [big-endian] [lint] [packages] [e2e] [metrics]
#
# Without arguments: run. check and packages include run; big-endian and lint include run and check,
# lint also what `make fuzz` and a build with clang need; e2e includes check and packages; metrics
# brings promtool, and with it a Prometheus that may start, so it is for machines of CI. Each need below
# names what must be there (not which package brings it) and the package of Debian and Ubuntu,
# and of Fedora and RHEL. What is there already, however it came, is left alone, so with nothing
# missing this neither needs root nor touches the network. Whatever is installed is named first. CC,
# CLANG and BPFTOOL are honoured as in the Makefile.
#
# Exit status: 0 all is there, 1 it could not be installed, 64 usage, 77 not root.
set -euo pipefail

# SET PROBE APT DNF; "|" separates names of different releases, "-" is a package that is not there.
# A package of another processor's, as apt writes it: NAME:ARCHITECTURE.
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
run      header:jansson.h         libjansson-dev                  jansson-devel
run      header:curl/curl.h       libcurl4-openssl-dev            libcurl-devel
run      header:microhttpd.h      libmicrohttpd-dev               libmicrohttpd-devel
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
check    command:openssl          openssl                         openssl
check    command:curl             curl                            curl
check    command:nfcapd           nfdump                          nfdump
check    command:nfdump           nfdump                          nfdump
check    command:nfacctd          pmacct                          pmacct
check    command:tshark           tshark                          wireshark-cli
check    command:dumpcap          wireshark-common                wireshark-cli
check    command:ipfixDump        libfixbuf-tools                 -
kernels  command:qemu-system-x86_64  qemu-system-x86              -
kernels  static-busybox           busybox-static                  -
kernels  command:cpio             cpio                            cpio
big-endian  command:s390x-linux-gnu-gcc  gcc-s390x-linux-gnu     -
big-endian  s390x-library:libc.so     libc6-dev-s390x-cross      -
big-endian  s390x-library:libcmocka.so  libcmocka-dev:s390x      -
big-endian  s390x-library:libyaml.so  libyaml-dev:s390x          -
big-endian  s390x-library:libz.so.1  zlib1g:s390x                -
big-endian  command:qemu-s390x-static  qemu-user-static          -
lint     command:clang-format     clang-format                    clang-tools-extra
lint     command:clang-tidy       clang-tidy                      clang-tools-extra
lint     command:shellcheck       shellcheck                      ShellCheck
lint     clang-runtime:fuzzer     libclang-rt-dev                 compiler-rt
lint     clang-runtime:asan       libclang-rt-dev                 compiler-rt
packages command:git              git                             git
packages command:dpkg-buildpackage  dpkg-dev                      -
packages command:g++              build-essential                 -
packages command:dh               debhelper                       -
packages command:lintian          lintian                         -
packages command:rpmbuild         rpm                             rpm-build
packages command:rpmlint          rpmlint                         rpmlint
packages command:man              man-db                          man-db
packages command:mandoc           mandoc                          mandoc
packages command:systemd-analyze  systemd                         systemd
packages command:mmdebstrap       mmdebstrap                      -
e2e      command:systemd-nspawn   systemd-container               systemd-container
metrics  command:promtool         prometheus                      -
END
}

# Whether what PROBE names is there. Some distributions keep administrators' tools out of a user's
# PATH.
is_there() {
	local probe=$1 name=${1#*:} compiler=${CC:-cc}
	local PATH=$PATH:/usr/sbin:/sbin

	case $probe in
	command:*) command -v "$name" >/dev/null ;;
	header:*) # Debian keeps some in a folder for the processor
		[ -e "/usr/include/$name" ] || [ -e "/usr/local/include/$name" ] ||
			compgen -G "/usr/include/*-linux-gnu*/$name" >/dev/null
		;;
	compiler) command -v "${compiler%% *}" >/dev/null ;; # "ccache gcc" is one, too
	clang) command -v "${CLANG:-clang}" >/dev/null ;;
	bpftool) "${BPFTOOL:-bpftool}" version >/dev/null 2>&1 ;; # Ubuntu's may find no real one
	python3) python3 -c 'import json, sqlite3' 2>/dev/null ;; # Debian's python3-minimal has only half
	runtime:*) [[ $($compiler -print-file-name="$name" 2>/dev/null) == /* ]] ;;
	clang-runtime:*) has_clang_runtime "$name" ;;
	s390x-library:*) # the compiler gives the name back where it finds nothing
		[[ $(s390x-linux-gnu-gcc -print-file-name="$name" 2>/dev/null) == /* ]]
		;;
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

# Fills missing (probes), packages, and unavailable (probes without a package) for the wanted sets.
find_missing() {
	local set probe apt dnf package

	missing=()
	packages=()
	unavailable=()
	while read -r set probe apt dnf; do
		[[ " $wanted " == *" $set "* ]] || continue
		is_there "$probe" && continue
		case $manager in
		apt-get) package=$apt ;;
		dnf) package=$dnf ;;
		*) package= ;;
		esac
		if [ "$package" = - ]; then
			unavailable+=("${probe#*:}")
			continue
		fi
		missing+=("${probe#*:}")
		[ -z "$package" ] || [[ " ${packages[*]} " == *" $package "* ]] || packages+=("$package")
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

# Packages of other processors are known only after dpkg was told that they may be.
apt_add_architectures() {
	local name

	for name in "${packages[@]}"; do
		if [[ $name == *:* ]]; then
			dpkg --add-architecture "${name##*:}" || return
		fi
	done
}

# The package lists are fetched only if they are not there, or prove to be out of date.
apt_install() {
	if apt_resolve && apt install --no-install-recommends "${resolved[@]}" >&2; then
		return
	fi
	apt_add_architectures || return
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
	big-endian) wanted+=" run check big-endian" ;;
	lint) wanted+=" run check lint" ;;
	packages) wanted+=" run packages" ;;
	e2e) wanted+=" run check packages e2e" ;;
	metrics) wanted+=" metrics" ;;
	*)
		echo "install-deps: unknown set '$set'; known are: run check kernels big-endian lint" \
			"packages e2e metrics" >&2
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
if [ ${#unavailable[@]} -gt 0 ]; then
	echo "install-deps: $manager has no package for: ${unavailable[*]}" >&2
fi
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
