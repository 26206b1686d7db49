# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Who may do what: one root user with a password for everything, and two secrets that only ingestion accepts, the
user's passcode and the tokens of an organisation (the part of a password that begins with o2oi_)."""
import base64
import binascii
import secrets
import string

from .answer import Answer, Refused, json_answer

DEFAULT_USER, DEFAULT_PASSWORD = "root@example.com", "Complexpass#123"
TOKEN_PREFIX, TOKEN_CHARS = "o2oi_", 32
LETTERS = string.ascii_letters + string.digits


def new_token():
    return TOKEN_PREFIX + "".join(secrets.choice(LETTERS) for _ in range(TOKEN_CHARS))


class Accounts:
    def __init__(self, user, password):
        self.user, self.password = user, password
        self.passcode = "".join(secrets.choice(LETTERS) for _ in range(16))
        self.tokens = {}  # (org, name) -> dict as in the API, but with the organisation

    def has_token(self, org, token):
        return any(owner == org and entry["enabled"] and entry["token"] == token
                   for (owner, _), entry in self.tokens.items())


def wrong_credentials():
    return Answer(401, b"Unauthorized Access", headers=[("www-authenticate", 'Bearer realm="openobserve"')])


def no_credentials():
    # The source gives JSON here and text above.
    return json_answer({"code": 401, "message": "Unauthorized Access"}, 401)


def credentials(header):
    scheme, _, encoded = header.partition(" ")
    if scheme != "Basic":
        raise Refused(wrong_credentials())
    try:
        user, colon, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise Refused(wrong_credentials()) from None
    if not colon:
        raise Refused(wrong_credentials())
    return user, password.strip()


def check(accounts, header, org, is_ingestion):
    """Returns the user's name, or refuses. An ingestion token comes with any user name."""
    if not header:
        raise Refused(no_credentials())
    user, password = credentials(header)
    if password.startswith(TOKEN_PREFIX):
        if not (is_ingestion and org is not None and accounts.has_token(org, password)):
            raise Refused(wrong_credentials())
        return user
    good = (accounts.password, accounts.passcode) if is_ingestion else (accounts.password,)
    if user != accounts.user or password not in good:
        raise Refused(wrong_credentials())
    return user
