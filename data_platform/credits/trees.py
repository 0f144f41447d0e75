"""What the files of a folder credit for all files below it: LICENSE, NOTICE, AUTHORS and manifests.

Of every kind the nearest folder counts: a LICENSE in a folder replaces the one above, as its licence does
(`licenses/trees`). NOTICE files hold all, each for everything below it: a work is distributed with the notices of the
whole that it is part of (Apache-2.0, section 4(d)). The files of an
installed distribution lie in its metadata, beside what they cover: they are found by the distribution's name.

Belongs here: which of such files cover a file. Does not: names of files (`ingest/evidence_files`), manifests
(`manifests`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from data_platform.credits import manifests
from data_platform.credits.copyright import copyright_lines
from data_platform.credits.credit import NOTHING, Credit, Notice, notice
from data_platform.ingest.evidence_files import kind_of

MAX_NOTICE_CHARACTERS = 400_000
"""Longer files are no notices but data, and give their copyright lines alone. The longest licence has 35,000."""
MAX_AUTHORS_CHARACTERS = 20_000
"""Of a file of authors; a longer one is a history."""
_KINDS = ("license", "notice", "authors", "manifest")


class Captured(NamedTuple):
    """A file that may speak for its folder, as it was captured; `project` is the distribution that it belongs to."""

    source: str
    url: str
    record_id: str
    payload: bytes
    project: str = ""


class Trees:
    """The folders and distributions of a snapshot that have something to credit, asked per file. Picklable, and narrow:
    of notices it knows the ids alone."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, str], Credit] = {}
        self._memory: dict[tuple[str, str], Credit] = {}

    @classmethod
    def read(cls, captured: Iterable[Captured]) -> tuple[Trees, list[Notice]]:
        """What captured files say, and the notices among them with their texts."""
        trees, notices = cls(), []
        for file in sorted(captured):
            kind, credit = _read(file)
            if kind and credit != NOTHING:
                notices += credit.notices
                narrow = credit._replace(notices=tuple(one._replace(text="") for one in credit.notices))
                key = (file.source, kind, _owner(file))
                trees._found[key] = trees._found.get(key, NOTHING).over(narrow)
        return trees, notices

    def credit_of(self, source: str, url: str, project: str = "") -> Credit:
        """What the files of the folders above a file, or those of its distribution, credit."""
        if not self._found:
            return NOTHING
        place = project if project else str(_path(url).parent)
        key = (source, place)
        if key not in self._memory:
            self._memory[key] = self._of(source, [_distribution(project)] if project else _above(_path(url)))
        return self._memory[key]

    def _of(self, source: str, owners: list[str]) -> Credit:
        found = NOTHING
        for kind in _KINDS:
            there = [self._found[key] for owner in owners if (key := (source, kind, owner)) in self._found]
            for credit in there if kind == "notice" else there[:1]:
                found = found.over(credit)
        return found


def speaks(url: str) -> bool:
    """Whether the file at a URL has something to credit for others, going by its name."""
    return kind_of(url) in ("license", "notice", "authors") or _path(url).name.lower() in manifests.MANIFESTS


def _above(path: PurePosixPath) -> list[str]:
    return [str(folder) for folder in path.parents]


def _path(url: str) -> PurePosixPath:
    """The path of a file, that of a row the path of its table; of an address on the web with its host."""
    if url.startswith("file:"):
        return PurePosixPath(re.sub(r"#\d+$", "", url.removeprefix("file:")))
    parts = urlsplit(url)
    return PurePosixPath(f"/{parts.netloc}{unquote(parts.path)}")


def _distribution(name: str) -> str:
    return "distribution:" + re.sub(r"[-_.]+", "-", name).lower()


def _owner(file: Captured) -> str:
    if file.project:
        return _distribution(file.project)
    folder = _path(file.url).parent
    # REUSE keeps the texts of licences in a folder of their own, below what they cover.
    return str(folder.parent if folder.name.lower() == "licenses" else folder)


def _read(file: Captured) -> tuple[str, Credit]:
    """The kind of a file, one of `_KINDS`, and what it credits."""
    name = _path(file.url).name
    kind = kind_of(file.url)
    text = file.payload[: 4 * MAX_NOTICE_CHARACTERS].decode("utf-8", "replace")
    if name.lower() in manifests.MANIFESTS:
        return "manifest", manifests.credit_of(name, text)
    if kind in ("license", "notice", "authors"):
        most = MAX_AUTHORS_CHARACTERS if kind == "authors" else MAX_NOTICE_CHARACTERS
        kept = notice(text, name, file.record_id) if len(text) <= most else None
        lines = () if kind == "authors" else copyright_lines(text)
        return kind, Credit(copyright=lines, notices=(kept,) if kept else ())
    return "", NOTHING
