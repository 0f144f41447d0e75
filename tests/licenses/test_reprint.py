
# ruff: noqa: RUF001 - letters of other languages are meant
"""Lines in an article that say that its text is somebody else's, and such that do not."""

from __future__ import annotations

import pytest

from data_platform.licenses.html import observations
from data_platform.licenses.reprint import reprinted
from data_platform.licenses.resolve import Statement, decide

_PAGE = (
    "<html lang=en><head><title>On salt | Quayside</title><meta name=author content='Jane Roe'></head><body><article>"
    "<h1>On salt</h1><p>The pilots met in the afternoon.</p>{line}</article><footer><p>All texts: "
    "<a rel=license href='https://creativecommons.org/licenses/by/4.0/'>CC BY 4.0</a></p></footer></body></html>"
)


@pytest.mark.parametrize("line", [
    "Used with permission of the estate of Nora Hale.",
    "© The Evening Wheel. Printed here for our members.",
    "This chapter is an excerpt from a book published by Harbour Press, all rights with the publisher.",
    "This story ran first in the Kettle Courier.",
    "Rights: Orchard House Books",
    "Mit freundlicher Genehmigung des Verlags.",
    "Tiré du livre Sel, Maison du Verger, 2011.",
    "Con permiso de la editorial.",
    "Tratto dal libro Sale.",
    "Met toestemming overgenomen uit de Ketelkrant.",
    "Przedruk za zgodą wydawcy.",
    "出版社の許可を得て転載。",
    "本文转载自《晨报》。",
    "Source: The Evening Wheel, 3 May 2024. © The Evening Wheel Ltd.",
    "Text appears by arrangement with the Marten Trust.",
    "This text is owned by its publishers and used here under agreement.",
    "Guest post by Carla Voss",
    "Licensed to this site by Northern Wire.",
    "Abdruck mit Genehmigung der Erben.",
    "Перепечатано с разрешения издательства.",
    "Med tillstånd av förlaget.",
])
def test_text_of_somebody_else(line: str) -> None:
    assert reprinted(line)
    assert "LicenseRef-unknown" in _decided(f"<p>{line}</p>")


@pytest.mark.parametrize("line", [
    "© 2021 Jane Roe",
    "© Quayside",
    "© 2021 The authors",
    "Photo: © Nora Hale, used with permission.",
    "Figure 2: the lock. © Nora Hale, used with permission.",
    "First published in May 2011, revised 2020.",
    "Originally published in German.",
    "Copyright law came late to the valley.",
    "The estate gave permission for the bridge in 1911, and the council used it.",
    "Source: own measurements",
    "Thanks to the editors for their comments.",
    "Excerpt from the minutes:",
    "Hale, N. (2011). Deep Water. Orchard House.",
    "Translated from the German by the author.",
    "Nora Hale is a writer in the north.",
    "Zuletzt geändert am 3. Mai 2021",
    "Le roman fut publié en 1911 et oublié.",
])
def test_what_leaves_the_article_the_page_s_own(line: str) -> None:
    assert _decided(f"<p>{line}</p>") == "CC-BY-4.0"


def test_a_byline_names_who_holds_the_copyright() -> None:
    assert _decided("<p>By Tom Reed, 3 May 2021</p><p>© Tom Reed</p>") == "CC-BY-4.0"
    assert _decided("<p>© Tom Reed</p>") != "CC-BY-4.0"


def test_a_caption_credits_its_picture() -> None:
    assert _decided("<figure><img src=x.jpg><figcaption>© Nora Hale</figcaption></figure>") == "CC-BY-4.0"


@pytest.mark.parametrize("line", [
    "<p class=source>Source: The Evening Wheel. © The Evening Wheel Ltd.</p>",
    "<p class=copyright>© The Evening Wheel</p>",
    "<aside>Reprinted with permission from The Evening Wheel.</aside>",
    "<footer><em>Reprinted with permission from The Evening Wheel.</em></footer>",
    "<h2>Guest post by Carla Voss</h2>",
])
def test_what_a_line_is_called_does_not_hide_it(line: str) -> None:
    assert "LicenseRef-unknown" in _decided(line)


@pytest.mark.parametrize("line", [
    "<div><img src=x.jpg><p class=source>© The Evening Wheel Ltd.</p></div>",
    "<div class=wp-caption><img src=x.jpg></div><p class=source>© The Evening Wheel Ltd.</p>",
])
def test_a_line_beside_a_picture_credits_it(line: str) -> None:
    assert _decided(line) == "CC-BY-4.0"


def _decided(line: str) -> str:
    found = observations(_PAGE.format(line=line).encode(), url="https://quayside.example/salt")
    return decide([Statement(one.location, one.scope, one.license_spdx, one.confidence) for one in found]).license_spdx
