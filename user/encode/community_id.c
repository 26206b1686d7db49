// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * encode: the Community ID of a flow key, see community_id.h.
 *
 *	"1:" base64(SHA1(seed, low address, high address, protocol, 0, low port, high port))
 *
 * All in network order, so what the kernel took from the packet is hashed as it is. "Low" is the
 * endpoint whose address, or with equal addresses whose port, compares lower; that is what makes
 * the two directions equal. Ports are hashed for TCP, UDP, SCTP, ICMP and ICMPv6 only, also where
 * we know them for others (UDP-Lite, DCCP): the other tools would not find the flow again.
 *
 * ICMP has no ports: the message type is the source's and the type of the answer to it the
 * destination's. Types that are not one half of a question and its answer are one-way: their code
 * stands in for the destination port, and the endpoints stay in the order of the packet.
 */
#include "encode/community_id.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>

#include "lib/sha1.h"

#define SEED_BYTES 2
#define INPUT_BYTES (SEED_BYTES + 16 + 16 + 2 + 2 + 2)

struct message_pair {
	uint8_t type;
	uint8_t answer;
};

/* IANA message types; both lists are those of the specification's reference implementation. */
static const struct message_pair icmp_pairs[] = {
	{8, 0}, /* echo */
	{10, 9}, /* router solicitation and advertisement */
	{13, 14}, /* timestamp */
	{15, 16}, /* information */
	{17, 18}, /* address mask */
};

static const struct message_pair icmpv6_pairs[] = {
	{128, 129}, /* echo */
	{130, 131}, /* multicast listener query and report */
	{133, 134}, /* router solicitation and advertisement */
	{135, 136}, /* neighbor solicitation and advertisement */
	{139, 140}, /* node information */
	{144, 145}, /* home agent address discovery */
};

/* The type at the other end of a message of this type, or -1. */
static int find_counterpart(const struct message_pair *pairs, size_t count, unsigned int type)
{
	for (size_t i = 0; i < count; i++) {
		if (pairs[i].type == type)
			return pairs[i].answer;
		if (pairs[i].answer == type)
			return pairs[i].type;
	}
	return -1;
}

static void put_base64(char *place, const uint8_t digest[static SHA1_DIGEST_BYTES])
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				       "0123456789+/";
	uint32_t bits;

	for (int i = 0; i < SHA1_DIGEST_BYTES - 2; i += 3) {
		bits = (uint32_t)digest[i] << 16 | (uint32_t)digest[i + 1] << 8 | digest[i + 2];
		*place++ = alphabet[bits >> 18];
		*place++ = alphabet[bits >> 12 & 63];
		*place++ = alphabet[bits >> 6 & 63];
		*place++ = alphabet[bits & 63];
	}
	bits = (uint32_t)digest[SHA1_DIGEST_BYTES - 2] << 16 |
	       (uint32_t)digest[SHA1_DIGEST_BYTES - 1] << 8;
	*place++ = alphabet[bits >> 18];
	*place++ = alphabet[bits >> 12 & 63];
	*place++ = alphabet[bits >> 6 & 63];
	*place++ = '=';
}

void community_id_put(struct writer *writer, const struct flow_key *key)
{
	size_t address_bytes = key->kind & FLOW_KEY_IPV6 ? 16 : 4;
	const uint8_t *low = key->source_address + 16 - address_bytes;
	const uint8_t *high = key->destination_address + 16 - address_bytes;
	uint16_t low_port = key->source_port, high_port = key->destination_port;
	uint8_t digest[SHA1_DIGEST_BYTES], input[INPUT_BYTES];
	int has_ports = 1, one_way = 0, counterpart = 0, order;
	uint8_t *end = input;
	char *place;

	switch (key->protocol) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_SCTP:
		break;
	case IPPROTO_ICMP:
		counterpart = find_counterpart(icmp_pairs, sizeof(icmp_pairs) / sizeof(*icmp_pairs),
					       ntohs(low_port));
		break;
	case IPPROTO_ICMPV6:
		counterpart = find_counterpart(icmpv6_pairs,
					       sizeof(icmpv6_pairs) / sizeof(*icmpv6_pairs),
					       ntohs(low_port));
		break;
	default:
		has_ports = 0;
		break;
	}
	if (key->protocol == IPPROTO_ICMP || key->protocol == IPPROTO_ICMPV6) {
		one_way = counterpart < 0;
		if (!one_way)
			high_port = htons((uint16_t)counterpart);
	}
	order = memcmp(low, high, address_bytes);
	if (!one_way && (order > 0 || (order == 0 && ntohs(low_port) > ntohs(high_port)))) {
		const uint8_t *address = low;
		uint16_t port = low_port;

		low = high;
		high = address;
		low_port = high_port;
		high_port = port;
	}

	place = writer_reserve(writer, COMMUNITY_ID_CHARS);
	if (!place)
		return;
	memset(end, 0, SEED_BYTES);
	end += SEED_BYTES;
	memcpy(end, low, address_bytes);
	end += address_bytes;
	memcpy(end, high, address_bytes);
	end += address_bytes;
	*end++ = key->protocol;
	*end++ = 0;
	if (has_ports) {
		memcpy(end, &low_port, sizeof(low_port));
		memcpy(end + sizeof(low_port), &high_port, sizeof(high_port));
		end += sizeof(low_port) + sizeof(high_port);
	}
	sha1_digest(digest, input, end - input);
	*place++ = '1';
	*place++ = ':';
	put_base64(place, digest);
}
