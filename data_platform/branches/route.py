"""Which branch a document goes to, and what decided.

A document is offered to the branches in the order of the recipe, and the first that takes it has it:

- a branch with evidence alone takes it if one piece of evidence speaks for it;
- a branch with a cascade takes it if the first classifier or a piece of evidence proposes it and the second agrees;
- a branch with neither takes it.

What none takes keeps the domain of its source. So every document is in one domain, and none is lost. The decision
depends on the document alone. Not here: what a pattern finds (`evidence.py`), training (`methods/branches/`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_platform.branches.evidence import evidence_of, feature, found, speaks
from data_platform.branches.settings import Branch
from data_platform.core.kinds.sorter import Judge, Judged

SCORES = pa.list_(pa.struct([
    pa.field("branch", pa.string()), pa.field("first", pa.float64()), pa.field("second", pa.float64()),
]))
ROUTE = pa.struct([
    pa.field("branch", pa.string()), pa.field("domain", pa.string()), pa.field("decided_by", pa.string()),
    pa.field("evidence", pa.list_(pa.string())), pa.field("scores", SCORES),
])
"""Of `route`: fields of table `document_branches`, which says what they hold."""


@dataclass(frozen=True)
class Findings:
    """What the evidence comes to, for n documents.

    Attributes:
        speaking: piece of evidence, as "branch.name", to whether it speaks for its branch: n bools.
        features: evidence in the text as features of classifiers, float64 of shape (n, 2 x pieces).
    """

    speaking: Mapping[str, np.ndarray]
    features: np.ndarray

    def proposes(self, branch: str) -> np.ndarray | None:
        """Whether any evidence speaks for the branch; None if the branch has no evidence."""
        mine = [speaking for name, speaking in self.speaking.items() if name.startswith(f"{branch}.")]
        return np.logical_or.reduce(mine) if mine else None


def findings(
    texts: pa.Array, branches: Mapping[str, Branch], pages: Mapping[str, np.ndarray] | None = None
) -> Findings:
    """Search all texts for all evidence of all branches.

    Args:
        texts: the extracted texts.
        branches: of the recipe.
        pages: for evidence that lies in the page, as "branch.name", whether it speaks; left out, none does.
    """
    sizes = pc.fill_null(pc.binary_length(texts), 0).to_numpy().astype(np.int64)
    speaking, features = {}, []
    for name, evidence in evidence_of(branches).items():
        if evidence.where == "page":
            speaking[name] = (pages or {}).get(name, np.zeros(len(texts), bool))
            continue
        matches, inside = found(texts, evidence.pattern)
        speaking[name] = speaks(evidence, texts, matches, inside, sizes)
        features.append(feature(matches, inside, sizes))
    return Findings(speaking, np.hstack(features) if features else np.zeros((len(texts), 0)))


def page_evidence(payloads: pa.Array, branches: Mapping[str, Branch]) -> pa.StructArray:
    """Whether each piece of evidence in the page speaks for its branch: a struct with one bool per piece."""
    sizes = pc.fill_null(pc.binary_length(payloads), 0).to_numpy().astype(np.int64)
    columns = {
        name: pa.array(speaks(evidence, payloads, *found(payloads, evidence.pattern), sizes))
        for name, evidence in evidence_of(branches, "page").items()
    }
    return pa.StructArray.from_arrays(list(columns.values()), list(columns))


def route(
    texts: pa.Array, domains: pa.Array, branches: Mapping[str, Branch], judges: Mapping[str, Judge],
    pages: Mapping[str, np.ndarray] | None = None,
) -> pa.StructArray:
    """The branch of every document.

    Args:
        texts: the extracted texts.
        domains: domains of their sources.
        branches: of the recipe, in order.
        judges: what was learned of the branches that are trained.
        pages: what `page_evidence` found, by "branch.name".

    Returns:
        One `ROUTE` per document.
    """
    texts = pc.fill_null(texts, "")
    seen = findings(texts, branches, pages)
    count = len(texts)
    taken = np.full(count, len(branches))
    decided = np.full(count, "source", object)
    scores: dict[str, Judged] = {}
    for place, (name, branch) in enumerate(branches.items()):
        proposed = seen.proposes(name)
        verdict, why = np.ones(count, bool), "rest"
        if name in judges:
            scores[name] = judges[name].judge(texts, proposed, seen.features)
            verdict, why = scores[name].taken, "classifier"
        elif proposed is not None:
            verdict, why = proposed, "evidence"
        if branch.domains:
            offered = pc.is_in(domains.cast(pa.string()), pa.array(branch.domains))
            verdict = verdict & offered.to_numpy(zero_copy_only=False)
        first = verdict & (taken == len(branches))
        taken[first], decided[first] = place, why
    names = pa.array([*branches, ""], pa.string()).take(pa.array(taken))
    return pa.StructArray.from_arrays(
        [
            names,
            pc.if_else(pc.equal(names, ""), domains.cast(pa.string()), names),
            pa.array(decided, pa.string()),
            _names_of(seen.speaking, count),
            _score_lists(scores, count),
        ],
        fields=list(ROUTE),
    )


def _names_of(speaking: Mapping[str, np.ndarray], count: int) -> pa.ListArray:
    """The names of the evidence that speaks, per document."""
    table = np.column_stack(list(speaking.values())) if speaking else np.zeros((count, 0), bool)
    offsets = np.concatenate(([0], np.cumsum(table.sum(axis=1)))).astype(np.int32)
    return pa.ListArray.from_arrays(offsets, pa.array(list(speaking), pa.string()).take(pa.array(np.nonzero(table)[1])))


def _score_lists(scores: Mapping[str, Judged], count: int) -> pa.ListArray:
    """One struct per cascade and document."""
    width = len(scores)
    offsets = (np.arange(count + 1) * width).astype(np.int32)
    first, second = (
        np.column_stack([getattr(one, part) for one in scores.values()]).ravel() if width else np.empty(0)
        for part in ("first", "second")
    )
    names = pa.array(list(scores) * count, pa.string())
    rows = pa.StructArray.from_arrays(
        [names, pa.array(first), pa.array(second, from_pandas=True)], fields=list(SCORES.value_type)
    )
    return pa.ListArray.from_arrays(offsets, rows)
