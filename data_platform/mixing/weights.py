"""A mixture by fixed weights per domain, as published for The Pile (Gao et al. 2020, arXiv:2101.00027, table 1) and
LLaMA (Touvron et al. 2023, arXiv:2302.13971, table 1): shares of the token budget, small domains seen more than once.

How the budget is shared (water-filling). A domain of weight w gets w times a level that is the same for all, but no
more than `max_epochs` times the tokens it has; the level is raised until the budget is spent or every domain is full.
A domain with too few tokens is thus repeated up to `max_epochs`, and what it cannot take goes to the others by weight.
With `max_epochs` below 1 at most that part of each domain is drawn.

How documents are drawn. Every document has a place in an order that depends on the seed and its doc_id alone. Of each
domain the longest beginning of that order is taken that stays within the domain's share, so that the budget is never
exceeded and is missed by less than one document per domain. It follows that a larger budget keeps what a smaller one
chose, and that added documents push others out but bring none in (the latter if `max_epochs` is at least 1; below, more
documents in a domain mean a larger part of it). A document without tokens is never taken.

With `rehydrate` a document stands for as many as its `rehydration_weight` says (FineWeb2, see
`duplicates/rehydration.py`): it has so many times its tokens in its domain, and is seen so many times as often as a
document of weight 1.

Belongs here: this method. Does not: how weights are found (methods of their own).
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_platform.mixing.protocol import CANDIDATES, CHOSEN, REASONS, REJECTED, REPETITIONS, Selection
from data_platform.mixing.settings import Mixture

_KEPT = len(REASONS)
_BUDGET = REASONS.index("token_budget")


def select(candidates: pa.Table, mixture: Mixture, name: str) -> Selection:
    """Choose documents for the mixture called `name` by the weights of its domains.

    Both tables of the selection come in the order of the draw, whatever the order of `candidates`. A document whose
    tier is null is above every tier; one without a quality score fails if `mixture.min_quality` asks for any.

    Raises:
        ValueError: if a column is missing or holds nulls where none are allowed, or a doc_id is not ASCII.
    """
    candidates = _checked(candidates, mixture, name)
    order = _order(candidates.column("doc_id").combine_chunks(), mixture.seed)
    candidates = candidates.take(pa.array(order))
    repeated = _repetitions(candidates, mixture)
    tokens = candidates.column("token_count").to_numpy() * repeated
    reasons = _reasons(candidates, mixture)
    reasons[(reasons == _KEPT) & (tokens <= 0)] = _BUDGET
    eligible = np.flatnonzero(reasons == _KEPT)
    weight = np.zeros(len(candidates))
    epochs = np.zeros(len(candidates))
    domains = candidates.column("domain").combine_chunks().take(pa.array(eligible)).dictionary_encode()
    names = domains.dictionary.to_pylist()
    members = [eligible[domains.indices.to_numpy() == number] for number in range(len(names))]
    available = np.array([tokens[rows].sum() for rows in members], np.float64)
    granted = share_budget(
        mixture.tokens, np.array([mixture.weights[domain] for domain in names]), available * mixture.max_epochs
    )
    for rows, share, there in zip(members, granted, available, strict=True):
        taken = np.cumsum(tokens[rows]) <= share
        weight[rows] = share / max(granted.sum(), 1.0)
        epochs[rows] = max(1.0, share / there) * repeated[rows]
        reasons[rows[~taken]] = _BUDGET
    chosen = np.flatnonzero(reasons == _KEPT)
    rejected = np.flatnonzero(reasons != _KEPT)
    doc_ids = candidates.column("doc_id").combine_chunks()
    return Selection(
        chosen=pa.table([doc_ids.take(pa.array(chosen)), weight[chosen], epochs[chosen]], schema=CHOSEN),
        rejected=pa.table(
            [doc_ids.take(pa.array(rejected)), pa.array(REASONS).take(pa.array(reasons[rejected]))], schema=REJECTED
        ),
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
    schema = CANDIDATES.append(REPETITIONS) if mixture.rehydrate else CANDIDATES
    missing = [field for field in schema.names if field not in candidates.column_names]
    if missing:
        raise ValueError(f"mixture {name}: candidates lack the columns {', '.join(missing)}")
    for field in ("doc_id", "domain", "token_count", *schema.names[len(CANDIDATES) :]):
        if nulls := candidates.column(field).null_count:
            raise ValueError(f"mixture {name}: {nulls} candidates have no {field}")
    return candidates.select(schema.names).cast(schema)


def _repetitions(candidates: pa.Table, mixture: Mixture) -> np.ndarray:
    """How many documents each candidate stands for."""
    if not mixture.rehydrate:
        return np.ones(len(candidates), np.int64)
    return candidates.column(REPETITIONS.name).to_numpy()


def _reasons(candidates: pa.Table, mixture: Mixture) -> np.ndarray:
    """The first reason against each candidate as its place in `REASONS`, `_KEPT` if there is none so far."""
    tiers = pa.array(mixture.tiers, pa.int32())
    weighted = pa.array([domain for domain, weight in mixture.weights.items() if weight > 0], pa.string())
    passes = np.ones(len(candidates), bool)
    if mixture.min_quality > 0:
        passes = pc.fill_null(pc.greater_equal(candidates.column("quality_score"), mixture.min_quality), False)
    admitted = pc.is_in(candidates.column("license_tier"), value_set=tiers)
    wanted = pc.is_in(candidates.column("domain"), value_set=weighted)
    against = [~np.asarray(condition) for condition in (admitted, wanted, passes)]
    return np.select(against, [np.int8(number) for number in range(len(against))], np.int8(_KEPT))


def _order(doc_ids: pa.Array, seed: int) -> np.ndarray:
    """The order of the draw: rows sorted by a 128-bit hash of seed and doc_id."""
    words = _words(doc_ids)
    low, high = (_hash(words, seed, stream) for stream in (0, 1))
    return np.lexsort((low, high))


def _words(doc_ids: pa.Array) -> np.ndarray:
    """doc_ids as rows of 64-bit words, padded with zero bytes."""
    if not len(doc_ids):
        return np.zeros((0, 4), np.uint64)
    if not pc.all(pc.string_is_ascii(doc_ids)).as_py():
        raise ValueError("doc_id must be ASCII")
    width = -(-max(pc.max(pc.binary_length(doc_ids)).as_py(), 1) // 8) * 8
    padded = pc.utf8_rpad(doc_ids, width=width, padding="\0").cast(pa.binary(width))
    start = padded.offset * width
    data = np.frombuffer(padded.buffers()[1], np.uint8)[start:start + len(padded) * width]
    return data.view("<u8").reshape(len(padded), width // 8)


def _hash(words: np.ndarray, seed: int, stream: int) -> np.ndarray:
    """64-bit hash of each row: splitmix64 (Steele, Lea, Flood 2014) folded over its words, trailing zeros left out."""
    state = np.full(len(words), (seed * 0x9E3779B97F4A7C15 + stream * 0xD1B54A32D192ED03 + 1) % 2**64, np.uint64)
    for column in words.T:
        mixed = (state ^ column) + np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        # A word of padding changes nothing, so that a longer doc_id elsewhere does not move this one.
        state = np.where(column == 0, state, mixed ^ (mixed >> np.uint64(31)))
    return state
