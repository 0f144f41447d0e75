"""Published documentation with formulas: pages of hosts that nothing here was trained on, labelled by their own markup.

The crawl samples hold four pages of mathematics, too few to say anything. Documentation that Debian ships is HTML as
its projects publish it (Sphinx, Doxygen, GAPDoc, R Markdown, hand-written; MathJax, MathML, images). To have it here:

    mkdir documentation && cd documentation && apt-get download $(python -m benchmarks.branches_documentation)
    for package in *.deb; do dpkg-deb -x $package ${package%%_*}; done

A page of a mathematical package is mathematics if its source has `LEAST_FORMULAS` formulas or more and one for every
`CHARACTERS_EACH` characters of its text; its other pages have no label. All pages of the others that hold no formula
are not mathematics: programming, networks, mail. These labels are weak: an index of symbols counts as mathematics, too.
The same pages are read once more with characters in the place of TeX, as nothing here has formulas without it.
"""

from __future__ import annotations

import gzip
import hashlib
import html
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from data_platform.branches.docstrings import as_characters

MATHEMATICAL = (
    "ceres-solver-doc", "coinor-libipopt-doc", "fflas-ffpack-user-doc", "gap-doc", "libeigen3-doc", "libflint-doc",
    "python-brian-doc", "python-cvxopt-doc", "python-fiat-doc", "python-libpysal-doc", "python-lmfit-doc",
    "python-mdanalysis-doc", "python-mpmath-doc", "python-statsmodels-doc", "r-cran-bayesplot", "r-cran-lme4",
    "r-cran-loo",
)
OTHERS = (
    "asciidoctor-doc", "courier-doc", "frr-doc", "h2o-doc", "knot-resolver-doc", "python-babel-doc", "python-bs4-doc",
    "python-celery-doc", "python-django-allauth-doc", "python-flask-doc", "python-jinja2-doc", "python-lxml-doc",
)
LEAST_FORMULAS = 8
CHARACTERS_EACH = 500
PAGES = 60
"""Pages of a package at most, by label."""

_BYTES = range(2_000, 2_000_000)
_FORMULA = re.compile(
    rb'<math[ >]|<(?:span|div|p)[^>]*class="(?:math|katex)[^"]*"|class="formula(?:Inl|Dsp)"|<script type="math/tex|'
    rb'<img[^>]*class="math|\\\(|\\\['
)
_DELIMITED = re.compile(r"(?s)\\\((.+?)\\\)|\\\[(.+?)\\\]")
_TAG = re.compile(r"<[^>]*>")
_NOT_TEXT = re.compile(rb"(?s)<script.*?</script>|<style.*?</style>|<[^>]*>")
_LISTS = re.compile(
    r"genindex|search\.html|modindex|_modules|/_sources|_8h_source|-source|-members|inherit|/src/|hierarchy|functions_|"
    r"globals|graph_legend|annotated|classes\.html|dir_"
)


class Page(NamedTuple):
    """A page with its package, as its host, and whether it is mathematics."""

    host: str
    name: str
    payload: bytes
    label: int


def pages(folder: Path) -> Iterator[Page]:
    """The labelled pages of all packages in `folder`, of each label those with the least hash of their name.

    Raises:
        FileNotFoundError: if a package is missing.
    """
    for package in sorted((*MATHEMATICAL, *OTHERS)):
        home = folder / package
        if not home.is_dir():
            raise FileNotFoundError(f"{home}: unpack the package of this name there, or leave the documentation out")
        names = [str(path.relative_to(folder)) for path in home.rglob("*") if path.is_file()]
        taken: Counter[int] = Counter()
        for name in sorted(names, key=lambda name: hashlib.sha256(name.encode()).digest()):
            if not re.search(r"\.html?(?:\.gz)?$", name) or _LISTS.search(name):
                continue
            payload = (folder / name).read_bytes()
            payload = gzip.decompress(payload) if name.endswith(".gz") else payload
            label = _label(payload, package in MATHEMATICAL) if len(payload) in _BYTES else None
            if label is not None and taken[label] < PAGES:
                taken[label] += 1
                yield Page(package, name, payload, label)


def without_tex(text: str) -> str:
    """A text whose formulas are the characters that a page without TeX would have for them, above and below the line
    no more than on it. What docutils cannot write so is left out.
    """
    def written(formula: re.Match[str]) -> str:
        try:
            return _TAG.sub("", html.unescape(as_characters(formula[1] or formula[2])))
        except Exception:  # it fails in many ways on broken TeX
            return ""

    return _DELIMITED.sub(written, text)


def _label(payload: bytes, mathematical: bool) -> int | None:
    formulas = len(_FORMULA.findall(payload))
    if not mathematical:
        return None if formulas else 0
    dense = formulas * CHARACTERS_EACH >= len(_NOT_TEXT.sub(b"", payload))
    return 1 if formulas >= LEAST_FORMULAS and dense else None


if __name__ == "__main__":
    print(*MATHEMATICAL, *OTHERS)
