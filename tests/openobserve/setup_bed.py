# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""`flowprobe openobserve` against the double: how it is run, what it says, and what the double has afterwards.

Each test has an organisation of its own, so the usual names of stream and folder do.
"""
import json
import os
import subprocess
from pathlib import Path

import assets
from bed import LIMIT_S, PASSWORD, USER, DoubleTest, basic
from o2 import alerts, dashboard_model, pipelines
from o2.destinations import DESTINATION
from o2.templates import TEMPLATE

FLOWPROBE = Path(os.environ.get("O", assets.ROOT / "build")) / "flowprobe"
LOGIN = {"FLOWPROBE_OPENOBSERVE_USER": USER, "FLOWPROBE_OPENOBSERVE_PASSWORD": PASSWORD}
HOOK = "https://pager.example/hook"
HOOKED = ("--destination-url", HOOK)

OK, FAILED, USAGE, UNAVAILABLE, REFUSED, CONFIG = 0, 1, 64, 69, 77, 78

DASHBOARDS = ("Flows: Overview", "Flows: Top talkers", "Flows: Geography", "Flows: Interfaces and hosts",
              "Flows: Exporter health")
ALERTS = ("flowprobe_traffic_spike", "flowprobe_port_scan", "flowprobe_new_top_talker", "flowprobe_exporter_loss")
DASHBOARD_FILES = tuple(f"dashboards/{name}.json" for name in (
    "overview", "top-talkers", "geography", "interfaces-hosts", "exporter-health"))
ALERT_FILES = tuple(f"alerts/{name}.json" for name in ("traffic-spike", "port-scan", "new-top-talker", "exporter-loss"))
NO_DESTINATION = ("alerts", "", "left out: nobody to tell; give --destination-url URL of a web hook, or --destination "
                  "NAME of what is there")


class Ended:
    """A run that has ended. rows: (kind, name, what) of each object; closing: the lines after them."""

    def __init__(self, process):
        self.code, self.out, self.err = process.returncode, process.stdout or "", process.stderr
        table, _, closing = self.out.partition("\n\n")
        self.rows = [(line[:12].rstrip(), line[13:41].rstrip(), line[42:]) for line in table.splitlines()]
        self.closing = closing.splitlines()

    def done(self):
        """{what was done: [kind…]}"""
        sorted_by_what = {}
        for kind, _, what in self.rows:
            sorted_by_what.setdefault(what, []).append(kind)
        return sorted_by_what


def flowprobe(*arguments, env=None, stdout=subprocess.PIPE):
    """Looks at each run for the password."""
    environment = {"PATH": os.environ["PATH"], **(LOGIN if env is None else env)}
    process = subprocess.run([FLOWPROBE, "openobserve", *arguments], env=environment, stdin=subprocess.DEVNULL,
                             stdout=stdout, stderr=subprocess.PIPE, text=True, timeout=LIMIT_S, check=False)
    said = (process.stdout or "") + process.stderr
    for secret in (PASSWORD, basic().split()[1]):
        if secret in said:
            raise AssertionError(f"the password is in the output: {said}")
    return Ended(process)


def rows(what, stream="netflow1", folder="Flows", destination="flowprobe"):
    """What is said when the same happens to all of it."""
    return [("stream", stream, what), ("function", f"{stream}_geo", what), ("pipeline", f"{stream}_geo", what),
            ("folder", folder, what), *(("dashboard", name, what) for name in DASHBOARDS),
            ("template", "flowprobe", what), ("destination", destination, what), ("alert folder", folder, what),
            *(("alert", name, what) for name in ALERTS)]


def removed(what="deleted", stream="netflow1", folder="Flows", destination="flowprobe",
            stays="stays, with its records; --delete-stream removes both"):
    return [*(("alert", name, what) for name in ALERTS), ("alert folder", folder, what),
            ("destination", destination, what), ("template", "flowprobe", what),
            *(("dashboard", name, what) for name in DASHBOARDS), ("folder", folder, what),
            ("pipeline", f"{stream}_geo", what), ("function", f"{stream}_geo", what), ("stream", stream, stays)]


class SetupTest(DoubleTest):
    def setUp(self):
        super().setUp()
        self.url = f"{self.double.url}/api/{self.org}/netflow1/_json"
        self.names = {"@STREAM@": "netflow1", "@ORG@": self.org, "@FOLDER@": "Flows", "@FUNCTION@": "netflow1_geo",
                      "@PIPELINE@": "netflow1_geo", "@DESTINATION@": "flowprobe", "@DESTINATION_URL@": HOOK}

    # --- runs ---

    def run_setup(self, *options, **more):
        return flowprobe("setup", self.url, *options, **more)

    def run_teardown(self, *options, **more):
        return flowprobe("teardown", self.url, *options, **more)

    def assert_done(self, ended, expected_rows):
        self.assertEqual((ended.err, ended.code, ended.rows), ("", OK, expected_rows))

    def assert_refused(self, ended, code, line, expected_rows=()):
        """One line on stderr, without the "flowprobe: "."""
        self.assertEqual((ended.err, ended.code, ended.rows), (f"flowprobe: {line}\n", code, list(expected_rows)))

    def set_up(self, *options):
        ended = self.run_setup(*HOOKED, *options)
        self.assertEqual((ended.err, ended.code), ("", OK))

    # --- what was asked for ---

    def asset(self, name):
        """The text of a file, filled in as it should be."""
        content = assets.text(name)
        for placeholder, value in self.names.items():
            content = content.replace(placeholder, value)
        return content

    def loaded(self, name):
        return json.loads(self.asset(name))

    # --- what the double has ---

    def world(self):
        """All of the organisation, by kind."""
        state = self.double.state(self.org)
        own = {kind: state[kind].get(self.org, []) for kind in ("functions", "folders", "dashboards", "templates",
                                                                "destinations", "alerts")}
        return {**own, "streams": state["streams"].get(self.org, {}).get("logs", {}),
                "pipelines": state["pipelines"]}

    def folder_id(self, kind, name="Flows"):
        [folder_id] = [folder["folderId"] for folder in self.world()["folders"]
                       if (folder["type"], folder["name"]) == (kind, name)]
        return folder_id

    def writes(self):
        """(method, path) of all requests so far that could have changed something."""
        return [(entry["method"], entry["path"]) for entry in self.double.requests(self.org)
                if entry["method"] != "GET"]

    # --- what it should have ---

    def assert_installed(self, has_geo=True, has_alerts=True):
        world = self.world()
        self.assert_stream(world)
        self.assertEqual([(function["name"], function["function"]) for function in world["functions"]],
                         [(self.names["@FUNCTION@"], self.asset("geo.vrl").strip())] if has_geo else [])
        self.assert_pipelines(world, 1 if has_geo else 0)
        self.assert_folders(world, ["dashboards", "alerts"] if has_alerts else ["dashboards"])
        self.assert_dashboards(world)
        self.assertEqual(world["templates"],
                         [TEMPLATE(self.loaded("alert-template.json"), "")] if has_alerts else [])
        self.assertEqual(world["destinations"],
                         [{**DESTINATION(self.loaded("alert-destination.json"), ""), "module": "alert"}]
                         if has_alerts else [])
        self.assert_alerts(world, ALERT_FILES if has_alerts else ())

    @staticmethod
    def told(thing, wanted):
        """The part of it that a request can say."""
        return {key: thing[key] for key in wanted}

    def assert_stream(self, world):
        wanted = self.loaded("stream.json")
        [(name, stream)] = world["streams"].items()
        self.assertEqual(name, self.names["@STREAM@"])
        self.assertEqual(stream["schema"],
                         {"_timestamp": "Int64", **{field["name"]: field["type"] for field in wanted["fields"]}})
        settings = {**wanted["settings"], "partition_keys": {}}
        self.assertEqual(self.told(stream["settings"], settings), settings)

    def assert_pipelines(self, world, count):
        made_by_server = dict.fromkeys(("pipeline_id", "version"))
        wanted = {**pipelines.PIPELINE(self.loaded("pipeline.json"), ""), **made_by_server}
        self.assertEqual([{**self.told(pipeline, wanted), **made_by_server} for pipeline in world["pipelines"]],
                         [wanted] * count)

    def assert_folders(self, world, kinds):
        wanted = self.loaded("folder.json")
        self.assertEqual([(folder["type"], self.told(folder, wanted)) for folder in world["folders"]],
                         [(kind, wanted) for kind in kinds])

    def assert_dashboards(self, world):
        made_by_server = dict.fromkeys(("dashboardId", "owner", "created"))
        folder_id = self.folder_id("dashboards", self.names["@FOLDER@"])
        self.assertEqual({dashboard["folder_id"] for dashboard in world["dashboards"]}, {folder_id})
        for dashboard, file in zip(world["dashboards"], DASHBOARD_FILES, strict=True):
            wanted = dashboard_model.read(self.loaded(file))
            self.assertEqual({**dashboard["content"], **made_by_server}, {**wanted, **made_by_server})

    def assert_alerts(self, world, files):
        self.assertEqual({alert["folder_id"] for alert in world["alerts"]},
                         {self.folder_id("alerts", self.names["@FOLDER@"])} if files else set())
        for alert, file in zip(world["alerts"], files, strict=True):
            wanted = alerts.ALERT(self.loaded(file), "")
            self.assertEqual(self.told(alert, wanted), wanted)
