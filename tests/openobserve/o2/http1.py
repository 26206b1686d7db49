# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""HTTP/1.1 on one connection, with the means to do it wrongly on purpose.

A head is read by read_head(), the body that belongs to it by its Body, at once or in pieces, whether it came with a
length or in chunks. Whoever asked with "Expect: 100-continue" is told to go on when the body is first wanted, not
before.

Answers go out by send(); what faults need besides (a body in pieces, half a body, silence) is here too, because only
this module knows how to notice that the client has left: a wait ends early then, and Gone is raised.
"""
import email.utils
import http.client
import select
import socket
import ssl
import struct
import time
import urllib.parse

MAX_HEAD_BYTES = 128 * 1024
PIECE = 64 * 1024
# How much of a body nobody wanted is read to keep the connection; beyond that it is closed.
DRAIN_BYTES = 1 << 20
LINGER_S = 2
REASONS = dict(http.client.responses)
REASONS.update({413: "Payload Too Large", 416: "Range Not Satisfiable"})


def name_of(address):
    """ADDRESS:PORT of what the socket module makes of one."""
    host, port = address[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class Gone(Exception):
    """The client has closed, or the connection broke."""


class BadHead(Exception):
    def __init__(self, status):
        super().__init__(status)
        self.status = status


class TooLarge(Exception):
    """The body is longer than the reader allows."""


class Head:
    def __init__(self, method, target, version, headers):
        self.method, self.version, self.headers = method, version, headers
        if "://" in target.split("?")[0]:
            target = "/" + target.split("://", 1)[1].partition("/")[2]
        self.path, _, self.query_text = target.partition("?")
        self.query = dict(urllib.parse.parse_qsl(self.query_text, keep_blank_values=True))

    def get(self, name, default=None):
        return next((value for key, value in self.headers if key == name), default)

    def wants_close(self):
        tokens = {token.strip().lower() for token in self.get("connection", "").split(",")}
        return "close" in tokens or (self.version == "HTTP/1.0" and "keep-alive" not in tokens)


class Body:
    """What follows a head. received counts octets as sent, before any decoding, without the framing of chunks."""

    def __init__(self, connection, head):
        self.connection = connection
        self.chunked = head.get("transfer-encoding", "").lower().endswith("chunked")
        self.length = 0 if self.chunked else self.read_length(head)
        self.expects_word = head.version == "HTTP/1.1" and head.get("expect", "").lower() == "100-continue"
        self.received = 0
        self.finished = not self.chunked and self.length == 0
        self.source = self.read_chunks() if self.chunked else self.read_counted()

    @staticmethod
    def read_length(head):
        text = head.get("content-length", "0").strip()
        if not (text.isascii() and text.isdigit()):
            raise BadHead(400)
        return int(text)

    def read_counted(self):
        while self.received < self.length:
            yield self.take(min(PIECE, self.length - self.received))

    def read_chunks(self):
        while True:
            line = self.connection.read_line()
            try:
                left = int(line.split(b";")[0], 16)
            except ValueError:
                raise BadHead(400) from None
            if left == 0:
                break
            while left > 0:
                piece = self.take(min(PIECE, left))
                left -= len(piece)
                yield piece
            if self.connection.read_line() != b"":
                raise BadHead(400)
        while self.connection.read_line() != b"":
            pass  # trailers

    def take(self, wanted):
        piece = self.connection.read(wanted)
        self.received += len(piece)
        return piece

    def pieces(self):
        """The rest of the body; may be left and taken up again."""
        if self.expects_word and not self.finished:
            self.expects_word = False
            self.connection.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        yield from self.source
        self.finished = True

    def read(self, limit):
        collected = bytearray()
        for piece in self.pieces():
            collected += piece
            if len(collected) > limit:
                raise TooLarge
        return bytes(collected)

    def is_drainable(self):
        """Nobody wants the rest; may it be read, to keep the connection? Not when it is too long, nor when the client
        waits to be asked for it."""
        return self.finished or not (self.expects_word or self.length - self.received > DRAIN_BYTES)

    def drain(self):
        """Reads and forgets the rest. False when it became too long."""
        start = self.received
        for _ in () if self.finished else self.pieces():
            if self.received - start > DRAIN_BYTES:
                return False
        return True


class Connection:
    """One accepted socket. serial tells connections apart in the log; requests counts heads read. now_us() is the
    server's time, which its answers tell."""

    def __init__(self, sock, peer, serial, now_us):
        self.sock = sock
        self.peer = peer
        self.serial = serial
        self.now_us = now_us
        self.requests = 0
        self.reader = sock.makefile("rb", PIECE)

    def read(self, wanted):
        try:
            piece = self.reader.read1(wanted)
        except (OSError, ValueError) as error:
            raise Gone from error
        if not piece:
            raise Gone
        return piece

    def read_line(self):
        try:
            line = self.reader.readline(MAX_HEAD_BYTES)
        except (OSError, ValueError) as error:
            raise Gone from error
        if not line.endswith(b"\n"):
            raise BadHead(431) if len(line) == MAX_HEAD_BYTES else Gone
        return line.rstrip(b"\r\n")

    def read_head(self):
        line = self.read_line() or self.read_line()  # an empty line before a request is allowed
        words = line.decode("latin-1").split(" ")
        if len(words) != 3 or words[2] not in ("HTTP/1.1", "HTTP/1.0") or not words[0].isalpha():
            raise BadHead(400)
        headers = []
        size = len(line)
        while (line := self.read_line()) != b"":
            size += len(line)
            name, colon, value = line.decode("latin-1").partition(":")
            if not colon or not name or name != name.strip():
                raise BadHead(400)
            if size > MAX_HEAD_BYTES:
                raise BadHead(431)
            headers.append((name.lower(), value.strip()))
        self.requests += 1
        return Head(*words, headers)

    def write(self, octets):
        try:
            self.sock.sendall(octets)
        except OSError as error:
            raise Gone from error

    def wait(self, seconds, wake=None):
        """Until the time is over (None: never), wake (a file descriptor) is readable, or Gone."""
        poller = select.poll()
        poller.register(self.sock, select.POLLRDHUP)
        if wake is not None:
            poller.register(wake, select.POLLIN)
        ready = [descriptor for descriptor, _ in poller.poll(None if seconds is None else seconds * 1000)]
        if self.sock.fileno() in ready:
            raise Gone

    def close(self, reset=False, polite=True):
        """reset: with a RST. Not polite: as a process that dies closes, over TLS without saying so."""
        try:
            if reset:
                self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            elif polite and isinstance(self.sock, ssl.SSLSocket):
                self.sock.settimeout(0)  # say goodbye, but do not wait for the client's
                self.sock.unwrap()
        except (OSError, ValueError):
            pass
        self.reader.close()
        self.sock.close()

    def linger(self):
        """Closes without losing the answer: what the client still sends would turn the close into a reset, which may
        overtake the answer. So reading goes on until the client closes, for a while."""
        try:
            self.sock.shutdown(socket.SHUT_WR)
            deadline = time.monotonic() + LINGER_S
            while (left := deadline - time.monotonic()) > 0:
                self.sock.settimeout(left)
                if not self.sock.recv(PIECE):
                    break
        except (OSError, ValueError):
            pass
        self.close()


def head_of(connection, answer, *more):
    lines = [f"HTTP/1.1 {answer.status} {REASONS.get(answer.status, 'Unknown')}"]
    lines += [f"{name}: {value}" for name, value in (*answer.headers, *more)]
    lines.append("date: " + email.utils.formatdate(connection.now_us() // 1_000_000, usegmt=True))
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def closing(close):
    return [("connection", "close")] if close else []


def send(connection, answer, close=False, without_body=False):
    # 204 and 304 have no length either, but no answer here has them.
    head = head_of(connection, answer, ("content-length", len(answer.body)), *closing(close))
    connection.write(head if without_body else head + answer.body)


def send_chunked(connection, answer, size, close=False, interval_s=0):
    connection.write(head_of(connection, answer, ("transfer-encoding", "chunked"), *closing(close)))
    for start in range(0, len(answer.body), size):
        piece = answer.body[start:start + size]
        connection.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        if interval_s:
            connection.wait(interval_s)
    connection.write(b"0\r\n\r\n")


def send_slowly(connection, answer, interval_s, close=False):
    connection.write(head_of(connection, answer, ("content-length", len(answer.body)), *closing(close)))
    for index in range(len(answer.body)):
        connection.wait(interval_s)
        connection.write(answer.body[index:index + 1])


def send_half(connection, answer, count):
    connection.write(head_of(connection, answer, ("content-length", len(answer.body))) + answer.body[:count])


def send_padded(connection, answer, total, close=False):
    """The answer's JSON object with one more member, as long as it takes to make the body total octets."""
    start, end = answer.body[:-1] + b',"padding":"', b'"}'
    left = total - len(start) - len(end)
    connection.write(head_of(connection, answer, ("content-length", len(start) + left + len(end)), *closing(close)) + start)
    block = b"x" * PIECE
    while left > 0:
        connection.write(block[:left])
        left -= len(block)
    connection.write(end)
