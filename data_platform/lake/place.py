"""Where a lake lies: on a disk, under a path that the library of tables can open, or in an object store.

delta-rs reads the path of a table as part of a URL, and more than once: under a folder called `a%20b` it looks into
`a b`, under one with a backslash into another folder, with `#` or `?` it finds no history, and control characters and
bytes that are no UTF-8 it refuses. It resolves symbolic links first, so a link with a plainer name is no way round, but
the reverse is: a lake with such a path lies in a plain folder nearby, and its path is a link to that.

Not here: what a lake holds (`lake.py`).
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from data_platform.core.errors import PlainError

STAND_INS = ".data-platform-lakes"
"""The folder, beside the first part of a path that cannot be opened, in which lakes with such paths lie."""

_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT", "ENDPOINT_URL", "ENDPOINT")
_MISREAD = re.compile(r"[#?\\\x00-\x1f\x7f]|%[0-9a-fA-F]{2}|[\ud800-\udfff]")


class LakeUnreachable(PlainError, OSError):
    """A lake that cannot be opened where it is. The message names the path and the cause."""


def reachable(uri: str) -> str:
    """The URI of a lake as delta-rs can open it: the given one but for local paths with signs that it misreads.

    For these, a folder with a plain name, made if need be, to which the given path is a link.

    Raises:
        LakeUnreachable: if that cannot be made, or something else lies at the path.
    """
    if uri.startswith("file://"):
        uri = unquote(urlsplit(uri).path)
    if "://" in uri:
        return uri.rstrip("/")
    path = os.path.abspath(uri)
    if not _MISREAD.search(path):
        return uri.rstrip("/") or "/"
    if not _MISREAD.search(real := os.path.realpath(path)):
        return real
    folder = _stand_in(path)
    try:
        if os.path.isdir(path) and not os.listdir(path):
            os.rmdir(path)
        if os.path.lexists(path):
            raise LakeUnreachable(f"lake {shown(path)}: the path has signs that the library of tables misreads, and "
                                  "what lies there is no link of the platform's; move it away, or name another path")
        os.makedirs(folder, exist_ok=True)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.symlink(folder, path)
    except FileExistsError:
        if os.path.realpath(path) != folder:  # another process may have been faster
            raise
    except OSError as error:
        if isinstance(error, PlainError):
            raise
        raise LakeUnreachable(f"lake {shown(path)}: cannot be made in {shown(error.filename or folder)}: "
                              f"{error.strerror}") from error
    return folder


def _stand_in(path: str) -> str:
    """The plain folder for a path: below the last folder of it that can be opened."""
    plain = os.path.dirname(path)
    while _MISREAD.search(plain):
        plain = os.path.dirname(plain)
    plain = os.path.realpath(plain)
    words = re.sub(r"[^A-Za-z0-9._-]+", "_", os.path.basename(path)).strip("._") or "lake"
    return os.path.join(plain, STAND_INS, f"{words}-{hashlib.sha256(os.fsencode(path)).hexdigest()[:12]}")


def shown(path: str) -> str:
    """A path on one line, with what cannot be printed written out."""
    text = os.fsencode(path).decode(errors="backslashreplace")
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


def store_options(uri: str, given: Mapping[str, str]) -> dict[str, str]:
    """Options of a lake's object store: those that are given, and that an endpoint without TLS is meant where the URL
    of the endpoint says so. To name one without TLS is to allow it; delta-rs wants it said twice.
    """
    options = dict(given)
    if uri.startswith(("s3://", "s3a://")):
        stated = {name.upper(): value for name, value in {**os.environ, **options}.items()}
        endpoints = [stated[name] for name in _ENDPOINTS if stated.get(name)]
        if any(url.startswith("http://") for url in endpoints) and not {"AWS_ALLOW_HTTP", "ALLOW_HTTP"} & stated.keys():
            options["AWS_ALLOW_HTTP"] = "true"
    return options
