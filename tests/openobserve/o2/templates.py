# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Templates of alert messages. Those named prebuilt_… are the server's own, and can be read but not changed."""
import re

from .answer import Refused, json_answer, message, refuse
from .serde import boolean, field, one_of, struct, text

UNFIT_NAME = re.compile(r"""[:#?\s'"%&/]""")
PREBUILT_PREFIX = "prebuilt_"
PREBUILT = ("slack", "msteams", "pagerduty", "discord", "webhook", "opsgenie", "servicenow", "email")
TEMPLATE = struct("Template", name=field(text, ""), body=text, type=field(one_of("http", "email", "sns"), "http"),
                  isDefault=field(boolean, False), title=field(text, ""))


def prebuilt(kind):
    return {"name": PREBUILT_PREFIX + kind, "body": '{"text":"{alert_name}"}',
            "type": "email" if kind == "email" else "http", "isDefault": True, "title": ""}


def find(world, org, name):
    if name.startswith(PREBUILT_PREFIX) and name.removeprefix(PREBUILT_PREFIX) in PREBUILT:
        return prebuilt(name.removeprefix(PREBUILT_PREFIX))
    return world.templates.get((org, name))


def check(call, name):
    if not call.body["body"].strip():
        refuse(400, "Template body cannot be empty")
    if not name:
        refuse(400, "Template name cannot be empty")
    if UNFIT_NAME.search(name):
        refuse(400, "Template name cannot contain ':', '#', '?', '&', '%', '/', quotes and space characters")
    if name.startswith(PREBUILT_PREFIX):
        refuse(400, f"Template name cannot start with '{PREBUILT_PREFIX}'")  # Guess: the words


def find_or_404(call):
    template = find(call.world, call.org, call.params["name"])
    if not template:
        raise Refused(message(404, "Template not found"))
    return template


def create(call):
    name = call.body["name"].strip()
    check(call, name)
    if (call.org, name) in call.world.templates:
        refuse(400, "Template with the same name already exists")
    call.world.templates[call.org, name] = {**call.body, "name": name}
    return message(200, "Template saved", id=call.world.ksuid(), name=name)


def update(call):
    name = call.params["name"]
    check(call, name)
    find_or_404(call)
    call.world.templates[call.org, name] = {**call.body, "name": name}
    return message(200, "Template updated")


def get_list(call):
    own = [template for (org, _), template in sorted(call.world.templates.items()) if org == call.org]
    return json_answer(own + [prebuilt(kind) for kind in PREBUILT])  # no object around it


def get_one(call):
    return json_answer(find_or_404(call))


def delete(call):
    find_or_404(call)
    for (org, _), destination in call.world.destinations.items():
        if org == call.org and destination.get("template") == call.params["name"]:
            refuse(409, f"Template is in use for destination {destination['name']}")
    if call.world.templates.pop((call.org, call.params["name"]), None) is None:
        refuse(400, "Prebuilt templates cannot be deleted")  # Guess: the words
    return message(200, "Template deleted")


ROUTES = [
    ("GET", "/api/{org}/alerts/templates", get_list),
    ("POST", "/api/{org}/alerts/templates", create, TEMPLATE),
    ("GET", "/api/{org}/alerts/templates/{name}", get_one),
    ("PUT", "/api/{org}/alerts/templates/{name}", update, TEMPLATE),
    ("DELETE", "/api/{org}/alerts/templates/{name}", delete),
]
