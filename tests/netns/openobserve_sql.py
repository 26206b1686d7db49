#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Asks the SQL of the dashboards and alerts about what a double of OpenObserve has received, and compares the answers
with what was sent.

    openobserve_sql.py WHAT SENT HELD

WHAT is columns, panels, totals, talkers, sides, health or alerts. SENT has a JSON object for each flow that was sent,
written by whoever sent it; HELD is DIR/ORG/STREAM.ndjson of the double. Says what differs, and exits with 1 then.
"""
import json
import socket
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "openobserve"))
# pylint: disable=wrong-import-position
import assets  # noqa: E402
from engine import Engine  # noqa: E402

HOST = socket.gethostname()
SECOND = 1_000_000
PANELS = {name: query for name, _, query in assets.panels()}
ALERTS = {alert["name"]: query for _, alert, query in assets.alerts()}
HOLDER = {"_all"}  # added by the server


def read(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def group(flows, *names):
    groups = {}
    for flow in flows:
        groups.setdefault(tuple(flow[name] for name in names), []).append(flow)
    return groups.items()


def octets(flows):
    return sum(flow["octets"] for flow in flows)


def packets(flows):
    return sum(flow["packets"] for flow in flows)


def different(flows, name):
    return len({flow[name] for flow in flows})


def largest(rows, most, by):
    """As they are shown: the largest first, then by name."""
    return sorted(rows, key=lambda row: (-row[by], *row[:by]))[:most]


class Question:
    def __init__(self, sent, held):
        self.sent = [{**flow, "service": str(min(flow["src_port"], flow["dst_port"]))} for flow in sent]
        self.held = [{name: value for name, value in record.items() if name not in HOLDER} for record in held]
        self.engine = Engine(assets.STREAM, assets.stream_types(), self.held)
        self.right = True

    def same(self, what, got, wanted):
        if got != wanted:
            print(f"# {what}: got {got}, wanted {wanted}")
            self.right = False

    def panel(self, name, wanted, **choice):
        rows = self.engine.run(PANELS[name], **choice)
        self.same(name, [tuple(row.values()) for row in rows], wanted)

    def alert(self, name, end, wanted):
        self.same(name, [tuple(row.values()) for row in self.engine.run(ALERTS[name], end=end)], wanted)

    def by_hour(self, name, counts):
        """Of a panel over time: the sums of its rates, over all the time, by what they are broken down to."""
        sums = {}
        for _, part, rate in (tuple(row.values()) for row in self.engine.run(PANELS[name], resolution=3600)):
            sums[part] = sums.get(part, 0) + round(rate * 3600)
        self.same(name, sums, counts)

    # --- what is asked

    def columns(self):
        """The stream that setup makes has a column for all that was received, of its type."""
        types = {"_timestamp": "Int64", **assets.stream_types()}
        kinds = {"Int64": int, "Utf8": str, "Float64": float}
        for record in self.held:
            for name, value in record.items():
                self.same(f"type of {name}", type(value), kinds.get(types.get(name)))

    def panels(self):
        """Whatever they show, all can be asked for, and most have something to show."""
        for name, query in PANELS.items():
            rows = self.engine.run(query)
            if not name.startswith("geography_") and not name.endswith(("_as", "_repeated")) and not rows:
                self.same(name, rows, "something")

    def totals(self):
        sent = self.sent
        self.panel("overview_bytes", [(octets(sent),)])
        self.panel("overview_packets", [(packets(sent),)])
        self.panel("overview_flows", [(len(sent),)])
        self.panel("overview_records", [(len(sent),)])
        self.panel("overview_hosts", [(1,)])
        self.panel("overview_interfaces", [(1,)])
        protocols = group(sent, "proto")
        self.panel("overview_protocols", largest([(proto, octets(flows)) for (proto,), flows in protocols], 10, 1))
        self.by_hour("overview_bytes_by_protocol", {proto: octets(flows) for (proto,), flows in protocols})
        self.by_hour("overview_packets_by_protocol", {proto: packets(flows) for (proto,), flows in protocols})
        self.by_hour("overview_flows_by_protocol", {proto: len(flows) for (proto,), flows in protocols})

    def talkers(self):
        sent = self.sent
        for panel, name, other in (("sources", "src_addr", "dst_addr"), ("destinations", "dst_addr", "src_addr")):
            rows = [(address, octets(flows), packets(flows), len(flows), different(flows, other))
                    for (address,), flows in group(sent, name)]
            self.panel(f"top_talkers_{panel}", largest(rows, 20, 1))
        rows = [(*names, octets(flows), packets(flows), len(flows))
                for names, flows in group(sent, "src_addr", "dst_addr", "proto", "service")]
        self.panel("top_talkers_conversations", largest(rows, 20, 4))
        rows = [(*names, octets(flows), packets(flows), len(flows))
                for names, flows in group(sent, "src_addr", "dst_addr")]
        self.panel("overview_conversations", largest(rows, 10, 2))
        rows = [(*names, octets(flows), packets(flows), len(flows), different(flows, "src_addr"))
                for names, flows in group(sent, "proto", "service") if names[1] != "0"]
        self.panel("top_talkers_services", largest(rows, 20, 2))

    def sides(self):
        """Directions, interface, host, and the VLAN."""
        ways = {way: [flow for flow in self.sent if flow["direction"] == way] for way in ("ingress", "egress")}
        numbers = (octets(self.sent), octets(ways["ingress"]), octets(ways["egress"]), packets(ways["ingress"]),
                   packets(ways["egress"]), len(self.sent), max(record["_timestamp"] for record in self.held))
        self.panel("interfaces_hosts_hosts", [(HOST, *numbers)])
        self.panel("interfaces_hosts_interfaces", [(HOST, "a0", *numbers)])
        self.panel("interfaces_hosts_interfaces", [(HOST, "a0", *numbers)], interface=["a0"], host=[HOST])
        self.panel("interfaces_hosts_interfaces", [], interface=["m0"])
        self.panel("overview_bytes", [(octets(ways["egress"]),)], direction=["egress"])
        self.by_hour("overview_bytes_by_direction", {way: octets(flows) for way, flows in ways.items()})
        self.by_hour("interfaces_hosts_received", {f"{HOST} a0": octets(ways["ingress"])})
        self.by_hour("interfaces_hosts_packets_sent", {f"{HOST} a0": packets(ways["egress"])})
        tagged = [flow for flow in self.sent if flow["vlan"]]
        self.panel("interfaces_hosts_vlans", [(HOST, "a0", str(vlan), "", octets(flows), octets(flows), 0, len(flows))
                                              for (vlan,), flows in group(tagged, "vlan")])

    def health(self):
        times = [record["_timestamp"] for record in self.held]
        start = self.held[0]["flow_id"][:16]
        self.panel("exporter_health_records", [(len(self.sent),)])
        self.panel("exporter_health_exporters", [(1,)])
        self.panel("exporter_health_duplicates", [(0,)])
        self.panel("exporter_health_late", [(0,)])
        self.panel("exporter_health_cut", [(0,)])
        self.panel("exporter_health_repeated", [])
        self.panel("exporter_health_gaps", [(HOST, start, min(times), max(times), len(self.sent), 0, 100.0)])

    def alerts(self):
        """The scan is found, and what was one destination short of it is not; the probe that has ended falls silent."""
        scans = []
        for (source,), flows in group([flow for flow in self.sent if flow["tcp_flags"] == 2], "src_addr"):
            if max(different(flows, "dst_addr"), different(flows, "dst_port")) >= 100:
                scans.append((source, different(flows, "dst_addr"), different(flows, "dst_port"), len(flows)))
        self.same("scans that were sent", len(scans), 1)
        last = max(record["_timestamp"] for record in self.held)
        delay = max(max(record["_timestamp"] * 1000, record["time_received_ns"]) - record["time_flow_end_ns"]
                    for record in self.held) // 10**9
        self.alert("flowprobe_port_scan", last + SECOND, scans)
        self.alert("flowprobe_traffic_spike", last + SECOND, [])
        self.alert("flowprobe_new_top_talker", last + SECOND, [])
        self.alert("flowprobe_exporter_loss", last + SECOND, [])
        self.alert("flowprobe_exporter_loss", last + 301 * SECOND, [(HOST, last, delay, 0)])


def main(what, sent, held):
    question = Question(read(sent), read(held))
    getattr(question, what)()
    return 0 if question.right else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
