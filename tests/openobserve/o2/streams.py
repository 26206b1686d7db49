# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Streams: their names, their schema, how records change it, and what a record becomes in it. The endpoints are in
stream_routes."""
import re

from . import columns
from .answer import refuse
from .stream_settings import Settings

TIMESTAMP = "_timestamp"
UNFIT = re.compile(r"[^a-zA-Z0-9_:]+")
TYPES = ("logs", "metrics", "traces", "metadata", "index", "enrichment_tables", "filelist", "service_graph")


def tidy_name(name):
    return UNFIT.sub("_", name).lower()


def type_from(query):
    """The parameter `type` of many endpoints."""
    wanted = query.get("type", "logs")
    return wanted if wanted in TYPES else "logs"


class Stream:
    def __init__(self, name, stream_type, created_us):
        self.name, self.stream_type = name, stream_type
        self.created_us = created_us
        self.schema = {TIMESTAMP: "Int64"}
        self.settings = Settings()

    def evolve(self, found):
        """Takes up the schema of a batch: new columns, and wider types for old ones."""
        for name, kind in found.items():
            existing = self.schema.get(name)
            if existing is None or (existing != kind and columns.widens(existing, kind)):
                self.schema[name] = kind

    def fit(self, record):
        """The record in the types of the schema. Raises CannotCast with the server's words for each column that does
        not."""
        fitted = {}
        failed = ""
        for name, value in record.items():
            kind = self.schema[name]
            try:
                fitted[name] = value if type(value) is columns.NATIVE.get(kind) else columns.cast(value, kind)
            except columns.CannotCast:
                failed += f"Failed to cast {name} to type {kind} "
        if failed:
            raise columns.CannotCast(failed)
        return fitted

    def can_store(self, records):
        odd = {name for name, kind in self.schema.items() if kind not in columns.STORABLE}
        return not odd or all(odd.isdisjoint(record) for record in records)

    def listed(self, with_schema):
        entry = {
            "name": self.name, "storage_type": "disk", "stream_type": self.stream_type,
            # Counted by the server when files are made of what is in memory, which a test will not live to see.
            "stats": {"created_at": self.created_us, "doc_time_min": 0, "doc_time_max": 0, "doc_num": 0, "file_num": 0,
                      "storage_size": 0.0, "compressed_size": 0.0, "index_size": 0.0},
            "schema": self.schema_list() if with_schema else [],
            "settings": self.settings.as_dict(), "total_fields": len(self.schema), "is_derived": False,
        }
        return entry

    def schema_list(self):
        return [{"name": name, "type": self.schema[name]} for name in sorted(self.schema)]

    def as_dict(self):
        return {"schema": dict(sorted(self.schema.items())), "settings": self.settings.as_dict()}


def find(world, org, stream_type, name):
    return world.streams.get((org, stream_type, name))


def find_or_404(world, org, stream_type, name):
    stream = find(world, org, stream_type, name)
    return stream if stream else refuse(404, "stream not found")


def make(world, org, stream_type, name):
    stream = Stream(name, stream_type, world.clock.now_us())
    world.streams[org, stream_type, name] = stream
    return stream
