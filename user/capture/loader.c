// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The kernel side as one object: see loader.h. The only place that knows the skeleton.
 *
 * All sizes and switches are fixed before loading, as read-only data, so that the kernel's verifier
 * removes what this host does not use: the other table, sampling, multi-buffer XDP. Maps of the
 * table that is not used keep their minimal size.
 *
 * Memory seen by both sides (slots, details, counters) is mapped, never read by system call; libbpf
 * maps the global data.
 */
#include "capture/loader.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include "lib/log.h"
#include "probe.skel.h"

#define LOADER_ALL_PROGRAMS ((1u << PROBE_PROGRAMS) - 1)
#define LOADER_WAKE_SHARES \
	8 /* a CPU wakes the agent whenever it took 1/(shares * CPUs) of the slots */
#define LOADER_MAX_CPUS (1u << FLOW_SLOT_CPU_BITS)
#define LOADER_CPU_FILE "/sys/devices/system/cpu/possible"
#define LOADER_XDP_HAS_FRAGMENTS (1u << 5) /* BPF_F_XDP_HAS_FRAGS, kernel 5.18 */
#define LOADER_REASON_BYTES 256

struct probe {
	struct probe_config config;
	struct probe_bpf *skeleton;
	struct probe_maps maps;
};

/* The last complaint of libbpf that is a sentence of the kernel's; loading happens on one thread.
 */
static char loader_reason[LOADER_REASON_BYTES];

static const char *const loader_program_names[PROBE_PROGRAMS] = {
	[PROBE_TC_INGRESS_L2] = "tc_ingress_l2", [PROBE_TC_INGRESS_L3] = "tc_ingress_l3",
	[PROBE_TC_EGRESS_L2] = "tc_egress_l2",	 [PROBE_TC_EGRESS_L3] = "tc_egress_l3",
	[PROBE_XDP_INGRESS] = "xdp_ingress",
};

/*
 * The verifier's reason is the line before its statistics ("processed ... insns"), at the end of a
 * log that comes in one piece; everything else libbpf warns about fits one line.
 */
static void loader_keep_reason(const char *message)
{
	const char *end = strstr(message, "\nprocessed "), *start;

	if (!end) {
		if (!loader_reason[0] && !strstr(message, "BEGIN PROG LOAD LOG"))
			snprintf(loader_reason, sizeof(loader_reason), "%.*s",
				 (int)strcspn(message, "\n"), message);
		return;
	}
	for (start = end; start > message && start[-1] != '\n';)
		start--;
	snprintf(loader_reason, sizeof(loader_reason), "%.*s", (int)(end - start), start);
}

__attribute__((format(printf, 2, 0))) static int loader_print(enum libbpf_print_level level,
							      const char *format, va_list arguments)
{
	char *message;

	if (level == LIBBPF_DEBUG || vasprintf(&message, format, arguments) < 0)
		return 0;
	if (level == LIBBPF_WARN)
		loader_keep_reason(message);
	log_debug("libbpf: %.*s", (int)strcspn(message, "\n"), message);
	free(message);
	return 0;
}

void loader_init(void)
{
	libbpf_set_print(loader_print);
}

const char *loader_libbpf_version(void)
{
	return libbpf_version_string();
}

const char *probe_program_name(enum probe_program program)
{
	return loader_program_names[program];
}

/*
 * One more than the highest CPU number there can be: what programs index by. A list like "0-3,8"
 * has holes, so counting CPUs would not do; its last number is the highest. Or a negative errno.
 */
static int loader_cpu_ids(void)
{
	char list[4096], *last;
	FILE *file = fopen(LOADER_CPU_FILE, "re");
	unsigned long id;
	int err;

	if (!file)
		return -errno;
	err = fgets(list, sizeof(list), file) ? 0 : -ENODATA;
	fclose(file);
	if (err)
		return err;
	last = list + strcspn(list, "\n");
	*last = '\0';
	while (last > list && last[-1] >= '0' && last[-1] <= '9')
		last--;
	if (!*last)
		return -EBADMSG;
	id = strtoul(last, NULL, 10);
	return id < INT_MAX ? (int)id + 1 : -ERANGE;
}

static struct bpf_program *loader_program(const struct probe *probe, enum probe_program program)
{
	return bpf_object__find_program_by_name(probe->skeleton->obj,
						loader_program_names[program]);
}

/* A power of two, less one: how many entries a CPU creates between two wake-ups. */
static uint32_t loader_wake_mask(uint32_t slots, uint32_t cpus)
{
	uint32_t entries = 1;

	while (entries * 2ull * LOADER_WAKE_SHARES * cpus <= slots)
		entries *= 2;
	return entries - 1;
}

static int loader_configure(struct probe *probe)
{
	const struct probe_config *config = &probe->config;
	struct probe_bpf *skeleton = probe->skeleton;
	struct probe_bpf__rodata *rodata = skeleton->rodata;

	rodata->table_kind = config->table;
	rodata->counters_atomic = config->counters_atomic;
	rodata->slots_per_generation = config->slots;
	rodata->wake_mask = loader_wake_mask(config->slots, probe->maps.cpu_count);
	rodata->sampling_threshold = UINT32_MAX;
	if (config->sampling > 1)
		rodata->sampling_threshold = (uint32_t)((1ull << 32) / config->sampling - 1);
	if (getrandom(rodata->hash_seeds, sizeof(rodata->hash_seeds), 0) !=
	    sizeof(rodata->hash_seeds))
		return -errno;
	if (bpf_map__set_max_entries(skeleton->maps.cpus, probe->maps.cpu_count))
		return -errno;
	if (config->table == FLOW_TABLE_SLOTS &&
	    (bpf_map__set_max_entries(skeleton->maps.slots, FLOW_GENERATIONS * config->slots) ||
	     bpf_map__set_max_entries(skeleton->maps.slot_details,
				      FLOW_GENERATIONS * config->slots)))
		return -errno;
	return 0;
}

/* Opens and loads the programs in the mask. xdp_fragments asks for multi-buffer XDP, which kernels
 * before 5.18 refuse. */
static int loader_load(struct probe *probe, unsigned int programs, int xdp_fragments)
{
	struct bpf_program *xdp;
	unsigned int i;
	int err;

	loader_reason[0] = '\0';
	probe->skeleton = probe_bpf__open();
	if (!probe->skeleton)
		return -errno;
	for (i = 0; i < PROBE_PROGRAMS; i++)
		bpf_program__set_autoload(loader_program(probe, i), programs & 1u << i);
	err = loader_configure(probe);
	if (!err && xdp_fragments) {
		xdp = loader_program(probe, PROBE_XDP_INGRESS);
		probe->skeleton->rodata->xdp_has_fragments = 1;
		bpf_program__set_flags(xdp, bpf_program__flags(xdp) | LOADER_XDP_HAS_FRAGMENTS);
	}
	if (!err)
		err = probe_bpf__load(probe->skeleton);
	if (err) {
		probe_bpf__destroy(probe->skeleton);
		probe->skeleton = NULL;
	}
	return err;
}

static void *loader_map_memory(const struct bpf_map *map, size_t element_bytes)
{
	void *memory = mmap(NULL, element_bytes * bpf_map__max_entries(map), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_POPULATE, bpf_map__fd(map), 0);

	return memory == MAP_FAILED ? NULL : memory;
}

static void loader_unmap_memory(void *memory, const struct bpf_map *map, size_t element_bytes)
{
	if (memory)
		munmap(memory, element_bytes * bpf_map__max_entries(map));
}

/* The inner maps of both generations; without table "hash" they are only the arguments of the grace
 * period's update. */
static int loader_create_hashes(struct probe *probe)
{
	static const char *const names[FLOW_GENERATIONS] = {"flows_0", "flows_1"};
	uint32_t entries = probe->config.table == FLOW_TABLE_HASH ? probe->config.slots : 1;
	uint32_t i, grace = FLOW_MAPS_GRACE;

	for (i = 0; i < FLOW_GENERATIONS; i++) {
		probe->maps.hash_fd[i] = bpf_map_create(BPF_MAP_TYPE_HASH, names[i],
							sizeof(struct flow_key),
							sizeof(struct flow_value), entries, NULL);
		if (probe->maps.hash_fd[i] < 0 ||
		    bpf_map_update_elem(probe->maps.maps_fd, &i, &probe->maps.hash_fd[i], BPF_ANY))
			return -errno;
	}
	return bpf_map_update_elem(probe->maps.maps_fd, &grace, &probe->maps.hash_fd[0], BPF_ANY)
		       ? -errno
		       : 0;
}

static int loader_share_maps(struct probe *probe)
{
	struct probe_bpf *skeleton = probe->skeleton;
	struct probe_maps *maps = &probe->maps;

	maps->slots = probe->config.slots;
	maps->maps_fd = bpf_map__fd(skeleton->maps.flow_hashes);
	maps->wakeups_fd = bpf_map__fd(skeleton->maps.wakeups);
	maps->clock_program_fd = bpf_program__fd(skeleton->progs.read_clock);
	maps->control = &skeleton->data_control->control;
	maps->cpu = loader_map_memory(skeleton->maps.cpus, sizeof(*maps->cpu));
	if (!maps->cpu)
		return -errno;
	if (probe->config.table == FLOW_TABLE_SLOTS) {
		maps->slot = loader_map_memory(skeleton->maps.slots, sizeof(*maps->slot));
		maps->slot_details =
			loader_map_memory(skeleton->maps.slot_details, sizeof(*maps->slot_details));
		if (!maps->slot || !maps->slot_details)
			return -errno;
	}
	return loader_create_hashes(probe);
}

/* Both sides were built from one header; this notices when they were not built at the same time. */
static int loader_check_layout(const struct probe *probe)
{
	const struct probe_bpf *skeleton = probe->skeleton;

	if (bpf_map__value_size(skeleton->maps.slots) != sizeof(struct flow_slot) ||
	    bpf_map__value_size(skeleton->maps.slot_details) != sizeof(struct flow_details) ||
	    bpf_map__value_size(skeleton->maps.cpus) != sizeof(struct flow_cpu) ||
	    bpf_map__key_size(skeleton->maps.fragments) != sizeof(struct flow_key) ||
	    bpf_map__value_size(skeleton->maps.fragments) != sizeof(struct flow_fragment))
		return -EPROTO;
	return 0;
}

static void loader_explain(int err, char *error, size_t error_bytes)
{
	if (err == -EPERM || err == -EACCES)
		snprintf(error, error_bytes,
			 "cannot load the kernel programs: %s; run as root, or with CAP_BPF, "
			 "CAP_NET_ADMIN and "
			 "CAP_PERFMON%s%s",
			 strerror(-err), loader_reason[0] ? ". Kernel: " : "", loader_reason);
	else if (err == -ENOMEM)
		snprintf(error, error_bytes,
			 "cannot load the kernel programs: no memory for the flow table; try a "
			 "smaller --slots");
	else
		snprintf(error, error_bytes,
			 "cannot load the kernel programs: %s%s%s; `flowprobe doctor` shows what "
			 "this kernel has",
			 strerror(-err), loader_reason[0] ? ": " : "", loader_reason);
}

static struct probe *loader_open(const struct probe_config *config, unsigned int programs,
				 char *error, size_t error_bytes)
{
	struct probe *probe = calloc(1, sizeof(*probe));
	int cpus = loader_cpu_ids();
	int err;

	if (!probe) {
		loader_explain(-ENOMEM, error, error_bytes);
		return NULL;
	}
	probe->config = *config;
	probe->maps.hash_fd[0] = probe->maps.hash_fd[1] = -1;
	if (cpus < 0 || (uint32_t)cpus > LOADER_MAX_CPUS) {
		if (cpus < 0)
			snprintf(error, error_bytes,
				 "cannot read %s, which says how many CPUs to count for: %s; is "
				 "/sys "
				 "mounted?",
				 LOADER_CPU_FILE, strerror(-cpus));
		else
			snprintf(error, error_bytes,
				 "this host may have %d CPUs, more than the %u supported", cpus,
				 LOADER_MAX_CPUS);
		probe_close(probe);
		errno = cpus < 0 ? -cpus : EOPNOTSUPP;
		return NULL;
	}
	probe->maps.cpu_count = (uint32_t)cpus;
	err = loader_load(probe, programs, 1);
	if (err == -EINVAL)
		err = loader_load(probe, programs, 0);
	if (!err)
		err = loader_check_layout(probe);
	if (!err)
		err = loader_share_maps(probe);
	if (err) {
		loader_explain(err, error, error_bytes);
		probe_close(probe);
		errno = -err;
		return NULL;
	}
	return probe;
}

struct probe *probe_open(const struct probe_config *config, char *error, size_t error_bytes)
{
	return loader_open(config, LOADER_ALL_PROGRAMS, error, error_bytes);
}

int probe_try(const struct probe_config *config, enum probe_program program, char *error,
	      size_t error_bytes)
{
	struct probe *probe = loader_open(config, 1u << program, error, error_bytes);

	if (!probe)
		return -errno;
	probe_close(probe);
	return 0;
}

void probe_close(struct probe *probe)
{
	struct probe_bpf *skeleton;
	int i;

	if (!probe)
		return;
	skeleton = probe->skeleton;
	if (skeleton) {
		loader_unmap_memory(probe->maps.cpu, skeleton->maps.cpus, sizeof(*probe->maps.cpu));
		loader_unmap_memory(probe->maps.slot, skeleton->maps.slots,
				    sizeof(*probe->maps.slot));
		loader_unmap_memory(probe->maps.slot_details, skeleton->maps.slot_details,
				    sizeof(*probe->maps.slot_details));
	}
	for (i = 0; i < FLOW_GENERATIONS; i++) {
		if (probe->maps.hash_fd[i] >= 0)
			close(probe->maps.hash_fd[i]);
	}
	probe_bpf__destroy(skeleton);
	free(probe);
}

static uint64_t loader_map_bytes(int fd)
{
	unsigned long long bytes = 0;
	char path[64], line[128];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = fopen(path, "re");
	if (!file)
		return 0;
	while (!bytes && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "memlock: %llu", &bytes) != 1)
			bytes = 0;
	}
	fclose(file);
	return bytes;
}

uint64_t probe_memory_bytes(const struct probe *probe)
{
	const struct bpf_map *map;
	uint64_t bytes = 0;

	bpf_object__for_each_map(map, probe->skeleton->obj)
		bytes += loader_map_bytes(bpf_map__fd(map));
	for (int i = 0; i < FLOW_GENERATIONS; i++)
		bytes += loader_map_bytes(probe->maps.hash_fd[i]);
	return bytes;
}

const struct probe_config *probe_get_config(const struct probe *probe)
{
	return &probe->config;
}

const struct probe_maps *probe_maps(const struct probe *probe)
{
	return &probe->maps;
}

int probe_program_fd(const struct probe *probe, enum probe_program program)
{
	return bpf_program__fd(loader_program(probe, program));
}

struct probe_runs probe_program_runs(const struct probe *probe, enum probe_program program)
{
	struct bpf_prog_info info = {0};
	uint32_t bytes = sizeof(info);

	if (bpf_obj_get_info_by_fd(probe_program_fd(probe, program), &info, &bytes))
		return (struct probe_runs){0};
	return (struct probe_runs){.count = info.run_cnt, .ns = info.run_time_ns};
}
