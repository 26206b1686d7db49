#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The double's alerts, where they are sent, and how they are worded."""
import base64

import tap
from bed import DoubleTest

TEMPLATE = {"name": "flow_tpl", "body": '{"text":"{alert_name} on {stream_name}"}', "type": "http"}
HOOK = {"name": "hook", "url": "https://example.com/hook", "method": "post", "type": "http", "template": "flow_tpl",
        "skip_tls_verify": False}
SQL = """SELECT src_addr, approx_distinct(dst_port) AS ports FROM "flows" GROUP BY src_addr
         HAVING approx_distinct(dst_port) > 100"""
CONDITION = {"type": "sql", "conditions": [], "sql": SQL, "promql": None, "promql_condition": None, "aggregation": None,
             "vrl_function": None, "multi_time_range": []}
TRIGGER = {"period": 10, "operator": ">=", "threshold": 1, "frequency": 5, "frequency_type": "minutes", "cron": "",
           "silence": 60, "timezone": "UTC"}
ALERT = {"name": "flow_port_scan", "stream_type": "logs", "stream_name": "flows", "is_real_time": False,
         "query_condition": CONDITION, "trigger_condition": TRIGGER, "destinations": ["hook"], "context_attributes": {},
         "enabled": True, "description": ""}
UNFIT_NAME = "name cannot contain ':', '#', '?', '&', '%', '/', quotes and space characters"
BLOCKED = "Destination URL blocked by SSRF guard: "


class NotificationTest(DoubleTest):
    def save_template(self, **change):
        return self.double.post(f"{self.api}/alerts/templates", {**TEMPLATE, **change})

    def save_destination(self, query="", **change):
        return self.double.post(f"{self.api}/alerts/destinations{query}", {**HOOK, **change})


class TemplateTest(NotificationTest):
    def listed(self):
        return [template["name"] for template in self.double.get(f"{self.api}/alerts/templates").json]

    def test_save(self):
        response = self.save_template()
        self.assert_message(response, 200, "Template saved", id=response.json["id"], name="flow_tpl")
        self.assertRegex(response.json["id"], r"^[0-9A-Za-z]{27}$")
        self.assertEqual(self.listed()[0], "flow_tpl")
        self.assertIn("prebuilt_slack", self.listed())
        self.assertEqual(self.double.get(f"{self.api}/alerts/templates/flow_tpl").json,
                         {**TEMPLATE, "isDefault": False, "title": ""})

    def test_what_is_refused(self):
        self.save_template()
        self.assert_message(self.save_template(), 400, "Template with the same name already exists")
        self.assert_message(self.save_template(body=""), 400, "Template body cannot be empty")
        self.assert_message(self.save_template(name=""), 400, "Template name cannot be empty")
        for name in ("a b", "a:b", "a/b", "a'b", "a%b"):
            self.assert_message(self.save_template(name=name), 400, f"Template {UNFIT_NAME}")
        self.assertEqual(self.save_template(name="prebuilt_mine").status, 400)
        self.assertEqual(self.save_template(type="fax").status, 422)

    def test_update_and_delete(self):
        path = f"{self.api}/alerts/templates/flow_tpl"
        self.assert_message(self.double.put(path, TEMPLATE), 404, "Template not found")
        self.save_template()
        self.assert_message(self.double.put(path, {**TEMPLATE, "body": "x"}), 200, "Template updated")
        self.assertEqual(self.double.get(path).json["body"], "x")
        self.save_destination()
        self.assert_message(self.double.delete(path), 409, "Template is in use for destination hook")
        self.double.delete(f"{self.api}/alerts/destinations/hook")
        self.assert_message(self.double.delete(path), 200, "Template deleted")
        self.assert_message(self.double.delete(path), 404, "Template not found")


class DestinationTest(NotificationTest):
    def test_save(self):
        response = self.save_destination()  # its template need not exist
        self.assert_message(response, 200, "Destination saved", id=response.json["id"], name="hook")
        shown = self.double.get(f"{self.api}/alerts/destinations/hook").json
        self.assertEqual({key: shown[key] for key in HOOK}, HOOK)
        self.assertEqual([entry["name"] for entry in self.double.get(f"{self.api}/alerts/destinations").json], ["hook"])

    def test_what_is_refused(self):
        self.save_destination()
        self.assert_message(self.save_destination(), 400, "Destination with the same name already exists")
        self.assert_message(self.save_destination(url=""), 400, "HTTP destination must have a url")
        self.assert_message(self.save_destination(type="email"), 400, "Email destination must have SMTP configured")
        self.assert_message(self.save_destination(name="a b"), 400, f"Destination {UNFIT_NAME}")
        self.assertEqual(self.save_destination(method="patch").status, 422)

    def test_addresses_that_are_not_public(self):
        for host in ("127.0.0.1", "10.1.2.3", "192.168.1.1", "192.0.2.10", "169.254.169.254", "[::1]", "[fd00::1]"):
            self.assert_message(self.save_destination(url=f"http://{host}:8080/x"), 400,
                                f"{BLOCKED}Access to private IP address {host.strip('[]')} is not allowed for security "
                                "reasons. This prevents Server-Side Request Forgery (SSRF) attacks.")
        self.assert_message(self.save_destination(url="http://localhost/"), 400,
                            f"{BLOCKED}Access to localhost is not allowed for security reasons")
        self.assert_message(self.save_destination(url="http://hooks.internal/"), 400,
                            f"{BLOCKED}Access to internal domain hooks.internal is not allowed for security reasons")
        self.assertEqual(self.save_destination(url="ftp://example.com/").status, 400)
        self.assertEqual(self.save_destination(url="http://1.1.1.1/").status, 200)

    def test_loopback_allowed(self):
        self.addCleanup(self.double.control, switches={"ssrf_allow_loopback": False})
        self.double.control(switches={"ssrf_allow_loopback": True})
        self.assertEqual(self.save_destination(url="http://127.0.0.1:9/").status, 200)
        self.assertEqual(self.save_destination(url="http://10.0.0.1:9/", name="other").status, 400)

    def test_update_and_delete(self):
        path = f"{self.api}/alerts/destinations/hook"
        self.assert_message(self.double.put(path, HOOK), 404, "Destination not found")
        self.save_destination()
        self.assert_message(self.double.put(path, {**HOOK, "method": "get"}), 200, "Destination updated")
        self.assertEqual(self.double.get(path).json["method"], "get")
        self.assert_message(self.double.delete(path), 200, "Destination deleted")
        self.assert_message(self.double.delete(path), 404, "Destination not found")


class AlertTest(NotificationTest):
    def setUp(self):
        super().setUp()
        self.alerts = f"/api/v2/{self.org}/alerts"
        self.save_template()
        self.save_destination()
        self.double.post(f"{self.api}/streams/flows", {"fields": []})

    def save(self, query="", condition=None, trigger=None, **change):
        return self.double.post(f"{self.alerts}{query}", {
            **ALERT, "query_condition": {**CONDITION, **(condition or {})},
            "trigger_condition": {**TRIGGER, **(trigger or {})}, **change})

    def listed(self, query=""):
        return self.double.get(f"{self.alerts}{query}").json["list"]

    def test_save(self):
        response = self.save("?folder=default")
        self.assert_message(response, 200, "Alert saved", id=response.json["id"], name="flow_port_scan")
        self.assertRegex(response.json["id"], r"^[0-9A-Za-z]{27}$")
        [entry] = self.listed("?folder=default")
        self.assertEqual({key: entry[key] for key in ("alert_id", "folder_id", "folder_name", "name", "owner",
                                                      "alert_type", "enabled", "is_real_time", "last_triggered_at")},
                         {"alert_id": response.json["id"], "folder_id": "default", "folder_name": "default",
                          "name": "flow_port_scan", "owner": "root@example.com", "alert_type": "scheduled",
                          "enabled": True, "is_real_time": False, "last_triggered_at": None})
        shown = self.double.get(f"{self.alerts}/{response.json['id']}").json
        self.assertEqual((shown["query_condition"]["sql"], shown["trigger_condition"]["period"], shown["destinations"]),
                         (SQL, 10, ["hook"]))

    def test_names_are_not_unique(self):
        self.assertNotEqual(self.save().json["id"], self.save().json["id"])
        self.assertEqual(len(self.listed()), 2)

    def test_given_id(self):
        made = self.save().json["id"]
        self.assert_message(self.save(id=made), 409, "Alert already exists")
        other = made[:-1] + ("a" if made[-1] != "a" else "b")
        self.assertEqual(self.save(id=other).json["id"], other)

    def test_what_is_missing(self):
        for change, words in (({"stream_name": "none"}, "Stream none not found"),
                              ({"destinations": ["hook", "none"]}, "Alert destination none not found"),
                              ({"template": "none"}, "Alert template none not found")):
            self.assert_message(self.save(**change), 404, words)
        self.assert_message(self.save("?folder=7"), 404, "Error creating alert in folder that cannot be found")

    def test_what_is_refused(self):
        for change, words in (
                ({"name": "port scan"},
                 "Alert name cannot contain ':', '#', '?', '&', '%', quotes and space characters"),
                ({"name": "port/scan"}, "Alert name cannot contain '/'"), ({"name": ""}, "Alert name is required"),
                ({"destinations": []}, "Alert destination or workflows is required"),
                ({"is_real_time": True}, "Realtime alert should use Custom query type"),
                ({"condition": {"sql": None}}, "Alert with SQL mode should have a query"),
                ({"condition": {"sql": 'select  * from "flows"'}},
                 "Alert with SQL can not contain SELECT * in the SQL query"),
                ({"condition": {"type": "promql"}}, "Alert with PromQL mode should have a query")):
            with self.subTest(words):
                self.assert_message(self.save(**change), 400, words)
        self.assertEqual(self.save(condition={"vrl_function": "%"}).status, 400)
        self.assertEqual(self.save(trigger={"frequency_type": "cron", "cron": "*/5 * * * *"}).status, 400)
        self.assertEqual(self.save(trigger={"operator": "=="}).status, 422)
        self.assertEqual(self.listed(), [])

    def test_destination_of_a_pipeline(self):
        self.save_destination("?module=pipeline", name="remote")
        self.assertEqual(self.save(destinations=["remote"]).status, 403)

    def test_period_beyond_the_range_of_queries(self):
        self.double.put(f"{self.api}/streams/flows/settings", {"max_query_range": 1})
        self.assertEqual([self.save(trigger={"period": minutes}).status for minutes in (60, 61)], [200, 400])

    def test_repairs(self):
        made = self.save(condition={"vrl_function": base64.urlsafe_b64encode(b".a = 1").decode()},
                         trigger={"frequency": 0, "cron": "x"}).json["id"]
        shown = self.double.get(f"{self.alerts}/{made}").json
        self.assertEqual(base64.urlsafe_b64decode(shown["query_condition"]["vrl_function"]), b".a = 1\n.")
        self.assertEqual((shown["trigger_condition"]["frequency"], shown["trigger_condition"]["cron"]), (1, ""))

    def test_mandatory_period(self):
        trigger = {key: value for key, value in TRIGGER.items() if key != "period"}
        self.assert_mismatch(self.double.post(self.alerts, {**ALERT, "trigger_condition": trigger}),
                             "trigger_condition: missing field `period`")

    def test_list(self):
        made = self.double.post(f"/api/v2/{self.org}/folders/alerts", {"name": "f", "description": ""})
        folder = made.json["folderId"]
        self.double.post(f"{self.api}/streams/other", {"fields": []})
        self.save(f"?folder={folder}", name="one")
        self.save(name="two", stream_name="other", enabled=False)
        for query, names in (("", ["one", "two"]), (f"?folder={folder}", ["one"]),
                             ("?alert_name_substring=TW", ["two"]), ("?stream_type=logs&stream_name=other", ["two"]),
                             ("?enabled=true", ["one"]), ("?owner=nobody", [])):
            self.assertEqual([alert["name"] for alert in self.listed(query)], names, query)
        self.assert_message(self.double.delete(f"/api/v2/{self.org}/folders/alerts/{folder}"), 400,
                            "Folder contains alerts, please move/delete alerts from folder")

    def test_update(self):
        path = f"{self.alerts}/{self.save().json['id']}"
        self.assert_message(self.double.put(path, {**ALERT, "description": "new"}), 200, "Alert Updated")
        self.assertEqual(self.double.get(path).json["description"], "new")
        self.assert_message(self.double.put(path, {**ALERT, "stream_name": "none"}), 404, "Stream none not found")

    def test_enable_and_delete(self):
        made = self.save().json["id"]
        response = self.double.request("PATCH", f"{self.alerts}/{made}/enable?value=false")
        self.assertEqual((response.status, [alert["enabled"] for alert in self.listed()]), (200, [False]))
        self.assert_message(self.double.delete(f"{self.api}/alerts/destinations/hook"), 409,
                            "Destination is currently used by alert: flow_port_scan")
        self.assert_message(self.double.delete(f"{self.alerts}/{made}"), 200, "Alert deleted")
        self.assertEqual(self.listed(), [])
        self.assert_message(self.double.get(f"{self.alerts}/{made}"), 404, f"alert {made} not found")
        self.assert_message(self.double.get(f"{self.alerts}/7"), 404, "invalid alert id 7")


if __name__ == "__main__":
    tap.main()
