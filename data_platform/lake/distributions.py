"""How the values of a table are distributed: crawl dates, domains, languages, licences, scores, signals.

A distribution is counted over every short column of the registry, in documents and, where the table counts them, in
tokens; what kind of distribution follows from the column's declaration. Reported for every version of a corpus, since
age, domains and quality of a corpus decide what is learnt from it, and must be known before a threshold is set
(Longpre et al. 2023, "A Pretrainer's Guide to Training Data", arXiv:2305.13169). Not here: what was removed and why
(`reports/filtering.py`), and anything of printing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.columns import Column, Table
from data_platform.lake.lake import Lake

Kind = Literal["month", "fraction", "magnitude", "category"]

FRACTION_BINS = 10
"""Bins of a column whose values lie in [0, 1]."""
MAX_CATEGORIES = 100_000
"""A column with more distinct values than this is no category and is left out: it bounds the memory."""

_MISSING = "none"
_NOT_FINITE = "not finite"


@dataclass(frozen=True)
class Bin:
    """One bin: its label, the documents in it, and their tokens (None if the table counts no tokens)."""

    label: str
    documents: int
    tokens: int | None


@dataclass(frozen=True)
class Distribution:
    """The distribution of one column.

    Attributes:
        kind: `month`, timestamps by month; `fraction`, ten equal bins of [0, 1], the last one closed; `magnitude`, bins
            between powers of two; `category`, the values themselves.
        bins: months and numbers ascending; categories by documents, most first, then by name. Empty bins are left out.
    """

    column: str
    kind: Kind
    bins: tuple[Bin, ...]

    def to_dict(self) -> dict[str, Any]:
        """The distribution as plain values, for JSON."""
        return {"column": self.column, "kind": self.kind, "bins": [vars(item) for item in self.bins]}


def distributions(
    lake: Lake, given: Table | str, partition: str | None = None, version: int | None = None,
    columns: Collection[str] | None = None,
) -> list[Distribution]:
    """The distributions of the columns of a table, or of the one of that name, in the order of the schema, in one pass
    and bounded memory.

    Keys, hashes, texts and columns of which most values are distinct are left out. A list counts once for each of its
    items. `partition` and `version` are those of `Lake.read`. Of `columns`, if given, those alone are read and counted,
    however many of their values are distinct.

    Raises:
        TableMissing: if there is no such table or version.
    """
    declared = given if isinstance(given, Table) else lake.table(given, version)
    name = declared.name
    there = set(lake.schema(name, version).names)  # an old version may lack columns of today
    kinds = {
        column.name: kind
        for column in declared.columns
        if column.name in there and (columns is None or column.name in columns)
        and (kind := kind_of_distribution(column, declared.key))
    }
    if "token_count" in there:
        tokens_column = "token_count"
        read = list(dict.fromkeys([*kinds, tokens_column]))
    else:
        tokens_column, read = None, list(kinds)
    counts: dict[str, dict[Any, np.ndarray]] = {name: {} for name in kinds}
    rows = 0
    for batch in lake.read(name, read, partition, version, batch_rows=65_536):
        rows += batch.num_rows
        tokens = batch[tokens_column] if tokens_column else pa.array(np.zeros(batch.num_rows, np.int64))
        for column in list(counts):
            _count(counts[column], _keys(batch[column], kinds[column]), batch[column], tokens)
            if len(counts[column]) > MAX_CATEGORIES:
                del counts[column]
    return [
        Distribution(column, kinds[column], tuple(_bins(found, kinds[column], tokens_column is not None)))
        for column, found in counts.items()
        if columns is not None or kinds[column] != "category" or len(found) <= max(rows / 2, 1)
    ]


def kind_of_distribution(column: Column, key: tuple[str, ...]) -> Kind | None:
    """How the values of a column are counted; None if they are not, as of keys, hashes and texts."""
    if column.long or column.pattern or column.name in key:
        return None
    type_ = column.type.value_type if pa.types.is_list(column.type) else column.type
    if pa.types.is_timestamp(type_):
        return "month"
    if pa.types.is_floating(type_):
        return "fraction" if (column.minimum, column.maximum) == (0, 1) else "magnitude"
    if pa.types.is_integer(type_):
        return "magnitude" if column.maximum is None else "category"  # a bounded integer is a grade, such as a tier
    return "category" if pa.types.is_string(type_) or pa.types.is_boolean(type_) else None


def _keys(values: pa.Array, kind: Kind) -> pa.Array:
    """The bin of every value, or of every item of a list: strings, or whole numbers for numeric bins."""
    if pa.types.is_list(values.type):
        values = pc.list_flatten(values)
    if kind == "month":
        return pc.strftime(values, "%Y-%m")
    if kind == "category":
        return values.cast(pa.string())
    # Null becomes NaN; whole numbers beyond 2^53 keep their magnitude.
    numbers = pc.cast(values, pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    finite = np.isfinite(numbers)
    safe = np.where(finite, numbers, 0.0)
    if kind == "fraction":
        bins = np.minimum(np.floor(safe * FRACTION_BINS), FRACTION_BINS - 1)
    else:
        # Bin e holds [2^e, 2^(e + 1)); frexp is exact where log2 rounds. Below every exponent: 0 and less.
        bins = np.where(safe > 0, np.frexp(safe)[1] - 1, _LEAST)
    keys = np.where(finite, bins, _GREATEST).astype(np.int64)
    return pa.array(keys, mask=values.is_null().to_numpy(zero_copy_only=False))


_LEAST, _GREATEST = -2_000, 2_000


def _count(found: dict[Any, np.ndarray], keys: pa.Array, values: pa.Array, tokens: pa.Array) -> None:
    """Add the documents and tokens of one batch."""
    if pa.types.is_list(values.type):
        tokens = tokens.take(pc.list_parent_indices(values))
    pairs = pa.table({"key": keys, "tokens": tokens})
    grouped = pairs.group_by("key").aggregate([("tokens", "sum"), ([], "count_all")])
    sums = np.column_stack([grouped["count_all"].to_numpy(), grouped["tokens_sum"].fill_null(0).to_numpy()])
    for key, row in zip(grouped["key"].to_pylist(), sums, strict=True):
        found[key] = found[key] + row if key in found else row


def _bins(found: dict[Any, np.ndarray], kind: Kind, with_tokens: bool) -> Iterator[Bin]:
    if kind == "category":
        ordered = sorted(found, key=lambda key: (-found[key][0], key is None, key))
    else:
        ordered = sorted(found, key=lambda key: (key is None, key))
    for key in ordered:
        documents, tokens = map(int, found[key])
        yield Bin(_label(key, kind), documents, tokens if with_tokens else None)


def _label(key: Any, kind: Kind) -> str:
    if key is None:
        return _MISSING
    if kind == "fraction" and key != _GREATEST:
        return f"{key / FRACTION_BINS:.1f} to {(key + 1) / FRACTION_BINS:.1f}"
    if kind in ("fraction", "magnitude"):
        if key == _GREATEST:
            return _NOT_FINITE
        return "0 or less" if key == _LEAST else f"{2.0**key:,g} to {2.0 ** (key + 1):,g}"
    return str(key)
