"""What patterns find: counted by hand, and compared with Python's own engine."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from data_platform.branches.evidence import evidence_of, feature, found, speaks
from data_platform.branches.settings import Evidence
from data_platform.run.recipe import load_recipe

RECIPE = Path(__file__).resolve().parents[2] / "recipes" / "branches.yaml"


@pytest.mark.parametrize("type_", [pa.string(), pa.large_string()])
def test_matches_and_the_bytes_in_them_are_counted(type_: pa.DataType) -> None:
    matches, inside = found(pa.array(["a $x$ b $yé$", None, "none", "$z$"], type_), r"\$[^$]+\$")
    assert matches.tolist() == [2, 0, 0, 1]
    assert inside.tolist() == [3 + 5, 0, 0, 3]


def test_pages_are_searched_as_bytes_whatever_their_encoding() -> None:
    matches, inside = found(pa.array([b"\xff<math>\xfe<math ", None], pa.large_binary()), "<math[ >]")
    assert (matches.tolist(), inside.tolist()) == ([2, 0], [12, 0])


@given(st.lists(st.text("ab$\n ", max_size=30), min_size=1), st.sampled_from([r"\$[^$]+\$", "(?m)^a", "b+"]))
def test_counts_are_those_of_another_engine(texts: list[str], pattern: str) -> None:
    matches, inside = found(pa.array(texts, pa.large_string()), pattern)
    assert matches.tolist() == [len(re.findall(pattern, text)) for text in texts]
    assert inside.tolist() == [sum(map(len, re.findall(pattern, text))) for text in texts]


def test_number_and_share_must_both_be_reached() -> None:
    matches, inside, sizes = np.array([1, 2, 2]), np.array([50, 50, 10]), np.array([100, 100, 100])
    texts, both = pa.array(["a"] * 3), Evidence(pattern="x", at_least=2, share=0.5)
    assert speaks(both, texts, matches, inside, sizes).tolist() == [False, True, False]
    assert not speaks(Evidence(pattern="x", at_least=None), texts, matches, inside, sizes).any()


def test_evidence_is_silent_where_enough_speaks_against_it() -> None:
    texts = pa.array(["x y", "x y y", "x", "y y", None])
    evidence = Evidence(pattern="x", unless="y", unless_at_least=2)
    sizes = np.array([3, 5, 1, 3, 0])
    assert speaks(evidence, texts, *found(texts, "x"), sizes).tolist() == [True, False, True, False, False]
    with pytest.raises(ValidationError, match="RE2"):
        Evidence(pattern="x", unless="(?=lookahead)")


def test_features_are_density_and_share_and_finite_for_empty_texts() -> None:
    assert feature(np.array([2, 0]), np.array([10, 0]), np.array([1_000, 0])) == pytest.approx(
        np.array([[np.log(3), 0.01], [0, 0]])
    )


def test_a_pattern_that_re2_does_not_know_is_refused_at_once() -> None:
    with pytest.raises(ValidationError, match="RE2"):
        Evidence(pattern="(?=lookahead)")


@pytest.mark.parametrize(
    ("name", "text", "matches"),
    [
        ("math.inline", r"so $a^2$ and \(b\) and \[ c = d \]", 1),
        ("math.display", "so \\(b\\) and \\[ c\n= d \\] and $$e$$ and \\begin{align}f\\end{align}", 3),
        ("math.dollars", "so $a^2$, $2n_1$ and $\\pi$ but from $ 5 to 10 $, $5 and $10 more, or US$ 3", 3),
        ("math.commands", r"\frac{1}{2} \alpha_1 \alpha\beta C:\temp \section", 4),
        ("math.scripts", "a^2 + b_{ij} and snake_case", 3),
        ("math.equations", "a = 3, and 3 + 4 = 7", 2),
        ("code.lines", "if (a) {\n  b();\n}\n", 1),
        ("code.lines", "Ingredients (for four)\n  Butter\n", 0),
        ("code.lines", "The court decides;\n  - at once;\n  1. later;\n", 0),
        ("code.fences", "```\nx = area(1)\n```", 1),
        ("code.fences", "```\nMain Street 1\n10119 Berlin\n```", 0),
        ("code.statements", "import numpy as np\nfrom a.b import c\n$ pip install x\n$ 20 million\nfrom us", 3),
        ("qa.answered", "How long does it keep?\nKept cool and dry it keeps for up to a year, opened a month.\n", 1),
        ("qa.answered", "How long does it keep?\nAnd who would want to know that, and why, do you think?\n", 0),
        ("qa.exchange", "Q: Why?\nA: Because.\n", 1),
    ],
)
def test_the_published_patterns_find_what_they_are_for(
    name: str, text: str, matches: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    evidence = evidence_of(load_recipe(RECIPE).branches)[name]
    assert found(pa.array([text]), evidence.pattern)[0].tolist() == [matches]
