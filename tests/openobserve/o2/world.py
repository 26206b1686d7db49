# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What the handlers share. world.lock is held while a handler runs; counters and faults have locks of their own."""
import collections
import itertools
import secrets
import threading

from . import auth
from .faults import Faults
from .journal import Journal
from .switches import Clock, Switches

KSUID_EPOCH = 1_400_000_000
BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class Counters:
    def __init__(self):
        self.lock = threading.Lock()
        self.values = collections.Counter(connections=0, open=0, failed_handshakes=0, requests=0, hanging=0,
                                          records_stored=0, records_failed=0)
        self.statuses = collections.Counter()

    def add(self, name, count=1):
        with self.lock:
            self.values[name] += count

    def answered(self, status):
        with self.lock:
            self.values["requests"] += 1
            self.statuses[str(status) if status else "none"] += 1

    def as_dict(self):
        with self.lock:
            return {**self.values, "answers": dict(self.statuses)}


class World:
    def __init__(self, directory, base_path="", user=auth.DEFAULT_USER, password=auth.DEFAULT_PASSWORD, switches=None):
        self.lock = threading.RLock()
        self.base_path = base_path
        self.node = "double-1"
        self.clock = Clock()
        self.switches = Switches(switches)
        self.counters = Counters()
        self.faults = Faults(self.counters)
        self.journal = Journal(directory)
        self.accounts = auth.Accounts(user, password)
        self.streams = {}  # (org, type, name) -> streams.Stream
        self.deleting = {}  # the same -> µs until which the stream refuses records
        self.functions = {}  # (org, name) -> dict
        self.pipelines = {}  # id -> dict
        self.folders = {}  # (org, type, folder id) -> dict
        self.dashboards = {}  # (org, dashboard id) -> dict
        self.templates = {}  # (org, name) -> dict
        self.destinations = {}  # (org, name) -> dict
        self.alerts = {}  # (org, alert id) -> dict
        self.serials = itertools.count(1)

    def snowflake(self):
        """The numeric ids of folders, dashboards and pipelines: a time, and what makes it unique."""
        return str((self.clock.now_us() // 1000 << 22) + next(self.serials))

    def ksuid(self):
        """The ids of alerts and destinations: 27 letters and digits, sortable by time."""
        value = (self.clock.now_us() // 1_000_000 - KSUID_EPOCH << 128) + int.from_bytes(secrets.token_bytes(16), "big")
        letters = ""
        while value:
            value, digit = divmod(value, 62)
            letters = BASE62[digit] + letters
        return letters.rjust(27, "0")
