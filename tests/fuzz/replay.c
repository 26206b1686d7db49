// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A fuzzer without libFuzzer, for the unit tests: its target gets every seed of its corpus as it
 * is, and then a number of inputs that are made of seeds by a few changes. These are the same in
 * every run on every machine, so this finds what breaks, not what is new; `make fuzz` does that.
 *
 * It prints TAP. A target that aborts, or that a sanitizer ends, ends the program; the input is
 * then in the file PROGRAM.crash.
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CORPUS "tests/fuzz/corpus"
#define SEEDS_MAX 256
#define INPUT_BYTES 16384
#define MUTANTS 2000
#define MUTANTS_SECONDS 10 /* a slow machine tries fewer */
#define CHANGES_MAX 6

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/* What the sanitizers ask for: abort() is what we notice. */
const char *__asan_default_options(void);
const char *__ubsan_default_options(void);

struct input {
	uint8_t data[INPUT_BYTES];
	size_t size;
};

static struct input seeds[SEEDS_MAX], mutant;
static size_t seed_count;
static const struct input *current;
static char crash_path[4096];

const char *__asan_default_options(void)
{
	return "abort_on_error=1";
}

const char *__ubsan_default_options(void)
{
	return "abort_on_error=1:print_stacktrace=1";
}

static void save_current(int signal_number)
{
	int fd = open(crash_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || write(fd, current->data, current->size) != (ssize_t)current->size)
		_exit(1);
	signal(signal_number, SIG_DFL);
	raise(signal_number);
}

/* From an allocation of its size, so that reading past the end is noticed. */
static void run(const struct input *input)
{
	uint8_t *data = malloc(input->size);

	if (!data && input->size)
		abort();
	if (input->size)
		memcpy(data, input->data, input->size);
	current = input;
	LLVMFuzzerTestOneInput(data, input->size);
	free(data);
}

/* --- seeds --- */

static void load_seed(const char *path)
{
	FILE *stream = fopen(path, "re");
	struct input *seed = &seeds[seed_count];

	if (!stream || seed_count == SEEDS_MAX - 1) {
		fprintf(stderr, "%s: cannot be a seed\n", path);
		exit(1);
	}
	seed->size = fread(seed->data, 1, INPUT_BYTES, stream);
	fclose(stream);
	seed_count++;
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* Those of the corpus, if there is one, in the order of their names, and an empty one. */
static void load_seeds(const char *name)
{
	char folder[512], path[1024];
	struct dirent **entries;
	int count;

	snprintf(folder, sizeof(folder), CORPUS "/%s", name);
	count = scandir(folder, &entries, is_visible, alphasort);
	for (int i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
		load_seed(path);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	seed_count++;
}

/* --- mutants --- */

static uint64_t random_state = 88172645463325252u;

static size_t random_below(size_t limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (size_t)(random_state % limit);
}

static uint8_t random_byte(void)
{
	/* what means something in one of the formats, or is at the end of a range */
	static const uint8_t telling[] =
		"\0\x01\x7f\x80\xff\xfe 0129aZ-_.:/?&=%@#\"'\\,[]{}|>*!~\n\t\r";

	return random_below(3) == 0 ? (uint8_t)random_below(256)
				    : telling[random_below(sizeof(telling) - 1)];
}

/* Replaces some bytes at a place by others. */
static void replace(size_t at, size_t old_size, const uint8_t *bytes, size_t size)
{
	if (mutant.size - old_size + size > INPUT_BYTES)
		return;
	memmove(mutant.data + at + size, mutant.data + at + old_size, mutant.size - at - old_size);
	memcpy(mutant.data + at, bytes, size);
	mutant.size = mutant.size - old_size + size;
}

/* Longer pieces are rarer. */
static size_t random_length(size_t most)
{
	size_t length = random_below(8) ? random_below(16) : random_below(INPUT_BYTES);

	return length < most ? length : most;
}

static void change(void)
{
	const struct input *other = &seeds[random_below(seed_count)];
	size_t at = random_below(mutant.size + 1), from, length;
	uint8_t piece[INPUT_BYTES];

	length = random_length(mutant.size - at);
	switch (random_below(6)) {
	case 0: /* a bit */
		if (at < mutant.size)
			mutant.data[at] ^= (uint8_t)(1u << random_below(8));
		break;
	case 1: /* a byte */
		piece[0] = random_byte();
		replace(at, at < mutant.size, piece, 1);
		break;
	case 2: /* more bytes */
		length = 1 + random_below(8);
		for (size_t i = 0; i < length; i++)
			piece[i] = random_byte();
		replace(at, 0, piece, length);
		break;
	case 3: /* fewer */
		replace(at, length, mutant.data, 0);
		break;
	case 4: /* the same again elsewhere */
		memcpy(piece, mutant.data + at, length);
		replace(random_below(mutant.size + 1), 0, piece, length);
		break;
	default: /* some of another seed */
		from = random_below(other->size + 1);
		replace(at, length, other->data + from, random_length(other->size - from));
		break;
	}
}

static unsigned int run_mutants(void)
{
	const time_t end = time(NULL) + MUTANTS_SECONDS;
	unsigned int count = 0;

	while (count < MUTANTS && time(NULL) < end) {
		mutant = seeds[random_below(seed_count)];
		for (size_t i = 1 + random_below(CHANGES_MAX); i > 0; i--)
			change();
		run(&mutant);
		count++;
	}
	return count;
}

int main(int argc, char **argv)
{
	const char *slash = argc ? strrchr(argv[0], '/') : NULL;

	if (!slash)
		return 64;
	snprintf(crash_path, sizeof(crash_path), "%s.crash", argv[0]);
	unlink(crash_path);
	signal(SIGABRT, save_current);
	load_seeds(slash + 1);
	puts("1..2");
	for (size_t i = 0; i < seed_count; i++)
		run(&seeds[i]);
	printf("ok 1 - %zu seeds\n", seed_count);
	printf("ok 2 - %u mutants\n", run_mutants());
	return fflush(stdout) != 0;
}
