# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Alerts, version 2 of their interface. They are kept and never evaluated.

Names are not unique: only the id of an alert is, and that is the server's choice unless the request gives one. A
client that creates twice has two alerts.
"""
import base64
import re

from . import folders, templates
from .answer import Refused, json_answer, message, refuse
from .serde import anything, boolean, field, integer, list_of, map_of, maybe, number, one_of, option, struct, text
from .streams import find as find_stream

UNFIT_NAME = re.compile(r"""[:#?\s'"%&]""")
KSUID = re.compile(r"[0-9A-Za-z]{27}")
SELECT_ALL = re.compile(r"\bselect\s+\*", re.IGNORECASE)
CRON_FIELDS = (6, 7)

CONDITION = struct("QueryCondition", type=field(one_of("custom", "sql", "promql"), "custom"), sql=option(text),
                   conditions=option(anything), promql=option(text), promql_condition=option(anything),
                   aggregation=option(anything), vrl_function=option(text), search_event_type=option(text),
                   multi_time_range=option(list_of(anything)))
TRIGGER = struct("TriggerCondition", period=integer(), operator=field(one_of(
    "=", "!=", ">", ">=", "<", "<=", "Contains", "NotContains"), "="), threshold=field(integer(), 0),
    frequency=field(integer(), 0), cron=field(text, ""), frequency_type=field(one_of("minutes", "cron"), "minutes"),
    silence=field(integer(), 0), timezone=maybe(text), tolerance_in_secs=maybe(integer()), align_time=field(
        boolean, True))
ALERT = struct("CreateAlertRequestBody", keep_others=True, id=maybe(text), folder_id=maybe(text), name=field(text, ""),
               stream_type=field(one_of("logs", "metrics", "traces"), "logs"), stream_name=field(text, ""),
               is_real_time=field(boolean, False), query_condition=field(CONDITION, lambda: CONDITION({}, "")),
               trigger_condition=field(TRIGGER, lambda: TRIGGER({"period": 0}, "")),
               destinations=field(list_of(text), list),
               template=maybe(text), context_attributes=option(map_of(text)), row_template=field(text, ""),
               description=field(text, ""), enabled=field(boolean, False), tz_offset=field(integer(), 0),
               owner=maybe(text), creates_incident=field(boolean, False), priority=maybe(number))


def missing(words):
    raise Refused(message(404, words))


def check(call, alert):
    check_name(alert["name"])
    trigger = alert["trigger_condition"]
    if trigger["frequency_type"] != "cron":
        trigger["cron"], trigger["frequency"] = "", trigger["frequency"] or 1
    elif len(trigger["cron"].split()) not in CRON_FIELDS:
        refuse(400, f"{trigger['cron']}\n ^\n")  # Guess: where in the expression the parser points
    if not alert["name"].strip() or not alert["stream_name"].strip():
        refuse(400, "Alert name is required")
    if "/" in alert["name"]:
        refuse(400, "Alert name cannot contain '/'")
    check_vrl(alert["query_condition"])
    check_destinations(call, alert)
    check_stream(call, alert)
    check_query(alert)


def check_name(name):
    if UNFIT_NAME.search(name):
        refuse(400, "Alert name cannot contain ':', '#', '?', '&', '%', quotes and space characters")


def check_destinations(call, alert):
    world, org = call.world, call.org
    if alert.get("template") and not templates.find(world, org, alert["template"]):
        missing(f"Alert template {alert['template']} not found")
    if not alert["destinations"]:
        refuse(400, "Alert destination or workflows is required")
    for name in alert["destinations"]:
        destination = world.destinations.get((org, name))  # whose own template is not looked for
        if not destination:
            missing(f"Alert destination {name} not found")
        if destination["module"] != "alert":
            refuse(403, f"Destination {name} is not an alert destination")  # Guess: the words


def check_stream(call, alert):
    stream = find_stream(call.world, call.org, alert["stream_type"], alert["stream_name"])
    if not stream:
        missing(f"Stream {alert['stream_name']} not found")
    hours = stream.settings.plain["max_query_range"]
    if hours > 0 and not alert["is_real_time"] and alert["trigger_condition"]["period"] > hours * 60:
        # Guess: the words
        refuse(400, f"Alert period is greater than max query range of {hours} hours for stream \"{stream.name}\"")


def check_vrl(condition):
    """A function comes in base64; it is completed like others, and dropped when there is nothing in it."""
    if condition["vrl_function"] is None:
        return
    try:
        source = base64.b64decode(condition["vrl_function"], altchars=b"-_", validate=True).decode().strip()
    except ValueError as error:  # binascii.Error and UnicodeDecodeError are ones
        refuse(400, f"Error decoding vrl function for alert: {error}")
    if source in ("", "."):
        condition["vrl_function"] = None
    elif not source.endswith("."):
        condition["vrl_function"] = base64.urlsafe_b64encode(f"{source}\n.".encode()).decode()


def check_query(alert):
    condition = alert["query_condition"]
    if alert["is_real_time"] and condition["type"] != "custom":
        refuse(400, "Realtime alert should use Custom query type")
    if condition["type"] == "sql":
        if not (condition["sql"] or "").strip():
            refuse(400, "Alert with SQL mode should have a query")
        if SELECT_ALL.search(condition["sql"]):
            refuse(400, "Alert with SQL can not contain SELECT * in the SQL query")
    if condition["type"] == "promql" and not ((condition["promql"] or "").strip() and condition["promql_condition"]):
        refuse(400, "Alert with PromQL mode should have a query")


def create(call):
    alert = dict(call.body)
    folder_id = call.query.get("folder") or alert.pop("folder_id", None) or folders.DEFAULT
    if not folders.find(call.world, call.org, "alerts", folder_id):
        missing("Error creating alert in folder that cannot be found")
    check_name(alert["name"])
    if alert.get("id") and (call.org, alert["id"]) in call.world.alerts:
        refuse(409, "Alert already exists")
    check(call, alert)
    alert_id = alert.get("id") or call.world.ksuid()
    call.world.alerts[call.org, alert_id] = {**alert, "id": alert_id, "folder_id": folder_id, "org_id": call.org,
                                             "owner": alert.get("owner", call.user), "last_edited_by": call.user,
                                             "updated_at": call.world.clock.now_us()}
    return message(200, "Alert saved", id=alert_id, name=alert["name"])


def find_or_404(call):
    alert_id = call.params["id"]
    if not KSUID.fullmatch(alert_id):
        missing(f"invalid alert id {alert_id}")
    return call.world.alerts.get((call.org, alert_id)) or missing(f"alert {alert_id} not found")


def shown(alert):
    return {key: value for key, value in alert.items() if key != "folder_id"}


def get_one(call):
    return json_answer(shown(find_or_404(call)))


def update(call):
    existing = find_or_404(call)
    alert = dict(call.body)
    alert.pop("folder_id", None)
    check(call, alert)
    existing.update({**alert, "id": existing["id"], "last_edited_by": call.user,
                     "updated_at": call.world.clock.now_us()})
    return message(200, "Alert Updated")


def enable(call):
    alert = find_or_404(call)
    alert["enabled"] = call.query.get("value") == "true"
    return json_answer({"enabled": alert["enabled"]})


def delete(call):
    find_or_404(call)
    del call.world.alerts[call.org, call.params["id"]]
    return message(200, "Alert deleted")


def listed(world, org, alert):
    kind = "realtime" if alert["is_real_time"] else "scheduled"
    return {"alert_id": alert["id"], "folder_id": alert["folder_id"],
            "folder_name": world.folders[org, "alerts", alert["folder_id"]]["name"], "name": alert["name"],
            "owner": alert["owner"], "description": alert["description"], "alert_type": kind,
            "condition": alert["query_condition"], "trigger_condition": alert["trigger_condition"],
            "enabled": alert["enabled"], "last_triggered_at": None, "last_satisfied_at": None,
            "is_real_time": alert["is_real_time"]}


def get_list(call):
    query = call.query
    wanted = {"folder_id": query.get("folder"), "owner": query.get("owner")}
    if query.get("stream_name") and query.get("stream_type"):
        wanted.update(stream_name=query["stream_name"], stream_type=query["stream_type"])
    if query.get("enabled") in ("true", "false"):
        wanted["enabled"] = query["enabled"] == "true"
    part = query.get("alert_name_substring", "").lower()
    return json_answer({"list": [
        listed(call.world, org, alert) for (org, _), alert in call.world.alerts.items()
        if org == call.org and part in alert["name"].lower()
        and all(value is None or alert[key] == value for key, value in wanted.items())]})


ROUTES = [
    ("GET", "/api/v2/{org}/alerts", get_list),
    ("POST", "/api/v2/{org}/alerts", create, ALERT),
    ("GET", "/api/v2/{org}/alerts/{id}", get_one),
    ("PUT", "/api/v2/{org}/alerts/{id}", update, ALERT),
    ("PATCH", "/api/v2/{org}/alerts/{id}/enable", enable),
    ("DELETE", "/api/v2/{org}/alerts/{id}", delete),
]
