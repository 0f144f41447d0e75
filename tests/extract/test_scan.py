"""The scan: blocks counted by hand, character references as Python reads them, nothing out of bounds."""

from __future__ import annotations

import html

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from data_platform.extract.features import context, features
from data_platform.extract.render import data_tables, render
from data_platform.extract.scan import AFTER_BREAK, CODE, HIDDEN, PREFORMATTED, TAG, TAGS, scan

SOUP = st.lists(st.one_of(st.binary(max_size=8), st.sampled_from(
    [b"<", b">", b"</", b"<p>", b"</p>", b"<div class='comment'>", b"</div>", b"<a href=x>", b"</a>", b"<pre>",
     b"</pre>",
     b"<table>", b"<tr>", b"<td>", b"</td>", b"</table>", b"<li>", b"<ul>", b"</ul>", b"<br>", b"<b>", b"</b>", b"&amp",
     b"&#x", b"&#128;", b"&nGt;", b"<!--", b"-->", b"<script>", b"</script>", b"<title>", b"</title>", b"<svg>",
     b"<select>", b"text ", b"\xc2\xa0", b"\xc2\xad", b"\xe3\x80\x80", b"\xe2\x80", b"'", b'"', b"<p class=", b"<h1>",
     b"</code>", b"<div class=crayon-pre>", b"<sup>", b"</sup>", b"12",
     b"<noscript>", b"</noscript>", b"<ol>", b"\n", b"<code>", b"&", b"<p hidden", b"/>", b"<dd>", b"<dt>"]
)), max_size=60).map(b"".join)  # fmt: skip


def blocks(markup: str | bytes) -> list[tuple[str, str]]:
    """Text and path of every block."""
    page = scan(markup if isinstance(markup, bytes) else markup.encode())
    result = []
    for start, stop, node in zip(page.start, page.stop, page.node, strict=True):
        path = []
        while node:
            path.append(TAGS[page.tag[node]])
            node = page.parent[node]
        result.append((page.text[start:stop].tobytes().decode("utf-8", "replace"), "/".join(path[::-1])))
    return result


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("", []),
        ("  \n ", []),
        ("a <b>bold</b>, c", [("a bold, c", "")]),
        ("<p>a<p>b", [("a", "p"), ("b", "p")]),
        ("<P Class=x>a</P>b", [("a", "p"), ("b", "")]),
        ("<div>a<p>b</div>c", [("a", "div"), ("b", "div/p"), ("c", "")]),
        ("<p>a<ul><li>b<li>c<ul><li>d</ul>e</ul>f",
         [("a", "p"), ("b", "ul/li"), ("c", "ul/li"), ("d", "ul/li/ul/li"), ("e", "ul/li"), ("f", "")]),
        ("<dl><dt>a<dd>b<dt>c</dl>", [("a", "dl/dt"), ("b", "dl/dd"), ("c", "dl/dt")]),
        ("<table><tr><td>a<td>b<tr><td>c</table>d",
         [("a", "table/tr/td"), ("b", "table/tr/td"), ("c", "table/tr/td"), ("d", "")]),
        ("<table><tbody><tr><td>a</div></p>b<tbody><tr><td>c",
         [("a", "table/tbody/tr/td"), ("b", "table/tbody/tr/td"), ("c", "table/tbody/tr/td")]),
        ("<table><tr><td><table><tr><td>a</table>b<td>c",
         [("a", "table/tr/td/table/tr/td"), ("b", "table/tr/td"), ("c", "table/tr/td")]),
        ("<b><p>a</b>b", [("ab", "b/p")]),
        ("a<br>b<br/>c<br><br>d", [("a\nb\nc", ""), ("d", "")]),
        ("<pre>\n  a\n\n\tb &lt;\n</pre>c", [("  a\n\n\tb <", "pre"), ("c", "")]),
        ("<pre><div>a</div><div> b</div></pre>", [("a\n b", "pre")]),
        ("a<script>b<p></script>c<style>d</style>e<noscript><p>f</noscript>g<template>h</template>", [("aceg", "")]),
        ("a<!-- b --><!--> --c<?php d ?><![CDATA[e]]>f</3>g", [("a --cfg", "")]),
        ("1 < 2 <3 a&lt;b&gt;", [("1 < 2 <3 a<b>", "")]),
        ("a&nbsp; &#160;b Silben&shy;trennung \u3000c\u200bd", [("a b Silbentrennung cd", "")]),
        ("a<script>b", [("a", "")]), ("a<style>b<p>c", [("a", "")]),
        ("<p title='>'>a", [("a", "p")]), ("a<p", [("a", "")]), ("a</", [("a</", "")]),
        ("<select><option>a</select>b<svg><text>c</text></svg>d", [("bd", "")]),
        ("<h1>a<h2>b</h2>", [("a", "h1"), ("b", "h2")]),
        ("<h3><button>a</button></h3>b<button>c</button>", [("a", "h3"), ("b", "")]),
    ],
)  # fmt: skip
def test_blocks_by_hand(markup: str, expected: list[tuple[str, str]]) -> None:
    assert blocks(markup) == expected


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        # Layouts with the names of columns for line numbers: Bootstrap 4, Prism on a whole page, VuePress.
        ("<div class='row no-gutters'><div>a</div></div>", ["a"]),
        ("<body class=line-numbers><p>a<p>b", ["a", "b"]),
        ("<div class=line-numbers-mode><pre><code>x = 1</code></pre><div class=line-numbers-wrapper>"
         "<span class=line-number>1</span><br></div></div>", ["x = 1"]),
        ("<pre class='line-numbers language-js'><code>a()\nb()</code></pre>", ["a()\nb()"]),
        ("<div class=gutter>2024 was a good year</div>", ["2024 was a good year"]),
        # The columns: Pygments, GitHub, Hexo, and Chroma in a column and within lines.
        ("<td class=linenos><div class=linenodiv><pre>1\n2\n</pre></div></td><td>a</td>", ["a"]),
        ("<td class=blob-num>12</td><td>a</td>", ["a"]),
        ("<td class=gutter><pre><span>1</span><br></pre></td>a", ["a"]),
        ("<pre><span class=lnt>1\n</span></pre><pre><span class=ln> 1</span>x = 1</pre>", ["x = 1"]),
        # What MathJax has drawn, and arXiv's abstracts, which wait for it.
        ("<span class=MathJax><nobr>x</nobr></span><div class=MathJax_Display>x</div>a", ["a"]),
        ("<blockquote class='abstract mathjax'>a</blockquote>", ["a"]),
    ],
)  # fmt: skip
def test_names_of_what_is_left_out_are_also_those_of_content(markup: str, expected: list[str]) -> None:
    assert [text for text, _ in blocks(markup)] == expected


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("10<sup>6</sup> m<sup>2</sup>, 5 x 10<sup>\u221234</sup> s<sup>-1</sup>, x<sup>n+1</sup>, f<sup>(4)</sup>",
         "10⁶ m², 5 x 10⁻³⁴ s⁻¹, xⁿ⁺¹, f⁽⁴⁾"),
        ("2<sup>&minus;<i>n</i></sup> end.<sup>1,<a href=x>27</a></sup> Then<b><sup>890</sup></b>",
         "2⁻ⁿ end.¹,²⁷ Then⁸⁹⁰"),
        ("the 1<sup>st</sup> XX<sup>e</sup> M<sup>me</sup> CO<sub>2</sub> e<sup>x</sup> a<sup>[1]</sup>",
         "the 1st XXe Mme CO2 ex a[1]"),
        ("<sup>1</sup>/<sub>2</sub> or 1 <sup>1</sup>/<sub>2</sub> (<sup>3</sup>) 7<sup> 8</sup> a<sup>123456</sup>",
         "1/2 or 1 1/2 (3) 7 8 a123456"),
        ("a<sup>1<sup>2</sup></sup></sup> b<sup>2", "a1² b2"),
        ("<ruby>漢<rp>(</rp><rt>かん</rt><rp>)</rp>字<rt>じ</ruby>の本", "漢字の本"),
        ("a <template shadowrootmode=open>b </template><template>c</template>d", "a b d"),
    ],
)  # fmt: skip
def test_what_does_not_stand_in_the_line(markup: str, expected: str) -> None:
    assert [text for text, _ in blocks(f"<p>{markup}")] == [expected]


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("<h2>Title<a class=headerlink href='#t' title='Link to this heading'>¶</a></h2>", "Title"),
        ("<h2 id=t><a href='#t'>§</a>Title <a href=#t>#</a></h2>", "Title"),
        ("<dt><code>f(x)</code> <a href=#f>&para;</a> new</dt>", "f(x) new"),
        ("<p class=caption>Code <a href='#c'> ¶ </a></p>", "Code"),
        ("<h3>🔗 Chain<a href=#c>🔗</a></h3>", "🔗 Chain"),
        ("<h2>C<a href='/sharp'>#</a> and <a href=x#y>¶</a></h2>", "C# and ¶"),
        ("<p>See <a href=#3>§</a> 3 and <a href=#4>#</a></p>", "See § 3 and #"),
        ("<h2>Law ¶</h2>", "Law ¶"),
    ],
)
def test_headings_lose_the_links_to_themselves(markup: str, expected: str) -> None:
    page = scan(markup.encode())
    assert page.text.tobytes().decode() == expected
    assert (page.link <= page.stop - page.start).all()


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("<p><code>a<br>b</code></p>", "a\nb"),
        ("<div class=hljs><code>a\n b</code>\n</div>", "a\n b"),
        ("<p><code class=language-c>\na\n b\n</code></p>", "a\n b"),
        ("<p><code>if a\n\n b\nc</code></p>", "if a\n\n b\nc"),
        ("<code><div>a</div><div>  b</div><div>c</div></code>", "a\n  b\nc"),
        ('<div class="fragment"><div class="line">a</div>\n<div class="line"> </div>\n<div class="line">b</div>\n'
         '<div class="ttc" id="a"><div class="ttdoc">c</div></div>\n</div>', "a\n \nb"),
        ("<div style='white-space:pre;font-family:monospace'><div>a</div>\n<div>b</div><br>\n<div>c</div></div>",
         "a\nb\n\nc"),
        ("<div class=example><pre class=example-preformatted>a\nb</pre></div>", "a\nb"),
        ("x<br><code>a<br>\n  b</code><br>y", "a\n  b"),
        ("<td class=code><code class=hljs>a\n b</code></td>", "a\n b"),
        ("<p style='FONT-FAMILY: monospace; White-Space : Pre-Wrap'>a\n b</p>", "a\n b"),
        # Wrapped by the author, and within a sentence, and in a cell.
        ("<p><code>a\n b</code></p>", None),
        ("<p><code>a\n b\n c</code> d</p>", None),
        ("<p>x <code>a\n b\n c</code></p>", None),
        ("<td><code>a\nb\nc</code></td>", None),
        ("<p style='white-space: pre-wrap'>a\n b</p>", None),
        ("<p><code>a\nb\nc", None),
        ("<div class='fragment'><div class='line'>a</div><div class=line>b</div></div>", None),
    ],
)  # fmt: skip
def test_lines_of_code_without_pre(markup: str, expected: str | None) -> None:
    page = scan(markup.encode())
    found = [text for (text, _), flags in zip(blocks(markup), page.flags, strict=True) if flags == PREFORMATTED | CODE]
    assert found == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("日本語の\n  文章です。\r\n次の「行」\n、終わり", "日本語の文章です。次の「行」、終わり"),
        ("中文\nEnglish\n中文\n12", "中文 English 中文 12"),
        ("<b>日本</b> \n <i>語</i>\n<br>\n行", "日本語\n行"),
        ("他说、\n“你好”\n是的…\n好\n——", "他说、“你好”是的…好——"),
        ("한국어\n문장 ㄱ\nㄴ 日\n한", "한국어 문장 ㄱ ㄴ 日 한"),
        ("日 本\u3000語\n\u3000行&nbsp;\n字", "日 本 語 行 字"),
        ("&#26085;\n&#26412;\n&#120;\n\U00020000\n\U00020001\n😀\n字", "日本 x \U00020000\U00020001 😀 字"),
        ("“a”\n“b”\n…\n", "“a” “b” …"),
    ],
)
def test_lines_of_east_asian_text_are_joined_without_space(markup: str, expected: str) -> None:
    """CSS Text 3, section 4.1.3; with it, punctuation that has no width of its own beside a character that has."""
    assert [text for text, _ in blocks(markup)] == [expected]


def test_links_flags_names_and_title() -> None:
    page = scan(b"<title>T &amp; t</title><div id=CommentList hidden><p>ab <a href=x>cd</a> <a>ef</a><br><br>g"
                b"<pre class='code highlight'>x</pre>")  # fmt: skip
    assert page.link.tolist() == [6, 0, 0]  # with the space that stands before a word
    assert page.links.tolist() == [2, 0, 0]
    assert page.flags.tolist() == [0, AFTER_BREAK, PREFORMATTED | CODE]
    assert int(page.bits[page.tag == TAG["div"]][0]) & HIDDEN
    assert page.title == (7, 16)


@given(st.one_of(
    st.text(alphabet="&#xX;0123456789abcdefglmnopqtuADEGLM ", max_size=40),
    st.lists(st.sampled_from(["&amp;", "&amp", "&notit;", "&not", "&nGt;", "&#0;", "&#x110000;", "&#xD800;", "&#13",
                              "&", "&#xFFFE;", "&#150;", "&#x1F600;", "&lt", "&CounterClockwiseContourIntegral;", "x"]))
    .map("".join),
))  # fmt: skip
@example("&acE;" * 50)
def test_references_mean_what_python_says(text: str) -> None:
    found = scan(f"<pre>x{text}x</pre>".encode())
    expected = html.unescape(f"x{text}x").replace("\xa0", " ").replace("\xad", "").replace("\u200b", "")
    assert found.text.tobytes().decode() == expected.replace("\u3000", " ")


@given(SOUP)
def test_any_bytes_give_blocks_within_bounds(markup: bytes) -> None:
    page = scan(markup)
    edges = np.stack([page.start, page.stop], 1).ravel()
    assert (np.diff(edges) >= 0).all()
    assert (page.start < page.stop).all()
    assert page.stop.max(initial=0) <= len(page.text)
    assert (page.node < len(page.parent)).all()
    assert (page.parent[1:] < np.arange(1, len(page.parent))).all()
    assert (page.link <= page.stop - page.start).all() or b"<pre" in markup
    if len(page.start):
        table = features(page, "title")
        assert np.isfinite(table).all()
        assert np.isfinite(context(page, table[:, 0] * 0 + 0.5)).all()
        for keep in (np.ones(len(table), np.bool_), np.arange(len(table)) % 2 == 0):
            render(page, keep, data_tables(page))


@pytest.mark.parametrize("unit", [b"<div>", b"</div>", b"<p><b>", b"<td>", b"<table>", b"<li>", b"&", b"&aaaaaaaa",
                                  b"&#1", b"<", b"<!--", b"<br>", b"<script>", b"<a href='", b"\xc2", b"<pre>",
                                  b"<tr><tbody>", b"<code>", b"<code>a\n", b"<br><code>a\n</code>",
                                  b"a<sup>44444</sup>"])
def test_nothing_is_written_beyond_its_array(unit: bytes) -> None:
    """numba checks no bounds here; what an overrun would break is the next arrays."""
    page = scan(unit * 2_000)
    assert len(page.start) <= 2_002
    assert len(page.parent) <= 4_002
