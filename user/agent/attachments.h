/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which programs are on which interfaces: picks the program variant by link layer and the hook by
 * policy and kernel, and keeps the hooks of every interface captured on.
 */
#ifndef FLOWPROBE_ATTACHMENTS_H
#define FLOWPROBE_ATTACHMENTS_H

#include <stddef.h>
#include <stdint.h>

#include "capture/attach.h"
#include "capture/interfaces.h"
#include "capture/loader.h"
#include "config/config.h"

struct attachments;

/* Borrows both for its lifetime. NULL with errno set: EOPNOTSUPP if hook "tcx" was asked for and
 * the kernel has none. */
struct attachments *attachments_new(struct probe *probe, const struct config *config);

/* Takes every program off. */
void attachments_free(struct attachments *attachments);

/*
 * Attaches to an interface, in all directions asked for or not at all. Logs what it did, or why it
 * could not; then attachments_check tries again from time to time. 0, or a negative errno as of
 * hook_attach.
 */
int attachments_add(struct attachments *attachments, const struct interface *interface);

/* Takes the programs off the interface. 1 if there were any, else 0. */
int attachments_remove(struct attachments *attachments, uint32_t ifindex);
void attachments_remove_all(struct attachments *attachments);

/*
 * Puts back what others took off since the last check, and tries again where attaching failed
 * before; says so when it worked.
 */
void attachments_check(struct attachments *attachments);

/* What has happened to interfaces so far. */
enum attachment_event {
	ATTACHMENT_ATTACHED, /* captured on, for the first time or again */
	ATTACHMENT_FAILED, /* each attempt that did not work */
	ATTACHMENT_DETACHED, /* gone, or not selected any more */
	ATTACHMENT_TAKEN_OFF, /* somebody else took a program of ours off */
	ATTACHMENT_EVENTS
};

uint64_t attachments_events(const struct attachments *attachments, enum attachment_event event);

/* Interfaces with our programs on them. */
size_t attachments_count(const struct attachments *attachments);

/* Walks all interfaces that should be captured on: *position starts at 0. *hooks becomes one for
 * each direction. NULL at the end; both pointers last until the next change. */
const struct interface *attachments_next(const struct attachments *attachments, size_t *position,
					 const struct hook **hooks);

/*
 * The hook and program that would be used on an interface; for the doctor. XDP is answered as
 * native: only attaching tells which mode a driver takes.
 */
enum hook_kind attachments_plan(const struct attachments *attachments,
				const struct interface *interface, enum flow_direction direction,
				enum probe_program *program);

#endif
