#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""`flowprobe openobserve setup` where something of it is there already, but not as it should be: it is put right in
place, and what is the user's own is left alone."""
import tap
from setup_bed import (ALERTS, DASHBOARDS, FAILED, HOOK, HOOKED, OK, SetupTest, rows)

CLASH = ("; choose another with --stream, or delete this one and its records with teardown --delete-stream")


class UpdateTest(SetupTest):
    def setUp(self):
        super().setUp()
        self.set_up()

    def ids(self):
        """What must stay what it was."""
        world = self.world()
        return ([pipeline["pipeline_id"] for pipeline in world["pipelines"]],
                [folder["folderId"] for folder in world["folders"]],
                [dashboard["content"]["dashboardId"] for dashboard in world["dashboards"]],
                [alert["id"] for alert in world["alerts"]])

    def change(self, method, path, body=None):
        response = self.double.request(method, path, body)
        self.assertEqual(response.status, 200, response.text)

    def put_dashboard(self, title, **changes):
        """As somebody does in the web interface."""
        [dashboard] = [entry for entry in self.world()["dashboards"] if entry["content"]["title"] == title]
        self.change("PUT", f"{self.api}/dashboards/{dashboard['content']['dashboardId']}?folder="
                    f"{dashboard['folder_id']}&hash={dashboard['hash']}", {**dashboard["content"], **changes})

    def alert(self, name):
        [alert] = [alert for alert in self.world()["alerts"] if alert["name"] == name]
        return alert

    def put_alert(self, name, **changes):
        alert = self.alert(name)
        self.change("PUT", f"/api/v2/{self.org}/alerts/{alert['id']}?folder={alert['folder_id']}",
                    {**alert, **changes})

    def assert_put_right(self, kind, name):
        """Once, and nothing else with it."""
        before, writes = self.ids(), self.writes()
        expected = [(*row[:2], "updated" if row[:2] == (kind, name) else "is there") for row in rows("")]
        self.assert_done(self.run_setup(*HOOKED), expected)
        self.assertEqual([method for method, _ in self.writes()[len(writes):]], ["PUT"])
        self.assertEqual(self.ids(), before)
        self.assert_installed()


class UpdateChangedTest(UpdateTest):
    """One after another, and each time only that one is changed back."""

    def change_dashboard(self):
        self.put_dashboard(DASHBOARDS[2], description="mine", tabs=[])
        return "dashboard", DASHBOARDS[2]

    def change_function(self):
        self.change("PUT", f"{self.api}/functions/netflow1_geo",
                    {"name": "netflow1_geo", "function": ".old = 1\n.", "params": "row", "transType": 0})
        return "function", "netflow1_geo"

    def change_pipeline(self):
        [pipeline] = self.world()["pipelines"]
        pipeline["nodes"][1]["data"]["after_flatten"] = False
        self.change("PUT", f"{self.api}/pipelines", pipeline)
        return "pipeline", "netflow1_geo"

    def switch_pipeline_off(self):
        [pipeline] = self.world()["pipelines"]
        self.change("PUT", f"{self.api}/pipelines/{pipeline['pipeline_id']}/enable?value=false")
        return "pipeline", "netflow1_geo"

    def change_alert(self):
        trigger = {**self.alert(ALERTS[1])["trigger_condition"], "period": 11}
        self.put_alert(ALERTS[1], trigger_condition=trigger)
        return "alert", ALERTS[1]

    def switch_alert_off(self):
        alert = self.alert(ALERTS[3])
        self.change("PATCH", f"/api/v2/{self.org}/alerts/{alert['id']}/enable?value=false")
        return "alert", ALERTS[3]

    def change_template(self):
        self.change("PUT", f"{self.api}/alerts/templates/flowprobe", {"name": "flowprobe", "body": "{}"})
        return "template", "flowprobe"

    def change_destination(self):
        self.change("PUT", f"{self.api}/alerts/destinations/flowprobe",
                    {"name": "flowprobe", "url": f"{HOOK}/old", "template": "flowprobe"})
        return "destination", "flowprobe"

    def test_is_put_right(self):
        for change in (self.change_dashboard, self.change_function, self.change_pipeline, self.switch_pipeline_off,
                       self.change_alert, self.switch_alert_off, self.change_template, self.change_destination):
            with self.subTest(change.__name__):
                self.assert_put_right(*change())
        self.assert_done(self.run_setup(*HOOKED), rows("is there"))

    def test_description_of_a_folder_is_nothing_to_change_for(self):
        self.change("PUT", f"/api/v2/{self.org}/folders/dashboards/{self.folder_id('dashboards')}",
                    {"name": "Flows", "description": "old"})
        writes = self.writes()
        self.assert_done(self.run_setup(*HOOKED), rows("is there"))
        self.assertEqual(self.writes(), writes)

    def test_what_was_deleted_is_made_again(self):
        self.change("DELETE", f"/api/v2/{self.org}/alerts/{self.alert(ALERTS[0])['id']}")
        [dashboard, *_] = self.world()["dashboards"]
        self.change("DELETE", f"{self.api}/dashboards/{dashboard['content']['dashboardId']}")
        ended = self.run_setup(*HOOKED)
        self.assertEqual(ended.done()["created"], ["dashboard", "alert"])
        self.assert_done(self.run_setup(*HOOKED), rows("is there"))
        self.assertEqual((len(self.world()["dashboards"]), len(self.world()["alerts"])),
                         (len(DASHBOARDS), len(ALERTS)))


class UpdateStreamTest(UpdateTest):
    def put_settings(self, **changes):
        self.change("PUT", f"{self.api}/streams/netflow1/settings?type=logs", changes)

    def replace(self, fields, **settings):
        """The stream by another one."""
        self.change("DELETE", f"{self.api}/streams/netflow1?type=logs")
        self.change("POST", f"{self.api}/streams/netflow1?type=logs", {
            "fields": [{"name": name, "type": kind} for name, kind in fields.items()], "settings": settings})

    def kept_stream(self):
        return self.world()["streams"]["netflow1"]

    def test_fields_are_missing(self):
        self.put_settings(fields={"add": [], "remove": [{"name": "community_id", "type": "Utf8"},
                                                        {"name": "dst_geo_latitude", "type": "Float64"}]})
        self.assert_put_right("stream", "netflow1")

    def test_settings_are_missing(self):
        self.put_settings(index_fields={"add": [], "remove": ["host", "flow_id"]},
                          bloom_filter_fields={"add": [], "remove": ["flow_id", "community_id"]})
        before = self.kept_stream()["settings"]["index_fields"]
        self.assertEqual(before, ["if_name", "src_addr", "dst_addr", "community_id"])
        ended = self.run_setup(*HOOKED)
        self.assertEqual((ended.code, ended.rows[0]), (OK, ("stream", "netflow1", "updated")))
        settings, wanted = self.kept_stream()["settings"], self.loaded("stream.json")["settings"]
        for name in ("index_fields", "bloom_filter_fields"):
            self.assertEqual(sorted(settings[name]), sorted(wanted[name]))
        self.assert_done(self.run_setup(*HOOKED), rows("is there"))

    def test_what_somebody_has_chosen_stays(self):
        self.put_settings(fields={"add": [{"name": "mine", "type": "Boolean"}], "remove": []}, data_retention=365,
                          index_fields={"add": ["mine"], "remove": []}, max_query_range=24)
        before, writes = self.kept_stream(), self.writes()
        self.assert_done(self.run_setup(*HOOKED), rows("is there"))
        self.assertEqual((self.kept_stream(), self.writes()), (before, writes))

    def test_partitions_and_full_text_search_are_in_the_way_of_indexes(self):
        self.replace({"host": "Utf8", "flow_id": "Utf8"}, partition_keys=[{"field": "host"}],
                     full_text_search_keys=["flow_id"])
        ended = self.run_setup(*HOOKED)
        self.assertEqual((ended.err, ended.rows[0]), ("", ("stream", "netflow1", "updated")))
        settings = self.kept_stream()["settings"]
        self.assertEqual((settings["index_fields"], settings["bloom_filter_fields"]),
                         (["if_name", "src_addr", "dst_addr", "community_id"],
                          ["src_addr", "dst_addr", "community_id"]))
        self.assertEqual((settings["partition_keys"]["L0"]["field"], settings["full_text_search_keys"]),
                         ("host", ["flow_id"]))
        self.assert_done(self.run_setup(*HOOKED), rows("is there"))

    def test_unsigned_integers_do(self):
        self.replace({"bytes": "UInt64"})
        ended = self.run_setup(*HOOKED)
        self.assertEqual((ended.err, ended.rows[0]), ("", ("stream", "netflow1", "updated")))
        self.assertEqual(self.kept_stream()["schema"]["bytes"], "UInt64")

    def test_field_of_another_type(self):
        self.replace({"bytes": "Utf8"})
        before = self.kept_stream()
        for options in ((), ("--dry-run",)):
            self.assert_refused(self.run_setup(*options), FAILED,
                                f"stream netflow1: its field bytes is Utf8 and should be Int64{CLASH}",
                                rows("is there")[1:])
        self.assertEqual(self.kept_stream(), before)
        self.replace({"src_addr": "Int64", "packets": "Float64", "ip_ttl": "Utf8"})
        self.assert_refused(self.run_setup(), FAILED, "stream netflow1: its field packets is Float64 and should be "
                            f"Int64, and 2 more are of the wrong type{CLASH}", rows("is there")[1:])

        self.assertEqual(self.run_teardown("--delete-stream").code, OK)
        self.assert_done(self.run_setup(*HOOKED), rows("created"))
        self.assert_installed()


class UpdateBesideTest(UpdateTest):
    """What the user has made himself, with names and in places that could be mistaken for ours."""

    def make_own(self):
        function = {"name": "netflow1_geo2", "function": ".mine = 1\n.", "params": "row", "transType": 0}
        self.change("POST", f"{self.api}/functions", function)
        self.change("POST", f"{self.api}/streams/netflow2?type=logs", {"fields": [], "settings": None})
        own = self.loaded("pipeline.json")
        own["name"] = "netflow2_geo"
        own["source"]["stream_name"] = "netflow2"
        for node in (own["nodes"][0], own["nodes"][2]):
            node["data"]["stream_name"] = "netflow2"
        self.change("POST", f"{self.api}/pipelines", own)
        board = self.loaded("dashboards/overview.json")
        self.change("POST", f"{self.api}/dashboards?folder={self.folder_id('dashboards')}",
                    {**board, "title": "Mine"})
        self.change("POST", f"{self.api}/dashboards?folder=default", {**board, "description": "mine"})
        self.change("POST", f"{self.api}/alerts/templates", {"name": "flowprobe2", "body": "mine"})
        self.change("POST", f"{self.api}/alerts/destinations",
                    {"name": "flowprobe2", "url": f"{HOOK}/mine", "template": "flowprobe2"})
        alert = {**self.loaded("alerts/port-scan.json"), "destinations": ["flowprobe2"], "description": "mine"}
        self.change("POST", f"/api/v2/{self.org}/alerts?folder={self.folder_id('alerts')}", {**alert, "name": "mine"})
        self.change("POST", f"/api/v2/{self.org}/alerts?folder=default", alert)

    def test_stays_as_it_is(self):
        ours = self.world()
        self.make_own()
        theirs = self.world()
        self.put_dashboard(DASHBOARDS[1], tabs=[])
        self.put_alert(ALERTS[0], description="changed")
        ended = self.run_setup(*HOOKED)
        self.assertEqual((ended.code, ended.done()["updated"]), (OK, ["dashboard", "alert"]))
        after = self.world()
        for kind in ("functions", "pipelines", "folders", "dashboards", "templates", "destinations", "alerts"):
            own = [thing for thing in theirs[kind] if thing not in ours[kind]]
            self.assertEqual([thing for thing in after[kind] if thing in own], own, kind)
            self.assertEqual(len(after[kind]), len(theirs[kind]), kind)
        self.assertEqual(after["streams"], theirs["streams"])

    def test_one_that_was_imported_twice(self):
        self.change("POST", f"{self.api}/dashboards?folder={self.folder_id('dashboards')}",
                    self.loaded("dashboards/overview.json"))
        before = self.world()
        self.assert_done(self.run_setup(*HOOKED), rows("is there"))
        self.assertEqual(self.world(), before)


if __name__ == "__main__":
    tap.main()
