#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Runs a program on a terminal of its own, which goes away as soon as the program has said something.

hangup.py TEXT COMMAND...

TEXT is what to wait for. The exit code is that of the command.
"""
import os
import pty
import signal
import sys

SECONDS = 60


def main(text, command):
    signal.alarm(SECONDS)
    child, terminal = pty.fork()
    if child == 0:
        os.execvp(command[0], command)
    said = b""
    while text.encode() not in said:
        said += os.read(terminal, 4096)  # an error if the program ends before it has said that
    os.close(terminal)
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


main(sys.argv[1], sys.argv[2:])
