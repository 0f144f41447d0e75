"""Addresses as they may be published: without what opens doors.

URLs carry credentials in their queries (`token=`, `X-Amz-Signature=`), fragments (`#access_token=`), paths
(`;jsessionid=`) and before their hosts (`user:password@`). Who reads a notice has to find the source, not to enter as
whoever captured it: the value goes, the name of the parameter stays. A parameter is known by its name, whatever its
case, its separators or its escapes; and by a value that is a JSON web token (RFC 7519) or an address with such a
parameter. Values of `key` and `code`, which many sites use for other things, count if they look random.

Not here: secrets within texts (`methods/edits/secrets.py`), and addresses of archives in an attestation, which have no
query at all (`attestation.py`).
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import unquote_plus

REDACTED = "REDACTED"
_USER = re.compile(r"(?<=://)[^/\s?#@\"'<>]*@")
_PARAMETER = re.compile(r"(?P<before>[?&;#](?:amp;)?)(?P<name>[^=&;#?/\s\"'<>]{1,100})=(?P<value>[^&;#?\s\"'<>]+)")
_WORDS = frozenset({
    "auth", "authorization", "bearer", "credential", "credentials", "csrf", "hmac", "jwt", "nonce", "otp", "pass",
    "passphrase", "passwd", "password", "passwort", "pin", "pwd", "sas", "secret", "session", "sid", "sig",
    "signature", "ticket", "token", "xsrf",
})
_ENDS = (
    "accesskey", "accesskeyid", "apikey", "apptoken", "authkey", "keypairid", "passwd", "password", "privatekey",
    "secret", "secretkey", "sessid", "sessionid", "sharedkey", "sig", "signature", "subscriptionkey", "token",
)
_OFTEN_ELSE = frozenset({"code", "key", "policy", "state"})
_RANDOM = re.compile(r"(?=[^0-9]*[0-9])(?=[^A-Za-z]*[A-Za-z])[\w.~+/%=\-]{16,}")
_TOKEN = re.compile(r"eyJ[\w\-]{8,}\.")


def without_credentials(text: str) -> str:
    """A text with the addresses in it as they may be published."""
    if "@" in text and "://" in text:
        text = _USER.sub("", text)
    return _PARAMETER.sub(_redacted, text) if "=" in text else text


def _redacted(match: re.Match[str]) -> str:
    name, value = match["name"], match["value"]
    inner = unquote_plus(value)
    speaks = _is_credential(name) or _TOKEN.match(inner) or (
        _is_often_else(name) and _RANDOM.fullmatch(value)) or (inner != value and without_credentials(inner) != inner)
    return f"{match['before']}{name}={REDACTED}" if speaks else match[0]


@lru_cache(maxsize=4_096)
def _is_credential(name: str) -> bool:
    words = _words(name)
    return not _WORDS.isdisjoint(words) or "".join(words).endswith(_ENDS)


def _is_often_else(name: str) -> bool:
    return not _OFTEN_ELSE.isdisjoint(_words(name))


def _words(name: str) -> list[str]:
    """The words of a name: 'X-Amz-Security-Token', 'accessToken' and 'access%5Ftoken' have the word 'token'."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", unquote_plus(name))
    return [word for word in re.split(r"[^a-z0-9]+", apart.lower()) if word]
