"""The NOTICE read as the conditions of each licence demand, by a reader that knows nothing of how it is written.

Records of all kinds go through the code that collects credits; a mixture is made of them, and for each of its documents
the reader finds the line, the heading above it and the texts that these name, and asks what its licence asks for.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pytest
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

from data_platform.core.tables import table
from data_platform.credits.attribution import attributions
from data_platform.credits.trees import Captured, Trees
from data_platform.ingest.settings import CrawlSource, FilesSource
from data_platform.lake.lake import Lake, Partition, Provenance
from data_platform.publish.account import account_of
from data_platform.publish.license_texts import text_of
from data_platform.publish.notice import write_notice
from data_platform.publish.spdx_document import spdx_document
from data_platform.stages.document_credits import make_credits
from tests.publish.lakes import typed, write

SOURCES = {
    "tree": FilesSource(kind="files", name="tree", snapshot="one", paths=("a",)),
    "rows": FilesSource(kind="files", name="rows", snapshot="one", paths=("a",)),
    "web": CrawlSource(name="web", snapshot="one", paths=("a",)),
}
HOLDERS = "Copyright (c) 2014 Ada Author", "Copyright (c) 2016 Bert Builder"
WIDGET = "Widget\nCopyright 2019 The Widget Foundation\n\nThis product includes parts of Gadget (https://gadget.example)."
BSD_HEAD = "\n".join(f"# {line}".rstrip() for line in text_of("BSD-3-Clause").replace("<year>", "2011").replace(
    "<owner>", "Dora Developer").splitlines())
FILES = {
    "many/LICENSE": text_of("MIT").replace("Copyright (c) <year> <copyright holders>", "\n".join(HOLDERS)),
    "many/package.json": json.dumps({"name": "many", "author": {"name": "Ada Author", "email": "ada@example.org"}}),
    "many/src/a.js": "export const a = 1;\n",
    "widget/LICENSE": text_of("Apache-2.0"),
    "widget/NOTICE": WIDGET,
    "widget/deep/er/w.go": "// Copyright 2020 Carol Coder\npackage w\n",
    "bare/only.py": f"#!/usr/bin/env python\n{BSD_HEAD}\nimport os\n",
    "isc/COPYING": text_of("ISC").replace("Copyright <year> <owner>", "Copyright (c) 2004-2010 Emil Engineer"),
    "isc/i.c": "int i;\n",
    "zlib/z.c": "/* SPDX-FileCopyrightText: 1995 Zoe Zip */\n/* SPDX-License-Identifier: Zlib */\nint z;\n",
    "tagged/t.py": "# SPDX-License-Identifier: MIT\n# Author: Tim Tagger\nx = 1\n",
    "gnu/g.c": "/* Copyright (C) 1999 Gina Gnome\n * SPDX-License-Identifier: GPL-3.0-or-later */\nint g;\n",
    "moz/m.js": "// Copyright 2012 Mo Zilla\n// SPDX-License-Identifier: MPL-2.0\n",
}
PAGE = ('<html><head><title>{title} - Site</title>{head}</head><body><article><h1>{title}</h1><p>Text.</p></article>'
        '<footer>{foot}</footer></body></html>')


@dataclass
class Expected:
    """A record, and what its licence asks to be said of it: written down by hand, from the record alone."""

    source: str
    url: str
    payload: str
    licence: str
    metadata: dict[str, Any] = field(default_factory=dict)
    title: str = ""
    authors: tuple[str, ...] = ()
    copyright: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    edits: dict[str, int] = field(default_factory=dict)
    changes: tuple[str, ...] = ()


def _file(name: str, licence: str, **expected: Any) -> Expected:
    return Expected("tree", f"file:{name}", FILES[name], licence, **expected)


DOCUMENTS = [
    _file("many/src/a.js", "MIT", copyright=HOLDERS, texts=("\n".join(HOLDERS),)),
    _file("widget/deep/er/w.go", "Apache-2.0", texts=(WIDGET,), edits={"email_edited": 2},
          changes=("e-mail addresses redacted",),
          copyright=("Copyright 2020 Carol Coder", "Copyright 2019 The Widget Foundation")),
    _file("bare/only.py", "BSD-3-Clause", copyright=("Copyright (c) 2011 Dora Developer.",)),
    _file("isc/i.c", "ISC", copyright=("Copyright (c) 2004-2010 Emil Engineer",)),
    _file("zlib/z.c", "Zlib", copyright=("SPDX-FileCopyrightText: 1995 Zoe Zip",)),
    _file("tagged/t.py", "MIT", authors=("Tim Tagger",)),
    _file("gnu/g.c", "GPL-3.0-or-later", copyright=("Copyright (C) 1999 Gina Gnome",)),
    _file("moz/m.js", "MPL-2.0", copyright=("Copyright 2012 Mo Zilla",)),
    Expected("rows", "https://stories.example/1", "Once.", "CC-BY-4.0", {"title": "A Story", "authors": [
        {"given": "Fay", "family": "Forest"}, "Gus Grove <gus@example.org>"]}, "A Story", ("Fay Forest", "Gus Grove"),
        edits={"lines_edited": 3}, changes=("lines removed",)),
    Expected("rows", "file:rows.jsonl#7", "Twice.", "CC-BY-SA-3.0",
             {"meta": json.dumps({"by": {"name": "Hal Hill"}, "headline": "Nested"}), "source": "Village Archive"},
             "Nested", ("Hal Hill",)),
    Expected("rows", "https://stories.example/3", "Thrice.", "CC-BY-4.0", {"author": "unknown"}),
    Expected("web", "https://blog.example/a", PAGE.format(
        title="Ink", head='<meta name="author" content="Ida Ink">', foot="&copy; 2021 Ida Ink"), "CC-BY-4.0",
        title="Ink", authors=("Ida Ink",), copyright=("© 2021 Ida Ink",), changes=("text extracted from the page",)),
    Expected("web", "https://journal.example/p", PAGE.format(
        title="Paper", foot="", head='<meta name="citation_author" content="Roe, Jane"><meta name="citation_author" '
        'content="Poe, Max"><meta name="citation_title" content="A Paper">'), "CC-BY-NC-4.0", title="A Paper",
        authors=("Jane Roe", "Max Poe")),
    Expected("web", "https://wiki.example/Bees", PAGE.format(
        title="Bees", foot="", head='<script type="application/ld+json">{"@type": "Article", "headline": "Bees", '
        '"author": {"@type": "Organization", "name": "Contributors to the Wiki"}}</script>'),
        "CC-BY-SA-4.0", title="Bees", authors=("Contributors to the Wiki",)),
]
IDS = [f"{number:032x}" for number in range(1, len(DOCUMENTS) + 1)]
DERIVED, PARENTS = "d" * 32, (0, 8)
"""A text that was made of an MIT file and a CC BY row."""
PHRASES = {
    "MIT": ("Permission is hereby granted, free of charge", "The above copyright notice and this permission notice"),
    "BSD-3-Clause": ("Redistributions in binary form must reproduce", "Neither the name of", "AS IS"),
    "ISC": ("provided that the above copyright notice and this permission notice appear", "DISCLAIMS ALL WARRANTIES"),
    "Zlib": ("The origin of this software must not be misrepresented",),
    "Apache-2.0": ("TERMS AND CONDITIONS FOR USE, REPRODUCTION, AND DISTRIBUTION", "Disclaimer of Warranty"),
    "GPL-3.0-or-later": ("GNU GENERAL PUBLIC LICENSE", "Disclaimer of Warranty"),
    "MPL-2.0": ("Covered Software", "Disclaimer of Warranty"),
}
"""What has to be found in the texts that go with a document under a licence that asks for its text."""


@dataclass
class Said:
    """What the NOTICE says of one document: its lines, the heading above it, the section, and the texts it names."""

    line: str
    heading: str
    section: str
    texts: str


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    lake = Lake(str(tmp_path_factory.mktemp("lake")))
    captured = [Captured("tree", f"file:{name}", f"{number:032x}", text.encode())
                for number, (name, text) in enumerate(FILES.items(), 1_000)]
    trees, notices = Trees.read(captured)
    columns = {
        "record_id": IDS, "source": [one.source for one in DOCUMENTS],
        "record_type": [{"web": "response", "tree": "file", "rows": "row"}[one.source] for one in DOCUMENTS],
        "url": [one.url for one in DOCUMENTS],
        "mime": ["text/html" if one.source == "web" else "text/plain" for one in DOCUMENTS],
        "charset": ["utf-8"] * len(IDS), "payload": [one.payload.encode() for one in DOCUMENTS],
        "metadata": [json.dumps(one.metadata) for one in DOCUMENTS],
    }
    arrays = [pa.array(values, pa.large_binary() if name == "payload" else None) for name, values in columns.items()]
    made = make_credits(*arrays, sources=SOURCES, trees=trees).to_pylist()
    credits_ = [{"doc_id": doc_id, "snapshot": "one", **row} for doc_id, row in zip(IDS, made, strict=True)
                if row["credited"]]
    texts = [{**notice._asdict(), "snapshot": "one"} for notice in notices]
    texts += [{**row, "record_id": doc_id, "snapshot": "one"} for doc_id, row in zip(IDS, made, strict=True)
              if row["carries"]]
    write(lake, "raw_crawls", [], "one")
    raw = (lake.pin("raw_crawls", "one"),)
    write(lake, "license_notices", texts, "one", raw)
    write(lake, "document_credits", credits_, "one", raw)
    documents = [
        {"doc_id": doc_id, "snapshot": "one", "source": one.source, "url": one.url, "mime": mime,
         "title": one.title if one.source == "web" else None,
         "host": one.url.partition("://")[2].partition("/")[0] if "://" in one.url else "", "license_spdx": one.licence,
         "license_tier": 1, "license_basis": "row", "attribution": one.url, "domain": "web", "token_count": 1}
        for doc_id, one, mime in zip(IDS, DOCUMENTS, columns["mime"], strict=True)
    ]
    frame = pa.Table.from_pylist(documents, schema=table("documents").schema)
    known = pa.Table.from_pylist([{**row, "origin": row["origin"]} for row in credits_],
                                 schema=table("document_credits").schema)
    lines = attributions(frame, known, frame["url"]).to_pylist()
    for row, line in zip(documents, lines, strict=True):
        row["attribution"] = line
    write(lake, "documents", documents, "one", raw)
    write(lake, "document_licenses", documents, "one", tuple(
        lake.pin(name, "one") for name in ("documents", "document_credits")))
    none = {name: 0 for name in table("refinement_programs").column_names if name.endswith("_edited")}
    edits = [{"doc_id": doc_id, "snapshot": "one", "outcome": "refined" if one.edits else "unchanged", **none,
              **one.edits}
             for doc_id, one in zip(IDS, DOCUMENTS, strict=True)]
    write(lake, "refinement_programs", edits, "one", (lake.pin("documents", "one"),))
    write(lake, "deduplicated_documents", documents, "one", (lake.pin("refinement_programs", "one"),))
    inputs = tuple(lake.pin(name, "one") for name in ("deduplicated_documents", "document_licenses"))
    derived = {"doc_id": DERIVED, "snapshot": "one", "source": "couples", "url": "", "host": "", "domain": "web",
               "license_spdx": "CC-BY-4.0 AND MIT", "license_tier": 1, "license_basis": "parents", "token_count": 1,
               "attribution": "; ".join(documents[parent]["attribution"] for parent in PARENTS)}
    made = Provenance("derived_couples", "c0de", {}, inputs, run_id="run")
    lake.write("parents", Partition.of("parents", "derived_couples", "one"), typed("parents", [
        {"stage": "derived_couples", "snapshot": "one", "derived_id": DERIVED, "parent_id": IDS[parent],
         "position": position, "ordinal": 0, "method": "weave", "method_version": 2, "model": "tiny-model",
         "model_license": "Apache-2.0"}
        for position, parent in enumerate(PARENTS)
    ]), made)
    write(lake, "derived_couples", [derived], "one", inputs)
    write(lake, "mixture_all", [*documents, derived], None, (*inputs, lake.pin("derived_couples", "one")))
    return lake


@pytest.fixture(scope="module")
def notice(lake: Lake) -> str:
    out = io.StringIO()
    assert write_notice(account_of(lake, "all"), out) == len(DOCUMENTS) + 1
    return out.getvalue()


def read(notice: str) -> dict[str, Said]:
    """What a NOTICE says of every document that it names on a line of its own."""
    sections = re.split(r"^={100}\n", notice, flags=re.M)[1:]
    texts = {match[1]: section for section in sections if (match := re.match(r"\[([^\]]+)\]", section))}
    found = {}
    for section in sections:
        if section.startswith("["):
            continue
        terms, *groups = re.split(r"^-{100}\n", section, flags=re.M)
        for group in groups:
            items = re.findall(r"^  \* .*? Document [0-9a-f]{32}\.$(?:\n    .*)*", group, re.M)
            heading = group[: group.index(items[0])]
            for item in items:
                named = re.findall(r"\[([^\]]+)\]", terms + heading + item)
                doc_id = re.search(r"Document ([0-9a-f]{32})\.$", item, re.M)[1]
                found[doc_id] = Said(item, heading, terms, "\n".join(texts[name] for name in named if name in texts))
    return found


def _squeezed(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("number", range(len(DOCUMENTS)), ids=[one.url for one in DOCUMENTS])
def test_the_conditions_of_each_licence_hold(notice: str, number: int) -> None:
    expected, said = DOCUMENTS[number], read(notice)[IDS[number]]
    for line in expected.copyright:
        assert line in said.heading, "the copyright notice is to be kept"
    for text in expected.texts:
        assert text in said.texts, "what the project's own LICENSE and NOTICE say is to be kept as it is"
    for phrase in PHRASES.get(expected.licence, ()):
        assert _squeezed(phrase) in _squeezed(said.texts), "the text of the licence is to go with it"
    assert f"Source: {expected.url}" in said.line or f", {expected.url}" in said.line
    blob = expected.payload.encode()
    swhid = f"swh:1:cnt:{hashlib.sha1(b'blob %d' % len(blob) + bytes(1) + blob).hexdigest()}"
    assert (swhid in said.line) == (expected.source == "tree"), "whole files are named as archives of code name them"
    assert "Changes: " in said.line and all(change in said.line for change in expected.changes)
    assert f'"{expected.title}"' in said.line if expected.title else '"' not in said.line
    if expected.authors:
        assert re.search(rf"[Bb]y {re.escape(', '.join(expected.authors))}\. Source", said.line)
    elif not expected.copyright:
        assert "author not stated" in said.line.lower()
    assert said.section.startswith(f"{expected.licence}\n")
    if expected.licence.startswith("CC-"):
        kind, version = expected.licence.removeprefix("CC-").lower().rsplit("-", 1)
        assert f"https://creativecommons.org/licenses/{kind}/{version}/" in said.section
        assert "Creative Commons Attribution" in said.section and "without warranties" in said.section
    if expected.licence.startswith(("GPL", "MPL")):
        assert "source forms" in said.section


def test_nothing_of_one_document_is_said_of_another(notice: str) -> None:
    said = read(notice)
    assert said.keys() == {*IDS, DERIVED}
    for doc_id, one in zip(IDS, DOCUMENTS, strict=True):
        others = {line for other in DOCUMENTS for line in other.copyright} - set(one.copyright)
        assert not [line for line in others if line in said[doc_id].heading]
    assert "example.org" not in notice, "addresses of mail are no credit"
    assert notice.count("TERMS AND CONDITIONS FOR USE, REPRODUCTION") == 2, "each text once"


def test_a_derived_text_names_its_parents_with_all_that_their_licences_ask_for(notice: str) -> None:
    said = read(notice)[DERIVED]
    assert "weave" in said.line and "version 2" in said.line and "tiny-model under Apache-2.0" in said.line
    for line in HOLDERS:
        assert line in said.line and line in said.texts
    assert '"A Story" by Fay Forest, Gus Grove. Source: https://stories.example/1.' in said.line
    assert "https://creativecommons.org/licenses/by/4.0/" in said.line and "lines removed" in said.line
    assert all(_squeezed(phrase) in _squeezed(said.texts) for phrase in PHRASES["MIT"])


def test_the_column_of_attribution_says_the_same_on_one_line(lake: Lake) -> None:
    rows = {row["doc_id"]: row["attribution"] for row in lake.read_table("mixture_all").to_pylist()}
    assert rows[IDS[8]] == '"A Story", Fay Forest, Gus Grove, https://stories.example/1'
    assert rows[IDS[9]] == '"Nested", Hal Hill, Village Archive, file:rows.jsonl#7'
    assert rows[IDS[10]] == "https://stories.example/3"
    assert rows[IDS[0]] == "Ada Author, many, file:many/src/a.js"
    assert rows[IDS[2]].startswith("Copyright (c) 2011 Dora Developer")


def test_the_spdx_document_has_the_copyright_lines(lake: Lake, tmp_path: Any) -> None:
    path = tmp_path / "all.spdx.json"
    path.write_text(spdx_document(account_of(lake, "all")), encoding="utf-8")
    document = parse_file(str(path))
    assert not validate_full_spdx_document(document)
    texts = {package.name: str(package.copyright_text) for package in document.packages}
    wanted = {line for one in DOCUMENTS for line in one.copyright}
    assert set(texts["mixture_all"].splitlines()) == wanted
    assert texts["web"] == "© 2021 Ida Ink" and texts["rows"] == "NOASSERTION"
