"""What a licence lets its texts be used for, and what it asks for in return: classes of use, attribution, share-alike.

The classes are those of the Data Provenance Initiative (Longpre et al. 2023, https://arxiv.org/abs/2310.16787), whose
`license_classes.json` says of every licence whether commercial use is allowed, whether attribution and whether
share-alike is asked for. Theirs are commercial, unspecified, non-commercial and academic; licences that allow none
of these uses (all rights reserved, source-available, rights reserved against mining) are a class of their own here, for
'non-commercial' would promise a use.

| class | licences |
|---|---|
| commercial | that allow any purpose, tiers 0 to 3, and those that forbid derivatives alone |
| non-commercial | that forbid commercial use and no other |
| academic | that allow research and teaching |
| unspecified | that are not known or cannot be read |
| none | all others: what is not granted plainly is not granted |

A mixture is made for uses; a row is admitted if every licence that holds (AND) allows one of them, and of a choice (OR)
one branch does, in full: `GPL-3.0-only OR CC-BY-NC-4.0` is not commercial and without share-alike. Where it cannot be
told what a licence asks for, it asks.

Belongs here: classes. Does not: tiers (`tiers`), classes of published corpora (`schemes`), which uses a mixture is for
(the recipe).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from data_platform.spdx import expressions
from data_platform.spdx.expressions import ACADEMIC, NON_COMMERCIAL, identifiers_of
from data_platform.spdx.tiers import COPYLEFT, GOVERNMENT, PERMISSIVE, UNKNOWN, tier_of_license

if TYPE_CHECKING:
    from boolean import Expression

UseClass = Literal["commercial", "unspecified", "non-commercial", "academic", "none"]
Use = Literal["commercial", "unspecified", "non-commercial", "academic"]
"""What a mixture may be made for."""

CLASSES: tuple[UseClass, ...] = ("commercial", "unspecified", "non-commercial", "academic", "none")
"""From the one that allows most to the one that allows nothing; what is not known may be anything."""
ALLOWING: dict[Use, frozenset[UseClass]] = {
    "commercial": frozenset({"commercial"}),
    "unspecified": frozenset({"commercial", "unspecified"}),
    "non-commercial": frozenset({"commercial", "non-commercial"}),
    "academic": frozenset({"commercial", "non-commercial", "academic"}),
}
"""The classes of licences that allow a use. Licences of which nothing is known are allowed by whoever asks for them."""

_NON_COMMERCIAL = re.compile(r"(?:.*-)?(?:NC|Non-?commercial)(?:-.*)?", re.I)
_NO_DERIVATIVES = re.compile(r"(?:LicenseRef-(?:scancode-)?)?CC-(?:BY-)?ND(?:-.*)?", re.I)
_SHARE_ALIKE = re.compile(r"(?:LicenseRef-(?:scancode-)?)?CC-(?:BY-)?(?:NC-)?SA(?:-.*)?", re.I)

_KNOWN_IN_PART = frozenset({NON_COMMERCIAL, ACADEMIC})
"""Terms in words that name no licence: nobody can say that they do not ask for share-alike."""


class Terms(NamedTuple):
    """What one licence, or an expression of several, is about."""

    use: UseClass
    attribution: bool
    share_alike: bool


@lru_cache(maxsize=4_096)
def terms_of_license(name: str) -> Terms:
    """The terms of a single licence."""
    level = tier_of_license(name)
    if level <= GOVERNMENT or _NO_DERIVATIVES.fullmatch(name):
        use: UseClass = "commercial"
    elif level == UNKNOWN:
        use = "unspecified"
    elif _NON_COMMERCIAL.fullmatch(name) or name == NON_COMMERCIAL:
        use = "non-commercial"
    else:
        use = "academic" if name == ACADEMIC else "none"
    return Terms(use, level >= PERMISSIVE, level == COPYLEFT or bool(_SHARE_ALIKE.fullmatch(name)))


def use_of(spdx: str) -> UseClass:
    """The class of use of an expression: of all that hold (AND) the narrowest, of a choice (OR) the widest."""
    try:
        return _use_of(expressions.parse(spdx))
    except ValueError:
        return "unspecified"


def _use_of(node: Expression) -> UseClass:
    licensing = expressions.licensing()
    if isinstance(node, licensing.AND | licensing.OR):
        narrowest = max if isinstance(node, licensing.AND) else min
        return narrowest(map(_use_of, node.args), key=CLASSES.index)
    return terms_of_license(_key(node)).use


def use_in_words(use: UseClass) -> str:
    """A class of use as people say it."""
    return {"none": "no use granted", "unspecified": "use unspecified"}.get(use, f"{use} use")


def asks_attribution(spdx: str) -> bool:
    """Whether one of the licences asks for attribution or a notice: all but those of tier 0."""
    return any(terms_of_license(name).attribution for name in identifiers_of(spdx))


def asks_share_alike(spdx: str) -> bool:
    """Whether one of the licences asks that what is made from it is under the same terms."""
    return any(terms_of_license(name).share_alike for name in identifiers_of(spdx))


def admits(uses: Iterable[Use], attribution: bool, share_alike: bool, spdx: str) -> bool:
    """Whether a text under `spdx` may go into what is made for `uses`.

    Args:
        uses: what it is made for; without any, for whatever the tiers admit.
        attribution: whether licences that ask for attribution are admitted.
        share_alike: whether licences that ask for share-alike are admitted.
    """
    return _admits(tuple(uses), attribution, share_alike, spdx)


@lru_cache(maxsize=65_536)
def _admits(uses: tuple[Use, ...], attribution: bool, share_alike: bool, spdx: str) -> bool:
    if not uses and attribution and share_alike:
        return True
    classes = frozenset().union(*(ALLOWING[use] for use in uses)) if uses else frozenset(CLASSES)

    def allows(name: str) -> bool:
        terms = terms_of_license(name)
        shares = terms.share_alike or terms.use == "unspecified" or name in _KNOWN_IN_PART
        return terms.use in classes and (attribution or not terms.attribution) and (share_alike or not shares)

    try:
        return _holds(allows, expressions.parse(spdx))
    except ValueError:
        return False


def _holds(allows: Callable[[str], bool], node: Expression) -> bool:
    licensing = expressions.licensing()
    if isinstance(node, licensing.AND):
        return all(_holds(allows, part) for part in node.args)
    if isinstance(node, licensing.OR):
        return any(_holds(allows, part) for part in node.args)
    return allows(_key(node))


def _key(node: Expression) -> str:
    # An exception (WITH) only ever adds permissions.
    return getattr(node, "license_symbol", node).key


def mask_of(uses: Iterable[Use], attribution: bool, share_alike: bool, spdx: pa.ChunkedArray) -> pa.Array:
    """`admits` per row: each distinct expression is asked for once; what has none is not admitted where it matters."""
    uses = tuple(uses)
    encoded = spdx.combine_chunks().cast(pa.string()).dictionary_encode()
    distinct = encoded.dictionary.to_pylist()
    known = pa.array([admits(uses, attribution, share_alike, one) for one in distinct], pa.bool_())
    nothing = not uses and attribution and share_alike
    return pc.fill_null(known.take(encoded.indices), nothing)
