#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""UDP datagrams in a capture of an Ethernet device (classic pcap), for the shell tests. tshark could do this, but takes longer
to start than most tests last.

datagrams.py list CAPTURE            a line for each IP packet with UDP: NUMBER SOURCE PORT DESTINATION PORT OCTETS whole|part TEXT
                                     OCTETS with the IP header; parts but the first have the ports 0; TEXT only to port 9
datagrams.py payloads CAPTURE PORT   what went to the port, one behind the other
"""
import ipaddress
import struct
import sys

UDP, FRAGMENT_HEADER = 17, 44
DISCARD = 9


def packets(path):
    with open(path, "rb") as capture:
        magic, *_, link_type = struct.unpack("<IHHiIII", capture.read(24))
        assert magic == 0xA1B2C3D4 and link_type == 1, path
        while header := capture.read(16):
            yield capture.read(struct.unpack("<IIII", header)[2])


def datagrams(path):
    """(number, source, source port, destination, destination port, octets of IP, is whole, payload)"""
    for number, frame in enumerate(packets(path), 1):
        packet = frame[14:]
        if frame[12:14] == b"\x08\x00":
            header, octets, offset = (packet[0] & 15) * 4, *struct.unpack_from("!HxxH", packet, 2)
            addresses, protocol, offset, more = packet[12:20], packet[9], offset & 0x1FFF, offset & 0x2000
        elif frame[12:14] == b"\x86\xdd":
            header, octets, protocol = 40, 40 + struct.unpack_from("!H", packet, 4)[0], packet[6]
            addresses, offset, more = packet[8:40], 0, 0
            if protocol == FRAGMENT_HEADER:
                protocol, offset = struct.unpack_from("!BxH", packet, 40)
                header, offset, more = 48, offset & 0xFFF8, offset & 1
        else:
            continue
        if protocol == UDP:
            half = len(addresses) // 2
            ports = (0, 0) if offset else struct.unpack_from("!HH", packet, header)
            source, destination = (ipaddress.ip_address(half) for half in (addresses[:half], addresses[half:]))
            payload = packet[header + 8 : octets]
            yield number, source, ports[0], destination, ports[1], octets, not offset and not more, payload


def main(command, path, port=None):
    for number, *ends, octets, whole, payload in datagrams(path):
        if command == "list":
            text = payload.decode().strip() if ends[3] == DISCARD else ""
            print(number, *ends, octets, "whole" if whole else "part", text)
        elif ends[3] == int(port):
            sys.stdout.buffer.write(payload)


main(*sys.argv[1:])
