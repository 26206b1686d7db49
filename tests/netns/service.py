#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The other side of what the agent tells of itself, for the tests of it as a service.

service.py get URL                       the status and the body; metrics go to a file by redirection
service.py value FILE SERIES...          their values, on one line; "-" for one that is not there
service.py balance FILE                  packets seen, in records, cached, skipped; fails unless they add up, for each exporter too
service.py agree METRICS STATUS          fails unless both tell the same of packets and records
service.py manager SOCKET                the service manager: prints each message it gets on a line, its lines joined by " | "
service.py fill SOCKET                   sends "X" to it until it takes no more
service.py openobserve ADDRESS PORT      takes all records, and prints the credential of each request
service.py reloads PID URL FILE A B N    reloads the process N times, with A and B in turn as FILE, each after the one before
"""
import collections
import gzip
import http.server
import json
import os
import re
import shutil
import signal
import socket
import sys
import time
import urllib.error
import urllib.request

SECONDS = 60
SERIES = re.compile(r'([a-z_]+)(?:\{((?:[a-z_]+="(?:[^"\\]|\\.)*",?)+)\})? ([0-9.]+)')


def fetch(url):
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def parse(text):
    """{series: value}; every line is one of the three kinds there are."""
    values = {}
    for line in text.splitlines():
        if line.startswith(("# HELP ", "# TYPE ")):
            continue
        match = SERIES.fullmatch(line)
        if not match:
            sys.exit(f"not a sample: {line!r}")
        series = match[1] + (f"{{{match[2]}}}" if match[2] else "")
        if series in values:
            sys.exit(f"twice: {line!r}")
        values[series] = float(match[3]) if "." in match[3] else int(match[3])
    return values


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def total(values, name, label=""):
    return sum(value for series, value in values.items() if series.split("{")[0] == name and label in series)


def value(path, *wanted):
    values = parse(read(path))
    print(*(values.get(series, "-") for series in wanted))


def exporters(values):
    return re.findall(r'flowprobe_exporter_up\{exporter="([^"]*)"\}', "\n".join(values))


def balance(path):
    values = parse(read(path))
    for unit in ("packets", "bytes"):
        seen = total(values, f"flowprobe_seen_{unit}_total")
        parts = [
            total(values, f"flowprobe_flow_{unit}_total"),
            values[f"flowprobe_flow_cache_{unit}"],
            total(values, f"flowprobe_{unit}_skipped_total"),
        ]
        if seen != sum(parts):
            sys.exit(f"{unit}: seen {seen}, and {parts} are {sum(parts)}")
        if unit == "packets":
            print(seen, *parts)
    if values["flowprobe_balance_errors_total"]:
        sys.exit("the agent itself says that its balance is wrong")
    for name in exporters(values):
        label = f'exporter="{name}"'
        given = total(values, "flowprobe_exporter_submitted_records_total", label)
        given += total(values, "flowprobe_exporter_recovered_records_total", label)
        kept = total(values, "flowprobe_exporter_records_total", label)
        kept += total(values, "flowprobe_exporter_records_dropped_total", label)
        kept += total(values, "flowprobe_exporter_queue_records", label)
        if given != kept:
            sys.exit(f"{name}: given {given}, accounted for {kept}")


def agree(metrics_path, status_path):
    values, status = parse(read(metrics_path)), json.loads(read(status_path))
    told = status["balance"]
    pairs = {
        "seen": (total(values, "flowprobe_seen_packets_total"), told["seen"]["packets"]),
        "records": (total(values, "flowprobe_flow_packets_total"), told["records"]["packets"]),
        "cached": (values["flowprobe_flow_cache_packets"], told["cached"]["packets"]),
        "flows": (values["flowprobe_flow_cache_flows"], status["flow_cache"]["flows"]),
        "exporters": (exporters(values), [exporter["name"] for exporter in status["exporters"]]),
    }
    for reason in ("not_ip", "malformed", "truncated", "too_deep", "table_full", "table_busy", "sampled_out"):
        pairs[reason] = (
            values[f'flowprobe_packets_skipped_total{{reason="{reason}"}}'],
            told[reason]["packets"],
        )
    for exporter in status["exporters"]:
        label = f'{{exporter="{exporter["name"]}"}}'
        records = exporter["records"]
        for key, series in (("submitted", "submitted_records_total"), ("sent", "records_total"), ("queued", "queue_records")):
            pairs[exporter["name"] + " " + key] = (values[f"flowprobe_exporter_{series}{label}"], records[key])
        pairs[exporter["name"] + " up"] = (values["flowprobe_exporter_up" + label] == 1, exporter["up"])
    for interface in status["interfaces"]:
        for way in ("ingress", "egress"):
            series = f'flowprobe_packets_total{{interface="{interface["name"]}",direction="{way}"}}'
            pairs[interface["name"] + " " + way] = (values[series], interface[way]["packets"])
    wrong = {what: pair for what, pair in pairs.items() if pair[0] != pair[1]}
    if wrong or not told["holds"]:
        sys.exit(f"metrics and status: {wrong}")


def manager(path):
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.bind(path)
    while True:
        print(listener.recv(65536).decode().replace("\n", " | "), flush=True)


def fill(path):
    """Readers do not take what comes while they are stopped."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.connect(path)
        sender.setblocking(False)
        while True:
            try:
                sender.send(b"X")
            except BlockingIOError:
                return


def openobserve(address, port):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            count = len(json.loads(body))
            print(self.headers["Authorization"], flush=True)
            answer = {"code": 200, "status": [{"name": "s", "successful": count, "failed": 0}]}
            text = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *arguments):
            pass

    http.server.ThreadingHTTPServer((address, int(port)), Handler).serve_forever()


def reloads(pid, url, path, first, second, count):
    done = parse(fetch(url)[1])["flowprobe_config_reloads_total"]
    deadline = time.monotonic() + SECONDS
    for i in range(int(count)):
        shutil.copyfile((first, second)[i % 2], path + ".new")
        os.rename(path + ".new", path)
        os.kill(int(pid), signal.SIGHUP)
        while True:
            values = collections.defaultdict(int, parse(fetch(url)[1]))
            if values["flowprobe_config_reloads_total"] == done + i + 1:
                break
            if time.monotonic() > deadline:
                sys.exit(f"reload {i + 1} did not come")
        if not values["flowprobe_config_last_reload_successful"]:
            sys.exit(f"reload {i + 1} failed")


def get(url):
    print(*fetch(url), end="")


def main(arguments):
    commands = {
        "get": get,
        "value": value,
        "balance": balance,
        "agree": agree,
        "manager": manager,
        "fill": fill,
        "openobserve": openobserve,
        "reloads": reloads,
    }
    commands[arguments[1]](*arguments[2:])


main(sys.argv)
