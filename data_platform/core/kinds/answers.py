"""What methods answer, held against what their kinds allow, before anything of it is written.

Methods are other people's code. What they may give is said in the base class of their kind; here it is asked, so that a
wrong answer is told by the name of the method and never becomes a row. No message holds a value or a text. Not here:
what becomes of an answer (`stages/`), and whether a method keeps to its paper (the contract tests).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.columns import Column
from data_platform.core.errors import PlainError
from data_platform.core.kinds.editor import Call
from data_platform.core.kinds.method import Method
from data_platform.core.kinds.pairer import PAIRS
from data_platform.core.kinds.selector import Choice


class WrongAnswer(PlainError, ValueError):
    """A method gave what its kind does not allow. The message names the method and what is wrong."""


def values_of(method: type[Method], given: object, columns: Sequence[Column], rows: int) -> list[pa.Array]:
    """The arrays of `columns` that a method gave by name, one value per row: there, finite and within their bounds."""
    if not isinstance(given, Mapping):
        raise _wrong(method, f"gave {type(given).__name__} and no mapping of columns")
    if missing := [column.name for column in columns if column.name not in given]:
        raise _wrong(method, f"gave no column {', '.join(missing)}")
    return [_array(method, given[column.name], column, rows) for column in columns]


def choice_of(method: type[Method], given: object, rows: int) -> Choice:
    """A selector's choice of so many candidates, as arrays of float64 without NaN and of bool without nulls."""
    if not isinstance(given, Choice):
        raise _wrong(method, f"gave {type(given).__name__} and no choice")
    utility = _numbers(method, "utility", given.utility, rows)
    if np.isnan(utility).any():
        raise _wrong(method, f"gave {np.isnan(utility).sum():,} utilities that are no numbers")
    selected = np.asarray(given.selected)
    if selected.dtype != bool or selected.shape != (rows,):
        raise _wrong(method, f"has to say of each of {rows:,} candidates whether it is selected, and no more")
    return Choice(utility, selected)


def weights_of(method: type[Method], given: object, domains: pa.Table) -> dict[str, float]:
    """The weights above 0 that a mixer found for `domains`, a table of `domain` and `tokens`."""
    if not isinstance(given, Mapping):
        raise _wrong(method, f"gave {type(given).__name__} and no mapping of domains to weights")
    if not all(isinstance(weight, Real) and math.isfinite(weight) and weight >= 0 for weight in given.values()):
        raise _wrong(method, "gave weights that are negative or no numbers")
    if (pc.sum(domains["tokens"]).as_py() or 0) and not any(given.values()):
        raise _wrong(method, "gave no domain a weight")
    return {domain: float(weight) for domain, weight in given.items() if weight > 0}


def positions_of(method: type[Method], given: object, rows: int) -> np.ndarray:
    """The places that an orderer gave to so many documents: each number from 0 on once, int64."""
    positions = np.asarray(given)
    if positions.shape != (rows,) or not np.array_equal(np.sort(positions), np.arange(rows)):
        raise _wrong(method, f"has to give each of {rows:,} documents a position of its own, from 0 on")
    return positions.astype(np.int64)


def findings_of(method: type[Method], given: object, schema: pa.Schema) -> pa.Table:
    """An auditor's findings with the columns of `schema`: no nulls, no NaN, each subject and measure once."""
    found = _table(method, given, schema)
    if pc.any(pc.is_nan(found["value"])).as_py():
        raise _wrong(method, "gave findings that are no numbers")
    if found.group_by(["subject", "measure"]).aggregate([]).num_rows < found.num_rows:
        raise _wrong(method, "gave a measure of a subject twice")
    return found


def texts_of(method: type[Method], given: object, families: int) -> pa.ListArray:
    """A synthesiser's lists of texts, one per family, as large strings; a null is no text."""
    try:
        lists = pa.array(given)
        lists = lists.combine_chunks() if isinstance(lists, pa.ChunkedArray) else lists
        lists = lists.cast(pa.list_(pa.large_string()))
    except (pa.ArrowException, TypeError, ValueError):
        raise _wrong(method, "has to give a list of texts for every family") from None
    if len(lists) != families:
        raise _wrong(method, f"gave {len(lists):,} lists of texts for {families:,} families")
    return lists


def calls_of(method: type[Method], given: object, texts: int) -> Mapping[int, Sequence[Call]]:
    """An editor's calls by the place of the text among so many."""
    if not isinstance(given, Mapping):
        raise _wrong(method, f"gave {type(given).__name__} and no mapping of places to calls")
    if not all(isinstance(place, Integral) and 0 <= place < texts for place in given):
        raise _wrong(method, f"named a text that is none of the {texts:,} that it was given")
    if not all(isinstance(call, Call) for calls in given.values() for call in calls):
        raise _wrong(method, "gave what is no call")
    return given


def pairs_of(method: type[Method], given: object, ids: pa.ChunkedArray) -> pa.Table:
    """A pairer's `PAIRS` of documents among `ids`: each pair once, of two, with a similarity of -1 to 1."""
    found = _table(method, given, PAIRS)
    for name in ("doc_id", "matched_doc_id"):
        if not pc.all(pc.is_in(found[name], ids.combine_chunks())).as_py() and found.num_rows:
            raise _wrong(method, "named a document that it was not given")
    if pc.any(pc.equal(found["doc_id"], found["matched_doc_id"])).as_py():
        raise _wrong(method, "named a document that goes for itself")
    if found.group_by(["doc_id", "matched_doc_id"]).aggregate([]).num_rows < found.num_rows:
        raise _wrong(method, "named a pair twice")
    if not (np.abs(found["similarity"].to_numpy()) <= 1).all():
        raise _wrong(method, "gave a similarity that is not from -1 to 1")
    return found


def _array(method: type[Method], given: Any, column: Column, rows: int) -> pa.Array:
    try:
        array = pa.array(given, from_pandas=False)
        array = (array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array).cast(column.type)
    except (pa.ArrowException, TypeError, ValueError):
        raise _wrong(method, f"gave a column {column.name} that is not of {column.type}") from None
    if len(array) != rows:
        raise _wrong(method, f"gave {len(array):,} values of {column.name} for {rows:,} rows")
    if array.null_count and not column.nullable:
        raise _wrong(method, f"gave {array.null_count:,} nulls as {column.name}")
    if pa.types.is_floating(column.type) and not pc.all(pc.is_finite(array)).as_py() and rows:
        raise _wrong(method, f"gave values of {column.name} that are NaN or infinite")
    if column.minimum is not None or column.maximum is not None:
        found = pc.min_max(array).as_py()
        least, most = found["min"], found["max"]
        if least is not None and (least < _or(column.minimum, least) or most > _or(column.maximum, most)):
            raise _wrong(method, f"gave values of {column.name} beyond the bounds that it declares")
    return array


def _or(bound: float | None, other: float) -> float:
    return other if bound is None else bound


def _numbers(method: type[Method], name: str, given: Any, rows: int) -> np.ndarray:
    try:
        numbers = np.asarray(given, np.float64)
    except (TypeError, ValueError):
        raise _wrong(method, f"gave {name} that holds more than numbers") from None
    if numbers.shape != (rows,):
        raise _wrong(method, f"gave {len(numbers) if numbers.ndim else 1:,} values of {name} for {rows:,} rows")
    return numbers


def _table(method: type[Method], given: object, schema: pa.Schema) -> pa.Table:
    if not isinstance(given, pa.Table):
        raise _wrong(method, f"gave {type(given).__name__} and no table")
    if missing := [name for name in schema.names if name not in given.column_names]:
        raise _wrong(method, f"gave no column {', '.join(missing)}")
    try:
        table = given.select(schema.names).cast(pa.schema([field.with_nullable(True) for field in schema]))
    except (pa.ArrowException, ValueError):
        raise _wrong(method, "gave columns of other types than " + ", ".join(
            f"{field.name} {field.type}" for field in schema)) from None
    if nulls := [name for name in schema.names if table[name].null_count]:
        raise _wrong(method, f"gave nulls as {', '.join(nulls)}")
    return table.cast(schema)


def _wrong(method: type[Method], what: str) -> WrongAnswer:
    return WrongAnswer(f"{method.kind.name} {method.name} {what}")
