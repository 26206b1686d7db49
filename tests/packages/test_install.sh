#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# make install: what goes where, and what is left alone.

# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

install_to() { # FOLDER SETTING...
	local folder=$1

	shift
	env -u MAKEFLAGS make --no-print-directory -C "$ROOT" O="$(realpath "$O")" DESTDIR="$folder" install "$@" \
		>"$WORK/output" 2>&1 || fail "make install: $(cat "$WORK/output")"
}

test_defaults() {
	install_to "$WORK/local"
	same_list "files" "$(list_tree "$WORK/local")" "$(
		all_files /usr/local /usr/local/lib/systemd/system
		all_documents /usr/local
		all_licences /usr/local/share/licenses/flowprobe
	)"
	same "folders of configuration" "$(find "$WORK/local/etc" -type d -printf '%P ')" " flowprobe flowprobe/conf.d "
	same "commands of the unit" \
		"$(sed -n 's/^Exec[A-Za-z]*=//p' "$WORK/local/usr/local/lib/systemd/system/flowprobe.service" | tr '\n' ';')" \
		"/usr/local/bin/flowprobe run -c /etc/flowprobe/flowprobe.yaml;/usr/local/bin/flowprobe config check -c /etc/flowprobe/flowprobe.yaml;/bin/sh -c 'kill -HUP \$\$MAINPID';"
	cmp "$O/flowprobe" "$WORK/local/usr/local/bin/flowprobe" || fail "the program is another one"
}

test_settings() {
	install_to "$WORK/set" prefix=/a bindir=/b datadir=/c mandir=/d docdir=/e licensedir=/f unitdir=/g sysconfdir=/h
	same_list "files" "$(list_tree "$WORK/set" | cut -d / -f 2 | sort | uniq -c | awk '{ print $2, $1 }')" "$(
		echo b 1
		echo c $((1 + $(find "$ROOT/packaging/openobserve" -type f | wc -l)))
		echo d 2
		echo e $((2 + $(find "$ROOT/packaging/examples" -type f | wc -l)))
		echo f 3
		echo g 1
		echo h 1
	)"
}

test_again() {
	echo '# edited' >"$WORK/local/etc/flowprobe/flowprobe.yaml"
	install_to "$WORK/local"
	same "configuration" "$(cat "$WORK/local/etc/flowprobe/flowprobe.yaml")" "# edited"
}

run_test "everything is installed, and nothing else" test_defaults
run_test "each folder can be chosen" test_settings
run_test "installing again keeps an edited configuration" test_again
finish
