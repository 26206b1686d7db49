# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The types the management endpoints expect of a body, and what they say when it has others.

A shape is a function of a value and of where it stands that returns what the server would keep of the value, or
raises Mismatch. Shapes are built from shapes:

    PERSON = struct("Person", name=text, age=field(integer(0, 200), default=0), nick=maybe(text))

A field is mandatory unless it is option (absent becomes null), maybe (absent stays absent) or has a default. Fields
nobody knows are dropped, as serde does; keep_others keeps them. A trailing underscore lets a field be named like a
keyword.
"""
from .jsontext import Float, to_text

ABSENT = object()
I64 = (-1 << 63, (1 << 63) - 1)


class Mismatch(Exception):
    def __init__(self, path, words):
        # Guess: the server ends with " at line L column C", of which no test can want to know.
        super().__init__(f"{path}: {words}" if path else words)


def told(value):
    if value is None:
        return "null"
    if isinstance(value, bool):
        return f"boolean `{to_text(value)}`"
    if isinstance(value, int):
        return f"integer `{value}`"
    if isinstance(value, float):
        return f"floating point `{to_text(value)}`"
    if isinstance(value, str):
        return f"string {to_text(value)}"
    return "sequence" if isinstance(value, list) else "map"


def wrong(value, path, expected):
    raise Mismatch(path, f"invalid type: {told(value)}, expected {expected}")


def anything(value, path):
    return value


def text(value, path):
    return value if isinstance(value, str) else wrong(value, path, "a string")


def boolean(value, path):
    return value if isinstance(value, bool) else wrong(value, path, "a boolean")


def number(value, path):
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        wrong(value, path, "f64")
    return float(value) if isinstance(value, Float) else value


def integer(low=I64[0], high=I64[1]):
    def shape(value, path):
        if isinstance(value, bool) or not isinstance(value, int):
            wrong(value, path, "an integer")
        if not low <= value <= high:
            raise Mismatch(path, f"invalid value: integer `{value}`, expected an integer in range")
        return value
    return shape


def one_of(*names):
    def shape(value, path):
        if value not in names:
            known = ", ".join(f"`{name}`" for name in names)
            if isinstance(value, str):
                raise Mismatch(path, f"unknown variant `{value}`, expected one of {known}")
            wrong(value, path, "variant identifier")
        return value
    return shape


def list_of(inner):
    def shape(value, path):
        if not isinstance(value, list):
            wrong(value, path, "a sequence")
        return [inner(element, f"{path}[{index}]") for index, element in enumerate(value)]
    return shape


def map_of(inner):
    def shape(value, path):
        if not isinstance(value, dict):
            wrong(value, path, "a map")
        return {key: inner(element, join(path, key)) for key, element in value.items()}
    return shape


def any_of(name, *shapes):
    """An untagged enum: the first shape that fits."""
    def shape(value, path):
        for candidate in shapes:
            try:
                return candidate(value, path)
            except Mismatch:
                continue
        raise Mismatch(path, f"data did not match any variant of untagged enum {name}")
    return shape


class field:
    """A member of a struct with a default (a function makes a new one each time), or with other names too."""

    def __init__(self, shape, default=ABSENT, aliases=()):
        self.shape, self.default, self.aliases = shape, default, aliases

    def __call__(self, value, path):
        return self.shape(value, path)


class option(field):
    def __init__(self, shape):
        super().__init__(lambda value, path: None if value is None else shape(value, path), None)


class maybe(field):
    """Like option, but dropped when it is null."""

    def __init__(self, shape):
        super().__init__(lambda value, path: ABSENT if value is None else shape(value, path), lambda: ABSENT)


def join(path, name):
    return f"{path}.{name}" if path else name


def struct(struct_name, /, keep_others=False, **fields):
    members = {}
    for name, member in fields.items():
        members[name.rstrip("_")] = member if isinstance(member, field) else field(member)

    def shape(value, path):
        if not isinstance(value, dict):
            wrong(value, path, f"struct {struct_name}")
        kept = dict(value) if keep_others else {}
        for name, member in members.items():
            given = name if name in value else next(filter(value.__contains__, member.aliases), None)
            if given is not None:
                result = member(value[given], join(path, given))
            elif member.default is ABSENT:
                raise Mismatch(path, f"missing field `{name}`")
            else:
                result = member.default() if callable(member.default) else member.default
            if result is ABSENT:
                kept.pop(name, None)
            else:
                kept[name] = result
        return kept
    return shape
