"""Files that say of other files, by their paths, what these are under: REUSE.toml, debian/copyright, `X.license`.

REUSE (https://reuse.software/spec-3.3/) states licences in annotations of `REUSE.toml`, in `.reuse/dep5`, and for one
file in a file beside it of the same name with `.license` behind it; Debian in paragraphs of `debian/copyright`
(https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/), of which `.reuse/dep5` is one. The last
annotation or paragraph that names a file holds for it. One that is broken is unknown for all files.

Belongs here: which statement such a file makes of which paths. Does not: whose files these are (`trees`).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import Any, NamedTuple

from data_platform.licenses import license_text
from data_platform.licenses.file_header import TAG
from data_platform.licenses.values import Said
from data_platform.spdx.expressions import CHOSEN, UNKNOWN, UNREADABLE, Reading, conjunction, read

DETECTOR = "reuse@1"
SIDECAR = r"(?P<of>[^/#]+?)\.licen[sc]e(?:\.txt|\.md)?"
"""What the name of a file looks like that speaks for one beside it, without regard to case."""
PATTERN = r"reuse\.toml|(?:.+/)?debian/copyright|(?:.+/)?\.reuse/dep5"
"""What the path of such a file looks like below the folder that it speaks for, without regard to case."""
_FILE = re.compile(rf"(?:(?P<folder>.*)/)?(?:{PATTERN.replace('(?:.+/)?', '')})", re.I | re.S)
_SIDECAR = re.compile(SIDECAR, re.I)
_FIELD = re.compile(r"(?P<name>[A-Za-z-]+):[ \t]*(?P<value>[^\n]*(?:\n[ \t]+[^\n]*)*)")


class Paths(NamedTuple):
    """What is said of the files whose paths, below the folder, match."""

    pattern: re.Pattern[str]
    said: Said


def folder_of(path: str) -> str | None:
    """The folder that a file of that path speaks for by paths ('' at the top); None if it is no such file."""
    match = _FILE.fullmatch(path)
    return (match["folder"] or "") if match else None


def beside(name: str) -> re.Pattern[str] | None:
    """The names of the files that a file of that name speaks for: 'x.py', and 'x' with any ending if it has none."""
    match = _SIDECAR.fullmatch(name)
    if match is None:
        return None
    end = "" if "." in match["of"].strip(".") else r"(?:\.[^/]*)?"
    return re.compile(re.escape(match["of"]) + end, re.I)


def of_sidecar(text: str) -> Said:
    """What a file says that stands beside the one it speaks for."""
    tags = [tag.strip(" */#-") for tag in TAG.findall(text)]
    if tags:
        return Said(" AND ".join(tags), _all(tags))
    reading = license_text.recognize(text)
    return Said("a file beside it", reading if reading.confidence else UNREADABLE)


def read_paths(path: str, text: str) -> list[Paths]:
    """The statements of a file, in the order in which they stand: the last that matches holds."""
    try:
        return list(_of_toml(text) if path.lower().endswith(".toml") else _of_debian(text))
    except (ValueError, TypeError, AttributeError, RecursionError):
        return [Paths(re.compile(".*", re.S), Said(path.rpartition("/")[2], UNREADABLE))]


def _of_toml(text: str) -> Iterator[Paths]:
    for annotation in tomllib.loads(text).get("annotations", ()):
        stated = _listed(annotation.get("SPDX-License-Identifier"))
        if stated:
            said = Said(" AND ".join(map(str, stated)), _all(stated))
            yield from (Paths(_glob(one, "[^/]*"), said) for one in _listed(annotation["path"]))


def _of_debian(text: str) -> Iterator[Paths]:
    paragraphs = [
        {field["name"].lower(): field["value"] for field in _FIELD.finditer(one)}
        for one in re.split(r"\n[ \t]*\n", text)
    ]
    if "format" not in paragraphs[0]:
        # Older files are prose: they hold, in any wording, what stands in the package.
        reading = license_text.recognize(text)
        if reading.confidence:
            yield Paths(re.compile(".*", re.S), Said("copyright", reading))
        return
    texts: dict[str, str] = {}
    for fields in paragraphs:
        name, _, body = fields.get("license", "").partition("\n")
        if body.strip():
            texts.setdefault(name.strip().lower(), re.sub(r"(?m)^[ \t]+\.?", "", body))
    for number, fields in enumerate(paragraphs):
        name = fields.get("license", "").partition("\n")[0].strip()
        globs = fields.get("files", "" if number else "*").split()
        if name and globs:
            said = Said(name, _of_debian_name(name, texts))
            yield from (Paths(_glob(one, ".*"), said) for one in globs)


def _of_debian_name(name: str, texts: dict[str, str]) -> Reading:
    """A short name, which the paragraph of that name may explain."""
    reading = read(name)
    if reading.spdx == UNKNOWN and (text := texts.get(name.lower())):
        return license_text.recognize(text)
    return reading


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _all(stated: list[Any]) -> Reading:
    """Every one of some expressions, unreadable if one of them is."""
    readings = [read(one) if isinstance(one, str) else UNREADABLE for one in stated]
    if any(reading.spdx == UNKNOWN for reading in readings):
        return UNREADABLE
    return Reading(conjunction(reading.spdx for reading in readings), min(
        (reading.confidence for reading in readings), default=CHOSEN))


def _glob(pattern: Any, star: str) -> re.Pattern[str]:
    """A pattern of paths: `**` stands for anything, `*` for what `star` says, `?` for one character."""
    if not isinstance(pattern, str):
        raise TypeError(f"{type(pattern).__name__} is no path")
    parts = re.findall(r"\\.|\*\*|\*|\?|[^*?\\]+|\\", pattern.removeprefix("./"))
    signs = {"**": ".*", "*": star, "?": "[^/]" if star != ".*" else "."}
    return re.compile("".join(signs.get(one) or re.escape(one.removeprefix("\\")) for one in parts), re.S)
