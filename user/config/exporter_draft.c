// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Configuration: exporters laid over each other.
 *
 * In come items of lists as texts by key (entries), from a string (exporter_spec.c) or a mapping of
 * the file (document.c), and then single variables; out go the structs of config->exporters. The
 * lists replace each other as all lists do, but those of the files add up, so that a file in conf.d
 * can bring an exporter without knowing of others; one that has the name of an exporter in an
 * earlier file takes its place as a whole. The options of what is left have a precedence of their
 * own, which is why the draft keeps who set each of them: a variable wins over the file, over
 * FLOWPROBE_EXPORTERS, which it is more special than, and over the default, but not over a flag.
 *
 * An entry is collected whole before it is checked, since whether an option is taken depends on a
 * type and target that may stand behind it. Everything in it is checked even if something is wrong
 * already. What shows in the finished exporter only, because a variable may still change it, is
 * left for exporter_check.c.
 */
#include "config/exporter_draft.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "config/exporter_describe.h"
#include "lib/o2_url.h"

#define ANY_TRANSPORT (~0u)

#define QUOTE(text) CONFIG_QUOTE_CHARS, (text)

static const struct config_option *exporters_option(void)
{
	return config_option_by_key("exporters");
}

void config_exporter_entry_refuse(struct config_draft *draft, struct config_exporter_entry *entry,
				  struct config_place place, const char *format, ...)
{
	char message[CONFIG_MESSAGE_BYTES];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	entry->refused = 1;
	config_draft_complain(draft, exporters_option(), place, "%s", message);
}

void config_exporter_entry_no_memory(struct config_draft *draft,
				     struct config_exporter_entry *entry)
{
	entry->refused = 1;
	config_draft_no_memory(draft, exporters_option(), entry->place);
}

/* What to say behind an unknown key, for which there is no suggestion. In help the URL is called
 * TARGET. */
static const char *explain_keys(const struct config_exporter_entry *entry, const char *key)
{
	if (!entry->is_mapping)
		return "; flowprobe run --help lists them";
	if (strcmp(key, "target") == 0)
		return "; did you mean url?";
	return "; there are type, url, name and those that flowprobe run --help lists";
}

struct config_exporter_text *config_exporter_entry_key(struct config_draft *draft,
						       struct config_exporter_entry *entry,
						       const char *key, struct config_place place)
{
	struct suggestion suggestion = {.word = key};
	struct config_exporter_text *text = NULL;
	const struct {
		const char *key;
		struct config_exporter_text *text;
	} fixed[] = {{"name", &entry->name}, {"type", &entry->type}, {"url", &entry->url}};

	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
		suggest_offer(&suggestion, fixed[i].key);
		if (strcmp(fixed[i].key, key) == 0)
			text = fixed[i].text;
	}
	for (size_t i = 0; i < CONFIG_EXPORTER_OPTIONS; i++) {
		suggest_offer(&suggestion, config_exporter_options[i].key);
		if (strcmp(config_exporter_options[i].key, key) == 0)
			text = &entry->options[i];
	}
	if (text && text->place.origin == CONFIG_ORIGIN_NONE) {
		text->place = place;
		return text;
	}
	if (text)
		config_exporter_entry_refuse(draft, entry, place, "%s is there twice", key);
	else
		config_exporter_entry_refuse(draft, entry, place, "unknown option %.*s%s",
					     QUOTE(key),
					     suggestion.best[0] ? suggest_question(&suggestion, "")
								: explain_keys(entry, key));
	return NULL;
}

static void entry_clear(struct config_exporter_entry *entry)
{
	free(entry->name.text);
	free(entry->type.text);
	free(entry->url.text);
	for (size_t i = 0; i < CONFIG_EXPORTER_OPTIONS; i++)
		free(entry->options[i].text);
	memset(entry, 0, sizeof(*entry));
}

/* Names that are the same in a variable are the same. */
static int names_are_equal(const char *a, const char *b)
{
	for (; *a && *b; a++, b++) {
		if (tolower((unsigned char)(*a == '-' ? '_' : *a)) !=
		    tolower((unsigned char)(*b == '-' ? '_' : *b)))
			return 0;
	}
	return *a == *b;
}

/* The exporter of this name; the list's count if there is none. */
static size_t find_name(const struct config_exporters *list, const char *name)
{
	size_t i = 0;

	while (i < list->count &&
	       !(list->items[i].name && names_are_equal(list->items[i].name, name)))
		i++;
	return i;
}

/* Returns where in the list the exporter goes. */
static size_t check_name(struct config_draft *draft, struct config_exporter_entry *entry)
{
	const struct config_exporters *list = &draft->config->exporters;
	const char *name = entry->name.text, *other;
	size_t length = 0, index;

	if (!name)
		return list->count;
	while (isalnum((unsigned char)name[length]) || name[length] == '-' || name[length] == '_')
		length++;
	index = find_name(list, name);
	other = index < list->count ? list->items[index].name : NULL;
	if (length == 0 || name[length] || length > CONFIG_EXPORTER_NAME_CHARS)
		config_exporter_entry_refuse(draft, entry, entry->name.place,
					     "name: must be at most %d letters, digits, '-' and "
					     "'_', not \"%.*s\"",
					     CONFIG_EXPORTER_NAME_CHARS, QUOTE(name));
	else if (other && strcmp(other, name) != 0)
		config_exporter_entry_refuse(draft, entry, entry->name.place,
					     "the names \"%s\" and \"%s\" are the same in a "
					     "variable; change one",
					     other, name);
	else if (other && config_places_are_together(&draft->exporters[index].place, &entry->place))
		config_exporter_entry_refuse(draft, entry, entry->name.place,
					     "two are named \"%s\"", name);
	return index;
}

/* NULL, which is reported, if there is none. */
static const struct config_exporter_type *check_type(struct config_draft *draft,
						     struct config_exporter_entry *entry)
{
	struct suggestion suggestion = {.word = entry->type.text};
	const struct config_exporter_type *type;
	char all[CONFIG_EXPORTER_TEXT_BYTES] = "";
	size_t used = 0;

	if (!entry->type.text) {
		if (!entry->refused)
			config_exporter_entry_refuse(draft, entry, entry->place, "type is missing");
		return NULL;
	}
	type = config_exporter_type_by_name(entry->type.text);
	if (type)
		return type;
	for (size_t i = 0; i < CONFIG_EXPORTER_TYPES && used < sizeof(all); i++) {
		suggest_offer(&suggestion, config_exporter_types[i].name);
		used += (size_t)snprintf(all + used, sizeof(all) - used, "%s%s", i ? ", " : "",
					 config_exporter_types[i].name);
	}
	config_exporter_entry_refuse(
		draft, entry, entry->type.place, "unknown type \"%.*s\"%s (there are %s)",
		QUOTE(entry->type.text), suggest_question(&suggestion, ""), all);
	return NULL;
}

static void check_path(struct config_draft *draft, struct config_exporter_entry *entry,
		       const char *path)
{
	char error[CONFIG_MESSAGE_BYTES];

	if (config_path_check(path, error))
		config_exporter_entry_refuse(draft, entry, entry->url.place, "%s", error);
}

/* A wrong URL may have a password in it, which is not repeated. */
static const char *without_user(const char *url)
{
	const char *at = strrchr(url, '@');

	return at ? at + 1 : url;
}

/* Whether organization and stream fit it can be told only when all sources have been read. */
static void check_url(struct config_draft *draft, struct config_exporter_entry *entry,
		      const struct config_exporter_target *target, struct config_exporter *exporter)
{
	char error[ENDPOINT_ERROR_BYTES], server[O2_URL_BYTES];
	size_t scheme = strlen(target->prefix);
	struct o2_url url;
	int err = o2_url_parse(&url, exporter->target, NULL, NULL, error, sizeof(error));

	if (!err) { /* it is shorter than server */
		snprintf(server, sizeof(server), "%.*s",
			 (int)(scheme + strcspn(exporter->target + scheme, "/")), exporter->target);
		err = endpoint_parse(&exporter->endpoint, server, target->default_port, error);
	}
	if (err)
		config_exporter_entry_refuse(draft, entry, entry->url.place, "%s", error);
}

/* Fills in the exporter's target and what follows from it; 0 if it is wrong, which is reported. */
static int check_target(struct config_draft *draft, struct config_exporter_entry *entry,
			const struct config_exporter_type *type, struct config_exporter *exporter)
{
	const struct config_exporter_target *target;
	char expected[CONFIG_EXPORTER_TEXT_BYTES];
	char error[ENDPOINT_ERROR_BYTES];

	if (!entry->url.text) {
		if (!entry->refused)
			config_exporter_entry_refuse(draft, entry, entry->place, "url is missing");
		return 0;
	}
	exporter->target = entry->url.text;
	entry->url.text = NULL;
	target = config_exporter_target_of(type, exporter->target);
	if (!target || !exporter->target[strlen(target->prefix)]) {
		config_exporter_describe_targets(type, expected);
		config_exporter_entry_refuse(
			draft, entry, entry->url.place, "the target of %s must be %s, not \"%.*s\"",
			type->name, expected, QUOTE(without_user(exporter->target)));
		return 0;
	}
	exporter->transport = target->transport;
	if (target->transport == CONFIG_TRANSPORT_FILE) {
		exporter->path = exporter->target + strlen(target->prefix);
		check_path(draft, entry, exporter->path);
	} else if (config_transport_is_http(target->transport)) {
		check_url(draft, entry, target, exporter);
	} else if (endpoint_parse(&exporter->endpoint, exporter->target, target->default_port,
				  error)) {
		config_exporter_entry_refuse(draft, entry, entry->url.place, "%s", error);
	}
	return 1;
}

/* What is wrong with giving the option to such an exporter. */
static void describe_not_taken(const struct config_exporter_type *type, unsigned int over,
			       const struct config_exporter_option *option,
			       char error[CONFIG_MESSAGE_BYTES])
{
	char who[CONFIG_EXPORTER_TEXT_BYTES], takers[CONFIG_EXPORTER_TEXT_BYTES];

	config_exporter_describe_type(type, over, who);
	config_exporter_describe_takers(option, takers);
	snprintf(error, CONFIG_MESSAGE_BYTES, "%s is no option of %s; it is one of %s", option->key,
		 who, takers);
}

/* 1 if it is a secret that others can read where it stands. */
static int is_exposed(const struct config_draft *draft, const struct config_exporter_text *text,
		      const struct config_exporter_option *option)
{
	return option->field.type == CONFIG_FIELD_SECRET &&
	       text->place.origin == CONFIG_ORIGIN_FILE && draft->file_is_public;
}

static void check_option(struct config_draft *draft, struct config_exporter_entry *entry,
			 const struct config_exporter_type *type, unsigned int over,
			 const struct config_exporter_option *option,
			 struct config_exporter *exporter)
{
	const struct config_exporter_text *text =
		&entry->options[config_exporter_option_index(option)];
	int taken = !type || config_exporter_takes(type, over, option);
	const char *value = text->text ? text->text : option->initial;
	char error[CONFIG_MESSAGE_BYTES];
	int err;

	if (text->text && !taken) {
		describe_not_taken(type, over, option, error);
		config_exporter_entry_refuse(draft, entry, text->place, "%s", error);
		return;
	}
	if (!value || !taken)
		return;
	if (text->text && is_exposed(draft, text, option)) {
		config_exporter_entry_refuse(draft, entry, text->place,
					     "%s: this file can be read by everybody: chmod o-r "
					     "it, or use %s_file",
					     option->key, option->key);
		return;
	}
	err = config_field_set(exporter, &option->field, value, error);
	if (err == -ENOMEM)
		config_exporter_entry_no_memory(draft, entry);
	else if (err)
		config_exporter_entry_refuse(draft, entry, text->place, "%s: %s", option->key,
					     error);
}

/* Those of the files add up; any other list replaces the one of a lower source. */
static void take_list(struct config_draft *draft, struct config_place place)
{
	struct config_place *before = &draft->places[config_option_index(exporters_option())];

	if (before->origin != place.origin) {
		config_exporters_clear(&draft->config->exporters);
		draft->exporters_refused = 0;
	}
	*before = place;
}

void config_exporters_add_none(struct config_draft *draft, struct config_place place)
{
	take_list(draft, place);
}

static void check_limit(struct config_draft *draft, struct config_exporter_entry *entry,
			const struct config_exporter *exporter, size_t index)
{
	if (index == CONFIG_LIST_MAX)
		config_exporter_entry_refuse(draft, entry, entry->place,
					     "has more than %d items; \"%s:%.*s\" is one too many",
					     CONFIG_LIST_MAX, exporter->type,
					     QUOTE(exporter->target));
}

/* Puts it where one of an earlier file was, or behind all others. Takes what the exporter owns. */
static void put(struct config_draft *draft, const struct config_exporter_entry *entry,
		const struct config_exporter *exporter, size_t index)
{
	struct config_exporters *list = &draft->config->exporters;
	struct config_exporter_origins *origins = &draft->exporters[index];

	if (index < list->count)
		config_exporter_clear(&list->items[index]);
	else
		list->count++;
	memset(origins, 0, sizeof(*origins));
	origins->place = entry->place;
	origins->is_named = exporter->name != NULL;
	for (size_t i = 0; i < CONFIG_EXPORTER_OPTIONS; i++)
		origins->options[i] = entry->options[i].place;
	list->items[index] = *exporter;
}

void config_exporters_add(struct config_draft *draft, struct config_exporter_entry *entry)
{
	struct config_exporter exporter = {0};
	const struct config_exporter_type *type;
	unsigned int over = ANY_TRANSPORT;
	size_t index;

	take_list(draft, entry->place);
	index = check_name(draft, entry);
	type = check_type(draft, entry);
	exporter.type = type ? type->name : NULL;
	if (type && check_target(draft, entry, type, &exporter))
		over = 1u << exporter.transport;
	for (size_t i = 0; i < CONFIG_EXPORTER_OPTIONS; i++)
		check_option(draft, entry, type, over, &config_exporter_options[i], &exporter);
	exporter.name = entry->name.text;
	entry->name.text = NULL;
	if (!entry->refused)
		check_limit(draft, entry, &exporter, index);
	if (!entry->refused) {
		put(draft, entry, &exporter, index);
	} else {
		draft->exporters_refused = 1;
		config_exporter_clear(&exporter);
	}
	entry_clear(entry);
}

void config_exporters_name(struct config_draft *draft)
{
	struct config_exporters *list = &draft->config->exporters;
	char name[CONFIG_EXPORTER_NAME_CHARS + 1];

	for (size_t i = 0; i < list->count; i++) {
		struct config_exporter *exporter = &list->items[i];

		if (exporter->name)
			continue;
		snprintf(name, sizeof(name), "%s", exporter->type);
		for (size_t number = 2; find_name(list, name) < list->count; number++)
			snprintf(name, sizeof(name), "%s%zu", exporter->type, number);
		exporter->name = strdup(name);
		if (!exporter->name) {
			config_draft_no_memory(draft, exporters_option(),
					       draft->exporters[i].place);
			draft->exporters_refused = 1;
			config_exporters_clear(list);
		}
	}
}

int config_exporters_set(struct config_draft *draft, size_t exporter,
			 const struct config_exporter_option *option, const char *text,
			 char error[CONFIG_MESSAGE_BYTES])
{
	struct config_exporter *target = &draft->config->exporters.items[exporter];
	struct config_place *place =
		&draft->exporters[exporter].options[config_exporter_option_index(option)];
	struct config_exporter nobody = {0};
	int err;

	if (!config_exporter_has(target, option)) {
		describe_not_taken(config_exporter_type_by_name(target->type),
				   1u << target->transport, option, error);
		return -EINVAL;
	}
	if (place->origin == CONFIG_ORIGIN_FLAG)
		target = &nobody;
	else
		*place = (struct config_place){.origin = CONFIG_ORIGIN_EXPORTER_VARIABLE};
	err = config_field_set(target, &option->field, text, error);
	draft->exporters[exporter].refused |= err != 0;
	config_exporter_clear(&nobody);
	return err;
}
