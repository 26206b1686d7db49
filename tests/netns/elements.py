# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What decoders print that call IPFIX's elements by their names, in the form of records.py: ipfixDump 2.4.1 of libfixbuf,
and our own ipfix_check.
"""
import ipaddress
import json
import re

from records import NOT_IN_REVERSE, OWN, Format, milliseconds, reverse_keys

UNIFLOW = Format(OWN)
UNIFLOW_OWN = Format({})
BIFLOW = Format({**NOT_IN_REVERSE, **OWN})
BIFLOW_OWN = Format(NOT_IN_REVERSE)

FIRST_OPTIONS_TEMPLATE = 300
DATE = "%Y-%m-%d %H:%M:%S"


def ipfixdump_records(path):
    """(template id, {name: text}) of each data record in what `ipfixDump --data` printed."""
    with open(path, encoding="utf-8") as text:
        blocks = text.read().split("\n--- data record ")[1:]
    for block in blocks:
        # "\t(10) (S)     ingressInterface : 2", "\t(82)     interfaceName : (len: 2) a0"
        fields = re.findall(r"^\t\([\d/]+\) (?:\(S\))? *(\w+) : (?:\(len: \d+\) ?)?(.*)$", block, re.MULTILINE)
        yield int(re.search(r"\btid: +(\d+)", block)[1]), dict(fields)


def ipfix_check_records(path):
    """(template id, {name: value}) of each data record that `ipfix_check --records` printed."""
    with open(path, encoding="utf-8") as lines:
        for record in map(json.loads, lines):
            yield record["_template"], record


def read_ipfixdump(path):
    return read(ipfixdump_records(path))


def read_ipfix_check(path):
    return read(ipfix_check_records(path))


def read(records):
    for template, shown in records:
        if template < FIRST_OPTIONS_TEMPLATE:
            yield from from_record(shown)


def from_record(shown):
    forward = from_elements(shown)
    yield forward
    reverse = {name[7].lower() + name[8:]: value for name, value in shown.items() if re.match("reverse[A-Z]", name)}
    if "octetDeltaCount" in reverse:
        shared = {name: value for name, value in shown.items() if not name.startswith("icmpTypeCode")}
        yield {**from_elements({**shared, **reverse}), **reverse_keys(forward)}


def from_elements(shown):
    def number(name):
        return int(shown.get(name, 0))

    def time(name):
        value = shown[name]
        return value if isinstance(value, int) else milliseconds(value, DATE)

    icmp = number("icmpTypeCodeIPv4") or number("icmpTypeCodeIPv6")
    return {
        "source": ipaddress.ip_address(shown.get("sourceIPv4Address") or shown["sourceIPv6Address"]),
        "destination": ipaddress.ip_address(shown.get("destinationIPv4Address") or shown["destinationIPv6Address"]),
        "protocol": number("protocolIdentifier"),
        "source_port": number("sourceTransportPort"),
        "destination_port": number("destinationTransportPort"),
        "icmp_type": icmp >> 8,
        "icmp_code": icmp & 0xFF,
        "packets": number("packetDeltaCount"),
        "octets": number("octetDeltaCount"),
        "start_ms": time("flowStartMilliseconds"),
        "end_ms": time("flowEndMilliseconds"),
        "tcp_flags": number("tcpControlBits"),
        "tos": number("ipClassOfService"),
        "vlan": number("vlanId"),
        "post_vlan": number("postVlanId"),
        "source_mac": shown["sourceMacAddress"],
        "destination_mac": shown["destinationMacAddress"],
        "ingress": number("ingressInterface"),
        "egress": number("egressInterface"),
        "direction": number("flowDirection"),
        "end_reason": number("flowEndReason"),
        "ttl_min": number("minimumTTL"),
        "flow_label": number("flowLabelIPv6"),
        "community_id": shown.get("communityId"),
        "record_id": (number("agentInstanceId"), number("flowRecordId")),
    }
