"""What LICENSE files and manifests say of the files below them.

A folder's LICENSE, COPYING or UNLICENSE file, and the manifest of a package or data set in it, cover the files of the
folder and of all folders below that have none of their own; that is how The Stack v2 carries the licences of
repositories over to files (Lozhkov et al. 2024, https://arxiv.org/abs/2402.19173, section 3.1). A manifest that points
to a file that was not captured, or to a manifest above it that is not there, states a licence that nobody could read.
Every row names the record of the file that says so. Beside that hold what a README limits, terms and agreements of
users, and what files say of single paths (`reuse`), of all folders above.

Belongs here: which files speak for which. Does not: names of manifests (`ingest/manifests`), what one states
(`manifests`), READMEs (`readme`), licence texts (`license_text`), heads of files (`file_header`), installed
distributions, whose metadata travel with each file (`distribution`).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import NamedTuple
from urllib.parse import quote

from data_platform.ingest import manifests as names
from data_platform.ingest.files import text_charset
from data_platform.ingest.site_files import Kind as SiteKind
from data_platform.licenses import beside, license_text, readme, reuse, site_files
from data_platform.licenses.manifests import MAX_BYTES, Manifest, read_manifest
from data_platform.licenses.observation import Observation, observe
from data_platform.licenses.values import Said
from data_platform.spdx.expressions import UNKNOWN, UNREADABLE, Reading, read

DETECTOR = "trees@4"

_LICENSE_NAME = r"\.?(?:un)?licen[sc]e(?:[-_.][^/]*)?|copying(?:[-_.][^/]*)?|mit-license(?:\.[a-z]+)?"
_SITE_NAME = r"robots\.txt|ai\.txt|tdmrep\.json"
_TEXTS_FOLDER = "LICENSES"
PATTERN = (
    rf"^file:(?:[^#]*/)?(?:{_LICENSE_NAME}|{names.PATTERN}|{names.BUILD_PATTERN}|{readme.PATTERN}|{beside.PATTERN}|"
    rf"{reuse.PATTERN}|{_SITE_NAME}|\.?[^/#]*\.licen[sc]e(?:\.txt|\.md)?|LICENSES/[^/#]+)$"
)
"""What the URL of a record of such a file looks like."""
_FILE = re.compile(PATTERN, re.I)
_OF_OTHERS = re.compile(r"(?:third|3rd)[-_. ]?part(?:y|ies)|dependenc(?:y|ies)|vendor(?:ed)?|bundled", re.I)
"""Names of files with the licences of other works."""
_README = re.compile(readme.PATTERN, re.I)
_BARE_LICENSE = re.compile(r"(?:un)?licen[sc]e(?:\.(?:txt|md|rst|html?))?|copying(?:\.(?:txt|md|rst))?", re.I)
_LARGE_FILE = re.compile(r"version https://git-lfs\.github\.com")
"""A pointer of Git LFS to a file that is not there."""
_ROOTS_OF_OTHERS = frozenset({".github", ".gitlab", ".gitea", ".forgejo"})
"""Folders whose files speak of the folder that they lie in."""
_FOLDERS_OF_TERMS = frozenset({"licenses", "licences", "license", "licence", "legal", "terms"})
"""Folders of legal texts, whose EULA is that of the folder above."""
_NOT_A_TEXT = re.compile(r"\.(?:py|js|ts|c|h|cc|cpp|java|go|rs|rb|php|html?|json|ya?ml|xml|css)$", re.I)
_SITE_KINDS: Mapping[str, SiteKind] = {"robots.txt": "robots", "ai.txt": "ai_txt", "tdmrep.json": "tdmrep"}
_HOST = "tree.invalid"
"""Stands for the site that a folder is when files for crawlers lie in it."""
_MORE_THAN_A_POINTER = 40
"""Words of a LICENSE file that says more than where the licence is."""
_ROW = re.compile(r"#\d+$")


class Captured(NamedTuple):
    """A file that may speak for its folder, as it was captured."""

    source: str
    url: str
    record_id: str
    payload: bytes


def speaks_for_folder(url: str) -> bool:
    """Whether a record's URL is that of a LICENSE file or a manifest."""
    return bool(_FILE.match(url)) and (
        _is_manifest(url) or _path(url).name.lower() == "tdmrep.json" or not _NOT_A_TEXT.search(url))


@dataclass
class Trees:
    """The folders of file sources that have something to say, asked per file."""

    captured: Iterable[Captured] = ()
    agents: Sequence[str] = ()
    _sites: dict[tuple[str, str], list[site_files.Captured]] = field(init=False, repr=False, default_factory=dict)
    _policies: dict[tuple[str, str], site_files.Policies] = field(init=False, repr=False, default_factory=dict)
    _texts: dict[tuple[str, str], list[Observation]] = field(init=False, repr=False, default_factory=dict)
    _folders: dict[tuple[str, str], list[Observation]] = field(init=False, repr=False, default_factory=dict)
    _limits: dict[tuple[str, str], list[Observation]] = field(init=False, repr=False, default_factory=dict)
    _paths: dict[tuple[str, str], list[tuple[re.Pattern[str], Observation]]] = field(
        init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        captured = sorted(self.captured)
        files = [file for file in captured if not self._beside(file)]
        texts = {(file.source, str(_path(file.url))): file for file in files if not _is_manifest(file.url)}
        for file in texts.values():
            if not _OF_OTHERS.search(_path(file.url).name):
                self._say(file, _of_text(file))
        manifests = [(file, _read(file)) for file in files if _is_manifest(file.url)]
        for file, manifest in manifests:
            self._say(file, (_stated(file, said.raw, said.reading) for said in manifest.said))
        # What points elsewhere is asked last: it states something only if nobody stands there.
        for file, manifest in manifests:
            if manifest.points:
                self._say(file, self._pointed(file, manifest, texts))
        # Licences of what is bundled hold beside one of the whole, and are none of it.
        for file in texts.values():
            if _OF_OTHERS.search(_path(file.url).name) and (file.source, str(_path(file.url).parent)) in self._folders:
                self._say(file, _of_text(file))
        self._policies = {key: site_files.Policies(files, self.agents) for key, files in self._sites.items()}
        self.captured, self._sites = (), {}

    def _beside(self, file: Captured) -> bool:
        """Note what a file says beside LICENSE files and manifests; says whether it is nothing but such a file."""
        path = _path(file.url)
        name, folder = path.name, reuse.folder_of(str(path))
        if (kind := _SITE_KINDS.get(name.lower())) is not None:
            root = path.parent.parent if path.parent.name == ".well-known" else path.parent
            self._sites.setdefault((file.source, str(root)), []).append(
                site_files.Captured(_HOST, kind, file.record_id, file.payload))
            return True
        if path.parent.name == _TEXTS_FOLDER:
            self._texts.setdefault((file.source, str(path.parent.parent)), []).append(_of_listed(file))
            return True
        if (whole := reuse.beside(name)) is not None and not re.fullmatch(_LICENSE_NAME, name, re.I):
            said = reuse.of_sidecar(_decoded(file.payload[:license_text.MAX_CHARACTERS]))
            self._paths.setdefault((file.source, str(path.parent)), []).append((whole, _stated(file, *said)))
            return True
        if folder is not None:
            text = _decoded(file.payload[:license_text.MAX_CHARACTERS])
            self._paths.setdefault((file.source, folder or "."), []).extend(
                (pattern, _stated(file, *said)) for pattern, said in reuse.read_paths(str(path), text))
            return True
        limits = None
        if _README.fullmatch(name):
            limits = readme.limits_of(_decoded(file.payload[:readme.MAX_CHARACTERS]))
        elif beside.is_beside(name):
            limits = beside.limits_of(name, _decoded(file.payload[:license_text.MAX_CHARACTERS]))
        if limits is not None:
            self._limits.setdefault((file.source, str(_owner(path))), []).append(_stated(file, name, limits))
        return not (_is_manifest(file.url) or re.fullmatch(_LICENSE_NAME, name, re.I))

    def _say(self, file: Captured, found: Iterable[Observation]) -> None:
        if found := list(found):
            self._folders.setdefault((file.source, str(_owner(_path(file.url)))), []).extend(found)

    def _pointed(
        self, file: Captured, manifest: Manifest, texts: dict[tuple[str, str], Captured]
    ) -> Iterator[Observation]:
        """What a manifest states that states nothing itself: what stands in the files that it names, or is unknown."""
        here = _path(file.url)
        if manifest.inherits and any((file.source, str(folder)) in self._folders for folder in here.parents):
            return
        for name in manifest.files:
            target = posixpath.normpath(posixpath.join(str(here.parent), name.removeprefix("./")))
            if not name or "*" in name:
                found = any(str(_path(text.url).parent) == str(here.parent)
                            for (source, _), text in texts.items() if source == file.source)
                if found:
                    continue
            if text := texts.get((file.source, target)):
                if PurePosixPath(target).parent != here.parent:
                    yield from _of_text(text)
                continue
            yield _stated(file, f"see {name}" if name else "see elsewhere", UNREADABLE)
        if manifest.inherits:
            yield _stated(file, "that of a manifest above", UNREADABLE)

    def observations(self, source: str, url: str) -> list[Observation]:
        """What the nearest folder above a file says of it, and what folders above limit or say of its path."""
        if not url.startswith("file:") or not (
                self._folders or self._limits or self._paths or self._texts or self._policies):
            return []
        path, stated, more, listed, named = _path(url), [], [], [], []
        for folder in path.parents:
            key = (source, str(folder))
            if not stated and not listed:
                listed = self._texts.get(key, [])
            stated = stated or self._folders.get(key, [])
            more += self._limits.get(key, [])
            if key in self._paths:
                below = str(path.relative_to(folder))
                named += [said for pattern, said in self._paths[key] if pattern.fullmatch(below)][-1:]
            if key in self._policies:
                more += self._policies[key].observations(f"https://{_HOST}/{quote(str(path.relative_to(folder)))}")
        # Of several texts nobody says here which is whose; what names the file does.
        return [*stated, *more, *named, *(() if named else listed)]


def _path(url: str) -> PurePosixPath:
    return PurePosixPath(_ROW.sub("", url.removeprefix("file:")))


def _owner(path: PurePosixPath) -> PurePosixPath:
    """The folder that a file speaks for."""
    above = path.parent.name in _ROOTS_OF_OTHERS or (
        path.parent.name.lower() in _FOLDERS_OF_TERMS and beside.is_of_terms(path.name))
    return path.parent.parent if above else path.parent


def _is_manifest(url: str) -> bool:
    name = _path(url).name
    return not _ROW.search(url) and (names.is_manifest(name) or names.is_build_file(name))


def _of_listed(file: Captured) -> Observation:
    """What a text states that lies among the texts of REUSE, whose name is that of the licence."""
    reading = license_text.recognize(_decoded(file.payload[:license_text.MAX_CHARACTERS]))
    name = _path(file.url).name
    stem = re.sub(r"\.(?:txt|md|text)$", "", name)
    return _stated(file, f"{_TEXTS_FOLDER}/{name}", reading if reading.confidence else read(stem))


def _decoded(payload: bytes) -> str:
    """The text of a file, in whatever Unicode form its first bytes say it is."""
    return payload.decode(text_charset(payload[:4_096]) or "utf-8", "replace")


def _of_text(file: Captured) -> Iterator[Observation]:
    text = _decoded(file.payload[:license_text.MAX_CHARACTERS])
    name, reading = str(_path(file.url)), license_text.recognize(text)
    yield observe("license_file", "distribution", name, license_text.DETECTOR, reading, context=text,
                  record_id=file.record_id)
    variant = not _BARE_LICENSE.fullmatch(_path(file.url).name) and beside.says_something(text)
    if reading.spdx == UNKNOWN and (
            len(text.split()) > _MORE_THAN_A_POINTER or variant or _LARGE_FILE.search(text)):
        # Terms that nobody understood are terms, whatever a manifest beside them says.
        yield observe("package", "distribution", name, DETECTOR, UNREADABLE, context=text, record_id=file.record_id)


def _read(file: Captured) -> Manifest:
    name = _path(file.url).name
    if names.is_build_file(name):
        found = read_manifest(name, _decoded(file.payload[:MAX_BYTES]))
        if name.lower() == "cmakelists.txt":
            return found
        # Code that builds says 'license' of much; what names one counts.
        return found._replace(said=tuple(one for one in found.said if one.reading.spdx != UNKNOWN), files=())
    if name.lower() == "readme.md":
        # The head alone states something; what follows may be of any length.
        return read_manifest(name, _decoded(file.payload[:MAX_BYTES]))
    if len(file.payload) > MAX_BYTES:
        return Manifest((Said(f"{len(file.payload)} bytes", UNREADABLE),))
    return read_manifest(name, _decoded(file.payload))


def _stated(file: Captured, raw: str, reading: Reading) -> Observation:
    return observe("package", "distribution", raw, DETECTOR, reading, context=f"{_path(file.url)}: {raw}",
                   record_id=file.record_id)
