# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Which request goes wrong, and how: the plan. What a fault does is done in exchange.

    400 401 403 404 408 500 502 503 504
                        that status, with the server's body, or a proxy's: message replaces the text in it, body and
                        content_type all of it
    413                 above: only bodies of more octets, as sent; early: at once, and the connection ends
    415                 encoding: only bodies in that one, gzip unless told
    429                 retry_after: what that header says, seconds or a date; there is none by default
    redirect            status 307 unless told, location /redirected/… unless told
    hang                no answer for so many seconds, else until cleared or the client leaves; store: but the records
                        are stored; early: the body is not read either
    delay               an answer after so many seconds, unless the client leaves before
    close_before_read   the connection ends once the head was read; reset: by a RST
    close_mid_body      … once so many bytes of the body were read
    store_then_close    … once the records were stored, without an answer
    close_mid_response  … after so many bytes of the answer's body, half of it unless told
    connection_close    … properly, after the answer, which says so
    shortfall           only the first records are taken, keep of them, half unless told; the rest is not mentioned
    discard             the first count records, 1 unless told, are counted as failed, with that error
    column_trap         200, and nothing taken or mentioned
    garbage             200, and a body that is no answer, nor JSON unless told; store: but the records are stored
    slow_response       one octet of the answer every interval_ms, 20 unless told
    chunked_response    in chunks of size octets, 7 unless told, every interval_ms
    enormous            the right answer and a member of padding, of so many bytes in all, 64 MiB unless told

A fault is an object {"kind": K, PARAMETER: …}. Those in the queue are used up in order, each by the next `times`
requests it is meant for ("on": ingest, the default, management or any); a standing one applies while the queue is
empty, until it is replaced, cleared or its time is over. A fault with a condition (413 above N octets, 415 of an
encoding) stays in the queue, and keeps those behind it waiting, until a request fulfils it; the others are served as
if it was not there.
"""
import os
import threading
import time

NUMBER, FLAG, WORDS = (int, float), (bool,), (str,)

# The parameters of each kind beyond those of every kind.
STATUS = {"message": WORDS, "body": WORDS, "content_type": WORDS}
KINDS = {
    "400": STATUS, "401": STATUS, "403": STATUS, "404": STATUS, "408": STATUS, "500": STATUS, "502": STATUS,
    "503": STATUS, "504": STATUS,
    "413": {**STATUS, "above": NUMBER, "early": FLAG},
    "415": {**STATUS, "encoding": WORDS},
    "429": {**STATUS, "retry_after": (*NUMBER, *WORDS)},
    "hang": {"seconds": NUMBER, "store": FLAG, "early": FLAG},
    "delay": {"seconds": NUMBER},
    "close_before_read": {"reset": FLAG},
    "close_mid_body": {"bytes": NUMBER, "reset": FLAG},
    "store_then_close": {"reset": FLAG},
    "close_mid_response": {"bytes": NUMBER, "reset": FLAG},
    "shortfall": {"keep": NUMBER},
    "discard": {"count": NUMBER, "error": WORDS},
    "column_trap": {},
    "slow_response": {"interval_ms": NUMBER},
    "chunked_response": {"size": NUMBER, "interval_ms": NUMBER},
    "connection_close": {},
    "garbage": {"body": WORDS, "content_type": WORDS, "store": FLAG},
    "enormous": {"bytes": NUMBER},
    "redirect": {"status": NUMBER, "location": WORDS},
}
EVERY = {"kind": (*WORDS, int), "on": WORDS, "times": (int,)}
TAMPERING = ("shortfall", "discard", "column_trap")  # change what ingestion does with the records
CLASSES = ("ingest", "management", "any")


class BadFault(Exception):
    pass


class Fault:
    def __init__(self, spec):
        if isinstance(spec, (str, int)):
            spec = {"kind": spec}
        if not isinstance(spec, dict) or "kind" not in spec:
            raise BadFault("a fault is an object with a kind")
        self.kind = str(spec["kind"])
        if self.kind not in KINDS:
            raise BadFault(f"unknown kind of fault {self.kind}")
        known = {**EVERY, **KINDS[self.kind]}
        for name, value in spec.items():
            if name not in known:
                raise BadFault(f"fault {self.kind} has no parameter {name}")
            if not isinstance(value, known[name]) or (isinstance(value, bool) and bool not in known[name]):
                raise BadFault(f"fault {self.kind}: bad value {value!r} of {name}")
        self.spec = {**spec, "kind": self.kind}
        self.on = spec.get("on", "ingest")
        self.times = spec.get("times", 1)
        if self.on not in CLASSES or (self.kind in TAMPERING and self.on != "ingest"):
            raise BadFault(f"fault {self.kind} cannot be on {self.on}")
        if self.times < 1:
            raise BadFault("times is at least 1")

    def get(self, name, default=None):
        return self.spec.get(name, default)

    def is_for(self, request_class):
        return self.on in ("any", request_class)

    def wants_size(self):
        return self.get("above") is not None

    def applies(self, head, size):
        if self.wants_size() and size <= self.get("above"):
            return False
        return self.kind != "415" or head.get("content-encoding") == self.get("encoding", "gzip")

    def as_dict(self):
        return {**self.spec, "times": self.times}


class Faults:
    def __init__(self, counters):
        self.lock = threading.Lock()
        self.counters = counters
        self.queue = []
        self.standing = None
        self.standing_until = None
        self.hanging = set()  # an eventfd for each request that hangs

    def change(self, queue=(), standing=None, seconds=None, clear=False):
        """standing: a Fault, False for none any more, or None for no change."""
        with self.lock:
            if clear:
                self.queue.clear()
                self.standing = None
                for descriptor in self.hanging:
                    os.eventfd_write(descriptor, 1)
            self.queue.extend(queue)
            if standing is not None:
                self.standing = standing or None
                self.standing_until = None if seconds is None else time.monotonic() + seconds

    def first_for(self, request_class):
        queued = next((fault for fault in self.queue if fault.is_for(request_class)), None)
        if queued:
            return queued
        self.expire()
        return self.standing if self.standing and self.standing.is_for(request_class) else None

    def expire(self):
        if self.standing and self.standing_until is not None and time.monotonic() >= self.standing_until:
            self.standing = None

    def wants_size(self, request_class):
        """Must the body have been read before take()?"""
        with self.lock:
            fault = self.first_for(request_class)
            return fault is not None and fault.wants_size() and not fault.get("early")

    def take(self, request_class, head, size):
        with self.lock:
            fault = self.first_for(request_class)
            if fault is None or not fault.applies(head, size):
                return None
            if fault is not self.standing:
                fault.times -= 1
                if fault.times == 0:
                    self.queue.remove(fault)
            return fault

    def hang(self, connection, seconds):
        """Until cleared, the time is over, or Gone."""
        descriptor = os.eventfd(0)
        with self.lock:
            self.hanging.add(descriptor)
        self.counters.add("hanging")
        try:
            connection.wait(seconds, wake=descriptor)
        finally:
            self.counters.add("hanging", -1)
            with self.lock:
                self.hanging.remove(descriptor)
                os.close(descriptor)

    def as_dict(self):
        with self.lock:
            self.expire()
            return {"queue": [fault.as_dict() for fault in self.queue],
                    "standing": self.standing.as_dict() if self.standing else None}
