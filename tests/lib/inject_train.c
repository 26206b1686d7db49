// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What tests/tools/inject sends: see inject_train.h. Packets are built once per flow, by
 * packet_builder, and sent as often as is asked for.
 */
#include "inject_train.h"

#include <stddef.h>
#include <stdlib.h>

#define INJECT_HEADER_OCTETS_MAX 512
#define VIRTIO_GSO_UDP_L4 5 /* VIRTIO_NET_HDR_GSO_UDP_L4, in kernel headers since 6.2 */
#define ETHERTYPE_SERVICE_TAG 0x88a8

int inject_has_offload(const struct inject_options *options)
{
	return options->gso_size || options->linear_octets;
}

static void inject_push_link(struct packet_builder *builder, const struct inject_options *options)
{
	struct packet_layer ethernet = {.kind = LAYER_ETHERNET,
					.source_mac = options->source_mac,
					.destination_mac = options->destination_mac};
	struct packet_layer tag = {.kind = LAYER_VLAN};

	if (options->tun)
		return;
	packet_builder_push(builder, &ethernet);
	if (options->outer_vlan != INJECT_UNSET) {
		tag.tpid = ETHERTYPE_SERVICE_TAG;
		tag.tci = (uint16_t)options->outer_vlan;
		packet_builder_push(builder, &tag);
	}
	if (options->vlan != INJECT_UNSET) {
		tag.tpid = 0;
		tag.tci = (uint16_t)options->vlan;
		packet_builder_push(builder, &tag);
	}
}

static void inject_build(struct packet_builder *builder, const struct inject_options *options,
			 uint32_t flow)
{
	struct packet_layer payload = {.kind = LAYER_PAYLOAD, .size = options->payload_octets};
	struct packet_layer type = {.kind = LAYER_TYPE, .value = (uint16_t)options->ethertype};
	struct packet_layer transport = options->transport, ip = options->ip;

	inject_push_link(builder, options);
	transport.source_port = (uint16_t)(options->transport.source_port + flow);
	ip.id += flow;
	if (options->ethertype != INJECT_UNSET) {
		packet_builder_push(builder, &type);
	} else {
		packet_builder_push(builder, &ip);
		packet_builder_push_all(builder, options->extensions);
		packet_builder_push(builder, &transport);
	}
	packet_builder_push(builder, &payload);
	if (options->gso_size)
		packet_builder_finish_partial(builder);
	else
		packet_builder_finish(builder);
}

static void inject_start(struct packet_builder *builder, const struct inject_options *options)
{
	size_t size = INJECT_HEADER_OCTETS_MAX + options->payload_octets + options->pad_to;
	uint8_t *memory = malloc(size);

	if (!memory)
		inject_fail("no memory");
	packet_builder_init(builder, memory, size);
}

/* Adds a packet, or a super-packet as what it becomes, to the figures. */
static void inject_measure(struct inject_train *train, const struct inject_options *options,
			   const struct packet_builder *builder)
{
	const struct packet_builder_layer *ip =
		packet_builder_find(builder, LAYER_IPV4, LAYER_IPV6);
	const struct packet_builder_layer *transport =
		packet_builder_find(builder, LAYER_TCP, LAYER_UDP);
	uint64_t segments = 1, headers;

	if (!ip)
		return;
	if (options->gso_size) {
		headers = transport->offset + transport->size - ip->offset;
		segments = (options->payload_octets + options->gso_size - 1) / options->gso_size;
		segments = segments ? segments : 1;
		train->ip_octets += (segments - 1) * headers;
		train->offload = (struct virtio_net_hdr){
			.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
			.gso_type = transport->layer.kind == LAYER_UDP ? VIRTIO_GSO_UDP_L4
				    : options->ipv6		       ? VIRTIO_NET_HDR_GSO_TCPV6
								       : VIRTIO_NET_HDR_GSO_TCPV4,
			.hdr_len = (uint16_t)(transport->offset + transport->size),
			.gso_size = (uint16_t)options->gso_size,
			.csum_start = (uint16_t)transport->offset,
			.csum_offset = transport->layer.kind == LAYER_UDP ? 6 : 16,
		};
	}
	if (options->linear_octets)
		train->offload.hdr_len = (uint16_t)options->linear_octets;
	train->ip_packets += segments;
	train->ip_octets += builder->length - ip->offset;
}

/* Measures and pads a finished packet, and keeps its octets alone. */
static void inject_keep(struct inject_train *train, const struct inject_options *options,
			struct packet_builder *builder)
{
	struct iovec *packet = &train->packets[train->count++];

	inject_measure(train, options, builder);
	packet_builder_pad(builder, options->pad_to);
	packet->iov_len = builder->length;
	packet->iov_base = realloc(builder->data, builder->length ? builder->length : 1);
	if (!packet->iov_base)
		inject_fail("no memory");
}

/* Equal parts of a multiple of 8 octets; the last one also has the rest. */
static void inject_cut(struct inject_train *train, const struct inject_options *options,
		       const struct packet_builder *whole, uint32_t id)
{
	const struct packet_builder_layer *ip = packet_builder_find(whole, LAYER_IPV4, LAYER_IPV6);
	size_t octets = whole->length - ip->offset - ip->size, size;
	size_t part = octets / options->fragments / 8 * 8;
	struct packet_builder fragment;
	uint32_t i;

	if (!part)
		inject_fail("%zu octets cannot be cut into %u fragments", octets,
			    options->fragments);
	for (i = 0; i < options->fragments; i++) {
		size = i + 1 < options->fragments ? part : octets - i * part;
		inject_start(&fragment, options);
		packet_builder_fragment(&fragment, whole, i * part, size, id);
		inject_keep(train, options, &fragment);
	}
}

void inject_make_train(struct inject_train *train, const struct inject_options *options,
		       uint32_t flow)
{
	struct packet_builder whole;

	train->packets =
		calloc(options->fragments ? options->fragments : 1, sizeof(*train->packets));
	if (!train->packets)
		inject_fail("no memory");
	inject_start(&whole, options);
	inject_build(&whole, options, flow);
	if (options->fragments > 1 && options->ethertype == INJECT_UNSET) {
		inject_cut(train, options, &whole, options->ip.id + flow);
		free(whole.data);
	} else {
		inject_keep(train, options, &whole);
	}
}

void inject_free_train(struct inject_train *train)
{
	uint32_t i;

	for (i = 0; i < train->count; i++)
		free(train->packets[i].iov_base);
	free(train->packets);
}
