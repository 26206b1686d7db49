# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""_search: SQL of the simple kind over what was stored, in an in-memory sqlite made anew for each request.

A record is found as soon as its request was answered. The end of the time range is not part of it. Errors have the
server's five-digit codes; their HTTP status is 400.

Guess: names of result columns without an alias are sqlite's, and histogram's automatic intervals are those of the web
interface.
"""
import datetime
import re
import secrets
import sqlite3
import time

from . import columns, streams
from .answer import Refused, encode, json_answer, message
from .serde import field, integer, option, struct, text
from .sql import AGGREGATES, NUMERIC_ONLY, OTHERS, BadSql, Statement

QUERY = struct("Query", keep_others=True, sql=text, start_time=field(integer(), 0), end_time=field(integer(), 0),
               from_=field(integer(), 0), size=field(integer(), 10))
REQUEST = struct("Request", keep_others=True, query=QUERY, search_type=option(text))
SQL_NOT_VALID, STREAM_NOT_FOUND, NO_FULL_TEXT_FIELD, FIELD_NOT_FOUND = 20001, 20002, 20003, 20004
NO_SUCH_FUNCTION, SQL_FAILED, BAD_PARAMETERS = 20005, 20008, 20011
FULL_TEXT_DEFAULTS = ("log", "message", "msg", "content", "data", "body", "json", "error")
UNITS_S = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}
INTERVAL = re.compile(r"(\d+)\s*(second|minute|hour|day|week)s?")
# A range of at least so many seconds has that interval.
AUTOMATIC = ((60 * 86400, "1 day"), (30 * 86400, "12 hour"), (28 * 86400, "6 hour"), (21 * 86400, "3 hour"),
             (15 * 86400, "2 hour"), (6 * 86400, "1 hour"), (86400, "30 minute"), (6 * 3600, "5 minute"),
             (2 * 3600, "1 minute"), (3600, "30 second"), (1800, "15 second"))
MAX_SUGGESTIONS, MAX_LISTED = 3, 10


def refuse(code, words, **more):
    body = {"code": code, "message": words, **more}
    answer = message(400, words)
    answer.body = encode(body)
    answer.headers.append(("x-error-message", code))
    raise Refused(answer)


def distance(left, right):
    """Levenshtein's."""
    row = list(range(len(right) + 1))
    for index, char in enumerate(left, 1):
        previous, row[0] = row[0], index
        for column, other in enumerate(right, 1):
            previous, row[column] = row[column], min(row[column] + 1, row[column - 1] + 1, previous + (char != other))
    return row[-1]


def help_for(name, known):
    """What the server offers to whoever has named a field that is not there."""
    known = [other for other in known if not other.startswith("_")]
    allowed = max(2, len(name) // 3)
    near = sorted((distance(name, other) - other.startswith(name[:3]), other) for other in known
                  if distance(name, other) <= allowed or name in other or other in name)
    if near:
        return {"suggestions": [other for _, other in near[:MAX_SUGGESTIONS]]}
    if known and len(known) <= MAX_LISTED:
        return {"hint": "valid fields: " + ", ".join(sorted(known))}
    return {"hint": "no similar field found; use the stream schema endpoint to list fields"}


def automatic_interval(range_us):
    return next((interval for at_least_s, interval in AUTOMATIC if range_us >= at_least_s * 1_000_000), "10 second")


def histogram(timestamp_us, interval):
    if timestamp_us is None:
        return None
    count, unit = INTERVAL.fullmatch(interval.strip().lower()).groups()
    step_s = int(count) * UNITS_S[unit]
    start = datetime.datetime.fromtimestamp(timestamp_us // 1_000_000 // step_s * step_s, datetime.timezone.utc)
    return start.strftime("%Y-%m-%dT%H:%M:%S")


class Percentile:
    """approx_percentile_cont(column, share), exactly."""

    def __init__(self):
        self.values, self.share = [], 0.5

    def step(self, value, share=0.5):
        self.share = share
        if value is not None:
            self.values.append(value)

    def finalize(self):
        if not self.values:
            return None
        self.values.sort()
        place = self.share * (len(self.values) - 1)
        low = self.values[int(place)]
        return low + (self.values[min(int(place) + 1, len(self.values) - 1)] - low) * (place - int(place))


def text_functions(database):
    def both(test):
        return lambda column, part: None if column is None else test(str(column), part)
    database.create_function("str_match", 2, both(lambda column, part: part in column))
    database.create_function("str_match_ignore_case", 2, both(lambda column, part: part.lower() in column.lower()))
    database.create_function("concat", -1, lambda *parts: "".join(str(part) for part in parts if part is not None))
    database.create_function("floor", 1, lambda value: None if value is None else float(value // 1))
    database.create_function("ceil", 1, lambda value: None if value is None else float(-(-value // 1)))
    database.create_function("histogram", 2, histogram)
    database.create_aggregate("approx_percentile_cont", 2, Percentile)
    database.create_aggregate("approx_median", 1, Percentile)


def to_sqlite(value, kind):
    """A record keeps the type its column had when it came; it is read in the one the column has now."""
    if value is None or kind not in columns.STORABLE:
        return value
    value = columns.cast(value, kind)
    return float(value) if kind == "UInt64" and value > columns.I64_MAX else value  # sqlite has no such integers


def load(database, world, org, stream, start_us, end_us):
    names = sorted(stream.schema)
    listed = ", ".join(f'"{name}"' for name in names)
    database.execute(f'CREATE TABLE "{stream.name}" ({listed})')
    rows = (tuple(to_sqlite(record.get(name), stream.schema[name]) for name in names)
            for record in world.journal.read(org, stream.name) if start_us <= record[streams.TIMESTAMP] < end_us)
    marks = ", ".join("?" * len(names))
    database.executemany(f'INSERT INTO "{stream.name}" VALUES ({marks})', rows)


def full_text_fields(stream):
    chosen = stream.settings.lists["full_text_search_keys"]
    return [name for name in stream.schema if name in chosen or name in FULL_TEXT_DEFAULTS]


def check_names(statement, found, trace_id):
    for name in statement.functions:
        if name not in AGGREGATES and name not in OTHERS:
            refuse(NO_SUCH_FUNCTION, f"unknown function '{name}'", trace_id=trace_id)
    if "match_all" in statement.functions and not any(map(full_text_fields, found)):
        refuse(NO_FULL_TEXT_FIELD, "Full text search field not found", trace_id=trace_id)
    schema = {name: kind for stream in found for name, kind in stream.schema.items()}
    for name in statement.fields:
        if name not in schema and name not in statement.tables:
            refuse(FIELD_NOT_FOUND, f"unknown field '{name}'", trace_id=trace_id, **help_for(name, schema))
    if name := statement.ungrouped():
        # Guess: the words, of which there are more
        refuse(SQL_FAILED, f"Search SQL execute error: Error during planning: column {name} must appear in the GROUP "
                           "BY clause or must be part of an aggregate function", trace_id=trace_id)
    for function, name in statement.arguments:
        if function in NUMERIC_ONLY and schema.get(name) == "Utf8":
            # Guess: the words. That it fails is the point: one text in a numeric column, and every sum over it is lost.
            refuse(SQL_FAILED, f"Search SQL execute error: Error during planning: Failed to coerce arguments to "
                               f"satisfy a call to '{function}' function: Utf8", trace_id=trace_id)


def shown(row, names, schema):
    """A hit has no member for a null."""
    return {name: bool(value) if schema.get(name) == "Boolean" else value for name, value in zip(names, row)
            if value is not None}


def search(call):
    query, trace_id = call.body["query"], secrets.token_hex(16)
    start_us, end_us = query["start_time"], query["end_time"]
    if start_us <= 0 or end_us <= 0 or start_us > end_us:
        refuse(BAD_PARAMETERS, "Invalid parameters: start_time and end_time are required", trace_id=trace_id)
    try:
        statement = Statement(query["sql"])
    except BadSql as error:
        refuse(SQL_NOT_VALID, f"Search SQL not valid: {error}", trace_id=trace_id)
    found = [streams.find(call.world, call.org, streams.type_from(call.query), name) for name in statement.tables]
    for name, stream in zip(statement.tables, found):
        if stream is None:
            refuse(STREAM_NOT_FOUND, f"Search stream not found: {name}", error_detail="", trace_id=trace_id)
    check_names(statement, found, trace_id)
    sql = statement.rewritten(automatic_interval(end_us - start_us), full_text_fields(found[0]) if found else [])
    if not statement.has_limit and query["size"] >= 0:
        sql += f" LIMIT {query['size']} OFFSET {query['from']}"
    return run(call, query, found, sql, trace_id)


def run(call, query, found, sql, trace_id):
    started = time.monotonic()
    database = sqlite3.connect(":memory:")
    try:
        database.execute("PRAGMA case_sensitive_like = ON")
        text_functions(database)
        for stream in found:
            load(database, call.world, call.org, stream, query["start_time"], query["end_time"])
        scanned = sum(database.execute(f'SELECT count(*) FROM "{stream.name}"').fetchone()[0] for stream in found)
        cursor = database.execute(sql)
        names = [column[0] for column in cursor.description]
        schema = {name: kind for stream in found for name, kind in stream.schema.items()}
        hits = [shown(row, names, schema) for row in cursor]
    except sqlite3.Error as error:
        refuse(SQL_NOT_VALID, f"Search SQL not valid: {error}", trace_id=trace_id)
    finally:
        database.close()
    took_ms = int((time.monotonic() - started) * 1000) + 1
    return json_answer({
        "took": took_ms, "took_detail": {"total": took_ms, "cache_took": 0, "file_list_took": 0, "wait_in_queue": 0,
                                         "idx_took": 0, "search_took": took_ms},
        "hits": hits, "total": len(hits), "from": query["from"], "size": query["size"], "cached_ratio": 0,
        "scan_size": 0, "idx_scan_size": 0, "scan_records": scanned, "response_type": "", "trace_id": trace_id,
        "function_error": [],
        "is_partial": False, "is_histogram_eligible": True, "order_by": None})


ROUTES = [("POST", "/api/{org}/_search", search, REQUEST)]
