# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Enough understanding of a SELECT to run it with sqlite as if that was the server's engine.

The text is cut into tokens, and each name found to be a table, a column, an alias or a function, because sqlite would
take a column it does not know for a string, or say so in words of its own. What the two engines write differently is
rewritten.
"""
import re

TOKEN = re.compile(r"""\s+ | --[^\n]* | '(?:[^']|'')*' | "(?:[^"]|"")*" | \d+(?:\.\d+)?(?:[eE][+-]?\d+)? |
                       [A-Za-z_][A-Za-z0-9_:]* | <> | != | <= | >= | \|\| | [-+*/%<>=(),.;]""", re.VERBOSE)
KEYWORDS = set("""all and as asc between by case cross desc distinct else end escape except exists false first from
                  full group having in inner intersect interval is join last left like limit not null nulls offset on
                  or order outer over partition right select then true union using when where with""".split())
CLAUSES = {"select", "from", "join", "on", "using", "where", "group", "having", "order", "limit", "union"}
AGGREGATES = {"count", "sum", "min", "max", "avg", "approx_distinct", "approx_median", "approx_percentile_cont"}
OTHERS = {"histogram", "str_match", "str_match_ignore_case", "match_all", "lower", "upper", "coalesce", "abs", "round",
          "floor", "ceil", "length", "concat", "nullif", "substr", "trim", "cast"}
NUMERIC_ONLY = {"sum", "avg"}


class BadSql(Exception):
    pass


class Token:
    def __init__(self, text):
        self.text = text
        self.is_space = text[0].isspace() or text.startswith("--")
        self.quoted = text.startswith('"')
        self.is_name = self.quoted or (text[0].isalpha() or text[0] == "_") and text.lower() not in KEYWORDS
        self.name = text[1:-1].replace('""', '"') if self.quoted else text
        self.word = text.lower()


def tokenise(sql):
    tokens, offset = [], 0
    while offset < len(sql):
        match = TOKEN.match(sql, offset)
        if not match:
            raise BadSql(f"Expected: an expression, found: {sql[offset]}")
        tokens.append(Token(match.group()))
        offset = match.end()
    while tokens and (tokens[-1].is_space or tokens[-1].text == ";"):
        tokens.pop()
    return tokens


def text_of(tokens):
    return "".join(token.name.lower() if token.is_name else token.word for token in tokens)


def without_as(tokens):
    return tokens[:-1] if tokens and tokens[-1].word == "as" else tokens


def is_aggregate(tokens):
    return any(token.word in AGGREGATES and after.text == "(" for token, after in zip(tokens, tokens[1:]))


class Statement:
    """tables, fields (columns used) and functions are names in the order of their appearance, aliases a set."""

    def __init__(self, sql):
        self.tokens = tokenise(sql)
        self.solid = [token for token in self.tokens if not token.is_space]
        if not self.solid or self.solid[0].word not in ("select", "with"):
            raise BadSql("only SELECT statements are supported")
        if any(token.text == ";" for token in self.solid):
            raise BadSql("one statement is expected")
        if sum((token.text == "(") - (token.text == ")") for token in self.solid) != 0:
            raise BadSql("Expected: ), found: EOF")
        self.tables, self.fields, self.functions, self.aliases = [], [], [], set()
        self.arguments = []  # (function, its only argument) where that is a column
        self.sort_names()
        words = {token.word for token in self.solid}
        self.has_limit = "limit" in words
        self.is_plain = not (words & {"group", "distinct", "union", "join", "with"} or AGGREGATES & set(self.functions)
                             or [token.word for token in self.solid].count("select") > 1)
        self.is_sorted = "order" in words

    def at(self, index):
        return self.solid[index].word if 0 <= index < len(self.solid) else ""

    def sort_names(self):
        candidates, filtered = [], []
        clauses = [""]  # one for each open bracket
        for index, token in enumerate(self.solid):
            if token.text == "(":
                clauses.append(clauses[-1])
            elif token.text == ")":
                clauses.pop()
            elif token.word in CLAUSES:
                clauses[-1] = token.word
            if not token.is_name:
                continue
            before, after = self.at(index - 1), self.at(index + 1)
            if after == "(" and not token.quoted:
                self.functions.append(token.word)
                if self.at(index + 3) == ")" and self.solid[index + 2].is_name:
                    self.arguments.append((token.word, self.solid[index + 2].name))
            elif before == "as" or (after == "as" and self.at(index + 2) == "("):
                self.aliases.add(token.name)
            elif clauses[-1] in ("from", "join") and before in ("from", "join", ","):
                self.tables.append(token.name)
            elif before == "end" or (before not in KEYWORDS and re.match(r"[\w)\"']", before)):
                self.aliases.add(token.name)  # what follows an expression can only be that, without AS
            elif after != ".":
                (filtered if clauses[-1] == "where" else candidates).append(token.name)
        self.tables = [name for name in dict.fromkeys(self.tables) if name not in self.aliases]
        # There are no aliases yet when records are filtered.
        self.fields = [name for name in dict.fromkeys(filtered + candidates)
                       if name in filtered or name not in self.aliases]

    def closing(self, opening):
        depth = 0
        for index in range(opening, len(self.tokens)):
            depth += (self.tokens[index].text == "(") - (self.tokens[index].text == ")")
            if depth == 0:
                return index
        raise BadSql("Expected: ), found: EOF")

    def items_after(self, word):
        """The elements, split at commas, of the list that follows that word, up to the next clause."""
        items, depth = [[]], 0
        start = next((index for index, token in enumerate(self.solid) if token.word == word), len(self.solid))
        for token in self.solid[start + 1:]:
            if depth == 0 and token.word in CLAUSES:
                break
            depth += (token.text == "(") - (token.text == ")")
            if depth == 0 and token.text == ",":
                items.append([])
            elif token.word not in ("by", "distinct"):
                items[-1].append(token)
        return [item for item in items if item]

    def ungrouped(self):
        """The first element of the SELECT that is neither aggregated nor in GROUP BY, or None. sqlite would take any of
        its values. Only for a single SELECT."""
        selected, grouped = self.items_after("select"), {text_of(item) for item in self.items_after("group")}
        if [token.word for token in self.solid].count("select") != 1 or not (
                grouped or any(map(is_aggregate, selected))):
            return None
        for position, item in enumerate(selected, 1):
            expression = item[:-1] if len(item) > 1 and item[-1].is_name and item[-1].name in self.aliases else item
            names = {text_of([token]) for token, after in zip(expression, [*expression[1:], None])
                     if token.is_name and not (after and after.text in "(.")}
            if not (is_aggregate(item) or {str(position), text_of(item[-1:]), text_of(without_as(expression))} & grouped
                    or names <= grouped and text_of(item) != "*"):
                return text_of(expression)
        return None

    def next_solid(self, index):
        return next(later for later in range(index + 1, len(self.tokens)) if not self.tokens[later].is_space)

    def rewritten(self, interval, full_text_fields):
        """For sqlite: approx_distinct counts exactly, histogram gets the interval it lacks, match_all its columns,
        and a plain SELECT the order the server gives it."""
        texts = [token.text for token in self.tokens]
        for index, token in enumerate(self.tokens):
            if token.quoted or not token.is_name or index + 1 == len(self.tokens):
                continue
            opening = self.next_solid(index)
            if self.tokens[opening].text != "(":
                continue
            if token.word == "approx_distinct":
                texts[index], texts[opening] = "COUNT", "(DISTINCT "
            elif token.word == "histogram":
                closing = self.closing(opening)
                if not any(inner.text == "," for inner in self.tokens[opening:closing]):
                    texts[closing] = f", '{interval}')"
            elif token.word == "match_all":
                columns = " || ' ' || ".join(f"coalesce(\"{name}\", '')" for name in full_text_fields)
                texts[index], texts[opening] = "str_match_ignore_case", f"({columns}, "
        sql = "".join(texts)
        if self.is_plain and not self.is_sorted:
            head, limit, tail = re.compile(r"\blimit\b", re.IGNORECASE).split(sql)[0], "", ""
            if self.has_limit:
                limit, tail = "LIMIT", sql[len(head) + len("limit"):]
            sql = f"{head} ORDER BY _timestamp DESC {limit}{tail}"
        return sql
