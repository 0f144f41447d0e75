"""The trained engine: what survives, what is rejected, and that nothing but the page decides."""

from __future__ import annotations

import hashlib
import random
import resource
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.extraction_pages import HELD_OUT, quality, read_pages
from benchmarks.extraction_shapes import SHAPES, page_with
from data_platform.extract.auto import Auto
from data_platform.extract.forest import DIGEST, WEIGHTS
from data_platform.extract.protocol import Extracted, Rejected
from data_platform.extract.settings import Extraction

ENGINE = Auto(Extraction())


def extract(payload: bytes | str, engine: Auto = ENGINE) -> Extracted | Rejected:
    return engine.extract(payload if isinstance(payload, bytes) else payload.encode(), "text/html", None, "")


@pytest.mark.parametrize("shape", SHAPES)
def test_formulas_code_and_tables_survive_in_their_place(shape: str) -> None:
    markup, wanted = SHAPES[shape]
    text = extract(page_with(markup)).text
    assert text.count(wanted) == 1
    assert text.index("the argument of the whole section") < text.index(wanted) < text.index("Nobody had expected")
    assert not [word for word in ("About us", "Imprint", "Recent posts", "linenodiv") if word in text]


@pytest.mark.parametrize(("ticks", "fence"), [(1, 3), (2, 3), (3, 4), (400, 401)])
def test_a_fence_is_longer_than_any_in_the_code(ticks: int, fence: int) -> None:
    text = extract(page_with(f"<pre><code>{'`' * ticks}python\nx = 1\n{'`' * ticks}</code></pre>")).text
    assert f"\n\n{'`' * fence}\n{'`' * ticks}python\nx = 1\n{'`' * ticks}\n{'`' * fence}\n" in text


def test_code_is_fenced_and_verse_is_not() -> None:
    assert "\n```\nx = 1\ny = 2\n```\n" in extract(page_with("<pre><code>x = 1\ny = 2</code></pre>")).text
    text = extract(page_with("<pre>Tyger Tyger, burning bright,\n  In the forests of the night;</pre>")).text
    assert "\n\nTyger Tyger, burning bright,\n  In the forests" in text
    assert "```" not in text


def test_tables_for_the_layout_are_paragraphs() -> None:
    text = extract("<table><tr><td><p>" + "A first paragraph of prose, with commas, and an end. " * 9 + "</p><p>"
                   + "A second one, which says the same, and ends too. " * 9 + "</p></td><td></td></tr></table>").text
    assert "|" not in text
    assert "and an end.\n\nA second one" in text


def reference_page(entries: int) -> str:
    """Short definitions with their code, as a generator of documentation writes them, beside an index of links."""
    names = [f"grid_{verb}" for verb in ("set", "swap", "zero", "neg", "add", "sub", "scale", "fill")][:entries]
    index = "".join(f"<li><a href='#{name}'>{name}()</a></li>" for name in names)
    body = "".join(
        f"<dl class=function><dt id={name}>void {name}(grid_t a, grid_t b)<a class=headerlink href='#{name}'>¶</a></dt>"
        f"<dd><p>Does it.</p><dl><dt>Parameters:</dt><dd>a, b</dd></dl></dd></dl>"
        f"<div class=method-source-code><pre>void {name}(grid_t a) {{\n  loop(a);\n}}</pre></div>"
        for name in names
    )
    return (
        "<!DOCTYPE html><html><head><title>grid.h - grids - Manual</title></head><body><div class=related><ul><li>"
        "<a href=genindex.html>index</a></li><li><a href=next.html>next</a> |</li></ul></div><div class=document><div "
        f"class=body role=main><h1>grid.h - grids</h1><p>Functions for grids of numbers, which are read from files and "
        f"written to them again when the program ends.</p><h2>Arithmetic</h2>{body}</div></div><div "
        f"class=sphinxsidebar><h3>Contents</h3><ul>{index}</ul></div><div class=footer>Made with a generator.</div>"
        f"</body></html>"
    )


def test_definitions_and_code_of_reference_pages_stay_and_their_index_goes() -> None:
    text = extract(reference_page(8)).text
    for name in ("set", "swap", "zero", "neg", "add", "sub", "scale", "fill"):
        assert text.count(f"void grid_{name}(grid_t a, grid_t b)\n") == 1
        assert text.count(f"void grid_{name}(grid_t a) {{\n  loop(a);\n}}") == 1
    assert text.count("Does it.") == 8
    assert "Contents" not in text and "generator" not in text and "next" not in text


@pytest.mark.parametrize("page", ["<p>{}</p>", "<html><body><article>{}</article></body></html>",
                                  "<html><title>A town</title><body><h1>A town</h1>{}</body></html>"])
@pytest.mark.parametrize("between", ["</p><p>", "<br><br>"])
@pytest.mark.parametrize("count", [1, 2, 3, 5, 10, 16])
def test_pages_of_nothing_but_prose_stay_whole(page: str, between: str, count: int) -> None:
    """No page of the evaluation set is like them; those that the training makes of its pages are (`bare`)."""
    prose = [
        f"In the year {1700 + 9 * number} the council of the town decided to build a bridge over the river, which had "
        f"been crossed by a ferry until then, and {number + 2} members voted against it because of its cost."
        for number in range(count)
    ]
    result = extract(page.format(between.join(prose)))
    assert isinstance(result, Extracted)
    assert all(paragraph in result.text for paragraph in prose)


WHOLE = Auto(Extraction(options={"main_content": False}))


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("<ol start=3><li>a<li>b</ol><ol><li>c</ol>", "3. a\n4. b\n1. c"),
        ("<ol start=-1><li>a<li>b<li>c</ol>", "-1. a\n0. b\n1. c"),
        ("<ol reversed><li>a<ol start=7 reversed><li>x<li>y</ol><li>b</ol>", "2. a\n  7. x\n  6. y\n1. b"),
        ("<ol reversed start=10><li>a<li value=5>b<li>c</ol>", "10. a\n5. b\n4. c"),
        ("<ol start=''><li>a<li value=x>b<li value=' +07.5'>c</ol>", "1. a\n2. b\n7. c"),
        ("<ul start=4><li>a<li value=9>b</ul>", "- a\n- b"),
        (f"<ol start={'9' * 40}><li>a</ol>", "1000000000. a"),
    ],
)
def test_items_have_the_number_that_a_browser_gives_them(markup: str, expected: str) -> None:
    result = extract(markup, WHOLE)
    assert isinstance(result, Extracted)
    assert result.text == expected


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("<tr><td rowspan=3>a<td>b<td rowspan=2>c<tr><td>d<tr><td>e<td>f", "a | b | c\n| d\n| e | f"),
        ("<tr><td>a<td colspan=2>b<td>c<tr><td>d<td>e<td>f<td>g", "a | b | | c\nd | e | f | g"),
        ("<tr><td colspan=2 rowspan=2>a<td>b<tr><td>c", "a | | b\n| | c"),
        ("<tr><td colspan='100%'>a<tr><td>b<td>c<tr><td>d<td>e", "a\nb | c\nd | e"),
        ("<tr><td colspan=0 rowspan=-1>a<td>b<tr><td>c<td>d", "a | b\nc | d"),
        # Not beyond the head, whatever it says.
        ("<thead><tr><th>a<th rowspan=9>b<tbody><tr><td>c<td>d<td>e", "a | b\nc | d | e"),
        ("<caption>x</caption><tr><td rowspan=2>a<td>b<tr><td>c", "x\na | b\n| c"),
    ],
)
def test_cells_stand_in_the_column_that_a_browser_gives_them(markup: str, expected: str) -> None:
    result = extract(f"<table>{markup}</table>", WHOLE)
    assert isinstance(result, Extracted)
    assert result.text == expected


def test_cells_that_span_everything_cost_no_more_than_a_hundred_columns() -> None:
    rows = "<tr>" + "<td colspan=9999 rowspan=9999>a<td>b" + "<tr><td>c<td rowspan=9999>d" * 2_000
    result = extract(f"<table>{rows}</table>", WHOLE)
    assert isinstance(result, Extracted)
    assert len(result.text) < 2_000 * 220


def test_every_block_stays_without_main_content() -> None:
    everything = Auto(Extraction(engine="auto", options={"main_content": False}))
    assert "Imprint" in extract(page_with(""), everything).text


def test_the_version_names_the_weights_and_the_file_is_theirs() -> None:
    assert DIGEST in Auto.version
    assert hashlib.sha256(WEIGHTS.read_bytes()).hexdigest().startswith(DIGEST)
    assert WEIGHTS.stat().st_size < 1_000_000


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"<p>x" * 13_000_000, "too_large"),  # 52 MB
        (b"<div>" * 400_000, "too_deep"),
        (b"<table><tr><td>" * 3_000, "too_deep"),
        (b"<p><b id=" + b"x" * 9 + b"<p><b>" * 100_000, "too_large"),
        (b"<a" + b" b=c" * 400_000 + b">text", "too_large"),
        (random.Random(1).randbytes(1_000_000), "undecodable"),
        (b"<html><script>var x = 1;</script>", "empty_text"),
        (b"<!--" * 400_000, "empty_text"),
    ],
    ids=["50 MB", "deep", "deep tables", "never closed", "attributes", "broken bytes", "script", "comments"],
)
def test_hostile_pages_are_rejected_with_a_reason(payload: bytes, reason: str) -> None:
    started = time.process_time()
    result = extract(payload)
    assert isinstance(result, Rejected)
    assert result.reason == reason
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    "payload",
    [
        b"&" * 4_000_000, b"&lt;" * 1_000_000, b"&CounterClockwiseContourIntegra" * 100_000, b"&#" + b"9" * 4_000_000,
        b"<p>word</p>" * 99_000, b"<p title='" + b"x" * 4_000_000 + b"'>text", b"text<!-- " + b"-" * 4_000_000,
        b"<p>" + b"<i>" * 1_500 + b"</q></p>x" * 300_000, b"<td>" + b"<i>" * 1_500 + b"</td ></i>x" * 300_000,
        b"<table>" + b"<tr><td>x" * 40_000, b"<ul>" + b"<li>x" * 90_000, b"</div>" * 600_000 + b"text",
        b"<title>x" * 500_000, b"<p><td>" + b"<i>" * 1_500 + b"</p>" * 1_900_000 + b"x",
        b"<p>" + b"x" * 4_000_000, b"x<br>" * 90_000,
    ],
    ids=lambda payload: payload[:20].decode(),
)  # fmt: skip
def test_pages_at_the_limits_cost_bounded_time_and_memory(payload: bytes) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.process_time()
    result = extract(payload)
    assert isinstance(result, Extracted | Rejected)
    assert time.process_time() - started < 10
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 1_000_000  # KiB


@settings(max_examples=30, deadline=None)
@given(st.permutations([page_with(markup) for markup, _ in SHAPES.values()]))
def test_a_page_does_not_depend_on_the_pages_before_it(pages: list[str]) -> None:
    assert [extract(page) for page in pages] == [ALONE[page] for page in pages]


ALONE = {page: extract(page) for page in (page_with(markup) for markup, _ in SHAPES.values())}


def test_long_paragraphs_between_others_stay(shared_data: Path) -> None:
    """A page of the training hosts on which every second paragraph looked like a comment."""
    (page,) = (page for page in read_pages(shared_data) if page.url == "https://changenow.de/andre-loibl/")
    text = extract(page.payload).text
    assert "um einen Unterschied in der Welt zu machen" in text
    assert "Teil des großen Puzzles" in text


def test_f1_on_hosts_that_training_has_not_seen(shared_data: Path) -> None:
    pages = [page for page in read_pages(shared_data) if page.half == HELD_OUT][::2]
    texts = {page.url: getattr(extract(page.payload), "text", "") for page in pages}
    assert len(pages) > 200
    assert quality(pages, texts).f1 > 0.91
