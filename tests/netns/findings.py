#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""findings.py FILE [TOPIC...]: what `flowprobe doctor --json` has written, one finding per line, as

    VERDICT TOPIC: TEXT [| FIX]

of these topics, or of all. Fails when the object is not what findings.h says it is.
"""
import json
import sys

VERDICTS = ["ok", "note", "fail"]


def check(report):
    assert list(report) == ["verdict", "exit_code", "conclusion", "findings"], list(report)
    worst = max(VERDICTS.index(finding["verdict"]) for finding in report["findings"])
    assert report["verdict"] == VERDICTS[worst], report["verdict"]
    assert (report["exit_code"] == 0) == (report["verdict"] != "fail"), report["exit_code"]
    for finding in report["findings"]:
        assert list(finding) == ["verdict", "topic", "text", "fix"], list(finding)
        assert (finding["fix"] == "") == (finding["verdict"] == "ok"), finding


with open(sys.argv[1], encoding="utf-8") as file:
    report = json.load(file)
check(report)
for finding in report["findings"]:
    if not sys.argv[2:] or finding["topic"] in sys.argv[2:]:
        fix = f" | {finding['fix']}" if finding["fix"] else ""
        print(f"{finding['verdict']} {finding['topic']}: {finding['text']}{fix}")
