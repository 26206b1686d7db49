// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Configuration: "did you mean" for options, keys, variables, values and subcommands.
 *
 * In comes a word nobody knows and, one by one, the words that exist; out comes the nearest. The
 * distance is Levenshtein's with swaps of neighbours, because swapped letters are the commonest
 * typing mistake. It keeps three rows of the usual matrix on the stack. A beginning of a word
 * ("exclude" for "exclude-interface") counts as one edit. What is too far away is not suggested: a
 * wrong suggestion is worse than none.
 */
#include "config/suggest.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define SUGGEST_PREFIX_MIN 3

static size_t min(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t suggest_distance(const char *a, const char *b)
{
	size_t rows[3][SUGGEST_WORD_MAX + 1];
	size_t *before = rows[0], *previous = rows[1], *current = rows[2], *spare;
	size_t a_length = strlen(a), b_length = strlen(b);

	if (a_length > SUGGEST_WORD_MAX || b_length > SUGGEST_WORD_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= b_length; j++)
		current[j] = j;
	for (size_t i = 1; i <= a_length; i++) {
		spare = before;
		before = previous;
		previous = current;
		current = spare;
		current[0] = i;
		for (size_t j = 1; j <= b_length; j++) {
			current[j] = min(previous[j], current[j - 1]) + 1;
			current[j] = min(current[j], previous[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				current[j] = min(current[j], before[j - 2] + 1);
		}
	}
	return current[b_length];
}

void suggest_offer(struct suggestion *suggestion, const char *candidate)
{
	size_t length = strlen(suggestion->word);
	size_t distance = suggest_distance(suggestion->word, candidate);

	if (distance > 1 && length >= SUGGEST_PREFIX_MIN &&
	    strncmp(suggestion->word, candidate, length) == 0)
		distance = 1;
	if (distance > 1 + length / 4 || distance >= length)
		return;
	if (!suggestion->best[0] || distance < suggestion->distance) {
		snprintf(suggestion->best, sizeof(suggestion->best), "%s", candidate);
		suggestion->distance = distance;
	}
}

const char *suggest_question(struct suggestion *suggestion, const char *prefix)
{
	suggestion->question[0] = '\0';
	if (suggestion->best[0])
		snprintf(suggestion->question, sizeof(suggestion->question), "; did you mean %s%s?",
			 prefix, suggestion->best);
	return suggestion->question;
}
