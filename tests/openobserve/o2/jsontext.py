# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""JSON as serde_json reads and writes it, where Python's own module is laxer or would change a number.

Read: no NaN or Infinity, no byte order mark, no half of a surrogate pair, not more than 128 levels. The server keeps
the text of numbers ("arbitrary precision"), so a number with a fraction or an exponent becomes a Float, which
remembers its.

Written: objects with sorted keys, because the server's maps are sorted, and text as it is, not escaped to ASCII.
"""
import json
import re

MAX_DEPTH = 128
HALF_PAIR = re.compile(rb"\\u[dD][89a-fA-F]")
BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)

# What Python's parser says, and serde_json: at the end of the text, and elsewhere.
WORDS = (
    ("Expecting value", "EOF while parsing a value", "expected value"),
    ("Expecting property name", "EOF while parsing an object", "key must be a string"),
    ("Expecting ':'", "EOF while parsing an object", "expected `:`"),
    ("Expecting ',' delimiter in [", "EOF while parsing a list", "expected `,` or `]`"),
    ("Expecting ',' delimiter in {", "EOF while parsing an object", "expected `,` or `}`"),
    ("Unterminated string", "EOF while parsing a string", "EOF while parsing a string"),
    ("Invalid control character", "EOF while parsing a string",
     "control character (\\u0000-\\u001F) found while parsing a string"),
    ("Invalid \\\\u", "EOF while parsing a string", "invalid escape"),
    ("Invalid \\\\escape", "EOF while parsing a string", "invalid escape"),
    ("Extra data", "trailing characters", "trailing characters"),
)


class Malformed(Exception):
    """The text is no JSON. str() is serde_json's, with line and column."""

    def __init__(self, words, line, column):
        super().__init__(f"{words} at line {line} column {column}")
        self.words, self.line, self.column = words, line, column


class Float(float):
    """A number that was written with a fraction or an exponent, and how it was written."""
    __slots__ = ("text",)

    def __new__(cls, text):
        value = super().__new__(cls, text)
        value.text = text
        return value


def refuse_constant(name):
    raise ValueError(name)


DECODER = json.JSONDecoder(parse_float=Float, parse_constant=refuse_constant)


def position(text, offset):
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def in_serde_words(error):
    text, offset = error.doc, error.pos
    at_end = offset >= len(text.rstrip(" \t\n\r"))
    line, column = position(text, len(text) if at_end else offset)
    said = error.msg
    if said == "Expecting ',' delimiter":
        said += " in " + opened_before(text, offset)[-1]
    for start, ended, words in WORDS:
        if said.startswith(start):
            if not at_end and text[:offset].rstrip(" \t\n\r").endswith(",") and start == "Expecting property name":
                words = "trailing comma"
            return Malformed(ended if at_end else words, line, column - 1 if at_end else column)
    return Malformed(error.msg, line, column)


def opened_before(text, offset):
    """The brackets open at offset. Raises Malformed when there are too many."""
    opened = []
    for token in BRACKETS.finditer(text, 0, offset):
        mark = token.group()
        if mark in "[{":
            opened.append(mark)
            if len(opened) >= MAX_DEPTH:
                raise Malformed("recursion limit exceeded", *position(text, token.start()))
        elif mark in "]}" and opened:
            opened.pop()
    return opened


def is_deep(value, levels):
    """Are there more levels of arrays and objects than that?"""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels == 0 and inner != () or any(is_deep(one, levels - 1) for one in inner if type(one) in (dict, list))


def has_half_pair(value):
    if isinstance(value, dict):
        return any(has_half_pair(key) or has_half_pair(inner) for key, inner in value.items())
    if isinstance(value, list):
        return any(has_half_pair(inner) for inner in value)
    return isinstance(value, str) and any("\ud800" <= char <= "\udfff" for char in value)


def parse(octets):
    """Returns the value, or raises Malformed. A key given twice counts with its last value."""
    try:
        text = octets.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed("invalid unicode code point", octets.count(b"\n", 0, error.start) + 1,
                        error.start - octets.rfind(b"\n", 0, error.start)) from None
    start = len(text) - len(text.lstrip(" \t\n\r"))
    try:
        value, end = DECODER.raw_decode(text, start)
    except json.JSONDecodeError as error:
        raise in_serde_words(error) from None
    except RecursionError:
        opened_before(text, len(text))
    except ValueError:
        raise Malformed("expected value", *position(text, start)) from None
    if is_deep(value, MAX_DEPTH - 1):
        opened_before(text, len(text))
    if text[end:].strip(" \t\n\r"):
        end += len(text[end:]) - len(text[end:].lstrip(" \t\n\r"))
        raise Malformed("trailing characters", *position(text, end))
    if HALF_PAIR.search(octets) and has_half_pair(value):
        raise Malformed("lone leading surrogate in hex escape", *position(text, start))
    return value


def to_text(value):
    if isinstance(value, Float):
        return value.text
    if isinstance(value, dict):
        return "{" + ",".join(f"{to_text(key)}:{to_text(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(to_text, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
