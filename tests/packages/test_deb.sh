#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# The Debian package, which `make deb` has built and lintian has passed: what is in it, and its life on a system where no
# systemd runs, as in a container or a chroot. Where one does: tests/e2e.

# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
need dpkg-deb
[ -e "$DEB" ] || skip_all "make deb has not been run"

readonly TREE=$WORK/root
readonly CONFIG=$TREE/etc/flowprobe/flowprobe.yaml

test_files() {
	same_list "files" "$(dpkg-deb --contents "$DEB" | awk '$1 !~ /^d/ { sub(/^\./, "", $6); print $1, $6 }')" "$(
		all_files /usr /lib/systemd/system
		all_documents /usr | sed 's,/man/.*,&.gz,; s,/README.md$,&.gz,'
		echo "-rw-r--r-- /usr/share/doc/flowprobe/changelog.gz"
		echo "-rw-r--r-- /usr/share/doc/flowprobe/copyright"
	)"
	same "owners" "$(dpkg-deb --contents "$DEB" | awk '{ print $2 }' | sort -u)" root/root
	same "empty folders" "$(dpkg-deb --contents "$DEB" | awk '
		{ paths[$6] = 1 }
		END {
			for (path in paths) {
				if (path !~ /\/$/)
					continue
				count = 0
				for (other in paths)
					count += other != path && index(other, path) == 1
				if (!count)
					print path
			}
		}')" ./etc/flowprobe/conf.d/
}

# What is written by hand, as opposed to what is generated from it.
test_control() {
	dpkg-deb --control "$DEB" "$WORK/control"
	same "scripts and lists" "$(cd "$WORK/control" && echo *)" "conffiles control md5sums postinst postrm prerm"
	same "conffiles" "$(cat "$WORK/control/conffiles")" /etc/flowprobe/flowprobe.yaml
	same "version" "$(dpkg-deb --field "$DEB" Version)" "$(sed -n 's/^VERSION  *:= //p' "$ROOT/Makefile")"
}

# in_tree COMMAND...: as if there had been nothing else
in_tree() {
	env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 chroot "$TREE" "$@"
}

# Everything but what installing anything leaves behind.
list_system() {
	(cd "$TREE" && find . \( -path ./var/lib/dpkg -o -path ./var/log -o -path ./root -o -path ./tmp -o \
		-path ./var/cache \) -prune -o -printf '%M %u %g %p %l\n' | sort)
}

dpkg_in_tree() { # ARGUMENT...
	in_tree dpkg --force-confold "$@" >"$WORK/dpkg" 2>&1 || fail "dpkg $*: $(cat "$WORK/dpkg")"
}

test_life() {
	install -d -m 700 "$TREE/var/lib/private" # systemd's own, if it has not made it yet
	list_system >"$WORK/before"
	dpkg_in_tree --install /root/flowprobe.deb
	same "files changed by installing" "$(in_tree dpkg --verify flowprobe)" ""
	in_tree flowprobe config check || fail "the packaged configuration is wrong"
	same "version" "$(in_tree flowprobe version | head -n 1)" "flowprobe $(dpkg-deb --field "$DEB" Version)"

	echo '# edited' >>"$CONFIG"
	cp "$CONFIG" "$WORK/edited"
	dpkg_in_tree --install /root/next.deb
	cmp "$CONFIG" "$WORK/edited" || fail "the upgrade has not kept the configuration"
	grep -q 'the next version says more' "$CONFIG.dpkg-dist" || fail "the upgrade has not shown the new configuration"

	mkdir -p "$TREE/var/lib/private/flowprobe/spool"
	ln -s private/flowprobe "$TREE/var/lib/flowprobe"
	echo 'log: {level: debug}' >"$TREE/etc/flowprobe/conf.d/more.yaml"
	dpkg_in_tree --remove flowprobe
	same_list "files left by removing" "$(cd "$TREE" && find etc/flowprobe usr/bin/flowprobe var/lib/private/flowprobe 2>/dev/null)" \
		"$(printf '%s\n' etc/flowprobe etc/flowprobe/{flowprobe.yaml,flowprobe.yaml.dpkg-dist,conf.d,conf.d/more.yaml} \
			var/lib/private/flowprobe var/lib/private/flowprobe/spool)"
	cmp "$CONFIG" "$WORK/edited" || fail "removing has not kept the configuration"

	dpkg_in_tree --purge flowprobe
	list_system >"$WORK/after"
	same "what purging leaves" "$(diff "$WORK/before" "$WORK/after")" ""
}

# As systemd would find it there, with its program and its manual pages.
test_unit() {
	dpkg_in_tree --install /root/flowprobe.deb
	same "verify" "$(MANPATH=$TREE/usr/share/man systemd-analyze verify --root="$TREE" flowprobe.service 2>&1)" ""
}

run_test "everything is in it, and nothing else" test_files
run_test "control data" test_control
if [ "$(id -u)" != 0 ]; then
	skip_test "life in a chroot" "needs root"
elif ! archive=$("$HERE/../e2e/rootfs.sh" "$DEB" 2>"$WORK/reason"); then
	skip_test "life in a chroot" "$(tail -n 1 "$WORK/reason")"
else
	mkdir "$TREE"
	tar -C "$TREE" -xf "$archive"
	cp "$DEB" "$TREE/root/flowprobe.deb"
	"$HERE/next_deb.sh" "$DEB" "$TREE/root/next.deb"
	run_test "installed, upgraded, removed and purged, where no systemd runs" test_life
	run_test "its unit is right" test_unit
fi
finish
