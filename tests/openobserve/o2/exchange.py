# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""One request and what comes of it.

A request for /__control never meets a fault and is not logged. For all others the plan is asked once. A fault acts at
one of four moments: before the body has been read (close_early), instead of the handler (answer_instead, hang), within
the handler (it is passed on as `tamper`), or in the delivery of what the handler answered (deliver_badly).

The log entry is written when it is settled what the client will get, and before it gets it: who has seen an answer
finds its entry. It says null for the status when there will be no answer.
"""
import gzip
import time

from . import control, http1, router
from .answer import JSON, Answer, empty, json_answer, message, text
from .auth import wrong_credentials
from .faults import TAMPERING
from .http1 import name_of

LOGGED_HEADERS = ("host", "user-agent", "authorization", "content-type", "content-encoding", "content-length",
                  "transfer-encoding", "expect", "accept", "accept-encoding", "connection")
CORS = [("vary", "origin, access-control-request-method, access-control-request-headers"),
        ("access-control-allow-credentials", "true")]
COMPRESSED_FROM = 32  # octets; shorter answers are not worth it to the server


def proxy_page(status):
    """What stands in front of the server answers in HTML."""
    title = f"{status} {http1.REASONS[status]}"
    page = (f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n"
            "</body>\r\n</html>\r\n")
    return Answer(status, page.encode(), "text/html")


USUAL = {
    400: lambda: message(400, "Error# not an ingester"),
    401: wrong_credentials,
    403: lambda: text(403, "Unauthorized Access"),
    404: lambda: empty(404),
    408: lambda: proxy_page(408),
    413: lambda: router.too_long(hang_up=False),
    415: router.unsupported_encoding,
    429: lambda: message(429, "Too Many Requests"),
    500: lambda: message(500, "Error# Internal Server Error"),
    502: lambda: proxy_page(502),
    503: lambda: message(503, "Error# MemoryTableOverflowError"),
    504: lambda: proxy_page(504),
}


def status_answer(fault):
    status = int(fault.kind)
    answer = USUAL[status]()
    if fault.get("message") is not None:
        answer = message(status, fault.get("message"))
    if fault.get("body") is not None:
        answer = Answer(status, fault.get("body").encode(), fault.get("content_type", "text/plain; charset=utf-8"))
    if fault.get("retry_after") is not None:
        answer.headers.append(("retry-after", fault.get("retry_after")))
    return answer


class Exchange:
    def __init__(self, world, connection, head):
        self.world = world
        self.connection = connection
        self.head = head
        self.body = http1.Body(connection, head)
        self.raw = None  # the body as sent, once it has been read
        self.request_class = router.class_of(world, head)
        self.fault = None
        self.result = router.Result()
        self.arrived_us = world.clock.now_us()

    def run(self):
        """Returns whether the connection can go on."""
        try:
            if self.head.path == control.PATH or self.head.path.startswith(control.PATH + "/"):
                return self.deliver(control.respond(self.world, self.head, self.body.read(control.MAX_BODY)))
            return self.run_planned()
        except http1.TooLarge:
            return self.finish(router.too_long())

    def run_planned(self):
        faults = self.world.faults
        if faults.wants_size(self.request_class):
            self.read_body()
        size = len(self.raw) if self.raw is not None else self.body.length
        self.fault = faults.take(self.request_class, self.head, size)
        if self.fault is None:
            return self.finish(router.serve(self))
        return self.disturb(self.fault)

    def disturb(self, fault):
        if fault.kind in ("close_before_read", "close_mid_body"):
            return self.close_early(fault)
        if not fault.get("early"):
            self.read_body()
        if fault.kind.isdigit() or fault.kind == "redirect" or (fault.kind == "garbage" and not fault.get("store")):
            return self.answer_instead(fault)
        if fault.kind == "hang":
            return self.hang(fault)
        if fault.kind == "delay":
            self.connection.wait(fault.get("seconds", 1))
            return self.finish(router.serve(self))
        answer = router.serve(self, tamper=fault if fault.kind in TAMPERING else None)
        return self.finish(answer) if fault.kind in TAMPERING else self.deliver_badly(fault, answer)

    def read_body(self):
        if self.raw is None:
            self.raw = self.body.read(self.world.switches.payload_limit_bytes)

    def describe_body(self):
        """For the log, when no handler gets to see it."""
        if self.raw is not None:
            router.describe(self)

    def close_early(self, fault):
        if fault.kind == "close_mid_body":
            for _ in self.body.pieces():
                if self.body.received >= fault.get("bytes", 1):
                    break
        self.note(None)
        return self.close(fault)

    def close(self, fault):
        self.connection.close(reset=fault.get("reset", False), polite=False)
        return False

    def answer_instead(self, fault):
        self.describe_body()
        if fault.kind == "redirect":
            answer = empty(int(fault.get("status", 307)),
                           [("location", fault.get("location", "/redirected" + self.head.path))])
        elif fault.kind == "garbage":
            answer = self.garbage(fault)
        else:
            answer = status_answer(fault)
            answer.hang_up = fault.get("early", False)
        return self.finish(answer)

    @staticmethod
    def garbage(fault):
        body = fault.get("body", '{"code":200,"status":[{"name":\x00\xff ]]')
        return Answer(200, body.encode("latin-1", "replace"), fault.get("content_type", JSON))

    def hang(self, fault):
        if fault.get("store"):
            router.serve(self)
        else:
            self.describe_body()
        self.note(None)
        self.world.faults.hang(self.connection, fault.get("seconds"))
        return self.close(fault)

    def deliver_badly(self, fault, answer):
        connection, close = self.connection, self.head.wants_close()
        if fault.kind == "garbage":
            return self.finish(self.garbage(fault))
        if fault.kind == "connection_close":
            return self.finish(answer, close=True)
        if fault.kind == "store_then_close":
            self.note(None)
            return self.close(fault)
        self.note(answer.status)
        self.decorate(answer)
        if fault.kind == "close_mid_response":
            http1.send_half(connection, answer, int(fault.get("bytes", len(answer.body) // 2)))
            return self.close(fault)
        interval_s = fault.get("interval_ms", 20 if fault.kind == "slow_response" else 0) / 1000
        if fault.kind == "slow_response":
            http1.send_slowly(connection, answer, interval_s, close)
        elif fault.kind == "chunked_response":
            http1.send_chunked(connection, answer, int(fault.get("size", 7)), close, interval_s)
        else:
            if not answer.body.startswith(b"{"):
                answer = json_answer({"code": answer.status}, answer.status)
            http1.send_padded(connection, answer, int(fault.get("bytes", 64 << 20)), close)
        return not close

    def decorate(self, answer):
        answer.headers += CORS
        if self.request_class != "other":
            answer.headers.append(("x-api-node", self.world.node))

    def finish(self, answer, close=False):
        self.note(answer.status)
        self.decorate(answer)
        return self.deliver(answer, close)

    def deliver(self, answer, close=False):
        """The answer goes out before what is left of the body is read: there are clients that stop sending when they
        see it."""
        hang_up = answer.hang_up or not self.body.is_drainable()
        close = close or hang_up or self.head.wants_close()
        if self.takes_gzip() and len(answer.body) >= COMPRESSED_FROM:
            answer.body = gzip.compress(answer.body, 1)
            answer.headers += [("content-encoding", "gzip"), ("vary", "accept-encoding")]
            http1.send_chunked(self.connection, answer, http1.PIECE, close)
        else:
            http1.send(self.connection, answer, close, without_body=self.head.method == "HEAD")
        if hang_up or not self.body.drain():
            self.connection.linger()
            return False
        return not close

    def takes_gzip(self):
        accepted = {token.split(";")[0].strip() for token in self.head.get("accept-encoding", "").split(",")}
        return "gzip" in accepted and self.head.method != "HEAD" and self.head.version == "HTTP/1.1"

    def note(self, status):
        """The log entry. body_bytes is what arrived, decoded_bytes what it was without its encoding; records were in
        it, of which some were stored and some counted as failed; connection numbers the connections of the double,
        request the requests on one. null: not known, or did not come to that."""
        result = self.result
        entry = {
            "time": round(time.time(), 6), "method": self.head.method, "path": self.head.path,
            "query": self.head.query_text, "class": self.request_class,
            "headers": {name: value for name, value in self.head.headers if name in LOGGED_HEADERS},
            "body_bytes": self.body.received, "decoded_bytes": result.decoded_bytes, "records": result.records,
            "stored": result.stored, "failed": result.failed, "status": status,
            "fault": self.fault.kind if self.fault else None, "peer": name_of(self.connection.peer),
            "connection": self.connection.serial, "request": self.connection.requests,
        }
        self.world.journal.log(entry)
        self.world.counters.answered(status)
