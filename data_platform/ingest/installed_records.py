"""Installed distributions as records: long descriptions as PyPI renders them, and source files with their licence.

Pages become a gzip WARC, files a gzip JSONL, the same bytes every time. Here belongs what decides those bytes, and
nothing else: its code is part of their fingerprint. Not here: where they are kept (`installed_archives.py`), and how
they are read, which is as any other crawl and file are.
"""

from __future__ import annotations

import gzip
import hashlib
import html
import io
import itertools
import json
import re
import uuid
from collections.abc import Iterable, Iterator
from email.utils import getaddresses
from importlib.metadata import Distribution
from pathlib import Path

from data_platform.core.extras import DEMO, need
from data_platform.ingest.evidence_files import kind_of
from data_platform.ingest.installed import files_of, installed, metadata_of, name_of
from data_platform.ingest.settings import EnvironmentFiles, EnvironmentPages

WARC_DATE = "2024-01-01T00:00:00Z"
LICENSE_TEXT_CHARACTERS = 20_000
NOTICE_BYTES = 2**20
SOURCE_SUFFIXES = (".py", ".pyi", ".md", ".rst", ".txt")
_NAMESPACE = uuid.UUID("7f5b3b0e-9f0e-4c52-9a3f-3a1c6cf3a0de")


def write_pages(source: EnvironmentPages, stream: io.BufferedIOBase) -> None:
    """Write the long descriptions as a WARC of pages."""
    from warcio.statusandheaders import StatusAndHeaders
    from warcio.warcwriter import WARCWriter

    writer = WARCWriter(stream, gzip=True, warc_version="1.1")
    about = {"software": "data_platform", "format": "WARC File Format 1.1"}
    info = writer.create_warcinfo_record(f"{source.name}.warc.gz", about)
    writer.write_record(_stable(info, "warcinfo"))
    described = [distribution for distribution in installed() if _description(distribution).strip()]
    for distribution in described[: source.limit]:
        url = f"https://pypi.org/project/{name_of(distribution)}/{distribution.version}/"
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
    return metadata_of(distribution).get_payload() or metadata_of(distribution)["Description"] or ""


def _page(distribution: Distribution) -> str:
    """A project page: head, navigation, description, footer, with the licence where a page states one."""
    metadata = metadata_of(distribution)
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
        f'<meta name="description" content="{summary}">{_author_meta(distribution)}{head}</head><body>\n'
        f'<nav><a href="/">Home</a> <a href="/search/">Search</a> <a href="/help/">Help</a></nav>\n'
        f"<main><article><h1>{name}</h1>\n<p>{summary}</p>\n{_render(distribution)}\n</article></main>\n"
        f"<footer>{foot}<p>{name} {version}</p></footer></body></html>\n"
    )


def _author_meta(distribution: Distribution) -> str:
    """The author, or who maintains it, where a page's head names it; nothing if the metadata give no name."""
    metadata = metadata_of(distribution)
    stated = metadata["Author"] or metadata["Maintainer"] or ""
    mails = metadata["Author-email"] or metadata["Maintainer-email"] or ""
    named = [stated] if stated.strip() else [name for name, _ in getaddresses([mails]) if name]
    return "".join(f'<meta name="author" content="{html.escape(name)}">' for name in named)


def _render(distribution: Distribution) -> str:
    """The long description as HTML, by its content type; as plain text where its markup is broken."""
    need(DEMO)
    from readme_renderer import markdown, rst, txt

    text = _description(distribution)
    kind = (metadata_of(distribution)["Description-Content-Type"] or "text/x-rst").partition(";")[0].strip().lower()
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

    metadata = metadata_of(distribution)
    candidates = [normalize(metadata["License-Expression"])] if metadata["License-Expression"] else []
    classified = [normalize(classifier) for classifier in _license_classifiers(distribution)]
    if known := [expression for expression in classified if expression != UNKNOWN]:
        candidates.append(conjunction(known))
    if metadata["License"]:
        candidates.append(normalize(metadata["License"].strip()))
    return next((expression for expression in candidates if expression != UNKNOWN), None)


def _license_classifiers(distribution: Distribution) -> list[str]:
    return [value for value in metadata_of(distribution).get_all("Classifier") or [] if value.startswith("License ::")]


def write_files(source: EnvironmentFiles, stream: io.BufferedIOBase) -> None:
    """Write source files as rows of JSONL; nothing if there are none."""
    chosen = list(itertools.islice(_sample(source.max_bytes), source.limit))
    if not chosen:
        return
    declared: dict[str, dict[str, object]] = {}
    with gzip.GzipFile(fileobj=stream, mode="wb", mtime=0, filename="") as compressed:
        for distribution, name, path in chosen:
            key = name_of(distribution)
            if key not in declared:
                declared[key] = _declaration(distribution)
            text = path.read_bytes().decode("utf-8", "replace")
            row = {"text": text, "url": f"file:{name}", **declared[key]}
            compressed.write(json.dumps(row, ensure_ascii=False, sort_keys=True).encode("utf-8") + b"\n")
        for row in _notices(distribution for distribution, *_ in chosen):
            compressed.write(json.dumps(row, ensure_ascii=False, sort_keys=True).encode("utf-8") + b"\n")


def _notices(distributions: Iterable[Distribution]) -> Iterator[dict[str, object]]:
    """The LICENSE, NOTICE and AUTHORS files of distributions, whole, as rows of their own: evidence for their files."""
    for key, distribution in sorted({name_of(one): one for one in distributions}.items()):
        for name in files_of(distribution):
            path = Path(str(distribution.locate_file(name)))
            if ".dist-info/" in name and kind_of(f"file:{path.name}") in ("license", "notice", "authors") \
                    and path.is_file() and 0 < path.stat().st_size <= NOTICE_BYTES:
                yield {"text": path.read_bytes().decode("utf-8", "replace"), "url": f"file:{name}", "distribution": key,
                       "version": distribution.version}


def _sample(max_bytes: int) -> Iterator[tuple[Distribution, str, Path]]:
    """Source files in the order of their hash, one of each distribution in turn, so that large ones crowd out none."""
    ranked = []
    for distribution in installed():
        names = sorted(_source_names(distribution), key=lambda name: hashlib.sha256(name.encode()).digest())
        ranked.extend((rank, name_of(distribution), distribution, name) for rank, name in enumerate(names))
    for _, _, distribution, name in sorted(ranked, key=lambda item: item[:2]):
        path = Path(str(distribution.locate_file(name)))
        if path.is_file() and 0 < path.stat().st_size <= max_bytes:
            yield distribution, name, path


def _source_names(distribution: Distribution) -> list[str]:
    return [
        name for name in files_of(distribution)
        if name.endswith(SOURCE_SUFFIXES) and ".dist-info/" not in name and not name.startswith("..")
    ]


def _declaration(distribution: Distribution) -> dict[str, object]:
    """What the distribution declares of its licence, field by field."""
    metadata = metadata_of(distribution)
    files = []
    for name in files_of(distribution):
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
        "author": metadata["Author"],
        "author_email": metadata["Author-email"],
        "maintainer": metadata["Maintainer"],
        "maintainer_email": metadata["Maintainer-email"],
    }
