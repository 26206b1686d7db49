# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""_timestamp in every form the server takes, to µs since 1970."""
import datetime
import email.utils
import re

# 1971-01-01 in seconds: what is larger than that in a unit is taken to be in that unit.
BASE = 31_536_000
UTC = datetime.timezone.utc
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=UTC)
INTEGER = re.compile(r"[+-]?[0-9]+")
FLOAT = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
LOCAL = re.compile(r"\d{4}-\d\d-\d\d( |T)\d\d:\d\d:\d\d(\.\d{3}|\.\d{6})?")  # a fraction only after T
RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
RFC2822 = re.compile(r"([A-Z][a-z]{2}, )?\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d(:\d\d)? ([+-]\d{4}|[A-Z]{1,3})")
I64 = 1 << 63


class Unreadable(Exception):
    def __str__(self):
        return "Can't parse timestamp"


def to_us(number):
    if number > BASE * 1_000_000_000:
        return number // 1000
    if number > BASE * 1_000_000:
        return number
    if number > BASE * 1000:
        return number * 1000
    return number * 1_000_000


def micros(moment):
    return (moment - EPOCH) // datetime.timedelta(microseconds=1)


def from_text(text):
    if INTEGER.fullmatch(text) and -I64 <= int(text) < I64:
        return to_us(int(text))
    if FLOAT.fullmatch(text):
        return to_us(int(float(text)))
    try:
        if (match := LOCAL.fullmatch(text)) and not (match[1] == " " and match[2]):
            return micros(datetime.datetime.fromisoformat(text).replace(tzinfo=UTC))
        if RFC3339.fullmatch(text):
            return micros(datetime.datetime.fromisoformat(text.upper().replace("Z", "+00:00")))
        if RFC2822.fullmatch(text):
            return micros(email.utils.parsedate_to_datetime(text).astimezone(UTC))
    except (ValueError, TypeError):
        pass
    raise Unreadable


def from_value(value, now_us):
    """value: of the column _timestamp, or None without one."""
    if value is None:
        return now_us
    if isinstance(value, bool):
        raise Unreadable
    if isinstance(value, (int, float)):
        try:
            number = int(value)
        except (OverflowError, ValueError):
            raise Unreadable from None
        if not -I64 <= number < I64:
            raise Unreadable
        return to_us(number) if number != 0 else now_us
    return from_text(value) or now_us
