#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""When the alerts fire and when not, on records made for it; engine.py stands in for the server."""
import unittest

import assets
import tap
from records import FOREIGN, MINUTE, SECOND, START, flow, lab

ALERTS = {alert["name"]: (query, alert["trigger_condition"]["period"] * MINUTE) for _, alert, query in assets.alerts()}


class Alerts(unittest.TestCase):
    def fire(self, name, records, end):
        """What the alert returns at `end` seconds after START, by its first column; it fires if that is anything."""
        query, period = ALERTS[name]
        rows = lab(records).run(query, start=START + end * SECOND - period, end=START + end * SECOND)
        return {next(iter(row.values())): row for row in rows}

    # --- traffic spike: one of the twelve five-minute slots of an hour

    def hour(self, usual, last, slots=12, **fields):
        slot = range(12 - slots, 12)
        return [flow(150 + 300 * number, bytes=last if number == 11 else usual, **fields) for number in slot]

    def spike(self, *args, **fields):
        return self.fire("flowprobe_traffic_spike", self.hour(*args, **fields), 3600)

    def test_spike_is_more_than_four_times_the_rest_of_the_hour(self):
        self.assertEqual(self.spike(100_000_000, 400_000_000), {})
        self.assertEqual(
            self.spike(100_000_000, 400_000_001),
            {
                "alpha": {
                    "exporter": "alpha",
                    "if_name": "eth0",
                    "direction": "egress",
                    "peak_bytes": 400_000_001,
                    "usual_bytes": 100_000_000,
                }
            },
        )

    def test_spike_is_not_what_is_small(self):
        self.assertEqual(self.spike(1_000_000, 299_999_999), {})
        self.assertEqual(list(self.spike(1_000_000, 300_000_000)), ["alpha"])

    def test_spike_needs_something_to_compare_with(self):
        self.assertEqual(self.spike(1_000_000, 500_000_000, slots=5), {})
        self.assertEqual(list(self.spike(1_000_000, 500_000_000, slots=6)), ["alpha"])

    def test_spike_is_measured_scaled(self):
        self.assertEqual(self.spike(1_000_000, 40_000_000), {})
        self.assertEqual(self.spike(1_000_000, 40_000_000, sampling_rate=10)["alpha"]["peak_bytes"], 400_000_000)

    def test_spike_is_of_one_interface_and_direction(self):
        calm = self.hour(100_000_000, 300_000_000) + self.hour(100_000_000, 300_000_000, if_name="eth1")
        self.assertEqual(self.fire("flowprobe_traffic_spike", calm, 3600), {})

    def test_spike_of_an_exporter_without_names_is_found_too(self):
        self.assertEqual(list(self.spike(1_000_000, 500_000_000, **FOREIGN)), ["192.0.2.1"])

    # --- port scan: SYN, or SYN and RST, is all that the scanner ever sent

    def probe(self, count, flags=2, **spread):
        return [
            flow(
                number % 500,
                number,
                **{
                    "src_addr": "203.0.113.66",
                    "dst_addr": "192.0.2.1",
                    "tcp_flags": flags,
                    **{name: make(number) for name, make in spread.items()},
                },
            )
            for number in range(count)
        ]

    def scan(self, *args, **spread):
        return self.fire("flowprobe_port_scan", self.probe(*args, **spread), 600)

    def test_scan_of_ports_is_found(self):
        self.assertEqual(self.scan(99, dst_port=lambda number: number), {})
        self.assertEqual(
            self.scan(100, dst_port=lambda number: number),
            {"203.0.113.66": {"src_addr": "203.0.113.66", "targets": 1, "ports": 100, "records": 100}},
        )

    def test_scan_of_addresses_is_found(self):
        self.assertEqual(self.scan(99, dst_addr=lambda number: f"192.0.2.{number}"), {})
        self.assertEqual(list(self.scan(100, dst_addr=lambda number: f"192.0.2.{number}")), ["203.0.113.66"])

    def test_scan_is_found_with_resets_and_congestion_bits(self):
        for flags in (2, 6, 0xC2, 0xC6):
            with self.subTest(flags=flags):
                self.assertEqual(list(self.scan(100, flags, dst_port=lambda number: number)), ["203.0.113.66"])

    def test_scan_is_not_what_answers_or_finishes_handshakes(self):
        for flags in (0x12, 0x14, 0x1B, 0x1E, 0x10, 0x00):
            with self.subTest(flags=flags):
                self.assertEqual(
                    self.scan(
                        500,
                        flags,
                        dst_port=lambda number: number,
                        dst_addr=lambda number: f"10.0.{number // 250}.{number % 250}",
                    ),
                    {},
                )
        self.assertEqual(self.scan(500, dst_port=lambda number: number, proto=lambda _: "UDP"), {})

    def test_scan_is_not_many_packets_to_one_port(self):
        self.assertEqual(self.scan(500), {})

    # --- new top talker: first seen in the last quarter of an hour

    def senders(self, newcomer, at, others=10, first=0):
        old = [
            flow(time, src_addr=f"10.0.0.{number}", bytes=100_000_000)
            for number in range(others)
            for time in (first, 3000)
        ]
        return self.fire("flowprobe_new_top_talker", old + [flow(at, src_addr="203.0.113.1", bytes=newcomer)], 3600)

    def test_newcomer_among_the_ten_biggest_is_found(self):
        self.assertEqual(
            self.senders(200_000_001, 2700),
            {
                "203.0.113.1": {
                    "src_addr": "203.0.113.1",
                    "total_bytes": 200_000_001,
                    "first_seen": START + 2700 * SECOND,
                }
            },
        )
        self.assertEqual(self.senders(200_000_001, 2699), {}, "was there in the first 45 minutes")
        self.assertEqual(self.senders(199_999_999, 2700), {}, "is the eleventh")

    def test_newcomer_that_sends_little_is_none(self):
        self.assertEqual(self.senders(99_999_999, 3000, others=3), {})
        self.assertEqual(list(self.senders(100_000_000, 3000, others=3)), ["203.0.113.1"])

    def test_everybody_is_new_to_a_new_stream(self):
        self.assertEqual(self.senders(200_000_001, 3500, first=1000), {})

    # --- exporter loss: half an hour of one record a minute

    def minutes(self, host="alpha", last=30, first=0, **fields):
        return [flow(60 * minute, minute + 1, host, **fields) for minute in range(first, last)]

    def loss(self, records):
        return self.fire("flowprobe_exporter_loss", records, 1800)

    def test_no_loss_is_none(self):
        self.assertEqual(self.loss(self.minutes() + self.minutes("beta")), {})
        self.assertEqual(self.loss(self.minutes(**FOREIGN)), {})

    def test_silence_of_more_than_five_minutes_is_found_also_of_the_only_host(self):
        end = flow(1499, 26, "beta")
        for others in (self.minutes(), []):
            self.assertEqual(
                self.loss(others + self.minutes("beta", last=25) + [end]),
                {
                    "beta": {
                        "exporter": "beta",
                        "last_record": START + 1499 * SECOND,
                        "delay_seconds": 15,
                        "missing_records": 0,
                    }
                },
            )
            self.assertEqual(self.loss(others + self.minutes("beta", last=26)), {})

    def test_records_that_come_late_are_found(self):
        self.assertEqual(self.loss(self.minutes(delay=300)), {})
        self.assertEqual(self.loss(self.minutes() + [flow(900, 31, delay=301)])["alpha"]["delay_seconds"], 301)
        self.assertEqual(
            list(self.loss(self.minutes() + [flow(900, 31, time_flow_end_ns=(START - 3600 * SECOND) * 1000)])),
            ["alpha"],
        )

    def test_missing_records_are_found_if_more_than_a_tenth(self):
        whole = self.minutes()
        self.assertEqual(self.loss(whole[:10] + whole[13:]), {})
        self.assertEqual(self.loss(whole[:10] + whole[14:])["alpha"]["missing_records"], 4)
        self.assertEqual(self.loss(whole + whole), {}, "duplicates make up for nothing")
        self.assertEqual(self.loss((whole[:10] + whole[14:]) * 2)["alpha"]["missing_records"], 4)

    def test_a_restart_of_the_probe_is_no_loss(self):
        restarted = [flow(60 * minute, flow_id=f"00000000000000ff-{minute}") for minute in range(15, 30)]
        self.assertEqual(self.loss(self.minutes(last=15) + restarted), {})


if __name__ == "__main__":
    tap.main()
