#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Writes a compile_commands.json for editors and clang-tidy to standard output. Called by the
# Makefile, which knows the flags:
#
#     tests/compile-commands.sh CC 'FLAGS' SOURCE...
#
# FLAGS is one string as a shell would read it. Programs for the kernel (*.bpf.c) are left out:
# they are compiled for another machine, and no tool for user code understands them.
set -euo pipefail

json_string() {
	local text=${1//\\/\\\\}

	printf '"%s"' "${text//\"/\\\"}"
}

compiler=$1
flags=$2
shift 2
separator='['
for source in "$@"; do
	[[ $source != *.bpf.c ]] || continue
	printf '%s\n  { "directory": %s,\n    "file": %s,\n    "command": %s }' "$separator" \
		"$(json_string "$PWD")" "$(json_string "$source")" \
		"$(json_string "$compiler $flags -c $source")"
	separator=,
done
[ "$separator" = , ] || printf '['
printf '\n]\n'
