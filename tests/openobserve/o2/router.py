# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""From a request to its handler, through the layers of the real server and in their order, because each hides the
errors of those after it: content encoding, credentials, path, method, content type, length of the body, its syntax,
its types.

Handlers are listed in the ROUTES of their modules: method, path with {parameters}, function, and what it wants of the
body: None (nothing), RAW (octets, decoded), or a shape of serde.
"""
import urllib.parse
import zlib

from . import (alerts, auth, dashboards, destinations, folders, functions, ingest, jsontext, meta, pipelines, search,
               serde, stream_routes, templates, tokens)
from .answer import Refused, empty, text
from .ingest import RAW

MODULES = (alerts, dashboards, destinations, folders, functions, ingest, meta, pipelines, search, stream_routes,
           templates, tokens)
# The server decodes br and zstd too, and says so. Python's library does not: here they are refused like unknown ones.
ENCODINGS = ("gzip", "deflate", "br", "zstd")
DECODED = ("gzip", "deflate")
PASSED_ON = ("identity", "snappy")  # snappy for the sake of Prometheus


class Result:
    """What is told to the log beyond the answer."""
    records = stored = failed = decoded_bytes = None


class Call:
    """What a handler is given."""

    def __init__(self, exchange, params, user, body, tamper):
        self.world = exchange.world
        self.query = exchange.head.query
        self.head = exchange.head
        self.result = exchange.result
        self.arrived_us = exchange.arrived_us
        self.params, self.user, self.body, self.tamper = params, user, body, tamper
        self.org = params.get("org")


class Route:
    def __init__(self, method, path, handler, body=None):
        self.method, self.handler, self.body = method, handler, body
        self.segments = path.split("/")
        self.rank = [not segment.startswith("{") for segment in self.segments]  # the literal one wins
        self.is_ingestion = path.endswith(ingest.ENDINGS)

    def match(self, segments):
        params = {}
        for pattern, segment in zip(self.segments, segments):
            if pattern.startswith("{"):
                params[pattern[1:-1]] = segment
            elif pattern != segment:
                return None
        return params


def collect_routes():
    routes = {}
    for module in MODULES:
        for entry in module.ROUTES:
            route = Route(*entry)
            routes.setdefault(len(route.segments), []).append(route)
    for several in routes.values():
        several.sort(key=lambda route: route.rank, reverse=True)
    return routes


ROUTES = collect_routes()


def too_long(hang_up=True):
    return text(413, "Failed to buffer the request body: length limit exceeded", hang_up=hang_up)


def unsupported_encoding():
    return empty(415, [("accept-encoding", ",".join(ENCODINGS))])


def class_of(world, head):
    path = head.path.removeprefix(world.base_path)
    if not path.startswith("/api/"):
        return "other"
    return "ingest" if head.method == "POST" and path.endswith(ingest.ENDINGS) else "management"


def resolve(path, method):
    """Returns (route or None, parameters, methods of that path)."""
    segments = path.split("/")
    found = None
    methods = []
    for route in ROUTES.get(len(segments), ()):
        params = route.match(segments)
        if params is None or (found and route.segments != found[0].segments):
            continue
        found = found or (route, params)
        methods += ["GET", "HEAD"] if route.method == "GET" else [route.method]
        if method == route.method or (method == "HEAD" and route.method == "GET"):
            return route, params, methods
    return None, found[1] if found else {}, methods


def decode(head, raw, limit):
    encoding = head.get("content-encoding")
    if encoding not in DECODED:
        return raw
    inflater = zlib.decompressobj(31 if encoding == "gzip" else 15)
    try:
        body = inflater.decompress(raw, limit + 1)
    except zlib.error as error:
        # Guess: the words after the colon are those of the decoder.
        raise Refused(text(400, f"Failed to buffer the request body: {error}")) from None
    if len(body) > limit:
        raise Refused(too_long(hang_up=False))
    if not inflater.eof:
        raise Refused(text(400, "Failed to buffer the request body: unexpected end of file"))
    return body


def describe(exchange):
    """Puts into the result what can be told of a body that no handler will see."""
    try:
        octets = decode(exchange.head, exchange.raw, exchange.world.switches.payload_limit_bytes)
        exchange.result.decoded_bytes = len(octets)
        exchange.result.records = ingest.count_records(exchange.head.path, octets)
    except (Refused, jsontext.Malformed):
        pass


def read_body(exchange, route):
    if route.body is None:
        return None
    shape = None if route.body is RAW else route.body
    if shape and not is_json(exchange.head.get("content-type", "")):
        raise Refused(text(415, "Expected request with `Content-Type: application/json`"))
    exchange.read_body()
    octets = decode(exchange.head, exchange.raw, exchange.world.switches.payload_limit_bytes)
    exchange.result.decoded_bytes = len(octets)
    if shape is None:
        return octets
    try:
        return shape(jsontext.parse(octets), "")
    except jsontext.Malformed as error:
        raise Refused(text(400, f"Failed to parse the request body as JSON: {error}")) from None
    except serde.Mismatch as error:
        raise Refused(text(422, f"Failed to deserialize the JSON body into the target type: {error}")) from None


def is_json(content_type):
    media = content_type.split(";")[0].strip().lower()
    return media == "application/json" or (media.startswith("application/") and media.endswith("+json"))


def unquote(params):
    try:
        return {name: urllib.parse.unquote(value, errors="strict") for name, value in params.items()}
    except UnicodeDecodeError:
        raise Refused(text(400, "Invalid URL: Invalid UTF-8 in path")) from None


def serve(exchange, tamper=None):
    try:
        return pass_layers(exchange, tamper)
    except Refused as refused:
        return refused.answer


def pass_layers(exchange, tamper):
    world, head = exchange.world, exchange.head
    if not head.path.startswith(world.base_path + "/"):
        return empty(404)
    path = head.path.removeprefix(world.base_path)
    route, params, methods = resolve(path, head.method)
    user = None
    if path.startswith("/api/"):
        if head.get("content-encoding", "identity") not in DECODED + PASSED_ON:
            return unsupported_encoding()
        org = params.get("org")
        user = auth.check(world.accounts, head.get("authorization"), org, route is not None and route.is_ingestion)
    if route is None:
        return empty(405, [("allow", ",".join(methods))]) if methods else empty(404)
    call = Call(exchange, unquote(params), user, read_body(exchange, route), tamper)
    with world.lock:
        answer = route.handler(call)
    return answer
