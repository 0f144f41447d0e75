"""The strictest that is said of one document: its licence if nothing that anybody stated of it is passed over.

`resolve` lets the closest place decide, and calls a document contradicted where a farther one says otherwise. That is a
decision about what is likely; whoever wants no doubt asks what would hold if the others were right. A mixture admits
by that, unless its recipe says `contested: admit`.

What counts is what was read, about the whole document, and is stricter than the decision: a farther statement that is
freer takes nothing away, one that names no other licence than the decision adds nothing, and a permission to mine is
no licence. A person who ruled has heard
all of it: a ruling is contested by nobody.

Belongs here: one document. Does not: what copies of it say (`duplicates.terms`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from data_platform.spdx.expressions import TDM_PERMITTED, UNKNOWN, conjunction, identifiers_of
from data_platform.spdx.tiers import tier

READ = 0.5
"""What was read with less confidence was not read, and contests nothing."""
RULING = "manual"
_OF_OTHERS = frozenset({"element", "default"})
"""Scopes of what is said of a part of a page, and of all that says nothing of itself."""
_NO_LICENSE = frozenset({UNKNOWN, TDM_PERMITTED})


class Stated(Protocol):
    """A statement, as `resolve.Statement` is one."""

    @property
    def location(self) -> str: ...
    @property
    def scope(self) -> str: ...
    @property
    def spdx(self) -> str: ...
    @property
    def confidence(self) -> float: ...


def strictest(decided: str, statements: Iterable[Stated]) -> str:
    """The licence that was decided AND every stricter one that is stated of the whole document.

    Args:
        decided: the expression that `resolve` made of the statements.
        statements: all that is said of the document.
    """
    statements = list(statements)
    if any(said.location == RULING for said in statements):
        return decided
    level, named = tier(decided), identifiers_of(decided)
    stricter = {
        said.spdx for said in statements
        if said.scope not in _OF_OTHERS and said.confidence >= READ and said.spdx not in _NO_LICENSE
        and tier(said.spdx) > level and not identifiers_of(said.spdx) <= named
    }
    return conjunction([decided, *stricter]) if stricter else decided
