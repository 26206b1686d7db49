#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# The RPM package, which `make rpm` has built and rpmlint has passed: what is in it, what its scriptlets do, and its life in an
# empty folder.

# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
need rpm
[ -e "$RPM" ] || skip_all "make rpm has not been run"

readonly TREE=$WORK/root
readonly CONFIG=$TREE/etc/flowprobe/flowprobe.yaml

query() {
	rpm -qp --queryformat "$1" "$RPM" 2>/dev/null
}

# Folders are listed only where they are the package's own; build ids come from the build machine.
test_files() {
	same_list "files" "$(query '[%{FILEMODES:perms} %{FILEUSERNAME}/%{FILEGROUPNAME} %{FILENAMES}\n]' |
		grep -v ' /usr/lib/\.build-id')" "$(
		{
			all_files /usr /usr/lib/systemd/system
			all_documents /usr
			all_licences /usr/share/licenses/flowprobe
			printf 'drwxr-xr-x %s\n' /etc/flowprobe{,/conf.d} /usr/share/doc/flowprobe{,/examples} \
				/usr/share/flowprobe{,/openobserve{,/alerts,/dashboards}} /usr/share/licenses/flowprobe
		} | sed 's, , root/root ,; /\/man[58]\//s,$,'"$(compressed)"','
	)"
}

# What this system's rpmbuild does to manual pages.
compressed() {
	case $(rpm -qpl "$RPM" 2>/dev/null) in
	*flowprobe.8.gz*) echo .gz ;;
	*flowprobe.8.zst*) echo .zst ;;
	esac
}

test_flags() {
	same "configuration" "$(query '[%{FILEFLAGS:fflags} %{FILENAMES}\n]' | grep '^[a-z]*c')" "cn /etc/flowprobe/flowprobe.yaml"
	same "licences" "$(query '[%{FILEFLAGS:fflags} %{FILENAMES}\n]' | grep -c '^l /usr/share/licenses/flowprobe/LICENSE')" 3
	same "version" "$(query '%{VERSION}')" "$(sed -n 's/^VERSION  *:= //p' "$ROOT/Makefile")"
	same "licence" "$(query '%{LICENSE}')" "GPL-2.0-only OR BSD-2-Clause"
}

# scriptlet NAME COUNT: what it tells systemctl, when COUNT packages of the name are left after the transaction.
scriptlet() {
	query "%{$1}" >"$WORK/scriptlet"
	rm -f "$WORK/calls"
	touch "$WORK/calls"
	# rpm's scriptlets call it with its path, or without
	sed -i "s,/usr/bin/systemctl,$WORK/bin/systemctl,g" "$WORK/scriptlet"
	PATH=$WORK/bin:$PATH sh -e "$WORK/scriptlet" "$2" || fail "$1 $2 ends with status $?"
	tr '\n' ';' <"$WORK/calls"
}

# Of Debian's rpmbuild; Fedora's macros say the same to a helper of systemd.
test_scriptlets() {
	local unit=flowprobe.service

	mkdir "$WORK/bin"
	printf '#!/bin/sh\necho "$@" >>%s\nexit 1\n' "$WORK/calls" >"$WORK/bin/systemctl"
	chmod +x "$WORK/bin/systemctl"
	same "first installation" "$(scriptlet POSTIN 1)" "--no-reload preset $unit;"
	same "upgrade" "$(scriptlet POSTIN 2)" ""
	same "upgrade, before the old one goes" "$(scriptlet PREUN 1)" ""
	same "upgrade, after the old one went" "$(scriptlet POSTUN 1)" "daemon-reload;try-restart $unit;"
	same "removal" "$(scriptlet PREUN 0)" "--no-reload disable --now $unit;"
	same "after removal" "$(scriptlet POSTUN 0)" ""
	same "other scriptlets" "$(rpm -qp --scripts "$RPM" 2>/dev/null | grep -c 'scriptlet')" 3
}

rpm_in_tree() { # ARGUMENT...
	rpm --root "$TREE" "$@" >"$WORK/rpm" 2>&1 || fail "rpm $*: $(cat "$WORK/rpm")"
}

test_life() {
	mkdir "$TREE"
	rpm_in_tree --initdb
	rpm_in_tree -ivh --nodeps --noscripts "$RPM"
	rpm_in_tree -V --nodeps flowprobe
	echo '# edited' >>"$CONFIG"
	same "what verifying finds" "$(rpm --root "$TREE" -V --nodeps flowprobe)" "S.5....T.  c /etc/flowprobe/flowprobe.yaml"
	cp "$CONFIG" "$WORK/edited"
	rpm_in_tree -e --noscripts flowprobe
	cmp "$CONFIG.rpmsave" "$WORK/edited" || fail "the edited configuration was not saved"
	same "what is left" "$(cd "$TREE" && find . -name '*flowprobe*' | sort | tr '\n' ' ')" \
		"./etc/flowprobe ./etc/flowprobe/flowprobe.yaml.rpmsave "
}

run_test "everything is in it, and nothing else" test_files
run_test "configuration and licences are marked" test_flags
if rpm --eval '%{?systemd_post}' | grep -q .; then
	skip_test "scriptlets" "they are this system's, not ours"
else
	run_test "scriptlets" test_scriptlets
fi
if [ "$(id -u)" = 0 ]; then
	run_test "installed, verified and removed" test_life
else
	skip_test "installed, verified and removed" "needs root"
fi
finish
