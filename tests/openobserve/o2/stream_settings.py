# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The settings of a stream, their shapes in requests, and the rules they have to keep.

A change is checked as a whole and refused as a whole. A field with a bloom filter is made a secondary index field
too; full text search, secondary index and partition key exclude each other.
"""
from .answer import refuse
from .serde import any_of, boolean, field, integer, list_of, maybe, one_of, struct, text

RESERVED = ("_timestamp", "_all")
RESERVED_FOR_SEARCH = ("_all_values", "_original")  # but full text search may have them
LISTS = ("full_text_search_keys", "index_fields", "bloom_filter_fields", "distinct_value_fields",
         "defined_schema_fields")
PLAIN = {"data_retention": 0, "max_query_range": 0, "store_original_data": False, "approx_partition": False,
         "index_original_data": False, "index_all_values": False, "enable_distinct_fields": True,
         "enable_log_patterns_extraction": False}

PARTITION = struct("StreamPartition", field=text, disabled=field(boolean, False), types=field(
    any_of("StreamPartitionType", one_of("value", "prefix"), struct("StreamPartitionType", hash=integer(0))), "value"))
NAMES = list_of(text)


def wrapper(inner):
    return field(struct("UpdateSettingsWrapper", add=field(list_of(inner), list), remove=field(list_of(inner), list)),
                 lambda: {"add": [], "remove": []})


COLUMN = struct("StreamField", name=text, type=text)
PLAIN_SHAPES = {name: boolean if isinstance(default, bool) else integer() for name, default in PLAIN.items()}
# In a new stream's settings; what is not given there is off, enable_distinct_fields included.
INITIAL = struct("StreamSettings", partition_keys=field(list_of(PARTITION), list),
                 **{name: field(NAMES, list) for name in LISTS},
                 **{name: field(shape, type(PLAIN[name])()) for name, shape in PLAIN_SHAPES.items()})
UPDATE = struct("UpdateStreamSettings", fields=wrapper(COLUMN), partition_keys=wrapper(PARTITION),
                **{name: wrapper(text) for name in LISTS},
                **{name: maybe(shape) for name, shape in PLAIN_SHAPES.items()})


def unique(names):
    return list(dict.fromkeys(names))


class Settings:
    def __init__(self):
        self.partition_keys = []  # {"field", "types", "disabled"}; never shorter, for old data is laid out by them
        self.lists = {name: [] for name in LISTS}
        self.plain = dict(PLAIN)

    def as_dict(self):
        return {"partition_keys": {f"L{level}": dict(key) for level, key in enumerate(self.partition_keys)},
                **{name: list(names) for name, names in self.lists.items()}, "extended_retention_days": [],
                **self.plain}

    def adopt(self, initial):
        self.change(initial["partition_keys"], {name: initial[name] for name in LISTS},
                    {name: initial[name] for name in PLAIN})

    def update(self, order):
        gone = {key["field"] for key in order["partition_keys"]["remove"]}
        keys = [{**key, "disabled": True} if key["field"] in gone else key for key in self.partition_keys]
        for added in order["partition_keys"]["add"]:
            keys = [key for key in keys if key["field"] != added["field"]] + [added]
        lists = {name: [entry for entry in names if entry not in order[name]["remove"]] + order[name]["add"]
                 for name, names in self.lists.items()}
        self.change(keys, lists, {**self.plain, **{name: order[name] for name in PLAIN if name in order}})

    def change(self, keys, lists, plain):
        """Checks all of it, then takes it."""
        lists = {name: unique(names) for name, names in lists.items()}
        keys = list({key["field"]: key for key in reversed(keys)}.values())[::-1]
        lists["index_fields"] = unique(lists["index_fields"] + lists["bloom_filter_fields"])
        if plain["index_original_data"] and plain["index_all_values"]:
            refuse(400, "index_original_data & index_all_values cannot be true at the same time")
        check_reserved(keys, lists)
        check_overlap(keys, lists)
        self.partition_keys = merge_partitions(self.partition_keys, keys)
        self.lists, self.plain = lists, plain


def check_reserved(keys, lists):
    partitioned = [key["field"] for key in keys]
    for name in RESERVED + RESERVED_FOR_SEARCH:
        if name in lists["index_fields"]:  # and so are those with a bloom filter, by now
            refuse(400, f"field [{name}] is reserved and cannot be used for secondary index")
        if name in partitioned:
            refuse(400, f"field [{name}] is reserved and cannot be used as partition key")
    for name in RESERVED:
        if name in lists["full_text_search_keys"]:
            refuse(400, f"field [{name}] is reserved and cannot be used for full text search")


def common(names, others):
    return next((name for name in names if name in others), None)


def check_overlap(keys, lists):
    # Bloom filters have rules of their own in the server, which these hide, since their fields are index fields too.
    full_text, index = lists["full_text_search_keys"], lists["index_fields"]
    partitioned = [key["field"] for key in keys]
    if name := common(full_text, index):
        refuse(400, f"field [{name}] cannot be both full text search and secondary index — choose one")
    if name := common(partitioned, full_text):
        refuse(400, f"partition key [{name}] cannot also be a full text search field")
    if name := common(partitioned, index):
        refuse(400, f"partition key [{name}] cannot also be a secondary index field")


def merge_partitions(old, new):
    merged = [{**key, "disabled": True} for key in old]
    for key in new:
        known = next((candidate for candidate in merged if candidate["field"] == key["field"]), None)
        if known is None:
            merged.append(dict(key))
        elif known["types"] != key["types"]:
            refuse(400, f"field [{key['field']}] partition types can't be changed")
        else:
            known["disabled"] = key["disabled"]
    return merged
