"""The sources of the demo: the distributions that are installed here. No network, no file from outside.

Their long descriptions, rendered as PyPI renders them, become pages of a gzip WARC; their source files become rows of a
gzip JSONL, with what the distribution declares of its licence. Both are written once per state of the environment, the
same bytes every time, and are then read like any other crawl and any other file. Not here: reading them.
"""

from __future__ import annotations

import ast
import csv
import gzip
import hashlib
import heapq
import html
import io
import itertools
import json
import os
import platform
import re
import sysconfig
import tempfile
import uuid
import warnings
from collections.abc import Callable, Iterator
from functools import cache
from importlib.metadata import Distribution, PackageMetadata, distributions
from pathlib import Path

from data_platform.ingest.records import Archive
from data_platform.ingest.settings import EnvironmentFiles, EnvironmentPages
from data_platform.ingest.sources import SourceError

OWN_NAME = "data-platform"
WARC_DATE = "2024-01-01T00:00:00Z"
LICENSE_TEXT_CHARACTERS = 20_000
SOURCE_SUFFIXES = (".py", ".pyi", ".md", ".rst", ".txt")
MIN_REFERENCE_WORDS = 40
MAX_REFERENCE_BYTES = 500_000
_NAMESPACE = uuid.UUID("7f5b3b0e-9f0e-4c52-9a3f-3a1c6cf3a0de")


def environment_archives(source: EnvironmentPages | EnvironmentFiles, folder: Path) -> list[Archive]:
    """The one archive of a source of the environment, written to `folder` unless it is there.

    Raises:
        SourceError: if nothing is installed that the source could hold.
    """
    write = _write_pages if isinstance(source, EnvironmentPages) else _write_files
    suffix, format_ = ("warc.gz", "warc") if isinstance(source, EnvironmentPages) else ("jsonl.gz", "jsonl")
    state = _state(source)
    path = folder / state / f"{source.name}.{suffix}"
    if not path.exists():
        _write_whole(path, lambda stream: write(source, stream))
    size = path.stat().st_size
    if not size:
        raise SourceError(f"source {source.name}: no installed distribution has what kind {source.kind} reads")
    return [Archive(source.name, path.name, str(path), size, f"environment:{state}", format_)]


def _state(source: EnvironmentPages | EnvironmentFiles) -> str:
    """Digest of the installed distributions and of the settings that choose from them."""
    return _digest_with(source.model_dump(mode="json"))


def _digest_with(setting: object) -> str:
    """Digest of this module's code, the installed distributions and `setting`."""
    from data_platform.core.code import module_digest

    installed = [f"{_name(distribution)}=={distribution.version}" for distribution in _distributions()]
    text = json.dumps([module_digest(__name__), setting, installed], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _write_whole(path: Path, write: Callable[[io.BufferedIOBase], None]) -> None:
    """The file appears complete or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, building = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            write(stream)
        os.replace(building, path)
    finally:
        Path(building).unlink(missing_ok=True)


@cache
def _distributions() -> tuple[Distribution, ...]:
    """The installed distributions by normalised name, without the platform itself, which changes as people edit it."""
    # Where packages are installed, not sys.path: libraries add folders of their own to that when they are imported.
    folders = list(dict.fromkeys(sysconfig.get_path(name) for name in ("purelib", "platlib")))
    found = {_name(distribution): distribution for distribution in reversed(list(distributions(path=folders)))}
    found.pop(OWN_NAME, None)
    return tuple(found[name] for name in sorted(found))


@cache
def _metadata(distribution: Distribution) -> PackageMetadata:
    """The metadata, which `Distribution.metadata` parses again at every look."""
    return distribution.metadata


@cache
def _name(distribution: Distribution) -> str:
    return re.sub(r"[-_.]+", "-", _metadata(distribution)["Name"] or "").lower()


@cache
def _file_names(distribution: Distribution) -> tuple[str, ...]:
    """Names of the installed files from RECORD, which `Distribution.files` reads a hundred times slower."""
    lines = (distribution.read_text("RECORD") or "").splitlines()
    return tuple(dict.fromkeys(row[0] for row in csv.reader(lines) if row))


# -- pages ------------------------------------------------------------------------------------------------------------


def _write_pages(source: EnvironmentPages, stream: io.BufferedIOBase) -> None:
    from warcio.statusandheaders import StatusAndHeaders
    from warcio.warcwriter import WARCWriter

    writer = WARCWriter(stream, gzip=True, warc_version="1.1")
    about = {"software": "data_platform", "format": "WARC File Format 1.1"}
    info = writer.create_warcinfo_record(f"{source.name}.warc.gz", about)
    writer.write_record(_stable(info, "warcinfo"))
    described = [distribution for distribution in _distributions() if _description(distribution).strip()]
    for distribution in described[: source.limit]:
        url = f"https://pypi.org/project/{_name(distribution)}/{distribution.version}/"
        headers = StatusAndHeaders("200 OK", [("Content-Type", "text/html; charset=utf-8")], protocol="HTTP/1.1")
        page = io.BytesIO(_page(distribution).encode("utf-8"))
        record = writer.create_warc_record(url, "response", payload=page, http_headers=headers)
        writer.write_record(_stable(record, url))


def _stable(record, name: str):
    """Identity and date of the record from what it is, not from when it was written."""
    record.rec_headers.replace_header("WARC-Record-ID", f"<urn:uuid:{uuid.uuid5(_NAMESPACE, name)}>")
    record.rec_headers.replace_header("WARC-Date", WARC_DATE)
    return record


def _description(distribution: Distribution) -> str:
    """The long description: the body of the metadata, or a field of it in old ones."""
    return _metadata(distribution).get_payload() or _metadata(distribution)["Description"] or ""


def _page(distribution: Distribution) -> str:
    """A project page: head, navigation, description, footer, with the licence where a page states one."""
    metadata = _metadata(distribution)
    name, version = html.escape(metadata["Name"]), html.escape(distribution.version)
    summary = html.escape(metadata["Summary"] or "")
    declared = _declared_license(distribution)
    head = foot = ""
    if declared and " " not in declared and not declared.startswith("LicenseRef-"):  # those have no page at SPDX
        address = f"https://spdx.org/licenses/{declared}.html"
        head = f'<link rel="license" href="{address}">'
        foot = f'<p>License: <a rel="license" href="{address}">{declared}</a></p>'
    elif declared:
        head = f'<meta name="license" content="{html.escape(declared)}">'
        foot = f"<p>License: {html.escape(declared)}</p>"
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{name} {version}</title>'
        f'<meta name="description" content="{summary}">{head}</head><body>\n'
        f'<nav><a href="/">Home</a> <a href="/search/">Search</a> <a href="/help/">Help</a></nav>\n'
        f"<main><article><h1>{name}</h1>\n<p>{summary}</p>\n{_render(distribution)}\n</article></main>\n"
        f"<footer>{foot}<p>{name} {version}</p></footer></body></html>\n"
    )


def _render(distribution: Distribution) -> str:
    """The long description as HTML, by its content type; as plain text where its markup is broken."""
    from readme_renderer import markdown, rst, txt

    text = _description(distribution)
    kind = (_metadata(distribution)["Description-Content-Type"] or "text/x-rst").partition(";")[0].strip().lower()
    if kind == "text/markdown":
        rendered = markdown.render(text)
    elif kind == "text/x-rst":
        rendered = rst.render(text, stream=io.StringIO())
    else:
        rendered = None
    return rendered or txt.render(text)


def _declared_license(distribution: Distribution) -> str | None:
    """The SPDX expression that the metadata declares: License-Expression, else classifiers, else the License field."""
    from data_platform.spdx.expressions import UNKNOWN, conjunction, normalize

    metadata = _metadata(distribution)
    candidates = [normalize(metadata["License-Expression"])] if metadata["License-Expression"] else []
    classified = [normalize(classifier) for classifier in _license_classifiers(distribution)]
    if known := [expression for expression in classified if expression != UNKNOWN]:
        candidates.append(conjunction(known))
    if metadata["License"]:
        candidates.append(normalize(metadata["License"].strip()))
    return next((expression for expression in candidates if expression != UNKNOWN), None)


def _license_classifiers(distribution: Distribution) -> list[str]:
    return [value for value in _metadata(distribution).get_all("Classifier") or [] if value.startswith("License ::")]


# -- files ------------------------------------------------------------------------------------------------------------


def _write_files(source: EnvironmentFiles, stream: io.BufferedIOBase) -> None:
    chosen = list(itertools.islice(_sample(source.max_bytes), source.limit))
    if not chosen:
        return
    declared: dict[str, dict[str, object]] = {}
    with gzip.GzipFile(fileobj=stream, mode="wb", mtime=0, filename="") as compressed:
        for distribution, name, path in chosen:
            key = _name(distribution)
            if key not in declared:
                declared[key] = _declaration(distribution)
            text = path.read_bytes().decode("utf-8", "replace")
            row = {"text": text, "url": f"file:{name}", **declared[key]}
            compressed.write(json.dumps(row, ensure_ascii=False, sort_keys=True).encode("utf-8") + b"\n")


def _sample(max_bytes: int) -> Iterator[tuple[Distribution, str, Path]]:
    """Source files in the order of their hash, one of each distribution in turn, so that large ones crowd out none."""
    ranked = []
    for distribution in _distributions():
        names = sorted(_source_names(distribution), key=lambda name: hashlib.sha256(name.encode()).digest())
        ranked.extend((rank, _name(distribution), distribution, name) for rank, name in enumerate(names))
    for _, _, distribution, name in sorted(ranked, key=lambda item: item[:2]):
        path = Path(str(distribution.locate_file(name)))
        if path.is_file() and 0 < path.stat().st_size <= max_bytes:
            yield distribution, name, path


def _source_names(distribution: Distribution) -> list[str]:
    return [
        name for name in _file_names(distribution)
        if name.endswith(SOURCE_SUFFIXES) and ".dist-info/" not in name and not name.startswith("..")
    ]


def _declaration(distribution: Distribution) -> dict[str, object]:
    """What the distribution declares of its licence, field by field."""
    metadata = _metadata(distribution)
    files = []
    for name in _file_names(distribution):
        if ".dist-info/" in name and re.match(r"(?i)(licen[sc]e|copying)", Path(name).name):
            path = Path(str(distribution.locate_file(name)))
            if path.is_file():
                text = path.read_bytes().decode("utf-8", "replace")[:LICENSE_TEXT_CHARACTERS]
                files.append({"name": Path(name).name, "text": text})
    return {
        "distribution": metadata["Name"],
        "version": distribution.version,
        "license_expression": metadata["License-Expression"],
        "license_classifiers": _license_classifiers(distribution),
        "license_field": metadata["License"],
        "license_files": files[:2],
    }


# -- labels -----------------------------------------------------------------------------------------------------------


def reference_texts(limit: int) -> list[tuple[str, str, int]]:
    """Weakly labelled texts as (origin, text, label), at most `limit` per label, in the order of their hash.

    Wanted (1) is edited English prose: docstrings of the standard library of at least 40 words. Not wanted (0) is what
    the same machine holds and nobody would train on: file lists and metadata of the installed distributions. These
    labels let the demo run; they are no judgement of people, and a classifier trained on them mainly tells sentences
    from listings. Give labelled files for anything else.
    """
    wanted = [("stdlib", text, 1) for text in _first_by_hash(_docstrings(), limit)]
    unwanted = [("listing", text, 0) for text in _first_by_hash(_listings(), limit)]
    return wanted + unwanted


def _first_by_hash(texts: Iterator[str], limit: int) -> list[str]:
    return sorted(set(texts), key=lambda text: hashlib.sha256(text.encode("utf-8", "replace")).digest())[:limit]


def _docstrings() -> Iterator[str]:
    """Docstrings of the standard library, without the indentation of the code."""
    import inspect

    for path in sorted(Path(sysconfig.get_path("stdlib")).glob("**/*.py")):
        parts = path.parts
        if "site-packages" in parts or "test" in parts or "tests" in parts or "idlelib" in parts:
            continue
        try:
            tree = ast.parse(path.read_bytes())
        except (SyntaxError, ValueError):
            continue  # the standard library ships files for other versions
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                text = inspect.cleandoc(ast.get_docstring(node) or "")
                if len(text.split()) >= MIN_REFERENCE_WORDS and text.isprintable() | ("\n" in text):
                    yield text


def docstrings_by_distribution(files: int = 40) -> Iterator[tuple[str, list[str]]]:
    """Name and docstrings of at least 40 words of every installed distribution that has some.

    Of each at most `files` files that hold a formula are read, and a quarter of that of others: those with the least
    hash.
    """
    import inspect

    for distribution in _distributions():
        ranked = heapq.nsmallest(files, _ranked_sources(distribution), key=lambda item: item[:2])
        ranked = [item for place, item in enumerate(ranked) if not item[0] or place < files // 4]
        texts = [
            text for *_, source in ranked for text in map(inspect.cleandoc, _docstrings_in(source))
            if len(text.split()) >= MIN_REFERENCE_WORDS
        ]
        if texts:
            yield _name(distribution), texts


def _ranked_sources(distribution: Distribution) -> Iterator[tuple[bool, bytes, bytes]]:
    """Python sources with docstrings, each behind what it is ranked by."""
    for name in _file_names(distribution):
        if name.endswith(".py") and "test" not in name:
            try:
                source = Path(str(distribution.locate_file(name))).read_bytes()
            except OSError:
                continue  # RECORD names files that somebody removed
            if b'"""' in source and len(source) < MAX_REFERENCE_BYTES:
                has_formula = b":math:`" in source or b".. math::" in source
                yield not has_formula, hashlib.sha256(name.encode()).digest(), source


def _docstrings_in(source: bytes) -> Iterator[str]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)  # backslashes in other people's docstrings
            tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return  # files for other versions of Python
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield ast.get_docstring(node) or ""


def _listings() -> Iterator[str]:
    """Pieces of file lists and of metadata headers, of about the length of a docstring."""
    for distribution in _distributions():
        lines = _file_names(distribution)
        yield from ("\n".join(lines[start : start + 20]) for start in range(0, len(lines), 20))
        headers = [f"{key}: {value}" for key, value in _metadata(distribution).items() if key != "Description"]
        yield from ("\n".join(headers[start : start + 20]) for start in range(0, len(headers), 20))


def reference_state() -> str:
    """Digest of what `reference_texts` reads."""
    return _digest_with(platform.python_version())
