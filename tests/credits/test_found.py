"""Authors, titles and sources: of rows, pages, files and manifests."""

from __future__ import annotations

import json
from typing import Any

import pytest

from data_platform.credits import files, manifests, pages, rows
from data_platform.credits.credit import Credit
from data_platform.credits.swhid import content_id
from data_platform.credits.trees import Captured, Trees

URL = "https://example.org/a"


@pytest.mark.parametrize(("payload", "blob"), [
    # What `git hash-object` says of them.
    (b"", "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"), (b"hello\n", "ce013625030ba8dba906f756967f9e9ca394464a"),
])
def test_contents_are_named_as_git_and_software_heritage_do(payload: bytes, blob: str) -> None:
    assert content_id(payload) == f"swh:1:cnt:{blob}"


@pytest.mark.parametrize(("row", "expected"), [
    ({"author": "Jane Doe <jane@x.org>", "title": "T", "source": "Wikipedia", "url": "https://x.org/1"},
     Credit("T", ("Jane Doe",), "Wikipedia, https://x.org/1")),
    ({"metadata": {"authors": [{"given": "Ada", "family": "L"}, {"name": "B C"}], "headline": "H"}, "doi": "10.1000/x"},
     Credit("H", ("Ada L", "B C"), "10.1000/x")),
    ({"meta": '{"Author": "X Y", "Page-Title": "Z"}'}, Credit("Z", ("X Y",))),
    ({"authors": "['A B', 'C D']", "byline": "By Someone"}, Credit("", ("A B", "C D"))),
    ({"authors_parsed": [["Doe", "John", ""], ["Roe", "Jane", "Jr"]]}, Credit("", ("John Doe", "Jane Roe Jr"))),
    ({"byline": "By Jane Roe"}, Credit("", ("Jane Roe",))),
    ({"owner": {"display_name": "user3"}, "link": "https://so.example/q/1"}, Credit("", ("user3",), "https://so.example/q/1")),
    ({"author": None, "creator": ["Q"], "rights": "© 2020 Q"}, Credit("", ("Q",), copyright=("© 2020 Q",))),
    ({"a": {"b": {"c": {"creators": "Deep One; Deep Two"}}}}, Credit("", ("Deep One", "Deep Two"))),
    ({"author": {"nested": {"deep": {"name": "N"}}}}, Credit("", ("N",))),
    ({"dc:creator": "Colon", "dc:title": "Of colons"}, Credit("Of colons", ("Colon",))),
    ({"author": "unknown", "authors": ["", None, "[deleted]"]}, Credit()),
    ({"author": 7, "title": ["First", "Second"]}, Credit("First")),
    ({"license": {"author": "no"}, "comments": [{"author": "no"}], "references": {"author": "no"}}, Credit()),
    ({"url": URL}, Credit()),
])
def test_fields_of_a_row_in_whatever_form(row: dict[str, Any], expected: Credit) -> None:
    assert rows.credit_of(row, URL) == expected


@pytest.mark.parametrize(("html", "expected"), [
    ('<meta name=author content="Ada L"><footer>© 2020 ACME. All rights reserved.</footer>',
     Credit("", ("Ada L",), copyright=("© 2020 ACME. All rights reserved.",))),
    ('<script type="application/ld+json">{"@graph":[{"@type":"Article","author":{"@id":"#p"},"headline":"H"},'
     '{"@type":"Person","@id":"#p","name":"P Q"}]}</script><span class="byline">By Zed</span>', Credit("H", ("P Q",))),
    ('<script type="application/ld+json">{"@type":"Article","url":"https://other.org/","author":"Not This"}</script>',
     Credit()),
    ('<meta name="citation_author" content="Doe, John"><meta name="citation_author" content="Roe, Jane">'
     '<meta name="citation_title" content="CT"><link rel=canonical href="https://example.org/b">',
     Credit("CT", ("John Doe", "Jane Roe"), "https://example.org/b")),
    ('<p class="byline">By <a rel="author" href=/x>Jane Roe</a> | 3 May 2020</p>', Credit("", ("Jane Roe",))),
    ('<div itemscope itemtype="https://schema.org/Article"><span itemprop=author itemscope>'
     '<span itemprop=name>Mic Ro</span></span></div>', Credit("", ("Mic Ro",))),
    ('<meta property="article:author" content="https://social.example/x"><meta name=DC.creator content="Dee Cee">',
     Credit("", ("Dee Cee",))),
    ('<meta name="copyright" content="Rita Rights 2019">', Credit(copyright=("Rita Rights 2019",))),
    ("<p>Photo © A. Gency</p><p>The copyright law of 1990 says much.</p>", Credit()),
    ('<span class="post-author">Ann Other</span>', Credit("", ("Ann Other",))),
])
def test_a_page_names_its_author(html: str, expected: Credit) -> None:
    assert pages.credit_of(f"<html><head></head><body>{html}<p>Some text.</p></body></html>".encode(), URL) == expected


def test_pages_never_raise() -> None:
    for payload in (b"", b"\xff\xfe<\x00", b"<script type='application/ld+json'>{", b"\x00" * 9, b"<meta name=author>"):
        assert pages.credit_of(payload, "") == Credit()


@pytest.mark.parametrize(("name", "text", "authors", "project"), [
    ("package.json", '{"name":"a","version":"1","author":"Jo <jo@x> (http://x)"}', ("Jo",), "a 1"),
    ("package.json", '{"name":"a","contributors":[{"name":"C"}]}', ("C",), "a"),
    ("package.json", '{"name":"a","author":"A","contributors":["C <c@x>","A"],"maintainers":["M"]}', ("A", "C"), "a"),
    ("package.json", '{"name":"a","maintainers":["M"]}', ("M",), "a"),
    (".zenodo.json", '{"title":"z","creators":[{"name":"Doe, J"}],"contributors":[{"name":"C"}]}', ("Doe, J", "C"),
     "z"),
    ("Cargo.toml", '[package]\nname="c"\nversion="0.1"\nauthors=["A <a@b.c>","B"]', ("A", "B"), "c 0.1"),
    ("pyproject.toml", '[project]\nname="z"\nauthors=[{name="Z",email="z@x.org"}]', ("Z",), "z"),
    ("pyproject.toml", '[tool.poetry]\nname="p"\nauthors=["P Oet <p@x.org>"]', ("P Oet",), "p"),
    ("setup.cfg", "[metadata]\nname=s\nauthor=S E\n", ("S E",), "s"),
    ("METADATA", 'Name: x\nVersion: 2\nAuthor-email: "Doe, J" <j@x.org>, K L <k@x.org>\n', ("Doe, J", "K L"), "x 2"),
    ("DESCRIPTION", 'Package: p\nVersion: 1\nAuthors@R: c(person("Ha", "Wi", , "h@x.org", role = c("aut", "cre")),\n  '
     'person(given="Po", family="Q"))\n', ("Ha Wi", "Po Q"), "p 1"),
    ("CITATION.cff", "title: My\nauthors:\n - {family-names: Doe, given-names: J.}\n - name: Org\n", ("J. Doe", "Org"),
     "My"),
    ("pom.xml", "<project><artifactId>m</artifactId><developers><developer><name>M V</name></developer></developers>"
     "</project>", ("M V",), "m"),
    ("datapackage.json", '{"name":"d","contributors":[{"title":"D P"}]}', ("D P",), "d"),
    ("README.md", "---\ntitle: Field notes\nauthor: Frida Feld\n---\n# Notes\n", ("Frida Feld",), "Field notes"),
    ("README.md", "# Notes\n", (), ""), ("README.md", "---\n: [\n---\n", (), ""), ("CITATION.cff", "a: [", (), ""),
    ("CITATION.cff", "authors: !!python/object:os.system x", ("x",), ""), ("CITATION.cff", "\x00", (), ""),
    ("package.json", "{", (), ""), ("Cargo.toml", "=", (), ""), ("notes.txt", "author: X", (), ""),
])
def test_manifests_name_people_and_package(name: str, text: str, authors: tuple[str, ...], project: str) -> None:
    found = manifests.credit_of(name, text)
    assert (found.authors, found.project) == (authors, project)


def test_the_head_of_a_file_carries_its_licence_without_the_signs_of_comments() -> None:
    grant = "Permission is hereby granted, free of charge, to any person obtaining a copy " * 5
    found = files.credit_of(f"/*\n * Copyright 2015 Bar\n * @author Baz Qux\n *\n * {grant}\n */\nint x; // as is\n")
    assert found.authors == ("Baz Qux",) and found.copyright == ("Copyright 2015 Bar",)
    (notice,) = found.notices
    assert notice.text == f"Copyright 2015 Bar\n@author Baz Qux\n\n{grant.strip()}"
    assert files.credit_of("# Licensed under the terms of MIT\nx = 1\n").notices == ()


def test_the_nearest_file_of_each_kind_speaks_for_a_folder() -> None:
    def file(name: str, text: str) -> Captured:
        return Captured("s", f"file:{name}", f"{len(name):032x}", text.encode())

    trees, notices = Trees.read([
        file("LICENSE", "Copyright 2001 Top\nAll of it."), file("NOTICE", "Top product\nCopyright 2002 Top Inc"),
        file("sub/LICENSE", "Copyright 2003 Sub\nOther terms."),
        file("part/NOTICE.txt", "Part\nCopyright 2005 Part"), file("AUTHORS", "Ann\nBob\n"),
        file("package.json", json.dumps({"name": "top", "author": "Ann"})), file("sub/LICENSES/MIT.txt", "MIT words."),
        Captured("e", "file:x-1.dist-info/LICENSE", "0" * 32, b"Copyright 2004 Dist", "My.Dist"),
    ])
    above, below = trees.credit_of("s", "file:a.py"), trees.credit_of("s", "file:sub/deep/b.py")
    assert above.copyright == ("Copyright 2001 Top", "Copyright 2002 Top Inc") and above.authors == ("Ann",)
    assert [notice.name for notice in above.notices] == ["LICENSE", "NOTICE", "AUTHORS"]
    assert below.copyright == ("Copyright 2003 Sub", "Copyright 2002 Top Inc")
    assert {notice.name for notice in below.notices} == {"LICENSE", "MIT.txt", "NOTICE", "AUTHORS"}
    part = trees.credit_of("s", "file:part/c.py")
    assert part.copyright == ("Copyright 2001 Top", "Copyright 2005 Part", "Copyright 2002 Top Inc")
    assert [notice.name for notice in part.notices] == ["LICENSE", "NOTICE.txt", "NOTICE", "AUTHORS"]
    assert trees.credit_of("other", "file:a.py") == Credit()
    assert trees.credit_of("e", "file:pkg/m.py", "my-dist").copyright == ("Copyright 2004 Dist",)
    assert {notice.name: notice.text for notice in notices}["AUTHORS"] == "Ann\nBob"
    assert all(not notice.text for notice in above.notices), "texts are kept once, elsewhere"
