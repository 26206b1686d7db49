# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What the server says about itself.

/config needs no login in 0.93 and has the version. In later releases (the switch config_split) it has only what the
login page needs, and the rest has moved to where an organisation's members can read it.
"""
from .answer import Answer, empty, json_answer

BUILD = {"commit_hash": "0000000000000000000000000000000000000000", "build_type": "opensource"}
PUBLIC = {**BUILD, "telemetry_enabled": True, "sso_enabled": False, "native_login_enabled": True,
          "custom_logo_text": "", "custom_logo_img": None, "custom_logo_dark_img": None, "custom_hide_self_logo": False,
          "rum": {"enabled": False, "client_token": "", "application_id": "", "site": "", "service": "", "env": "",
                  "version": "", "organization_identifier": "", "api_version": "", "insecure_http": False}}


def full(world):
    return {"version": "v0.93.0", "instance": world.node, "build_date": "2026-08-21T00:00:00Z", **PUBLIC,
            "default_fts_keys": ["log", "message", "msg", "content", "data", "body", "json", "error"],
            "default_secondary_index_fields": ["trace_id", "service_name"], "default_functions": [
                {"name": "match_all", "text": "match_all('v')"}, {"name": "str_match", "text": "str_match(f, 'v')"}],
            "sql_base64_enabled": False, "timestamp_column": "_timestamp", "syslog_enabled": False,
            "data_retention_days": 3650, "extended_data_retention_days": 3650,
            "restricted_routes_on_empty_data": False, "max_query_range": 0,
            "user_defined_schemas_enabled": False, "all_fields_name": "_all", "usage_enabled": False,
            "base_uri": world.base_path, "min_auto_refresh_interval": 5, "query_default_limit": 1000,
            "ingestion_url": ""}


def get_health(call):
    return json_answer({"status": "ok"})


def get_config(call):
    return json_answer(PUBLIC if call.world.switches.config_split else full(call.world))


def get_org_config(call):
    return json_answer(full(call.world)) if call.world.switches.config_split else empty(404)


def get_root(call):
    return empty(308, [("location", call.world.base_path + "/web/")])


def get_metrics(call):
    counters = call.world.counters.as_dict()
    lines = ["# HELP zo_ingest_records Ingested records", "# TYPE zo_ingest_records counter",
             f"zo_ingest_records {counters['records_stored']}"]
    return Answer(200, ("\n".join(lines) + "\n").encode(), "text/plain; version=0.0.4")


ROUTES = [
    ("GET", "/", get_root),
    ("GET", "/healthz", get_health),
    ("GET", "/config", get_config),
    ("GET", "/metrics", get_metrics),
    ("GET", "/api/{org}/config", get_org_config),
]
