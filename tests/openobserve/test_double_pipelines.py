#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The double's functions and pipelines, and what pipelines make of records."""
import tap
from bed import DoubleTest

VRL = """geo, err = get_enrichment_table_record("maxmind_city", {"ip": .src_addr})
if err == null { .src_geo = geo }
."""


class FunctionTest(DoubleTest):
    def save(self, name="geo", source=VRL, **more):
        return self.double.post(f"{self.api}/functions", {"name": name, "function": source, "params": "row",
                                                          "transType": 0, **more})

    def listed(self):
        return self.double.get(f"{self.api}/functions").json["list"]

    def test_save(self):
        self.assert_message(self.save(), 200, "Function saved successfully")
        [function] = self.listed()
        self.assertEqual((function["name"], function["function"], function["transType"]), ("geo", VRL, 0))
        self.assert_message(self.save(), 400, "Function already exist")

    def test_program_is_completed(self):
        self.save(source=".a = 1")
        self.assertEqual(self.listed()[0]["function"], ".a = 1 \n .")

    def test_blanks_around_the_program_are_cut(self):
        self.save(source=f"\n{VRL} \n\n")
        self.assertEqual(self.listed()[0]["function"], VRL)

    def test_update(self):
        change = {"name": "geo", "function": ".a = 2\n.", "params": "row", "transType": 0}
        self.assert_message(self.double.put(f"{self.api}/functions/geo", change), 404, "Function not found")
        self.save()
        self.assert_message(self.double.put(f"{self.api}/functions/geo", change), 200, "Function saved successfully")
        response = self.double.put(f"{self.api}/functions/geo", change)  # nothing to do: it is shown instead
        self.assertEqual((response.status, response.json["function"]), (200, ".a = 2\n."))

    def test_what_is_refused(self):
        for name, source, words in (("", VRL, "Function name cannot be empty"),
                                    ("x", " ", "Function body cannot be empty")):
            self.assert_message(self.save(name, source), 400, words)
        self.assert_message(self.save(transType=2), 400, "Invalid transform type. Use 0 for VRL or 1 for JS.")
        for source in ('.a = "x', "if true { .a = 1", ".a = [1)\n.",
                       'geo = get_enrichment_table_record("maxmind_city", {"ip": .x})\n.',
                       'geo = get_enrichment_table_record!("no_such_table", {"ip": .x})\n.'):
            with self.subTest(source):
                self.assertEqual(self.save(source=source).status, 400)
        self.assertEqual(self.listed(), [])
        self.assertEqual(self.save(source=VRL.replace(", err =", " =").replace("record(", "record!(")).status, 200)

    def test_comments_and_strings_are_no_syntax(self):
        self.assertEqual(self.save(source='# it is (\n.a = "}" + r\'[\'\n.').status, 200)

    def test_without_mmdb(self):
        self.addCleanup(self.double.control, switches={"mmdb_loaded": True})
        self.double.control(switches={"mmdb_loaded": False})
        response = self.save()
        self.assertEqual(response.status, 400)
        self.assertIn("maxmind_city", response.json["message"])
        self.assertEqual(self.save(source=".a = 1").status, 200)

    def test_test(self):
        answer = self.double.post(f"{self.api}/functions/test", {"function": VRL, "events": [{"A": {"b": 1}}]}).json
        self.assertEqual(answer, {"results": [{"message": "", "event": {"a_b": 1}}]})
        self.assertEqual(self.double.post(f"{self.api}/functions/test", {"function": "{", "events": []}).status, 400)

    def test_delete(self):
        self.save()
        self.assert_message(self.double.delete(f"{self.api}/functions/geo"), 200, "Function deleted")
        self.assert_message(self.double.delete(f"{self.api}/functions/geo"), 404, "Function not found")


class PipelineTest(DoubleTest):
    SOURCE = {"source_type": "realtime"}

    def setUp(self):
        super().setUp()
        self.double.post(f"{self.api}/functions", {"name": "geo", "function": VRL, "params": "row", "transType": 0})

    def ingest_into(self, stream, records):
        """Returns (name, successful, failed)."""
        [status] = self.double.post(f"{self.api}/{stream}/_json", records).json["status"]
        return status["name"], status["successful"], status["failed"]

    def stored(self, stream):
        return [record["a"] for record in self.double.records(stream, self.org)]

    def stream_node(self, name, io_type, stream):
        return {"id": name, "io_type": io_type, "position": {"x": 100, "y": 100},
                "data": {"node_type": "stream", "org_id": self.org, "stream_name": stream, "stream_type": "logs"}}

    def pipeline(self, source=None, target="flows", **more):
        function = {"id": "fn", "io_type": "default", "position": {"x": 100, "y": 200},
                    "data": {"node_type": "function", "name": "geo", "after_flatten": True, "num_args": 0}}
        return {"name": " Flows_Geo ", "description": "", "source": source or self.SOURCE, "org": self.org,
                "nodes": [self.stream_node("in", "input", "flows"), function,
                          self.stream_node("out", "output", target)],
                "edges": [{"id": "a", "source": "in", "target": "fn"}, {"id": "b", "source": "fn", "target": "out"}],
                **more}

    def qualified(self):
        return {"source_type": "realtime", "org_id": self.org, "stream_name": "flows", "stream_type": "logs"}

    def create(self, query="", **more):
        return self.double.post(f"{self.api}/pipelines{query}", self.pipeline(**more))

    def listed(self):
        return self.double.get(f"{self.api}/pipelines").json["list"]

    def test_create(self):
        response = self.create()
        self.assert_message(response, 200, "Pipeline created successfully", id=response.json["id"], name="flows_geo")
        [pipeline] = self.listed()
        self.assertEqual((pipeline["pipeline_id"], pipeline["name"], pipeline["version"], pipeline["source"],
                          pipeline["enabled"]),
                         (response.json["id"], "flows_geo", 0, self.qualified(), True))
        self.assertEqual(self.double.get(f"{self.api}/pipelines/{pipeline['pipeline_id']}").json, pipeline)
        self.assertEqual(self.double.get(f"{self.api}/pipelines/streams").json["list"],
                         [{"org_id": self.org, "stream_name": "flows", "stream_type": "logs"}])

    def test_one_per_stream_if_the_source_names_it(self):
        self.create(source=self.qualified())
        self.assert_message(self.create(source=self.qualified()), 400,
                            "A realtime pipeline with same source stream already exists")

    def test_source_that_names_nothing_gets_past(self):
        self.create()
        self.assertEqual(self.create().status, 200)
        self.assertEqual(len(self.listed()), 2)
        self.assertEqual(self.ingest_into("flows", [{"a": 1}, {"a": 2}]), ("flows", 4, 0))
        self.assertEqual(self.stored("flows"), [1, 2, 1, 2])

    def test_overwrite(self):
        first = self.create().json["id"]
        response = self.create("?overwrite=true", pipeline_id=first, target="elsewhere")
        self.assertEqual((response.status, response.json["id"]), (200, first))
        [pipeline] = self.listed()
        self.assertEqual((pipeline["version"], pipeline["nodes"][2]["data"]["stream_name"]), (1, "elsewhere"))
        self.assertEqual(self.create("?overwrite=true", pipeline_id=first, source=self.qualified()).status, 400)

    def test_id_without_overwrite_is_ignored(self):
        self.assertNotEqual(self.create(pipeline_id="7").json["id"], "7")

    def test_update(self):
        created = self.create().json["id"]
        change = self.pipeline(pipeline_id=created, version=0, description="new")
        response = self.double.put(f"{self.api}/pipelines", change)
        self.assert_message(response, 200, "Pipeline updated successfully", id=created, name="flows_geo")
        self.assertEqual([(pipeline["version"], pipeline["description"]) for pipeline in self.listed()], [(1, "new")])
        self.assert_message(self.double.put(f"{self.api}/pipelines", change), 409,
                            f"Pipeline with ID {created} modified by someone else. Please refresh.")
        self.assert_message(self.double.put(f"{self.api}/pipelines", {**change, "pipeline_id": "7"}), 404,
                            "Pipeline with ID 7 not found.")

    def test_delete(self):
        created = self.create().json["id"]
        self.assert_message(self.double.delete(f"{self.api}/pipelines/{created}"), 200, "Pipeline deleted successfully")
        self.assert_message(self.double.delete(f"{self.api}/pipelines/{created}"), 404,
                            f"Pipeline with ID {created} not found.")

    def test_what_is_refused(self):
        good = self.pipeline()
        nodes, edges = good["nodes"], good["edges"]
        unflattened = [nodes[0], nodes[1],
                       {**nodes[1], "id": "f2", "data": {**nodes[1]["data"], "after_flatten": False}}, nodes[2]]
        for change, words in (
                ({"nodes": []},
                 "Empty pipeline. Please add Source/Destination nodes, or any applicable Transform Nodes"),
                ({"edges": []}, "Please connect all Nodes to complete pipeline creation"),
                ({"nodes": nodes[1:]}, "Source must be either a StreamNode or QueryNode"),
                ({"edges": edges[:1]},
                 "Insufficient number of edges to connect all nodes. Need at least 2 for 3 nodes, but got 1."),
                ({"edges": [edges[0], {**edges[1], "target": "x"}]}, "Edge #1's target node not found in nodes list"),
                ({"edges": edges + [{"id": "c", "source": "out", "target": "in"}]}, "Cyclical pipeline detected."),
                ({"edges": [edges[0], {**edges[1], "source": "in"}]}, "All leaf nodes must be StreamNode"),
                ({"nodes": unflattened,
                  "edges": [edges[0], {**edges[1], "target": "f2"}, {**edges[1], "source": "f2"}]},
                 "After Flatten must be checked if a previous FunctionNode already checked it in the same branch."),
                ({"nodes": [nodes[0], {**nodes[1], "data": {**nodes[1]["data"], "name": "none"}}, nodes[2]]},
                 "Failed to load function 'none': Function not found")):
            with self.subTest(words):
                self.assert_message(self.double.post(f"{self.api}/pipelines", {**good, **change}), 400,
                                    f"Invalid pipeline {words}")
        self.assertEqual(self.listed(), [])

    def test_records_go_where_it_says(self):
        self.create(target="elsewhere")
        self.assertEqual(self.ingest_into("flows", [{"a": 1}, {"a": 2}]), ("flows", 2, 0))
        self.assertEqual((self.stored("flows"), self.stored("elsewhere")), ([], [1, 2]))

    def test_disabled(self):
        created = self.create(target="elsewhere").json["id"]
        self.assertEqual(self.double.put(f"{self.api}/pipelines/{created}/enable?value=false").status, 200)
        self.ingest_into("flows", {"a": 1})
        self.assertEqual((self.stored("flows"), self.stored("elsewhere")), ([1], []))
        self.double.put(f"{self.api}/pipelines/{created}/enable?value=true")
        self.ingest_into("flows", {"a": 2})
        self.assertEqual((self.stored("flows"), self.stored("elsewhere")), ([1], [2]))

    def test_function_in_use(self):
        created = self.create().json["id"]
        self.assertEqual(self.double.get(f"{self.api}/functions/geo").json,
                         {"list": [{"id": created, "name": "flows_geo"}]})
        self.assert_message(self.double.delete(f"{self.api}/functions/geo"), 409,
                            "Warning: Function 'geo' has 1 pipeline dependencies. Please remove these pipelines first: "
                            '["flows_geo"]')


if __name__ == "__main__":
    tap.main()
