"""Sorting: the first branch that takes a document has it, and a document's branch depends on nothing but itself."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from data_platform.branches.route import page_evidence, route
from data_platform.branches.settings import Branch, Evidence
from data_platform.core.kinds.sorter import Judged


class Fixed:
    """A judge by words: what has a number word is proposed, and proofs are taken of it."""

    def judge(self, texts: pa.Array, proposed: np.ndarray | None, evidence: np.ndarray) -> Judged:
        """High scores for the words."""
        first = np.array([0.9 if "number" in text else 0.1 for text in texts.to_pylist()])
        second = np.array([0.8 if "proof" in text else 0.3 for text in texts.to_pylist()])
        second[(first < 0.2) & ~proposed] = np.nan
        return Judged(second >= 0.5, first, second)


BRANCHES = {
    "math": Branch(evidence={"formulas": Evidence(pattern=r"\$[^$]+\$")}),
    "code": Branch(evidence={"fences": Evidence(pattern="```"), "markup": Evidence(pattern="<pre", where="page")},
                   domains=("web",)),
    "general": Branch(domains=("web",)),
}
CASCADES = {"math": Fixed()}
TEXTS = [
    "a number and its proof", "a number in the news", "a $formula$ in a proof", "a $price$ of $5", "``` code ```",
    "a proof without digits", "anything",
]


def sorted_into(texts: list[str], domains: list[str] | None = None, **found) -> list[dict]:
    return route(pa.array(texts, pa.large_string()), pa.array(domains or ["web"] * len(texts)), BRANCHES, CASCADES,
                 found).to_pylist()


def test_the_first_proposes_the_second_decides_and_the_rest_is_left_over() -> None:
    rows = sorted_into(TEXTS)
    assert [row["branch"] for row in rows] == ["math", "general", "math", "general", "code", "general", "general"]
    assert [row["decided_by"] for row in rows] == ["classifier", "rest", "classifier", "rest", "evidence", "rest",
                                                   "rest"]
    assert rows[3]["evidence"] == ["math.formulas"] and rows[4]["evidence"] == ["code.fences"]
    # It is decided only where the first score or a formula proposes.
    assert [row["scores"][0]["second"] for row in rows] == [0.8, 0.3, 0.8, 0.3, None, None, None]


def test_what_no_branch_takes_keeps_the_domain_of_its_source() -> None:
    row, code = sorted_into(["anything", "``` code ```"], ["books", "books"])
    assert (row["branch"], row["domain"], row["decided_by"]) == ("", "books", "source")
    assert code["domain"] == "books" and code["evidence"] == ["code.fences"]


def test_the_page_speaks_where_the_text_does_not() -> None:
    pages = page_evidence(pa.array([b"<pre>x</pre>", b"<p>"], pa.large_binary()), BRANCHES)
    speaking = {"code.markup": pages.field("code.markup").to_numpy(zero_copy_only=False)}
    rows = route(pa.array(["one", "two"]), pa.array(["web", "web"]), BRANCHES, CASCADES, speaking).to_pylist()
    assert [row["branch"] for row in rows] == ["code", "general"]


@settings(max_examples=40)
@given(st.lists(st.sampled_from(TEXTS), min_size=1, max_size=12), st.integers(0, 12))
def test_rows_do_not_depend_on_their_neighbours(texts: list[str], cut: int) -> None:
    assert sorted_into(texts[:cut]) + sorted_into(texts[cut:]) == sorted_into(texts)
