// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Configuration: flags -> draft, by getopt_long with tables built from the option table.
 *
 * argv is walked twice: once for --help and --config, which decide whether and which file is read,
 * and, after the file and the environment, once more for the values, because flags win. A mistake
 * is reported and the walk goes on, so that all are seen at once.
 *
 * Two things of getopt_long are switched off. Arguments that are no options stop nothing and are
 * not moved to the end (leading '-'): each is a mistake of its own. And a long option must be
 * spelt out, since a script that abbreviates breaks when an option with the same beginning is
 * added.
 */
#include "config/flags.h"

#include <getopt.h>
#include <string.h>
#include <sysexits.h>

/* Values getopt_long returns for the rows of the table, above all characters. */
#define FLAG_CODE 256

struct flag_walk {
	int argc;
	char **argv;
	int past_options; /* "--" was seen */
	struct option long_options[CONFIG_OPTIONS + 1];
	char letters[2 + 2 * CONFIG_OPTIONS + 1];
};

/* One step: a row of the table with its value, or a message, or (both NULL) the end. */
struct flag {
	const struct config_option *option;
	const char *value; /* NULL: the option takes none */
	char message[CONFIG_MESSAGE_BYTES]; /* "": none */
};

static void walk_start(struct flag_walk *walk, int argc, char **argv)
{
	char *letter = walk->letters;

	memset(walk, 0, sizeof(*walk));
	walk->argc = argc;
	walk->argv = argv;
	*letter++ = '-'; /* non-options in place, as code 1 */
	*letter++ = ':'; /* tell a missing value from an unknown option */
	for (size_t i = 0; i < CONFIG_OPTIONS; i++) {
		const struct config_option *option = &config_options[i];

		walk->long_options[i].name = option->flag;
		walk->long_options[i].has_arg =
			config_option_takes_value(option) ? required_argument : no_argument;
		walk->long_options[i].val = FLAG_CODE + (int)i;
		if (!option->letter)
			continue;
		*letter++ = option->letter;
		if (config_option_takes_value(option))
			*letter++ = ':';
	}
	opterr = 0;
	optind = 0; /* makes glibc start over */
}

static const struct config_option *option_by_code(int code)
{
	if (code >= FLAG_CODE)
		return &config_options[code - FLAG_CODE];
	for (size_t i = 0; i < CONFIG_OPTIONS; i++) {
		if (code && config_options[i].letter == code)
			return &config_options[i];
	}
	return NULL;
}

static int long_name_length(const char *element)
{
	return (int)strcspn(element + 2, "=");
}

static void flag_unknown(struct flag *flag, const char *element)
{
	char name[CONFIG_QUOTE_CHARS + 1];
	struct suggestion suggestion = {.word = name};

	snprintf(name, sizeof(name), "%.*s", long_name_length(element), element + 2);
	config_option_suggest_flag(&suggestion);
	snprintf(flag->message, sizeof(flag->message), "unknown option --%s%s", name,
		 suggest_question(&suggestion, "--"));
}

/* Fills *flag with the next flag or mistake; 0 at the end of argv. */
static int walk_next(struct flag_walk *walk, struct flag *flag)
{
	/* Where a long option starts; getopt moves on before it returns. */
	const char *element = walk->argv[optind ? optind : 1];
	const struct config_option *option;
	int long_index = -1;
	int code = -1;

	memset(flag, 0, sizeof(*flag));
	if (!walk->past_options)
		code = getopt_long(walk->argc, walk->argv, walk->letters, walk->long_options,
				   &long_index);
	if (code == -1) { /* asked again, glibc would go back to the "--" */
		walk->past_options = 1;
		if (optind >= walk->argc)
			return 0;
		optarg = walk->argv[optind++];
		code = 1;
	}
	option = option_by_code(code == '?' || code == ':' ? optopt : code);
	if (code == 1) {
		snprintf(flag->message, sizeof(flag->message),
			 "unexpected argument \"%.*s\": there are only options", CONFIG_QUOTE_CHARS,
			 optarg);
	} else if (code == ':') {
		snprintf(flag->message, sizeof(flag->message), "option --%s needs a value",
			 option->flag);
	} else if (code == '?' && !option && optopt) {
		snprintf(flag->message, sizeof(flag->message), "unknown option -%c", optopt);
	} else if (code == '?' && option) {
		snprintf(flag->message, sizeof(flag->message), "option --%s takes no value",
			 option->flag);
	} else if (code == '?') {
		flag_unknown(flag, element);
	} else if (long_index >= 0 && (int)strlen(option->flag) != long_name_length(element)) {
		flag_unknown(flag, element);
	} else {
		flag->option = option;
		flag->value = optarg;
	}
	return 1;
}

void config_flags_scan(struct config_flags *flags, int argc, char **argv)
{
	struct flag_walk walk;
	struct flag flag;

	memset(flags, 0, sizeof(*flags));
	walk_start(&walk, argc, argv);
	while (walk_next(&walk, &flag)) {
		if (flag.option && flag.option->kind == CONFIG_OPTION_HELP)
			flags->help = 1;
		if (flag.option && flag.option->kind == CONFIG_OPTION_FILE)
			flags->path = flag.value;
	}
}

static void flag_apply(struct config_draft *draft, const struct flag *flag)
{
	const struct config_option *option = flag->option;
	const struct config_place place = {.origin = CONFIG_ORIGIN_FLAG};
	const char *value = flag->value;

	if (option->kind == CONFIG_OPTION_PRESET) {
		value = option->initial;
		option = config_option_by_key(option->preset_key);
	}
	if (option->key)
		config_draft_set(draft, option, place, value);
}

void config_flags_load(struct config_draft *draft, int argc, char **argv)
{
	struct flag_walk walk;
	struct flag flag;

	walk_start(&walk, argc, argv);
	while (walk_next(&walk, &flag)) {
		if (flag.option)
			flag_apply(draft, &flag);
		else
			config_errors_add(draft->errors, EX_USAGE, "%s (see flowprobe %s --help)",
					  flag.message, argv[0]);
	}
}
