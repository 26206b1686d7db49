# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What a handler gives back. Refused carries an answer through as many callers as it takes."""
import json

JSON = "application/json"
TEXT = "text/plain; charset=utf-8"


class Answer:
    def __init__(self, status, body=b"", content_type=None, headers=(), hang_up=False):
        self.status = status
        self.body = body
        self.headers = list(headers)
        if content_type:
            self.headers.insert(0, ("content-type", content_type))
        self.hang_up = hang_up  # the request was not read to its end: the connection cannot be used again


class Refused(Exception):
    def __init__(self, answer):
        super().__init__(answer.status, answer.body)
        self.answer = answer


def encode(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def json_answer(value, status=200, headers=()):
    return Answer(status, encode(value), JSON, headers)


def text(status, message, headers=(), hang_up=False):
    return Answer(status, message.encode(), TEXT, headers, hang_up)


def empty(status, headers=()):
    return Answer(status, headers=headers)


def message(status, words, headers=(), **more):
    """The envelope of nearly every answer that is not data. What is None is left out, as the server does."""
    body = {"code": status, "message": words}
    body.update((key, value) for key, value in more.items() if value is not None)
    return json_answer(body, status, headers)


def refuse(status, words, in_header=False):
    """Raises; some of the server's errors are repeated in a header."""
    raise Refused(message(status, words, [("x-error-message", words)] if in_header else ()))
