// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Configuration: "TYPE:TARGET[?KEY=VALUE[&KEY=VALUE]...]" -> entry of a list of exporters.
 *
 * That is how a flag, an item of FLOWPROBE_EXPORTERS and a string in the file's list say in one
 * word what is a mapping elsewhere in the file. Options stand behind '?' and between '&' as in a
 * URL, since commas separate the items of the variable; a value can have any byte but NUL as %XX.
 * TARGET is taken as it is. A '?' begins the options only if WORD= follows, because '?' is a good
 * character in a file's name; where even that is not enough there is the mapping.
 */
#include "config/exporter_spec.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/exporter_draft.h"

#define WORD_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"

/* Ends the target before its options and returns them, or NULL if it has none. */
static char *cut_options(char *target)
{
	for (char *mark = strchr(target, '?'); mark; mark = strchr(mark + 1, '?')) {
		size_t word = strspn(mark + 1, WORD_CHARS);

		if (word == 0 || mark[1 + word] != '=')
			continue;
		*mark = '\0';
		return mark + 1;
	}
	return NULL;
}

static int digit_value(char digit)
{
	return isdigit((unsigned char)digit) ? digit - '0'
					     : tolower((unsigned char)digit) - 'a' + 10;
}

/* Replaces each %XX by the byte it stands for. 0, or -EINVAL for a '%' without two digits and for
 * %00. */
static int decode(char *text)
{
	char *out = text;

	while (*text) {
		if (*text != '%') {
			*out++ = *text++;
			continue;
		}
		if (!isxdigit((unsigned char)text[1]) || !isxdigit((unsigned char)text[2]))
			return -EINVAL;
		*out = (char)(digit_value(text[1]) << 4 | digit_value(text[2]));
		if (!*out++)
			return -EINVAL;
		text += 3;
	}
	*out = '\0';
	return 0;
}

/* Puts a copy of value into the entry. */
static void set_key(struct config_draft *draft, struct config_exporter_entry *entry,
		    const char *key, const char *value)
{
	struct config_exporter_text *text =
		config_exporter_entry_key(draft, entry, key, entry->place);

	if (!text)
		return;
	text->text = strdup(value);
	if (!text->text)
		config_exporter_entry_no_memory(draft, entry);
}

/* 1 if the key is a secret's, which is reported: strings stand on command lines and in messages. */
static int refuse_secret(struct config_draft *draft, struct config_exporter_entry *entry,
			 const char *key)
{
	const struct config_exporter_option *option = config_exporter_option_by_key(key);
	char variable[CONFIG_EXPORTER_VARIABLE_BYTES];

	if (!option || option->field.type != CONFIG_FIELD_SECRET)
		return 0;
	config_exporter_variable("<NAME>", option, variable);
	config_exporter_entry_refuse(draft, entry, entry->place,
				     "%s cannot be in a string%s; use %s_file, or the variable %s",
				     key,
				     entry->place.origin == CONFIG_ORIGIN_FLAG
					     ? " on the command line, which everybody can read"
					     : "",
				     key, variable);
	return 1;
}

static void read_options(struct config_draft *draft, struct config_exporter_entry *entry,
			 char *options)
{
	char *option, *key;

	while ((option = strsep(&options, "&"))) {
		key = strsep(&option, "=");
		if (refuse_secret(draft, entry, key)) /* the rest may be of it, after an '&' */
			return;
		if (!option || !*key)
			config_exporter_entry_refuse(draft, entry, entry->place,
						     "behind '?' and '&' must be KEY=VALUE, not "
						     "\"%s%.*s\"",
						     option ? "=" : "", CONFIG_QUOTE_CHARS,
						     option ? option : key);
		else if (decode(option))
			config_exporter_entry_refuse(draft, entry, entry->place,
						     "%.*s: '%%' must be followed by two "
						     "hexadecimal digits, not 00; write %%25 for "
						     "a '%%'",
						     CONFIG_QUOTE_CHARS, key);
		else
			set_key(draft, entry, key, option);
	}
}

/* How much of a wrong text to repeat: behind a '?' may be what was meant for options. */
static int quote_length(const char *text)
{
	size_t length = strcspn(text, "?");

	return length < CONFIG_QUOTE_CHARS ? (int)length : CONFIG_QUOTE_CHARS;
}

void config_exporter_spec_load(struct config_draft *draft, struct config_place place,
			       const char *text)
{
	struct config_exporter_entry entry = {.place = place};
	char *copy = strdup(text), *target, *options;

	target = copy ? strchr(copy, ':') : NULL;
	if (!copy) {
		config_exporter_entry_no_memory(draft, &entry);
	} else if (!target || target == copy || !target[1]) {
		config_exporter_entry_refuse(draft, &entry, place,
					     "must be TYPE:TARGET, such as json:- or "
					     "json:/var/log/flows.json, not \"%.*s\"",
					     quote_length(text), text);
	} else {
		*target++ = '\0';
		options = cut_options(target);
		set_key(draft, &entry, "type", copy);
		set_key(draft, &entry, "url", target);
		if (options)
			read_options(draft, &entry, options);
	}
	config_exporters_add(draft, &entry);
	free(copy);
}
