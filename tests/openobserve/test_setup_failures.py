#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What `flowprobe openobserve` does when the server fails it, and when its user does."""
import time

import tap
from setup_bed import (DASHBOARDS, FAILED, HOOK, HOOKED, OK, UNAVAILABLE, USAGE, SetupTest, flowprobe, removed, rows)

URL = "http://o2.example:5080"
LATER = "run this again later"


class FaultTest(SetupTest):
    def plan(self, fault, after=0):
        """That fault, after so many answers that are right."""
        right = {"kind": "chunked_response", "size": 1 << 20, "on": "management", "times": after}
        response = self.double.control(faults=[*([right] if after else []), {"on": "management", **fault}])
        self.assertEqual(response.status, 200, response.text)

    def assert_completed(self):
        """By a second run."""
        ended = self.run_setup(*HOOKED)
        self.assertEqual((ended.err, ended.code), ("", OK))
        self.assertEqual(set(ended.done()), {"created", "is there"})
        self.assert_installed()


class FaultFirstTest(FaultTest):
    """Of the first answer: one line, and nothing else."""

    def test_busy(self):
        for kind, words in (("408", "HTTP 408"), ("429", "HTTP 429: Too Many Requests"), ("502", "HTTP 502"),
                            ("503", "HTTP 503: Error# MemoryTableOverflowError"), ("504", "HTTP 504")):
            for run in (self.run_setup, self.run_teardown):
                self.plan({"kind": kind})
                self.assert_refused(run(), UNAVAILABLE, f"{self.double.url} cannot do it now ({words}); {LATER}")

    def test_hanging(self):
        for run in (self.run_setup, self.run_teardown):
            self.plan({"kind": "hang"})
            started = time.monotonic()
            ended = run("--timeout", "100ms")
            self.assertLess(time.monotonic() - started, 2)
            self.assertEqual((ended.code, ended.rows), (UNAVAILABLE, []))
            self.assertRegex(ended.err, f"^flowprobe: no answer from {self.double.url}: Operation timed out after "
                             "1[0-9]{2} milliseconds with 0 bytes received\n$")

    def test_slow_but_not_too_slow(self):
        self.plan({"kind": "delay", "seconds": 0.15})
        self.assertEqual(self.run_setup("--timeout", "5s", "--dry-run").code, OK)

    def test_no_answer(self):
        for fault in ({"kind": "close_before_read"}, {"kind": "close_before_read", "reset": True},
                      {"kind": "close_mid_response"}):
            self.plan({**fault, "times": 2})  # a connection that is dead is not the last
            ended = self.run_setup()
            self.assertEqual((ended.code, ended.rows), (UNAVAILABLE, []))
            self.assertRegex(ended.err, f"^flowprobe: no answer from {self.double.url}: [^\n]+\n$")
            self.double.control(clear=True)

    def test_answer_that_is_none(self):
        for body in ("", "<html>Welcome</html>", '{"list":'):
            self.plan({"kind": "garbage", "body": body})
            self.assert_refused(self.run_setup(), UNAVAILABLE,
                                f"{self.double.url} answers, but not as OpenObserve does; is it the right URL?")
        self.assertEqual(self.writes(), [])


class FaultMiddleTest(FaultTest):
    """Later: what is done is said, and a second run does the rest."""

    def assert_stopped(self, fault, after, expected_rows, line):
        self.plan(fault, after)
        self.assert_refused(self.run_setup(*HOOKED), UNAVAILABLE, line, expected_rows)
        self.assert_completed()

    def test_of_a_list(self):
        self.assert_stopped({"kind": "503"}, 2, rows("created")[:1],
                            f"{self.double.url} cannot do it now (HTTP 503: Error# MemoryTableOverflowError); {LATER}")

    def test_of_a_dashboard(self):
        self.assert_stopped({"kind": "429", "retry_after": 1}, 10, rows("created")[:5],
                            f"{self.double.url} cannot do it now (HTTP 429: Too Many Requests); {LATER}")

    def test_of_an_alert(self):
        self.assert_stopped({"kind": "502"}, 23, rows("created")[:14],
                            f"{self.double.url} cannot do it now (HTTP 502); {LATER}")

    def test_answer_that_is_lost(self):
        """The server has done it: it must not be done twice. Each run loses the answer to its first request that makes
        something, which comes after so many that look."""
        for run, after in enumerate((1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 12, 13, 14, 15, 16, 17)):
            self.plan({"kind": "store_then_close"}, after)
            ended = self.run_setup(*HOOKED)
            self.assertEqual((ended.code, ended.rows), (UNAVAILABLE, rows("is there")[:run]))
            self.assertRegex(ended.err, f"^flowprobe: no answer from {self.double.url}: [^\n]+\n$")
        self.assert_done(self.run_setup(*HOOKED), rows("is there"))
        self.assert_installed()

    def test_one_object_that_cannot_be_made(self):
        """The others are made all the same."""
        self.plan({"kind": "500"}, 10)
        self.assert_refused(self.run_setup(*HOOKED), FAILED,
                            "dashboard Flows: Top talkers: Error# Internal Server Error",
                            [row for row in rows("created") if row[1] != DASHBOARDS[1]])
        ended = self.run_setup(*HOOKED)
        self.assertEqual((ended.code, ended.done()["created"]), (OK, ["dashboard"]))

    def test_folder_that_cannot_be_made(self):
        self.plan({"kind": "500", "body": "<html>", "content_type": "text/html"}, 7)
        self.assert_refused(self.run_setup(), FAILED, "folder Flows: HTTP 500",
                            [*rows("created")[:3], self.run_setup("--dry-run").rows[-1]])
        self.assert_completed()

    def test_list_that_is_none(self):
        """As of another version."""
        self.plan({"kind": "garbage", "body": '{"functions":[]}'}, 2)
        self.assert_refused(self.run_setup(*HOOKED), FAILED,
                            "function netflow1_geo: the server's list of them is none",
                            [rows("created")[0], *rows("created")[3:]])
        self.assert_completed()

    def test_teardown(self):
        self.set_up()
        self.plan({"kind": "503"}, 12)
        ended = self.run_teardown()
        self.assertEqual((ended.code, ended.rows), (UNAVAILABLE, removed()[:7]))
        self.assert_done(self.run_teardown(), [
            ("alert folder", "Flows", "is not there"), ("destination", "flowprobe", "is not there"),
            ("template", "flowprobe", "is not there"), *removed()[7:]])

    def test_words_of_the_server_are_made_fit_for_a_terminal(self):
        self.plan({"kind": "500", "message": "one\n\x1b[31mtwo\ttrès  " + "x" * 1000})
        ended = self.run_setup("--dry-run", "--no-geo")
        self.assertEqual(ended.err, "flowprobe: stream netflow1: " + ("one [31mtwo tr s " + "x" * 1000)[:399] + "\n")


class UsageTest(SetupTest):
    def assert_usage(self, arguments, line):
        ended = flowprobe(*arguments)
        self.assertEqual((ended.err, ended.code, ended.out),
                         (f"flowprobe: {line} (see flowprobe openobserve --help)\n", USAGE, ""), arguments)

    def test_arguments(self):
        what = "write openobserve setup URL, or openobserve teardown URL"
        for arguments, line in (
                ((), what), (("setup",), what), (("install", URL), f"{what}, not openobserve install"),
                (("setup", URL, "more"), "unexpected argument more"),
                (("setup", "--", URL, "-x"), "unexpected argument -x")):
            self.assert_usage(arguments, line)

    def test_options(self):
        for options, line in (
                (("--strem", "x"), "unknown option --strem; did you mean --stream?"),
                (("--strea", "x"), "unknown option --strea; did you mean --stream?"),
                (("-x",), "unknown option -x"), (("--nonsense",), "unknown option --nonsense"),
                (("--stream",), "there is no value for --stream"), (("--stream=",), "there is no value for --stream"),
                (("--user", ""), "there is no value for --user"),
                (("--dry-run=yes",), "there can be no value for --dry-run"),
                (("--timeout", "30"), "--timeout needs a unit (ms, s, m or h): write 30s for seconds"),
                (("--timeout", "0s"), "--timeout must be from 100ms to 1h, not \"0s\""),
                (("--folder", 'a"b'), "--folder must be printable ASCII without '\"' and '\\'"),
                (("--folder", " a"), "--folder must be printable ASCII without '\"' and '\\'"),
                (("--destination", "a b"), "--destination must be letters, digits, '_', '-' and '.'"),
                (("--delete-stream",), "only teardown takes --delete-stream"),
                (("--print", "x", "--dry-run"), "--print asks no server, so it goes without --dry-run")):
            self.assert_usage(("setup", URL, *options), line)
        self.assert_usage(("teardown", URL, "--print", "x"), "only setup takes --print")

    def test_web_hooks(self):
        for url in ("ftp://x", "pager.example/hook", 'https://x/"', "https://x/ y", "https://x/\\"):
            self.assert_usage(("setup", URL, "--destination-url", url),
                              "--destination-url must be an http or https URL without blanks, '\"' and '\\'")

    def test_passwords_are_not_repeated(self):
        for options in (("--password=geheim",), ("--password", "geheim")):
            self.assert_usage(("setup", URL, *options), "everybody on this host can read a command line: write the "
                              "password to a file for --password-file, or set FLOWPROBE_OPENOBSERVE_PASSWORD")
        self.assert_usage(("setup", URL, "--passwrod=geheim"), "unknown option --passwrod")
        ended = flowprobe("setup", "http://me:geheim@o2.example:5080")
        self.assertEqual((ended.code, "geheim" in ended.err, ended.err.count("\n")), (USAGE, False, 1))

    def test_urls(self):
        form = "write http(s)://HOST:5080/api/ORG/STREAM/_json, or http(s)://HOST:5080"
        for url, line in (
                ("ftp://x", f'"ftp://x" is not an HTTP URL; {form}'), ("o2", f'"o2" is not an HTTP URL; {form}'),
                (f"{URL}?x=1", f'"{URL}?x=1" has a \'?\' or \'#\' in it; {form}'),
                (f"{URL}/api/x/_json", f'"{URL}/api/x/_json" ends in _json, but not in the right place; {form}')):
            ended = flowprobe("setup", url)
            self.assertEqual((ended.err, ended.code, ended.out), (f"flowprobe: {line}\n", USAGE, ""))
        ended = flowprobe("setup", f"{URL}/api/a/b/_json", "--stream", "c")
        self.assertEqual((ended.err, ended.code),
                         ('flowprobe: stream is "b" in the URL, but "c" by its option\n', USAGE))

    def test_help(self):
        for arguments in (("--help",), ("-h",), ("setup", "--help"), ("setup", URL, "-h")):
            ended = flowprobe(*arguments, env={})
            self.assertEqual((ended.code, ended.err), (OK, ""))
        for option in ("organization", "stream", "user", "password-file", "ca-file", "timeout", "folder", "destination",
                       "destination-url", "no-geo", "dry-run", "print", "delete-stream", "help"):
            self.assertIn(f" --{option} ", ended.out)
        self.assertLessEqual(max(map(len, ended.out.splitlines())), 90)

    def test_nowhere_to_write(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            ended = flowprobe("setup", self.url, *HOOKED, stdout=full)
        self.assertEqual((ended.code, ended.err),
                         (FAILED, "flowprobe: cannot write to stdout: No space left on device\n"))
        self.assert_installed()


if __name__ == "__main__":
    tap.main()
