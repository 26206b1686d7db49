# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""From a record as sent to one of columns: names normalised, objects unfolded, arrays and what lies too deep turned
to text.

The server's maps are sorted by key, so that of several keys that become one name the last in the order of the keys as
sent wins. Empty arrays, empty objects and nulls leave no column; an empty string does.
"""
import functools

from .jsontext import Float, to_text

SCALARS = (int, str, bool, Float)
PLAIN = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_")


class NotAnObject(Exception):
    def __str__(self):
        return "flatten value must be an object"


@functools.lru_cache(maxsize=65536)
def column_name(key):
    if PLAIN.issuperset(key):
        return key
    if key.isascii():
        return "".join(char if char in PLAIN else "_" for char in key.lower())
    return "".join(map(tidy_letter, key))


def tidy_letter(char):
    if char == "_" or char.islower() or char.isnumeric():
        return char
    return char.lower() if char.isupper() else "_"


def flatten(record, level):
    if not isinstance(record, dict):
        raise NotAnObject
    columns = {}
    for key, value in record.items():
        if type(value) in SCALARS and column_name(key) == key:
            columns[key] = value
        elif value is not None:
            break
    else:
        return columns  # it was flat already, as nearly all are
    columns = {}
    unfold(columns, "", record, 1, level)
    return columns


def unfold(columns, prefix, record, depth, level):
    for key in sorted(record):
        value = record[key]
        if value is None or value == [] or value == {}:
            continue
        name = prefix + column_name(key)
        if isinstance(value, dict):
            if depth < level or level == 0:
                unfold(columns, name + "_", value, depth + 1, level)
                continue
            value = to_text(value)
        elif isinstance(value, list):
            value = to_text(value)
        columns[name] = value
