#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The files for OpenObserve hold what the server and its user interface demand, and fit each other and the records.

The demands are those of OpenObserve 0.93 and dashboards of version 8. What the SQL answers is for test_panels.py and
test_alerts.py.
"""
import functools
import json
import re
import unittest

import assets
import sql
import tap

ENDS = ("src", "dst")
GEO = {
    "city_name": "Utf8",
    "continent_code": "Utf8",
    "country_code": "Utf8",
    "country_name": "Utf8",
    "timezone": "Utf8",
    "latitude": "Float64",
    "longitude": "Float64",
    "metro_code": "Int64",
    "region_name": "Utf8",
    "region_code": "Utf8",
    "postal_code": "Utf8",
}
ASN = {
    "autonomous_system_number": "Int64",
    "autonomous_system_organization": "Utf8",
    "isp": "Utf8",
    "organization": "Utf8",
}

GRID = 192
PANEL_TYPES = {"area-stacked", "donut", "geomap", "h-bar", "line", "metric", "stacked", "table"}  # of those there are
UNITS = {"bytes", "bps", "numbers", "percent", "seconds"}
CHOICES = {"host": "host", "interface": "if_name", "direction": "direction"}  # variable: column
# A record's number counts over all interfaces and directions of its probe.
HOST_ONLY = {"exporter_health_gaps"}
SCALE = "* CASE WHEN sampling_rate > 0 THEN sampling_rate ELSE 1 END"


def for_each(things):
    """A test that is called with what each of things() holds after its name, in a subtest of that name."""

    def wrap(test):
        @functools.wraps(test)
        def run(self):
            for name, *thing in things():
                with self.subTest(name):
                    test(self, *thing)

        return run

    return wrap


for_each_dashboard = for_each(assets.dashboards)
for_each_panel = for_each(assets.panels)
for_each_alert = for_each(assets.alerts)


def axis_items(panel):
    fields = panel["queries"][0]["fields"]
    single = [fields[name] for name in ("latitude", "longitude", "weight") if name in fields]
    return [item for name in ("x", "y", "z", "breakdown") for item in fields[name]] + single


class Files(unittest.TestCase):
    def test_all_are_there(self):
        self.assertEqual(
            assets.names(),
            [
                "alert-destination.json",
                "alert-template.json",
                "alerts/exporter-loss.json",
                "alerts/new-top-talker.json",
                "alerts/port-scan.json",
                "alerts/traffic-spike.json",
                "dashboards/exporter-health.json",
                "dashboards/geography.json",
                "dashboards/interfaces-hosts.json",
                "dashboards/overview.json",
                "dashboards/top-talkers.json",
                "folder.json",
                "pipeline.json",
                "stream.json",
            ],
        )

    def test_are_json_before_and_after_the_placeholders_are_replaced(self):
        for name in assets.names():
            with self.subTest(name):
                json.loads(assets.text(name))
                json.loads(assets.fill(assets.text(name)))

    def test_use_all_placeholders_and_no_others(self):
        found = {word for name in assets.names() for word in re.findall(r"@\w*@?", assets.text(name))}
        self.assertEqual(found, set(assets.PLACEHOLDERS))

    def test_have_no_name_of_a_stream_but_the_placeholder(self):
        for name in assets.names():
            with self.subTest(name):
                content = assets.text(name)
                self.assertEqual(set(re.findall(r'FROM \\"(.*?)\\"', content)) - {"@STREAM@"}, set())
                self.assertEqual(
                    set(re.findall(r'"stream(?:_name)?": "(.*?)"', content)) - {"@STREAM@", "{stream_name}"}, set()
                )

    def test_are_explained(self):
        readme = (assets.FOLDER / "README.md").read_text(encoding="utf-8")
        for name in assets.names() + ["geo.vrl"] + list(assets.PLACEHOLDERS):
            with self.subTest(name):
                self.assertIn(f"`{name}`", readme)


class Stream(unittest.TestCase):
    def setUp(self):
        self.stream = assets.load("stream.json")
        self.types = assets.stream_types()

    def test_has_the_fields_of_the_encoder_and_those_of_the_function_with_their_types(self):
        wanted = {}
        for record in assets.sample_records():
            for name, value in record.items():
                wanted[name] = {int: "Int64", str: "Utf8"}[type(value)]
        for end in ENDS:
            wanted.update({f"{end}_geo_{name}": kind for name, kind in GEO.items()})
            wanted.update({f"{end}_asn_{name}": kind for name, kind in ASN.items()})
        self.assertEqual(self.types, wanted)
        self.assertEqual(len(self.types), len(self.stream["fields"]), "a field is there twice")

    def test_settings_obey_the_rules_of_the_server(self):
        settings = self.stream["settings"]
        index, bloom = set(settings["index_fields"]), set(settings["bloom_filter_fields"])
        words, partitions = set(settings["full_text_search_keys"]), set(settings["partition_keys"])
        self.assertLessEqual(bloom, index)
        self.assertFalse(index & words or index & partitions or words & partitions)
        self.assertEqual({self.types[name] for name in index}, {"Utf8"})
        self.assertLessEqual({"src_addr", "dst_addr", "community_id", "host"}, index)
        self.assertGreater(settings["data_retention"], 0)
        self.assertIs(settings["enable_distinct_fields"], True)


class Enrichment(unittest.TestCase):
    def test_function_adds_each_object_from_its_table_and_address_only_if_the_lookup_succeeded(self):
        code = "\n".join(line for line in assets.text("geo.vrl").splitlines() if not line.startswith("#"))
        found = re.findall(
            r'(\w+), (\w+) = get_enrichment_table_record\("(\w+)", \{"ip": \.(\w+)\}\)\n'
            r"if (\w+) == null \{\n    \.(\w+) = (\w+)\n\}",
            code,
        )
        self.assertEqual(
            {(table, address, column) for _, _, table, address, _, column, _ in found},
            {
                (table, f"{end}_addr", f"{end}_{kind}")
                for end in ENDS
                for kind, table in (("geo", "maxmind_city"), ("asn", "maxmind_asn"))
            },
        )
        for place, error, _, _, asked, _, assigned in found:
            self.assertEqual((asked, assigned), (error, place))
        self.assertEqual(code.count("get_enrichment_table_record"), 4)
        self.assertNotIn("!", code, "what aborts loses the rest of the record's places")
        self.assertEqual(code.strip().splitlines()[-1], ".")

    def test_pipeline_leads_the_stream_through_the_function_back_into_itself(self):
        pipeline = assets.load("pipeline.json")
        nodes = {node["id"]: node for node in pipeline["nodes"]}
        self.assertEqual(len(nodes), len(pipeline["nodes"]))
        follow = {edge["source"]: edge["target"] for edge in pipeline["edges"]}
        self.assertEqual(len({edge["id"] for edge in pipeline["edges"]}), 2)
        (start,) = [name for name, node in nodes.items() if node["io_type"] == "input"]
        path = [nodes[start], nodes[follow[start]], nodes[follow[follow[start]]]]
        self.assertEqual([node["io_type"] for node in path], ["input", "default", "output"])
        self.assertEqual(
            path[0]["data"],
            {"node_type": "stream", "org_id": "default", "stream_name": assets.STREAM, "stream_type": "logs"},
        )
        self.assertEqual(
            path[1]["data"], {"node_type": "function", "name": "netflow_geo", "after_flatten": True, "num_args": 0}
        )
        self.assertEqual(path[2]["data"], path[0]["data"])
        stream = {key: value for key, value in path[0]["data"].items() if key != "node_type"}
        self.assertEqual(pipeline["source"], {"source_type": "realtime", **stream})
        self.assertEqual(pipeline["org"], "default")


class Dashboards(unittest.TestCase):
    @for_each_dashboard
    def test_have_what_version_8_demands(self, dashboard):
        self.assertEqual(dashboard["version"], 8)
        self.assertTrue(dashboard["title"] and dashboard["description"])
        # What the server decides must not be said, or setup would find a difference every time.
        self.assertFalse({"dashboardId", "owner", "role", "created"} & set(dashboard))
        self.assertEqual([tab["tabId"] for tab in dashboard["tabs"]], ["default"])
        self.assertTrue(dashboard["tabs"][0]["name"])
        self.assertEqual(dashboard["variables"]["showDynamicFilters"], True)
        self.assertEqual(dashboard["defaultDatetimeDuration"]["type"], "relative")
        self.assertRegex(dashboard["defaultDatetimeDuration"]["relativeTimePeriod"], r"^\d+[mhd]$")
        titles = [dashboard["title"] for _, dashboard in assets.dashboards()]
        self.assertEqual(len(set(titles)), len(titles), "setup finds them by title")

    @for_each_panel
    def test_panels_have_what_version_8_demands(self, panel, query):
        identities = [name for name, _, _ in assets.panels()]
        self.assertEqual(len(set(identities)), len(identities))
        self.assertIn(panel["type"], PANEL_TYPES)
        self.assertTrue(panel["title"] and panel["description"])
        self.assertEqual(panel["queryType"], "sql")
        self.assertIsInstance(panel["config"]["show_legends"], bool)
        self.assertIn("legends_position", panel["config"])
        (query,) = panel["queries"]
        self.assertIs(query["customQuery"], True)
        self.assertIsInstance(query["config"]["promql_legend"], str)
        fields = query["fields"]
        self.assertEqual((fields["stream"], fields["stream_type"]), (assets.STREAM, "logs"))
        self.assertEqual(fields["filter"], {"filterType": "group", "logicalOperator": "AND", "conditions": []})
        for item in axis_items(panel):
            self.assertTrue(item["label"])
            self.assertEqual((item["column"], item["type"], item["color"]), (item["alias"], "custom", None))

    @for_each_panel
    def test_panels_have_as_many_fields_as_their_type_takes(self, panel, _):
        counts = {
            "metric": (0, 1, 0),
            "donut": (1, 1, 0),
            "h-bar": (1, 1, 0),
            "line": (1, 1, 1),
            "area-stacked": (1, 1, 1),
            "stacked": (1, 1, 1),
            "geomap": (0, 0, 0),
        }
        fields = panel["queries"][0]["fields"]
        if panel["type"] == "table":
            self.assertTrue(fields["x"] and fields["y"] and not fields["breakdown"])
        else:
            self.assertEqual(tuple(len(fields[name]) for name in ("x", "y", "breakdown")), counts[panel["type"]])
        if panel["type"] == "geomap":
            self.assertEqual([item["alias"] for item in axis_items(panel)], ["latitude", "longitude", "weight"])
            self.assertEqual(panel["queries"][0]["config"]["layer_type"], "scatter")
            self.assertEqual(set(panel["config"]["map_view"]), {"zoom", "lat", "lng"})

    @for_each_panel
    def test_panels_show_exactly_what_they_select(self, panel, query):
        self.assertEqual(sorted(item["alias"] for item in axis_items(panel)), sorted(sql.columns(query)))

    @for_each_dashboard
    def test_panels_fill_the_grid_without_overlap(self, dashboard):
        taken = {}
        for tab in dashboard["tabs"]:
            self.assertEqual([panel["layout"]["i"] for panel in tab["panels"]], list(range(1, len(tab["panels"]) + 1)))
            for panel in tab["panels"]:
                layout = panel["layout"]
                self.assertGreaterEqual(layout["w"], 32)
                self.assertGreaterEqual(layout["h"], 8 if panel["type"] == "metric" else 16)
                for x in range(layout["x"], layout["x"] + layout["w"]):
                    for y in range(layout["y"], layout["y"] + layout["h"]):
                        self.assertNotIn((x, y), taken, f"{panel['id']} and {taken.get((x, y))}")
                        taken[x, y] = panel["id"]
        self.assertEqual({x for x, _ in taken}, set(range(GRID)))
        self.assertEqual(len(taken), GRID * (1 + max(y for _, y in taken)), "there is a hole")

    @for_each_dashboard
    def test_variables_choose_all_until_told_otherwise(self, dashboard):
        variables = {variable["name"]: variable for variable in dashboard["variables"]["list"]}
        self.assertEqual(list(variables)[:3], list(CHOICES))
        for name, column in CHOICES.items():
            variable = variables[name]
            self.assertEqual(
                (variable["type"], variable["multiSelect"], variable["selectAllValueForMultiSelect"]),
                ("query_values", True, "all"),
            )
            self.assertEqual(
                (variable["value"], variable["escapeSingleQuotes"], variable["scope"]), ("", True, "global")
            )
            self.assertEqual(
                {key: variable["query_data"][key] for key in ("stream_type", "stream", "field", "filter")},
                {"stream_type": "logs", "stream": assets.STREAM, "field": column, "filter": []},
            )
        resolution = variables.get("resolution")
        if resolution:
            self.assertEqual((resolution["type"], resolution["multiSelect"]), ("custom", False))
            self.assertEqual(
                [option["value"] for option in resolution["options"] if option["selected"]], [resolution["value"]]
            )
            for option in resolution["options"]:
                self.assertEqual(86400 % int(option["value"]), 0, "the server would round it up")
        used = {
            name
            for tab in dashboard["tabs"]
            for panel in tab["panels"]
            for name in re.findall(r"\$\{(\w+)", panel["queries"][0]["query"])
        }
        self.assertEqual(used, set(variables))

    @for_each_panel
    def test_panels_obey_the_variables(self, panel, query):
        *_, innermost = sql.levels(query)
        where = sql.clauses(innermost)["WHERE"]
        for variable, column in CHOICES.items():
            condition = f"{column} IN (${{{variable}:singlequote}})"
            self.assertEqual(where.count(condition), 0 if panel["id"] in HOST_ONLY and variable != "host" else 1)
        self.assertEqual(query.count(":singlequote}"), 1 if panel["id"] in HOST_ONLY else 3)
        self.assertNotRegex(where, r"\bOR\b", "would get around the conditions before it")

    @for_each_panel
    def test_series_are_in_the_chosen_resolution_and_per_second(self, panel, query):
        if panel["type"] not in ("line", "area-stacked", "stacked"):
            self.assertNotIn("histogram(", query)
            return
        found = sql.columns(query)
        self.assertEqual(found["x_axis_1"], "histogram(_timestamp, '${resolution} second')")
        self.assertEqual(sql.clauses(query)["ORDER BY"], "x_axis_1, breakdown_1")
        self.assertEqual("per second" in panel["title"], found["y_axis_1"].endswith(" / CAST(${resolution} AS DOUBLE)"))
        self.assertEqual(
            panel["queries"][0]["fields"]["x"][0]["args"],
            [{"type": "field", "value": {"field": "_timestamp", "streamAlias": None}}],
        )

    @for_each_panel
    def test_lists_are_in_order(self, panel, query):
        parts = sql.clauses(query)
        if panel["type"] in ("table", "h-bar", "donut", "geomap"):
            order = sql.split(parts["ORDER BY"])
            self.assertGreaterEqual(int(parts["LIMIT"]), 10)
            self.assertEqual(order[1:], sql.split(parts["GROUP BY"]), "ties would come in any order")

    @for_each_panel
    def test_sums_are_scaled_by_the_sampling_rate(self, _, query):
        for counter in re.finditer(r"\b(?:bytes|packets)\b", query):
            self.assertTrue(query[counter.end() :].startswith(f" {SCALE}"), query[counter.start() :])

    @for_each_panel
    def test_units_are_those_the_user_interface_knows(self, panel, query):
        config = panel["config"]
        if panel["type"] != "table":
            self.assertIn(config["unit"], UNITS)
            return
        self.assertNotIn("unit", config, "would be that of every number in the table")
        shown = set(sql.columns(query))
        for override in config.get("override_config", []):
            self.assertEqual(override["field"]["matchBy"], "name")
            self.assertIn(override["field"]["value"], shown)
            (unit,) = override["config"]
            self.assertEqual((unit["type"], unit["value"]["customUnit"]), ("unit", ""))
            self.assertIn(unit["value"]["unit"], UNITS)

    @for_each_panel
    def test_bytes_and_packets_have_their_units(self, panel, query):
        units = {"bytes": {"bytes", "bps"}, "packets": {"numbers"}}
        given = {
            override["field"]["value"]: override["config"][0]["value"]["unit"]
            for override in panel["config"].get("override_config", [])
        }
        for alias, expression in sql.columns(query).items():
            counters = set(re.findall(r"\b(bytes|packets)\b", expression))
            if len(counters) == 1 and not expression.startswith("100.0"):
                unit = panel["config"].get("unit", given.get(alias))
                self.assertIn(unit, units[counters.pop()], alias)
                self.assertEqual(unit == "bps", "CAST(${resolution}" in expression and "bytes" in expression)

    @for_each_panel
    def test_sql_is_what_datafusion_takes(self, _, query):
        for level in sql.levels(query):
            self.assertEqual(list(sql.traps(level)), [])


class Alerts(unittest.TestCase):
    @for_each_alert
    def test_have_what_the_server_demands(self, alert, _):
        self.assertTrue(alert["description"])
        self.assertNotRegex(alert["name"], r"[:#?&%/'\"\s]")
        self.assertEqual((alert["stream_name"], alert["stream_type"]), (assets.STREAM, "logs"))
        self.assertEqual((alert["is_real_time"], alert["enabled"], alert["destinations"]), (False, True, ["pager"]))
        condition = dict(alert["query_condition"])
        del condition["sql"]
        self.assertEqual(
            condition,
            {
                "type": "sql",
                "conditions": [],
                "promql": None,
                "promql_condition": None,
                "aggregation": None,
                "vrl_function": None,
                "multi_time_range": [],
            },
        )
        trigger = alert["trigger_condition"]
        self.assertEqual(
            (trigger["operator"], trigger["threshold"]), (">=", 1), "the SQL returns what is wrong, and nothing else"
        )
        self.assertEqual((trigger["frequency_type"], trigger["cron"], trigger["timezone"]), ("minutes", "", "UTC"))
        self.assertGreater(trigger["frequency"], 0)
        self.assertLessEqual(trigger["frequency"], trigger["period"])
        self.assertGreaterEqual(trigger["silence"], trigger["frequency"])
        names = [alert["name"] for _, alert, _ in assets.alerts()]
        self.assertEqual(len(set(names)), len(names), "setup finds them by name")

    @for_each_alert
    def test_sql_is_what_the_server_takes(self, _, query):
        self.assertNotRegex(query, r"(?i)select +\*")
        for level in sql.levels(query):
            self.assertEqual(list(sql.traps(level)), [])

    @for_each_alert
    def test_sums_are_scaled_by_the_sampling_rate(self, _, query):
        for counter in re.finditer(r"\b(?:bytes|packets)\b", query):
            self.assertTrue(query[counter.end() :].startswith(f" {SCALE}"), query[counter.start() :])

    @for_each_alert
    def test_messages_name_only_what_the_sql_returns(self, alert, query):
        named = set(re.findall(r"\{(\w+)\}", alert["row_template"]))
        self.assertTrue(named)
        self.assertLessEqual(named, set(sql.columns(query)))

    def test_destination_and_template_fit(self):
        template, destination = assets.load("alert-template.json"), assets.load("alert-destination.json")
        self.assertEqual(destination["template"], template["name"])
        self.assertEqual(destination["name"], "pager")
        self.assertEqual((template["type"], destination["type"], destination["method"]), ("http", "http", "post"))
        known = {"alert_name", "stream_name", "org_name", "alert_count", "alert_period", "alert_url", "rows"}
        self.assertEqual(set(re.findall(r"\{(\w+)\}", template["body"])), known)
        message = json.loads(re.sub(r"\{\w+\}", "text", template["body"]))
        self.assertTrue(message["text"])


if __name__ == "__main__":
    tap.main()
