#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Fails on a breach of the boundaries that keep the pipeline a pipeline; prints FILE:LINE: RULE.
#
#     tests/check-includes.sh [ROOT]        checks the tree at ROOT, the current folder by default
#     tests/check-includes.sh --self-test   breaks each rule in a copy, and expects it to be found
#
# The rules: folders of user/ include only what the table below allows; the skeleton is for the
# loader, <bpf/*.h> for capture/, and each third-party library for one file; own header first, then
# <system>, then "project"; no kernel shorthand types in user/; include/flow.h and
# bpf/parse.bpf.h stay what both compilers, and the fuzzer, can take; the IPFIX decoder of the tests
# shares nothing with the encoders; every source file names its licence.
#
# Text is read without its comments and strings, but not preprocessed: a breach under #if counts.
set -euo pipefail

# What a folder of user/ may include besides itself and flow.h; "*" is anything.
allowed_folders() {
	case $1 in
	capture) echo flow lib ;;
	flow) echo lib ;;
	encode) echo flow lib ;;
	export) echo encode flow lib ;;
	provision) echo export lib ;;
	config) echo lib ;;
	lib) ;;
	agent | cmd | doctor | .) echo '*' ;;
	*) echo none ;;
	esac
}

# The one place of each library; an empty one means any, but only one.
readonly LIBRARIES='yaml.h=user/config/yaml.c curl/curl.h=user/export/curl.c microhttpd.h=user/agent/metrics_server.c jansson.h=user/lib/json_tree.c'

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

breaches=0
breach() {
	echo "$*"
	breaches=$((breaches + 1))
}

# Prints the files as lines FILE:NUMBER:TEXT, with comments, and strings but for those of #include,
# blanked.
strip_comments() {
	awk '
	FNR == 1 { inside = 0 }
	{
		out = ""
		rest = $0
		include = rest ~ /^[ \t]*#[ \t]*include/
		while (rest != "") {
			if (inside) {
				end = index(rest, "*/")
				if (!end)
					break
				rest = substr(rest, end + 2)
				inside = 0
				out = out " "
			} else if (!match(rest, /\/\*|\/\/|"(\\.|[^"\\])*"|\047(\\.|[^\047\\])\047/)) {
				out = out rest
				break
			} else {
				token = substr(rest, RSTART, RLENGTH)
				out = out substr(rest, 1, RSTART - 1)
				rest = substr(rest, RSTART + RLENGTH)
				if (token == "//")
					break
				if (token == "/*")
					inside = 1
				else
					out = out (include ? token : "\"\"")
			}
		}
		print FILENAME ":" FNR ":" out
	}' "$@"
}

# $1 path or pattern of files, $2 extended regular expression, $3 what is wrong with a line that
# matches
forbid() {
	local pattern=$1 expression=$2 rule=$3 file number text

	while IFS=: read -r file number text; do
		# shellcheck disable=SC2053 # a pattern is wanted
		[[ $file != $pattern ]] || [[ ! $text =~ $expression ]] || breach "$file:$number: $rule"
	done < <(grep -E -e "${expression#^}" "$scratch/lines") # few lines, for speed
}

# $1 path or pattern of files, then patterns of the only includes they may have
allow_includes() {
	local files=$1 file number include pattern
	shift

	while read -r file number include; do
		# shellcheck disable=SC2053 # a pattern is wanted
		[[ $file == $files ]] || continue
		for pattern in "$@"; do
			# shellcheck disable=SC2053
			[[ $include != $pattern ]] || continue 2
		done
		breach "$file:$number: may not include $include"
	done <"$scratch/includes"
}

check_folders() {
	local file number include target folder allowed

	while read -r file number include; do
		[[ $file == user/* ]] || continue
		folder=${file#user/}
		[[ $folder == */* ]] && folder=${folder%/*} || folder=.
		allowed=$(allowed_folders "$folder")
		[ "$allowed" != none ] || breach "$file:1: folder user/$folder is not in the table of this script"
		case $include in
		'"probe.skel.h"')
			[ "$file" = user/capture/loader.c ] ||
				breach "$file:$number: the skeleton is for user/capture/loader.c alone"
			;;
		'"flow.h"') ;;
		'<bpf/'*)
			[ "$folder" = capture ] || breach "$file:$number: $include is for user/capture/ alone"
			;;
		'"'*/*)
			target=${include#\"}
			target=${target%%/*}
			[ "$allowed" = '*' ] || [[ " $folder $allowed " == *" $target "* ]] ||
				breach "$file:$number: user/$folder may not include from user/$target"
			;;
		'"'*) breach "$file:$number: $include is not written as \"folder/file.h\"" ;;
		esac
	done <"$scratch/includes"
}

# In user/FOLDER the own header first, or where there is none another of the folder; in tests/ the
# headers of what is tested may be first. Then <system>, then "project".
check_order() {
	local file number include own previous='' projects systems

	while read -r file number include; do
		[[ $file == *.c && $file != *.bpf.c && $file != bpf/* ]] || continue
		if [ "$file" != "$previous" ]; then
			previous=$file
			projects=no
			systems=no
			own=${file#user/}
			own=${own%.c}.h
			if [[ $file == user/*/* && -e ${file%.c}.h ]]; then
				[ "$include" = "\"$own\"" ] || breach "$file:$number: its own header \"$own\" goes first"
			elif [[ $file == user/*/* ]]; then
				[[ $include == "\"${own%/*}/"* ]] ||
					breach "$file:$number: a header of its own folder goes first"
			fi
			[[ $file == tests/* ]] || continue
		fi
		case $include in
		'"'*) [[ $file == tests/* && $systems = no ]] || projects=yes ;;
		'<'*)
			systems=yes
			[ "$projects" = no ] || breach "$file:$number: <system> headers go before \"project\" headers"
			;;
		esac
	done <"$scratch/includes"
}

check_libraries() {
	local entry library place users

	for entry in $LIBRARIES; do
		library=${entry%%=*}
		place=${entry#*=}
		users=$(sed -n "s|^\(user/[^ ]*\) [0-9]* <$library>\$|\1|p" "$scratch/includes" | sort -u)
		if [ "$(grep -c . <<<"$users")" -gt 1 ]; then
			breach "$(paste -sd' ' <<<"$users"): <$library> is for one file alone"
		elif [ -n "$place" ] && [ -n "$users" ] && [ "$users" != "$place" ]; then
			breach "$users: <$library> is for $place alone"
		fi
	done
}

check_flow_h() {
	local file=include/flow.h space='[[:space:]]'

	allow_includes "$file" '<linux/types.h>'
	forbid "$file" '\<(bool|_Bool|size_t|ssize_t|long|packed|__packed)\>' \
		'no bool, size_t, long or packed struct crosses the kernel border'
	forbid "$file" "^$space+[[:alnum:]_ ]+$space*:$space*[[:alnum:]_]+$space*;" \
		'no bit-field crosses the kernel border'
	forbid "$file" "^$space+[[:alnum:]_ ]+$space\*" 'no pointer crosses the kernel border'
}

check_bpf() {
	forbid 'bpf/*' 'vmlinux\.h' 'UAPI headers only, not vmlinux.h'
	allow_includes 'bpf/*' '<linux/*.h>' '<bpf/*.h>' '"flow.h"' '"*.bpf.h"'
	allow_includes bpf/parse.bpf.h '<linux/*.h>' '"flow.h"'
	forbid bpf/parse.bpf.h '\<bpf_[[:alnum:]_]+[[:space:]]*\(' 'the parser calls no helper'
	forbid bpf/parse.bpf.h '\<SEC[[:space:]]*\(|BPF_MAP_TYPE' 'the parser knows no map and no section'
}

# Of a header of user/ the name has a folder. An error in common would be one that no test can see.
check_decoder() {
	forbid 'tests/lib/ipfix_*' '#[[:space:]]*include[[:space:]]*"[^"]*/' \
		'the IPFIX decoder shares nothing with the encoders'
}

check_licences() {
	local file

	while read -r file; do
		breach "$file:1: no SPDX line"
	done < <(awk -v line='SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause' '
		FNR <= 3 && index($0, line) { has[FILENAME] = 1 }
		END {
			for (i = 1; i < ARGC; i++)
				if (!has[ARGV[i]])
					print ARGV[i]
		}' "$@")
}

check_tree() {
	local code files

	mapfile -t code < <(find user bpf include tests -name '*.[ch]' | sort)
	mapfile -t files < <(find Makefile packaging tests .ci -type f \
		\( -name '*.sh' -o -name '*.py' -o -name Makefile -o -path '.ci/*' \) | sort)

	strip_comments "${code[@]}" >"$scratch/lines"
	# FILE NUMBER INCLUDE, the last with its <> or ""
	sed -nE 's/^([^:]*):([0-9]*):[ \t]*#[ \t]*include[ \t]*([<"][^>"]*[>"]).*/\1 \2 \3/p' \
		"$scratch/lines" >"$scratch/includes"

	check_folders
	check_order
	check_libraries
	# epoll's and friends' members of that name are spelled .u32
	forbid 'user/*' '(^|[^.>[:alnum:]_])[us](8|16|32|64)\>' 'kernel shorthand type; use <stdint.h>'
	check_flow_h
	check_bpf
	check_decoder
	check_licences "${code[@]}" "${files[@]}"
	[ "$breaches" -eq 0 ]
}

# --- self-test --------------------------------------------------------------------------------------

# $1 FILE to break, $2 text to put into it (sed script, or a line to append), $3 what must be found
expect_breach() {
	local file=$1 change=$2 expected=$3 copy=$scratch/tree

	rm -rf "$copy"
	cp -r "$scratch/original" "$copy"
	mkdir -p "$copy/${file%/*}"
	case $change in
	sed:*) sed -i "${change#sed:}" "$copy/$file" ;;
	*) printf '%b\n' "$change" >>"$copy/$file" ;;
	esac
	"$0" "$copy" >"$scratch/after" || :
	# a finding of the unbroken tree must not pass for one of the self-test
	grep -vxFf "$scratch/before" "$scratch/after" | grep -F "$file" >"$scratch/found" || :
	if grep -qF "$expected" "$scratch/found"; then
		echo "ok: $file: $expected"
	else
		echo "self-test: not found: $file: $expected (after: $change)"
		breaches=$((breaches + 1))
	fi
}

self_test() {
	local spdx='// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause'

	mkdir "$scratch/original"
	cp -r Makefile user bpf include tests packaging .ci "$scratch/original"
	"$0" "$scratch/original" >"$scratch/before" || :
	echo 'nothing else' >>"$scratch/before" # grep -f needs a line

	expect_breach user/export/new.h '#include <curl/curl.h>' 'no SPDX line'
	expect_breach user/flow/new.h '#include "export/exporter.h"' 'user/flow may not include from user/export'
	expect_breach user/capture/new.h '#include "agent/agent.h"' 'user/capture may not include from user/agent'
	expect_breach user/encode/new.h '#include "capture/attach.h"' 'user/encode may not include from user/capture'
	expect_breach user/export/new.h '#include "config/config.h"' 'user/export may not include from user/config'
	expect_breach user/config/new.h '#include "flow/record.h"' 'user/config may not include from user/flow'
	expect_breach user/lib/new.h '#include "flow/record.h"' 'user/lib may not include from user/flow'
	expect_breach user/lib/new.h '#include "log.h"' 'is not written as "folder/file.h"'
	expect_breach user/utils/new.h '#include <stdio.h>' 'folder user/utils is not in the table'
	expect_breach user/agent/new.h '#include "probe.skel.h"' 'the skeleton is for'
	expect_breach user/capture/new.h '#include "probe.skel.h"' 'the skeleton is for'
	expect_breach user/cmd/new.h '#include <bpf/bpf.h>' '<bpf/bpf.h> is for user/capture/'
	expect_breach user/config/new.h '#include <yaml.h>' '<yaml.h> is for'
	expect_breach user/lib/log.c 'sed:0,/#include/s//#include <stdio.h>\n#include/' 'its own header "lib/log.h" goes first'
	expect_breach user/lib/log.c '#include "lib/clock.h"\n#include <stdio.h>' '<system> headers go before'
	expect_breach user/cmd/new.c "$spdx\n#include <stdio.h>" 'a header of its own folder goes first'
	expect_breach tests/unit/test_new.c "$spdx\n#include <stdio.h>\n#include \"lib/log.h\"\n#include <stdio.h>" '<system> headers go before'
	sed -i '1i #include <jansson.h>' "$scratch/original/user/lib/log.c"
	expect_breach user/lib/clock.c '#include <jansson.h>' '<jansson.h> is for one file alone'
	expect_breach user/lib/log.c 'static u32 shorthand;' 'kernel shorthand type'
	expect_breach user/lib/log.c '#if 0\nint hidden(s64 a);\n#endif' 'kernel shorthand type'
	expect_breach include/flow.h '#include <stdint.h>' 'may not include <stdint.h>'
	expect_breach include/flow.h 'struct a {\n\tsize_t b;\n};' 'no bool, size_t, long or packed'
	expect_breach include/flow.h 'struct a {\n\tunsigned long b;\n};' 'no bool, size_t, long or packed'
	expect_breach include/flow.h 'struct a {\n\tbool b;\n};' 'no bool, size_t, long or packed'
	expect_breach include/flow.h 'struct a {\n\t__u8 b;\n} __attribute__((packed));' 'no bool, size_t, long or packed'
	expect_breach include/flow.h 'struct a {\n\t__u8 b : 3;\n};' 'no bit-field'
	expect_breach include/flow.h 'struct a {\n\t__u8 *b;\n};' 'no pointer'
	expect_breach bpf/parse.bpf.h '#include <bpf/bpf_helpers.h>' 'may not include <bpf/bpf_helpers.h>'
	expect_breach bpf/parse.bpf.h '#include "flow_table.bpf.h"' 'may not include "flow_table.bpf.h"'
	expect_breach bpf/parse.bpf.h 'static int f(void)\n{\n\treturn bpf_get_smp_processor_id();\n}' 'calls no helper'
	expect_breach bpf/parse.bpf.h 'struct m s SEC(".maps");' 'knows no map'
	expect_breach bpf/probe.bpf.c '#include "vmlinux.h"' 'not vmlinux.h'
	expect_breach bpf/probe.bpf.c '#include <stdio.h>' 'may not include <stdio.h>'
	expect_breach tests/lib/ipfix_check.c '#include "encode/template.h"' 'shares nothing with the encoders'
	expect_breach tests/new.sh '#!/bin/sh' 'no SPDX line'
	expect_breach tests/unit/test_new.c 'int a;' 'no SPDX line'
	[ "$breaches" -eq 0 ]
}

case ${1:-} in
--self-test)
	self_test
	;;
*)
	cd "${1:-.}"
	check_tree
	;;
esac
