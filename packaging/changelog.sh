#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Prints the changelog of a package, as dpkg or rpm want it: one entry, with the items of the
# newest section of CHANGELOG.md, by the maintainer that packaging/debian/control names.
#
#     packaging/changelog.sh deb|rpm VERSION SECONDS      SECONDS since 1970 are the entry's date
set -euo pipefail

cd "$(dirname "$0")/.."
[ $# -eq 3 ] || {
	echo "usage: packaging/changelog.sh deb|rpm VERSION SECONDS" >&2
	exit 64
}
format=$1 version=$2 seconds=$3
maintainer=$(sed -n 's/^Maintainer: //p' packaging/debian/control)

# Filled anew, because both formats want short lines: each item begins with FIRST, and goes on with
# MORE.
items() { # FIRST MORE
	awk -v first="$1" -v more="$2" -v width=78 '
		function flush_item(words, count, line, i) {
			count = split(item, words, " ")
			line = first words[1]
			for (i = 2; i <= count; i++) {
				if (length(line " " words[i]) > width) {
					print line
					line = more words[i]
				} else {
					line = line " " words[i]
				}
			}
			if (count > 0)
				print line
			item = ""
		}
		/^## / { section++ }
		section != 1 { next }
		/^- / { flush_item(); item = substr($0, 3); next }
		/^  / { item = item " " $0 }
		END { flush_item() }' CHANGELOG.md
}

when() {
	LC_ALL=C date --utc --date="@$seconds" "$1"
}

case $format in
deb)
	printf 'flowprobe (%s) unstable; urgency=medium\n\n' "$version"
	items '  * ' '    '
	printf '\n -- %s  %s\n' "$maintainer" "$(when '+%a, %d %b %Y %H:%M:%S %z')"
	;;
rpm)
	printf '* %s %s - %s-1\n' "$(when '+%a %b %d %Y')" "$maintainer" "$version"
	items '- ' '  ' | sed 's/%/%%/g'
	;;
*)
	echo "changelog.sh: unknown format '$format'" >&2
	exit 64
	;;
esac
