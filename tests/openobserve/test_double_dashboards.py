#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The double's folders and dashboards."""
import copy

import tap
from bed import DoubleTest

AXIS = {"label": "Time", "alias": "x_axis_1", "column": "x_axis_1", "color": None, "type": "custom", "args": []}
DASHBOARD = {
    "version": 8, "title": "Flows", "description": "what flows",
    "tabs": [{"tabId": "default", "name": "Default", "panels": [{
        "id": "p1", "type": "area-stacked", "title": "Bytes", "description": "", "queryType": "sql",
        "config": {"show_legends": True, "legends_position": None, "unit": "bytes"},
        "queries": [{
            "query": 'SELECT histogram(_timestamp) AS "x_axis_1", sum(bytes) AS "y" FROM "netflow1" GROUP BY x_axis_1',
            "vrlFunctionQuery": "", "customQuery": True, "config": {"promql_legend": ""},
            "fields": {"stream": "netflow1", "stream_type": "logs", "x": [AXIS], "y": [], "z": [], "breakdown": [],
                       "filter": {"filterType": "group", "logicalOperator": "AND", "conditions": []}}}],
        "layout": {"x": 0, "y": 0, "w": 96, "h": 18, "i": 1}}]}],
    "variables": {"list": [], "showDynamicFilters": True},
    "defaultDatetimeDuration": {"type": "relative", "relativeTimePeriod": "15m"}}
OLD_PANEL = {"id": "p1", "type": "table", "fields": {"stream": "netflow1"}, "config": {"show_legends": True},
             "query": "SELECT 1"}
OLD = {"version": 2, "dashboardId": "", "title": "Old", "description": "", "role": "", "owner": "", "created": "",
       "panels": [OLD_PANEL]}


class FolderTest(DoubleTest):
    def setUp(self):
        super().setUp()
        self.folders = f"/api/v2/{self.org}/folders/dashboards"

    def make_folder(self, name="Netflow"):
        return self.double.post(self.folders, {"name": name, "description": ""})

    def make_dashboard(self, folder=None, **change):
        query = f"?folder={folder}" if folder else ""
        return self.double.post(f"{self.api}/dashboards{query}", {**DASHBOARD, **change})


class FoldersTest(FolderTest):
    def test_create(self):
        made = self.make_folder().json
        self.assertEqual(made, {"folderId": made["folderId"], "name": "Netflow", "description": ""})
        self.assertRegex(made["folderId"], r"^\d{19}$")
        self.assertEqual(self.double.get(self.folders).json, {"list": [made]})
        self.assertEqual(self.double.get(f"{self.folders}/{made['folderId']}").json, made)
        self.assertEqual(self.double.get(f"{self.folders}/name/Netflow").json, made)
        self.assertEqual(self.double.get(self.folders.replace("dashboards", "alerts")).json, {"list": []})

    def test_what_is_refused(self):
        self.make_folder()
        self.assert_message(self.make_folder(), 400, "Folder with this name already exists in this organization")
        self.assert_message(self.make_folder(" "), 400, "Folder name cannot be empty")
        self.assertEqual(self.double.post(self.folders, {"name": "x"}).status, 422)
        self.assert_text(self.double.get(self.folders.replace("dashboards", "things")), 400, "Invalid URL: unknown "
                         "variant `things`, expected one of `dashboards`, `alerts`, `reports`, `synthetics`")
        for path in (f"{self.folders}/7", f"{self.folders}/name/none"):
            self.assert_message(self.double.get(path), 404, "Folder not found")

    def test_update(self):
        made = self.make_folder().json["folderId"]
        change = {"name": "Flows", "description": "d"}
        self.assert_message(self.double.put(f"{self.folders}/{made}", change), 200, "Folder updated")
        self.assertEqual(self.double.get(f"{self.folders}/{made}").json, {"folderId": made, **change})
        self.assert_message(self.double.put(f"{self.folders}/default", change), 400, "Can't update default folder")

    def test_delete(self):
        made = self.make_folder().json["folderId"]
        dashboard = self.make_dashboard(made).json["v8"]["dashboardId"]
        self.assert_message(self.double.delete(f"{self.folders}/{made}"), 400,
                            "Folder contains dashboards, please move/delete dashboards from folder")
        self.double.delete(f"{self.api}/dashboards/{dashboard}?folder={made}")
        self.assert_message(self.double.delete(f"{self.folders}/{made}"), 200, "Folder deleted")
        self.assert_message(self.double.delete(f"{self.folders}/{made}"), 404, "Folder not found")

    def test_default_folder_comes_with_the_first_dashboard(self):
        self.assertEqual(self.double.get(self.folders).json, {"list": []})
        self.make_dashboard()
        self.assertEqual(self.double.get(self.folders).json,
                         {"list": [{"folderId": "default", "name": "default", "description": "default"}]})


class DashboardTest(FolderTest):
    def listed(self, query=""):
        return [(entry["title"], entry["dashboard_id"], entry["hash"], entry["folder_id"])
                for entry in self.double.get(f"{self.api}/dashboards{query}").json["dashboards"]]

    def put(self, made, query, **change):
        return self.double.put(f"{self.api}/dashboards/{made['v8']['dashboardId']}{query}", {**DASHBOARD, **change})

    def changed(self, change):
        dashboard = copy.deepcopy(DASHBOARD)
        change(dashboard, dashboard["tabs"][0]["panels"][0])
        return self.double.post(f"{self.api}/dashboards", dashboard)

    def test_create(self):
        response = self.make_dashboard(dashboardId="mine", owner="somebody", nonsense=1)
        made = response.json
        self.assertEqual(response.status, 200)
        self.assertEqual([made[f"v{number}"] for number in range(1, 8)], [None] * 7)
        self.assertRegex(made["hash"], r"^\d{1,20}$")
        content = made["v8"]
        self.assertRegex(content.pop("dashboardId"), r"^\d{19}$")
        self.assertTrue(content.pop("created"))
        config = {"show_legends": True, "legends_position": None, "unit": "bytes", "base_map": None, "map_view": None}
        expected = copy.deepcopy({**DASHBOARD, "role": "", "owner": "root@example.com"})
        expected["tabs"][0]["panels"][0]["config"] = config
        self.assertEqual(content, expected)

    def test_each_post_makes_another(self):
        ids = {self.make_dashboard(dashboardId="mine").json["v8"]["dashboardId"] for _ in range(2)}
        self.assertEqual(len(ids), 2)
        self.assertEqual(len(self.listed()), 2)

    def test_list(self):
        folder = self.make_folder().json["folderId"]
        here, there = self.make_dashboard(title="Flow A").json, self.make_dashboard(folder, title="flow b").json
        first, second = (("Flow A", here["v8"]["dashboardId"], here["hash"], "default"),
                         ("flow b", there["v8"]["dashboardId"], there["hash"], folder))
        self.assertEqual(self.listed(), [first])
        self.assertEqual(self.listed(f"?folder={folder}"), [second])
        self.assertEqual(self.listed("?title=FLOW"), [first, second])
        self.assertEqual(self.listed(f"?title=flow&folder={folder}"), [second])
        self.assertEqual(self.listed("?title=flow&pageSize=1"), [first])
        self.assertEqual(self.listed("?title=none"), [])

    def test_get(self):
        made = self.make_dashboard().json
        self.assertEqual(self.double.get(f"{self.api}/dashboards/{made['v8']['dashboardId']}").json, made)
        self.assert_message(self.double.get(f"{self.api}/dashboards/7"), 404, "Dashboard not found")

    def test_update(self):
        made = self.make_dashboard().json
        response = self.put(made, f"?folder=default&hash={made['hash']}", title="New")
        self.assertEqual((response.status, response.json["v8"]["title"]), (200, "New"))
        self.assertNotEqual(response.json["hash"], made["hash"])
        self.assert_message(self.put(made, f"?hash={made['hash']}"), 409,
                            "Conflict: Failed to save due to concurrent changes. Please refresh the page after backing "
                            "up your work to avoid losing changes.")
        self.assertEqual(self.listed(), [("New", made["v8"]["dashboardId"], response.json["hash"], "default")])

    def test_update_without_change(self):
        made = self.make_dashboard(created="2026-08-21T00:00:00Z").json
        same = self.put(made, f"?hash={made['hash']}", created="2026-08-21T00:00:00Z", owner="root@example.com").json
        self.assertEqual(same["hash"], made["hash"])
        self.double.control(clock_offset_s=60)
        self.assertNotEqual(self.put(made, f"?hash={made['hash']}", owner="root@example.com").json["hash"],
                            made["hash"])

    def test_update_without_hash(self):
        made = self.make_dashboard().json
        for query in ("", "?hash=", "?hash=x"):
            self.assert_message(self.put(made, query), 500,
                                "Request to update existing dashboard with missing or invalid hash value. BUG")

    def test_update_in_another_folder(self):
        made, folder = self.make_dashboard().json, self.make_folder().json["folderId"]
        self.assert_message(self.put(made, f"?folder={folder}&hash={made['hash']}"), 404, "Dashboard not found")

    def test_delete(self):
        path = f"{self.api}/dashboards/{self.make_dashboard().json['v8']['dashboardId']}"
        self.assert_message(self.double.delete(path), 200, "Dashboard deleted")
        self.assert_message(self.double.delete(path), 404, "Dashboard not found")

    def test_unknown_folder(self):
        self.assert_message(self.make_dashboard("7"), 404, "Folder not found")

    def test_without_title(self):
        self.assert_message(self.make_dashboard(title=" "), 500, "Dashboard should have title")

    def test_versions(self):
        self.assert_mismatch(self.make_dashboard(version=9), "unsupported version: 9")
        made = self.double.post(f"{self.api}/dashboards", OLD).json
        self.assertEqual((made["version"], made["v8"], made["v2"]["panels"]), (2, None, [OLD_PANEL]))
        content = {name: value for name, value in DASHBOARD.items() if name != "version"}
        self.assertEqual(self.double.post(f"{self.api}/dashboards", content).json["version"], 8)
        self.assert_mismatch(self.double.post(f"{self.api}/dashboards",
                                              {**OLD, "panels": [{**OLD_PANEL, "config": {}}]}),
                             "panels[0].config: missing field `show_legends`")

    def test_what_a_panel_must_have(self):
        for change, words in (
                (lambda _, panel: panel["config"].pop("show_legends"),
                 "tabs[0].panels[0].config: missing field `show_legends`"),
                (lambda _, panel: panel["queries"][0]["config"].pop("promql_legend"),
                 "tabs[0].panels[0].queries[0].config: missing field `promql_legend`"),
                (lambda _, panel: panel.pop("description"), "tabs[0].panels[0]: missing field `description`"),
                (lambda _, panel: panel["queries"][0].pop("customQuery"),
                 "tabs[0].panels[0].queries[0]: missing field `customQuery`"),
                (lambda _, panel: panel["config"].update(unit=1),
                 "tabs[0].panels[0].config.unit: invalid type: integer `1`, expected a string"),
                (lambda _, panel: panel["queries"][0]["fields"].update(filter=[]),
                 "tabs[0].panels[0].queries[0].fields.filter: data did not match any variant of untagged enum "
                 "PanelFilter"),
                (lambda _, panel: panel["queries"][0]["fields"].update(stream_type="log"),
                 "tabs[0].panels[0].queries[0].fields.stream_type: unknown variant `log`, expected one of `logs`, "
                 "`metrics`, `traces`, `metadata`, `index`, `enrichment_tables`, `filelist`, `service_graph`"),
                (lambda dashboard, _: dashboard["tabs"][0].pop("tabId"), "tabs[0]: missing field `tabId`"),
                (lambda dashboard, _: dashboard.update(tabs={}), "tabs: invalid type: map, expected a sequence")):
            with self.subTest(words):
                self.assert_mismatch(self.changed(change), words)
        self.assertEqual(self.listed(), [])

    def test_what_is_unknown_is_forgotten(self):
        def add(dashboard, panel):
            panel["config"]["bogus"] = panel["bogus"] = 1
            panel["queries"][0]["fields"]["filter"]["conditions"] = [
                {"type": "list", "values": [], "column": {"field": "proto"}, "operator": None, "value": None,
                 "logicalOperator": "AND", "filterType": "condition", "bogus": 1}]
        panel = self.changed(add).json["v8"]["tabs"][0]["panels"][0]
        self.assertNotIn("bogus", str(panel))
        self.assertEqual(panel["queries"][0]["fields"]["filter"]["conditions"][0]["column"],
                         {"field": "proto", "streamAlias": None})


if __name__ == "__main__":
    tap.main()
