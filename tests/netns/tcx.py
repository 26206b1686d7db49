#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""tcx.py INTERFACE: how many TCX programs are on its two hooks, as "INGRESS EGRESS".

Debian 12's bpftool does not know TCX, so this asks the kernel (bpf(2), BPF_PROG_QUERY). Kernels before 6.6 have none.
"""
import ctypes
import os
import platform
import socket
import struct
import sys

BPF_PROG_QUERY = 16
ATTACH_TYPES = {"ingress": 46, "egress": 47}
NR_BPF = {"x86_64": 321, "aarch64": 280, "s390x": 351}[platform.machine()]
MAX = 64


def programs(ifindex, attach_type):
    ids = (ctypes.c_uint32 * MAX)()
    attributes = bytearray(128)
    struct.pack_into("=IIIIQI", attributes, 0, ifindex, attach_type, 0, 0, ctypes.addressof(ids), MAX)
    raw = (ctypes.c_char * len(attributes)).from_buffer(attributes)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(NR_BPF, BPF_PROG_QUERY, raw, len(attributes)) < 0:
        if ctypes.get_errno() == 22:
            return 0
        sys.exit(os.strerror(ctypes.get_errno()))
    return struct.unpack_from("=I", attributes, 24)[0]


index = socket.if_nametoindex(sys.argv[1])
print(*(programs(index, attach_type) for attach_type in ATTACH_TYPES.values()))
