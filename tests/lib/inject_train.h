/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What tests/tools/inject sends: the packets that its options describe, and how many IP packets and
 * IP octets a receiver without offloads must count for them. What goes wrong ends the program (see
 * inject_fail).
 */
#ifndef FLOWPROBE_TESTS_INJECT_TRAIN_H
#define FLOWPROBE_TESTS_INJECT_TRAIN_H

#include <linux/virtio_net.h>
#include <stdint.h>
#include <sys/uio.h>

#include "inject_options.h"

/* What goes out for one --count: one packet or its fragments. Owns their octets. */
struct inject_train {
	struct iovec *packets;
	uint32_t count;
	uint64_t ip_packets; /* as a receiver without offloads counts them */
	uint64_t ip_octets;
	struct virtio_net_hdr offload; /* goes in front of each, if inject_has_offload */
};

/* Whether each packet is written with a virtio_net_hdr in front. */
int inject_has_offload(const struct inject_options *options);

/*
 * Builds the train of one flow into a zeroed train. Flows differ in source port and, so that their
 * fragments cannot be mixed up, identification.
 */
void inject_make_train(struct inject_train *train, const struct inject_options *options,
		       uint32_t flow);
void inject_free_train(struct inject_train *train);

#endif
