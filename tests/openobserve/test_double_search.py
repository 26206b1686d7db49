#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The double's _search: results, time ranges, and the errors a client has to tell apart."""
import tap
from bed import DoubleTest, now_us

MINUTE_US = 60_000_000
FLOWS = [  # minutes ago, then columns
    (1, {"src_addr": "10.0.0.1", "dst_port": 443, "proto": "TCP", "bytes": 100, "packets": 2}),
    (1, {"src_addr": "10.0.0.1", "dst_port": 80, "proto": "TCP", "bytes": 300, "packets": 4}),
    (2, {"src_addr": "10.0.0.2", "dst_port": 53, "proto": "UDP", "bytes": 50, "packets": 1}),
    (130, {"src_addr": "10.0.0.3", "dst_port": 443, "proto": "TCP", "bytes": 1000, "packets": 9, "city": "Köln"}),
]


class SearchTest(DoubleTest):
    def setUp(self):
        super().setUp()
        self.now_us = now_us()
        self.start_us = self.now_us - 180 * MINUTE_US
        records = [{"_timestamp": self.now_us - minutes * MINUTE_US, **columns} for minutes, columns in FLOWS]
        self.double.post(f"/api/{self.org}/netflow1/_json", records)

    def search(self, sql, start_us=None, end_us=None, **more):
        return self.double.post(f"/api/{self.org}/_search?type=logs", {"query": {
            "sql": sql, "start_time": self.start_us if start_us is None else start_us,
            "end_time": self.now_us if end_us is None else end_us, "from": 0, "size": 100, **more}})

    def hits(self, sql, **more):
        response = self.search(sql, **more)
        self.assertEqual(response.status, 200, response.text)
        return response.json["hits"]

    def assert_error(self, response, code, words, **more):
        body = response.json
        self.assertRegex(body.pop("trace_id"), r"^[0-9a-f]{32}$")
        self.assertEqual((response.status, body), (400, {"code": code, "message": words, **more}))
        self.assertEqual(response.headers["x-error-message"], str(code))

    def test_group(self):
        response = self.search('SELECT proto, sum(bytes) AS b FROM "netflow1" GROUP BY proto ORDER BY b DESC')
        answer = response.json
        self.assertEqual(answer["hits"], [{"proto": "TCP", "b": 1400}, {"proto": "UDP", "b": 50}])
        self.assertEqual({key: answer[key] for key in ("total", "from", "size", "cached_ratio", "scan_records",
                                                       "is_partial")},
                         {"total": 2, "from": 0, "size": 100, "cached_ratio": 0, "scan_records": 4,
                          "is_partial": False})
        self.assertGreater(answer["took"], 0)

    def test_everything_newest_first(self):
        hits = self.hits('SELECT * FROM "netflow1"')
        self.assertEqual([hit["bytes"] for hit in hits], [100, 300, 50, 1000])
        self.assertEqual(hits[3]["city"], "Köln")
        self.assertNotIn("city", hits[0])

    def test_time_range(self):
        moment = self.now_us - 2 * MINUTE_US
        self.assertEqual(self.hits("SELECT bytes FROM netflow1", start_us=moment, end_us=moment + 1), [{"bytes": 50}])
        self.assertEqual(self.hits("SELECT bytes FROM netflow1", start_us=moment - 1, end_us=moment), [])

    def test_pages(self):
        page = {"from": 1, "size": 2}
        self.assertEqual(self.hits("SELECT bytes FROM netflow1 ORDER BY bytes", **page),
                         [{"bytes": 100}, {"bytes": 300}])
        self.assertEqual([hit["bytes"] for hit in self.hits("SELECT * FROM netflow1 ORDER BY bytes LIMIT 1", size=3)],
                         [50])
        self.assertEqual([hit["bytes"] for hit in self.hits("SELECT * FROM netflow1 limit 1")], [100])

    def test_distinct_values(self):
        sql = """SELECT src_addr, approx_distinct(dst_port) AS ports FROM "netflow1" GROUP BY src_addr
                 HAVING approx_distinct(dst_port) > 1"""
        self.assertEqual(self.hits(sql), [{"src_addr": "10.0.0.1", "ports": 2}])

    def test_histogram(self):
        self.double.control(clock_offset_s=1787300000 - now_us() / 1e6)
        self.double.post(f"/api/{self.org}/h/_json", [{"_timestamp": 1787300000000000 + second * 1_000_000, "b": 1}
                                                      for second in (0, 5, 15, 70)])
        times = {"start_us": 1787299000000000, "end_us": 1787302600000000}
        sql = 'SELECT histogram(_timestamp{}) AS "x_axis_1", sum(b) AS "y" FROM "h" GROUP BY x_axis_1 ORDER BY x_axis_1'
        for interval, expected in (
                ("", [("2026-08-21T08:13:00", 2), ("2026-08-21T08:13:30", 1), ("2026-08-21T08:14:30", 1)]),
                (", '1 minute'", [("2026-08-21T08:13:00", 3), ("2026-08-21T08:14:00", 1)]),
                (", '1 hour'", [("2026-08-21T08:00:00", 4)])):
            self.assertEqual([(hit["x_axis_1"], hit["y"]) for hit in self.hits(sql.format(interval), **times)],
                             expected)

    def test_conditions(self):
        for condition, count in (("proto = 'TCP'", 3), ("proto = 'tcp'", 0), ("src_addr LIKE '10.0.0.%'", 4),
                                 ("proto LIKE 't%'", 0), ("str_match(proto, 'DP')", 1), ("city IS NOT NULL", 1),
                                 ("bytes BETWEEN 50 AND 100", 2), ("dst_port IN (443, 53) AND NOT proto = 'UDP'", 2),
                                 ("city = 'Köln' -- there", 1)):
            self.assertEqual(self.hits(f"SELECT count(*) AS n FROM netflow1 WHERE {condition}"), [{"n": count}],
                             condition)

    def test_expressions(self):
        [hit] = self.hits("""SELECT sum(packets)/1024 AS w, max(bytes) - min(bytes) AS r, avg(t.bytes) a,
                             approx_percentile_cont(bytes, 0.5) AS median,
                             CASE WHEN count(*) > 3 THEN 'many' ELSE 'few' END AS c
                             FROM "netflow1" AS t""")
        self.assertEqual(hit, {"w": 0, "r": 950, "a": 362.5, "median": 200.0, "c": "many"})

    def test_subquery(self):
        inner = "SELECT proto, max(bytes) AS b FROM netflow1 GROUP BY proto"
        self.assertEqual(self.hits(f"SELECT sum(b) AS s FROM ({inner}) x"), [{"s": 1050}])

    def test_found_at_once(self):
        for count in range(1, 4):
            self.double.post(f"/api/{self.org}/s/_json", {"a": count, "ok": True})
            self.assertEqual(self.hits("SELECT count(*) AS n FROM s", end_us=now_us() + 1), [{"n": count}])
        self.assertEqual(self.hits("SELECT ok FROM s LIMIT 1", end_us=now_us() + 1), [{"ok": True}])

    def test_records_older_than_a_wider_type(self):
        self.double.post(f"/api/{self.org}/w/_json", {"v": 1})
        self.double.post(f"/api/{self.org}/w/_json", {"v": 2.5})
        self.assertEqual(self.hits("SELECT v FROM w ORDER BY v", end_us=now_us() + 1), [{"v": 1.0}, {"v": 2.5}])

    def test_unknown_stream(self):
        self.assert_error(self.search("SELECT a FROM none"), 20002, "Search stream not found: none", error_detail="")

    def test_unknown_field(self):
        self.assert_error(self.search('SELECT src_geo_latitude FROM "netflow1"'), 20004,
                          "unknown field 'src_geo_latitude'",
                          hint="valid fields: bytes, city, dst_port, packets, proto, src_addr")
        self.assert_error(self.search('SELECT sum(byte) AS b FROM netflow1'), 20004, "unknown field 'byte'",
                          suggestions=["bytes"])
        self.assert_error(self.search('SELECT bytes FROM netflow1 WHERE "proto" = "TCP"'), 20004, "unknown field 'TCP'",
                          hint="valid fields: bytes, city, dst_port, packets, proto, src_addr")

    def test_field_made_known_beforehand(self):
        self.double.post(f"/api/{self.org}/streams/typed",
                         {"fields": [{"name": "src_geo_latitude", "type": "Float64"}]})
        self.assertEqual(self.hits("SELECT src_geo_latitude FROM typed"), [])

    def test_unknown_function(self):
        self.assert_error(self.search("SELECT make_up(bytes) FROM netflow1"), 20005, "unknown function 'make_up'")

    def test_full_text_search(self):
        self.assert_error(self.search("SELECT * FROM netflow1 WHERE match_all('x')"), 20003,
                          "Full text search field not found")
        self.double.post(f"/api/{self.org}/l/_json", [{"log": "An Error"}, {"log": "fine", "body": None}])
        self.assertEqual(self.hits("SELECT log FROM l WHERE match_all('error')", end_us=now_us() + 1),
                         [{"log": "An Error"}])

    def test_sum_over_text(self):
        self.double.post(f"/api/{self.org}/netflow1/_json", {"bytes": "many"})
        response = self.search("SELECT sum(bytes) AS b FROM netflow1")
        self.assertEqual((response.status, response.json["code"]), (400, 20008))

    def test_column_that_is_not_grouped(self):
        for select in ("src_addr, proto, sum(bytes) AS b FROM netflow1 GROUP BY src_addr",
                       "proto, count(*) FROM netflow1", "upper(proto) AS p, count(*) FROM netflow1 GROUP BY src_addr",
                       "* FROM netflow1 GROUP BY proto"):
            response = self.search(f"SELECT {select}")
            self.assertEqual((response.status, response.json["code"]), (400, 20008), select)
        for select in ("upper(proto) AS p, count(*) AS n FROM netflow1 GROUP BY p",
                       "lower(proto) l FROM netflow1 GROUP BY proto",
                       "proto, 1 AS one, sum(bytes) * 8 AS b FROM netflow1 GROUP BY 1",
                       "t.proto FROM netflow1 t GROUP BY t.proto",
                       "histogram(_timestamp) FROM netflow1 GROUP BY histogram(_timestamp)"):
            self.hits(f"SELECT {select}")

    def test_aliases_are_not_known_to_conditions(self):
        response = self.search("SELECT bytes AS b FROM netflow1 WHERE b > 1")
        self.assertEqual((response.status, response.json["message"]), (400, "unknown field 'b'"))
        self.assertEqual(self.hits("SELECT proto, sum(bytes) AS b FROM netflow1 GROUP BY proto HAVING b < 100"),
                         [{"proto": "UDP", "b": 50}])

    def test_what_is_no_sql(self):
        for sql in ("DELETE FROM netflow1", "SELECT (bytes FROM netflow1", "SELECT FROM netflow1", "",
                    "SELECT bytes FROM netflow1 ;x"):
            response = self.search(sql)
            self.assertEqual((response.status, response.json["code"]), (400, 20001), sql)

    def test_times_are_mandatory(self):
        for times in ({"start_us": 0}, {"end_us": 0}, {"start_us": 2, "end_us": 1}):
            response = self.search("SELECT bytes FROM netflow1", **times)
            self.assertEqual((response.status, response.json["code"]), (400, 20011))


if __name__ == "__main__":
    tap.main()
