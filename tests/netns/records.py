# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Flow records in one form, whoever decoded them, and how they are compared.

A record is a dict with these FIELDS; one that its source does not tell is left out. Addresses are ipaddress objects, so
that spelling does not matter; times are whole milliseconds, as exported.

A Format says which fields a source can show (all that are not in `missing`), and which it shows otherwise than they were
exported (`altered`); both with the reason, because each exception is a place where an error could hide.
"""
import collections
import datetime
import functools
import ipaddress

import flows

FIELDS = """source destination protocol source_port destination_port icmp_type icmp_code packets octets start_ms end_ms
tcp_flags tos vlan post_vlan source_mac destination_mac ingress egress direction end_reason ttl_min flow_label
community_id record_id""".split()
COUNTERS = ("packets", "octets")

ICMP, TCP, UDP, ICMPV6 = 1, 6, 17, 58
EGRESS = 1
END_REASONS = {"idle": 1, "active": 2, "end": 3, "forced": 4, "resources": 5}

# Of those that the tests send, in goflow2's spelling.
PROTOCOLS = {
    "ICMP": ICMP,
    "IGMP": 2,
    "TCP": TCP,
    "UDP": UDP,
    "DCCP": 33,
    "GRE": 47,
    "ESP": 50,
    "IPv6-ICMP": ICMPV6,
    "OSPFIGP": 89,
    "SCTP": 132,
    "UDPLite": 136,
    "reserved": 255,
}


def from_json(line):
    """What a collector should show of what the JSON exporter wrote."""
    instance, number = line["flow_id"].split("-")
    return {
        "source": ipaddress.ip_address(line["src_addr"]),
        "destination": ipaddress.ip_address(line["dst_addr"]),
        "protocol": PROTOCOLS[line["proto"]],
        "source_port": line["src_port"],
        "destination_port": line["dst_port"],
        "icmp_type": line["icmp_type"],
        "icmp_code": line["icmp_code"],
        "packets": line["packets"],
        "octets": line["bytes"],
        "start_ms": line["time_flow_start_ns"] // 1_000_000,
        "end_ms": line["time_flow_end_ns"] // 1_000_000,
        "tcp_flags": line["tcp_flags"],
        "tos": line["ip_tos"],
        "vlan": line["vlan_id"],
        "post_vlan": line["dst_vlan"],
        "source_mac": line["src_mac"],
        "destination_mac": line["dst_mac"],
        "ingress": line["in_if"],
        "egress": line["out_if"],
        "direction": {"ingress": 0, "egress": EGRESS}[line["direction"]],
        "end_reason": END_REASONS[line["flow_end_reason"]],
        "ttl_min": line["ip_ttl"],
        "flow_label": line["ipv6_flow_label"],
        "community_id": line["community_id"],
        "record_id": (int(instance, 16), int(number)),
    }


def read_reference(path):
    return [from_json(line) for line in flows.read_records(path)]


def is_ipv6(record):
    return record["source"].version == 6


def reverse_keys(record):
    """The keys that the other direction of a conversation has; for ICMP they are not known."""
    return {
        "source": record["destination"],
        "destination": record["source"],
        "source_port": record["destination_port"],
        "destination_port": record["source_port"],
    }


def milliseconds(text, form):
    """A time of day in UTC, with any number of decimals, without the rounding of a float."""
    whole, _, fraction = text.partition(".")
    return seconds(whole, form) * 1000 + int(fraction[:3].ljust(3, "0"))


@functools.lru_cache
def seconds(text, form):
    return int(datetime.datetime.strptime(text, form).replace(tzinfo=datetime.timezone.utc).timestamp())


class Format:
    """What a source can show.

    left_out: says of a record of the reference whether the protocol cannot carry it.
    merges: the source adds up records that agree in everything else it shows.
    """

    def __init__(self, missing, altered=None, left_out=None, merges=False):
        self.altered = altered or {}  # field: (function of the reference's record, why)
        self.left_out = left_out or (lambda record: False)
        self.merges = merges
        self.fields = [field for field in FIELDS if field not in missing]
        assert all(field in FIELDS for field in [*missing, *self.altered])

    def wanted(self, reference):
        return self.collect(
            [self.altered[field][0](record) if field in self.altered else record[field] for field in self.fields]
            for record in reference
            if not self.left_out(record)
        )

    def got(self, decoded):
        return self.collect([record.get(field) for field in self.fields] for record in decoded)

    def collect(self, views):
        if not self.merges:
            return collections.Counter(map(tuple, views))
        counters = [self.fields.index(field) for field in COUNTERS]
        sums = collections.defaultdict(lambda: [0] * len(counters))
        for view in views:
            numbers = [view.pop(position) for position in reversed(counters)]
            sums[tuple(view)] = [a + b for a, b in zip(sums[tuple(view)], numbers)]
        return collections.Counter((*view, *numbers) for view, numbers in sums.items())


# What several sources have in common.
FLAGS_8 = {"tcp_flags": (lambda record: record["tcp_flags"] & 0xFF, "has 8 bits for them")}
NOT_IN_V5 = dict.fromkeys(
    "vlan post_vlan source_mac destination_mac direction end_reason ttl_min flow_label".split(), "is not in v5"
)
NOT_IN_REVERSE = dict.fromkeys("vlan post_vlan source_mac destination_mac".split(), "is told once for both directions")
OWN = dict.fromkeys(["community_id", "record_id"], "is an element of our own")


def compare(name, form, reference, decoded):
    """Whether the source shows every record of the reference as often as it is there, and no other."""
    wanted, got = form.wanted(reference), form.got(decoded)
    lost, foreign = wanted - got, got - wanted
    if not lost and not foreign:
        return True
    print(f"# {name}: of {wanted.total()} records {lost.total()} are not there, {foreign.total()} others are")
    print("#   " + " ".join(form.fields))
    for what, views in (("lost", lost), ("other", foreign)):
        for view in sorted(views, key=str)[:3]:
            print(f"#   {what}: " + " ".join(map(str, view)))
    return False
