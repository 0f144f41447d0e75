"""Docstrings of the installed distributions as web pages, weakly labelled by their formulas.

Belongs here: how a docstring becomes the page that a documentation site would show, and which label it has. Not here:
finding docstrings (`ingest/environment.py`), reading pages (`extract/`), other labels (`labels.py`).
"""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Iterator
from contextlib import redirect_stderr
from functools import cache
from io import StringIO

from data_platform.extract.settings import Extraction

PER_LABEL = {1: 200, 0: 40}
"""Texts of a distribution at most, by label, so that no library speaks for all."""

LEAST_FORMULAS = 2
"""Formulas of a positive docstring. With one, a text is as often about something else, and has no label."""

PAGES_AT_ONCE = 32
_LEAST_WORDS = 40
# reStructuredText as Sphinx reads it: roles that docutils does not know are code to it, as they are to readers.
_ROLE = re.compile(r":(?!math:)[a-zA-Z][\w:+.-]*:`([^`]*)`")
_FORMULA = re.compile(r":math:`[^`]+`|^[ \t]*\.\. math::", re.MULTILINE)
# What docutils writes for MathJax.
_INLINE = re.compile(r'<span class="math">\s*\\\((.*?)\\\)\s*</span>', re.DOTALL)
_DISPLAY = re.compile(r'<div class="math">\s*(.*?)\s*</div>', re.DOTALL)
_ENVIRONMENT = re.compile(r"^\\begin\{equation\*?\}\s*|\s*\\end\{equation\*?\}$")


def formula_pages(extraction: Extraction) -> Iterator[tuple[str, str, str, int]]:
    """(distribution, "", text, label) of docstrings as the extraction reads them from a page.

    Those with formulas are positive. Negative are docstrings of distributions in which none has a formula: the words of
    a numerical library are mathematics even where no formula stands. An eighth of the positive ones (by their hash)
    comes without formulas, so that words must tell too, as in the training of OpenWebMath's MathScore, which sees no
    formulas (Paster et al. 2023, arXiv:2310.06786, section 3.5.1); the others have them in the forms of real pages:
    between `\\(...\\)` for MathJax, between dollars, as the MathML that KaTeX writes, and,
    another eighth, as letters and signs on, above and below the line, as authors without TeX write them. A judgement of
    people this is not.
    """
    from data_platform.ingest.environment import docstrings_by_distribution

    for distribution, docstrings in docstrings_by_distribution():
        long_enough = {text for text in docstrings if len(text.split()) >= _LEAST_WORDS}
        formulas = {text: len(_FORMULA.findall(text)) for text in long_enough}
        label = int(any(formulas.values()))
        wanted = [text for text in long_enough if not label or formulas[text] >= LEAST_FORMULAS]
        chosen = sorted(wanted, key=_digest)[: PER_LABEL[label]]
        pages = [docstring_page(distribution, text, _SHARES[_digest(text)[0] % len(_SHARES)]) for text in chosen]
        for text in _read(pages, extraction):
            yield distribution, "", text, label


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()


def _read(pages: list[str], extraction: Extraction) -> Iterator[str]:
    import pyarrow as pa

    from data_platform.extract.batch import extract_batch

    for start in range(0, len(pages), PAGES_AT_ONCE):
        payloads = pa.array([page.encode("utf-8", "replace") for page in pages[start : start + PAGES_AT_ONCE]])
        same = (pa.array([value] * len(payloads), pa.string()) for value in ("text/html", "utf-8", "", "response"))
        for text in extract_batch(payloads, *same, extraction).field("text").to_pylist():
            yield text or ""


# -- pages ------------------------------------------------------------------------------------------------------------


def docstring_page(name: str, docstring: str, form: str) -> str:
    """The page of a docstring, with what stands around it on such sites.

    Args:
        name: of the distribution.
        docstring: reStructuredText; directives and roles of Sphinx that docutils does not know are left out.
        form: of the formulas: `brackets`, `dollars`, `katex`, `characters`, or `none` for a page without them.
    """
    body = _rendered(docstring)
    written = _FORMS[form]
    body = _DISPLAY.sub(lambda found: f"<p>{written(_ENVIRONMENT.sub('', found[1]), True)}</p>", body)
    body = _INLINE.sub(lambda found: written(found[1], False), body)
    title = html.escape(name)
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{title} documentation</title></head>'
        f'<body><nav><a href="/">Home</a> <a href="/guide/">User guide</a> <a href="/api/">API reference</a></nav>'
        f'<div class="sidebar"><ul><li><a href="a.html">Previous</a></li><li><a href="b.html">Next</a></li></ul></div>'
        f'<div class="body" role="main"><h1>{title}</h1>\n{body}</div>\n'
        f"<footer><p>{title} documentation</p></footer></body></html>\n"
    )


def _brackets(tex: str, display: bool) -> str:
    return f"\\[{tex}\\]" if display else f"\\({tex}\\)"


def _dollars(tex: str, display: bool) -> str:
    return f"$${tex}$$" if display else f"${tex}$"


def _katex(tex: str, display: bool) -> str:
    return (
        f'<span class="katex"><span class="katex-mathml"><math{" display=block" if display else ""}><semantics>'
        f'<annotation encoding="application/x-tex">{tex}</annotation></semantics></math></span></span>'
    )


def as_characters(tex: str) -> str:
    """A formula as HTML without TeX: what docutils writes for readers whose browser shows no formulas."""
    from docutils.utils.math.math2html import math2html

    with redirect_stderr(StringIO()):  # it prints what it cannot read
        return math2html(tex)


_FORMS = {
    "brackets": _brackets, "dollars": _dollars, "katex": _katex,
    "characters": lambda tex, display: as_characters(html.unescape(tex)), "none": lambda tex, display: "",
}
_SHARES = ("brackets", "dollars", "katex", "none", "brackets", "dollars", "katex", "characters")


def _rendered(docstring: str) -> str:
    from docutils.core import publish_parts

    return publish_parts(_ROLE.sub(r"``\1``", docstring), writer="html5", settings=_settings())["html_body"]


@cache
def _settings():
    """Settings of docutils, which take as long to make as a docstring takes to render. It reads no file and says
    nothing of what it finds broken."""
    from docutils.frontend import get_default_settings
    from docutils.parsers.rst import Parser
    from docutils.utils import DependencyList
    from docutils.writers.html5_polyglot import Writer

    settings = get_default_settings(Parser, Writer)
    for name, value in {
        "math_output": "MathJax", "report_level": 5, "halt_level": 5, "warning_stream": False, "traceback": True,
        "file_insertion_enabled": False, "raw_enabled": False, "record_dependencies": DependencyList(),
        "syntax_highlight": "none", "doctitle_xform": False, "embed_stylesheet": False,
    }.items():
        setattr(settings, name, value)
    return settings
