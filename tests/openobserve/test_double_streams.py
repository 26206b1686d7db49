#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The double's streams and their settings."""
import tap
from bed import DoubleTest

FIELDS = [{"name": "bytes", "type": "Int64"}, {"name": "lat", "type": "Float64"}, {"name": "src_addr", "type": "Utf8"}]


class StreamTest(DoubleTest):
    def setUp(self):
        super().setUp()
        self.at = f"{self.api}/streams/flows"

    def create(self, fields=FIELDS, name="flows", **settings):
        return self.double.post(f"{self.api}/streams/{name}?type=logs", {"fields": fields, "settings": settings})

    def change(self, **order):
        return self.double.put(f"{self.at}/settings?type=logs", order)

    def shown(self):
        return self.double.get(f"{self.at}/schema?type=logs").json

    def settings(self):
        return self.shown()["settings"]

    def ingest_into(self, stream, records):
        return self.double.post(f"{self.api}/{stream}/_json", records)

    def stored(self, stream):
        return [record["a"] for record in self.double.records(stream, self.org)]


class CreationTest(StreamTest):
    def test_typed_stream(self):
        self.assert_message(self.create(FIELDS[::-1], index_fields=["src_addr"], data_retention=14), 200,
                            "stream created")
        self.assertEqual(self.shown()["schema"], [{"name": "_timestamp", "type": "Int64"}, *FIELDS])  # by name
        shown = self.settings()
        self.assertEqual((shown["index_fields"], shown["data_retention"], shown["enable_distinct_fields"]),
                         (["src_addr"], 14, False))

    def test_without_settings(self):
        self.assert_message(self.double.post(self.at, {"fields": []}), 200, "stream created")
        self.assertTrue(self.settings()["enable_distinct_fields"])

    def test_twice(self):
        self.create()
        response = self.create()
        self.assert_message(response, 400, "stream already exists")
        self.assertEqual(response.headers["x-error-message"], "stream already exists")

    def test_after_ingestion(self):
        self.ingest_into("flows", {"a": 1})
        self.assert_message(self.create(), 400, "stream already exists")

    def test_unknown_type(self):
        response = self.create([{"name": "x", "type": "Text"}])
        self.assert_message(response, 400, "invalid data type: Text")
        self.assertEqual(self.double.get(f"{self.at}/schema").status, 404)

    def test_bad_settings_leave_a_stream_without(self):
        self.assert_message(self.create(index_fields=["_timestamp"]), 400,
                            "field [_timestamp] is reserved and cannot be used for secondary index")
        self.assert_message(self.create(), 400, "stream already exists")
        self.assertEqual(self.settings()["index_fields"], [])

    def test_type_that_cannot_be_created(self):
        self.assert_message(self.double.post(f"{self.at}?type=enrichment_tables", {}), 400,
                            "Stream type 'enrichment_tables' not allowed")

    def test_types_hold_for_records(self):
        self.create()
        self.ingest_into("flows", {"lat": 1, "src_addr": 5, "a": 0})
        self.assertEqual([(record["lat"], record["src_addr"]) for record in self.double.records("flows", self.org)],
                         [(1.0, "5")])
        kinds = {column["name"]: column["type"] for column in self.shown()["schema"]}
        self.assertEqual((kinds["lat"], kinds["src_addr"], kinds["a"]), ("Float64", "Utf8", "Int64"))


class ListingTest(StreamTest):
    def test_list(self):
        self.create()
        self.create(name="Other.Flows")
        answer = self.double.get(f"{self.api}/streams?type=logs").json
        self.assertEqual(([stream["name"] for stream in answer["list"]], answer["total"]),
                         (["flows", "other_flows"], 2))
        self.assertEqual([stream["schema"] for stream in answer["list"]], [[], []])
        self.assertEqual(self.double.get(f"{self.api}/streams?type=metrics").json, {"list": [], "total": 0})
        [entry] = self.double.get(f"{self.api}/streams?fetchSchema=true&keyword=other").json["list"]
        self.assertEqual(len(entry["schema"]), 4)

    def test_schema(self):
        self.create()
        shown = self.shown()
        self.assertEqual((shown["name"], shown["storage_type"], shown["stream_type"], shown["total_fields"]),
                         ("flows", "disk", "logs", 4))
        self.assertEqual(shown["stats"]["doc_num"], 0)
        self.assert_message(self.double.get(f"{self.api}/streams/none/schema"), 404, "stream not found")

    def test_part_of_a_schema(self):
        self.create()
        shown = self.double.get(f"{self.at}/schema?keyword=a&limit=2&offset=1").json
        self.assertEqual([column["name"] for column in shown["schema"]], ["lat", "src_addr"])

    def test_delete(self):
        self.create()
        self.ingest_into("flows", {"a": 1})
        self.assert_message(self.double.delete(f"{self.at}?type=logs"), 200, "stream deleted")
        self.assert_message(self.double.delete(f"{self.at}?type=logs"), 404, "stream not found")
        self.assertEqual(self.stored("flows"), [])
        self.ingest_into("flows", {"a": 2})
        self.assertEqual(self.stored("flows"), [2])

    def test_delete_takes_the_name_as_it_is(self):
        self.create()
        self.assert_message(self.double.delete(f"{self.api}/streams/FLOWS"), 404, "stream not found")

    def test_records_during_a_deletion(self):
        self.addCleanup(self.double.control, switches={"deletion_s": 0})
        self.double.control(switches={"deletion_s": 60})
        self.create()
        self.double.delete(self.at)
        self.assert_message(self.ingest_into("flows", {"a": 1}), 400, "Error# stream [flows] is being deleted")
        self.double.control(clock_offset_s=61)
        self.assertEqual(self.ingest_into("flows", {"a": 1}).status, 200)

    def test_state(self):
        self.create(bloom_filter_fields=["src_addr"])
        state = self.double.state()["streams"][self.org]["logs"]["flows"]
        self.assertEqual(state["schema"],
                         {"_timestamp": "Int64", "bytes": "Int64", "lat": "Float64", "src_addr": "Utf8"})
        self.assertEqual(state["settings"]["bloom_filter_fields"], ["src_addr"])
        self.assertEqual(self.double.state(self.org)["streams"], {self.org: {"logs": {"flows": state}}})
        self.assertEqual(set(map(str, self.double.state("nobody").values())), {"{}", "[]"})


class SettingsTest(StreamTest):
    def setUp(self):
        super().setUp()
        self.create()

    def test_unknown_stream(self):
        self.assert_message(self.double.put(f"{self.api}/streams/none/settings", {}), 404, "stream not found")

    def test_lists(self):
        self.assert_message(self.change(index_fields={"add": ["bytes", "src_addr"]}, data_retention=7), 200, "")
        self.change(index_fields={"add": ["lat"], "remove": ["bytes"]})
        shown = self.settings()
        self.assertEqual((shown["index_fields"], shown["data_retention"]), (["src_addr", "lat"], 7))

    def test_bloom_filter_fields_are_indexed(self):
        self.change(bloom_filter_fields={"add": ["src_addr"]})
        self.assertEqual(self.settings()["index_fields"], ["src_addr"])

    def test_partition_keys(self):
        self.change(partition_keys={"add": [{"field": "src_addr", "types": {"hash": 16}}, {"field": "lat"}]})
        self.change(partition_keys={"remove": [{"field": "lat"}]})
        self.assertEqual(self.settings()["partition_keys"], {
            "L0": {"field": "src_addr", "types": {"hash": 16}, "disabled": False},
            "L1": {"field": "lat", "types": "value", "disabled": True}})
        self.assert_message(self.change(partition_keys={"add": [{"field": "src_addr", "types": "prefix"}]}), 400,
                            "field [src_addr] partition types can't be changed")

    def test_reserved(self):
        for name in ("_timestamp", "_all", "_all_values", "_original"):
            for order, use in (({"index_fields": {"add": [name]}}, "be used for secondary index"),
                               ({"bloom_filter_fields": {"add": [name]}}, "be used for secondary index"),
                               ({"partition_keys": {"add": [{"field": name}]}}, "be used as partition key")):
                self.assert_message(self.change(**order), 400, f"field [{name}] is reserved and cannot {use}")
        self.assert_message(self.change(full_text_search_keys={"add": ["_all"]}), 400,
                            "field [_all] is reserved and cannot be used for full text search")
        self.assert_message(self.change(full_text_search_keys={"add": ["_original"]}), 200, "")

    def test_uses_that_exclude_each_other(self):
        self.change(full_text_search_keys={"add": ["src_addr"]})
        for order, words in (
                ({"index_fields": {"add": ["src_addr"]}},
                 "field [src_addr] cannot be both full text search and secondary index — choose one"),
                ({"partition_keys": {"add": [{"field": "src_addr"}]}},
                 "partition key [src_addr] cannot also be a full text search field"),
                ({"index_fields": {"add": ["lat"]}, "partition_keys": {"add": [{"field": "lat"}]}},
                 "partition key [lat] cannot also be a secondary index field")):
            self.assert_message(self.change(**order), 400, words)
        self.assertEqual((self.settings()["index_fields"], self.settings()["partition_keys"]), ([], {}))

    def test_columns(self):
        self.assert_message(self.change(fields={"add": [{"name": "rtt", "type": "Int64"}], "remove": []}), 200, "")
        self.assertIn({"name": "rtt", "type": "Int64"}, self.shown()["schema"])
        self.assert_message(self.change(fields={"add": [{"name": "rtt", "type": "Int64"}]}), 500,
                            "error in update stream settings: update schema is empty")
        self.assertEqual(self.change(fields={"add": [{"name": "x", "type": "Text"}]}).status, 500)

    def test_bodies(self):
        self.assertEqual(self.double.put(f"{self.at}/settings", "{}").status, 415)
        self.assertEqual(self.change(index_fields=["src_addr"]).status, 422)
        self.assertEqual(self.change(data_retention="14").status, 422)
        self.assertEqual(self.change(unknown=1).status, 200)


if __name__ == "__main__":
    tap.main()
