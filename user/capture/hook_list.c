// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is on a hook: see hook_list.h. Only looks; what changes anything is in attach.c. */
#include "capture/hook_list.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "capture/clsact.h"
#include "capture/tcx.h"

#define HOOK_LIST_MAX 64 /* programs that hook_list_programs looks at */

static int tcx_list(uint32_t ifindex, enum flow_direction direction, struct hook_program *list,
		    size_t max)
{
	uint32_t ids[HOOK_LIST_MAX] = {0};
	size_t room = max < HOOK_LIST_MAX ? max : HOOK_LIST_MAX;
	LIBBPF_OPTS(bpf_prog_query_opts, options, .prog_ids = ids, .prog_cnt = (__u32)room);
	int err = bpf_prog_query_opts((int)ifindex, tcx_attach_type(direction), &options);
	size_t count;

	if (err == -EINVAL || err == -ENOENT) /* no TCX here, or nothing on it yet */
		return 0;
	if (err && err != -ENOSPC)
		return err;
	count = err ? room : options.prog_cnt;
	for (size_t i = 0; i < count; i++)
		list[i] = (struct hook_program){.kind = HOOK_TCX, .id = ids[i]};
	return (int)count;
}

static int xdp_list(uint32_t ifindex, struct hook_program *list, size_t max)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, options);
	int count = 0, err = bpf_xdp_query((int)ifindex, 0, &options);
	uint32_t found[3];

	if (err)
		return err;
	found[0] = options.hw_prog_id;
	found[1] = options.drv_prog_id;
	found[2] = options.skb_prog_id;
	for (int i = 0; i < 3 && (size_t)count < max; i++) {
		if (found[i])
			list[count++] = (struct hook_program){
				.kind = i < 2 ? HOOK_XDP_NATIVE : HOOK_XDP_GENERIC,
				.id = found[i],
			};
	}
	return count;
}

int hook_list(uint32_t ifindex, enum hook_kind kind, enum flow_direction direction,
	      struct hook_program *list, size_t max)
{
	int first, then;

	if (kind == HOOK_XDP_NATIVE || kind == HOOK_XDP_GENERIC)
		return xdp_list(ifindex, list, max);
	first = tcx_list(ifindex, direction, list, max);
	if (first < 0)
		return first;
	then = clsact_list(ifindex, direction, list + first, max - (size_t)first);
	return then < 0 ? then : first + then;
}

int hook_list_programs(uint32_t ifindex, enum hook_kind kind, enum flow_direction direction,
		       uint32_t *ids, size_t max)
{
	struct hook_program list[HOOK_LIST_MAX] = {0};
	int found = hook_list(ifindex, kind, direction, list, HOOK_LIST_MAX), count = 0;

	for (int i = 0; i < found && (size_t)count < max; i++) {
		if (list[i].id)
			ids[count++] = list[i].id;
	}
	return found < 0 ? found : count;
}

void hook_program_find_name(struct hook_program *program)
{
	struct bpf_prog_info info = {0};
	__u32 bytes = sizeof(info);
	int fd = bpf_prog_get_fd_by_id(program->id);

	if (fd < 0)
		return;
	if (bpf_obj_get_info_by_fd(fd, &info, &bytes) == 0 && info.name[0])
		snprintf(program->name, sizeof(program->name), "%.*s", (int)sizeof(info.name),
			 info.name);
	close(fd);
}
