# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""/__control: how a test tells the double what to do next, and asks what it has seen. No part of OpenObserve's
interface.

GET  /__control         counters, planned faults, clock and switches
GET  /__control/state   what the management endpoints have been told; ?org=NAME: only for that organisation
POST /__control         an object of what to change, answered as GET; when anything in it is wrong, nothing changes
    "clear": true       no more faults, and an end to the requests that hang
    "faults": [F…]      appended to the queue (see faults)
    "standing": F       or null for none; "seconds": N ends it
    "clock_offset_s": N
    "switches": {…}     see switches
"""
from . import jsontext
from .answer import empty, json_answer
from .faults import BadFault, Fault
from .switches import BadSwitch

PATH = "/__control"
MAX_BODY = 1 << 20
MEMBERS = {"clear", "faults", "standing", "seconds", "clock_offset_s", "switches"}


class BadOrder(Exception):
    pass


def respond(world, head, body):
    if head.method == "GET" and head.path == PATH:
        return json_answer(report(world))
    if head.method == "GET" and head.path == PATH + "/state":
        return json_answer(state(world, head.query.get("org")))
    if head.method != "POST" or head.path != PATH:
        return empty(404)
    try:
        order = jsontext.parse(body)
        apply(world, order)
    except (BadOrder, BadFault, BadSwitch, jsontext.Malformed) as error:
        return json_answer({"error": str(error)}, 400)
    return json_answer(report(world))


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def apply(world, order):
    if not isinstance(order, dict) or not set(order) <= MEMBERS:
        raise BadOrder(f"an order has the members {', '.join(sorted(MEMBERS))}")
    for name in ("clock_offset_s", "seconds"):
        if name in order and not is_number(order[name]):
            raise BadOrder(f"{name} is a number")
    if not isinstance(order.get("faults", []), list) or not isinstance(order.get("switches", {}), dict):
        raise BadOrder("faults is a list, switches an object")
    queue = [Fault(spec) for spec in order.get("faults", [])]
    standing = None
    if "standing" in order:
        standing = False if order["standing"] is None else Fault(order["standing"])
    world.switches.set(order.get("switches", {}))
    world.clock.offset_s = order.get("clock_offset_s", world.clock.offset_s)
    world.faults.change(queue, standing, order.get("seconds"), order.get("clear", False))


def report(world):
    return {**world.counters.as_dict(), **world.faults.as_dict(), "clock_offset_s": world.clock.offset_s,
            "switches": world.switches.as_dict()}


def by_org(things, only):
    """{(org, …): thing} as {org: [thing…]}."""
    sorted_by_org = {}
    for (org, *_), thing in things.items():
        if only in (None, org):
            sorted_by_org.setdefault(org, []).append(thing)
    return sorted_by_org


def state(world, only=None):
    with world.lock:
        streams = {}
        for (org, stream_type, name), stream in world.streams.items():
            if only in (None, org):
                streams.setdefault(org, {}).setdefault(stream_type, {})[name] = stream.as_dict()
        return {
            "streams": streams,
            "functions": by_org(world.functions, only),
            "pipelines": [pipeline for pipeline in world.pipelines.values() if only in (None, pipeline["org"])],
            "folders": by_org(world.folders, only),
            "dashboards": by_org(world.dashboards, only),
            "templates": by_org(world.templates, only),
            "destinations": by_org(world.destinations, only),
            "alerts": by_org(world.alerts, only),
            "ingestion_tokens": by_org(world.accounts.tokens, only),
        }
