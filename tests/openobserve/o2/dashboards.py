# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Dashboards. Each POST makes a new one, whatever id and title it came with; a PUT needs the hash of what it
replaces.

The hash covers the whole content, `created` included, and `created` becomes now when it was not sent: so the hash
changes with each PUT that leaves it out, even when nothing else has.
"""
import datetime
import hashlib

from . import dashboard_model, folders
from .answer import Refused, encode, json_answer, message, refuse

U64_DIGITS = 20


def iso(moment_us):
    return datetime.datetime.fromtimestamp(moment_us / 1e6, datetime.timezone.utc).isoformat().replace("+00:00", "Z")


def hash_of(content):
    return str(int.from_bytes(hashlib.sha256(encode(content)).digest()[:8], "big"))


def shown(dashboard):
    versions = {f"v{number}": None for number in range(1, dashboard_model.CURRENT + 1)}
    versions[f"v{dashboard['version']}"] = dashboard["content"]
    return {**versions, "version": dashboard["version"], "hash": dashboard["hash"],
            "updatedAt": dashboard["updated_at"]}


def listed(world, org, dashboard):
    content = dashboard["content"]
    return {**shown(dashboard), "folder_id": dashboard["folder_id"],
            "folder_name": world.folders[org, "dashboards", dashboard["folder_id"]]["name"],
            "dashboard_id": content["dashboardId"], "title": content["title"], "description": content["description"],
            "role": content["role"], "owner": content["owner"], "created": content["created"]}


def keep(call, folder_id, dashboard_id, content):
    now_us = call.world.clock.now_us()
    content = {**content, "dashboardId": dashboard_id, "created": content.get("created") or iso(now_us)}
    dashboard = {"folder_id": folder_id, "version": content["version"], "hash": hash_of(content), "updated_at": now_us,
                 "content": content}
    call.world.dashboards[call.org, dashboard_id] = dashboard
    return json_answer(shown(dashboard))


def folder_id_of(call):
    return call.query.get("folder") or folders.DEFAULT


def create(call):
    if not folders.find(call.world, call.org, "dashboards", folder_id_of(call)):
        raise Refused(message(404, "Folder not found"))
    if not call.body["title"].strip():
        refuse(500, "Dashboard should have title")
    return keep(call, folder_id_of(call), call.world.snowflake(), {**call.body, "owner": call.user})


def find_or_404(call):
    dashboard = call.world.dashboards.get((call.org, call.params["id"]))
    if not dashboard:
        raise Refused(message(404, "Dashboard not found"))
    return dashboard


def update(call):
    dashboard = find_or_404(call)
    if dashboard["folder_id"] != folder_id_of(call):
        raise Refused(message(404, "Dashboard not found"))
    given = call.query.get("hash", "")
    if not (given.isdecimal() and len(given) <= U64_DIGITS):
        refuse(500, "Request to update existing dashboard with missing or invalid hash value. BUG")
    if given != dashboard["hash"]:
        refuse(409, "Conflict: Failed to save due to concurrent changes. Please refresh the page after backing up your "
                    "work to avoid losing changes.")
    if not call.body["title"].strip():
        refuse(500, "Dashboard should have title")
    return keep(call, dashboard["folder_id"], call.params["id"], call.body)


def get_list(call):
    """By folder, by a part of the title, or both. Without either: those of the default folder."""
    folder, title = call.query.get("folder"), call.query.get("title")
    if not folder and not title:
        folder = folders.DEFAULT
    found = [listed(call.world, org, dashboard) for (org, _), dashboard in call.world.dashboards.items()
             if org == call.org and (not folder or dashboard["folder_id"] == folder)
             and (not title or title.lower() in dashboard["content"]["title"].lower())]
    page = call.query.get("pageSize", "")
    return json_answer({"dashboards": found[:int(page)] if title and page.isdecimal() else found})


def get_one(call):
    return json_answer(shown(find_or_404(call)))


def delete(call):
    find_or_404(call)
    del call.world.dashboards[call.org, call.params["id"]]
    return message(200, "Dashboard deleted")


ROUTES = [
    ("GET", "/api/{org}/dashboards", get_list),
    ("POST", "/api/{org}/dashboards", create, dashboard_model.read),
    ("GET", "/api/{org}/dashboards/{id}", get_one),
    ("PUT", "/api/{org}/dashboards/{id}", update, dashboard_model.read),
    ("DELETE", "/api/{org}/dashboards/{id}", delete),
]
