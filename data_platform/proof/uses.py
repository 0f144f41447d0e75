"""Whether every row of a mixture may be used for what the mixture is made for, asked of its licences alone.

The code that admitted the rows (`spdx.uses`) decides along the expression; here an expression is written out as all
ways to comply with it, each a set of licences that are kept together, and a row may be in the mixture if one of these
ways keeps to what the mixture's commit says: its uses, and whether attribution and share-alike may be asked for. What a
licence is about is said anew, from its name and tier. Belongs here: this question. Not here: tiers (`examination`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from data_platform.proof.finding import Finding
from data_platform.spdx.expressions import licensing, parse
from data_platform.spdx.tiers import tier_of_license

MOST_WAYS = 4_096
"""An expression that can be complied with in more ways is not gone through, and admits nothing."""
_FORBIDS = {
    "commercial": frozenset({"commerce", "known", "granted", "outside research"}),
    "unspecified": frozenset({"commerce", "granted", "outside research"}),
    "non-commercial": frozenset({"known", "granted", "outside research"}),
    "academic": frozenset({"known", "granted"}),
}
"""Marks of licences that a use cannot live with: commerce is forbidden, it is not known, nothing is granted, or nothing
outside research."""


class Policy(NamedTuple):
    """What a mixture is made for."""

    uses: tuple[str, ...] = ()
    attribution: bool = True
    share_alike: bool = True

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Policy:
        """The policy that the configuration of a mixture's commit says."""
        return cls(tuple(config.get("use") or ()), config.get("attribution") != "refuse",
                   config.get("share_alike") != "refuse")

    def __bool__(self) -> bool:
        return self != Policy()


def keeps_to(policy: Policy, spdx: str | None) -> bool:
    """Whether a text under a licence may be in what is made by the policy."""
    return not policy or (spdx is not None and _keeps_to(policy, spdx))


@lru_cache(maxsize=65_536)
def _keeps_to(policy: Policy, spdx: str) -> bool:
    try:
        ways = _ways(parse(spdx))
    except ValueError:
        return False
    return any(_allowed(policy, frozenset().union(*map(_marks, way))) for way in ways)


def _allowed(policy: Policy, marks: frozenset[str]) -> bool:
    # Uses of one mixture are allowed together: what is unknown by one, what is for research by another.
    used = not policy.uses or not marks & frozenset.intersection(*(_FORBIDS[use] for use in policy.uses))
    return used and (policy.attribution or "credit" not in marks) and (
        policy.share_alike or not marks & {"same terms", "known", "words"})


def _ways(node: Any) -> list[frozenset[str]]:
    """All ways to comply with an expression.

    Raises:
        ValueError: if there are more than `MOST_WAYS`.
    """
    kinds = licensing()
    if isinstance(node, kinds.OR):
        found = [way for part in node.args for way in _ways(part)]
    elif isinstance(node, kinds.AND):
        parts = [_ways(part) for part in node.args]
        if np.prod([len(part) for part in parts], dtype=float) > MOST_WAYS:
            raise ValueError("too many ways to comply")
        found = [frozenset().union(*way) for way in product(*parts)]
    else:
        found = [frozenset({getattr(node, "license_symbol", node).key})]
    if len(found) > MOST_WAYS:
        raise ValueError("too many ways to comply")
    return found


@lru_cache(maxsize=4_096)
def _marks(name: str) -> frozenset[str]:
    """What a licence asks for and forbids, in marks."""
    level = tier_of_license(name)
    parts = name.lower().removeprefix("licenseref-").removeprefix("scancode-").split("-")
    marks = {"credit"} if level else set()
    if level == 4:
        marks.add("known")
    if level == 2 or (parts[0] == "cc" and "sa" in parts):
        marks.add("same terms")
    if level == 5:
        if {"nc", "noncommercial"} & set(parts) or "-non-commercial" in f"-{'-'.join(parts)}":
            marks.add("commerce")
        elif parts == ["academic"]:
            marks |= {"commerce", "outside research"}
        elif not (parts[0] == "cc" and "nd" in parts):
            marks.add("granted")
        if parts in (["non", "commercial"], ["academic"]):
            marks.add("words")
    return frozenset(marks)


def findings(table: str, rows: pa.Table, policy: Policy) -> list[Finding]:
    """Rows of a table that do not keep to its policy, by what is asked of them."""
    if not policy or "license_spdx" not in rows.column_names:
        return []
    encoded = rows["license_spdx"].combine_chunks()
    encoded = encoded if pa.types.is_dictionary(encoded.type) else encoded.dictionary_encode()
    allowed = np.array([*(keeps_to(policy, spdx) for spdx in encoded.dictionary.to_pylist()), False])
    codes = encoded.indices.fill_null(len(allowed) - 1).to_numpy(zero_copy_only=False)
    wrong = np.flatnonzero(~allowed[codes])
    return [Finding("license", table, f"its licence does not allow {in_words(policy)}", wrong)] if len(wrong) else []


def in_words(policy: Policy) -> str:
    """What a policy asks for."""
    said = [f"{' or '.join(policy.uses)} use"] if policy.uses else ["use"]
    said += [] if policy.attribution else ["without attribution"]
    said += [] if policy.share_alike else ["without share-alike"]
    return " ".join(said)
