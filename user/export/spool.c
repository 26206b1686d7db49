// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * export: see spool.h.
 *
 * What is in the directory is read once, at the start; after that a ring in memory knows it, so
 * that adding and removing cost the system calls for one file and no search. A database or a log
 * file with positions would save files, but not the two flushes per batch that crash safety costs,
 * and would have to be able to repair itself.
 */
#include "export/spool.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_BYTES 128
#define NEW_NAME "new" /* while it is written */
#define DIRECTORY_MODE 0700
#define FILE_MODE 0600
#define RING_MIN 64 /* a power of two */
#define NUMBER_END UINT64_MAX /* all numbers of files are below it */
#define RECORDS_END ((uint64_t)1 << 32) /* records of a batch are: their sum cannot overflow */
#define BLOCK_BYTES 4096 /* what a file system hands out at the least, on most */

struct batch_file {
	uint64_t number;
	uint64_t bytes; /* of its contents */
	struct export_count count;
};

struct spool {
	int directory_fd;
	uint64_t max_bytes;
	uint64_t bytes; /* on the disk */
	uint64_t next_number;
	struct export_count count;
	/* the files, oldest first: ring[i % capacity] for first <= i < last */
	struct batch_file *ring;
	size_t capacity; /* a power of two */
	uint64_t first;
	uint64_t last;
};

/* --- names --- */

static void format_name(const struct batch_file *file, char name[static NAME_BYTES])
{
	snprintf(name, NAME_BYTES, "%020" PRIu64 "-%" PRIu64 "-%" PRIu64 "-%" PRIu64 ".batch",
		 file->number, file->count.records, file->count.packets, file->count.octets);
}

/* 0: the file is not ours. */
static int parse_name(const char *name, struct batch_file *file)
{
	char again[NAME_BYTES];

	if (sscanf(name, "%" SCNu64 "-%" SCNu64 "-%" SCNu64 "-%" SCNu64, &file->number,
		   &file->count.records, &file->count.packets, &file->count.octets) != 4)
		return 0;
	format_name(file, again);
	return strcmp(name, again) == 0 && file->number < NUMBER_END && file->count.records &&
	       file->count.records < RECORDS_END;
}

/* What a file takes on the disk: a quiet host's batches are much smaller than a block. */
static uint64_t disk_bytes(uint64_t bytes)
{
	return (bytes + BLOCK_BYTES - 1) / BLOCK_BYTES * BLOCK_BYTES;
}

/* --- ring --- */

static struct batch_file *ring_at(const struct spool *spool, uint64_t position)
{
	return &spool->ring[position & (spool->capacity - 1)];
}

/* 0 or -ENOMEM. */
static int ring_make_room(struct spool *spool)
{
	size_t capacity = spool->capacity ? 2 * spool->capacity : RING_MIN;
	struct batch_file *ring;

	if (spool->last - spool->first < spool->capacity)
		return 0;
	ring = calloc(capacity, sizeof(*ring));
	if (!ring)
		return -ENOMEM;
	for (uint64_t i = spool->first; i < spool->last; i++)
		ring[i & (capacity - 1)] = *ring_at(spool, i);
	free(spool->ring);
	spool->ring = ring;
	spool->capacity = capacity;
	return 0;
}

static void ring_append(struct spool *spool, const struct batch_file *file)
{
	*ring_at(spool, spool->last++) = *file;
	export_count_add(&spool->count, &file->count);
	spool->bytes += disk_bytes(file->bytes);
	if (spool->next_number <= file->number)
		spool->next_number = file->number + 1;
}

static int compare_numbers(const void *a, const void *b)
{
	const struct batch_file *one = a, *other = b;

	return (one->number > other->number) - (one->number < other->number);
}

/* --- opening --- */

/* Takes note of what is there, in whatever order. 0 or a negative errno. */
static int read_directory(struct spool *spool)
{
	int fd = dup(spool->directory_fd), err = 0;
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	struct batch_file file;
	struct dirent *entry;
	struct stat st;

	if (!directory) {
		err = -errno;
		if (fd >= 0)
			close(fd);
		return err;
	}
	for (;;) {
		errno = 0;
		entry = readdir(directory);
		err = entry ? ring_make_room(spool) : -errno;
		if (err || !entry)
			break;
		if (!parse_name(entry->d_name, &file) ||
		    fstatat(spool->directory_fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) ||
		    !S_ISREG(st.st_mode))
			continue;
		file.bytes = (uint64_t)st.st_size;
		ring_append(spool, &file);
	}
	closedir(directory);
	if (spool->ring) /* nothing was removed yet: it begins at 0 */
		qsort(spool->ring, spool->last, sizeof(spool->ring[0]), compare_numbers);
	return err;
}

static int make_directories(const char *path)
{
	char parent[4096];
	size_t length = strlen(path);

	if (length >= sizeof(parent))
		return -ENAMETOOLONG;
	for (size_t i = 1; i <= length; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(parent, path, i);
		parent[i] = '\0';
		if (mkdir(parent, DIRECTORY_MODE) && errno != EEXIST)
			return -errno;
	}
	return 0;
}

static int open_directory(struct spool *spool, const char *path)
{
	int err = make_directories(path);

	if (err)
		return err;
	spool->directory_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (spool->directory_fd < 0)
		return -errno;
	if (flock(spool->directory_fd, LOCK_EX | LOCK_NB))
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	/* Better known now than when the server is away. */
	if (faccessat(spool->directory_fd, ".", R_OK | W_OK | X_OK, AT_EACCESS))
		return -errno;
	unlinkat(spool->directory_fd, NEW_NAME, 0); /* a crash in the middle of writing */
	return read_directory(spool);
}

struct spool *spool_open(const char *directory, uint64_t max_bytes, char *error, size_t error_bytes)
{
	struct spool *spool = calloc(1, sizeof(*spool));
	int err;

	if (!spool) {
		snprintf(error, error_bytes, "out of memory");
		return NULL;
	}
	spool->directory_fd = -1;
	spool->max_bytes = max_bytes;
	err = open_directory(spool, directory);
	if (!err)
		return spool;
	if (err == -EBUSY)
		snprintf(error, error_bytes,
			 "the spool %s is in use by another flowprobe; give each a "
			 "spool_directory of its own",
			 directory);
	else
		snprintf(error, error_bytes,
			 "cannot use the spool %s: %s; give the user flowprobe runs as write "
			 "access to it, or choose another spool_directory",
			 directory, strerror(-err));
	spool_close(spool);
	return NULL;
}

void spool_close(struct spool *spool)
{
	if (!spool)
		return;
	if (spool->directory_fd >= 0)
		close(spool->directory_fd);
	free(spool->ring);
	free(spool);
}

int spool_look(const char *directory, struct export_count *count, uint64_t *bytes)
{
	struct spool spool = {.directory_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
	int err = spool.directory_fd < 0 ? -errno : read_directory(&spool);

	*count = spool.count;
	*bytes = spool.bytes;
	if (spool.directory_fd >= 0)
		close(spool.directory_fd);
	free(spool.ring);
	return err;
}

const struct export_count *spool_count(const struct spool *spool)
{
	return &spool->count;
}

uint64_t spool_bytes(const struct spool *spool)
{
	return spool->bytes;
}

int spool_is_empty(const struct spool *spool)
{
	return spool->first == spool->last;
}

/* --- batches --- */

static int write_file(int fd, const char *data, size_t bytes)
{
	while (bytes) {
		ssize_t written = write(fd, data, bytes);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return written < 0 ? -errno : -EIO;
		data += written;
		bytes -= (size_t)written;
	}
	return fsync(fd) ? -errno : 0;
}

/* The new file, complete and on the disk, but without its name. */
static int write_new(const struct spool *spool, const void *data, size_t bytes)
{
	int fd = openat(spool->directory_fd, NEW_NAME,
			O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
	int err;

	if (fd < 0)
		return -errno;
	err = write_file(fd, data, bytes);
	if (close(fd) && !err)
		err = -errno;
	if (err)
		unlinkat(spool->directory_fd, NEW_NAME, 0);
	return err;
}

/* Writes it and gives it its name. It is in the directory then, but not in the ring. */
static int put_file(const struct spool *spool, const struct batch_file *file, const void *data)
{
	char name[NAME_BYTES];
	int err = write_new(spool, data, file->bytes);

	if (err)
		return err;
	format_name(file, name);
	if (renameat(spool->directory_fd, NEW_NAME, spool->directory_fd, name)) {
		err = -errno;
		unlinkat(spool->directory_fd, NEW_NAME, 0);
		return err;
	}
	fsync(spool->directory_fd); /* if it fails, a crash now may lose the name */
	return 0;
}

int spool_add(struct spool *spool, const void *data, size_t bytes, const struct export_count *count,
	      struct export_count *dropped)
{
	struct batch_file file = {.number = spool->next_number, .bytes = bytes, .count = *count};
	int err;

	if (bytes > SPOOL_BATCH_BYTES_MAX || disk_bytes(bytes) > spool->max_bytes)
		return -EFBIG;
	if (file.number == NUMBER_END)
		return -EOVERFLOW;
	while (spool->bytes + disk_bytes(bytes) > spool->max_bytes) {
		export_count_add(dropped, &ring_at(spool, spool->first)->count);
		spool_remove(spool);
	}
	err = ring_make_room(spool);
	if (!err)
		err = put_file(spool, &file, data);
	if (!err)
		ring_append(spool, &file);
	return err;
}

static int read_file(int fd, char *data, size_t bytes)
{
	while (bytes) {
		ssize_t got = read(fd, data, bytes);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? -errno : -EIO;
		data += got;
		bytes -= (size_t)got;
	}
	return 0;
}

/* What is wrong has nothing to do with the file, and passes. */
static int is_passing(int err)
{
	return err == -ENOMEM || err == -EMFILE || err == -ENFILE;
}

/* Contents of the file, to be freed by the caller. 0 or a negative errno. */
static int load_file(const struct spool *spool, const struct batch_file *file, char **data)
{
	char name[NAME_BYTES];
	int fd, err;

	format_name(file, name);
	/* Whatever it has become, opening it never waits. */
	fd = openat(spool->directory_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	*data = malloc(file->bytes ? file->bytes : 1);
	err = *data ? read_file(fd, *data, file->bytes) : -ENOMEM;
	close(fd);
	if (err) {
		free(*data);
		*data = NULL;
	}
	return err;
}

int spool_read(struct spool *spool, char **data, size_t *bytes, struct export_count *count)
{
	const struct batch_file *file = ring_at(spool, spool->first);
	int err;

	assert(!spool_is_empty(spool));
	*count = file->count;
	*bytes = file->bytes;
	if (file->bytes > SPOOL_BATCH_BYTES_MAX)
		return -EFBIG;
	err = load_file(spool, file, data);
	return is_passing(err) ? -EAGAIN : err;
}

void spool_remove(struct spool *spool)
{
	const struct batch_file *file = ring_at(spool, spool->first);
	char name[NAME_BYTES];

	assert(!spool_is_empty(spool));
	format_name(file, name);
	/* If it cannot be removed, it will be sent again after the next start: findable by flow_id. */
	unlinkat(spool->directory_fd, name, 0);
	export_count_subtract(&spool->count, &file->count);
	spool->bytes -= disk_bytes(file->bytes);
	spool->first++;
}

int spool_replace(struct spool *spool, const void *data, size_t bytes,
		  const struct export_count *count)
{
	struct batch_file *oldest = ring_at(spool, spool->first), file = *oldest;
	char name[NAME_BYTES];
	int err;

	assert(!spool_is_empty(spool) && count->records < oldest->count.records);
	file.bytes = bytes;
	file.count = *count;
	err = put_file(spool, &file, data);
	if (err)
		return err;
	format_name(oldest, name);
	unlinkat(spool->directory_fd, name, 0); /* as in spool_remove */
	export_count_subtract(&spool->count, &oldest->count);
	export_count_add(&spool->count, count);
	spool->bytes += disk_bytes(bytes);
	spool->bytes -= disk_bytes(oldest->bytes);
	*oldest = file;
	return 0;
}
