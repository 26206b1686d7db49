#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""`flowprobe openobserve teardown`: all of what setup has made goes, and nothing else."""
import tap
from setup_bed import ALERTS, HOOK, HOOKED, OK, SetupTest, flowprobe, removed, rows

NOTHING_LEFT = [("alert folder", "Flows", "is not there"), ("destination", "flowprobe", "is not there"),
                ("template", "flowprobe", "is not there"), ("folder", "Flows", "is not there"),
                *removed("is not there")[-3:]]


class TeardownTest(SetupTest):
    def setUp(self):
        super().setUp()
        self.set_up()

    def post(self, path, body):
        response = self.double.post(path, body)
        self.assertEqual(response.status, 200, response.text)
        return response.json

    def things(self):
        """{kind: how many} but for kinds that there are none of."""
        return {kind: len(things) for kind, things in self.world().items() if things}


class TeardownAllTest(TeardownTest):
    def test_records_stay(self):
        self.post(f"{self.api}/netflow1/_json", [{"bytes": 1}, {"bytes": 2}])
        stream = self.world()["streams"]
        self.assert_done(self.run_teardown(), removed())
        self.assertEqual((self.things(), self.world()["streams"]), ({"streams": 1}, stream))
        self.assertEqual([record["bytes"] for record in self.double.records("netflow1", self.org)], [1, 2])

    def test_records_go_too(self):
        self.post(f"{self.api}/netflow1/_json", [{"bytes": 1}])
        self.assert_done(self.run_teardown("--delete-stream"), removed(stays="deleted"))
        self.assertEqual((self.things(), self.double.records("netflow1", self.org)), ({}, []))

    def test_again(self):
        self.run_teardown()
        writes = self.writes()
        self.assert_done(self.run_teardown(), NOTHING_LEFT)
        self.assertEqual(self.writes(), writes)
        self.assert_done(self.run_teardown("--delete-stream"), [*NOTHING_LEFT[:-1], ("stream", "netflow1", "deleted")])
        for options in ((), ("--delete-stream",)):
            self.assert_done(self.run_teardown(*options),
                             [*NOTHING_LEFT[:-1], ("stream", "netflow1", "is not there")])

    def test_dry_run(self):
        before, writes = self.world(), self.writes()
        self.assert_done(self.run_teardown("--dry-run"), removed("would be deleted"))
        self.assert_done(self.run_teardown("--dry-run", "--delete-stream"),
                         removed("would be deleted", stays="would be deleted"))
        self.assertEqual((self.world(), self.writes()), (before, writes))

    def test_setup_works_again(self):
        self.run_teardown()
        self.assert_done(self.run_setup(*HOOKED), [rows("is there")[0], *rows("created")[1:]])
        self.assert_installed()

    def test_with_the_names_of_setup(self):
        options = ("--folder", "Lab & more", "--destination", "pager")
        url = f"{self.double.url}/api/{self.org}/lab/_json"
        flowprobe("setup", url, *options, *HOOKED)
        ours = self.things()
        self.assert_done(flowprobe("teardown", url, *options), [
            ("template", "flowprobe", "stays: Template is in use for destination flowprobe") if row[0] == "template"
            else row for row in removed(stream="lab", folder="Lab & more", destination="pager")])
        self.assertEqual((ours["dashboards"], ours["alerts"]), (10, 8))
        flowprobe("teardown", url, *options, "--delete-stream")
        self.assert_installed()

    def test_what_setup_has_not_finished(self):
        self.run_teardown("--delete-stream")
        self.double.control(faults=[{"kind": "chunked_response", "size": 1 << 20, "on": "management", "times": 11},
                                    {"kind": "503", "on": "management"}])
        self.run_setup(*HOOKED)
        self.assertEqual(self.things(), {"streams": 1, "functions": 1, "pipelines": 1, "folders": 1, "dashboards": 2})
        self.assertEqual(self.run_teardown("--delete-stream").code, OK)
        self.assertEqual(self.things(), {})


class TeardownBesideTest(TeardownTest):
    """What somebody else has made, and what he uses of ours."""

    def assert_stays(self, *stay):
        """Rows that are not "deleted"; the others are."""
        changed = {row[:2]: row for row in stay}
        self.assert_done(self.run_teardown(), [changed.get(row[:2], row) for row in removed()])

    def test_dashboards_in_our_folder(self):
        board = self.loaded("dashboards/overview.json")
        for title in ("Mine", "Flows: Overview (copy)"):
            self.post(f"{self.api}/dashboards?folder={self.folder_id('dashboards')}", {**board, "title": title})
        own = self.world()["dashboards"][-2:]
        stays = ("folder", "Flows", "stays, with 2 dashboards not of our making")
        self.assertIn(stays, self.run_teardown("--dry-run").rows)
        self.assert_stays(stays)
        self.assertEqual((self.world()["dashboards"], self.things()), (own, {"streams": 1, "folders": 1,
                                                                             "dashboards": 2}))

    def test_alert_in_our_folder_that_tells_our_destination(self):
        alert = {**self.loaded("alerts/port-scan.json"), "name": "mine"}
        self.post(f"/api/v2/{self.org}/alerts?folder={self.folder_id('alerts')}", alert)
        own = self.world()["alerts"][-1:]
        self.assert_stays(("alert folder", "Flows", "stays, with 1 alert not of our making"),
                          ("destination", "flowprobe", "stays: Destination is currently used by alert: mine"),
                          ("template", "flowprobe", "stays: Template is in use for destination flowprobe"))
        self.assertEqual((self.world()["alerts"], self.things()),
                         (own, {"streams": 1, "folders": 1, "alerts": 1, "destinations": 1, "templates": 1}))

    def test_ours_by_name_elsewhere(self):
        self.post(f"{self.api}/dashboards?folder=default", self.loaded("dashboards/overview.json"))
        self.post(f"/api/v2/{self.org}/alerts?folder=default",
                  {**self.loaded("alerts/port-scan.json"), "destinations": ["flowprobe"]})
        stay = ("destination", "flowprobe", f"stays: Destination is currently used by alert: {ALERTS[1]}")
        self.assert_stays(stay, ("template", "flowprobe", "stays: Template is in use for destination flowprobe"))
        world = self.world()
        self.assertEqual({thing["folder_id"] for thing in world["dashboards"] + world["alerts"]}, {"default"})
        self.assertEqual((len(world["dashboards"]), len(world["alerts"])), (1, 1))

    def test_function_in_another_pipeline(self):
        own = self.loaded("pipeline.json")
        own["name"] = "mine"
        own["source"]["stream_name"] = own["nodes"][0]["data"]["stream_name"] = "other"
        self.post(f"{self.api}/pipelines", own)
        self.assert_stays(("function", "netflow1_geo", "stays: Warning: Function 'netflow1_geo' has 1 pipeline "
                           "dependencies. Please remove these pipelines first: [\"mine\"]"))
        self.assertEqual(self.things(), {"streams": 1, "functions": 1, "pipelines": 1})

    def test_destination_that_was_there_before(self):
        pager = {"name": "pager", "url": f"{HOOK}/mine", "template": "prebuilt_slack"}
        self.post(f"{self.api}/alerts/destinations", pager)
        self.assertEqual(self.run_setup("--destination", "pager").code, OK)
        ended = self.run_teardown("--destination", "pager")
        self.assertEqual((ended.code, ended.err), (OK, ""))
        self.assertIn(("destination", "pager", "stays: it is not of our making"), ended.rows)
        self.assertEqual([thing["name"] for thing in self.world()["destinations"]], ["flowprobe", "pager"])


if __name__ == "__main__":
    tap.main()
