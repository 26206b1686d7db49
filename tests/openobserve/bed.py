# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A double to test, its client, and a look at what it has written.

The classes of a file share a double, if they want it started with the same options; each test has a stream and an
organisation of its own in it. Nothing here waits for a time to pass: wait_for() waits for a condition, and gives up
after LIMIT_S.
"""
import base64
import http.client
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
LIMIT_S = 10
POLL_S = 0.005
USER, PASSWORD = "root@example.com", "Complexpass#123"
HOUR_US = 3_600_000_000
SHARED = {}  # options -> Double


def basic(user=USER, password=PASSWORD):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def now_us():
    return time.time_ns() // 1000


def wait_for(condition, what="a condition"):
    deadline = time.monotonic() + LIMIT_S
    while not (result := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {LIMIT_S} s for {what}")
        time.sleep(POLL_S)
    return result


class Response:
    def __init__(self, answer):
        self.status = answer.status
        self.headers = answer.headers
        self.body = answer.read()

    @property
    def text(self):
        return self.body.decode()

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def type(self):
        return self.headers["content-type"]


class Double:
    def __init__(self, *options, listen="127.0.0.1:0", tls=None):
        self.directory = tempfile.mkdtemp(prefix="o2-double-")
        self.tls = tls  # an ssl.SSLContext for clients, when the options make it speak TLS
        self.process = subprocess.Popen(
            [sys.executable, "-S", os.path.join(HERE, "double.py"), "--listen", listen, "--state", self.directory,
             *options],
            stdout=subprocess.PIPE, text=True)
        try:
            self.read_address()
        except BaseException:
            self.stop()
            raise

    def read_address(self):
        if not select.select([self.process.stdout], [], [], LIMIT_S)[0]:
            raise AssertionError("the double does not start")
        line = self.process.stdout.readline()
        if not line.startswith("listening on "):
            raise AssertionError(f"the double said {line!r}")
        host, _, port = line.split()[2].rpartition(":")
        self.host, self.port = host.strip("[]"), int(port)
        self.url = f"{'https' if self.tls else 'http'}://{host}:{port}"

    def stop(self):
        """Returns the exit code."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(LIMIT_S)
        self.process.stdout.close()
        shutil.rmtree(self.directory)
        return code

    def connect(self):
        if self.tls:
            return http.client.HTTPSConnection(self.host, self.port, timeout=LIMIT_S, context=self.tls)
        return http.client.HTTPConnection(self.host, self.port, timeout=LIMIT_S)

    def socket(self):
        return socket.create_connection((self.host, self.port), timeout=LIMIT_S)

    def request(self, method, path, body=None, headers=None, authorization=basic(), connection=None):
        """body: octets as they are, or something for JSON, of which the type is told. authorization None leaves it
        out."""
        headers = dict(headers or {})
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        if isinstance(body, str):
            body = body.encode()
        if authorization is not None:
            headers["Authorization"] = authorization
        own = connection is None
        connection = connection or self.connect()
        try:
            connection.request(method, path, body, headers)
            return Response(connection.getresponse())
        finally:
            if own:
                connection.close()

    def get(self, path, **more):
        return self.request("GET", path, **more)

    def post(self, path, body=None, **more):
        return self.request("POST", path, body, **more)

    def put(self, path, body=None, **more):
        return self.request("PUT", path, body, **more)

    def delete(self, path, **more):
        return self.request("DELETE", path, **more)

    def ingest(self, stream, records, **more):
        return self.post(f"/api/default/{stream}/_json", records, **more)

    def control(self, **order):
        return self.post("/__control", order, authorization=None)

    def report(self):
        return self.get("/__control", authorization=None).json

    def state(self, org=None):
        """Of that organisation, or of all."""
        return self.get("/__control/state" + (f"?org={org}" if org else ""), authorization=None).json

    def lines(self, *path, part=""):
        """Of those that have part in them."""
        try:
            with open(os.path.join(self.directory, *path), encoding="utf-8") as file:
                return [json.loads(line) for line in file if part in line]
        except FileNotFoundError:
            return []

    def records(self, stream, org="default"):
        return self.lines(org, f"{stream}.ndjson")

    def requests(self, stream=None):
        part = f"/{stream}/" if stream else ""
        return [entry for entry in self.lines("requests.ndjson", part=part) if part in entry["path"]]


class DoubleTest(unittest.TestCase):
    """OPTIONS are those of the double."""
    OPTIONS = ()
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        if cls.OPTIONS not in SHARED:
            SHARED[cls.OPTIONS] = Double(*cls.OPTIONS)
            unittest.addModuleCleanup(SHARED[cls.OPTIONS].stop)
        cls.double = SHARED[cls.OPTIONS]

    def setUp(self):
        self.stream = f"{type(self).__name__}_{self._testMethodName.removeprefix('test_')}".lower()
        self.org = self.stream
        self.api = f"/api/{self.org}"
        self.addCleanup(self.double.control, clear=True, clock_offset_s=0)

    def assert_status(self, response, successful, failed, error=None, name=None):
        status = {"name": name or self.stream, "successful": successful, "failed": failed}
        if error is not None:
            status["error"] = error
        self.assertEqual((response.status, response.json), (200, {"code": 200, "status": [status]}))

    def assert_message(self, response, status, words, **more):
        self.assertEqual((response.status, response.json), (status, {"code": status, "message": words, **more}))

    def assert_mismatch(self, response, words):
        self.assert_text(response, 422, f"Failed to deserialize the JSON body into the target type: {words}")

    def assert_text(self, response, status, words):
        self.assertEqual((response.status, response.type, response.text), (status, "text/plain; charset=utf-8", words))
