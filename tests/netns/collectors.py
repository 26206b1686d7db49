#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Compares what collectors decoded with what was exported, for the shell tests. Prints nothing if all is as it should be.

collectors.py crafted REFERENCE CRAFTED    the reference has the flows that inject made, and no others from its addresses
collectors.py same REFERENCE FORMAT[*N]=PATH[,PORT]...
                                           each source shows exactly the records of the reference, counters N-fold
collectors.py partly REFERENCE LOST FORMAT=PATH...
                                           the sources together show each record of the reference once, but LOST of them
collectors.py late REFERENCE FOLDER        how long after the JSON exporter nfcapd got a record, at most, in ms
collectors.py told TSHARK PORT             the interfaces and flows (by destination port) in messages, in their order
collectors.py miscounted TSHARK PORT       how many sequence errors nfcapd 1.7.1 will count in these IPFIX messages

The reference is the output of the JSON exporter.
"""
import collections
import ipaddress
import json
import shlex
import sys

import elements
import flows
import readers
import records
import tshark

SOURCES = {
    "nfdump-ipfix": (readers.read_nfdump, readers.NFDUMP_IPFIX),
    "nfdump-biflow": (readers.read_nfdump, readers.NFDUMP_BIFLOW),
    "nfdump-v9": (readers.read_nfdump, readers.NFDUMP_V9),
    "nfdump-v5": (readers.read_nfdump, readers.NFDUMP_V5),
    "nfacctd": (readers.read_nfacctd, readers.NFACCTD),
    "ipfixdump": (elements.read_ipfixdump, elements.UNIFLOW),
    "ipfixdump-own": (elements.read_ipfixdump, elements.UNIFLOW_OWN),
    "ipfixdump-biflow": (elements.read_ipfixdump, elements.BIFLOW),
    "ipfixdump-biflow-own": (elements.read_ipfixdump, elements.BIFLOW_OWN),
    "ipfix_check": (elements.read_ipfix_check, elements.UNIFLOW),
    "ipfix_check-own": (elements.read_ipfix_check, elements.UNIFLOW_OWN),
    "ipfix_check-biflow": (elements.read_ipfix_check, elements.BIFLOW),
    "ipfix_check-biflow-own": (elements.read_ipfix_check, elements.BIFLOW_OWN),
    "tshark-ipfix": (tshark.read_tshark, tshark.TSHARK_IPFIX),
    "tshark-biflow": (tshark.read_tshark, tshark.TSHARK_BIFLOW),
    "tshark-v9": (tshark.read_tshark, tshark.TSHARK_V9),
    "tshark-v5": (tshark.read_tshark, tshark.TSHARK_V5),
}


def same(reference_path, *arguments):
    reference = records.read_reference(reference_path)
    good = bool(reference)
    for argument in arguments:
        kind, _, place = argument.partition("=")
        kind, _, scale = kind.partition("*")
        read, form = SOURCES[kind]
        path, _, port = place.partition(",")
        decoded = read(path, port) if port else read(path)
        good &= records.compare(argument, form, scaled(reference, int(scale or 1)), decoded)
    return good


def partly(reference_path, lost, *arguments):
    reference, decoded = records.read_reference(reference_path), []
    for argument in arguments:
        kind, _, path = argument.partition("=")
        read, form = SOURCES[kind]
        decoded += read(path)
    wanted, got = form.wanted(reference), form.got(decoded)
    if wanted.total() - got.total() == int(lost) and not got - wanted:
        return True
    print(f"# {got.total()} of {wanted.total()} records, and {(got - wanted).total()} too many; {lost} are said to be lost")
    return False


def late(reference_path, folder):
    """Records here are of one packet each, so that port and time tell them apart."""

    def key(record):
        return record["source_port"], record["destination_port"], record["start_ms"]

    exported = {
        key(records.from_json(line)): line["time_received_ns"] // 1_000_000 for line in flows.read_records(reference_path)
    }
    print(max(record["received_ms"] - exported[key(record)] for record in readers.read_nfdump(folder)))
    return True


def scaled(reference, factor):
    return [{**record, **{field: record[field] * factor for field in records.COUNTERS}} for record in reference]


# --- what inject made ---

INJECT_DEFAULTS = {
    "--count": "1", "--flows": "1", "--proto": "udp", "--sport": "1234", "--dport": "5678", "--tcp-flags": "0x10",
    "--icmp-type": "0", "--icmp-code": "0", "--ttl": "64", "--tos": "0", "--flow-label": "0", "--vlan": "0",
    "--qinq": "0", "--smac": "02:00:5e:10:00:01", "--dmac": "02:00:5e:10:00:02",
}  # fmt: skip
INJECT_ADDRESSES = {4: ("192.0.2.1", "198.51.100.2"), 6: ("2001:db8::1", "2001:db8:ffff::2")}
INJECT_PROTOCOLS = {
    "udp": records.UDP, "tcp": records.TCP, "icmp": records.ICMP, "icmpv6": records.ICMPV6, "udplite": 136,
    "sctp": 132, "dccp": 33,
}  # fmt: skip
CHECKED = """source destination protocol source_port destination_port icmp_type icmp_code packets octets tcp_flags tos vlan
source_mac destination_mac direction ttl_min flow_label""".split()
TICK_MS = 10  # the kernel's clock for all but the first packet


def read_options(words):
    options, words = dict(INJECT_DEFAULTS), collections.deque(words)
    while words:
        name = words.popleft()
        options[name] = words.popleft() if words and not words[0].startswith("--") else "yes"
    return options


def crafted_flows(line):
    """The flows of one line of CRAFTED: DIRECTION BEFORE_MS AFTER_MS SAID OPTIONS..."""
    direction, before, after, said, *words = shlex.split(line)
    options, said = read_options(words), json.loads(said)

    def number(name):
        return int(options[name], 0)

    count = number("--flows")
    assert said["packets"] % count == 0 and said["octets"] % count == 0, line
    addresses = INJECT_ADDRESSES[6 if "--ipv6" in options else 4]
    protocol = INJECT_PROTOCOLS.get(options["--proto"])
    ported = protocol is not None and "icmp" not in options["--proto"]
    for i in range(count):
        yield {
            "source": ipaddress.ip_address(options.get("--src", addresses[0])),
            "destination": ipaddress.ip_address(options.get("--dst", addresses[1])),
            "protocol": number("--proto") if protocol is None else protocol,
            "source_port": number("--sport") + i if ported else 0,
            "destination_port": number("--dport") if ported else 0,
            "icmp_type": number("--icmp-type"),
            "icmp_code": number("--icmp-code"),
            "packets": said["packets"] // count,
            "octets": said["octets"] // count,
            "tcp_flags": number("--tcp-flags") if protocol == records.TCP else 0,
            "tos": number("--tos"),
            "vlan": number("--qinq") or number("--vlan") & 0xFFF,
            "source_mac": options["--smac"],
            "destination_mac": options["--dmac"],
            "direction": {"ingress": 0, "egress": records.EGRESS}[direction],
            "ttl_min": number("--ttl"),
            "flow_label": number("--flow-label"),
            "window": (int(before) - TICK_MS, int(after) + TICK_MS),
        }


def crafted(reference_path, crafted_path):
    with open(crafted_path, encoding="utf-8") as lines:
        made = [flow for line in lines for flow in crafted_flows(line)]
    sources = {flow["source"] for flow in made}
    seen = [record for record in records.read_reference(reference_path) if record["source"] in sources]
    missing = dict.fromkeys(set(records.FIELDS) - set(CHECKED), "is not inject's to say")
    good = records.compare("crafted flows", records.Format(missing), made, seen)
    windows = {key(flow): flow["window"] for flow in made}
    for record in seen:
        start, end = windows.get(key(record), (0, 1 << 63))
        if not start <= record["start_ms"] <= record["end_ms"] <= end:
            print(f"# not between {start} and {end}: {record}")
            good = False
    return good


def key(record):
    return tuple(record[field] for field in CHECKED)


# --- nfcapd's sequence errors ---


def miscounted(path, port):
    """
    nfcapd expects the sequence number to count flow records alone, where RFC 7011 has it count those of options too. So it
    reports an error at each message that follows options, but takes any number for the first after which it sees flows.
    """
    expected, knows_flows, errors = collections.Counter(), set(), 0
    for message in tshark.messages_to(path, port):
        domain, sequence = tshark.find(message, "od_id"), int(tshark.find(message, "sequence"))
        errors += domain in knows_flows and sequence != expected[domain]
        expected[domain] = sequence
        for template, found in tshark.data_sets(message):
            if template < tshark.FIRST_OPTIONS_TEMPLATE:
                expected[domain] += len(found)
                knows_flows.add(domain)
    print(errors)
    return True


# --- interfaces ---


def told(path, port):
    words = []
    for message in tshark.messages_to(path, port):
        for _, found in tshark.data_sets(message):
            for pairs in found:
                name, description = (tshark.find(pairs, field) for field in ("if_name", "if_descr"))
                if name:
                    words.append(f"{name},{description}".replace(" ", "_"))
                elif flow := tshark.find(pairs, "dstport"):
                    words.append(flow)
    print(*words)
    return True


def main(command, *arguments):
    commands = {"crafted": crafted, "same": same, "miscounted": miscounted, "told": told, "partly": partly, "late": late}
    sys.exit(0 if commands[command](*arguments) else 1)


main(*sys.argv[1:])
