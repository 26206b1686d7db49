#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What the double makes of records: counts, errors, and what it stores of them."""
import gzip
import http.client
import itertools
import zlib

import tap
from bed import HOUR_US, DoubleTest, basic, now_us

TOO_OLD = ("Too old data, only last 5 hours data can be ingested. Data discarded. You can adjust ingestion max time by "
           "setting the environment variable ZO_INGEST_ALLOWED_UPTO=<max_hours>")
TOO_FAR = ("Too far data, only future 24 hours data can be ingested. Data discarded. You can adjust ingestion max "
           "time by setting the environment variable ZO_INGEST_ALLOWED_IN_FUTURE=<max_hours>")


class IngestTest(DoubleTest):
    def stored(self, stream=None):
        """Without their times."""
        return [{name: value for name, value in record.items() if name != "_timestamp"}
                for record in self.double.records(stream or self.stream)]

    def schema(self, stream=None):
        answer = self.double.get(f"/api/default/streams/{stream or self.stream}/schema?type=logs").json
        return {column["name"]: column["type"] for column in answer["schema"]}

    def ingest_text(self, text, ending="_json", **more):
        return self.double.post(f"/api/default/{self.stream}/{ending}", text, **more)


class BodyTest(IngestTest):
    def test_array(self):
        response = self.double.ingest(self.stream, [{"a": 1}, {"a": 2}])
        self.assert_status(response, 2, 0)
        self.assertEqual(self.stored(), [{"a": 1}, {"a": 2}])
        self.assertEqual(response.type, "application/json")
        self.assertRegex(response.headers["o2_process_time"], r"^\d{16}$")
        self.assertTrue(response.headers["x-api-node"])

    def test_single_object(self):
        self.assert_status(self.double.ingest(self.stream, {"a": 1}), 1, 0)
        self.assertEqual(self.stored(), [{"a": 1}])

    def test_empty_array(self):
        self.assert_status(self.double.ingest(self.stream, []), 0, 0)
        self.assertEqual(self.stored(), [])

    def test_any_content_type(self):
        for kind in ("text/plain", "application/x-protobuf", ""):
            self.assert_status(self.ingest_text('[{"a":1}]', headers={"Content-Type": kind}), 1, 0)

    def test_record_that_is_no_object(self):
        response = self.double.ingest(self.stream, [1, {"a": 1}, "x", [], None])
        self.assert_status(response, 1, 4, "flatten value must be an object")
        self.assertEqual(self.stored(), [{"a": 1}])

    def test_malformed_json(self):
        for text, words in (('[{"a":1}', "EOF while parsing a list at line 1 column 8"),
                            ('[{"a":1,}]', "trailing comma at line 1 column 9"),
                            ('[{"a":NaN}]', "expected value at line 1 column 1"),
                            ('[{"a":1}] x', "trailing characters at line 1 column 11"),
                            ("", "EOF while parsing a value at line 1 column 0"),
                            ('[\n{"a" 1}]', "expected `:` at line 2 column 6")):
            with self.subTest(text):
                self.assert_message(self.ingest_text(text), 400, f"SerdeJsonError# {words}")
        self.assertEqual(self.stored(), [])

    def test_text_python_would_take(self):
        for octets in (b'[{"a":Infinity}]', b'[{"a":-Infinity}]', b'\xef\xbb\xbf[{"a":1}]', b'[{"a":"\\ud800"}]',
                       b'[{"a":"\xff"}]', b'[{"a":"\x01"}]', b"[" * 128 + b"]" * 128, b"[" * 9999 + b"]" * 9999):
            with self.subTest(octets):
                self.assertEqual(self.ingest_text(octets).status, 400)
        self.assertEqual(self.stored(), [])

    def test_last_of_two_equal_keys_counts(self):
        self.assert_status(self.ingest_text('{"a":1,"a":2}'), 1, 0)
        self.assertEqual(self.stored(), [{"a": 2}])

    def test_multi(self):
        self.assert_status(self.ingest_text('{"a":1}\n\n  \r\n{"a":2}\n', "_multi"), 2, 0)
        self.assertEqual(self.stored(), [{"a": 1}, {"a": 2}])

    def test_multi_with_a_malformed_line(self):
        response = self.ingest_text('{"a":1}\n{"a":\n{"a":3}', "_multi")
        self.assert_message(response, 400, 'Error# Failed processing: JsonError(Error("EOF while parsing a value", '
                                           "line: 1, column: 5))")
        self.assertEqual(self.stored(), [])

    def test_stream_name_is_tidied(self):
        response = self.double.post("/api/default/My.Flows%20%2F%2F2/_json", [{"a": 1}])
        self.assert_status(response, 1, 0, name="my_flows_2")
        self.assertEqual(self.stored("my_flows_2"), [{"a": 1}])

    def test_empty_stream_name(self):
        self.assert_message(self.double.post("/api/default//_json", [{"a": 1}]), 400, "Error# Stream name is empty")

    def test_organisations_are_apart(self):
        self.double.post(f"/api/one/{self.stream}/_json", [{"a": 1}])
        self.double.post(f"/api/%2E%2E/{self.stream}/_json", [{"a": 2}])
        self.assertEqual([record["a"] for record in self.double.records(self.stream, "one")], [1])
        self.assertEqual([record["a"] for record in self.double.records(self.stream, "%2E%2E")], [2])

    def test_log_of_requests(self):
        body = gzip.compress(b'[{"a":1},{"a":2}]')
        self.ingest_text(body, headers={"Content-Encoding": "gzip", "Content-Type": "application/json"})
        [entry] = self.double.requests(self.stream)
        self.assertEqual({key: entry[key] for key in ("method", "path", "class", "body_bytes", "decoded_bytes",
                                                      "records", "stored", "failed", "status", "fault", "request")},
                         {"method": "POST", "path": f"/api/default/{self.stream}/_json", "class": "ingest",
                          "body_bytes": len(body), "decoded_bytes": 17, "records": 2, "stored": 2, "failed": 0,
                          "status": 200, "fault": None, "request": 1})
        self.assertEqual(entry["headers"]["content-encoding"], "gzip")
        self.assertEqual(entry["headers"]["content-type"], "application/json")
        self.assertEqual(entry["headers"]["authorization"], basic())
        self.assertLess(abs(entry["time"] - now_us() / 1e6), 5)


class EncodingTest(IngestTest):
    TEXT = b'[{"a":1}]'

    def test_gzip(self):
        self.assert_status(self.ingest_text(gzip.compress(self.TEXT), headers={"Content-Encoding": "gzip"}), 1, 0)
        self.assertEqual(self.stored(), [{"a": 1}])

    def test_deflate_is_zlib(self):
        self.assert_status(self.ingest_text(zlib.compress(self.TEXT), headers={"Content-Encoding": "deflate"}), 1, 0)
        raw = zlib.compressobj(wbits=-15)
        octets = raw.compress(self.TEXT) + raw.flush()
        self.assertEqual(self.ingest_text(octets, headers={"Content-Encoding": "deflate"}).status, 400)

    def test_identity(self):
        self.assert_status(self.ingest_text(self.TEXT, headers={"Content-Encoding": "identity"}), 1, 0)

    def test_unknown_encodings(self):
        for name in ("x-gzip", "GZIP", "compress", "gzip, gzip", "br", "zstd"):
            with self.subTest(name):
                response = self.ingest_text(self.TEXT, headers={"Content-Encoding": name}, authorization=None)
                self.assertEqual((response.status, response.body), (415, b""))
                self.assertEqual(response.headers["accept-encoding"], "gzip,deflate,br,zstd")

    def test_snappy_is_not_decoded(self):
        self.assert_status(self.ingest_text(self.TEXT, headers={"Content-Encoding": "snappy"}), 1, 0)

    def test_broken_gzip(self):
        whole = gzip.compress(self.TEXT)
        for octets in (self.TEXT, whole[:-1], b"", whole[:-8] + bytes(8)):
            response = self.ingest_text(octets, headers={"Content-Encoding": "gzip"})
            self.assertEqual(response.status, 400)
            self.assertTrue(response.text.startswith("Failed to buffer the request body: "), response.text)
        self.assertEqual(self.stored(), [])

    def test_limit_counts_what_was_decoded(self):
        self.addCleanup(self.double.control, switches={"payload_limit_bytes": 209715200})
        fits = b"[" + b'{"a":1},' * 124 + b'{"a":1}]'
        self.double.control(switches={"payload_limit_bytes": len(fits)})
        self.assert_status(self.ingest_text(gzip.compress(fits), headers={"Content-Encoding": "gzip"}), 125, 0)
        for headers, octets in (({"Content-Encoding": "gzip"}, gzip.compress(fits + b" ")), ({}, fits + b" ")):
            self.assert_text(self.ingest_text(octets, headers=headers), 413,
                             "Failed to buffer the request body: length limit exceeded")
        self.assertEqual(len(self.stored()), 125)


class FieldTest(IngestTest):
    def test_names_are_normalised(self):
        self.double.ingest(self.stream, {"Src.Addr": 1, "in-if": 2, "a b": 3, "9x": 4, "é": 5, "É": 6, "_x": 7, "日": 8})
        self.assertEqual(self.stored(), [{"src_addr": 1, "in_if": 2, "a_b": 3, "9x": 4, "é": 5, "_x": 7, "_": 8}])

    def test_last_of_colliding_names_wins(self):
        self.double.ingest(self.stream, {"a_b": 1, "a.b": 2, "a-b": 3})
        self.assertEqual(self.stored(), [{"a_b": 1}])

    def test_objects_are_unfolded_to_level_three(self):
        self.double.ingest(self.stream, {"a": {"b": {"c": {"Z": 1, "D": {"e": 2.50}}, "f": 3}}, "g": {"H.i": True}})
        self.assertEqual(self.stored(), [{"a_b_c": '{"D":{"e":2.5},"Z":1}', "a_b_f": 3, "g_h_i": True}])

    def test_arrays_become_text(self):
        self.ingest_text('{"a":[1,2.50,"é\\n",{"z":null,"a":[]}],"b":[[]]}')
        self.assertEqual(self.stored(), [{"a": '[1,2.50,"é\\n",{"a":[],"z":null}]', "b": "[[]]"}])

    def test_what_is_dropped_and_what_is_kept(self):
        self.double.ingest(self.stream, {"a": None, "b": [], "c": {}, "d": "", "e": 0, "f": False})
        self.assertEqual(self.stored(), [{"d": "", "e": 0, "f": False}])
        self.assertEqual(sorted(self.schema()), ["_timestamp", "d", "e", "f"])


class TimestampTest(IngestTest):
    def stored_time(self, value):
        self.assert_status(self.ingest_text('{"_timestamp":%s}' % value), 1, 0)
        return self.double.records(self.stream)[-1]["_timestamp"]

    def test_units_are_detected(self):
        second = now_us() // 1_000_000
        for value in (second, second * 1000, second * 1_000_000, second * 1_000_000_000, f"{second}.9", f'"{second}"',
                      f'"{second * 1000}"'):
            self.assertEqual(self.stored_time(value), second * 1_000_000, value)

    def test_microseconds_are_exact(self):
        moment = now_us()
        self.assertEqual(self.stored_time(moment), moment)
        self.assertEqual(self.stored_time(moment * 1000 + 999), moment)

    def test_texts(self):
        self.double.control(clock_offset_s=1787300000 - now_us() / 1e6)
        for text, micros in (("2026-08-21T08:53:20", 0), ("2026-08-21 08:53:20", 0),
                             ("2026-08-21T08:53:20.123", 123000), ("2026-08-21T08:53:20.123456", 123456),
                             ("2026-08-21T10:53:20+02:00", 0),
                             ("2026-08-21T08:53:20.5Z", 500000), ("Fri, 21 Aug 2026 08:53:20 +0000", 0)):
            self.assertEqual(self.stored_time(f'"{text}"'), 1787302400000000 + micros, text)

    def test_missing_is_now(self):
        before = now_us()
        for record in ({"a": 1}, {"_timestamp": None}, {"_timestamp": 0}):
            self.assert_status(self.double.ingest(self.stream, record), 1, 0)
            self.assertTrue(before <= self.double.records(self.stream)[-1]["_timestamp"] <= now_us())

    def test_unreadable(self):
        for value in ("yesterday", "2026-08-21 08:53:20.123", "2026-13-01T00:00:00", "", True, [1], 1e30):
            with self.subTest(value):
                self.assert_status(self.double.ingest(self.stream, {"_timestamp": value}), 0, 1,
                                   "Can't parse timestamp")

    def test_other_names_of_the_column(self):
        moment = now_us() - HOUR_US
        self.double.ingest(self.stream, {"@timestamp": moment})
        self.assertEqual([record["_timestamp"] for record in self.double.records(self.stream)], [moment])

    def test_window(self):
        self.double.control(clock_offset_s=0)
        margin = 60_000_000
        for age, error in ((5 * HOUR_US - margin, None), (5 * HOUR_US + margin, TOO_OLD),
                           (-24 * HOUR_US + margin, None), (-24 * HOUR_US - margin, TOO_FAR)):
            response = self.double.ingest(self.stream, {"_timestamp": now_us() - age})
            self.assert_status(response, int(error is None), int(error is not None), error)
        self.assertEqual(len(self.double.records(self.stream)), 2)

    def test_only_the_last_error_is_told(self):
        moment = now_us()
        response = self.double.ingest(self.stream, [{"_timestamp": moment - 6 * HOUR_US}, {"_timestamp": moment},
                                                    {"_timestamp": moment + 25 * HOUR_US}])
        self.assert_status(response, 1, 2, TOO_FAR)

    def test_clock_offset_moves_the_window(self):
        moment = now_us()
        self.double.control(clock_offset_s=6 * 3600)
        self.assert_status(self.double.ingest(self.stream, {"_timestamp": moment}), 0, 1, TOO_OLD)
        self.double.control(clock_offset_s=4 * 3600)
        self.assert_status(self.double.ingest(self.stream, {"_timestamp": moment}), 1, 0)

    def test_window_is_configurable(self):
        self.addCleanup(self.double.control, switches={"allowed_upto_h": 5})
        self.double.control(switches={"allowed_upto_h": 1})
        response = self.double.ingest(self.stream, {"_timestamp": now_us() - 2 * HOUR_US})
        self.assert_status(response, 0, 1, TOO_OLD.replace("last 5 hours", "last 1 hours"))


class TypeTest(IngestTest):
    def test_first_types(self):
        self.ingest_text('{"i":9223372036854775807,"n":-5,"u":9223372036854775808,"f":1.0,"e":1e3,"s":"x","b":true,'
                         '"big":18446744073709551616,"huge":1e400}')
        self.assertEqual(self.schema(), {
            "_timestamp": "Int64", "i": "Int64", "n": "Int64", "u": "UInt64", "f": "Float64", "e": "Float64",
            "s": "Utf8", "b": "Boolean", "big": "Utf8", "huge": "Utf8"})
        self.assertEqual(self.stored(),
                         [{"i": 9223372036854775807, "n": -5, "u": 9223372036854775808, "f": 1.0, "e": 1000.0,
                                          "s": "x", "b": True, "big": "18446744073709551616", "huge": "1e400"}])

    def test_one_text_makes_a_number_column_text(self):
        self.double.ingest(self.stream, {"bytes": 1})
        self.double.ingest(self.stream, {"bytes": "2"})
        self.double.ingest(self.stream, {"bytes": 3})
        self.assertEqual(self.schema()["bytes"], "Utf8")
        self.assertEqual(self.stored(), [{"bytes": 1}, {"bytes": "2"}, {"bytes": "3"}])

    def test_widening_and_casting(self):
        values = {"Int64": "1", "UInt64": "18446744073709551615", "Float64": "1.5", "Utf8": '"x"', "Boolean": "true"}
        widened = {("Int64", "UInt64"): "UInt64", ("Int64", "Float64"): "Float64", ("Int64", "Utf8"): "Utf8",
                   ("UInt64", "Utf8"): "Utf8", ("Float64", "Utf8"): "Utf8", ("Boolean", "Utf8"): "Utf8"}
        cast = {("Int64", "Boolean"): 1, ("UInt64", "Int64"): 1, ("UInt64", "Float64"): 1, ("UInt64", "Boolean"): 1,
                ("Float64", "Int64"): 1.0, ("Float64", "UInt64"): 1.8446744073709552e19, ("Float64", "Boolean"): 1.0,
                ("Utf8", "Int64"): "1", ("Utf8", "UInt64"): "18446744073709551615", ("Utf8", "Float64"): "1.5",
                ("Utf8", "Boolean"): "true", ("Boolean", "Int64"): True, ("Boolean", "UInt64"): True,
                ("Boolean", "Float64"): True}
        for first, second in itertools.permutations(values, 2):
            with self.subTest(first=first, second=second):
                stream = f"{self.stream}_{first}_{second}".lower()
                self.double.ingest(stream, f'{{"x":{values[first]}}}')
                self.assert_status(self.double.ingest(stream, f'{{"x":{values[second]}}}'), 1, 0, name=stream)
                self.assertEqual(self.schema(stream)["x"], widened.get((first, second), first))
                if (first, second) in cast:
                    self.assertEqual(self.stored(stream)[1], {"x": cast[first, second]})

    def test_order_within_a_batch_does_not_matter(self):
        for number, batch in enumerate(itertools.permutations(('{"x":1}', '{"x":1.5}', '{"x":"y"}'))):
            stream = f"{self.stream}_{number}"
            self.assert_status(self.double.ingest(stream, f"[{','.join(batch)}]"), 3, 0, name=stream)
            self.assertEqual(self.schema(stream)["x"], "Utf8")

    def test_failed_cast(self):
        self.double.post(f"/api/default/streams/{self.stream}", {"fields": [{"name": "day", "type": "Date32"}]})
        response = self.double.ingest(self.stream, [{"a": 1}, {"day": 5, "a": 2}])
        # Date32 gives way to no type but text, and cannot be cast to.
        self.assert_status(response, 1, 1, "Failed to cast day to type Date32 ")
        self.assertEqual(self.stored(), [{"a": 1}])

    def test_batch_with_a_column_that_cannot_be_stored_is_lost_though_counted(self):
        self.double.post(f"/api/default/streams/{self.stream}", {"fields": [{"name": "small", "type": "UInt8"}]})
        self.assert_status(self.double.ingest(self.stream, [{"a": 1}, {"small": 5}]), 2, 0)
        self.assertEqual(self.stored(), [])
        self.assertEqual([entry["stored"] for entry in self.double.requests(self.stream) if entry["class"] == "ingest"],
                         [0])

    def test_too_many_columns(self):
        record = {f"c{number}": number for number in range(999)}
        self.assert_status(self.double.ingest(self.stream, [record, {"c0": 1}]), 2, 0)
        self.assert_status(self.double.ingest(self.stream, [record, {"one_more": 1}]), 0, 0)
        self.assertEqual(len(self.stored()), 2)
        self.assertNotIn("one_more", self.schema())


class DurabilityTest(IngestTest):
    def test_records_are_on_disk_when_the_answer_arrives(self):
        connection = self.double.connect()
        self.addCleanup(connection.close)
        for count in range(1, 21):
            self.double.ingest(self.stream, [{"n": count}], connection=connection)
            self.assertEqual([record["n"] for record in self.double.records(self.stream)], list(range(1, count + 1)))

    def test_half_a_request_stores_nothing(self):
        with self.double.socket() as client:
            client.sendall((f"POST /api/default/{self.stream}/_json HTTP/1.1\r\nHost: x\r\nAuthorization: {basic()}\r\n"
                            'Content-Length: 20\r\n\r\n[{"a":1}]').encode())
        self.assert_status(self.double.ingest(self.stream, [{"a": 2}]), 1, 0)
        self.assertEqual(self.stored(), [{"a": 2}])

    def test_chunked_bodies(self):
        connection = self.double.connect()
        self.addCleanup(connection.close)
        for _ in range(2):
            connection.request("POST", f"/api/default/{self.stream}/_json", iter([b'[{"a"', b":1", b"}]"]),
                               {"Authorization": basic()}, encode_chunked=True)
            answer = connection.getresponse()
            self.assertEqual((answer.status, http.client.responses[answer.status]), (200, "OK"))
            answer.read()
        self.assertEqual(self.stored(), [{"a": 1}, {"a": 1}])
        self.assertEqual([entry["body_bytes"] for entry in self.double.requests(self.stream)], [9, 9])


if __name__ == "__main__":
    tap.main()
