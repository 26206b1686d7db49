// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What the driver of an interface says: see netdev.h.
 *
 * Attaching would tell more about XDP, but resets the queues of many a NIC; so the kernel is asked,
 * over the generic netlink family "netdev". Offloads are asked by ioctl, which all kernels know; a
 * feature goes by its name there, because its number differs from kernel to kernel.
 */
#include "capture/netdev.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/genetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "capture/rtnetlink.h"

#define NETDEV_FAMILY "netdev"
#define NETDEV_FAMILY_VERSION 1
#define NETDEV_COMMAND_GET 1
#define NETDEV_ATTRIBUTE_IFINDEX 1
#define NETDEV_ATTRIBUTE_XDP 3 /* 64 bits */
#define FEATURES_MAX 256 /* a kernel has some sixty */

/* --- messages --- */

struct generic_message {
	struct nlmsghdr header;
	struct genlmsghdr generic;
};

/* Copies the attribute of that type. 1, 0: it is not there, or -EBADMSG. */
static int find_attribute(const struct nlmsghdr *message, uint16_t type, void *value, size_t bytes)
{
	const unsigned char *next = (const unsigned char *)message + sizeof(struct generic_message);
	const unsigned char *end = (const unsigned char *)message + message->nlmsg_len;
	struct nlattr attribute;

	while (next < end && (size_t)(end - next) >= sizeof(attribute)) {
		size_t left = (size_t)(end - next);

		memcpy(&attribute, next, sizeof(attribute));
		if (attribute.nla_len < sizeof(attribute) || attribute.nla_len > left)
			return -EBADMSG;
		if ((attribute.nla_type & NLA_TYPE_MASK) == type) {
			if (attribute.nla_len < sizeof(attribute) + bytes)
				return -EBADMSG;
			memcpy(value, next + sizeof(attribute), bytes);
			return 1;
		}
		if ((size_t)NLA_ALIGN(attribute.nla_len) >= left)
			return 0;
		next += NLA_ALIGN(attribute.nla_len);
	}
	return 0;
}

static int is_generic(const struct nlmsghdr *message)
{
	return message->nlmsg_len >= sizeof(struct generic_message);
}

int netdev_parse_family(const struct nlmsghdr *message, uint16_t *family)
{
	if (message->nlmsg_type != GENL_ID_CTRL)
		return 0;
	if (!is_generic(message))
		return -EBADMSG;
	return find_attribute(message, CTRL_ATTR_FAMILY_ID, family, sizeof(*family));
}

int netdev_parse_xdp(const struct nlmsghdr *message, uint32_t ifindex, uint64_t *features)
{
	uint32_t about;
	int found;

	if (!is_generic(message))
		return -EBADMSG;
	found = find_attribute(message, NETDEV_ATTRIBUTE_IFINDEX, &about, sizeof(about));
	if (found <= 0 || about != ifindex)
		return found < 0 ? found : 0;
	return find_attribute(message, NETDEV_ATTRIBUTE_XDP, features, sizeof(*features));
}

/* --- XDP --- */

static int family_message(void *arg, const struct nlmsghdr *message)
{
	int found = netdev_parse_family(message, arg);

	return found < 0 ? found : 0;
}

/* 0 or a negative errno. */
static int find_family(uint16_t *family)
{
	struct {
		struct generic_message message;
		struct nlattr attribute;
		char name[NLA_ALIGN(sizeof(NETDEV_FAMILY))];
	} request = {
		.message = {.header = {.nlmsg_len = sizeof(request),
				       .nlmsg_type = GENL_ID_CTRL,
				       .nlmsg_flags = NLM_F_ACK},
			    .generic = {.cmd = CTRL_CMD_GETFAMILY, .version = 1}},
		.attribute = {.nla_len = sizeof(struct nlattr) + sizeof(NETDEV_FAMILY),
			      .nla_type = CTRL_ATTR_FAMILY_NAME},
		.name = NETDEV_FAMILY,
	};
	int err;

	*family = 0;
	err = rtnetlink_request_of(NETLINK_GENERIC, &request.message.header, family_message,
				   family);
	if (err == -ENOENT || (!err && !*family))
		return -EOPNOTSUPP;
	return err;
}

struct xdp_question {
	uint32_t ifindex;
	int answered;
	uint64_t features;
};

static int xdp_message(void *arg, const struct nlmsghdr *message)
{
	struct xdp_question *question = arg;
	int found = netdev_parse_xdp(message, question->ifindex, &question->features);

	question->answered |= found > 0;
	return found < 0 ? found : 0;
}

int netdev_xdp_features(uint32_t ifindex, uint64_t *features)
{
	struct {
		struct generic_message message;
		struct nlattr attribute;
		uint32_t ifindex;
	} request = {
		.message = {.header = {.nlmsg_len = sizeof(request), .nlmsg_flags = NLM_F_ACK},
			    .generic = {.cmd = NETDEV_COMMAND_GET,
					.version = NETDEV_FAMILY_VERSION}},
		.attribute = {.nla_len = sizeof(struct nlattr) + sizeof(ifindex),
			      .nla_type = NETDEV_ATTRIBUTE_IFINDEX},
		.ifindex = ifindex,
	};
	struct xdp_question question = {.ifindex = ifindex};
	int err = find_family(&request.message.header.nlmsg_type);

	if (!err)
		err = rtnetlink_request_of(NETLINK_GENERIC, &request.message.header, xdp_message,
					   &question);
	if (err)
		return err;
	*features = question.features;
	return question.answered ? 0 : -EOPNOTSUPP;
}

/* --- offloads --- */

static int ask(int fd, const char *name, void *question)
{
	struct ifreq request = {.ifr_data = question};

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	return ioctl(fd, SIOCETHTOOL, &request) ? -errno : 0;
}

/* How many features this kernel knows, or a negative errno. */
static int count_features(int fd, const char *name)
{
	/* The count is answered in the array of unknown length that ends the question. */
	_Alignas(struct ethtool_sset_info) unsigned char
		question[sizeof(struct ethtool_sset_info) + sizeof(uint32_t)] = {0};
	struct ethtool_sset_info *info = (struct ethtool_sset_info *)question;
	uint32_t count;
	int err;

	info->cmd = ETHTOOL_GSSET_INFO;
	info->sset_mask = 1ull << ETH_SS_FEATURES;
	err = ask(fd, name, question);
	if (err)
		return err;
	count = info->data[0];
	if (!info->sset_mask || !count || count > FEATURES_MAX)
		return -EOPNOTSUPP;
	return (int)count;
}

static int is_active(const struct ethtool_gfeatures *features, int number)
{
	return (int)features->size > number / 32 &&
	       features->features[number / 32].active >> number % 32 & 1;
}

static void note_feature(struct netdev_offloads *offloads, const char *feature, int active)
{
	const struct {
		const char *name;
		int *place;
	} known[] = {
		{"rx-lro", &offloads->lro},
		{"rx-gro-hw", &offloads->gro_hw},
		{"rx-gro", &offloads->gro},
		{"rx-vlan-hw-parse", &offloads->vlan},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strncmp(feature, known[i].name, ETH_GSTRING_LEN) == 0)
			*known[i].place = active;
	}
}

static int read_features(int fd, const char *name, int count, struct netdev_offloads *offloads)
{
	size_t blocks = ((size_t)count + 31) / 32;
	struct ethtool_gstrings *strings =
		calloc(1, sizeof(*strings) + (size_t)count * ETH_GSTRING_LEN);
	struct ethtool_gfeatures *features =
		calloc(1, sizeof(*features) + blocks * sizeof(features->features[0]));
	int err = strings && features ? 0 : -ENOMEM;

	if (!err) {
		strings->cmd = ETHTOOL_GSTRINGS;
		strings->string_set = ETH_SS_FEATURES;
		strings->len = (uint32_t)count;
		features->cmd = ETHTOOL_GFEATURES;
		features->size = (uint32_t)blocks;
		err = ask(fd, name, strings);
	}
	if (!err)
		err = ask(fd, name, features);
	for (int i = 0; !err && i < count && i < (int)strings->len; i++)
		note_feature(offloads, (const char *)strings->data + (size_t)i * ETH_GSTRING_LEN,
			     is_active(features, i));
	free(features);
	free(strings);
	return err;
}

int netdev_offloads(const char *name, struct netdev_offloads *offloads)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), count;

	memset(offloads, 0, sizeof(*offloads));
	if (fd < 0)
		return -errno;
	count = count_features(fd, name);
	if (count > 0)
		count = read_features(fd, name, count, offloads);
	close(fd);
	return count;
}
