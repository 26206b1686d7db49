#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A collector for streams that keeps what it gets: each connection's octets in a file of its own, PREFIX.1, PREFIX.2, ...

sink.py ADDRESS PORT PREFIX [--certificate FILE --key FILE [--client-ca FILE]] [--reset-after OCTETS]

With a certificate it speaks TLS. With --reset-after each connection but the last that comes is
reset when it has carried so much. On SIGUSR1 the next reset is called off, on SIGSTOP nothing is read.

A reset is made so that both sides know what has arrived: from then on the kernel drops what still comes in (so it is not
acknowledged), what was acknowledged is read and kept, and the last acknowledgement is on its way before the reset is.
"""
import argparse
import ctypes
import selectors
import signal
import socket
import ssl
import struct

SO_ATTACH_FILTER = 26
DROP_ALL = ctypes.create_string_buffer(struct.pack("=HBBI", 0x06, 0, 0, 0))  # BPF_RET | BPF_K, 0


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("address")
    parser.add_argument("port", type=int)
    parser.add_argument("prefix")
    parser.add_argument("--certificate")
    parser.add_argument("--key")
    parser.add_argument("--client-ca")
    parser.add_argument("--reset-after", type=int)
    return parser.parse_args()


def tls(options):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options.certificate, options.key)
    if options.client_ca:
        context.load_verify_locations(options.client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def reset(connection, kept):
    program = struct.pack("HP", 1, ctypes.addressof(DROP_ALL))
    connection.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, program)
    connection.setblocking(False)
    try:
        while data := connection.recv(1 << 20):
            kept.write(data)
    except BlockingIOError:
        pass
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def keep(connection, kept, limit):
    """Until the other side ends the connection, or its limit is reached; whether it was reset."""
    received = 0
    while data := connection.recv(1 << 16):
        kept.write(data)
        received += len(data)
        if limit() is not None and received >= limit():
            reset(connection, kept)
            return
    connection.close()


def main():
    options = parse()
    limit = [options.reset_after]
    signal.signal(signal.SIGUSR1, lambda *_: limit.__setitem__(0, None))
    family = socket.AF_INET6 if ":" in options.address else socket.AF_INET
    listener = socket.create_server((options.address, options.port), family=family)
    context = tls(options) if options.certificate else None
    number = 0
    while True:
        connection, _ = listener.accept()
        number += 1
        with open(f"{options.prefix}.{number}", "wb", buffering=0) as kept:
            try:
                if context:
                    connection = context.wrap_socket(connection, server_side=True)
                keep(connection, kept, lambda: limit[0])
            except OSError as error:  # of which those of TLS are
                print(f"connection {number}: {error}", flush=True)


main()
