#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What the panels of the dashboards show, on records made for it; engine.py stands in for the server.

What is expected is computed here, from the records, not by SQL.
"""
import unittest

import assets
import tap
from records import FOREIGN, HOUR, LAB, PROBE_STARTS, SECOND, START, flow, lab

PANELS = {name: query for name, _, query in assets.panels()}
HOST_ONLY = {"exporter_health_gaps"}  # record numbers run over all interfaces and directions of a probe


def weigh(records, counter):
    return sum(record[counter] * (record["sampling_rate"] or 1) for record in records)


def flows(records):
    return sum(record.get("flow_end_reason") != "active" for record in records)


def group(records, *names):
    found = {}
    for record in records:
        found.setdefault(tuple(record.get(name) for name in names), []).append(record)
    return found


class Panels(unittest.TestCase):
    maxDiff = None

    def ask(self, panel, records=None, **choice):
        """The rows of a panel, as tuples in the order of its columns."""
        return [tuple(row.values()) for row in lab(records).run(PANELS[panel], **choice)]

    def test_each_answers_something_where_there_is_something(self):
        engine = lab(LAB + LAB[:1])
        for name, query in PANELS.items():
            with self.subTest(name):
                rows = engine.run(query)
                self.assertTrue(rows)
                self.assertTrue(all(value is not None for value in rows[0].values()), rows[0])

    def test_each_answers_nothing_or_zero_where_there_is_nothing(self):
        engine = lab([])
        for name, query in PANELS.items():
            with self.subTest(name):
                self.assertIn([value for row in engine.run(query) for value in row.values()], ([], [None], [0]))

    def test_each_answers_for_the_chosen_hosts_interfaces_and_directions_only(self):
        everything = lab()
        for variable, column, values in (
            ("host", "host", ["beta"]),
            ("host", "host", ["alpha", "beta"]),
            ("interface", "if_name", ["eth1"]),
            ("direction", "direction", ["ingress"]),
        ):
            chosen = lab([record for record in LAB if record.get(column) in values])
            for name, query in PANELS.items():
                with self.subTest(name, variable=variable, values=values):
                    wanted = everything if name in HOST_ONLY and variable != "host" else chosen
                    self.assertEqual(everything.run(query, **{variable: values}), wanted.run(query))

    def test_quotes_in_the_name_of_a_host_do_no_harm(self):
        records = [flow(0, host="o'brien", bytes=70), flow(0, bytes=7)]
        self.assertEqual(self.ask("overview_bytes", records, host=["o'brien"]), [(70,)])

    def test_totals_are_scaled_and_count_every_record(self):
        self.assertEqual(self.ask("overview_bytes"), [(weigh(LAB, "bytes"),)])
        self.assertEqual(self.ask("overview_bytes"), [(1000 + 400 + 5000 + 700 + 6000 + 6000 + 840 + 50,)])
        self.assertEqual(self.ask("overview_packets"), [(weigh(LAB, "packets"),)])
        self.assertEqual(self.ask("overview_flows"), [(7,)])
        self.assertEqual(self.ask("overview_records"), [(8,)])
        self.assertEqual(self.ask("overview_hosts"), [(3,)])
        self.assertEqual(self.ask("overview_interfaces"), [(4,)])

    def test_rates_are_per_second_whatever_the_resolution(self):
        self.assertEqual(
            self.ask("overview_bytes_by_protocol"),
            [
                ("2027-01-15T08:00:00", "TCP", 6400 / 60),
                ("2027-01-15T08:01:00", "TCP", 700 / 60),
                ("2027-01-15T08:01:00", "UDP", 12000 / 60),
                ("2027-01-15T08:02:00", "ICMP", 840 / 60),
                ("2027-01-15T08:03:00", "UDP", 50 / 60),
            ],
        )
        self.assertEqual(
            self.ask("overview_bytes_by_protocol", resolution=300),
            [
                ("2027-01-15T08:00:00", "ICMP", 840 / 300),
                ("2027-01-15T08:00:00", "TCP", 7100 / 300),
                ("2027-01-15T08:00:00", "UDP", 12050 / 300),
            ],
        )
        self.assertEqual(
            self.ask("overview_packets_by_protocol", resolution=3600)[1], ("2027-01-15T08:00:00", "TCP", 30 / 3600)
        )
        self.assertEqual(
            self.ask("overview_flows_by_protocol", resolution=3600)[1], ("2027-01-15T08:00:00", "TCP", 3 / 3600)
        )

    def test_directions_are_apart(self):
        rows = self.ask("overview_bytes_by_direction", resolution=3600)
        self.assertEqual(
            [row[1:] for row in rows], [("egress", 7840 / 3600), ("ingress", 12100 / 3600), ("unknown", 50 / 3600)]
        )

    def test_services_are_the_lower_ports(self):
        self.assertEqual(self.ask("overview_services"), [("UDP/53", 12050), ("TCP/443", 7100)])
        self.assertEqual(
            self.ask("top_talkers_services"), [("UDP", "53", 12050, 121, 3, 1), ("TCP", "443", 7100, 30, 3, 3)]
        )

    def test_top_sources_are_in_order_of_scaled_bytes(self):
        wanted = [
            (
                source,
                weigh(records, "bytes"),
                weigh(records, "packets"),
                flows(records),
                len(group(records, "dst_addr")),
            )
            for (source,), records in group(LAB, "src_addr").items()
        ]
        wanted.sort(key=lambda row: (-row[1], row[0]))
        self.assertEqual(self.ask("top_talkers_sources"), wanted)
        self.assertEqual(
            [row[:2] for row in wanted],
            [
                ("203.0.113.5", 12050),
                ("198.51.100.8", 5700),
                ("192.0.2.1", 1000),
                ("10.0.0.1", 840),
                ("198.51.100.7", 400),
            ],
        )
        raw = {
            source: sum(record["bytes"] for record in records) for (source,), records in group(LAB, "src_addr").items()
        }
        self.assertEqual(max(raw, key=raw.get), "198.51.100.8", "not scaled, another one would be first")

    def test_top_destinations_are_in_order_of_scaled_bytes(self):
        wanted = [
            (
                address,
                weigh(records, "bytes"),
                weigh(records, "packets"),
                flows(records),
                len(group(records, "src_addr")),
            )
            for (address,), records in group(LAB, "dst_addr").items()
        ]
        self.assertEqual(self.ask("top_talkers_destinations"), sorted(wanted, key=lambda row: (-row[1], row[0])))

    def test_top_conversations_are_in_order_of_scaled_bytes(self):
        wanted = [
            (*pair, weigh(records, "bytes"), weigh(records, "packets"), flows(records))
            for pair, records in group(LAB, "src_addr", "dst_addr").items()
        ]
        self.assertEqual(self.ask("overview_conversations"), sorted(wanted, key=lambda row: (-row[2], row)))
        self.assertEqual(
            self.ask("top_talkers_conversations")[:2],
            [
                ("203.0.113.5", "198.51.100.9", "UDP", "53", 12000, 120, 2),
                ("198.51.100.8", "192.0.2.1", "TCP", "443", 5700, 12, 1),
            ],
        )

    def test_lists_end_after_the_biggest(self):
        records = [
            flow(0, number, src_addr=f"10.0.0.{number}", dst_addr="10.1.0.1", bytes=1000 + number * 7 % 30)
            for number in range(30)
        ]
        self.assertEqual(
            [row[0] for row in self.ask("top_talkers_sources", records)],
            [record["src_addr"] for record in sorted(records, key=lambda record: -record["bytes"])[:20]],
        )

    def test_equal_ones_are_in_order_of_their_names(self):
        records = [flow(0, src_addr=address, bytes=100) for address in ("10.0.0.3", "10.0.0.1", "10.0.0.2")]
        self.assertEqual(
            [row[0] for row in self.ask("top_talkers_sources", records)], ["10.0.0.1", "10.0.0.2", "10.0.0.3"]
        )

    def test_a_connection_is_all_its_records(self):
        rows = {row[0]: row[1:] for row in self.ask("top_talkers_connections")}
        self.assertEqual(rows["1:long"], ("alpha", "TCP", 5700, 12, 1, 61.0))
        self.assertNotIn(None, rows)

    def test_peers_are_different_addresses(self):
        records = [
            flow(0, src_addr="10.0.0.1", dst_addr=f"10.1.0.{number % 3}", dst_port=number) for number in range(5)
        ]
        self.assertEqual(self.ask("top_talkers_fan_out", records), [("10.0.0.1", 3, 5, 5)])

    def test_places_are_of_the_address_they_belong_to(self):
        self.assertEqual(self.ask("geography_source_map"), [(-18.5, -70.3, 12000), (59.9, 10.8, 400)])
        self.assertEqual(self.ask("geography_destination_map"), [(60.4, 5.3, 12000), (59.9, 10.8, 1000)])
        self.assertEqual(
            self.ask("geography_source_cities"), [("Chile", "Arica", 12000, 120, 2), ("Norway", "Oslo", 400, 8, 1)]
        )
        self.assertEqual(self.ask("geography_destination_as"), [("64501", "Network 64501", 13000, 130, 3)])
        self.assertEqual(
            self.ask("top_talkers_source_as"),
            [("64500", "Network 64500", 12000, 120, 2), ("64501", "Network 64501", 400, 8, 1)],
        )
        self.assertEqual(self.ask("geography_countries"), [(1,)])
        self.assertEqual(self.ask("geography_systems"), [(1,)])

    def test_countries_talked_with_are_those_of_the_other_end(self):
        self.assertEqual(
            self.ask("geography_countries_talked_with"), [("Norway", 400, 7000, 7400, 3), ("Chile", 6000, 0, 6000, 1)]
        )

    def test_share_of_known_places_is_one_of_bytes(self):
        self.assertEqual(self.ask("geography_located"), [(100.0 * 13400 / 19990,)])
        self.assertEqual(self.ask("geography_located", [flow(0)]), [(0.0,)])

    def test_without_places_geography_is_empty_but_no_error(self):
        records = [
            {name: value for name, value in record.items() if "_geo_" not in name and "_asn_" not in name}
            for record in LAB
        ]
        for name in PANELS:
            if name.startswith("geography_"):
                with self.subTest(name):
                    self.assertIn(self.ask(name, records), ([], [(0,)]))

    def test_interfaces_have_received_and_sent_apart(self):
        self.assertEqual(
            self.ask("interfaces_hosts_interfaces"),
            [
                ("alpha", "eth0", 7100, 6100, 1000, 20, 10, 3, START + 90 * SECOND),
                ("beta", "eth0", 6840, 6000, 840, 60, 10, 2, START + 130 * SECOND),
                ("beta", "eth1", 6000, 0, 6000, 0, 60, 1, START + 65 * SECOND),
                ("192.0.2.9", "?", 50, 0, 0, 0, 0, 1, START + 200 * SECOND),
            ],
        )
        self.assertEqual(
            self.ask("interfaces_hosts_hosts"),
            [
                ("beta", 12840, 6000, 6840, 60, 70, 3, START + 130 * SECOND),
                ("alpha", 7100, 6100, 1000, 20, 10, 3, START + 90 * SECOND),
                ("192.0.2.9", 50, 0, 0, 0, 0, 1, START + 200 * SECOND),
            ],
        )
        self.assertEqual(
            [row[1:] for row in self.ask("interfaces_hosts_received", resolution=3600)],
            [("alpha eth0", 6100 / 3600), ("beta eth0", 6000 / 3600)],
        )
        self.assertEqual(
            [row[1:] for row in self.ask("interfaces_hosts_packets_sent", resolution=3600)],
            [("alpha eth0", 10 / 3600), ("beta eth0", 10 / 3600), ("beta eth1", 60 / 3600)],
        )
        self.assertEqual(
            self.ask("interfaces_hosts_packet_size", resolution=3600)[1],
            ("2027-01-15T08:00:00", "alpha eth0", 7100 / 30),
        )
        self.assertEqual(self.ask("interfaces_hosts_vlans"), [("beta", "eth0", "100", "200", 840, 0, 840, 1)])

    def test_end_reasons_are_counted(self):
        wanted = [("end", 3), ("idle", 2), ("active", 1), ("resources", 1), ("unknown", 1)]
        self.assertEqual(self.ask("overview_end_reasons"), wanted)
        self.assertEqual(
            [row[1:] for row in self.ask("interfaces_hosts_end_reasons", resolution=3600)],
            sorted((reason, count / 3600) for reason, count in wanted),
        )
        self.assertEqual(self.ask("exporter_health_cut"), [(1,)])

    def test_delays_are_from_the_end_of_the_flow(self):
        records = [flow(at, at, delay=at) for at in range(101)] + [flow(0, 1, "beta", delay=7)]
        self.assertEqual(self.ask("exporter_health_delay", records, host=["alpha"]), [(95.0,)])
        rows = {row[0]: row[1:] for row in self.ask("exporter_health_hosts", records)}
        self.assertEqual(rows["alpha"], (START + 100 * SECOND, 101, 50.0, 95.0, 99.0, 100.0, 0, 0))
        self.assertEqual(rows["beta"], (START, 1, 7.0, 7.0, 7.0, 7.0, 0, 0))
        self.assertEqual(
            [row[1:] for row in self.ask("exporter_health_delay_by_host", records, resolution=3600)],
            [("alpha", 95.0), ("beta", 7.0)],
        )

    def test_a_record_with_a_moved_time_is_as_late_as_that(self):
        moved = flow(0, 1, delay=15, _timestamp=START + 6 * HOUR)
        self.assertEqual(self.ask("exporter_health_late", [moved, flow(0, 2)]), [(1,)])
        self.assertEqual(self.ask("exporter_health_delay", [moved]), [(6 * 3600.0,)])

    def test_the_host_that_is_silent_longest_comes_first(self):
        records = [flow(0), flow(60), flow(30, host="beta")]
        self.assertEqual([row[0] for row in self.ask("exporter_health_hosts", records)], ["beta", "alpha"])

    def test_duplicates_are_found_by_their_ids(self):
        records = [
            flow(0, 1),
            flow(0, 1),
            flow(0, 1),
            flow(5, 2),
            flow(5, 2),
            flow(9, 3),
            flow(9, 1, "beta"),
            flow(9, **FOREIGN),
            flow(9, **FOREIGN),
        ]
        self.assertEqual(self.ask("exporter_health_duplicates", records), [(3,)])
        alpha = PROBE_STARTS["alpha"]
        self.assertEqual(
            self.ask("exporter_health_repeated", records),
            [("alpha", f"{alpha}-1", 3, START), ("alpha", f"{alpha}-2", 2, START + 5 * SECOND)],
        )
        self.assertEqual(
            [(row[0], row[-2]) for row in self.ask("exporter_health_hosts", records)],
            [("192.0.2.1", 0), ("alpha", 3), ("beta", 0)],
        )

    def test_missing_records_are_found_by_their_numbers(self):
        records = [flow(at, number) for at, number in enumerate((9, 10, 12, 12, 19))] + [
            flow(0, 7, "beta"),
            flow(1, 8, "beta"),
            flow(0, **FOREIGN),
        ]
        self.assertEqual(
            self.ask("exporter_health_gaps", records),
            [
                ("alpha", PROBE_STARTS["alpha"], START, START + 4 * SECOND, 4, 7, 100.0 * 4 / 11),
                ("beta", PROBE_STARTS["beta"], START, START + SECOND, 2, 0, 100.0),
            ],
        )

    def test_each_start_of_a_probe_has_numbers_of_its_own(self):
        records = [
            flow(0, 500),
            flow(1, 501),
            flow(2, flow_id="00000000000000ff-1"),
            flow(3, flow_id="00000000000000ff-2"),
        ]
        self.assertEqual(
            [row[1:2] + row[4:6] for row in self.ask("exporter_health_gaps", records)],
            [("00000000000000ff", 2, 0), (PROBE_STARTS["alpha"], 2, 0)],
        )


if __name__ == "__main__":
    tap.main()
