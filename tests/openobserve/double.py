#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A server that a client cannot tell from OpenObserve 0.93, and that goes wrong when told to.

    double.py --listen ADDRESS:PORT --state DIR [OPTION]...

Prints "listening on ADDRESS:PORT" once it does (port 0 takes a free one), and serves until SIGTERM or SIGINT. IPv6
addresses are written in brackets. What it was sent is in DIR (o2/journal.py); how it can be made to fail is told by
o2/faults.py, and done by POST /__control (o2/control.py), for which control.py is the client for shell scripts.

Only the standard library is used. Everything but DIR is in memory: a double that is started again goes on writing to
the same files, but has forgotten streams, dashboards and the rest.
"""
import argparse
import json
import os
import signal
import sys

from o2 import auth, tokens
from o2.server import Server, tls_context
from o2.switches import BadSwitch
from o2.world import World


def read_address(text):
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdecimal():
        raise argparse.ArgumentTypeError(f"{text} is not ADDRESS:PORT")
    return host.strip("[]"), int(port)


def read_base_path(text):
    if text and (not text.startswith("/") or text.endswith("/")):
        raise argparse.ArgumentTypeError(f"{text} does not look like /abc")
    return text


def read_switch(text):
    name, _, value = text.partition("=")
    try:
        return name, json.loads(value)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is not NAME=JSON") from None


def read_options(arguments=None):
    parser = argparse.ArgumentParser(description="A double of OpenObserve 0.93 for tests.")
    parser.add_argument("--listen", type=read_address, required=True, metavar="ADDRESS:PORT")
    parser.add_argument("--state", required=True, metavar="DIR",
                        help="where records and the log of requests are written")
    parser.add_argument("--tls", nargs=2, metavar=("CERTIFICATE", "KEY"), help="speak HTTPS")
    parser.add_argument("--client-ca", metavar="FILE", help="demand a certificate of clients, issued by one of these")
    parser.add_argument("--base-path", type=read_base_path, default="", metavar="/PATH", help="as with ZO_BASE_URI")
    parser.add_argument("--user", default=auth.DEFAULT_USER)
    parser.add_argument("--password", default=auth.DEFAULT_PASSWORD)
    parser.add_argument("--token", action="append", default=[], metavar="[ORG/]o2oi_…",
                        help="an ingestion token that exists already, in the organisation default or the one named")
    parser.add_argument("--set", action="append", default=[], type=read_switch, metavar="NAME=VALUE",
                        help="a switch (o2/switches.py)")
    options = parser.parse_args(arguments)
    if options.client_ca and not options.tls:
        parser.error("--client-ca needs --tls")
    return options


def main():
    options = read_options()
    try:
        world = World(options.state, options.base_path, options.user, options.password, dict(options.set))
        tls = tls_context(*options.tls, options.client_ca) if options.tls else None
        server = Server(*options.listen, world, tls)
    except (OSError, BadSwitch) as error:
        sys.exit(f"double: {error}")
    for number, text in enumerate(options.token, 1):
        org, _, token = text.rpartition("/")
        tokens.add(world, org or "default", f"given{number}", token=token)
    for ending in (signal.SIGTERM, signal.SIGINT):
        # The threads wait for clients; what they have written is written.
        signal.signal(ending, lambda *_: os._exit(0))
    print(f"listening on {server.name()}", flush=True)
    server.serve()


if __name__ == "__main__":
    main()
