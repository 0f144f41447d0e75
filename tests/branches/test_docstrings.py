"""Docstrings as pages: formulas come out in delimiters whatever form the page has, and headings and code stay."""

from __future__ import annotations

import pytest

from data_platform.branches import docstrings
from data_platform.branches.docstrings import docstring_page, formula_pages
from data_platform.extract.auto import Auto
from data_platform.extract.settings import Extraction

DOCSTRING = """Area of a disc of radius :math:`r`, found by integration.

The area is that of all rings together, whose length is known, so that it grows with the square of the radius:

.. math::

    A = \\int_0^r 2\\pi s \\, ds = \\pi r^2

See :func:`circumference` for the length of the circle itself, and :math:`\\pi` for the constant that both share.

Examples
--------
>>> area(1.0)
3.141592653589793
"""


def text_of(form: str) -> str:
    return Auto(Extraction()).extract(docstring_page("discs", DOCSTRING, form).encode(), "text/html", "utf-8", "").text


@pytest.mark.parametrize(
    ("form", "inline", "display"),
    [("brackets", "\\(r\\)", "\\[A = \\int_0^r"), ("dollars", "$r$", "$$A = \\int_0^r"),
     ("katex", "\\(r\\)", "\\[A = \\int_0^r")],
)
def test_formulas_survive_in_every_form(form: str, inline: str, display: str) -> None:
    text = text_of(form)
    assert f"radius {inline}, found" in text and display in text and "\\pi r^2" in text and "equation" not in text
    assert "circumference" in text and ":func:" not in text and ">>> area(1.0)" in text


def test_formulas_as_characters_are_those_of_a_page_without_tex(capfd: pytest.CaptureFixture[str]) -> None:
    text = text_of("characters")
    assert "radius r, found" in text and "2πs" in text and "πr²" in text
    assert "\\" not in text and "$" not in text
    docstring_page("discs", r"A formula that docutils cannot write: :math:`\unheard{x}`.", "characters")
    assert capfd.readouterr() == ("", "")


def test_without_formulas_the_words_remain() -> None:
    text = text_of("none")
    assert "found by integration" in text and "grows with the square" in text
    assert "\\" not in text and "$" not in text and "int_0" not in text


def test_labels_follow_the_formulas_and_not_the_words(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = "The library of the village opens on Saturdays and lends its books for two weeks at a time to readers. " * 3
    found = [("discs", [DOCSTRING, plain, f"One :math:`x` alone. {plain}"]), ("books", [plain, "Too short."])]
    monkeypatch.setattr("data_platform.ingest.environment.docstrings_by_distribution", lambda: iter(found))
    monkeypatch.setattr(docstrings, "_digest", lambda text: b"\0")
    rows = list(formula_pages(Extraction()))
    assert [(origin, label) for origin, _, _, label in rows] == [("discs", 1), ("books", 0)]
    assert "\\(r\\)" in rows[0][2] and "Saturdays" in rows[1][2]
