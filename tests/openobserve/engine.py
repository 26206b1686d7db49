# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""SQLite in the place of the server: one stream, typed as stream.json says, that answers the panels' and alerts' SQL.

What differs from the server, and is made up for here:

- The server adds the time range to every scan of a stream: the stream is a view of the records in the range.
- Variables are replaced in the browser: what is chosen of many by a list of quoted texts, the resolution as it is.
- `X IN ('_o2_all_')` stands for "all" and is true for the server, also where X is NULL: rewritten to TRUE.
- histogram, approx_distinct, approx_percentile_cont, now and cast_to_timestamp are functions in Python; the approximate
  ones are exact here, and percentiles are interpolated.

Names that are neither columns nor functions are errors in both; what only DataFusion refuses is for sql.py.
"""
import re
import sqlite3
from datetime import datetime, timezone

ALL = ("_o2_all_",)
SQLITE_TYPES = {"Int64": "INTEGER", "Float64": "REAL", "Utf8": "TEXT"}


def histogram(timestamp, interval):
    """Start of the interval as the server prints it."""
    number, unit = interval.split()
    if unit != "second":
        raise ValueError(interval)
    step = int(number) * 1_000_000
    return datetime.fromtimestamp(timestamp // step * step // 1_000_000, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")


class Distinct:
    def __init__(self):
        self.values = set()

    def step(self, value):
        if value is not None:
            self.values.add(value)

    def finalize(self):
        return len(self.values)


class Percentile:
    def __init__(self):
        self.values, self.fraction = [], 0.0

    def step(self, value, fraction):
        self.fraction = fraction
        if value is not None:
            self.values.append(value)

    def finalize(self):
        if not self.values:
            return None
        self.values.sort()
        place = self.fraction * (len(self.values) - 1)
        below = int(place)
        above = min(below + 1, len(self.values) - 1)
        return self.values[below] + (self.values[above] - self.values[below]) * (place - below)


class Engine:
    def __init__(self, stream, types, records):
        self.stream, self.now = stream, 0
        self.db = sqlite3.connect(":memory:")
        self.db.row_factory = sqlite3.Row
        self.db.create_function("histogram", 2, histogram, deterministic=True)
        self.db.create_function("now", 0, lambda: self.now)
        self.db.create_function("cast_to_timestamp", 1, lambda time: time)
        self.db.create_aggregate("approx_distinct", 1, Distinct)
        self.db.create_aggregate("approx_percentile_cont", 2, Percentile)
        columns = {"_timestamp": "Int64", **types}
        self.db.execute(
            f"CREATE TABLE records ({', '.join(f'{name} {SQLITE_TYPES[kind]}' for name, kind in columns.items())})"
        )
        for record in records:
            names = list(record)
            self.db.execute(
                f"INSERT INTO records ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})",
                [record[name] for name in names],
            )

    def run(self, sql, start=0, end=1 << 62, host=ALL, interface=ALL, direction=ALL, resolution=60):
        """Rows as dicts. The range is [start, end), in microseconds; end is also the time it is."""
        for name, values in ("host", host), ("interface", interface), ("direction", direction):
            sql = sql.replace(
                f"${{{name}:singlequote}}", ",".join("'" + value.replace("'", "''") + "'" for value in values)
            )
        sql = sql.replace("${resolution}", str(resolution))
        sql = re.sub(r"\w+ IN \('_o2_all_'\)", "TRUE", sql)
        self.now = end
        self.db.execute(f'DROP VIEW IF EXISTS "{self.stream}"')
        in_range = f"_timestamp >= {start:d} AND _timestamp < {end:d}"
        self.db.execute(f'CREATE VIEW "{self.stream}" AS SELECT * FROM records WHERE {in_range}')
        return [dict(row) for row in self.db.execute(sql)]
