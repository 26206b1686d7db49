// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Subcommands and option tables -> completion for bash.
 *
 * The script needs nothing but bash, not even the bash-completion package, whose functions differ
 * from release to release. It reads the line itself: bash divides words at '=' and ':', which our
 * exporters are full of. What it offers are whole values, of which in the end that much is cut off
 * in front as bash takes for words before; inside quotes that is nothing.
 */
#include "cmd/completion.h"

#include <getopt.h>
#include <string.h>

#include "config/exporters.h"
#include "config/options.h"

static const char offers[] =
	"# bash completion for flowprobe, written by `flowprobe config completion bash`.\n"
	"# shellcheck shell=bash\n"
	"\n"
	"# Offers those of the words $2, which bash expands, that begin with $1; with $3 before "
	"each.\n"
	"_flowprobe_offer() {\n"
	"	mapfile -t COMPREPLY < <(compgen -P \"${3-}\" -W \"$2\" -- \"$1\")\n"
	"}\n"
	"\n"
	"# Offers files whose names begin with $1, with $2 before each.\n"
	"_flowprobe_files() {\n"
	"	compopt -o filenames\n"
	"	mapfile -t COMPREPLY < <(compgen -P \"${2-}\" -f -- \"$1\")\n"
	"}\n"
	"\n"
	"# Offers interfaces whose names begin with $1. They are files for compgen because it "
	"would\n"
	"# expand words, and others may give names.\n"
	"_flowprobe_interfaces() {\n"
	"	mapfile -t COMPREPLY < <(cd /sys/class/net && compgen -f -- \"$1\")\n"
	"}\n"
	"\n"
	"# Of the value $1 bash may have taken some for words before, and wants only the rest.\n"
	"_flowprobe_cut() {\n"
	"	local value=$1 i\n"
	"\n"
	"	for ((i = ${#value} - 1; i >= 0; i--)); do\n"
	"		[[ $COMP_WORDBREAKS == *\"${value:i:1}\"* ]] || continue\n"
	"		COMPREPLY=(\"${COMPREPLY[@]#\"${value:0:i + 1}\"}\")\n"
	"		return\n"
	"	done\n"
	"}\n"
	"\n";

static const char exporter[] =
	"# Offers what can go on from $1, the beginning of TYPE:TARGET?OPTION=VALUE&OPTION=VALUE.\n"
	"_flowprobe_exporter() {\n"
	"	local option=${1##*[?&]}\n"
	"	local before=${1%\"$option\"}\n"
	"\n"
	"	case $1 in\n"
	"	*\\?*) ;;\n";

static const char exporter_options[] = "	esac\n"
				       "	case $option in\n";

static const char exporter_end[] = "	*=*) ;;\n"
				   "	*)\n"
				   "		compopt -o nospace\n"
				   "		_flowprobe_offer \"$option\" "
				   "\"$(_flowprobe_exporter_options \"$1\")\" \"$before\"\n"
				   "		;;\n"
				   "	esac\n"
				   "}\n"
				   "\n";

static const char start[] = "_flowprobe() {\n"
			    "	local line=${COMP_LINE:0:COMP_POINT} words option value quote=''\n"
			    "\n"
			    "	COMPREPLY=()\n"
			    "	read -ra words <<<\"$line\"\n"
			    "	[[ $line != *[[:space:]] ]] || words+=('')\n"
			    "	option=${words[-2]}\n"
			    "	value=${words[-1]}\n"
			    "	if [[ $value == --*=* ]]; then\n"
			    "		option=${value%%=*}\n"
			    "		value=${value#*=}\n"
			    "	fi\n"
			    "	if [[ $value == [\\'\\\"]* ]]; then\n"
			    "		quote=${value:0:1}\n"
			    "		value=${value:1}\n"
			    "	fi\n"
			    "	if [ ${#words[@]} -eq 2 ]; then\n"
			    "		option=flowprobe\n"
			    "	fi\n"
			    "	case ${words[1]}:$option in\n";

static const char end[] = "	esac\n"
			  "	[ -n \"$quote\" ] || _flowprobe_cut \"$value\"\n"
			  "}\n"
			  "\n"
			  "complete -F _flowprobe flowprobe\n";

/* --- exporters --- */

/* A function that prints the options of an exporter which begins with its parameter. Secrets are
 * none of a string. */
static void write_exporter_options(FILE *stream)
{
	fputs("# Prints the options that the exporter $1 has.\n"
	      "_flowprobe_exporter_options() {\n"
	      "	case $1 in\n",
	      stream);
	for (size_t i = 0; i < CONFIG_EXPORTER_TYPES; i++) {
		const struct config_exporter_type *type = &config_exporter_types[i];

		for (size_t j = 0; j < CONFIG_EXPORTER_TARGETS && type->targets[j].prefix; j++) {
			fprintf(stream, "	%s:%s*) echo name=", type->name,
				type->targets[j].prefix);
			for (size_t k = 0; k < CONFIG_EXPORTER_OPTIONS; k++) {
				const struct config_exporter_option *option =
					&config_exporter_options[k];

				if (config_exporter_takes(type, 1u << type->targets[j].transport,
							  option) &&
				    option->field.type != CONFIG_FIELD_SECRET)
					fprintf(stream, " %s=", option->key);
			}
			fputs(" ;;\n", stream);
		}
	}
	fputs("	esac\n}\n\n", stream);
}

/* Cases of exporters without options yet: files, or the beginning of a target. */
static void write_exporter_targets(FILE *stream)
{
	for (size_t i = 0; i < CONFIG_EXPORTER_TYPES; i++) {
		const struct config_exporter_type *type = &config_exporter_types[i];

		for (size_t j = 0; j < CONFIG_EXPORTER_TARGETS && type->targets[j].prefix; j++) {
			if (type->targets[j].transport != CONFIG_TRANSPORT_FILE)
				continue;
			fprintf(stream,
				"	%s:%s*)\n"
				"		_flowprobe_files \"${1#%s:%s}\" %s:%s\n"
				"		return\n"
				"		;;\n",
				type->name, type->targets[j].prefix, type->name,
				type->targets[j].prefix, type->name, type->targets[j].prefix);
		}
	}
	fputs("	*)\n"
	      "		compopt -o nospace\n"
	      "		_flowprobe_offer \"$1\" '",
	      stream);
	for (size_t i = 0; i < CONFIG_EXPORTER_TYPES; i++) {
		const struct config_exporter_type *type = &config_exporter_types[i];

		for (size_t j = 0; j < CONFIG_EXPORTER_TARGETS && type->targets[j].prefix; j++)
			fprintf(stream, "%s%s:%s", i + j ? " " : "", type->name,
				type->targets[j].prefix);
	}
	fputs("'\n"
	      "		return\n"
	      "		;;\n",
	      stream);
}

/* Cases of options of which the name is there: files, true or false. */
static void write_exporter_values(FILE *stream)
{
	for (size_t i = 0; i < CONFIG_EXPORTER_OPTIONS; i++) {
		const struct config_exporter_option *option = &config_exporter_options[i];

		if (option->field.type == CONFIG_FIELD_PATH)
			fprintf(stream,
				"	%s=*) _flowprobe_files \"${option#*=}\" \"${before}%s=\" "
				";;\n",
				option->key, option->key);
		else if (option->field.type == CONFIG_FIELD_BOOLEAN)
			fprintf(stream,
				"	%s=*) _flowprobe_offer \"$option\" '%s=true %s=false' "
				"\"$before\" ;;\n",
				option->key, option->key, option->key);
	}
}

/* --- options of run --- */

static void write_run_value(FILE *stream, const struct config_option *option)
{
	fputs("	", stream);
	if (option->letter)
		fprintf(stream, "-%c | ", option->letter);
	fprintf(stream, "--%s) ", option->flag);
	if (option->kind == CONFIG_OPTION_EXPORTERS) {
		fputs("_flowprobe_exporter \"$2\" ;;\n", stream);
	} else if (option->kind == CONFIG_OPTION_FILE || option->field.type == CONFIG_FIELD_PATH) {
		fputs("_flowprobe_files \"$2\" ;;\n", stream);
	} else if (option->field.type == CONFIG_FIELD_GLOBS) {
		fputs("_flowprobe_interfaces \"$2\" ;;\n", stream);
	} else if (option->field.choices) {
		fputs("_flowprobe_offer \"$2\" '", stream);
		for (size_t i = 0; option->field.choices[i]; i++)
			fprintf(stream, "%s%s", i ? " " : "", option->field.choices[i]);
		fputs("' ;;\n", stream);
	} else {
		fputs(";;\n", stream);
	}
}

static void write_run(FILE *stream)
{
	fputs("# Offers what $2 can go on to as the value of the option $1, or, if $1 takes none, "
	      "as an\n"
	      "# option of run or one of the words $3.\n"
	      "_flowprobe_run() {\n"
	      "	case $1 in\n",
	      stream);
	for (size_t i = 0; i < CONFIG_OPTIONS; i++) {
		if (config_option_takes_value(&config_options[i]))
			write_run_value(stream, &config_options[i]);
	}
	fputs("	*) _flowprobe_offer \"$2\" \"$3", stream);
	for (size_t i = 0; i < CONFIG_OPTIONS; i++) {
		if (config_options[i].letter)
			fprintf(stream, " -%c", config_options[i].letter);
		fprintf(stream, " --%s", config_options[i].flag);
	}
	fputs("\" ;;\n"
	      "	esac\n"
	      "}\n\n",
	      stream);
}

/* --- subcommands --- */

static void write_own_options(FILE *stream, const struct subcommand *command)
{
	const char *before = "";

	for (const struct option *option = command->options; option && option->name; option++) {
		fprintf(stream, "%s--%s", before, option->name);
		before = " ";
	}
}

/* 1 if word is one of words, with blanks between; NULL: none. */
static int is_word(const char *words, const char *word)
{
	size_t length = strlen(word);

	for (; words && *words; words += strspn(words, " ")) {
		size_t step = strcspn(words, " ");

		if (step == length && strncmp(words, word, length) == 0)
			return 1;
		words += step;
	}
	return 0;
}

/* Cases of SUBCOMMAND:OPTION, where OPTION is the word before, be it the subcommand itself. */
static void write_subcommand(FILE *stream, const struct subcommand *command)
{
	if (command->words)
		fprintf(stream, "	%s:%s) _flowprobe_offer \"$value\" '%s' ;;\n",
			command->name, command->name, command->words);
	for (const struct option *option = command->options; option && option->name; option++) {
		if (option->has_arg == required_argument)
			fprintf(stream, "	%s:--%s) %s;;\n", command->name, option->name,
				is_word(command->file_options, option->name)
					? "_flowprobe_files \"$value\" "
					: "");
	}
	if (command->has_run_options)
		fprintf(stream, "	%s:*) _flowprobe_run \"$option\" \"$value\" '",
			command->name);
	else if (command->options)
		fprintf(stream, "	%s:*) _flowprobe_offer \"$value\" '", command->name);
	else
		return;
	write_own_options(stream, command);
	fputs("' ;;\n", stream);
}

void completion_write_bash(FILE *stream, const struct subcommand *commands)
{
	fputs(offers, stream);
	write_exporter_options(stream);
	fputs(exporter, stream);
	write_exporter_targets(stream);
	fputs(exporter_options, stream);
	write_exporter_values(stream);
	fputs(exporter_end, stream);
	write_run(stream);
	fputs(start, stream);
	fputs("	*:flowprobe) _flowprobe_offer \"$value\" '", stream);
	for (const struct subcommand *command = commands; command->name; command++)
		fprintf(stream, "%s ", command->name);
	fputs("help' ;;\n", stream);
	for (const struct subcommand *command = commands; command->name; command++)
		write_subcommand(stream, command);
	fputs(end, stream);
}
