"""The pass over markup before parsing: counted by hand, and checked against the tree that lxml builds."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree, html

from data_platform.extract.guard import MAX_ATTRIBUTES, MAX_ELEMENTS, measure, too_much

LIMIT = 2_000


@pytest.mark.parametrize(
    ("markup", "elements", "attributes", "depth"),
    [
        (b"", 0, 0, 0),
        (b"plain < text & </ >", 0, 0, 0),
        (b"<div><p>a<p>b<br></div>", 4, 0, 3),  # the second <p> closes the first
        (b"<DIV><div></DiV></div><i>", 3, 0, 2),
        (b"<ul><li>a<li>b<ul><li>c</ul><li>d</ul>", 6, 0, 4),
        (b"<dl><dt>a<dd>b<dt>c</dl>", 4, 0, 2),
        (b"<dd><li><dd><li>", 4, 0, 4),  # <li> is not left by <dd>
        (b"<table><tr><td>a<td>b<tr><td>c</table>", 6, 0, 3),
        (b"<a href=1>x<a href=2>y", 2, 1, 1),
        (b"<p><b a=1>x<p><b a=2>y<p>z", 5, 1, 3),  # both <b> are reopened in the last paragraph
        (b"<p><b>x" * 9, 18, 0, 5),  # of equal ones no more than three
        (b"<img src='a>b' alt = \"<div>\" x>", 1, 3, 1),
        (b"<!-- <div> --><!--><p><!doctype html><?php <x> ?>", 1, 0, 1),
        (b"<script>'<div>'</SCRIPT ><style><p></style>", 2, 0, 1),
        (b"<title>" * 3, 3, 0, 1),  # no end tag: the next ones count
        (b"<svg><path/><path/><g/></svg><div/><div/>", 6, 0, 2),  # "/>" closes in SVG alone
        (b"<svg><title><x><x></title></svg>", 4, 0, 4),  # in SVG <title> holds markup
        (b"<svg><p><x/><x/>", 4, 0, 4),  # <p> leaves SVG
        (b"</div></div><div>", 1, 0, 1),
        (b"<div", 0, 0, 0), (b"<div a='", 0, 1, 0), (b"<", 0, 0, 0), (b"<!--", 0, 0, 0),
    ],
)  # fmt: skip
def test_counted_by_hand(markup: bytes, elements: int, attributes: int, depth: int) -> None:
    assert measure(markup, LIMIT)[:3] == (elements, attributes, depth)


def test_total_depth_adds_the_depth_of_every_element() -> None:
    assert measure(b"<div><div><div></div></div></div><p>", LIMIT).total_depth == 1 + 2 + 3 + 1


@pytest.mark.parametrize(
    ("markup", "reason"),
    [
        (b"<div>" * (LIMIT + 1), "too_deep"),
        (b"".join(b"<p><b a=%d>" % number for number in range(5_000)), "too_deep"),
        ((b"<div>" * 1_500 + b"</div>" * 1_500) * 3, "too_deep"),  # never beyond the limit, and yet too much
        (b"<br>" * (MAX_ELEMENTS + 1), "too_large"),
        (b"<p " + b"a " * (MAX_ATTRIBUTES + 1) + b">", "too_large"),
        (b"</x " + b"a " * (MAX_ATTRIBUTES + 1) + b">", "too_large"),
    ],
)
def test_hostile_pages_are_rejected(markup: bytes, reason: str) -> None:
    assert too_much(markup, LIMIT).reason == reason


@pytest.mark.parametrize(
    "markup",
    [
        b"<div>" * LIMIT,
        b"<p><font size=2>text" * 3_000,  # the web of the nineties
        b"<td><font color=red>x</td>" * 3_000,
        b"<li>x" * 3_000 + b"<option>" * 3_000,
        b"<svg>" + b"<path d='M0 0'/>" * 3_000 + b"</svg>",
        b"<p><a href=#>x" * 3_000,
    ],
)
def test_careless_pages_pass(markup: bytes) -> None:
    assert too_much(markup, LIMIT) is None


@given(st.lists(st.sampled_from(
    ["<div>", "</div>", "<p>", "</p>", "<b>", "</b>", "<b x>", "<ul>", "<li>", "</ul>", "<table>", "<tr>", "<td>",
     "</table>", "<svg>", "<x/>", "<title>", "</title>", "<!--", "-->", "<a ", "'", '"', "=", ">", "text", "<br/>"]
), max_size=60))  # fmt: skip
def test_bounds_hold_for_any_soup(parts: list[str]) -> None:
    size = measure("".join(parts).encode(), LIMIT)
    assert size.depth <= size.total_depth
    assert (size.depth == 0) == (size.elements == 0)
    assert size.total_depth <= size.elements * size.depth


def test_real_pages_are_far_from_the_limits_and_as_deep_as_lxml_says(shared_data: Path) -> None:
    from fastwarc import ArchiveIterator, WarcRecordType

    from data_platform.extract.decode import decode

    close = pages = 0
    with (shared_data / "warc" / "pages-2024.warc.gz").open("rb") as stream:
        for record in ArchiveIterator(stream, record_types=WarcRecordType.response):
            markup = decode(record.reader.read(), None, markup=True).encode("utf-8", "replace")
            assert too_much(markup, 100) is None
            if pages < 100:
                pages += 1
                tree = html.document_fromstring(markup, parser=html.HTMLParser(encoding="utf-8", huge_tree=True))
                close += abs(measure(markup, LIMIT).depth - _depth(tree)) <= 2
    assert close >= 95, f"only {close} of {pages} estimates are within 2 of the depth of lxml's tree"


def _depth(tree: html.HtmlElement) -> int:
    depth = deepest = 0
    for event, _ in etree.iterwalk(tree, events=("start", "end")):
        depth += 1 if event == "start" else -1
        deepest = max(deepest, depth)
    return deepest
