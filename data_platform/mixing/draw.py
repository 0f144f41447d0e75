"""Who is admitted to a mixture, how much each domain is given, and which documents are drawn.

Admission. A document is rejected for the first of `REASONS` that holds. A restriction that cannot be told (no licence
tier, no score where a least score is asked) is a restriction. A document has two licences: the one that holds after
what its copies and all evidence say, and the one that it claims. Where the claim alone would be admitted, the document
is contested, and rejected as such, unless the mixture asks for claims.

How the budget is shared (water-filling). A domain of weight w gets w times a level that is the same for all, but no
more than `max_epochs` times the tokens it has; the level is raised until the budget is spent or every domain is full.
A domain with too few tokens is thus repeated up to `max_epochs`, and what it cannot take goes to the others by weight.
With `max_epochs` below 1 at most that part of each domain is drawn. Shares of the token budget, and small domains seen
more than once, are as published for The Pile (Gao et al. 2020, arXiv:2101.00027, table 1) and LLaMA (Touvron et al.
2023, arXiv:2302.13971, table 1).

How documents are drawn. Every document has a place in an order that depends on the seed and its doc_id alone. A
document that is larger than its domain's share is passed over. Of the others the longest beginning of that order is
taken that stays within the share, so that the budget is never exceeded and is missed by less than one document per
domain. It follows that, as long as no document is larger than a share, a larger budget keeps what a smaller one chose,
and added documents push others out but bring none in (the latter if `max_epochs` is at least 1; below, more documents
in a domain mean a larger part of it). A document without tokens is never taken.

With `rehydrate` a document stands for as many as its `rehydration_weight` says (FineWeb2, see
`duplicates/rehydration.py`): it has so many times its tokens in its domain, and is seen so many times as often as a
document of weight 1.

Belongs here: all of this, for every mixer. Does not: how weights are found (`methods/mix/`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.kinds.answers import weights_of
from data_platform.core.order import hashed_order
from data_platform.mixing.settings import QUALITY, TERMS, Mixture
from data_platform.spdx.schemes import mask_of
from data_platform.spdx.uses import mask_of as uses_mask

CANDIDATES = pa.schema([
    ("doc_id", pa.string()),
    ("domain", pa.string()),
    ("token_count", pa.int64()),
    ("license_spdx", pa.string()),
    ("license_tier", pa.int32()),
    ("claimed_spdx", pa.string()),
    ("claimed_tier", pa.int32()),
    ("license_basis", pa.string()),
])
"""What is known of every document that may enter a mixture; doc_id is unique."""

REPETITIONS = pa.field("rehydration_weight", pa.int64())
"""One more column, for mixtures with `rehydrate`: how many documents each one stands for, at least 1."""

SELECTED = pa.field("selected", pa.bool_())
"""One more column, for mixtures with `select`: whether the selector chose it; null if it never saw it."""

BROKEN = pa.field("broken_rule", pa.string())
"""One more column, for recipes with rules of their own over scores: the first one that the document breaks, which is
then the reason; null if it breaks none."""

CHOSEN = pa.schema([("doc_id", pa.string()), ("weight", pa.float64()), ("epochs", pa.float64())])
"""weight: share of the mixture's tokens that the document's domain was given; epochs: how often it is seen."""

USE_REASONS = ("license_use", "license_attribution", "license_share_alike")
"""Reasons of a mixture that is made for uses: the licence allows none of them; none without attribution, where that is
refused; none without share-alike, where that is."""

REJECTED = pa.schema([("doc_id", pa.string()), ("reason", pa.string())])

REASONS = ("contested_license", "license_class", "license_tier", *USE_REASONS, "domain_without_weight", "min_quality",
           "not_selected", BROKEN.name, "larger_than_budget", "token_budget")
"""Reasons of rejection, in the order in which they are asked: the first that holds is given. In place of `broken_rule`
stands the rule."""
_KEPT = len(REASONS)
_DOMAIN, _LARGE, _BUDGET = map(REASONS.index, ("domain_without_weight", "larger_than_budget", "token_budget"))


@dataclass(frozen=True)
class Selection:
    """The documents of a mixture and those left out: every candidate is in exactly one of the two tables."""

    chosen: pa.Table
    rejected: pa.Table


def columns_read(mixture: Mixture) -> pa.Schema:
    """The columns of candidates that a mixture asks for."""
    more = [REPETITIONS] if mixture.rehydrate else []
    more += [SELECTED] if mixture.select else []
    more += [pa.field(QUALITY, pa.float64())] if mixture.min_quality > 0 else []
    return pa.schema([*CANDIDATES, *more])


def select(candidates: pa.Table, mixture: Mixture, name: str) -> Selection:
    """Admit and draw documents for the mixture called `name`, by the weights that its mixer finds.

    Both tables of the selection come in the order of the draw, whatever the order of `candidates`.

    Args:
        candidates: the columns of `columns_read(mixture)`, and `BROKEN` if the recipe has such rules.

    Raises:
        ValueError: if a column is missing or holds nulls where none are allowed, or a doc_id is not ASCII.
    """
    candidates = _checked(candidates, mixture, name)
    candidates = candidates.take(pa.array(hashed_order(candidates["doc_id"].combine_chunks(), mixture.seed)))
    repeated = _repetitions(candidates, mixture)
    tokens = candidates["token_count"].to_numpy() * repeated
    against = _against(candidates, mixture)
    domains = _domains(candidates, tokens, against)
    mixer = mixture.mixing.made()
    weights = weights_of(mixture.mixing.method, mixer.weights(domains, mixture.tokens, mixture.max_epochs), domains)
    against[_DOMAIN] = ~np.asarray(pc.is_in(candidates["domain"], pa.array(list(weights), pa.string())))
    if not mixer.named():  # it weighs what it is shown; documents of other domains have reasons of their own
        against[_DOMAIN] &= np.asarray(pc.is_in(candidates["domain"], domains["domain"].combine_chunks()))
    reasons = np.select(list(against.values()), [np.int8(reason) for reason in against], np.int8(_KEPT))
    reasons[(reasons == _KEPT) & (tokens <= 0)] = _BUDGET

    eligible = np.flatnonzero(reasons == _KEPT)
    weight, epochs = np.zeros(len(candidates)), np.zeros(len(candidates))
    domains = candidates["domain"].combine_chunks().take(pa.array(eligible)).dictionary_encode()
    names = domains.dictionary.to_pylist()
    members = [eligible[domains.indices.to_numpy() == number] for number in range(len(names))]
    available = np.array([tokens[rows].sum() for rows in members], np.float64)
    granted = share_budget(
        mixture.tokens, np.array([weights[domain] for domain in names]), available * mixture.max_epochs
    )
    for rows, share, there in zip(members, granted, available, strict=True):
        large = tokens[rows] > share
        taken = ~large & (np.cumsum(np.where(large, 0, tokens[rows])) <= share)
        weight[rows] = share / max(granted.sum(), 1.0)
        epochs[rows] = max(1.0, share / there) * repeated[rows]
        reasons[rows[~taken]] = _BUDGET
        reasons[rows[large]] = _LARGE
    chosen, rejected = np.flatnonzero(reasons == _KEPT), np.flatnonzero(reasons != _KEPT)
    doc_ids = candidates["doc_id"].combine_chunks()
    told = pa.array(REASONS).take(pa.array(reasons[rejected]))
    if BROKEN.name in candidates.column_names:
        rule = candidates[BROKEN.name].combine_chunks().take(pa.array(rejected))
        told = pc.if_else(pc.equal(told, BROKEN.name), rule, told)
    return Selection(
        chosen=pa.table([doc_ids.take(pa.array(chosen)), weight[chosen], epochs[chosen]], schema=CHOSEN),
        rejected=pa.table([doc_ids.take(pa.array(rejected)), told], schema=REJECTED),
    )


def share_budget(budget: int, weights: np.ndarray, capacities: np.ndarray) -> np.ndarray:
    """Whole tokens per domain: weights times one level, at most the capacity, together at most the budget.

    Args:
        budget: tokens to share.
        weights: not negative, one per domain; they need not sum to 1.
        capacities: the most tokens that each domain can take.
    """
    granted = np.zeros(len(weights), np.float64)
    open_ = (weights > 0) & (capacities > 0)
    left = float(budget)
    while left > 0 and open_.any():
        level = left / weights[open_].sum()
        full = open_ & (capacities <= level * weights)
        if not full.any():
            granted[open_] = level * weights[open_]
            break
        granted[full] = capacities[full]
        left -= capacities[full].sum()
        open_ &= ~full
    # A share that floating point puts a hair below a whole number of tokens is that number.
    return np.floor(granted + 1e-6 * np.minimum(1.0, granted))


def _checked(candidates: pa.Table, mixture: Mixture, name: str) -> pa.Table:
    schema = columns_read(mixture)
    if BROKEN.name in candidates.column_names:
        schema = schema.append(BROKEN)
    missing = [field for field in schema.names if field not in candidates.column_names]
    if missing:
        raise ValueError(f"mixture {name}: candidates lack the columns {', '.join(missing)}")
    for field in ("doc_id", "domain", "token_count", *([REPETITIONS.name] if mixture.rehydrate else [])):
        if nulls := candidates[field].null_count:
            raise ValueError(f"mixture {name}: {nulls} candidates have no {field}")
    return candidates.select(schema.names).cast(schema)


def _repetitions(candidates: pa.Table, mixture: Mixture) -> np.ndarray:
    """How many documents each candidate stands for."""
    if not mixture.rehydrate:
        return np.ones(len(candidates), np.int64)
    return candidates[REPETITIONS.name].to_numpy()


def _against(candidates: pa.Table, mixture: Mixture) -> dict[int, np.ndarray]:
    """What speaks against each candidate but its domain and the budget, by the number of the reason, in their order."""
    count = len(candidates)
    nobody, everybody = np.zeros(count, bool), np.ones(count, bool)
    classed, admitted = _admitted(candidates, mixture, *mixture.terms)
    against = _against_use(candidates[mixture.terms[0]], mixture)
    claimed = _against_use(candidates[TERMS["admit"][0]], mixture)
    claims = np.logical_and(*_admitted(candidates, mixture, *TERMS["admit"])) & _used(claimed)
    good, selected = everybody, everybody
    if mixture.min_quality > 0:
        good = _marks(pc.greater_equal(candidates[QUALITY], mixture.min_quality))
    if mixture.select:
        selected = _marks(candidates[SELECTED.name])
    broken = nobody
    if BROKEN.name in candidates.column_names:
        broken = np.asarray(candidates[BROKEN.name].is_valid())
    found = {
        "contested_license": claims & ~(classed & admitted & _used(against)), "license_class": ~classed,
        "license_tier": ~admitted, **against,
        "domain_without_weight": nobody, "min_quality": ~good, "not_selected": ~selected,
        BROKEN.name: broken,
    }
    return {REASONS.index(reason): mask for reason, mask in found.items()}


def _admitted(candidates: pa.Table, mixture: Mixture, spdx: str, tier: str) -> tuple[np.ndarray, np.ndarray]:
    """Whether each candidate is of an admitted class, and of an admitted tier, by the licence in these columns."""
    classed = mask_of(mixture.license_classes, candidates[spdx], candidates["license_basis"])
    return _marks(classed), _marks(pc.is_in(candidates[tier], value_set=pa.array(mixture.tiers, pa.int32())))


def _against_use(spdx: pa.ChunkedArray, mixture: Mixture) -> dict[str, np.ndarray]:
    """What of the uses of a mixture speaks against each licence; a reason asks for what those before it ask, too."""
    uses, attribution, share_alike = mixture.for_use
    asked = ((uses, True, True), (uses, attribution, True), (uses, attribution, share_alike))
    return {
        reason: ~_marks(uses_mask(*terms, spdx)) for reason, terms in zip(USE_REASONS, asked, strict=True)
    }


def _used(against: dict[str, np.ndarray]) -> np.ndarray:
    return ~np.logical_or.reduce(list(against.values()))


def _marks(column: pa.ChunkedArray) -> np.ndarray:
    """A column of booleans; null is false."""
    return np.asarray(pc.fill_null(column, False)).astype(bool)


def _domains(candidates: pa.Table, tokens: np.ndarray, against: dict[int, np.ndarray]) -> pa.Table:
    """The domains of what nothing speaks against, as a mixer is shown them."""
    free = ~np.any(list(against.values()), axis=0) if len(candidates) else np.zeros(0, bool)
    admitted = pa.table({"domain": candidates["domain"], "tokens": tokens}).filter(pa.array(free))
    domains = admitted.group_by("domain").aggregate([("tokens", "count"), ("tokens", "sum")]).sort_by("domain")
    return pa.table({
        "domain": domains["domain"], "documents": domains["tokens_count"],
        "tokens": pc.fill_null(domains["tokens_sum"], 0),
    })
