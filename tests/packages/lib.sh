# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=bash
#
# What the tests of the packages share: where things are, and the list of what is to be installed. Source it first.

# shellcheck source-path=SCRIPTDIR
. "$(dirname "${BASH_SOURCE[0]}")/../lib/tap.sh"

O=${O:-build}
WORK=$(mktemp -d)
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ROOT=$(cd "$HERE/../.." && pwd)
# shellcheck disable=SC2034 # used by the tests
DEB=$(echo "$O"/deb/flowprobe_*_*.deb)
# shellcheck disable=SC2034
RPM=$(echo "$O"/rpm/RPMS/*/flowprobe-[0-9]*.rpm)

trap 'rm -rf "$WORK"' EXIT

# all_files PREFIX UNITDIR: "MODE PATH" of every file that `make install` makes, but for documentation.
all_files() {
	cat <<-END
		-rw-r--r-- $2/flowprobe.service
		-rw-r--r-- $1/share/bash-completion/completions/flowprobe
		-rw-r--r-- /etc/flowprobe/flowprobe.yaml
		-rwxr-xr-x $1/bin/flowprobe
	END
	(cd "$ROOT/packaging" && find openobserve -type f -printf "-rw-r--r-- $1/share/flowprobe/%p\n")
}

# all_documents PREFIX: and the documentation; dpkg compresses what is large.
all_documents() {
	cat <<-END
		-rw-r--r-- $1/share/doc/flowprobe/CHANGELOG.md
		-rw-r--r-- $1/share/doc/flowprobe/README.md
		-rw-r--r-- $1/share/man/man5/flowprobe.yaml.5
		-rw-r--r-- $1/share/man/man8/flowprobe.8
	END
	(cd "$ROOT/packaging" && find examples -type f -printf "-rw-r--r-- $1/share/doc/flowprobe/%p\n")
}

all_licences() { # FOLDER
	local file

	for file in LICENSE LICENSE.BSD-2-Clause LICENSE.GPL-2.0; do
		echo "-rw-r--r-- $1/$file"
	done
}

# same_list WHAT GOT WANTED: two lists of lines, in any order.
same_list() {
	local difference

	difference=$(diff <(sort <<<"$2") <(sort <<<"$3"))
	[ -z "$difference" ] || fail "$1, < are there and > should be: $difference"
}

# list_tree FOLDER: its files, as above
list_tree() {
	find "$1" -type f -printf '%M /%P\n'
}
