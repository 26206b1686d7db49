# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What is written to the state directory, so that a test can look at it however the client, or the double, ended.

DIR/ORG/STREAM.ndjson   the records of a stream, as they were stored, in that order
DIR/requests.ndjson     the requests (see Exchange.note), in the order in which they were answered

Each write is one unbuffered write(2) of whole lines, before the answer goes out.
"""
import json
import os
import threading
import urllib.parse


def line_of(value):
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")) + "\n"


def append(path, text):
    octets = text.encode()
    with open(path, "ab", buffering=0) as file:
        while octets:
            octets = octets[file.write(octets):]


class Journal:
    def __init__(self, directory):
        self.directory = os.path.abspath(directory)
        self.requests = os.path.join(self.directory, "requests.ndjson")
        self.lock = threading.Lock()
        self.serial = 0
        os.makedirs(self.directory, exist_ok=True)

    def path_of(self, org, stream):
        # An organisation's name comes from a URL.
        folder = "%2E%2E" if org == ".." else "%2E" if org == "." else urllib.parse.quote(org, safe="")
        return os.path.join(self.directory, folder, f"{stream}.ndjson")

    def store(self, org, stream, records):
        path = self.path_of(org, stream)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        append(path, "".join(map(line_of, records)))

    def read(self, org, stream):
        try:
            with open(self.path_of(org, stream), encoding="utf-8") as lines:
                for line in lines:
                    yield json.loads(line)
        except FileNotFoundError:
            pass

    def set_aside(self, org, stream, suffix):
        path = self.path_of(org, stream)
        if os.path.exists(path):
            os.rename(path, f"{path}.{suffix}")

    def log(self, note):
        with self.lock:
            self.serial += 1
            append(self.requests, line_of({"n": self.serial, **note}))
