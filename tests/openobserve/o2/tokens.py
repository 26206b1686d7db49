# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The ingestion tokens of an organisation, and the passcode of the user. An organisation nobody has made a token for
gets one named default when its tokens are first listed. Tokens can be disabled, but not deleted."""
import re

from .answer import Refused, json_answer, message, refuse
from .auth import new_token
from .serde import boolean, maybe, struct, text

CREATE = struct("CreateIngestionTokenRequest", name=text, description=maybe(text))
CHANGE = struct("UpdateIngestionTokenRequest", enabled=boolean)
FIT_NAME = re.compile(r"[A-Za-z0-9_-]+")
MAX_NAME_CHARS = 256
DEFAULT = "default"


def add(world, org, name, description="", created_by="", token=None):
    entry = {"name": name, "token": token or new_token(), "description": description, "is_default": name == DEFAULT,
             "enabled": True, "created_by": created_by, "created_at": world.clock.now_us()}
    world.accounts.tokens[org, name] = entry
    return entry


def create(call):
    name = call.body["name"].strip()
    if not name:
        refuse(400, "Token name cannot be empty")
    if len(name) > MAX_NAME_CHARS:
        refuse(400, f"Token name must be {MAX_NAME_CHARS} characters or fewer")
    if not FIT_NAME.fullmatch(name):
        refuse(400, "Token name can only contain alphanumeric characters, hyphens, and underscores")
    if (call.org, name) in call.world.accounts.tokens:
        refuse(400, f"Token with name '{name}' already exists in this org")
    return json_answer({"data": add(call.world, call.org, name, call.body.get("description", ""), call.user)})


def of_org(call):
    return [entry for (org, _), entry in call.world.accounts.tokens.items() if org == call.org]


def get_list(call):
    if not of_org(call):
        add(call.world, call.org, DEFAULT, created_by=call.user)
    return json_answer({"data": of_org(call)})


def change(call):
    entry = call.world.accounts.tokens.get((call.org, call.params["name"]))
    if not entry:
        raise Refused(message(404, f"Token '{call.params['name']}' not found"))  # Guess: the words
    entry["enabled"] = call.body["enabled"]
    # A text that holds JSON, once more in JSON: the server encodes it twice.
    return message(200, '{"message":"Token %s successfully"}' % ("enabled" if entry["enabled"] else "disabled"))


def get_passcode(call):
    return json_answer({"data": {"passcode": call.world.accounts.passcode, "user": call.world.accounts.user}})


ROUTES = [
    ("GET", "/api/{org}/ingestion-tokens", get_list),
    ("POST", "/api/{org}/ingestion-tokens", create, CREATE),
    ("PATCH", "/api/{org}/ingestion-tokens/{name}", change, CHANGE),
    ("GET", "/api/{org}/passcode", get_passcode),
]
