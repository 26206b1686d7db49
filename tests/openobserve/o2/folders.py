# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Folders, of dashboards and of alerts. The default folder of each comes into being with the first thing put into
it."""
from .answer import Refused, json_answer, message, refuse, text
from .serde import struct
from .serde import text as words

TYPES = ("dashboards", "alerts", "reports", "synthetics")
DEFAULT = "default"
FOLDER = struct("CreateFolderRequestBody", name=words, description=words)


def type_of(call):
    folder_type = call.params["type"]
    if folder_type not in TYPES:
        known = ", ".join(f"`{name}`" for name in TYPES)
        raise Refused(text(400, f"Invalid URL: unknown variant `{folder_type}`, expected one of {known}"))
    return folder_type


def find(world, org, folder_type, folder_id):
    """The folder or None; the default one is made when it is asked for here, that is, when something is put into it."""
    key = (org, folder_type, folder_id)
    if folder_id == DEFAULT and key not in world.folders:
        world.folders[key] = {"folderId": DEFAULT, "name": DEFAULT, "description": DEFAULT, "type": folder_type}
    return world.folders.get(key)


def shown(folder):
    return {key: folder[key] for key in ("folderId", "name", "description")}


def folders_of(call):
    folder_type = type_of(call)
    return [folder for (org, kind, _), folder in call.world.folders.items() if org == call.org and kind == folder_type]


def existing(call):
    folder = call.world.folders.get((call.org, type_of(call), call.params["id"]))
    if not folder:
        raise Refused(message(404, "Folder not found"))
    return folder


def check_name(call, name, but_not=None):
    if not name:
        refuse(400, "Folder name cannot be empty")
    if any(folder["name"] == name and folder is not but_not for folder in folders_of(call)):
        refuse(400, "Folder with this name already exists in this organization")


def create(call):
    folder_type, name = type_of(call), call.body["name"].strip()
    check_name(call, name)
    folder = {"folderId": call.world.snowflake(), "name": name, "description": call.body["description"],
              "type": folder_type}
    call.world.folders[call.org, folder_type, folder["folderId"]] = folder
    return json_answer(shown(folder))


def get_list(call):
    return json_answer({"list": [shown(folder) for folder in folders_of(call)]})


def get_one(call):
    return json_answer(shown(existing(call)))


def get_by_name(call):
    for folder in folders_of(call):
        if folder["name"] == call.params["name"]:
            return json_answer(shown(folder))
    raise Refused(message(404, "Folder not found"))


def update(call):
    if call.params["id"] == DEFAULT:
        refuse(400, "Can't update default folder")
    folder = existing(call)
    check_name(call, call.body["name"].strip(), but_not=folder)
    folder["name"], folder["description"] = call.body["name"].strip(), call.body["description"]
    return message(200, "Folder updated")


def delete(call):
    folder, folder_type = existing(call), type_of(call)
    things = {"dashboards": call.world.dashboards, "alerts": call.world.alerts}.get(folder_type, {})
    if any(org == call.org and thing["folder_id"] == folder["folderId"] for (org, _), thing in things.items()):
        refuse(400, f"Folder contains {folder_type}, please move/delete {folder_type} from folder")
    del call.world.folders[call.org, folder_type, folder["folderId"]]
    return message(200, "Folder deleted")


ROUTES = [
    ("GET", "/api/v2/{org}/folders/{type}", get_list),
    ("POST", "/api/v2/{org}/folders/{type}", create, FOLDER),
    ("GET", "/api/v2/{org}/folders/{type}/{id}", get_one),
    ("PUT", "/api/v2/{org}/folders/{type}/{id}", update, FOLDER),
    ("DELETE", "/api/v2/{org}/folders/{type}/{id}", delete),
    ("GET", "/api/v2/{org}/folders/{type}/name/{name}", get_by_name),
]
