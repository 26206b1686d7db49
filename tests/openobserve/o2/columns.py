# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Types of columns: which one a value would found, which give way to which, and what becomes of a value of another
type.

Names are those of Arrow. The first type of a column stays, unless a later batch brings one that WIDENING lets replace
it, for good; all other values are cast. From JSON only Boolean, Int64, UInt64, Float64 and Utf8 arise; the rest can
be created.
"""
from .jsontext import Float, to_text

I64_MAX, U64_MAX = (1 << 63) - 1, (1 << 64) - 1

INTEGERS = {"Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64"}
FLOATS = {"Float16", "Float32", "Float64"}
NUMBERS = INTEGERS | FLOATS
NAMES = NUMBERS | {"Null", "Boolean", "Utf8", "LargeUtf8", "Binary", "LargeBinary", "Date32", "Date64"}
# The Python type of what need not be cast: an integer that is too large for Int64 has made its column another by then.
NATIVE = {"Utf8": str, "Int64": int, "Boolean": bool}
# What a batch can be made of: a record with a column of another type is counted as stored, and lost with its batch.
STORABLE = {"Utf8", "Int64", "UInt64", "Float64", "Boolean", "Binary", "Null"}

WIDENING = {
    "Boolean": {"Utf8"},
    "Int8": {"Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64", "Float16", "Float32", "Float64", "Utf8"},
    "Int16": {"Int32", "Int64", "UInt16", "UInt32", "UInt64", "Float16", "Float32", "Float64", "Utf8"},
    "Int32": {"Int64", "UInt32", "UInt64", "Float32", "Float64", "Utf8"},
    "Int64": {"UInt64", "Float64", "Utf8"},
    "UInt8": {"UInt16", "UInt32", "UInt64", "Utf8"},
    "UInt16": {"UInt32", "UInt64", "Utf8"},
    "UInt32": {"UInt64", "Utf8"},
    "UInt64": {"Utf8"},
    "Float16": {"Float32", "Float64", "Utf8"},
    "Float32": {"Float64", "Utf8"},
    "Float64": {"Utf8"},
    "Utf8": {"LargeUtf8"},
}
# Within one batch, where no schema has been made yet, the order of the records must not matter.
STRONGER = {"Boolean": 0, "Int64": 1, "UInt64": 2, "Float64": 3, "Utf8": 4}


class CannotCast(Exception):
    pass


def type_of(value):
    if type(value) is int:
        if -I64_MAX - 1 <= value <= I64_MAX:
            return "Int64"
        return "UInt64" if 0 < value <= U64_MAX else "Utf8"
    if isinstance(value, bool):
        return "Boolean"
    if isinstance(value, Float):
        return "Utf8" if abs(value) == float("inf") else "Float64"
    return "Utf8"


def infer(records):
    """The schema of a batch of flat records."""
    schema = {}
    for record in records:
        for name, value in record.items():
            found = "Utf8" if type(value) is str else type_of(value)
            known = schema.get(name)
            if known != found and (known is None or STRONGER[found] > STRONGER[known]):
                schema[name] = found
    return schema


def widens(existing, found):
    return found in WIDENING.get(existing, {"Utf8"})


def number_from(value):
    if isinstance(value, str):
        try:
            return int(value)
        except ValueError:
            return float(value)
    return value


def cast(value, kind):
    """value as the column of that type stores it, or CannotCast."""
    if kind in ("Utf8", "LargeUtf8"):
        return value if isinstance(value, str) else to_text(value)
    if kind == "Boolean":
        return cast_to_boolean(value)
    if kind not in NUMBERS:
        raise CannotCast
    try:
        number = number_from(value)
        if kind in FLOATS:
            return float(number)
        return to_integer(number, kind)
    except (ValueError, OverflowError):
        raise CannotCast from None


def cast_to_boolean(value):
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        return value > 0
    if value in ("true", "false"):
        return value == "true"
    raise CannotCast


def to_integer(number, kind):
    """As Rust's `as`: a fraction is cut off and saturates; an integer of the other sign wraps."""
    signed = kind.startswith("Int")
    low, high = (-I64_MAX - 1, I64_MAX) if signed else (0, U64_MAX)
    if isinstance(number, float):
        return min(max(int(number), low), high)
    number = int(number) & U64_MAX
    return number - (1 << 64) if signed and number > I64_MAX else number
