# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Sockets, TLS and threads. A connection has a thread from accept to close, in which also the TLS handshake happens,
so that a client that stalls holds up nobody else."""
import itertools
import socket
import ssl
import threading

from . import http1
from .answer import empty
from .exchange import Exchange

HANDSHAKE_S = 30
BACKLOG = 512


def tls_context(certificate, key, client_ca=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.set_alpn_protocols(["http/1.1"])  # the server also offers h2, which is not spoken here
    if client_ca:
        context.load_verify_locations(client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


class Server:
    def __init__(self, address, port, world, tls=None):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.listener = socket.create_server((address, port), family=family, backlog=BACKLOG)
        self.world = world
        self.tls = tls
        self.serials = itertools.count(1)

    def name(self):
        return http1.name_of(self.listener.getsockname())

    def serve(self):
        while True:
            sock, peer = self.listener.accept()
            threading.Thread(target=self.attend, args=(sock, peer, next(self.serials)), daemon=True).start()

    def attend(self, sock, peer, serial):
        counters = self.world.counters
        counters.add("connections")
        counters.add("open")
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.tls:
                sock = self.shake_hands(sock)
            if sock:
                self.converse(http1.Connection(sock, peer, serial, self.world.clock.now_us))
        finally:
            counters.add("open", -1)

    def shake_hands(self, sock):
        sock.settimeout(HANDSHAKE_S)
        try:
            sock = self.tls.wrap_socket(sock, server_side=True)
        except OSError:  # ssl.SSLError is one too
            self.world.counters.add("failed_handshakes")
            return None  # wrap_socket has closed it
        sock.settimeout(None)
        return sock

    def converse(self, connection):
        """Requests one after another, until one of them or the client ends it."""
        try:
            while True:
                connection.sock.settimeout(self.world.switches.keep_alive_ms / 1000 or None)
                head = connection.read_head()
                connection.sock.settimeout(None)
                if not Exchange(self.world, connection, head).run():
                    break
        except http1.BadHead as error:
            self.answer_bad_head(connection, error.status)
            return
        except http1.Gone:
            pass
        connection.close()

    @staticmethod
    def answer_bad_head(connection, status):
        try:
            http1.send(connection, empty(status), close=True)
            connection.linger()
        except http1.Gone:
            connection.close()
