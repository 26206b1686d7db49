# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Takes SELECT statements apart, to find what SQLite would let through but the server's DataFusion refuses.

Not a parser: it knows the SQL of packaging/openobserve, where keywords are in capitals and every computed column has
a name.
"""
import re

CLAUSES = "SELECT|FROM|WHERE|GROUP BY|HAVING|ORDER BY|LIMIT"
AGGREGATES = r"\b(?:sum|count|min|max|avg|approx_distinct|approx_percentile_cont)\("


def _top_level(sql):
    """The text with everything in parentheses or quotes blanked, position for position."""
    depth, quote, plain = 0, "", []
    for char in sql:
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char == ")":
            depth -= 1
        elif not depth and char != "(":
            plain.append(char)
            continue
        if not quote and char == "(":
            depth += 1
        plain.append("\0")
    return "".join(plain)


def clauses(sql):
    """Text of each clause of the outermost SELECT, by its keyword."""
    marks = list(re.finditer(rf"\b({CLAUSES})\b", _top_level(sql)))
    ends = [mark.start() for mark in marks[1:]] + [len(sql)]
    return {mark[1]: sql[mark.end() : end].strip() for mark, end in zip(marks, ends)}


def split(text):
    """The parts of a comma-separated list."""
    marks = [-1] + [mark.start() for mark in re.finditer(",", _top_level(text))] + [len(text)]
    return [text[start + 1 : end].strip() for start, end in zip(marks, marks[1:])]


def columns(sql):
    """Expression by name, of the outermost SELECT."""
    found = {}
    for item in split(clauses(sql)["SELECT"]):
        expression, _, name = item.rpartition(" AS ")
        found[name] = expression or item
    return found


def levels(sql):
    """The statement and those that it selects from."""
    while sql:
        yield sql
        inner = re.match(r"\((SELECT .*)\) AS \w+$", clauses(sql)["FROM"])
        sql = inner and inner[1]


def traps(sql):
    """What DataFusion refuses or takes for something else, as sentences."""
    parts, found = clauses(sql), columns(sql)
    for name in ungrouped(sql):
        yield f"{name} is neither an aggregate nor grouped by"
    for name, expression in found.items():
        if name == expression:
            continue
        if re.search(rf"\b{name}\b", expression):
            yield f"{name} may be the column or what is computed from it"
        for clause in "WHERE", "HAVING":
            if re.search(rf"\b{name}\b", parts.get(clause, "")):
                yield f"{name} is not known in {clause}"
    for key in split(parts.get("ORDER BY", "")):
        if key and key.removesuffix(" DESC") not in found:
            yield f"{key} is not selected, so nothing can be ordered by it"
    if "_timestamp" in found and found["_timestamp"] != "_timestamp":
        yield "_timestamp cannot be a name"


def ungrouped(sql):
    """Names of columns that are neither aggregates nor grouped by, in a SELECT with either."""
    parts, found = clauses(sql), columns(sql)
    keys = split(parts["GROUP BY"]) if "GROUP BY" in parts else []
    plain = {
        name for name, expression in found.items() if not re.search(AGGREGATES, expression) or " OVER (" in expression
    }
    if not keys and len(plain) == len(found):
        return set()
    return {name for name in plain if name not in keys and found[name] not in keys}
