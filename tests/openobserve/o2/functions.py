# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""VRL functions: kept, and looked at, but neither compiled nor run.

Three things a compiler would refuse are found, because they are those that happen: brackets and quotes without their
like, an enrichment table that is not there (the switch mmdb_loaded), and the result of a lookup whose error nobody
handles.
"""
import re

from .answer import Refused, json_answer, message, refuse
from .flatten import NotAnObject, flatten
from .serde import anything, field, integer, list_of, option, struct, text

MAXMIND = ("maxmind_city", "maxmind_asn")
TOKENS = re.compile(r'''"(?:[^"\\]|\\.)*"|[rst]'(?:[^'\\]|\\.)*'|#[^\n]*|[\[\](){}"]''')
LOOKUP = re.compile(r'(find|get)_enrichment_table_records?(!?)\s*\(\s*"([^"]*)"')
UNHANDLED = re.compile(r"^\s*([.a-zA-Z_][\w.]*)\s*=\s*(?:find|get)_enrichment_table_records?\s*\(", re.MULTILINE)
PAIRS = {")": "(", "]": "[", "}": "{"}
VRL, JS = 0, 1

BODY = {"function": text, "params": field(text, ""), "numArgs": field(integer(0, 255), 0),
        "transType": option(integer(0, 255)), "streams": option(list_of(anything))}
FUNCTION = struct("Transform", name=field(text, ""), **BODY)
TEST = struct("TestVRLRequest", function=text, events=list_of(anything), trans_type=option(integer(0, 255)))


def check_brackets(source):
    opened = []
    for token in TOKENS.findall(source):
        if token in "([{":
            opened.append(token)
        elif token in PAIRS and (not opened or opened.pop() != PAIRS[token]):
            refuse(400, f"error[E203]: syntax error: unexpected syntax token: {token}")
        elif token == '"':
            refuse(400, "error[E202]: syntax error: unexpected end of string")
    if opened:
        refuse(400, "error[E203]: syntax error: unexpected end of program")


def check(world, org, source):
    """Guess: the words, all of which are the compiler's, and longer."""
    check_brackets(source)
    for _, _, table in LOOKUP.findall(source):
        loaded = world.switches.mmdb_loaded if table in MAXMIND else (org, "enrichment_tables", table) in world.streams
        if not loaded:
            refuse(400, f'error[E610]: function compilation error: table "{table}" not found')
    if unhandled := UNHANDLED.search(source):
        refuse(400, f"error[E103]: unhandled fallible assignment: {unhandled[1]}")


def complete(source):
    """A program has to end with the event."""
    return source if source.endswith(".") else source + " \n ."


def accept(call, name):
    function = dict(call.body)
    name, function["function"] = name.strip(), function["function"].strip()
    if not name:
        refuse(400, "Function name cannot be empty")
    if not function["function"]:
        refuse(400, "Function body cannot be empty")
    if function["transType"] not in (None, VRL, JS):
        refuse(400, "Invalid transform type. Use 0 for VRL or 1 for JS.")
    function["name"] = name
    function["params"] = function["params"].strip() or "row"
    if function["transType"] != JS:
        function["transType"] = VRL
        function["function"] = complete(function["function"])
        check(call.world, call.org, function["function"])
    return function


def create(call):
    function = accept(call, call.body["name"])
    if (call.org, function["name"]) in call.world.functions:
        refuse(400, "Function already exist")
    call.world.functions[call.org, function["name"]] = function
    return message(200, "Function saved successfully")


def update(call):
    existing = call.world.functions.get((call.org, call.params["name"]))
    if not existing:
        raise Refused(message(404, "Function not found"))
    same = ("function", "params", "name")
    if all(existing[part] == call.body[part] for part in same):
        return json_answer(existing)
    call.world.functions[call.org, call.params["name"]] = accept(call, call.params["name"])
    return message(200, "Function saved successfully")


def get_list(call):
    return json_answer({"list": [function for (org, _), function in sorted(call.world.functions.items())
                                 if org == call.org]})


def users_of(world, org, name):
    """The pipelines that use a function."""
    return [pipeline for pipeline in world.pipelines.values() if pipeline["org"] == org and any(
        node["data"].get("node_type") == "function" and node["data"].get("name") == name for node in pipeline["nodes"])]


def get_dependencies(call):
    if (call.org, call.params["name"]) not in call.world.functions:
        raise Refused(message(404, "Function not found"))
    return json_answer({"list": [{"id": pipeline["pipeline_id"], "name": pipeline["name"]}
                                 for pipeline in users_of(call.world, call.org, call.params["name"])]})


def delete(call):
    name = call.params["name"]
    if (call.org, name) not in call.world.functions:
        raise Refused(message(404, "Function not found"))
    users = users_of(call.world, call.org, name)
    if users:
        names = ", ".join(f'"{pipeline["name"]}"' for pipeline in users)
        refuse(409, f"Warning: Function '{name}' has {len(users)} pipeline dependencies. "
                    f"Please remove these pipelines first: [{names}]")
    del call.world.functions[call.org, name]
    return message(200, "Function deleted")


def test(call):
    """The events come back as a function would get them."""
    check(call.world, call.org, complete(call.body["function"]))
    results = []
    for event in call.body["events"]:
        try:
            results.append({"message": "", "event": flatten(event, call.world.switches.flatten_level)})
        except NotAnObject as error:
            results.append({"message": str(error), "event": event})
    return json_answer({"results": results})


ROUTES = [
    ("GET", "/api/{org}/functions", get_list),
    ("POST", "/api/{org}/functions", create, FUNCTION),
    ("POST", "/api/{org}/functions/test", test, TEST),
    ("GET", "/api/{org}/functions/{name}", get_dependencies),
    ("PUT", "/api/{org}/functions/{name}", update, FUNCTION),
    ("DELETE", "/api/{org}/functions/{name}", delete),
]
