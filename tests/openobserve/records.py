# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Flow records for the tests of the SQL, made from one of the probe's own encoder, and a stream that holds them."""
import assets
from engine import Engine

START = 1_800_000_000_000_000  # of everything; an hour begins
SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
PROBE_STARTS = {"alpha": "0123456789abcdef", "beta": "fedcba9876543210"}
TEMPLATE = assets.sample_records()[0]

# What goflow2's records do not have.
FOREIGN = dict(
    host=None,
    if_name=None,
    out_if_name=None,
    direction=None,
    flow_id=None,
    flow_end_reason=None,
    community_id=None,
    sampling_rate=0,
)


def flow(at, number=0, host="alpha", delay=15, **fields):
    """A record of a flow that ended `at` seconds after START, made `delay` seconds later. None: a field is not there."""
    end = START + at * SECOND
    record = {
        **TEMPLATE,
        "_timestamp": end,
        "time_flow_start_ns": (end - SECOND) * 1000,
        "time_flow_end_ns": end * 1000,
        "time_received_ns": (end + delay * SECOND) * 1000,
        "host": host,
        "flow_id": f"{PROBE_STARTS.get(host)}-{number}",
        **fields,
    }
    return {name: value for name, value in record.items() if value is not None}


def place(end, country, city, latitude, longitude, system):
    return {
        f"{end}_geo_country_name": country,
        f"{end}_geo_country_code": country[:2].upper(),
        f"{end}_geo_city_name": city,
        f"{end}_geo_latitude": latitude,
        f"{end}_geo_longitude": longitude,
        f"{end}_asn_autonomous_system_number": system,
        f"{end}_asn_autonomous_system_organization": f"Network {system}",
    }


# alpha serves; beta routes, samples 1 in 10 and so has every packet twice; a foreign exporter is there too.
WEB = dict(src_addr="192.0.2.1", src_port=443, dst_port=50001)
ASK = dict(dst_addr="192.0.2.1", src_port=50001, dst_port=443, direction="ingress", out_if_name=None, in_if_name="eth0")
DNS = dict(
    host="beta",
    proto="UDP",
    src_addr="203.0.113.5",
    src_port=53,
    dst_addr="198.51.100.9",
    dst_port=40000,
    sampling_rate=10,
    bytes=600,
    packets=6,
    community_id="1:dns",
    flow_end_reason="idle",
    **place("src", "Chile", "Arica", -18.5, -70.3, 64500),
    **place("dst", "Norway", "Bergen", 60.4, 5.3, 64501),
)
LAB = [
    flow(
        0,
        1,
        **WEB,
        dst_addr="198.51.100.7",
        bytes=1000,
        packets=10,
        **place("dst", "Norway", "Oslo", 59.9, 10.8, 64501),
    ),
    flow(
        10, 2, **ASK, src_addr="198.51.100.7", bytes=400, packets=8, **place("src", "Norway", "Oslo", 59.9, 10.8, 64501)
    ),
    flow(30, 3, **ASK, src_addr="198.51.100.8", bytes=5000, packets=5, flow_end_reason="active", community_id="1:long"),
    flow(90, 4, **ASK, src_addr="198.51.100.8", bytes=700, packets=7, community_id="1:long"),
    flow(65, 1, **DNS, direction="ingress", out_if_name=None, in_if_name="eth0"),
    flow(65, 2, **DNS, direction="egress", if_name="eth1"),
    flow(
        130,
        3,
        host="beta",
        proto="ICMP",
        src_addr="10.0.0.1",
        dst_addr="10.0.0.2",
        bytes=84,
        packets=1,
        sampling_rate=10,
        flow_end_reason="resources",
        vlan_id=100,
        l2_vlan_inner=200,
        community_id="1:ping",
    ),
    flow(
        200,
        sampler_address="192.0.2.9",
        src_addr="203.0.113.5",
        src_port=53,
        dst_addr="192.0.2.1",
        dst_port=40001,
        proto="UDP",
        bytes=50,
        packets=1,
        **FOREIGN,
    ),
]


def lab(records=None):
    return Engine(assets.STREAM, assets.stream_types(), LAB if records is None else records)
