# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The endpoints of streams. A name is taken as it stands in the URL when a stream is deleted, but tidied everywhere
else."""
from . import columns
from .answer import Refused, json_answer, message, refuse
from .serde import field, list_of, option, struct
from .stream_settings import COLUMN, INITIAL, UPDATE
from .streams import TIMESTAMP, find, find_or_404, make, tidy_name, type_from

CREATE = struct("StreamCreate", fields=field(list_of(COLUMN), list), settings=option(INITIAL))
NOT_TO_CREATE = ("enrichment_tables", "index")


def create(call):
    stream_type, name = type_from(call.query), tidy_name(call.params["stream"])
    if stream_type in NOT_TO_CREATE:
        refuse(400, f"Stream type '{stream_type}' not allowed", in_header=True)
    if find(call.world, call.org, stream_type, name):
        refuse(400, "stream already exists", in_header=True)
    for column in call.body["fields"]:
        if column["type"] not in columns.NAMES:
            refuse(400, f"invalid data type: {column['type']}", in_header=True)
    stream = make(call.world, call.org, stream_type, name)
    stream.schema.update({column["name"]: column["type"] for column in call.body["fields"]})
    stream.schema[TIMESTAMP] = "Int64"
    if call.body["settings"] is not None:
        stream.settings.adopt(call.body["settings"])  # when this refuses, the stream stays, as it does in the server
    return message(200, "stream created")


def update_settings(call):
    stream = find_or_404(call.world, call.org, type_from(call.query), tidy_name(call.params["stream"]))
    order = call.body
    if order["fields"]["add"]:
        add_columns(stream, order["fields"]["add"])
    for column in order["fields"]["remove"]:
        stream.schema.pop(column["name"], None)  # Guess: nothing was found that would refuse
    stream.settings.update(order)
    return message(200, "")


def add_columns(stream, added):
    for column in added:
        if column["type"] not in columns.NAMES:
            refuse(500, f"error in update stream settings: invalid data type: {column['type']}")
    before = dict(stream.schema)
    stream.evolve({column["name"]: column["type"] for column in added})
    if stream.schema == before:
        refuse(500, "error in update stream settings: update schema is empty")


def get_schema(call):
    stream = find_or_404(call.world, call.org, type_from(call.query), tidy_name(call.params["stream"]))
    entry = stream.listed(with_schema=True)
    wanted = call.query.get("keyword", "").lower()
    offset, limit = number_in(call.query, "offset", 0), number_in(call.query, "limit", 0)
    found = [column for column in entry["schema"] if wanted in column["name"]]
    entry["schema"] = found[offset:offset + limit] if limit else found[offset:]
    return json_answer(entry)


def number_in(query, name, default):
    text = query.get(name, "")
    return int(text) if text.isdecimal() else default


def get_list(call):
    wanted, keyword = call.query.get("type"), call.query.get("keyword", "")
    with_schema = call.query.get("fetchSchema") == "true"
    found = [stream.listed(with_schema) for (org, stream_type, name), stream in sorted(call.world.streams.items())
             if org == call.org and (not wanted or stream_type == wanted) and keyword in name]
    offset, limit = number_in(call.query, "offset", 0), number_in(call.query, "limit", 0)
    return json_answer({"list": found[offset:offset + limit] if limit else found, "total": len(found)})


def delete(call):
    world, name, stream_type = call.world, call.params["stream"], type_from(call.query)
    if not find(world, call.org, stream_type, name):
        raise Refused(message(404, "stream not found"))
    del world.streams[call.org, stream_type, name]
    now_us = world.clock.now_us()
    world.deleting[call.org, stream_type, name] = now_us + world.switches.deletion_s * 1_000_000
    if stream_type == "logs":
        world.journal.set_aside(call.org, name, f"deleted-{now_us}")
    return message(200, "stream deleted")


ROUTES = [
    ("GET", "/api/{org}/streams", get_list),
    ("POST", "/api/{org}/streams/{stream}", create, CREATE),
    ("DELETE", "/api/{org}/streams/{stream}", delete),
    ("GET", "/api/{org}/streams/{stream}/schema", get_schema),
    ("PUT", "/api/{org}/streams/{stream}/settings", update_settings, UPDATE),
]
