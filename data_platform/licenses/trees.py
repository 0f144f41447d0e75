"""What LICENSE files and package metadata say of the files below them.

A folder's LICENSE, COPYING or UNLICENSE file, and the manifest of a package in it, cover the files of the folder and of
all folders below that have none of their own; that is how The Stack v2 carries the licences of repositories over to
files (Lozhkov et al. 2024, https://arxiv.org/abs/2402.19173, section 3.1). Read are package.json (npm), composer.json,
Cargo.toml, pyproject.toml (PEP 621, PEP 639, Poetry), setup.cfg, PKG-INFO, pom.xml and DESCRIPTION (R). Every row names
the record of the file that says so.

Belongs here: which files speak for a folder, and manifests. Does not: licence texts (`license_text`), heads of files
(`file_header`), installed distributions, whose metadata travel with each file (`distribution`).
"""

from __future__ import annotations

import configparser
import json
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from email.parser import Parser
from pathlib import PurePosixPath
from typing import Any, NamedTuple
from xml.etree import ElementTree

from data_platform.licenses import distribution, license_text
from data_platform.licenses.observation import Observation, observe
from data_platform.spdx.expressions import disjunction, read

DETECTOR = "trees@1"
MAX_MANIFEST_BYTES = 2**20

_LICENSE_NAME = r"(?:un)?licen[sc]e(?:[-_.][^/]*)?|copying(?:[-_.][^/]*)?|mit-license(?:\.[a-z]+)?"
_MANIFEST_NAME = r"package\.json|composer\.json|cargo\.toml|pyproject\.toml|setup\.cfg|pkg-info|pom\.xml|description"
PATTERN = rf"^file:(?:[^#]*/)?(?:{_LICENSE_NAME}|{_MANIFEST_NAME})$"
"""What the URL of a record of such a file looks like."""
_FILE = re.compile(PATTERN, re.I)
_NOT_A_TEXT = re.compile(r"\.(?:py|js|ts|c|h|cc|cpp|java|go|rs|rb|php|html?|json|ya?ml|xml|css)$", re.I)


class Captured(NamedTuple):
    """A file that may speak for its folder, as it was captured."""

    source: str
    url: str
    record_id: str
    payload: bytes


def speaks_for_folder(url: str) -> bool:
    """Whether a record's URL is that of a LICENSE file or a package's manifest."""
    return bool(_FILE.match(url)) and (_manifest(url) is not None or not _NOT_A_TEXT.search(url))


@dataclass
class Trees:
    """The folders of file sources that have something to say, asked per file."""

    captured: Iterable[Captured] = ()
    _folders: dict[tuple[str, str], list[Observation]] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        for file in sorted(self.captured):
            if found := list(_statements(file)):
                self._folders.setdefault((file.source, str(_path(file.url).parent)), []).extend(found)
        self.captured = ()

    def observations(self, source: str, url: str) -> list[Observation]:
        """What the nearest folder above a file says of it."""
        if not self._folders or not url.startswith("file:"):
            return []
        for folder in _path(url).parents:
            if found := self._folders.get((source, str(folder))):
                return found
        return []


def _path(url: str) -> PurePosixPath:
    return PurePosixPath(re.sub(r"#\d+$", "", url.removeprefix("file:")))


def _statements(file: Captured) -> Iterator[Observation]:
    text = file.payload[:license_text.MAX_CHARACTERS].decode("utf-8", "replace")
    name = str(_path(file.url))
    manifest = _manifest(file.url)
    if manifest is None:
        yield observe("license_file", "distribution", name, license_text.DETECTOR, license_text.recognize(text),
                      context=text, record_id=file.record_id)
    elif len(file.payload) <= MAX_MANIFEST_BYTES:
        try:
            stated = [value.strip() for value in manifest(text) if isinstance(value, str) and value.strip()]
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError, configparser.Error,
                ElementTree.ParseError):
            # Not a manifest, or a broken one: it states nothing.
            return
        for value in stated:
            full = license_text.recognize(value) if "\n" in value else None
            yield observe("package", "distribution", value, DETECTOR, full if full and full.confidence else read(value),
                          context=f"{name}: {value}", record_id=file.record_id)


def _manifest(url: str) -> Callable[[str], Iterable[Any]] | None:
    return _MANIFESTS.get(_path(url).name.lower())


def _package_json(text: str) -> Iterator[Any]:
    data = json.loads(text)
    stated = data.get("license", data.get("licenses"))
    for value in stated if isinstance(stated, list) else [stated]:
        value = value.get("type") if isinstance(value, Mapping) else value
        # 'SEE LICENSE IN <file>' points elsewhere (npm documentation, package.json).
        if isinstance(value, str) and not value.upper().startswith("SEE LICENSE"):
            yield value


def _composer_json(text: str) -> Iterator[Any]:
    stated = json.loads(text).get("license")
    if isinstance(stated, list):
        # "An Array of ... disjunctive licenses" (Composer documentation, the composer.json schema).
        yield disjunction(read(value).spdx for value in stated) if stated else None
    else:
        yield stated


def _cargo(text: str) -> Iterator[Any]:
    stated = (tomllib.loads(text).get("package") or {}).get("license")
    # Before 2018, Cargo wrote 'MIT/Apache-2.0' for a choice (Cargo book, the license field).
    yield stated.replace("/", " OR ") if isinstance(stated, str) else None


def _pyproject(text: str) -> Iterator[Any]:
    data = tomllib.loads(text)
    project = data.get("project") or {}
    stated = project.get("license")
    yield stated.get("text") if isinstance(stated, Mapping) else stated
    yield from _classifiers(project.get("classifiers") or ())
    yield ((data.get("tool") or {}).get("poetry") or {}).get("license")


def _setup_cfg(text: str) -> Iterator[Any]:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.read_string(text)
    if parser.has_section("metadata"):
        section = parser["metadata"]
        yield _not_a_pointer(section.get("license"))
        yield from _classifiers((section.get("classifiers") or "").splitlines())


def _pkg_info(text: str) -> Iterator[Any]:
    message = Parser().parsestr(text, headersonly=True)
    yield message["License-Expression"]
    yield _not_a_pointer(message["License"])
    yield from _classifiers(message.get_all("Classifier") or ())


def _pom(text: str) -> Iterator[Any]:
    if re.search(r"<!(?:DOCTYPE|ENTITY)", text, re.I):
        return
    root = ElementTree.fromstring(text)
    for license_ in root.findall("{*}licenses/{*}license"):
        yield license_.findtext("{*}name") or license_.findtext("{*}url")


def _description(text: str) -> Iterator[Any]:
    """DESCRIPTION of R: 'MIT + file LICENSE', 'GPL (>= 2)', 'GPL-2 | GPL-3' (Writing R Extensions, 1.1.2)."""
    if "Package" in (fields := Parser().parsestr(text, headersonly=True)) and (stated := fields["License"]):
        stated = re.sub(r"\s*[+|]\s*file\s+\S+", "", stated)
        stated = re.sub(r"\s*\(>=\s*([\d.]+)\)", r"-\1+", stated)
        yield stated.replace("|", " or ")


def _classifiers(values: Iterable[Any]) -> Iterator[str]:
    return (value.strip() for value in values if isinstance(value, str) and value.strip().startswith("License ::"))


def _not_a_pointer(value: str | None) -> str | None:
    return None if value is None or distribution.points_elsewhere(value) else value


_MANIFESTS: dict[str, Callable[[str], Iterable[Any]]] = {
    "package.json": _package_json, "composer.json": _composer_json, "cargo.toml": _cargo, "pyproject.toml": _pyproject,
    "setup.cfg": _setup_cfg, "pkg-info": _pkg_info, "pom.xml": _pom, "description": _description,
}
