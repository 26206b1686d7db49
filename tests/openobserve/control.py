#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The client of the double's control interface, for shell scripts.

    control.py [OPTION]... URL show [KEY.PATH]       counters, planned faults, clock and switches
    control.py [OPTION]... URL state [KEY.PATH]      what the management endpoints have been told
    control.py [OPTION]... URL faults SPEC...        for the next requests, one after another
    control.py [OPTION]... URL standing SPEC [SECONDS]
    control.py [OPTION]... URL clear                 no more faults; requests that hang end
    control.py [OPTION]... URL clock SECONDS         how much the server is ahead of the true time
    control.py [OPTION]... URL switch NAME=JSON...
    control.py [OPTION]... URL wait KEY.PATH VALUE [SECONDS]   until `show` has that value there, 10 s unless told

    -k  any certificate will do;  --ca FILE  those it issued;  --cert CERTIFICATE KEY  to show to the server

A SPEC is a kind of fault with parameters, 429,retry_after=1,times=3, or an object in JSON. A KEY.PATH picks a part of
the answer, answers.200 or switches.mmdb_loaded; text is printed without quotes. Exits with 1 when the server refuses,
the path leads nowhere or the wait was in vain.
"""
import argparse
import http.client
import json
import ssl
import sys
import time
import urllib.parse

POLL_S = 0.02
TIMEOUT_S = 10


def value_of(text):
    try:
        return json.loads(text)
    except ValueError:
        return text


def read_spec(text):
    if text.startswith("{"):
        return json.loads(text)
    kind, *parameters = text.split(",")
    return {"kind": kind, **{name: value_of(value) for name, _, value in (pair.partition("=") for pair in parameters)}}


def context_of(options):
    if not options.url.startswith("https:"):
        return None
    context = ssl.create_default_context(cafile=options.ca)
    if options.k:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if options.cert:
        context.load_cert_chain(*options.cert)
    return context


class Client:
    def __init__(self, options):
        self.url = urllib.parse.urlsplit(options.url)
        self.context = context_of(options)

    def connect(self):
        if self.context:
            return http.client.HTTPSConnection(self.url.hostname, self.url.port, timeout=TIMEOUT_S,
                                               context=self.context)
        return http.client.HTTPConnection(self.url.hostname, self.url.port, timeout=TIMEOUT_S)

    def call(self, path="", order=None):
        connection = self.connect()
        try:
            connection.request("GET" if order is None else "POST", "/__control" + path, order and json.dumps(order))
            answer = connection.getresponse()
            body = answer.read().decode()
        except (OSError, http.client.HTTPException) as error:
            sys.exit(f"control: {error}")
        finally:
            connection.close()
        if answer.status != 200:
            sys.exit(f"control: {body}")
        return json.loads(body)


def pick(answer, path):
    """None where the path leads nowhere."""
    for key in path.split("."):
        if isinstance(answer, list) and key.isdecimal() and int(key) < len(answer):
            answer = answer[int(key)]
        elif isinstance(answer, dict) and key in answer:
            answer = answer[key]
        else:
            return None
    return answer


def show(answer, path=None):
    if path is not None:
        answer = pick(answer, path)
        if answer is None:
            sys.exit(f"control: there is no {path}")
    print(answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False))


def wait(client, path, wanted, seconds="10"):
    deadline = time.monotonic() + float(seconds)
    while (found := pick(client.call(), path)) != value_of(wanted):
        if time.monotonic() > deadline:
            sys.exit(f"control: {path} is {json.dumps(found)}, not {wanted}")
        time.sleep(POLL_S)


COMMANDS = {
    "show": lambda client, path=None: show(client.call(), path),
    "state": lambda client, path=None: show(client.call("/state"), path),
    "faults": lambda client, *specs: client.call(order={"faults": [read_spec(spec) for spec in specs]}),
    "standing": lambda client, spec, seconds=None: client.call(
        order={"standing": read_spec(spec), **({"seconds": float(seconds)} if seconds else {})}),
    "clear": lambda client: client.call(order={"clear": True}),
    "clock": lambda client, seconds: client.call(order={"clock_offset_s": float(seconds)}),
    "switch": lambda client, *pairs: client.call(
        order={"switches": {name: value_of(value) for name, _, value in (pair.partition("=") for pair in pairs)}}),
    "wait": wait,
}


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-k", action="store_true")
    parser.add_argument("--ca")
    parser.add_argument("--cert", nargs=2)
    parser.add_argument("url")
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("arguments", nargs="*")
    options = parser.parse_args(arguments)
    try:
        COMMANDS[options.command](Client(options), *options.arguments)
    except (TypeError, ValueError) as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
