# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What of the server's configuration a test may want to differ from the default, and the clock."""
import time

DEFAULTS = {
    "allowed_upto_h": 5,  # ZO_INGEST_ALLOWED_UPTO
    "allowed_in_future_h": 24,  # ZO_INGEST_ALLOWED_IN_FUTURE
    "payload_limit_bytes": 209715200,  # ZO_PAYLOAD_LIMIT
    "columns_limit": 1000,  # ZO_COLS_PER_RECORD_LIMIT
    "flatten_level": 3,  # ZO_INGEST_FLATTEN_LEVEL
    "mmdb_loaded": True,  # false: as with ZO_MMDB_DISABLE_DOWNLOAD
    "ssrf_allow_loopback": False,  # ZO_SSRF_ALLOW_LOOPBACK
    "config_split": False,  # releases after 0.93 show the version only to whoever has logged in
    "deletion_s": 0,  # how long a deleted stream refuses records
    "keep_alive_ms": 0,  # idle connections are closed after so long; 0: never
}


class BadSwitch(Exception):
    pass


class Switches:
    def __init__(self, values=None):
        self.__dict__.update(DEFAULTS)
        self.set(values or {})

    def set(self, values):
        for name, value in values.items():
            if name not in DEFAULTS:
                raise BadSwitch(f"unknown switch {name}")
            expected = bool if isinstance(DEFAULTS[name], bool) else int
            if type(value) is not expected:
                raise BadSwitch(f"switch {name} wants {expected.__name__}, not {value!r}")
        self.__dict__.update(values)

    def as_dict(self):
        return {name: getattr(self, name) for name in DEFAULTS}


class Clock:
    """The server's idea of now, in µs, which may be set off from the true one."""

    def __init__(self):
        self.offset_s = 0

    def now_us(self):
        return time.time_ns() // 1000 + int(self.offset_s * 1_000_000)
