#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The double going wrong as told: each kind of fault, how they are planned, and what is stored and logged meanwhile."""
import concurrent.futures
import contextlib
import gzip
import http.client
import io
import json
import socket
import struct
import subprocess
import threading
import time

import bed
import control
import tap
from bed import LIMIT_S, DoubleTest, basic, wait_for

RECORDS = [{"a": 1}, {"a": 2}, {"a": 3}, {"a": 4}]
GONE = (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError)


class FaultTest(DoubleTest):
    def plan(self, *faults):
        response = self.double.control(faults=list(faults))
        self.assertEqual(response.status, 200, response.text)

    def ingest(self, records=RECORDS, **more):
        return self.double.ingest(self.stream, records, **more)

    def stored(self):
        return [record["a"] for record in self.double.records(self.stream)]

    def logged(self):
        return [(entry["status"], entry["fault"], entry["records"], entry["stored"])
                for entry in self.double.requests(self.stream)]

    def raw(self, records=RECORDS):
        """A connection on which a request has been sent whole."""
        body = json.dumps(records)
        client = self.double.socket()
        self.addCleanup(client.close)
        client.sendall((f"POST /api/default/{self.stream}/_json HTTP/1.1\r\nHost: x\r\nAuthorization: {basic()}\r\n"
                        f"Content-Length: {len(body)}\r\n\r\n{body}").encode())
        return client

    @staticmethod
    def read_to_end(client):
        received = b""
        while piece := client.recv(65536):
            received += piece
        return received

    def hanging(self, count):
        wait_for(lambda: self.double.report()["hanging"] == count, f"{count} requests to hang")


class StatusTest(FaultTest):
    def test_usual_answers(self):
        for kind, content_type, body in (
                ("400", "application/json", '{"code":400,"message":"Error# not an ingester"}'),
                ("401", None, "Unauthorized Access"),
                ("403", "text/plain; charset=utf-8", "Unauthorized Access"),
                ("404", None, ""),
                ("413", "text/plain; charset=utf-8", "Failed to buffer the request body: length limit exceeded"),
                ("429", "application/json", '{"code":429,"message":"Too Many Requests"}'),
                ("500", "application/json", '{"code":500,"message":"Error# Internal Server Error"}'),
                ("503", "application/json", '{"code":503,"message":"Error# MemoryTableOverflowError"}')):
            with self.subTest(kind):
                self.plan(kind)
                response = self.ingest()
                self.assertEqual((response.status, response.type, response.text), (int(kind), content_type, body))
                self.assertIsNone(response.headers["retry-after"])
        self.assertEqual(self.stored(), [])

    def test_answers_of_a_proxy(self):
        for kind in ("408", "502", "504"):
            self.plan(kind)
            response = self.ingest()
            self.assertEqual((response.status, response.type), (int(kind), "text/html"))
            self.assertIn(f"<h1>{kind} ", response.text)

    def test_unauthorised_names_the_scheme(self):
        self.plan("401")
        self.assertEqual(self.ingest().headers["www-authenticate"], 'Bearer realm="openobserve"')

    def test_retry_after(self):
        self.plan({"kind": "429", "retry_after": 7}, {"kind": "429", "retry_after": "Fri, 21 Aug 2026 08:53:20 GMT"})
        self.assertEqual([self.ingest().headers["retry-after"] for _ in range(2)],
                         ["7", "Fri, 21 Aug 2026 08:53:20 GMT"])

    def test_other_words(self):
        self.plan({"kind": "400", "message": "Error# stream [x] is being deleted"}, {"kind": "500", "body": "<oops>"})
        self.assert_message(self.ingest(), 400, "Error# stream [x] is being deleted")
        self.assert_text(self.ingest(), 500, "<oops>")

    def test_too_large_above_a_size(self):
        self.plan({"kind": "413", "above": 30, "times": 2})
        small, large = RECORDS[:2], RECORDS
        for records, status in ((small, 200), (large, 413), (small, 200), (large, 413), (large, 200)):
            self.assertEqual(self.ingest(records).status, status)
        self.assertEqual(self.stored(), [1, 2, 1, 2, 1, 2, 3, 4])

    def test_size_is_that_of_what_was_sent(self):
        self.plan({"kind": "413", "above": 100})
        body = gzip.compress(json.dumps(RECORDS * 100).encode())
        self.assertLess(len(body), 100)
        self.assertEqual(self.ingest(body, headers={"Content-Encoding": "gzip"}).status, 200)
        self.assertEqual(self.ingest(RECORDS * 100).status, 413)

    def test_too_large_before_the_body(self):
        self.plan({"kind": "413", "early": True})
        with self.double.socket() as client:
            client.sendall((f"POST /api/default/{self.stream}/_json HTTP/1.1\r\nHost: x\r\nAuthorization: {basic()}\r\n"
                            "Content-Length: 1000000\r\n\r\n[").encode())
            answer = self.read_to_end(client)
        self.assertTrue(answer.startswith(b"HTTP/1.1 413 Payload Too Large\r\n"), answer)
        self.assertIn(b"\r\nconnection: close\r\n", answer)

    def test_encoding_refused(self):
        self.plan({"kind": "415", "times": 2})
        body = gzip.compress(json.dumps(RECORDS).encode())
        response = self.ingest(body, headers={"Content-Encoding": "gzip"})
        self.assertEqual((response.status, response.body, response.headers["accept-encoding"]),
                         (415, b"", "gzip,deflate,br,zstd"))
        self.assertEqual(self.ingest().status, 200)
        self.assertEqual(self.ingest(body, headers={"Content-Encoding": "gzip"}).status, 415)
        self.assertEqual(self.ingest(body, headers={"Content-Encoding": "gzip"}).status, 200)

    def test_redirect(self):
        self.plan({"kind": "redirect"}, {"kind": "redirect", "status": 302, "location": "http://127.0.0.1:1/x"})
        for status, location in ((307, f"/redirected/api/default/{self.stream}/_json"), (302, "http://127.0.0.1:1/x")):
            response = self.ingest()
            self.assertEqual((response.status, response.headers["location"]), (status, location))
        self.assertEqual(self.stored(), [])

    def test_log(self):
        self.plan("503")
        self.ingest()
        self.ingest()
        self.assertEqual(self.logged(), [(503, "503", 4, None), (200, None, 4, 4)])


class SilenceTest(FaultTest):
    def test_hang_until_cleared(self):
        self.plan("hang")
        client = self.raw()
        self.hanging(1)
        self.assertEqual(self.logged(), [(None, "hang", 4, None)])
        self.double.control(clear=True)
        self.assertEqual(self.read_to_end(client), b"")
        self.hanging(0)
        self.assertEqual(self.stored(), [])

    def test_hang_ends_when_the_client_leaves(self):
        self.plan("hang")
        client = self.raw()
        self.hanging(1)
        client.close()
        self.hanging(0)

    def test_hang_for_a_time(self):
        self.plan({"kind": "hang", "seconds": 0.05})
        started = time.monotonic()
        self.assertEqual(self.read_to_end(self.raw()), b"")
        self.assertGreaterEqual(time.monotonic() - started, 0.05)

    def test_hang_after_storing(self):
        self.plan({"kind": "hang", "store": True})
        self.raw()
        self.hanging(1)
        self.assertEqual(self.stored(), [1, 2, 3, 4])

    def test_hang_without_reading(self):
        self.plan({"kind": "hang", "early": True})
        self.raw()
        self.hanging(1)
        [entry] = self.double.requests(self.stream)
        self.assertEqual((entry["status"], entry["body_bytes"]), (None, 0))

    def test_others_are_served_meanwhile(self):
        self.plan("hang")
        self.raw()
        self.hanging(1)
        self.assertEqual(self.ingest().status, 200)

    def test_delay(self):
        self.plan({"kind": "delay", "seconds": 0.05})
        started = time.monotonic()
        self.assertEqual(self.ingest().status, 200)
        self.assertGreaterEqual(time.monotonic() - started, 0.05)

    def test_request_whose_client_leaves_during_a_delay_is_forgotten(self):
        self.plan({"kind": "delay", "seconds": LIMIT_S})
        self.raw().close()
        wait_for(lambda: self.double.report()["open"] == 1, "the connection to end")
        self.assertEqual(self.stored(), [])


class CloseTest(FaultTest):
    def test_before_reading(self):
        self.plan("close_before_read")
        with self.assertRaises(GONE):
            self.ingest()
        self.assertEqual((self.stored(), self.logged()), ([], [(None, "close_before_read", None, None)]))

    def test_within_the_body(self):
        self.plan({"kind": "close_mid_body", "bytes": 10})
        with self.double.socket() as client:
            client.sendall((f"POST /api/default/{self.stream}/_json HTTP/1.1\r\nHost: x\r\nAuthorization: {basic()}\r\n"
                            "Content-Length: 1000000\r\n\r\n").encode())
            client.sendall(b" " * 10)
            self.assertEqual(self.read_to_end(client), b"")
        [entry] = self.double.requests(self.stream)
        self.assertEqual((entry["status"], entry["body_bytes"]), (None, 10))

    def test_after_storing(self):
        self.plan("store_then_close")
        with self.assertRaises(http.client.RemoteDisconnected):
            self.ingest()
        self.assertEqual((self.stored(), self.logged()), ([1, 2, 3, 4], [(None, "store_then_close", 4, 4)]))

    def test_reset(self):
        self.plan({"kind": "store_then_close", "reset": True})
        with self.assertRaises(ConnectionResetError):
            self.ingest()

    def test_within_the_answer(self):
        self.plan("close_mid_response", {"kind": "close_mid_response", "bytes": 0})
        for _ in range(2):
            with self.assertRaises(http.client.IncompleteRead):
                self.ingest()
        self.assertEqual((self.stored(), self.logged()),
                         ([1, 2, 3, 4] * 2, [(200, "close_mid_response", 4, 4)] * 2))

    def test_announced(self):
        self.plan("connection_close")
        connection = self.double.connect()
        self.addCleanup(connection.close)
        response = self.ingest(connection=connection)
        self.assert_status(response, 4, 0)
        self.assertEqual(response.headers["connection"], "close")
        self.ingest(connection=connection)  # which connects anew
        serials = [entry["connection"] for entry in self.double.requests(self.stream)]
        self.assertNotEqual(*serials)


class CountTest(FaultTest):
    def test_shortfall(self):
        self.plan("shortfall", {"kind": "shortfall", "keep": 3})
        self.assert_status(self.ingest(), 2, 0)
        self.assert_status(self.ingest(), 3, 0)
        self.assertEqual(self.stored(), [1, 2, 1, 2, 3])

    def test_discarded_records(self):
        self.plan("discard", {"kind": "discard", "count": 2, "error": "Can't parse timestamp"})
        [status] = self.ingest().json["status"]
        self.assertEqual((status["successful"], status["failed"], status["error"][:12]), (3, 1, "Too old data"))
        self.assert_status(self.ingest(), 2, 2, "Can't parse timestamp")
        self.assertEqual(self.stored(), [2, 3, 4, 3, 4])

    def test_column_trap(self):
        self.plan("column_trap")
        self.assert_status(self.ingest(), 0, 0)
        self.assertEqual(self.stored(), [])


class AnswerTest(FaultTest):
    def test_slow(self):
        self.plan({"kind": "slow_response", "interval_ms": 1})
        self.assert_status(self.ingest(), 4, 0)
        self.plan({"kind": "slow_response", "interval_ms": 2})
        client = self.raw()
        pieces = []
        while not b"".join(pieces).endswith(b"]}"):
            pieces.append(client.recv(65536))
        self.assertGreater(len(pieces), 10)

    def test_slow_answer_nobody_waits_for(self):
        self.plan({"kind": "slow_response", "interval_ms": 100000})
        client = self.raw()
        self.assertTrue(client.recv(65536).startswith(b"HTTP/1.1 200 OK\r\n"))
        client.close()
        wait_for(lambda: self.double.report()["open"] == 1, "the connection to end")

    def test_chunked(self):
        self.plan({"kind": "chunked_response", "size": 3})
        connection = self.double.connect()
        self.addCleanup(connection.close)
        response = self.ingest(connection=connection)
        self.assert_status(response, 4, 0)
        self.assertEqual((response.headers["transfer-encoding"], response.headers["content-length"]), ("chunked", None))
        self.ingest(connection=connection)
        self.assertEqual([entry["request"] for entry in self.double.requests(self.stream)], [1, 2])

    def test_garbage(self):
        self.plan("garbage", {"kind": "garbage", "body": "[]", "content_type": "text/html", "store": True})
        response = self.ingest()
        self.assertEqual((response.status, response.type), (200, "application/json"))
        with self.assertRaises(ValueError):
            json.loads(response.body)
        self.assertEqual(self.stored(), [])
        response = self.ingest()
        self.assertEqual((response.status, response.type, response.body), (200, "text/html", b"[]"))
        self.assertEqual(self.stored(), [1, 2, 3, 4])

    def test_enormous(self):
        size = 3 << 20
        self.plan({"kind": "enormous", "bytes": size})
        response = self.ingest()
        self.assertEqual((response.status, len(response.body)), (200, size))
        answer = response.json
        self.assertEqual((answer["code"], answer["status"]),
                         (200, [{"name": self.stream, "successful": 4, "failed": 0}]))
        self.assertEqual(self.stored(), [1, 2, 3, 4])


class PlanTest(FaultTest):
    def test_queue_in_order(self):
        self.plan("503", {"kind": "429", "times": 2}, "500")
        self.assertEqual([self.ingest().status for _ in range(5)], [503, 429, 429, 500, 200])

    def test_standing_until_cleared(self):
        self.double.control(standing="503")
        self.plan("429")
        self.assertEqual([self.ingest().status for _ in range(3)], [429, 503, 503])
        self.double.control(clear=True)
        self.assertEqual(self.ingest().status, 200)

    def test_standing_ended_by_null(self):
        self.double.control(standing="503", faults=["429"])
        self.double.control(standing=None)
        self.assertEqual([self.ingest().status for _ in range(2)], [429, 200])

    def test_standing_for_a_time(self):
        self.double.control(standing="503", seconds=60)
        self.assertEqual(self.ingest().status, 503)
        self.double.control(standing="503", seconds=0.05)
        wait_for(lambda: self.double.report()["standing"] is None, "the fault to end")
        self.assertEqual(self.ingest().status, 200)

    def test_meant_for_ingestion_only(self):
        self.plan("503")
        self.assertEqual(self.double.get("/api/default/streams").status, 200)
        self.assertEqual(self.ingest().status, 503)

    def test_meant_for_management_or_all(self):
        self.plan({"kind": "502", "on": "management"}, {"kind": "504", "on": "any"})
        self.assertEqual(self.ingest().status, 504)
        self.assertEqual(self.double.get("/api/default/streams").status, 502)
        self.assertEqual(self.double.get("/api/default/streams").status, 200)

    def test_bad_orders_change_nothing(self):
        for order in ({"faults": ["nonsense"]}, {"faults": [{"kind": "429", "retry_afte": 1}]}, {"fault": []},
                      {"faults": "503"}, {"faults": ["503", {"kind": "hang", "seconds": "x"}]},
                      {"faults": [{"kind": "503", "times": 0}]},
                      {"faults": [{"kind": "shortfall", "on": "any"}]}, {"faults": [{"kind": "503", "on": "all"}]},
                      {"standing": {}}, {"clock_offset_s": "x"}, {"switches": {"no_such": 1}},
                      {"switches": {"mmdb_loaded": 1}}, {"faults": ["503"], "switches": {"columns_limit": True}}):
            with self.subTest(order):
                response = self.double.control(**order)
                self.assertEqual((response.status, list(response.json)), (400, ["error"]))
        self.assertEqual(self.ingest().status, 200)

    def test_report(self):
        before = self.double.report()
        self.plan({"kind": "503", "times": 2})
        self.double.control(standing={"kind": "429", "retry_after": 3})
        report = self.double.report()
        self.assertEqual((report["queue"], report["standing"]),
                         ([{"kind": "503", "times": 2}], {"kind": "429", "retry_after": 3, "times": 1}))
        self.ingest()
        self.double.control(clear=True)
        self.ingest([{"a": 1}, 2])
        after = self.double.report()
        self.assertEqual((after["queue"], after["standing"]), ([], None))
        self.assertEqual([after[name] - before[name] for name in ("requests", "records_stored", "records_failed")],
                         [2, 1, 1])
        self.assertEqual(after["answers"]["503"] - before["answers"].get("503", 0), 1)

    def test_requests_at_the_same_time(self):
        self.plan({"kind": "503", "times": 5})
        statuses = []

        def send():
            statuses.append(self.ingest().status)

        threads = [threading.Thread(target=send) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LIMIT_S)
        self.assertEqual((statuses.count(503), statuses.count(200)), (5, 15))
        self.assertEqual(sorted(self.stored()), sorted([1, 2, 3, 4] * 15))


class ShellTest(FaultTest):
    def run_control(self, *arguments):
        """In this process, because starting the program takes longer than what it does. Returns (output, exit code)."""
        output = io.StringIO()
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(io.StringIO()):
            try:
                control.main([self.double.url, *arguments])
                code = 0
            except SystemExit as error:
                code = error.code if isinstance(error.code, int) else 1
        return output.getvalue().strip(), code

    def assert_prints(self, arguments, text, code=0):
        self.assertEqual(self.run_control(*arguments), (text, code))

    def test_program(self):
        result = subprocess.run([f"{bed.HERE}/control.py", self.double.url, "show", "switches.flatten_level"],
                                capture_output=True, text=True, timeout=LIMIT_S)
        self.assertEqual((result.returncode, result.stdout, result.stderr), (0, "3\n", ""))

    def test_faults(self):
        self.assert_prints(("faults", "429,retry_after=1,times=2", '{"kind":"hang","seconds":0}'), "")
        self.assert_prints(("show", "queue"), '[{"kind": "429", "retry_after": 1, "times": 2}, '
                                              '{"kind": "hang", "seconds": 0, "times": 1}]')
        self.assertEqual(self.ingest().headers["retry-after"], "1")
        self.assert_prints(("show", "queue.0.times"), "1")

    def test_standing_and_clear(self):
        self.assert_prints(("standing", "503", "60"), "")
        self.assert_prints(("show", "standing.kind"), "503")
        self.assert_prints(("clear",), "")
        self.assert_prints(("show", "standing"), "", code=1)

    def test_clock_and_switches(self):
        self.assert_prints(("clock", "-7200"), "")
        self.assert_prints(("show", "clock_offset_s"), "-7200.0")
        self.assert_prints(("switch", "mmdb_loaded=false", "columns_limit=10"), "")
        self.assert_prints(("show", "switches.columns_limit"), "10")
        self.assert_prints(("switch", "mmdb_loaded=true", "columns_limit=1000"), "")

    def test_wait(self):
        self.double.control(faults=["503"])
        with concurrent.futures.ThreadPoolExecutor() as pool:
            waiting = pool.submit(self.run_control, "wait", "queue", "[]")
            self.ingest()
            self.assertEqual(waiting.result(LIMIT_S), ("", 0))
        self.assert_prints(("wait", "hanging", "7", "0.05"), "", code=1)

    def test_state(self):
        self.ingest()
        self.assert_prints(("state", f"streams.default.logs.{self.stream}.schema.a"), "Int64")

    def test_refusals(self):
        self.assertEqual(self.run_control("faults", "nonsense"), ("", 1))
        self.assertEqual(self.run_control("clock"), ("", 2))
        self.assertEqual(self.run_control("show", "no.such.thing"), ("", 1))


class ResetTest(FaultTest):
    def test_reset_by_the_client_is_survived(self):
        client = self.raw()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()
        self.assertEqual(self.ingest().status, 200)


if __name__ == "__main__":
    tap.main()
