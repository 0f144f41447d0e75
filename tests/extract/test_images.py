"""Images: those of the content, in the order of the page, each at its place in the clean text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_platform.extract.auto import Auto
from data_platform.extract.clean import clean_text
from data_platform.extract.images import _positions
from data_platform.extract.protocol import Extracted, Image
from data_platform.extract.settings import Extraction

URL = "https://site.example/blog/post.html"
PROSE = (
    "The proof draws the triangle first, then the circle through its corners, and compares the angles that both make "
    "with the line through the centre. Whoever draws along will see at once why the third angle has to be a right one. "
)


def extracted(body: str, options: dict | None = None) -> Extracted:
    return Auto(Extraction(options=options or {})).extract(f"<html><body>{body}</body></html>".encode(), "", None, URL)


def interleaved(found: Extracted) -> str:
    """The text with [address] where an image stood."""
    parts, at = [], 0
    for image in found.images:
        parts += [found.text[at:image.position], f"[{image.url.removeprefix('https://site.example')}]"]
        at = image.position
    return "".join([*parts, found.text[at:]])


ARTICLE = f"""
<header><img src="/logo.png"></header>
<article><h1>Angles</h1>
<p>{PROSE}<img src="one.png" alt="A  triangle
 drawn"> And then \\(a^2\\) <img src="/two.png">.</p>
<figure><img data-src="//cdn.example/three.png" src="data:image/gif;base64,R0lGOD" alt="&Auml;hnlich"></figure>
<p>{PROSE}</p>
<aside class="teaser"><a href="/x"><img src="/other.jpg"></a></aside>
<p><img src="/pixel.gif" width="1" height="1"><img srcset="/four-1.png 1x, /four-2.png 2x">
<img src="javascript:a()"></p>
<p>{PROSE}&nbsp;<img class="latex" alt="\\frac{{1}}{{2}}" src="f.png"></p>
</article>
<footer><p>Imprint and contact.</p><img src="/badge.png"></footer>
"""


def test_images_stand_where_they_stood() -> None:
    found = extracted(ARTICLE)
    assert [image.url for image in found.images] == [
        "https://site.example/blog/one.png", "https://site.example/two.png", "https://cdn.example/three.png",
        "https://site.example/four-1.png",
    ]
    assert [image.alt for image in found.images] == ["A triangle drawn", "", "Ähnlich", ""]
    whole = interleaved(found)
    assert "right one.[/blog/one.png] And then \\(a^2\\)[/two.png] ." in whole
    assert ".[https://cdn.example/three.png]\n\nThe proof" in whole and "\\(\\frac{1}{2}\\)" in whole
    assert whole.index("four-1") > whole.rindex("three.png")


def test_the_text_does_not_depend_on_them() -> None:
    found = extracted(ARTICLE)
    assert extracted(ARTICLE, {"images": False}) == Extracted(found.text, found.title)


def test_addresses_relate_to_the_base_of_the_page() -> None:
    body = f'<p>{PROSE}</p><p>{PROSE}<img src="a.png">{PROSE}</p><img src="http://[x"><p>{PROSE}</p>'
    found = extracted(f'<base href="/media/">{body}')
    assert [image.url for image in found.images] == ["https://site.example/media/a.png"]
    assert [image.url for image in extracted(body).images] == ["https://site.example/blog/a.png"]


@pytest.mark.parametrize(
    ("rendered", "offsets", "positions"),
    [
        (b"abc", [0, 3], [0, 3]),
        ("äöü".encode(), [2, 4], [1, 2]),
        (b"a  \n\n\n\nb", [7], [3]),
        (b"\x00a\r\nb\x7f", [4, 6], [2, 3]),
        ("\U0010fffd a".encode(), [6], [3]),
    ],
)
def test_positions_are_those_of_the_clean_text(rendered: bytes, offsets: list[int], positions: list[int]) -> None:
    assert _positions(rendered, clean_text(rendered.decode()), offsets) == positions


@settings(deadline=None)
@given(st.lists(st.sampled_from(["<p>", "</p>", PROSE, "<img src=a>", "<img", ">", "<div>", "</div>", "\n", "<pre>",
                                 "</pre>", "<table><tr><td>", "</table>", "<li>", "<noscript>", "</noscript>"])))
def test_positions_never_leave_the_text_and_never_fall(parts: list[str]) -> None:
    found = extracted("".join(parts))
    if isinstance(found, Extracted):
        positions = [image.position for image in found.images]
        assert positions == sorted(positions) and all(0 <= position <= len(found.text) for position in positions)
        assert all(image == Image(f"{URL.rpartition('/')[0]}/a", "", image.position) for image in found.images)
