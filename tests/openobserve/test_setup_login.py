#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""How `flowprobe openobserve` gets to a server and in: credentials, TLS, URLs, and what else may answer there."""
import http.server
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading

import bed
import tap
from bed import LIMIT_S, PASSWORD, USER, Double, basic
from setup_bed import CONFIG, HOOKED, OK, REFUSED, UNAVAILABLE, SetupTest, flowprobe, removed, rows

TOKEN = "o2oi_" + "a1B2" * 8
USER_ONLY = {"FLOWPROBE_OPENOBSERVE_USER": USER}
# Enough to be let in or not.
SHORT = ("--dry-run", "--no-geo")


class LoginTest(SetupTest):
    def setUp(self):
        super().setUp()
        self.directory = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.directory)

    def file(self, content, name="secret", mode=0o600):
        path = os.path.join(self.directory, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(content)
        os.chmod(path, mode)
        return path

    def assert_logged_in(self, ended, authorization=basic()):
        self.assertEqual((ended.code, ended.err), (OK, ""))
        self.assertEqual({entry["headers"]["authorization"] for entry in self.double.requests(self.org)},
                         {authorization})

    def assert_not_asked(self, ended, code, line):
        self.assert_refused(ended, code, line)
        self.assertEqual(self.double.requests(self.org), [])

    def assert_unauthorised(self, ended, url=None):
        self.assert_refused(ended, REFUSED, f"{url or self.double.url} refuses the user or the password (HTTP 401: "
                            "Unauthorized Access); an ingestion token is not enough here")


class LoginCredentialTest(LoginTest):
    def test_environment(self):
        self.assert_logged_in(self.run_setup(*SHORT))

    def test_file(self):
        for content in (PASSWORD, f"{PASSWORD}\n"):
            self.assert_logged_in(self.run_setup(*SHORT, "--user", USER, "--password-file", self.file(content), env={}))

    def test_file_goes_before_environment(self):
        self.assert_logged_in(self.run_setup(
            *SHORT, "--user", USER, "--password-file", self.file(PASSWORD),
            env={"FLOWPROBE_OPENOBSERVE_USER": "nobody", "FLOWPROBE_OPENOBSERVE_PASSWORD": "wrong"}))

    def test_systemd(self):
        for name in ("flowprobe.openobserve.password", "flowprobe.password"):
            path = self.file(PASSWORD, name, 0o644)
            self.assert_logged_in(self.run_setup(*SHORT, env={**USER_ONLY, "CREDENTIALS_DIRECTORY": self.directory}))
            os.unlink(path)

    def test_teardown(self):
        self.assert_logged_in(self.run_teardown("--dry-run"))

    def test_none(self):
        words = ("there is no password; give --user and --password-file, or set FLOWPROBE_OPENOBSERVE_USER and "
                 "FLOWPROBE_OPENOBSERVE_PASSWORD")
        for env in ({}, USER_ONLY, {**USER_ONLY, "FLOWPROBE_OPENOBSERVE_PASSWORD": ""},
                    {**USER_ONLY, "CREDENTIALS_DIRECTORY": self.directory}):
            self.assert_not_asked(self.run_setup(env=env), REFUSED, words)

    def test_no_user(self):
        words = "whose password is it? give --user, or set FLOWPROBE_OPENOBSERVE_USER"
        self.assert_not_asked(self.run_setup(env={"FLOWPROBE_OPENOBSERVE_PASSWORD": PASSWORD}), REFUSED, words)
        self.assert_not_asked(self.run_setup("--password-file", self.file(PASSWORD), env={}), REFUSED, words)

    def test_file_that_is_no_secret(self):
        path = self.file(PASSWORD, mode=0o644)
        self.assert_not_asked(self.run_setup("--password-file", path), REFUSED,
                              f"{path} can be read by everybody: chmod o-rwx it")

    def test_file_that_is_not_there(self):
        self.assert_not_asked(self.run_setup("--password-file", "/nowhere"), REFUSED,
                              "cannot read /nowhere: No such file or directory")

    def test_wrong(self):
        for env in ({**USER_ONLY, "FLOWPROBE_OPENOBSERVE_PASSWORD": "wrong"},
                    {"FLOWPROBE_OPENOBSERVE_USER": "nobody@example.com", "FLOWPROBE_OPENOBSERVE_PASSWORD": PASSWORD}):
            self.assert_unauthorised(self.run_setup(env=env))
            self.assert_unauthorised(self.run_teardown(env=env))

    def test_token(self):
        """With which records can be sent, and nothing else be done."""
        token = self.double.post(f"{self.api}/ingestion-tokens", {"name": "probe"}).json["data"]["token"]
        self.file(token, "flowprobe.openobserve.token")
        for env in ({"CREDENTIALS_DIRECTORY": self.directory},
                    {**USER_ONLY, "FLOWPROBE_OPENOBSERVE_PASSWORD": token}):
            ended = self.run_setup(env=env)
            self.assert_unauthorised(ended)
            self.assertNotIn(token, ended.out + ended.err)

    def test_who_may_not_do_it(self):
        self.double.control(faults=[{"kind": "403", "on": "management"}])
        self.assert_refused(self.run_setup(), REFUSED,
                            f"{self.double.url} does not let this user do it (HTTP 403: Unauthorized Access)")


class LoginUrlTest(LoginTest):
    def test_of_the_server(self):
        for url in (self.double.url, f"{self.double.url}/", f"{self.double.url}/api/{self.org}/netflow1/_json"):
            self.assert_logged_in(flowprobe("setup", url, "--organization", self.org, *SHORT))

    def test_behind_a_path(self):
        double = Double("--base-path", "/o2/x")
        self.addCleanup(double.stop)
        self.double, self.url = double, f"{double.url}/o2/x/api/{self.org}/netflow1/_json"
        ended = self.run_setup(*HOOKED)
        self.assert_done(ended, rows("created"))
        self.assertEqual(ended.closing, [f"Records go to {self.url}; the dashboards are at {double.url}/o2/x/web/, in "
                                         "folder Flows."])
        self.assert_done(flowprobe("teardown", f"{double.url}/o2/x/", "--organization", self.org), removed())

        self.assert_refused(flowprobe("setup", double.url), UNAVAILABLE, (
            f"{double.url} has no /api/default/streams/netflow1/schema (HTTP 404); is it the URL, with the path if it "
            "has one, of an OpenObserve 0.93 or newer?"))
        self.assert_refused(flowprobe("teardown", double.url), UNAVAILABLE, (
            f"{double.url} has no /api/v2/default/folders/alerts (HTTP 404); is it the URL, with the path if it has "
            "one, of an OpenObserve 0.93 or newer?"))

    def test_that_leads_elsewhere(self):
        for status in (301, 307, 308):
            self.double.control(faults=[{"kind": "redirect", "status": status, "on": "management"}])
            self.assert_refused(self.run_setup(), UNAVAILABLE, f"{self.double.url} leads elsewhere (HTTP {status}); "
                                "give the URL that it leads to")

    def test_of_another_web_server(self):
        """One that finds everything good."""

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Length", "15")
                self.end_headers()
                self.wfile.write(b"<html>Hi</html>")

            def log_message(self, *_):
                pass

        with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
            url = f"http://127.0.0.1:{server.server_port}"
            for action in ("setup", "teardown"):
                self.assert_refused(flowprobe(action, url), UNAVAILABLE,
                                    f"{url} answers, but not as OpenObserve does; is it the right URL?")
            server.shutdown()

    def test_of_nobody(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        ended = flowprobe("setup", url)
        self.assertEqual((ended.code, ended.rows), (UNAVAILABLE, []))
        self.assertRegex(ended.err, f"^flowprobe: no answer from {url}: Failed to connect to 127.0.0.1 port [^\n]*\n$")

    def test_of_an_unknown_host(self):
        ended = flowprobe("setup", "http://nowhere.invalid:5080")
        self.assertEqual((ended.code, ended.rows), (UNAVAILABLE, []))
        self.assertRegex(ended.err, "^flowprobe: no answer from http://nowhere.invalid:5080: [^\n]*nowhere.invalid\n$")


class LoginTlsTest(LoginTest):
    @classmethod
    def setUpClass(cls):
        cls.certificates = tempfile.mkdtemp(prefix="o2-double-")
        cls.addClassCleanup(shutil.rmtree, cls.certificates)
        subprocess.run([f"{bed.HERE}/certificates.sh", cls.certificates], check=True, timeout=LIMIT_S)
        cls.double = Double("--tls", cls.certificate("server.pem"), cls.certificate("server.key"),
                            tls=ssl.create_default_context(cafile=cls.certificate("ca.pem")))
        cls.addClassCleanup(cls.double.stop)

    @classmethod
    def certificate(cls, name):
        return os.path.join(cls.certificates, name)

    def test_authority_that_is_named(self):
        self.assert_done(self.run_setup(*HOOKED, "--ca-file", self.certificate("ca.pem")), rows("created"))
        self.assert_installed()

    def test_authority_that_is_not(self):
        for options in ((), ("--ca-file", self.certificate("other.pem"))):
            self.assert_refused(self.run_setup(*options), UNAVAILABLE, (
                f"no answer from {self.double.url}: SSL certificate problem: unable to get local issuer certificate; "
                "name the certificate of its authority with --ca-file"))
        self.assertEqual(self.double.requests(self.org), [])

    def test_file_that_is_not_there(self):
        self.assert_not_asked(self.run_setup("--ca-file", "/nowhere"), CONFIG,
                              "--ca-file: cannot read /nowhere: No such file or directory")

    def test_file_that_has_none(self):
        path = self.file("nothing", mode=0o644)
        ended = self.run_setup("--ca-file", path)
        self.assertEqual((ended.code, ended.rows), (UNAVAILABLE, []))
        self.assertRegex(ended.err, f"^flowprobe: no answer from {self.double.url}: [^\n]*{path}[^\n]*\n$")

    def test_http_where_https_is_spoken_and_the_reverse(self):
        ended = flowprobe("setup", self.double.url.replace("https", "http"))
        self.assertEqual((ended.code, ended.rows), (UNAVAILABLE, []))
        self.assertRegex(ended.err, "^flowprobe: no answer from http://[^\n]*\n$")
        plain = Double()
        self.addCleanup(plain.stop)
        ended = flowprobe("setup", plain.url.replace("http", "https"))
        self.assertEqual((ended.code, ended.rows), (UNAVAILABLE, []))
        self.assertRegex(ended.err, "^flowprobe: no answer from https://[^\n]*; is it http, not https\\?\n$")


if __name__ == "__main__":
    tap.main()
