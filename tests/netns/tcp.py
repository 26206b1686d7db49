#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A TCP transfer that knows what it sent, packet by packet.

tcp.py serve ADDRESS PORT           accepts one connection, reads it to the end, closes it
tcp.py send ADDRESS PORT COUNT SIZE sends COUNT writes of SIZE octets from port 40001

Each side prints, once the other has closed, what the kernel says it sent: packets (all segments, SYN, FIN, bare ACKs and
retransmissions included) and octets of payload (retransmissions included), from TCP_INFO. Unlike a byte count, these stay
exact when TCP had to send something twice.
"""
import json
import socket
import struct
import sys
import time

TCP_INFO_BYTES = 232
SEGS_OUT, BYTES_SENT = struct.Struct("=I"), struct.Struct("=Q")
SEGS_OUT_OFFSET, BYTES_SENT_OFFSET = 136, 200  # tcpi_segs_out, tcpi_bytes_sent (4.19) in <linux/tcp.h>


def sent(connection):
    info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, TCP_INFO_BYTES)
    return SEGS_OUT.unpack_from(info, SEGS_OUT_OFFSET)[0], BYTES_SENT.unpack_from(info, BYTES_SENT_OFFSET)[0]


def report(connection):
    last = None
    while last != (last := sent(connection)):  # until the last ACK is out too
        time.sleep(0.1)
    print(json.dumps({"packets": last[0], "payload": last[1]}), flush=True)
    connection.close()


def drain(connection):
    while connection.recv(1 << 20):
        pass


def serve(address, port):
    listener = socket.create_server((address, port), family=family(address))
    connection, _ = listener.accept()
    drain(connection)
    connection.shutdown(socket.SHUT_WR)
    report(connection)


def send(address, port, count, size):
    connection = socket.socket(family(address), socket.SOCK_STREAM)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    connection.bind(("::" if ":" in address else "0.0.0.0", 40001))
    connection.connect((address, port))
    for _ in range(count):
        connection.sendall(bytes(size))
    connection.shutdown(socket.SHUT_WR)
    drain(connection)
    report(connection)


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


if sys.argv[1] == "serve":
    serve(sys.argv[2], int(sys.argv[3]))
else:
    send(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5]))
