# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""OpenObserve 0.93 as a client sees it, for tests of clients.

The path of a request through the modules:

    server     sockets and TLS; one thread for each connection
    http1      heads and bodies off the wire, answers onto it
    exchange   one request and its answer: control requests, then the planned fault, then the router; the log
    router     encoding, credentials, path and method, body: in the order in which the real server looks at them
    handlers   one module for each noun of the API; the records themselves are the business of ingest, and of flatten,
               timestamps, columns and streams below it

What the handlers share is in `world`: one lock, one clock, one journal, and the state of every kind. Handlers run
with the lock held; nothing that can wait for a client does.

Texts and shapes are those of the server, read from its source, because a client's tests compare them. Where the
source was silent or could not be imitated the comment says so, and begins with "Guess:".
"""
