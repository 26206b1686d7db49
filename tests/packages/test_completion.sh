#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# The completions, in a bash that has nothing but them: as if a user had pressed TAB.

# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

# complete_words WORD...: what is offered for the last of these words, one after another.
complete_words() {
	bash --norc --noprofile -euc '
		compopt() { :; } # only readline may call the real one
		source "$0"
		function=$(complete -p flowprobe | sed -n "s/.* -F \([^ ]*\).*/\1/p")
		COMP_WORDS=("$@")
		COMP_CWORD=$(($# - 1))
		COMP_LINE="$*"
		COMP_POINT=${#COMP_LINE}
		COMPREPLY=()
		"$function" flowprobe "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
		printf "%s\n" "${COMPREPLY[@]}"' "$O/share/completion" "$@" | sed 's/ *$//' | sort | tr '\n' ' '
}

commands() {
	"$O/flowprobe" --help | sed -n 's/^  \([a-z]*\)  .*/\1/p' | sort
}

flags() {
	"$O/flowprobe" run --help | grep -oE -- '(^|[ ,])--[a-z][a-z-]+' | grep -oE -- '--.*' | sort -u
}

test_loads() {
	same "what loading prints" "$(bash --norc --noprofile -eu "$O/share/completion" 2>&1)" ""
	contains "registration" "$(bash --norc -c 'source "$0" && complete -p flowprobe' "$O/share/completion")" " flowprobe"
}

test_commands() {
	local name

	for name in $(commands); do
		contains "commands" " $(complete_words flowprobe '')" " $name "
	done
	same "d" "$(complete_words flowprobe d)" "doctor "
	same "of config" "$(complete_words flowprobe config ch)" "check "
}

test_flags() {
	local flag

	same "run --log" "$(complete_words flowprobe run --log)" "--log-level "
	for flag in $(flags); do
		contains "flags of run" " $(complete_words flowprobe run --)" " $flag "
	done
}

test_values() {
	same "hooks" "$(complete_words flowprobe run --hook '')" "auto tc tcx xdp "
	same "hooks that begin with t" "$(complete_words flowprobe run --hook t)" "tc tcx "
	mkdir "$WORK/folder"
	touch "$WORK/folder/my.yaml"
	same "files" "$(complete_words flowprobe run --config "$WORK/folder/")" "$WORK/folder/my.yaml "
}

run_test "it loads without a word" test_loads
run_test "commands" test_commands
run_test "flags of run" test_flags
run_test "values of flags" test_values
finish
