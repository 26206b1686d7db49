# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What nfdump 1.7.1 and nfacctd 1.7.7 print, in the form of records.py, and what they can show of a record."""
import ipaddress
import json
import re
import subprocess

from records import FLAGS_8, NOT_IN_REVERSE, NOT_IN_V5, OWN, Format, is_ipv6, reverse_keys

# --- nfdump ---

NOT_IN_NFDUMP = {"ttl_min": "is not stored", "flow_label": "is not stored", **OWN}
NFDUMP_IPFIX = Format(NOT_IN_NFDUMP, FLAGS_8)
NFDUMP_V9 = Format({**NOT_IN_NFDUMP, "end_reason": "is read in IPFIX only"}, FLAGS_8)
NFDUMP_V5 = Format({**NOT_IN_NFDUMP, **NOT_IN_V5}, FLAGS_8, left_out=is_ipv6)
# Of the reverse direction it takes the counters alone.
NFDUMP_BIFLOW = Format(
    {
        **NOT_IN_NFDUMP,
        **NOT_IN_REVERSE,
        **dict.fromkeys(
            "icmp_type icmp_code start_ms end_ms tcp_flags tos ingress egress direction end_reason".split(),
            "of the reverse direction is not stored",
        ),
    }
)


def read_nfdump(folder):
    command = ["nfdump", "-q", "-R", folder, "-o", "raw"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    for block in text.split("Flow Record:")[1:]:
        # "  src port     =              1236", "  tcp flags    =              0x12 ...A..S."
        lines = re.findall(r"^  (\S.*?) += +(\S+)", block, re.MULTILINE)
        yield from from_nfdump(dict(lines))


def from_nfdump(shown):
    def number(name):
        return int(shown.get(name, "0"), 0)

    icmp_type, icmp_code = shown.get("ICMP", "0.0").split(".")
    record = {
        "source": ipaddress.ip_address(shown["src addr"]),
        "destination": ipaddress.ip_address(shown["dst addr"]),
        "protocol": number("proto"),
        "source_port": number("src port"),
        "destination_port": number("dst port"),
        "icmp_type": int(icmp_type),
        "icmp_code": int(icmp_code),
        "packets": number("in packets"),
        "octets": number("in bytes"),
        "start_ms": number("first"),
        "end_ms": number("last"),
        "tcp_flags": number("tcp flags"),
        "tos": number("src tos"),
        "vlan": number("src vlan"),
        "post_vlan": number("dst vlan"),
        "source_mac": shown.get("in src mac"),
        "destination_mac": shown.get("in dst mac"),
        "ingress": number("input"),
        "egress": number("output"),
        "direction": number("direction"),
        "end_reason": number("end reason"),
        "received_ms": number("received at"),
    }
    yield record
    if "out packets" in shown:
        yield {**reverse_keys(record), "protocol": record["protocol"], "packets": number("out packets"),
               "octets": number("out bytes")}  # fmt: skip


# --- nfacctd ---

NFACCTD = Format(
    {
        **dict.fromkeys(
            "icmp_type icmp_code direction end_reason ttl_min flow_label".split(), "has no primitive in 1.7.7"
        ),
        "post_vlan": "is a fallback for the primitive vlan",
        **OWN,
    },
    {"tcp_flags": (lambda record: 0, "of two octets it takes the first; corrected in 1.7.8")},
    merges=True,
)


NFACCTD_PROTOCOLS = {"icmp": 1, "igmp": 2, "tcp": 6, "udp": 17, "gre": 47, "esp": 50, "ipv6-icmp": 58, "ospf": 89, "sctp": 132}


def read_nfacctd(path):
    """Output of the print plugin with the aggregate of collectors.sh."""
    with open(path, encoding="utf-8") as lines:
        for line in map(json.loads, lines):
            protocol = line["ip_proto"]
            yield {
                "source": ipaddress.ip_address(line["ip_src"]),
                "destination": ipaddress.ip_address(line["ip_dst"]),
                "protocol": NFACCTD_PROTOCOLS.get(protocol) or int(protocol),
                "source_port": line["port_src"],
                "destination_port": line["port_dst"],
                "packets": line["packets"],
                "octets": line["bytes"],
                "start_ms": int(line["timestamp_start"].replace(".", "")) // 1000,  # SECONDS.MICROSECONDS
                "end_ms": int(line["timestamp_end"].replace(".", "")) // 1000,
                "tcp_flags": int(line["tcp_flags"]),
                "tos": line["tos"],
                "vlan": line["vlan"],
                "source_mac": line["mac_src"],
                "destination_mac": line["mac_dst"],
                "ingress": line["iface_in"],
                "egress": line["iface_out"],
            }
