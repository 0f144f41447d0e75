"""The algebra of terms: what a text made from others is under, and what is chosen where several are offered.

What is made of several inputs is under all of their terms: the AND of their expressions, and the most restrictive of
their tiers. A text that is had under several licences is under any of them: the OR, of which a policy chooses. Laws,
each a test: AND and OR are associative, commutative and idempotent; adding an input never frees; what is unknown stays
at least unknown; a choice is never freer than the best that was offered.

Belongs here: combining and choosing. Does not: reading (`expressions`), what a licence allows (`tiers`), and which copy
of a text stays (`dedup`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from data_platform.spdx.expressions import conjunction, disjunction, licensing, parse
from data_platform.spdx.tiers import tier

if TYPE_CHECKING:
    from boolean import Expression


class Terms(NamedTuple):
    """An SPDX expression and its tier."""

    spdx: str
    tier: int

    @classmethod
    def of(cls, expression: str) -> Terms:
        """The terms of a valid expression."""
        return cls(expression, tier(expression))


def derived(inputs: Iterable[str]) -> Terms:
    """The terms of what is made of all `inputs`. Nothing at all is unknown."""
    return Terms.of(conjunction(inputs))


def alternatives(offers: Iterable[str]) -> Terms:
    """The terms of a text that is offered under each of `offers`."""
    return Terms.of(disjunction(offers))


@dataclass(frozen=True)
class Policy:
    """How alternatives are chosen among, and what is admitted.

    Attributes:
        admitted: tiers that may be used.
        preferred: licences that are taken first among equals, in order.
    """

    admitted: tuple[int, ...] = (0, 1)
    preferred: tuple[str, ...] = ()

    def choose(self, expression: str) -> Terms:
        """One conjunction out of an expression: of every OR the branch in an admitted tier, the least restrictive, the
        preferred, then the first by name.

        Raises:
            ValueError: if the expression is not valid.
        """
        return Terms.of(conjunction(self._chosen(parse(expression))))

    def admits(self, expression: str) -> bool:
        """Whether what is chosen of the expression may be used."""
        return self.choose(expression).tier in self.admitted

    def _chosen(self, node: Expression) -> list[str]:
        kinds = licensing()
        if isinstance(node, kinds.AND):
            return [name for part in node.args for name in self._chosen(part)]
        if isinstance(node, kinds.OR):
            return min((self._chosen(part) for part in node.args), key=self._rank)
        return [node.render()]

    def _rank(self, names: list[str]) -> tuple:
        terms = derived(names)
        places = [self.preferred.index(name) if name in self.preferred else len(self.preferred) for name in names]
        return terms.tier not in self.admitted, terms.tier, max(places), terms.spdx
