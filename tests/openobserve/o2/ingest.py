# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Ingestion of records: /_json and /_multi. The server's other protocols are not here.

A request is answered 200 with counts once its body could be read. What the counts hide is imitated as carefully as
what they show: a batch with too many columns vanishes with both at 0, and one with a column of a type that cannot be
stored vanishes after it was counted as successful.

A realtime pipeline takes the place of the stream: its records go where the pipeline's outputs say, once for each
output, and two pipelines on one stream double them. Functions are not run; they pass on what they get.
"""
from . import columns, jsontext, timestamps
from .answer import json_answer, message
from .flatten import NotAnObject, flatten
from .pipelines import outputs_of
from .streams import TIMESTAMP, find, make, tidy_name

RAW = object()  # as the body of a route: octets
ENDINGS = ("/_json", "/_multi")
HOUR_US = 3_600_000_000
TOO_OLD = ("Too old data, only last {} hours data can be ingested. Data discarded. You can adjust ingestion max time "
           "by setting the environment variable ZO_INGEST_ALLOWED_UPTO=<max_hours>")
TOO_FAR = ("Too far data, only future {} hours data can be ingested. Data discarded. You can adjust ingestion max time "
           "by setting the environment variable ZO_INGEST_ALLOWED_IN_FUTURE=<max_hours>")


class OutsideWindow(Exception):
    pass


class Status:
    """One element of the answer's `status`. Only the last error is told."""

    def __init__(self, name):
        self.name = name
        self.successful = self.failed = self.stored = 0
        self.error = ""

    def fail(self, error):
        self.failed += 1
        self.error = str(error)

    def as_dict(self):
        counts = {"name": self.name, "successful": self.successful, "failed": self.failed}
        return {**counts, "error": self.error} if self.error else counts


def read_array(octets):
    """A body that is no array is one record, of which it is found out later whether it is an object."""
    value = jsontext.parse(octets)
    return value if isinstance(value, list) else [value]


def read_lines(octets):
    return [jsontext.parse(line) for line in octets.split(b"\n") if line.strip()]


def count_records(path, octets):
    return len(read_lines(octets) if path.endswith("/_multi") else read_array(octets))


def post_json(call):
    return ingest(call, read_array, lambda error: f"SerdeJsonError# {error}")


def post_multi(call):
    return ingest(call, read_lines, lambda error: f"Error# Failed processing: JsonError(Error(\"{error.words}\", "
                                                  f"line: {error.line}, column: {error.column}))")


def ingest(call, read, words):
    headers = [("o2_process_time", call.arrived_us)]
    world, org, name = call.world, call.org, tidy_name(call.params["stream"])
    if not name:
        return message(400, "Error# Stream name is empty", headers)
    if world.clock.now_us() < world.deleting.get((org, "logs", name), 0):
        return message(400, f"Error# stream [{name}] is being deleted", headers)
    try:
        records = read(call.body)
    except jsontext.Malformed as error:
        return message(400, words(error), headers)
    call.result.records = len(records)
    status = Status(name)
    accept(world, org, name, tamper(call.tamper, records, status), status)
    call.result.stored, call.result.failed = status.stored, status.failed
    world.counters.add("records_stored", status.stored)
    world.counters.add("records_failed", status.failed)
    return json_answer({"code": 200, "status": [status.as_dict()]}, headers=headers)


def tamper(fault, records, status):
    """The faults that go wrong in here; returns the records that are left to go right."""
    if fault is None:
        return records
    if fault.kind == "column_trap":
        return []
    if fault.kind == "shortfall":
        return records[:int(fault.get("keep", len(records) // 2))]
    discarded = min(int(fault.get("count", 1)), len(records))
    for _ in range(discarded):
        status.fail(fault.get("error", TOO_OLD.format(5)))
    return records[discarded:]


def accept(world, org, name, records, status):
    targets = outputs_of(world, org, name)
    if targets is None:
        write(world, org, name, prepare(world, records, status), status)
        return
    # Guess: what a pipeline cannot flatten is an error of the pipeline, and not counted here.
    ready = prepare(world, records, status, count_unflattened=False)
    for target_org, target in targets:
        write(world, target_org, target, ready, status)


def prepare(world, records, status, count_unflattened=True):
    """Flat records inside the window, each with its _timestamp."""
    now_us = world.clock.now_us()
    ready = []
    for record in records:
        try:
            flat = flatten(record, world.switches.flatten_level)
            flat[TIMESTAMP] = timestamps.from_value(flat.get(TIMESTAMP), now_us)
            check_window(world.switches, flat[TIMESTAMP], now_us)
            ready.append(flat)
        except NotAnObject as error:
            if count_unflattened:
                status.fail(error)
        except (timestamps.Unreadable, OutsideWindow) as error:
            status.fail(error)
    return ready


def check_window(switches, timestamp_us, now_us):
    if timestamp_us < now_us - switches.allowed_upto_h * HOUR_US:
        raise OutsideWindow(TOO_OLD.format(switches.allowed_upto_h))
    if timestamp_us > now_us + switches.allowed_in_future_h * HOUR_US:
        raise OutsideWindow(TOO_FAR.format(switches.allowed_in_future_h))


def write(world, org, name, records, status):
    if not records:
        return
    schema = columns.infer(records)
    if len(schema) > world.switches.columns_limit:
        return
    stream = find(world, org, "logs", name) or make(world, org, "logs", name)
    stream.evolve(schema)
    fitted = []
    for record in records:
        try:
            fitted.append(stream.fit(record))
            status.successful += 1
        except columns.CannotCast as error:
            status.fail(error)
    if stream.can_store(fitted):
        world.journal.store(org, name, fitted)
        status.stored += len(fitted)


ROUTES = [
    ("POST", "/api/{org}/{stream}/_json", post_json, RAW),
    ("POST", "/api/{org}/{stream}/_multi", post_multi, RAW),
]
