#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""`flowprobe openobserve setup` on a server that has nothing of it, or all of it: what is made, under which names,
and what is said."""
import json
import os
import tempfile
from pathlib import Path

import tap
from bed import basic
from setup_bed import (ALERT_FILES, DASHBOARD_FILES, FAILED, HOOK, HOOKED, LOGIN, NO_DESTINATION, OK, SetupTest,
                       flowprobe, rows)

TABLES_MISSING = ("the server has no MaxMind tables, so flows have no places; it downloads them when it starts, unless "
                  "ZO_MMDB_DISABLE_DOWNLOAD=true. Run this again when it has them")


class SetupFirstTest(SetupTest):
    def test_makes_everything_and_says_so(self):
        ended = self.run_setup(*HOOKED)
        self.assert_done(ended, rows("created"))
        self.assertEqual(ended.closing, [
            f"Records go to {self.url}; the dashboards are at {self.double.url}/web/, in folder Flows."])
        self.assert_installed()

    def test_again_changes_nothing(self):
        self.set_up()
        before, writes = self.world(), self.writes()
        self.assert_done(self.run_setup(*HOOKED), rows("is there"))
        self.assertEqual((self.world(), self.writes()), (before, writes))

    def test_again_knows_the_web_hook_of_before(self):
        self.set_up()
        writes = self.writes()
        self.assert_done(self.run_setup(), rows("is there"))
        self.assertEqual(self.writes(), writes)

    def test_makes_it_after_records_came(self):
        """goflow2 has written to the stream before: its fields stay, ours are added."""
        self.double.post(f"{self.api}/netflow1/_json", [{"bytes": 1, "src_addr": "192.0.2.1", "as_path": "x"}])
        self.assert_done(self.run_setup(*HOOKED), [("stream", "netflow1", "updated"), *rows("created")[1:]])
        stream = self.world()["streams"]["netflow1"]
        self.assertEqual(stream["schema"].pop("as_path"), "Utf8")
        self.assertEqual(stream["settings"]["data_retention"], 0, "records must not be deleted sooner than before")
        wanted = self.loaded("stream.json")
        self.assertEqual(stream["schema"],
                         {"_timestamp": "Int64", **{field["name"]: field["type"] for field in wanted["fields"]}})
        self.assertEqual(stream["settings"]["index_fields"], wanted["settings"]["index_fields"])
        self.assert_done(self.run_setup(*HOOKED), rows("is there"))


class SetupDryRunTest(SetupTest):
    def compiled(self):
        return [("POST", f"{self.api}/functions/test")]  # which saves nothing

    def test_of_nothing(self):
        ended = self.run_setup("--dry-run", *HOOKED)
        self.assert_done(ended, rows("would be created"))
        self.assertEqual((ended.closing, self.writes()), ([], self.compiled()))

    def test_of_everything(self):
        self.set_up()
        writes = self.writes()
        self.assert_done(self.run_setup("--dry-run"), rows("is there"))
        self.assertEqual(self.writes(), writes)

    def test_of_what_would_be_updated(self):
        self.set_up()
        before, writes = self.world(), self.writes()
        ended = self.run_setup("--dry-run", "--destination-url", f"{HOOK}/2")
        self.assertEqual(ended.done(), {"is there": [kind for kind, *_ in rows("") if kind != "destination"],
                                        "would be updated": ["destination"]})
        self.assertEqual((self.world(), self.writes()), (before, writes))

    def test_knows_that_there_are_no_tables(self):
        self.double.control(switches={"mmdb_loaded": False})
        self.addCleanup(self.double.control, switches={"mmdb_loaded": True})
        ended = self.run_setup("--dry-run")
        self.assertEqual((ended.code, ended.rows[1]), (OK, ("function", "netflow1_geo", f"left out: {TABLES_MISSING}")))
        self.assertEqual(self.writes(), self.compiled())


class SetupNamesTest(SetupTest):
    def assert_no_default_names(self):
        self.assertFalse("netflow1" in json.dumps(self.world()))
        self.assertEqual(len(self.double.requests("default")), self.before)

    def setUp(self):
        super().setUp()
        self.before = len(self.double.requests("default"))

    def test_of_the_url_of_records(self):
        self.url = f"{self.double.url}/api/{self.org}/My-Flows/_json"
        ended = self.run_setup(*HOOKED)
        self.assert_done(ended, rows("created", stream="my_flows", folder="Flows-my_flows"))
        self.names.update({"@STREAM@": "my_flows", "@FUNCTION@": "my_flows_geo", "@PIPELINE@": "my_flows_geo",
                           "@FOLDER@": "Flows-my_flows"})
        self.assert_installed()
        self.assert_no_default_names()
        self.assertIn(f"/api/{self.org}/my_flows/_json;", ended.closing[0])

    def test_of_options(self):
        ended = flowprobe("setup", self.double.url, "--organization", self.org, "--stream", "lab", "--folder",
                          "Lab & more", "--destination", "pager", *HOOKED)
        self.assert_done(ended, rows("created", stream="lab", folder="Lab & more", destination="pager"))
        self.names.update({"@STREAM@": "lab", "@FUNCTION@": "lab_geo", "@PIPELINE@": "lab_geo",
                           "@FOLDER@": "Lab & more", "@DESTINATION@": "pager"})
        self.assert_installed()
        self.assert_no_default_names()

    def test_by_default(self):
        """In the organisation of that name, which other tests do not use for this."""
        ended = flowprobe("setup", f"{self.double.url}/")
        self.addCleanup(flowprobe, "teardown", self.double.url, "--delete-stream")
        self.assert_done(ended, [*rows("created")[:9], NO_DESTINATION])
        self.org = self.names["@ORG@"] = "default"
        self.assert_installed(has_alerts=False)

    def test_two_streams_beside_each_other(self):
        self.set_up()
        first = self.world()
        ended = self.run_setup_of("second")
        self.assertEqual(ended.code, OK)
        second = self.world()
        for kind in ("functions", "pipelines", "folders", "dashboards", "alerts"):
            self.assertEqual([thing for thing in second[kind] if thing in first[kind]], first[kind], kind)
            self.assertEqual(len(second[kind]), 2 * len(first[kind]), kind)
        self.assertEqual((first["templates"], first["destinations"]), (second["templates"], second["destinations"]))

    def run_setup_of(self, stream):
        return flowprobe("setup", f"{self.double.url}/api/{self.org}/{stream}/_json")


class SetupGeoTest(SetupTest):
    def test_not_wanted(self):
        left_out = ("function", "netflow1_geo", "left out: --no-geo")
        self.assert_done(self.run_setup("--no-geo", *HOOKED), [rows("created")[0], left_out, *rows("created")[3:]])
        self.assert_installed(has_geo=False)

    def test_no_tables_on_the_server(self):
        self.double.control(switches={"mmdb_loaded": False})
        self.addCleanup(self.double.control, switches={"mmdb_loaded": True})
        left_out = ("function", "netflow1_geo", f"left out: {TABLES_MISSING}")
        self.assert_done(self.run_setup(*HOOKED), [rows("created")[0], left_out, *rows("created")[3:]])
        self.assert_installed(has_geo=False)

        self.double.control(switches={"mmdb_loaded": True})
        self.assert_done(self.run_setup(*HOOKED), [rows("is there")[0], *rows("created")[1:3], *rows("is there")[3:]])
        self.assert_installed()

    def test_no_tables_any_more_and_an_old_function(self):
        self.set_up()
        self.double.put(f"{self.api}/functions/netflow1_geo",
                        {"name": "netflow1_geo", "function": ".old = 1\n.", "params": "row", "transType": 0})
        self.double.control(switches={"mmdb_loaded": False})
        self.addCleanup(self.double.control, switches={"mmdb_loaded": True})
        stays = ("function", "netflow1_geo", f"stays as it is: {TABLES_MISSING}")
        self.assert_done(self.run_setup(), [rows("is there")[0], stays, *rows("is there")[3:]])

    def test_somebody_has_a_pipeline_for_the_stream(self):
        self.double.post(f"{self.api}/functions", {"name": "mine", "function": ".mine = 1\n.", "transType": 0})
        mine = json.loads(self.asset("pipeline.json").replace("netflow1_geo", "mine"))
        self.assertEqual(self.double.post(f"{self.api}/pipelines", mine).status, 200)
        before = self.world()["pipelines"]
        left_out = ("pipeline", "netflow1_geo", "left out: mine takes the stream already; add function netflow1_geo to "
                    "that one, or delete it and run this again")
        for done, others in (("created", rows("created")), ("is there", rows("is there"))):
            self.assert_done(self.run_setup(*HOOKED), [*others[:2], left_out, *others[3:]])
            self.assertEqual(self.world()["pipelines"], before, done)


class SetupAlertsTest(SetupTest):
    def save_destination(self, name, **more):
        body = {"name": name, "url": "https://mine.example/hook", "template": "prebuilt_slack", **more}
        self.assertEqual(self.double.post(f"{self.api}/alerts/destinations", body).status, 200)
        return [thing for thing in self.world()["destinations"] if thing["name"] == name]

    def test_nobody_to_tell(self):
        self.assert_done(self.run_setup(), [*rows("created")[:9], NO_DESTINATION])
        self.assert_installed(has_alerts=False)

    def test_web_hook_of_the_environment(self):
        ended = self.run_setup(env={**LOGIN, "FLOWPROBE_OPENOBSERVE_DESTINATION_URL": HOOK})
        self.assert_done(ended, rows("created"))
        self.assert_installed()

    def test_destination_that_is_there(self):
        mine = self.save_destination("pager")
        ended = self.run_setup("--destination", "pager")
        there = ("destination", "pager", "is there")
        self.assert_done(ended, [*rows("created")[:9], there, *rows("created")[11:]])
        world = self.world()
        self.assertEqual((world["destinations"], world["templates"]), (mine, []))
        self.assertEqual({alert["destinations"][0] for alert in world["alerts"]}, {"pager"})

    def test_destination_that_is_not_there(self):
        ended = self.run_setup("--destination", "pager")
        self.assert_refused(ended, FAILED, "destination pager: there is none of that name; give --destination-url too, "
                            "to make it",
                            [*rows("created")[:9], ("alerts", "", "left out: they need the destination")])

    def test_destination_of_somebody_else_is_not_changed(self):
        mine = self.save_destination("flowprobe") + self.save_destination("pager")
        for name, options in (("flowprobe", HOOKED), ("pager", ("--destination", "pager", *HOOKED))):
            ended = self.run_setup(*options)
            self.assertEqual((ended.code, ended.err), (FAILED, (
                f"flowprobe: destination {name}: there is one that was not made by this; give another --destination, "
                "or no --destination-url to use it as it is\n")))
        self.assert_done(self.run_setup(), [*rows("is there")[:9], NO_DESTINATION])
        self.assertEqual(self.world()["destinations"], mine)

    def test_destination_in_the_servers_own_network(self):
        for url, words in (
                ("http://127.0.0.1:8080/x", "Access to private IP address 127.0.0.1 is not allowed for security "
                 "reasons. This prevents Server-Side Request Forgery (SSRF) attacks"),
                ("http://localhost/x", "Access to localhost is not allowed for security reasons")):
            ended = self.run_setup("--destination-url", url)
            self.assertEqual((ended.code, ended.err), (FAILED, (
                f"flowprobe: destination flowprobe: Destination URL blocked by SSRF guard: {words}; the server sends "
                "alerts to public addresses only, unless it is started with ZO_SSRF_ALLOW_LOOPBACK=true\n")))
            self.assertEqual(ended.rows[-1], ("alerts", "", "left out: they need the destination"))
        self.assertEqual(self.world()["destinations"], [])


class SetupPrintTest(SetupTest):
    URL = "https://o2.example/base"  # nobody is asked

    def setUp(self):
        super().setUp()
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = Path(directory.name) / "filled"

    def run_print(self, *options):
        url = f"{self.URL}/api/{self.org}/netflow1/_json"
        ended = flowprobe("setup", url, "--print", str(self.directory), *options, env={})
        self.assertEqual((ended.code, ended.err), (OK, ""))
        self.assertEqual(ended.closing[-1], "Send them in this order. FOLDER_ID is the folderId in the answer to "
                         "folder.json.")
        return [line.split() for line in ended.out.partition("\n\n")[0].splitlines()]

    def files(self):
        return sorted(str(path.relative_to(self.directory)) for path in self.directory.rglob("*") if path.is_file())

    def test_what_is_written(self):
        self.run_print(*HOOKED)
        names = ["stream.json", "pipeline.json", "folder.json", "alert-template.json", "alert-destination.json",
                 *DASHBOARD_FILES, *ALERT_FILES]
        self.assertEqual(self.files(), sorted([*names, "function.json"]))
        for name in names:
            self.assertEqual((self.directory / name).read_text(encoding="utf-8"), self.asset(name))
        self.assertEqual(json.loads((self.directory / "function.json").read_text(encoding="utf-8")),
                         {"name": "netflow1_geo", "function": self.asset("geo.vrl").strip(), "params": "row",
                          "transType": 0})

    def test_url_of_the_web_hook_is_for_nobody_else_to_read(self):
        hook = self.directory / "alert-destination.json"
        umask = os.umask(0o022)
        self.addCleanup(os.umask, umask)
        for before in None, 0o644:
            if before:
                hook.chmod(before)
            self.run_print(*HOOKED)
            modes = {name: (self.directory / name).stat().st_mode & 0o777 for name in self.files()}
            self.assertEqual(modes, {name: 0o600 if name == hook.name else 0o644 for name in self.files()})
            having = [name for name in self.files() if HOOK in (self.directory / name).read_text(encoding="utf-8")]
            self.assertEqual(having, [hook.name])

    def test_sent_by_hand_it_is_what_setup_makes(self):
        folder_id = None
        for file, method, url in self.run_print(*HOOKED):
            path = url.removeprefix(self.URL).replace("FOLDER_ID", str(folder_id))
            body = Path(file).read_bytes()
            response = self.double.request(method, path, body, {"Content-Type": "application/json"}, basic())
            self.assertEqual(response.status, 200, f"{file}: {response.text}")
            folder_id = response.json.get("folderId", folder_id)
        self.assert_installed()
        self.assert_done(self.run_setup(*HOOKED), rows("is there"))

    def test_without_what_is_left_out(self):
        self.run_print("--no-geo")
        self.assertEqual(self.files(), sorted(["stream.json", "folder.json", *DASHBOARD_FILES]))
        self.run_print("--no-geo", "--destination", "pager")
        self.assertEqual(self.files(), sorted(["stream.json", "folder.json", *DASHBOARD_FILES, *ALERT_FILES]))

    def test_where_nothing_can_be_written(self):
        ended = self.run_setup("--print", "/proc/no")
        self.assert_refused(ended, FAILED, "cannot write /proc/no/stream.json: No such file or directory")


if __name__ == "__main__":
    tap.main()
