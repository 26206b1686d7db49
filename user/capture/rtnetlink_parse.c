// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * From rtnetlink messages to plain structs, for interfaces.c and clsact.c.
 *
 * Every length is checked before it is used, numbers are copied out rather than pointed at, and
 * strings are bounded and always terminated. The kernel is trusted to mean well, not to have the
 * layout of the headers this was built with: unknown attributes are skipped, and what is missing is
 * 0, but for the name of a link, without which a message about it is useless.
 */
#include "capture/rtnetlink_parse.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/pkt_cls.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

struct attribute {
	uint16_t type;
	const unsigned char *data;
	size_t length;
};

struct attributes {
	const unsigned char *next;
	size_t left;
};

/* The attributes behind a family header of header_bytes; the header is there, and copied out. */
static int attributes_begin(const struct nlmsghdr *message, void *header, size_t header_bytes,
			    struct attributes *attributes)
{
	const unsigned char *payload = (const unsigned char *)message + NLMSG_HDRLEN;
	size_t length = message->nlmsg_len - NLMSG_HDRLEN;
	size_t skip = NLMSG_ALIGN(header_bytes);

	if (length < header_bytes)
		return -EBADMSG;
	memcpy(header, payload, header_bytes);
	if (skip > length)
		skip = length;
	attributes->next = payload + skip;
	attributes->left = length - skip;
	return 0;
}

/* 1: the next one; 0: no more; -EBADMSG. */
static int attributes_next(struct attributes *attributes, struct attribute *attribute)
{
	struct rtattr header;
	size_t step;

	if (attributes->left < sizeof(header))
		return 0;
	memcpy(&header, attributes->next, sizeof(header));
	if (header.rta_len < sizeof(header) || header.rta_len > attributes->left)
		return -EBADMSG;
	attribute->type = header.rta_type & NLA_TYPE_MASK;
	attribute->data = attributes->next + sizeof(header);
	attribute->length = header.rta_len - sizeof(header);
	step = RTA_ALIGN((size_t)header.rta_len);
	if (step > attributes->left)
		step = attributes->left;
	attributes->next += step;
	attributes->left -= step;
	return 1;
}

static int attribute_u32(const struct attribute *attribute, uint32_t *value)
{
	if (attribute->length < sizeof(*value))
		return -EBADMSG;
	memcpy(value, attribute->data, sizeof(*value));
	return 0;
}

static void attribute_string(const struct attribute *attribute, char *string, size_t size)
{
	size_t length = strnlen((const char *)attribute->data, attribute->length);

	if (length >= size)
		length = size - 1;
	memcpy(string, attribute->data, length);
	string[length] = '\0';
}

int rtnetlink_parse_link(const struct nlmsghdr *message, struct rtnetlink_link *link)
{
	struct attributes attributes;
	struct attribute attribute;
	struct ifinfomsg header;
	int err, more, wireless = 0;

	if (message->nlmsg_type != RTM_NEWLINK && message->nlmsg_type != RTM_DELLINK)
		return 0;
	err = attributes_begin(message, &header, sizeof(header), &attributes);
	if (err)
		return err;
	if (header.ifi_family != AF_UNSPEC)
		return 0;
	if (header.ifi_index <= 0)
		return -EBADMSG;
	memset(link, 0, sizeof(*link));
	link->ifindex = header.ifi_index;
	link->flags = header.ifi_flags;
	link->hardware_type = header.ifi_type;
	while ((more = attributes_next(&attributes, &attribute)) > 0) {
		switch (attribute.type) {
		case IFLA_IFNAME:
			attribute_string(&attribute, link->name, sizeof(link->name));
			break;
		case IFLA_IFALIAS:
			attribute_string(&attribute, link->alias, sizeof(link->alias));
			break;
		case IFLA_MTU:
			err = attribute_u32(&attribute, &link->mtu);
			break;
		case IFLA_LINK:
			err = attribute_u32(&attribute, &link->link_ifindex);
			break;
		case IFLA_WIRELESS:
			wireless = 1;
			break;
		}
		if (err)
			return err;
	}
	if (more < 0 || !link->name[0])
		return -EBADMSG;
	return !wireless;
}

static int multipath_parse(const struct attribute *attribute,
			   void (*carrier)(void *arg, uint32_t ifindex), void *arg)
{
	const unsigned char *next = attribute->data;
	size_t left = attribute->length, step;
	struct rtnexthop hop;

	while (left >= sizeof(hop)) {
		memcpy(&hop, next, sizeof(hop));
		if (hop.rtnh_len < sizeof(hop) || hop.rtnh_len > left)
			return -EBADMSG;
		if (hop.rtnh_ifindex > 0)
			carrier(arg, hop.rtnh_ifindex);
		step = RTNH_ALIGN((size_t)hop.rtnh_len);
		if (step > left)
			step = left;
		next += step;
		left -= step;
	}
	return left ? -EBADMSG : 0;
}

int rtnetlink_parse_default_route(const struct nlmsghdr *message,
				  void (*carrier)(void *arg, uint32_t ifindex), void *arg)
{
	struct attribute attribute, multipath = {};
	struct attributes attributes;
	uint32_t table, oif = 0;
	struct rtmsg header;
	int err, more;

	if (message->nlmsg_type != RTM_NEWROUTE)
		return 0;
	err = attributes_begin(message, &header, sizeof(header), &attributes);
	if (err)
		return err;
	if ((header.rtm_family != AF_INET && header.rtm_family != AF_INET6) ||
	    header.rtm_dst_len != 0 || header.rtm_type != RTN_UNICAST ||
	    header.rtm_flags & RTM_F_CLONED)
		return 0;
	table = header.rtm_table;
	while ((more = attributes_next(&attributes, &attribute)) > 0) {
		switch (attribute.type) {
		case RTA_TABLE:
			err = attribute_u32(&attribute, &table);
			break;
		case RTA_OIF:
			err = attribute_u32(&attribute, &oif);
			break;
		case RTA_MULTIPATH:
			multipath = attribute;
			break;
		}
		if (err)
			return err;
	}
	if (more < 0)
		return more;
	if (table != RT_TABLE_MAIN)
		return 0;
	if (oif)
		carrier(arg, oif);
	err = multipath_parse(&multipath, carrier, arg);
	return err ? err : 1;
}

static int filter_options(const struct attribute *options, struct rtnetlink_filter *filter)
{
	struct attributes attributes = {.next = options->data, .left = options->length};
	struct attribute attribute;
	int err, more;

	while ((more = attributes_next(&attributes, &attribute)) > 0) {
		if (attribute.type == TCA_BPF_NAME) {
			attribute_string(&attribute, filter->name, sizeof(filter->name));
		} else if (attribute.type == TCA_BPF_ID) {
			err = attribute_u32(&attribute, &filter->program_id);
			if (err)
				return err;
		}
	}
	return more;
}

int rtnetlink_parse_filter(const struct nlmsghdr *message, struct rtnetlink_filter *filter)
{
	struct attribute attribute, options = {};
	struct attributes attributes;
	struct tcmsg header;
	int err, more;

	if (message->nlmsg_type != RTM_NEWTFILTER)
		return 0;
	err = attributes_begin(message, &header, sizeof(header), &attributes);
	if (err)
		return err;
	memset(filter, 0, sizeof(*filter));
	filter->handle = header.tcm_handle;
	filter->priority = TC_H_MAJ(header.tcm_info) >> 16;
	filter->protocol = ntohs(TC_H_MIN(header.tcm_info));
	while ((more = attributes_next(&attributes, &attribute)) > 0) {
		switch (attribute.type) {
		case TCA_KIND:
			attribute_string(&attribute, filter->kind, sizeof(filter->kind));
			break;
		case TCA_CHAIN:
			err = attribute_u32(&attribute, &filter->chain);
			break;
		case TCA_OPTIONS:
			options = attribute;
			break;
		}
		if (err)
			return err;
	}
	if (more < 0)
		return more;
	if (strcmp(filter->kind, "bpf") == 0)
		err = filter_options(&options, filter);
	return err ? err : 1;
}

int rtnetlink_parse_qdisc(const struct nlmsghdr *message, char kind[16])
{
	struct attributes attributes;
	struct attribute attribute;
	struct tcmsg header;
	int err, more;

	if (message->nlmsg_type != RTM_NEWQDISC)
		return 0;
	err = attributes_begin(message, &header, sizeof(header), &attributes);
	if (err)
		return err;
	kind[0] = '\0';
	while ((more = attributes_next(&attributes, &attribute)) > 0)
		if (attribute.type == TCA_KIND)
			attribute_string(&attribute, kind, 16);
	if (more < 0)
		return more;
	return kind[0] != '\0';
}
