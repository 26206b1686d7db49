#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# The manual pages: they render, by both of the programs there are, and no option is missing.

# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
need man mandoc

readonly PAGES=$O/share
readonly WIDTH=100

# As plain text; no word is broken in two.
text_of() { # PAGE
	MANWIDTH=$WIDTH MAN_KEEP_FORMATTING='' LC_ALL=C.UTF-8 man --no-hyphenation --no-justification --local-file "$1" | col -b
}

test_man() {
	local page

	for page in flowprobe.8 flowprobe.yaml.5; do
		same "$page" "$(MANWIDTH=$WIDTH LC_ALL=C.UTF-8 man --warnings --local-file "$PAGES/$page" 2>&1 >/dev/null)" ""
	done
}

test_mandoc() {
	local page

	for page in flowprobe.8 flowprobe.yaml.5; do
		same "$page" "$(mandoc -Tlint -Wwarning "$PAGES/$page" 2>&1)" ""
	done
}

# nothing_missing PAGE WORD...
nothing_missing() {
	local text page=$1 word

	shift
	text=$(text_of "$PAGES/$page")
	for word in "$@"; do
		contains_word "$text" "$word" || fail "$page does not say $word"
	done
}

contains_word() { # TEXT WORD
	grep -qE -- "(^|[^[:alnum:]._-])${2//./\\.}([^[:alnum:]_-]|\$)" <<<"$1"
}

flags() {
	"$O/flowprobe" run --help | grep -oE -- '(^|[ ,])--[a-z][a-z-]+' | grep -oE -- '--.*' | sort -u
}

keys() {
	"$O/flowprobe" run --help | tr '\n' ' ' | grep -oE '\[[a-z]+\.[a-z_]+\]|\[exporters\]' | tr -d '[]' | sort -u
}

exporter_options() {
	"$O/flowprobe" run --help | sed -n '/^Exporter options:/,/^$/p' | grep -oE '^  [a-z_]+=' | tr -d ' ='
}

# The lists above come from --help, which tests/unit holds against the option table; were they empty, nothing would be missing.
test_options() {
	local flags keys options

	mapfile -t flags < <(flags)
	mapfile -t keys < <(keys)
	mapfile -t options < <(exporter_options)
	if [ ${#flags[@]} -lt 20 ] || [ ${#keys[@]} -lt 17 ] || [ ${#options[@]} -lt 10 ]; then
		fail "found only ${#flags[@]} flags, ${#keys[@]} keys, ${#options[@]} options"
	fi
	nothing_missing flowprobe.8 "${flags[@]}" "${options[@]}"
	nothing_missing flowprobe.yaml.5 "${options[@]}"
	same_list "keys" "$(keys_of_page)" "$(printf '%s\n' "${keys[@]}")"
}

# Those of flowprobe.yaml(5), each under its section; exporters are looked at by their options.
keys_of_page() {
	text_of "$PAGES/flowprobe.yaml.5" | expand | awk '
		/^[A-Z]/ { options = $0 == "OPTIONS" }
		!options { next }
		/^   [a-z]+$/ { section = $1; if (section == "exporters") print section }
		/^       [a-z_]+: / && section != "exporters" { sub(/:$/, "", $1); print section "." $1 }'
}

test_commands() {
	local names

	mapfile -t names < <("$O/flowprobe" --help | sed -n 's/^  \([a-z]*\)  .*/\1/p')
	[ ${#names[@]} -ge 4 ] || fail "found only ${#names[@]} commands"
	nothing_missing flowprobe.8 "${names[@]}"
}

# That a word that is not there would be missed.
test_itself() {
	if contains_word "$(text_of "$PAGES/flowprobe.8")" "--no-such-option"; then
		fail "finds what is not there"
	fi
	contains_word "--log-level" "--log" && fail "takes a part for the whole"
}

run_test "man renders them without a warning" test_man
run_test "mandoc has nothing against them" test_mandoc
run_test "no option is missing" test_options
run_test "no command is missing" test_commands
run_test "the search itself" test_itself
finish
