#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The double as an HTTP server: connections, framing, TLS, credentials, and what it says of itself."""
import contextlib
import gzip
import io
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import tempfile

import bed
import double
import tap
from bed import LIMIT_S, Double, DoubleTest, basic, wait_for

TOKEN, OTHER_TOKEN = "o2oi_" + "a1B2" * 8, "o2oi_" + "c3D4" * 8


class HttpTest(DoubleTest):
    def head(self, length=None, *more, authorization=basic()):
        lines = [f"POST /api/default/{self.stream}/_json HTTP/1.1", "Host: x", *more]
        if authorization:
            lines.append(f"Authorization: {authorization}")
        if length is not None:
            lines.append(f"Content-Length: {length}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    def converse(self, octets):
        """All that comes back, until the server closes."""
        with self.double.socket() as client:
            client.sendall(octets)
            client.shutdown(socket.SHUT_WR)
            received = b""
            while piece := client.recv(65536):
                received += piece
        return received.decode()

    def stored(self):
        return [record["a"] for record in self.double.records(self.stream)]


class ConnectionTest(HttpTest):
    def test_kept_alive(self):
        connection = self.double.connect()
        self.addCleanup(connection.close)
        for number in range(3):
            self.double.ingest(self.stream, {"a": number}, connection=connection)
        self.double.ingest(self.stream, {"a": 3})
        entries = self.double.requests(self.stream)
        first, *others = [entry["connection"] for entry in entries]
        self.assertEqual([entry["request"] for entry in entries], [1, 2, 3, 1])
        self.assertEqual([serial == first for serial in others], [True, True, False])
        self.assertEqual(len({entry["peer"] for entry in entries}), 2)

    def test_pipelined(self):
        body = b'{"a":1}'
        answer = self.converse((self.head(len(body)) + body) * 3)
        self.assertEqual(answer.count("HTTP/1.1 200 OK\r\n"), 3)
        self.assertEqual(self.stored(), [1, 1, 1])

    def test_client_asks_to_close(self):
        body = b'{"a":1}'
        answer = self.converse((self.head(len(body), "Connection: close") + body) * 2)
        self.assertEqual(answer.count("HTTP/1.1 200 OK\r\n"), 1)
        self.assertIn("\r\nconnection: close\r\n", answer)

    def test_http_1_0(self):
        body = b'{"a":1}'
        request = (self.head(len(body)) + body).replace(b"HTTP/1.1", b"HTTP/1.0")
        self.assertEqual(self.converse(request * 2).count("HTTP/1.1 200 OK\r\n"), 1)

    def test_idle_connections_are_closed_when_told(self):
        self.addCleanup(self.double.control, switches={"keep_alive_ms": 0})
        self.double.control(switches={"keep_alive_ms": 50})
        with self.double.socket() as client:
            self.assertEqual(client.recv(1), b"")

    def test_continue(self):
        body = b'{"a":1}'
        with self.double.socket() as client:
            client.sendall(self.head(len(body), "Expect: 100-continue"))
            self.assertEqual(client.recv(65536), b"HTTP/1.1 100 Continue\r\n\r\n")
            client.sendall(body)
            self.assertTrue(client.recv(65536).startswith(b"HTTP/1.1 200 OK\r\n"))

    def test_no_continue_for_who_is_refused(self):
        answer = self.converse(self.head(7, "Expect: 100-continue", authorization=basic(password="x")))
        self.assertTrue(answer.startswith("HTTP/1.1 401 Unauthorized\r\n"), answer)
        self.assertIn("\r\nconnection: close\r\n", answer)

    def test_body_of_who_is_refused_is_skipped(self):
        body = b"x" * 1000
        answer = self.converse(self.head(len(body), authorization=None) + body + self.head(7) + b'{"a":1}')
        self.assertEqual(re.findall(r"HTTP/1.1 (\d+)", answer), ["401", "200"])

    def test_chunks_with_extensions_and_trailers(self):
        chunks = b'4;x=y\r\n{"a"\r\n003\r\n:1}\r\n0\r\nX-Trailer: z\r\n\r\n'
        answer = self.converse(self.head(None, "Transfer-Encoding: chunked") + chunks + self.head(7) + b'{"a":2}')
        self.assertEqual(answer.count("HTTP/1.1 200 OK\r\n"), 2)
        self.assertEqual(self.stored(), [1, 2])

    def test_malformed_requests(self):
        for octets in (b"nonsense\r\n\r\n", b"POST / HTTP/2.7\r\n\r\n", self.head("x"),
                       b"GET / HTTP/1.1\r\nno colon\r\n\r\n", self.head(None, "Transfer-Encoding: chunked") + b"z\r\n"):
            with self.subTest(octets):
                self.assertTrue(self.converse(octets).startswith("HTTP/1.1 400 Bad Request\r\n"))
        self.assertTrue(self.converse(b"GET / HTTP/1.1\r\nX: " + b"x" * 200000).startswith("HTTP/1.1 431 "))

    def test_answers_are_compressed_for_who_takes_it(self):
        response = self.double.ingest(self.stream, {"a": 1}, headers={"Accept-Encoding": "deflate, gzip"})
        self.assertEqual((response.headers["content-encoding"], response.headers["transfer-encoding"]),
                         ("gzip", "chunked"))
        self.assertEqual(json.loads(gzip.decompress(response.body))["code"], 200)

    def test_common_headers(self):
        headers = self.double.ingest(self.stream, {"a": 1}).headers
        self.assertEqual(headers["vary"], "origin, access-control-request-method, access-control-request-headers")
        self.assertEqual(headers["access-control-allow-credentials"], "true")
        self.assertRegex(headers["date"], r"^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$")
        self.assertIsNone(headers["connection"])


class RouteTest(HttpTest):
    def test_health(self):
        response = self.double.get("/healthz", authorization=None)
        self.assertEqual((response.status, response.type, response.text), (200, "application/json", '{"status":"ok"}'))
        response = self.double.request("HEAD", "/healthz", authorization=None)
        self.assertEqual((response.status, response.headers["content-length"], response.body), (200, "15", b""))

    def test_unknown_paths(self):
        for path in ("/api", "/nothing", "/api/default", "/api/default/x/_nothing"):
            response = self.double.get(path)
            self.assertEqual((response.status, response.body), (404, b""), path)
        self.assertEqual(self.double.get("/api/default/x/_nothing", authorization=None).status, 401)

    def test_wrong_methods(self):
        for method, path, allowed in (("GET", "/api/default/x/_json", "POST"),
                                      ("PUT", "/api/default/ingestion-tokens", "GET,HEAD,POST"),
                                      ("DELETE", "/api/default/ingestion-tokens/x", "PATCH"),
                                      ("POST", "/healthz", "GET,HEAD")):
            response = self.double.request(method, path)
            self.assertEqual((response.status, response.body, response.headers["allow"]), (405, b"", allowed))

    def test_root_leads_to_the_web_interface(self):
        response = self.double.get("/", authorization=None)
        self.assertEqual((response.status, response.headers["location"]), (308, "/web/"))

    def test_configuration(self):
        public = self.double.get("/config", authorization=None).json
        self.assertEqual((public["version"], public["build_type"]), ("v0.93.0", "opensource"))
        self.assertEqual(self.double.get("/api/default/config").status, 404)

    def test_configuration_of_later_releases(self):
        self.addCleanup(self.double.control, switches={"config_split": False})
        self.double.control(switches={"config_split": True})
        public = self.double.get("/config", authorization=None).json
        self.assertNotIn("version", public)
        self.assertEqual(public["build_type"], "opensource")
        self.assertEqual(self.double.get("/api/default/config", authorization=None).status, 401)
        self.assertEqual(self.double.get("/api/default/config").json["version"], "v0.93.0")

    def test_metrics(self):
        response = self.double.get("/metrics", authorization=None)
        self.assertEqual(response.type, "text/plain; version=0.0.4")
        self.assertRegex(response.text, r"(?m)^zo_ingest_records \d+$")

    def test_bodies_that_are_not_what_they_should_be(self):
        path, headers = "/api/default/ingestion-tokens", {"Content-Type": "application/json"}
        wrong = "Expected request with `Content-Type: application/json`"
        self.assert_text(self.double.post(path, "{}", headers={"Content-Type": "text/plain"}), 415, wrong)
        self.assert_text(self.double.post(path, "{}"), 415, wrong)
        self.assert_message(self.double.post(path, '{"name":""}', headers={
            "Content-Type": "Application/JSON; charset=utf-8"}), 400, "Token name cannot be empty")
        self.assert_text(self.double.post(path, "{", headers=headers), 400,
                         "Failed to parse the request body as JSON: EOF while parsing an object at line 1 column 1")
        self.assert_mismatch(self.double.post(path, '{"name":1}', headers=headers),
                             "name: invalid type: integer `1`, expected a string")
        self.assert_mismatch(self.double.post(path, "{}", headers=headers), "missing field `name`")


class CredentialTest(HttpTest):
    OPTIONS = ("--token", TOKEN, "--token", f"other/{OTHER_TOKEN}")

    def assert_refused(self, response):
        self.assertEqual((response.status, response.text, response.type), (401, "Unauthorized Access", None))
        self.assertEqual(response.headers["www-authenticate"], 'Bearer realm="openobserve"')

    def test_missing(self):
        for authorization in (None, ""):
            response = self.double.ingest(self.stream, {"a": 1}, authorization=authorization)
            self.assert_message(response, 401, "Unauthorized Access")
            self.assertIsNone(response.headers["www-authenticate"])
            self.assertTrue(response.headers["x-api-node"])

    def test_wrong(self):
        for authorization in (basic(password="x"), basic(user="x"), "Basic !", "Basic eA==", "Bearer x", "x",
                              basic(password=TOKEN[:-1]), basic(password="")):
            with self.subTest(authorization):
                self.assert_refused(self.double.ingest(self.stream, {"a": 1}, authorization=authorization))
        self.assertEqual(self.stored(), [])

    def test_right(self):
        self.assertEqual(self.double.ingest(self.stream, {"a": 1}).status, 200)
        self.assertEqual(self.double.get("/api/default/streams").status, 200)

    def test_token_only_ingests(self):
        for user in ("root@example.com", "anything", ""):
            self.assertEqual(self.double.ingest(self.stream, {"a": 1}, authorization=basic(user, TOKEN)).status, 200)
        self.assert_refused(self.double.get("/api/default/streams", authorization=basic("x", TOKEN)))
        self.assert_refused(self.double.post(f"/api/other/{self.stream}/_json", {"a": 1},
                                             authorization=basic("x", TOKEN)))

    def test_token_of_another_organisation(self):
        other = basic("x", OTHER_TOKEN)
        self.assertEqual(self.double.post(f"/api/other/{self.stream}/_json", {"a": 1}, authorization=other).status, 200)
        self.assert_refused(self.double.ingest(self.stream, {"a": 1}, authorization=other))

    def test_passcode_only_ingests(self):
        data = self.double.get("/api/default/passcode").json["data"]
        self.assertEqual(data["user"], bed.USER)
        passcode = basic(password=data["passcode"])
        self.assertEqual(self.double.ingest(self.stream, {"a": 1}, authorization=passcode).status, 200)
        self.assert_refused(self.double.get("/api/default/streams", authorization=passcode))


class TokenTest(DoubleTest):
    def setUp(self):
        super().setUp()
        self.tokens = f"/api/{self.org}/ingestion-tokens"

    def create(self, name="flowprobe"):
        return self.double.post(self.tokens, {"name": name, "description": "d"})

    def ingest_with(self, token):
        return self.double.post(f"/api/{self.org}/flows/_json", {"a": 1}, authorization=basic("x", token)).status

    def test_create(self):
        data = self.create().json["data"]
        self.assertRegex(data.pop("token"), r"^o2oi_[0-9A-Za-z]{32}$")
        self.assertGreater(data.pop("created_at"), 1_700_000_000_000_000)
        self.assertEqual(data, {"name": "flowprobe", "description": "d", "is_default": False, "enabled": True,
                                "created_by": "root@example.com"})

    def test_what_is_refused(self):
        self.create()
        for name, words in (("flowprobe", "Token with name 'flowprobe' already exists in this org"),
                            ("", "Token name cannot be empty"),
                            ("x" * 257, "Token name must be 256 characters or fewer"),
                            ("a b", "Token name can only contain alphanumeric characters, hyphens, and underscores")):
            self.assert_message(self.create(name), 400, words)

    def test_list(self):
        self.assertEqual([token["name"] for token in self.double.get(self.tokens).json["data"]], ["default"])
        self.create()
        self.assertEqual([token["name"] for token in self.double.get(self.tokens).json["data"]],
                         ["default", "flowprobe"])

    def test_use(self):
        token = self.create().json["data"]["token"]
        self.assertEqual(self.ingest_with(token), 200)
        response = self.double.request("PATCH", f"{self.tokens}/flowprobe", {"enabled": False})
        self.assert_message(response, 200, '{"message":"Token disabled successfully"}')
        self.assertEqual(self.ingest_with(token), 401)
        self.double.request("PATCH", f"{self.tokens}/flowprobe", {"enabled": True})
        self.assertEqual(self.ingest_with(token), 200)
        self.assertEqual(self.double.request("PATCH", f"{self.tokens}/none", {"enabled": True}).status, 404)

    def test_state(self):
        token = self.create().json["data"]["token"]
        self.assertEqual([entry["token"] for entry in self.double.state()["ingestion_tokens"][self.org]], [token])


class OptionTest(HttpTest):
    OPTIONS = ("--base-path", "/abc/d", "--user", "me@example.org", "--password", "s:e crèt",
               "--set", "allowed_upto_h=1")
    RIGHT = basic("me@example.org", "s:e crèt")

    def test_base_path(self):
        response = self.double.post(f"/abc/d/api/default/{self.stream}/_json", {"a": 1}, authorization=self.RIGHT)
        self.assert_status(response, 1, 0)
        self.assertEqual(self.double.ingest(self.stream, {"a": 1}, authorization=self.RIGHT).status, 404)
        self.assertEqual(self.double.get("/abc/d/healthz").status, 200)
        self.assertEqual(self.double.get("/healthz").status, 404)
        self.assertEqual(self.double.get("/abc/d/").headers["location"], "/abc/d/web/")

    def test_faults_beyond_the_base_path(self):
        self.double.control(faults=["503"])
        response = self.double.post(f"/abc/d/api/default/{self.stream}/_json", {"a": 1}, authorization=self.RIGHT)
        self.assertEqual(response.status, 503)

    def test_user(self):
        response = self.double.post(f"/abc/d/api/default/{self.stream}/_json", {"a": 1})
        self.assertEqual(response.status, 401)

    def test_switches(self):
        self.assertEqual(self.double.report()["switches"]["allowed_upto_h"], 1)

    def test_mistakes(self):
        for options in (("--listen", "nowhere"), ("--listen", "127.0.0.1:0", "--base-path", "abc"),
                        ("--listen", "127.0.0.1:0", "--set", "x"), ("--listen", "127.0.0.1:0", "--client-ca", "x"), ()):
            with self.subTest(options), contextlib.redirect_stderr(io.StringIO()):
                with self.assertRaises(SystemExit) as caught:
                    double.read_options([*options, "--state", self.double.directory])
                self.assertEqual(caught.exception.code, 2)

    def test_mistakes_found_later(self):
        for options in (("127.0.0.1:0", "--set", "no_such=1"), ("192.0.2.1:0",)):
            result = subprocess.run([f"{bed.HERE}/double.py", "--state", self.double.directory, "--listen", *options],
                                    capture_output=True, text=True, timeout=LIMIT_S)
            self.assertEqual((result.returncode, result.stdout, result.stderr[:8]), (1, "", "double: "))


class ProcessTest(DoubleTest):
    def test_ends_when_told_even_while_a_request_hangs(self):
        started = Double()
        started.control(faults=["hang"])
        with started.socket() as client:
            client.sendall(f"POST /api/default/x/_json HTTP/1.1\r\nAuthorization: {basic()}\r\n\r\n".encode())
            wait_for(lambda: started.report()["hanging"] == 1)
            self.assertEqual(started.stop(), 0)

    def test_ipv6(self):
        started = Double(listen="[::1]:0")
        self.addCleanup(started.stop)
        self.assertRegex(started.url, r"^http://\[::1\]:\d+$")
        self.assertEqual(started.ingest("v6", {"a": 1}).status, 200)
        self.assertRegex(started.requests("v6")[0]["peer"], r"^\[::1\]:\d+$")


class TlsTest(DoubleTest):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.mkdtemp(prefix="o2-double-")
        cls.addClassCleanup(shutil.rmtree, cls.directory)
        subprocess.run([f"{bed.HERE}/certificates.sh", cls.directory], check=True, timeout=LIMIT_S)
        cls.double = Double("--tls", cls.file("server.pem"), cls.file("server.key"), tls=cls.context())
        cls.addClassCleanup(cls.double.stop)
        cls.strict = Double("--tls", cls.file("server.pem"), cls.file("server.key"), "--client-ca", cls.file("ca.pem"),
                            tls=cls.context(client="client"))
        cls.addClassCleanup(cls.strict.stop)

    @classmethod
    def file(cls, name):
        return os.path.join(cls.directory, name)

    @classmethod
    def context(cls, ca="ca", client=None):
        context = ssl.create_default_context(cafile=cls.file(f"{ca}.pem"))
        if client:
            context.load_cert_chain(cls.file(f"{client}.pem"), cls.file(f"{client}.key"))
        return context

    @staticmethod
    def ask_health(server, context, name="localhost"):
        """All that is answered to a request for /healthz."""
        with context.wrap_socket(server.socket(), server_hostname=name) as client:
            client.sendall(b"GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n")
            received = b""
            while piece := client.recv(65536):
                received += piece
        return received

    def test_ingestion(self):
        self.assert_status(self.double.ingest(self.stream, {"a": 1}), 1, 0)

    def test_names_in_the_certificate(self):
        for name in ("localhost", "127.0.0.1", "::1"):
            self.assertTrue(self.ask_health(self.double, self.context(), name).startswith(b"HTTP/1.1 200 OK\r\n"))
        with self.assertRaises(ssl.SSLCertVerificationError):
            self.ask_health(self.double, self.context(), "example.com")

    def test_authority_that_has_not_issued_it(self):
        before = self.double.report()["failed_handshakes"]
        with self.assertRaises(ssl.SSLCertVerificationError):
            self.ask_health(self.double, self.context(ca="other"))
        wait_for(lambda: self.double.report()["failed_handshakes"] == before + 1)

    def test_client_certificate(self):
        self.assertEqual(self.strict.get("/healthz").status, 200)
        with self.assertRaises((ssl.SSLError, ConnectionResetError)):
            self.ask_health(self.strict, self.context())

    def test_plain_request_to_a_tls_port(self):
        with self.double.socket() as client:
            client.sendall(b"GET /healthz HTTP/1.1\r\n\r\n")
            self.assertNotIn(b"HTTP", b"".join(iter(lambda: self.receive(client), b"")))

    @staticmethod
    def receive(client):
        try:
            return client.recv(65536)
        except ConnectionResetError:
            return b""

    def test_only_http_1_1_is_offered(self):
        context = self.context()
        context.set_alpn_protocols(["h2", "http/1.1"])
        with context.wrap_socket(self.double.socket(), server_hostname="localhost") as client:
            self.assertEqual(client.selected_alpn_protocol(), "http/1.1")

    def test_cut_answers(self):
        context = self.context()
        context.options &= ~getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0)  # on by default with OpenSSL 3
        for kind in ("store_then_close", "close_mid_response"):
            self.double.control(faults=[kind])
            body = b'{"a":1}'
            with context.wrap_socket(self.double.socket(), server_hostname="localhost",
                                     suppress_ragged_eofs=False) as client:
                client.sendall((f"POST /api/default/{self.stream}/_json HTTP/1.1\r\nAuthorization: {basic()}\r\n"
                                f"Content-Length: {len(body)}\r\n\r\n").encode() + body)
                # SSLEOFError, or what Python before 3.11.4 makes of OpenSSL 3's error
                with self.assertRaisesRegex(ssl.SSLError, "(?i)eof"):
                    while client.recv(65536):
                        pass

    def test_client_that_stalls_holds_up_nobody(self):
        with self.double.socket():
            self.assertEqual(self.double.get("/healthz").status, 200)


if __name__ == "__main__":
    tap.main()
