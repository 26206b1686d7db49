#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Compares what a double of OpenObserve holds with the probe's own JSON file.

    openobserve.py unique HELD                  how many different records there are
    openobserve.py repeated HELD                how many came more than once
    openobserve.py same REFERENCE HELD          each held record is one of the reference, field by field, or said why not
    openobserve.py missing REFERENCE HELD       how many records of the reference are not held
    openobserve.py ordered REFERENCE HELD       whether they came in the order of the reference
    openobserve.py restamped HELD               how many have another time than that of their end
    openobserve.py spooled DIRECTORY            the flow_id of each record in a spool's files, in their order
    openobserve.py held HELD                    the flow_id of each record, in their order

REFERENCE may be several files, separated by commas. HELD is DIR/ORG/STREAM.ndjson of the double. Prints the answer;
exits with 1 where the comparison does not hold.
"""
import json
import os
import sys
import zlib

OWN = {"time_received_ns", "sequence_num", "_timestamp"}  # of each exporter
HOLDER = {"_all"}  # added by the server


def read_lines(path):
    try:
        with open(path, encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]
    except FileNotFoundError:
        return []


def read_reference(paths):
    return {record["flow_id"]: record for path in paths.split(",") for record in read_lines(path)}


def ids(records):
    return [record["flow_id"] for record in records]


def first_ones(records):
    return list(dict.fromkeys(ids(records)))


def unique(held):
    print(len(set(ids(read_lines(held)))))
    return True


def repeated(held):
    records = ids(read_lines(held))
    print(len(records) - len(set(records)))
    return True


def own_time(record):
    return max(record["time_flow_end_ns"] // 1000, 1)


def same(reference, held):
    known = read_reference(reference)
    for record in read_lines(held):
        wanted = known.get(record["flow_id"])
        if wanted is None:
            print(f"# a record that was not exported: {record['flow_id']}")
            return False
        got = {field: value for field, value in record.items() if field not in OWN | HOLDER}
        wanted = {field: value for field, value in wanted.items() if field not in OWN}
        if got != wanted:
            print(f"# {record['flow_id']} differs in {dict(got.items() ^ wanted.items())}")
            return False
    return True


def missing(reference, held):
    print(len(set(read_reference(reference)) - set(ids(read_lines(held)))))
    return True


def ordered(reference, held):
    place = {flow_id: i for i, flow_id in enumerate(read_reference(reference))}
    places = [place[flow_id] for flow_id in first_ones(read_lines(held))]
    for before, after in zip(places, places[1:]):
        if after < before:
            print(f"# record {after} came after record {before}")
            return False
    return True


def restamped(held):
    print(sum(record["_timestamp"] != own_time(record) for record in read_lines(held)))
    return True


def spooled(directory):
    for name in sorted(os.listdir(directory)):
        if not name.endswith(".batch"):
            continue
        with open(os.path.join(directory, name), "rb") as file:
            text = zlib.decompress(file.read(), wbits=47)
        records = json.loads(text if text.lstrip().startswith(b"[") else b"[" + text.rstrip().rstrip(b",") + b"]")
        promised = int(name.split("-")[1])
        if len(records) != promised:
            print(f"# {name} has {len(records)} records")
            return False
        print(*ids(records), sep="\n")
    return True


def held(path):
    print(*ids(read_lines(path)), sep="\n")
    return True


def main(command, *arguments):
    commands = {"unique": unique, "repeated": repeated, "same": same, "missing": missing, "ordered": ordered,
                "restamped": restamped, "spooled": spooled, "held": held}
    return 0 if commands[command](*arguments) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
