#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Adds up flow records for the shell tests.

flows.py FILE VALUE... [where FIELD=TEXT...]

VALUE is count, sum:FIELD, min:FIELD, max:FIELD, or:FIELD (bitwise or) or set:FIELD (distinct values, sorted, joined by
commas); the answers come on one line. Every line of the file must be one JSON object with the fields and types that
goflow2 writes, or the program fails: a torn or malformed line is never skipped over.
"""
import json
import sys

INTEGERS = """time_received_ns sequence_num sampling_rate time_flow_start_ns time_flow_end_ns bytes packets src_port
dst_port in_if out_if src_vlan vlan_id dst_vlan ip_tos forwarding_status ip_ttl ip_flags tcp_flags icmp_type icmp_code
ipv6_flow_label fragment_id fragment_offset src_as dst_as next_hop_as observation_domain_id
observation_point_id""".split()
TEXTS = """type sampler_address src_addr dst_addr etype proto src_mac dst_mac next_hop src_net dst_net bgp_next_hop
flow_id host direction flow_end_reason community_id""".split()


def read_records(path):
    seen = set()
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                record = json.loads(line)
            except ValueError as error:
                sys.exit(f"{path}:{number}: not JSON: {error}: {line!r}")
            for field in INTEGERS:
                if type(record.get(field)) is not int:
                    sys.exit(f"{path}:{number}: {field} is not an integer: {record.get(field)!r}")
            for field in TEXTS:
                if type(record.get(field)) is not str:
                    sys.exit(f"{path}:{number}: {field} is not a string: {record.get(field)!r}")
            if record["time_flow_start_ns"] > record["time_flow_end_ns"]:
                sys.exit(f"{path}:{number}: ends before it starts: {line}")
            if record["packets"] == 0:
                sys.exit(f"{path}:{number}: a record without packets: {line}")
            if record["flow_id"] in seen:
                sys.exit(f"{path}:{number}: flow_id {record['flow_id']} is not unique")
            seen.add(record["flow_id"])
            yield record


def answer(records, value):
    if value == "count":
        return len(records)
    operation, field = value.split(":")
    values = [record.get(field, 0) for record in records]
    if operation == "sum":
        return sum(values)
    if operation == "or":
        total = 0
        for number in values:
            total |= number
        return total
    if operation in ("min", "max"):
        return (min if operation == "min" else max)(values, default=0)
    if operation == "set":
        return ",".join(sorted({str(text) for text in values}))
    sys.exit(f"unknown value {value}")


def main(arguments):
    wanted, conditions = arguments[1:], []
    if "where" in wanted:
        split = wanted.index("where")
        wanted, conditions = wanted[:split], [pair.split("=", 1) for pair in wanted[split + 1:]]
    records = [
        record
        for record in read_records(arguments[0])
        if all(str(record.get(field)) == text for field, text in conditions)
    ]
    print(*(answer(records, value) for value in wanted))


if __name__ == "__main__":
    main(sys.argv[1:])
