# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The files of packaging/openobserve, as they are and as `flowprobe openobserve setup` fills them in."""
import json
import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "packaging" / "openobserve"
SAMPLE = Path(os.environ.get("O", ROOT / "build")) / "tests" / "tools" / "json_sample"

# What setup replaces, textually, with values that need no escapes in JSON and no quotes in SQL.
PLACEHOLDERS = {
    "@STREAM@": "netflow1",
    "@ORG@": "default",
    "@FOLDER@": "Flows",
    "@DESTINATION@": "pager",
    "@DESTINATION_URL@": "https://pager.example/hook",
    "@FUNCTION@": "netflow_geo",
    "@PIPELINE@": "netflow1_geo",
}
STREAM = PLACEHOLDERS["@STREAM@"]


def names():
    """Of the JSON files, relative to the folder."""
    return sorted(str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.json"))


def text(name):
    return (FOLDER / name).read_text(encoding="utf-8")


def fill(content):
    for placeholder, value in PLACEHOLDERS.items():
        content = content.replace(placeholder, value)
    return content


def load(name):
    """A JSON file with its placeholders replaced."""
    return json.loads(fill(text(name)))


def dashboards():
    """(file, dashboard) of each."""
    return [(name, load(name)) for name in names() if name.startswith("dashboards/")]


def panels():
    """(id, panel, SQL) of each panel of all dashboards."""
    return [
        (panel["id"], panel, panel["queries"][0]["query"])
        for _, dashboard in dashboards()
        for tab in dashboard["tabs"]
        for panel in tab["panels"]
    ]


def alerts():
    """(file, alert, SQL) of each."""
    found = [(name, load(name)) for name in names() if name.startswith("alerts/")]
    return [(name, alert, alert["query_condition"]["sql"]) for name, alert in found]


def stream_types():
    """Type by name, of all columns but _timestamp, which the server adds."""
    return {field["name"]: field["type"] for field in load("stream.json")["fields"]}


def sample_records():
    """Records from the probe's own encoder."""
    lines = subprocess.run([SAMPLE], check=True, capture_output=True, text=True).stdout.splitlines()
    return [json.loads(line) for line in lines]
