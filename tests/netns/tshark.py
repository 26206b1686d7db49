# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What tshark 4.0.17 shows of IPFIX and NetFlow in a capture (-T json -J "udp cflow"), in the form of records.py.

It shows a message as a tree; sets, records and fields in the order of the wire. Keys occur more than once (the reverse
fields of a biflow have the names of the forward ones), so objects are read as lists of pairs.
"""
import functools
import ipaddress
import json
import re
import sys

from records import FLAGS_8, NOT_IN_REVERSE, NOT_IN_V5, OWN, Format, is_ipv6, milliseconds, reverse_keys

TSHARK_IPFIX = Format(OWN)
TSHARK_BIFLOW = Format({**NOT_IN_REVERSE, "record_id": "is of the forward direction"})
TSHARK_V9 = Format(OWN, FLAGS_8)
TSHARK_V5 = Format(
    {**NOT_IN_V5, **OWN, **dict.fromkeys(["icmp_type", "icmp_code"], "has no field of its own")},
    {
        **FLAGS_8,
        "destination_port": (
            lambda record: record["destination_port"] or record["icmp_type"] << 8 | record["icmp_code"],
            "holds type and code of ICMP",
        ),
    },
    left_out=is_ipv6,
)

FIRST_OPTIONS_TEMPLATE = 300


def find(pairs, name, default=None):
    return next((value for key, value in pairs if key == "cflow." + name), default)


@functools.lru_cache(maxsize=None)
def load(path):
    """(destination port or "tcp", message) of every message; tshark must have found no fault with any."""
    with open(path, encoding="utf-8") as lines:
        text = lines.read()
    if fault := re.search(r'"_ws\.(expert|malformed)', text):
        sys.exit(f"# {path}: tshark finds fault with this: ...{text[fault.start() - 1000:fault.end() + 1000]}")
    messages = []
    for frame in json.loads(text, object_pairs_hook=list):
        layers = dict(dict(frame)["_source"])["layers"]
        udp = next((value for key, value in layers if key == "udp"), [])
        port = next((int(value) for key, value in udp if key == "udp.dstport"), "tcp")
        messages += [(port, value) for key, value in layers if key == "cflow"]
    return messages


def messages_to(path, port):
    """port: a number, or "tcp" for all that went over connections."""
    return [message for to, message in load(path) if str(to) == port]


def data_sets(message):
    """(template id, records) of each."""
    for key, value in message:
        if re.fullmatch(r"(Flow)?Set \d+ \[id=\d+\] \(\d+ flows\)", key):
            yield int(find(value, "flowset_id")), [record for name, record in value if name.startswith("Flow ")]


def read_tshark(path, port):
    for message in messages_to(path, port):
        version = find(message, "version")
        boot = None if version == "10" else boot_ms(message)
        for key, pairs in message:
            if version == "5" and key.startswith("pdu "):
                yield from_fields(dict(pairs), boot)
        for template, records in data_sets(message):
            for pairs in records if template < FIRST_OPTIONS_TEMPLATE else ():
                yield from from_record(pairs, boot)


def boot_ms(message):
    """When NetFlow's sysUpTime was 0."""
    clock = find(message, "timestamp_tree")
    now = int(find(clock, "unix_secs")) * 1000 + int(find(clock, "unix_nsecs", "0")) // 1_000_000
    return now - uptime_ms(find(message, "sysuptime"))


def uptime_ms(seconds):
    whole, fraction = seconds.split(".")
    return int(whole) * 1000 + int(fraction[:3])


def from_record(pairs, boot):
    own = [value for name, value in pairs if name == "cflow.enterprise_private_entry"]
    community = {"community_id": bytes.fromhex(own[0].replace(":", "")).decode()} if own else {}
    names = [name for name, _ in pairs]
    middle = names.index("cflow.biflow_direction") if "cflow.biflow_direction" in names else len(names)
    forward = from_fields(dict(pairs[:middle]), boot)
    yield {**forward, **community}
    if middle < len(names):
        shared = [pair for pair in pairs[:middle] if "icmp" not in pair[0]]
        reverse = from_fields(dict(shared + pairs[middle:]), boot)
        yield {**reverse, **reverse_keys(forward), **community}


def from_fields(shown, boot):
    def number(name):
        return int(shown.get("cflow." + name, "0"), 0)

    def address(name):
        return ipaddress.ip_address(shown.get("cflow." + name) or shown["cflow." + name + "v6"])

    icmp = number("icmp_type_code_ipv4")
    return {
        "source": address("srcaddr"),
        "destination": address("dstaddr"),
        "protocol": number("protocol"),
        "source_port": number("srcport"),
        "destination_port": number("dstport"),
        "icmp_type": icmp >> 8 or number("icmp_ipv6_type"),
        "icmp_code": icmp & 0xFF or number("icmp_ipv6_code"),
        "packets": number("packets"),
        "octets": number("octets"),
        **times(shown["cflow.timedelta_tree"], boot),
        "tcp_flags": number("tcpflags"),
        "tos": number("tos"),
        "vlan": number("vlanid"),
        "post_vlan": number("post_vlanid"),
        "source_mac": shown.get("cflow.srcmac"),
        "destination_mac": shown.get("cflow.dstmac"),
        "ingress": number("inputint"),
        "egress": number("outputint"),
        "direction": number("direction"),
        "end_reason": number("flow_end_reason"),
        "ttl_min": number("ttl_min"),
        "flow_label": number("ipv6flowlabel"),
    }


def times(pairs, boot):
    if boot is None:
        texts = (find(pairs, name).removesuffix(" UTC") for name in ("abstimestart", "abstimeend"))
        start, end = (milliseconds(text, "%b %d, %Y %H:%M:%S") for text in texts)
    else:
        start, end = (boot + uptime_ms(find(pairs, name)) for name in ("timestart", "timeend"))
    return {"start_ms": start, "end_ms": end}
