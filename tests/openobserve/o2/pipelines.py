# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Realtime pipelines: what they may look like, and where they send what arrives for their stream.

A stream has one realtime pipeline. But the check compares the `source` of the request as it came, before it is
replaced by the stream of the first node, with the sources of those that exist: a request whose source names no stream
gets past, and then both pipelines take each record. The server is so; clients that create a pipeline have to look
first.
"""
import time

from .answer import Refused, json_answer, message, refuse
from .serde import anything, boolean, field, integer, list_of, number, one_of, option, struct, text
from .streams import tidy_name

POSITION = struct("Position", x=number, y=number)
# The data of a node is a tagged enum; of its variants those that a pipeline of logs can want are looked into.
NODE_TYPES = ("remote_stream", "stream", "query", "function", "condition", "llm_evaluation")
NODE_DATA = struct("NodeData", keep_others=True, node_type=one_of(*NODE_TYPES))
NODE = struct("Node", id=text, data=NODE_DATA, position=POSITION, io_type=text, style=option(anything),
              meta=option(anything))
SOURCE_PARTS = ("org_id", "stream_name", "stream_type")
EDGE = struct("Edge", id=text, source=text, target=text)
SOURCE = struct("PipelineSource", keep_others=True, source_type=field(one_of("realtime", "scheduled"), "realtime"))
PIPELINE = struct("Pipeline", pipeline_id=field(text, ""), version=field(integer(), 0), enabled=field(boolean, True),
                  org=field(text, ""), name=text, description=field(text, ""),
                  source=field(SOURCE, lambda: {"source_type": "realtime"}), nodes=list_of(NODE), edges=list_of(EDGE))


def invalid(words):
    refuse(400, f"Invalid pipeline {words}")


def is_stream(node):
    return node["data"]["node_type"] in ("stream", "remote_stream")


def check(world, org, pipeline):
    nodes, edges = pipeline["nodes"], pipeline["edges"]
    if len(nodes) < 2:
        invalid("Empty pipeline. Please add Source/Destination nodes, or any applicable Transform Nodes")
    if not edges:
        invalid("Please connect all Nodes to complete pipeline creation")
    if nodes[0]["data"]["node_type"] not in ("stream", "query"):
        invalid("Source must be either a StreamNode or QueryNode")
    if len(edges) < len(nodes) - 1:
        invalid(f"Insufficient number of edges to connect all nodes. Need at least {len(nodes) - 1} for {len(nodes)} "
                f"nodes, but got {len(edges)}.")
    by_id = {node["id"]: node for node in nodes}
    for index, edge in enumerate(edges):
        for end in ("source", "target"):
            if edge[end] not in by_id:
                invalid(f"Edge #{index}'s {end} node not found in nodes list")
    following = {name: [edge["target"] for edge in edges if edge["source"] == name] for name in by_id}
    walk(nodes[0]["id"], by_id, following, set(), flattened=False)
    for node in nodes:
        name = node["data"].get("name")
        if node["data"]["node_type"] == "function" and (org, name) not in world.functions:
            invalid(f"Failed to load function '{name}': Function not found")


def walk(name, by_id, following, above, flattened):
    if name in above:
        invalid("Cyclical pipeline detected.")
    node = by_id[name]
    if node["data"]["node_type"] == "function":
        after = node["data"].get("after_flatten", False)
        if flattened and not after:
            invalid("After Flatten must be checked if a previous FunctionNode already checked it in the same branch.")
        flattened = flattened or after
    if not following[name] and not is_stream(node):
        invalid("All leaf nodes must be StreamNode")
    for target in following[name]:
        walk(target, by_id, following, above | {name}, flattened)


def source_key(source):
    return tuple(source.get(part) for part in SOURCE_PARTS)


def check_exclusive(world, org, pipeline):
    if pipeline["source"]["source_type"] != "realtime":
        return
    for other in world.pipelines.values():
        if other["org"] == org and source_key(other["source"]) == source_key(pipeline["source"]):
            refuse(400, "A realtime pipeline with same source stream already exists")


def take_source(pipeline):
    first = pipeline["nodes"][0]["data"]
    if first["node_type"] == "stream":
        pipeline["source"] = {"source_type": "realtime", "org_id": first.get("org_id"),
                              "stream_name": first.get("stream_name"), "stream_type": first.get("stream_type", "logs")}


def answer(pipeline, words):
    return message(200, words, id=pipeline["pipeline_id"], name=pipeline["name"])


def create(call):
    pipeline = dict(call.body)
    pipeline["name"] = pipeline["name"].strip().lower()
    pipeline["org"] = call.org
    overwrite = call.query.get("overwrite") == "true"
    if not (overwrite and pipeline["pipeline_id"]):
        pipeline["pipeline_id"] = call.world.snowflake()
    check_exclusive(call.world, call.org, pipeline)
    check(call.world, call.org, pipeline)
    take_source(pipeline)
    existing = call.world.pipelines.get(pipeline["pipeline_id"])
    pipeline["version"] = existing["version"] + 1 if existing else 0
    call.world.pipelines[pipeline["pipeline_id"]] = {**pipeline, "paused_at": None}
    return answer(pipeline, "Pipeline created successfully")


def update(call):
    pipeline = dict(call.body)
    existing = call.world.pipelines.get(pipeline["pipeline_id"])
    if not existing or existing["org"] != call.org:
        raise Refused(message(404, f"Pipeline with ID {pipeline['pipeline_id']} not found."))
    if existing["version"] != pipeline["version"]:
        refuse(409, f"Pipeline with ID {pipeline['pipeline_id']} modified by someone else. Please refresh.")
    pipeline["name"] = pipeline["name"].strip().lower()
    pipeline["org"] = call.org
    check(call.world, call.org, pipeline)
    take_source(pipeline)
    pipeline["version"] += 1
    call.world.pipelines[pipeline["pipeline_id"]] = {**pipeline, "paused_at": existing["paused_at"]}
    return answer(pipeline, "Pipeline updated successfully")


def find_or_404(call):
    pipeline = call.world.pipelines.get(call.params["id"])
    if not pipeline or pipeline["org"] != call.org:
        raise Refused(message(404, f"Pipeline with ID {call.params['id']} not found."))
    return pipeline


def of_org(call):
    return [pipeline for pipeline in call.world.pipelines.values() if pipeline["org"] == call.org]


def get_list(call):
    return json_answer({"list": of_org(call)})


def get_streams(call):
    return json_answer({"list": [dict(zip(SOURCE_PARTS, source_key(pipeline["source"]))) for pipeline in of_org(call)
                                 if pipeline["source"].get("stream_name")]})


def get_one(call):
    return json_answer(find_or_404(call))


def enable(call):
    pipeline = find_or_404(call)
    pipeline["enabled"] = call.query.get("value") == "true"
    pipeline["paused_at"] = None if pipeline["enabled"] else time.time_ns() // 1000
    # Guess: the words
    return message(200, "Pipeline successfully " + ("enabled" if pipeline["enabled"] else "disabled"))


def delete(call):
    pipeline = find_or_404(call)
    del call.world.pipelines[pipeline["pipeline_id"]]
    return message(200, "Pipeline deleted successfully")


def leaves_of(pipeline):
    """The data of the nodes from which no edge leads on."""
    inner = {edge["source"] for edge in pipeline["edges"]}
    return [node["data"] for node in pipeline["nodes"] if node["id"] not in inner]


def outputs_of(world, org, stream):
    """[(org, stream)…] to which a record of that stream goes, or None when no pipeline sees to it."""
    outputs = None
    for pipeline in world.pipelines.values():
        if pipeline["enabled"] and source_key(pipeline["source"]) == (org, stream, "logs"):
            outputs = (outputs or []) + [(data.get("org_id", org), tidy_name(data.get("stream_name", "")))
                                         for data in leaves_of(pipeline)
                                         if data["node_type"] == "stream" and data.get("stream_type") == "logs"]
    return outputs


ROUTES = [
    ("GET", "/api/{org}/pipelines", get_list),
    ("POST", "/api/{org}/pipelines", create, PIPELINE),
    ("PUT", "/api/{org}/pipelines", update, PIPELINE),
    ("GET", "/api/{org}/pipelines/streams", get_streams),
    ("GET", "/api/{org}/pipelines/{id}", get_one),
    ("DELETE", "/api/{org}/pipelines/{id}", delete),
    ("PUT", "/api/{org}/pipelines/{id}/enable", enable),
]
