# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Where alerts are sent. A URL must not lead into the server's own network: loopback, private and documentation
addresses and a few names are refused, unless the server was told to allow loopback. Names are not resolved here,
which the server does.
"""
import ipaddress
import re
import urllib.parse

from .answer import Refused, json_answer, message, refuse
from .serde import anything, boolean, field, list_of, map_of, maybe, one_of, struct, text

UNFIT_NAME = re.compile(r"""[:#?\s'"%&/]""")
DESTINATION = struct("Destination", name=field(text, ""), url=field(text, ""),
                     method=field(one_of("post", "put", "get"), "post"),
                     skip_tls_verify=field(boolean, False), headers=maybe(map_of(text)), template=maybe(text),
                     emails=field(list_of(text), list), type=field(one_of("http", "email", "sns"), "http"),
                     output_format=maybe(anything), destination_type_name=maybe(text), metadata=maybe(map_of(text)))
INTERNAL_SUFFIXES = (".local", ".internal", ".localdomain", ".svc", ".cluster.local")


def block(words):
    refuse(400, f"Destination URL blocked by SSRF guard: {words}")


def check_url(world, url):
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in ("http", "https"):
        block(f"Unsupported URL scheme: {parts.scheme}")  # Guess: the words
    host = (parts.hostname or "").rstrip(".")
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        address = None
    loopback = host == "localhost" or host.endswith(".localhost") or (address is not None and address.is_loopback)
    if loopback and world.switches.ssrf_allow_loopback:
        return
    if address is not None and not address.is_global:
        block(f"Access to private IP address {address} is not allowed for security reasons. This prevents "
              "Server-Side Request Forgery (SSRF) attacks.")
    if loopback:
        block("Access to localhost is not allowed for security reasons")
    if host.endswith(INTERNAL_SUFFIXES):
        block(f"Access to internal domain {host} is not allowed for security reasons")


def check(call, name):
    body = call.body
    if not name or UNFIT_NAME.search(name):
        refuse(400, "Destination name cannot contain ':', '#', '?', '&', '%', '/', quotes and space characters" if name
               else "Destination name cannot be empty")
    if body["type"] == "email":
        refuse(400, "Email destination must have SMTP configured")  # which it is not by default
    if body["type"] == "http":
        if not body["url"].strip():
            refuse(400, "HTTP destination must have a url")
        check_url(call.world, body["url"].strip())


def module_of(call):
    return "pipeline" if call.query.get("module") == "pipeline" else "alert"


def find_or_404(call):
    destination = call.world.destinations.get((call.org, call.params["name"]))
    if not destination:
        raise Refused(message(404, "Destination not found"))
    return destination


def shown(destination):
    return {key: value for key, value in destination.items() if key != "module"}


def create(call):
    name = call.body["name"].strip()
    check(call, name)
    if (call.org, name) in call.world.destinations:
        refuse(400, "Destination with the same name already exists")
    # The template may not exist; that is found out when an alert uses the destination.
    call.world.destinations[call.org, name] = {**call.body, "name": name, "module": module_of(call)}
    return message(200, "Destination saved", id=call.world.ksuid(), name=name)


def update(call):
    name = call.params["name"]
    check(call, name)
    find_or_404(call)
    call.world.destinations[call.org, name] = {**call.body, "name": name, "module": module_of(call)}
    return message(200, "Destination updated")


def get_list(call):
    wanted = call.query.get("module")
    return json_answer([shown(destination) for (org, _), destination in sorted(call.world.destinations.items())
                        if org == call.org and wanted in (None, destination["module"])])


def get_one(call):
    return json_answer(shown(find_or_404(call)))


def delete(call):
    find_or_404(call)
    for (org, _), alert in call.world.alerts.items():
        if org == call.org and call.params["name"] in alert["destinations"]:
            refuse(409, f"Destination is currently used by alert: {alert['name']}")
    del call.world.destinations[call.org, call.params["name"]]
    return message(200, "Destination deleted")


ROUTES = [
    ("GET", "/api/{org}/alerts/destinations", get_list),
    ("POST", "/api/{org}/alerts/destinations", create, DESTINATION),
    ("GET", "/api/{org}/alerts/destinations/{name}", get_one),
    ("PUT", "/api/{org}/alerts/destinations/{name}", update, DESTINATION),
    ("DELETE", "/api/{org}/alerts/destinations/{name}", delete),
]
