"""The engines behind their protocol: what they keep, what they reject, and that nothing leaks between pages."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_platform.extract.choose import Choice, html_extractor
from data_platform.extract.plain import Plain
from data_platform.extract.protocol import Extracted, Rejected
from data_platform.extract.settings import Extraction

ENGINES = ["auto", "trafilatura", "resiliparse"]
URL = "https://example.org/page"
PROSE = "This paragraph is long enough, with its commas and clauses, to be taken for the content of an article. "
PAGE = f"""<!DOCTYPE html><html lang="en"><head><title>Parsing - Example</title></head><body>
<nav><ul><li><a href="/">Home</a></li><li><a href="/about">About us</a></li></ul></nav>
<article><h1>Parsing e\u0301crit</h1><p>{PROSE * 3}</p>
<pre><code>def parse(x):
    if x:
        return 1
</code></pre><p>{PROSE * 2}</p></article>
<footer><a href="/imprint">Imprint</a> Cookie settings</footer></body></html>"""


def extract(engine: str, payload: bytes | str, charset: str | None = None, **values) -> Extracted | Rejected:
    payload = payload.encode() if isinstance(payload, str) else payload
    return html_extractor(Extraction(engine=engine, **values)).extract(payload, "text/html", charset, URL)


@pytest.mark.parametrize("engine", ENGINES)
def test_main_content_code_and_title(engine: str) -> None:
    result = extract(engine, PAGE)
    assert PROSE.strip() in result.text
    assert "def parse(x):\n    if x:\n        return 1" in result.text
    assert "Imprint" not in result.text
    assert "About us" not in result.text
    assert result.title == "Parsing \u00e9crit"


@pytest.mark.parametrize("engine", ENGINES)
def test_charsets_reach_the_text(engine: str) -> None:
    page = PAGE.replace("This paragraph", "Größe für Übung").replace("e\u0301", "\u00e9")
    assert extract(engine, page.encode("cp1252"), "iso-8859-1") == extract(engine, page.encode("utf-8"))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("payload", "values", "reason"),
    [
        (b"", {}, "empty_text"),
        (b" \n", {}, "empty_text"),
        (b"<!-- nothing -->", {}, "empty_text"),
        (b"<html><body><script>var x = 1;</script></body></html>", {}, "empty_text"),
        (random.Random(1).randbytes(5_000), {}, "undecodable"),
        (PAGE.encode(), {"max_html_bytes": 100}, "too_large"),
        (b"<div>" * 30 + PAGE.encode(), {"max_tree_depth": 30}, "too_deep"),
        (b"<div>" * 500_000, {}, "too_deep"),
        (b"<br>" * 200_000, {}, "too_large"),
    ],
)
def test_rejections_have_reasons(engine: str, payload: bytes, values: dict, reason: str) -> None:
    result = extract(engine, payload, **values)
    assert isinstance(result, Rejected)
    assert result.reason == reason


def test_what_libxml2_would_cut_off_is_rejected() -> None:
    assert extract("trafilatura", "<div>" * 2_300 + PROSE, max_tree_depth=2_400) == Rejected(
        "too_deep", "more than 2048 elements are open at once"
    )


def test_pages_deeper_than_libxml2s_usual_limit_keep_their_text() -> None:
    page = PAGE.replace("<article>", "<div>" * 300 + "<article>").replace("</article>", "</article>" + "</div>" * 300)
    assert PROSE.strip() in extract("trafilatura", page).text


def test_an_empty_root_element_does_not_swallow_the_page() -> None:
    assert PROSE.strip() in extract("trafilatura", PAGE.replace('<html lang="en">', '<html lang="en"/>')).text


def test_a_fault_of_the_engine_is_recorded_by_its_class_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    import trafilatura

    def fail(*args: object, **options: object) -> None:
        raise RecursionError("text of the page")

    monkeypatch.setattr(trafilatura, "bare_extraction", fail)
    assert extract("trafilatura", PAGE) == Rejected("extractor_failed", "RecursionError")


@pytest.mark.parametrize("engine", ENGINES)
def test_unknown_options_are_refused_by_name(engine: str) -> None:
    with pytest.raises(ValueError, match=f"{engine} has no option deduplicate"):
        html_extractor(Extraction(engine=engine, options={"deduplicate": True}))
    with pytest.raises(ValueError, match="must be true or false"):
        html_extractor(Extraction(engine="trafilatura", options={"fast": "yes"}))


def test_options_reach_the_engine() -> None:
    table = PAGE.replace("<pre>", "<table><tr><td>cell one</td><td>cell two</td></tr></table><pre>")
    assert "cell one" in extract("trafilatura", table).text
    assert "cell one" not in extract("trafilatura", table, options={"include_tables": False}).text


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(ENGINES),
    st.lists(
        st.sampled_from([b"<", b">", b"<p>", b"</p>", b"<pre>", b"<table>", b"<td>", b"\0", b"\xff", b"&#xD800;",
                         b"&amp", b"<svg>", b"<![CDATA[", b"<!--", b"text ", b"\r", b"<html/>",
                         b"<?xml encoding='x'?>", b"="]),
        max_size=30,
    ),
)  # fmt: skip
def test_soup_gives_clean_text_or_a_rejection(engine: str, parts: list[bytes]) -> None:
    result = extract(engine, b"".join(parts))
    if isinstance(result, Extracted):
        assert result.text
        assert result.text == result.text.strip()
        result.text.encode("utf-8")
        assert not set("\0\r\x0b\x0c") & set(result.text)


def test_plain_text_is_decoded_and_cleaned_alone() -> None:
    text = "<p>not markup &amp;</p>\r\n  indented\r\n"
    assert Plain().extract(text.encode(), "text/plain", None, URL) == Extracted("<p>not markup &amp;</p>\n  indented")
    assert Plain().extract(b" \n", "text/plain", None, URL) == Rejected("empty_text")


@pytest.mark.parametrize(
    ("mime", "record_type", "engine"),
    [
        ("text/html", "response", "auto"), ("application/xhtml+xml", "resource", "auto"),
        ("text/html", "revisit", "auto"), ("text/plain", "response", "plain"),
        ("text/plain", "conversion", "plain"), ("text/html", "file", "plain"), ("text/html", "row", "plain"),
    ],
)  # fmt: skip
def test_only_crawled_html_goes_to_the_html_engine(mime: str, record_type: str, engine: str) -> None:
    chosen = Choice(Extraction()).of(mime, record_type)
    assert chosen.name == engine
    assert chosen.version.startswith(engine + " ")


@pytest.mark.parametrize(("engine", "floor"), [("auto", 0.91), ("trafilatura", 0.90), ("resiliparse", 0.84)])
def test_f1_on_the_evaluation_pages_and_no_memory_across_pages(shared_data: Path, engine: str, floor: float) -> None:
    """Every fourth page: segments that must and must not be in the text; the whole set see `benchmarks.extraction`."""
    expected = json.loads((shared_data / "html-gt" / "trafilatura-eval" / "evaldata.json").read_text("utf-8"))
    pages = [page for page in _pages(shared_data / "warc" / "pages-2020.warc.gz") if page[0] in expected][::4]
    extractor = html_extractor(Extraction(engine=engine))
    found = missed = wrong = 0
    texts = {}
    for url, payload in pages:
        texts[url] = text = getattr(extractor.extract(payload, "text/html", None, url), "text", "")
        found += sum(segment in text for segment in expected[url]["with"])
        missed += sum(segment not in text for segment in expected[url]["with"])
        wrong += sum(segment in text for segment in expected[url]["without"])
    assert len(pages) > 100
    assert 2 * found / (2 * found + missed + wrong) > floor
    for url, payload in pages[:10][::-1]:
        assert getattr(extractor.extract(payload, "text/html", None, url), "text", "") == texts[url]


def _pages(archive: Path) -> list[tuple[str, bytes]]:
    from fastwarc import ArchiveIterator, WarcRecordType

    with archive.open("rb") as stream:
        return [
            (record.headers["WARC-Target-URI"], record.reader.read())
            for record in ArchiveIterator(stream, record_types=WarcRecordType.response)
        ]
