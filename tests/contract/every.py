"""Every method of every kind that there is: the platform's, and those of the distribution in tests/distribution.

What the contract tests share: methods to be asked, settings that they accept, and rows to ask them about.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest
from pydantic import ValidationError

from data_platform.core import registry
from data_platform.core.columns import Table
from data_platform.core.kinds.method import Example, Method
from data_platform.core.settings import Part
from data_platform.core.tables import table
from tests.conftest import REPOSITORY

DISTRIBUTION = REPOSITORY / "tests" / "distribution"


def _every() -> list[type[Method]]:
    """All methods; the distribution is on the path no longer than it takes to find them."""
    sys.path.insert(0, str(DISTRIBUTION))
    registry.forget()
    try:
        return [method for kind in registry.kinds().values() for method in registry.methods(kind).values()]
    finally:
        sys.path.remove(str(DISTRIBUTION))
        registry.forget()


EVERY = _every()


def of(kind: type[Method]) -> list[type[Method]]:
    """All methods of a kind."""
    return [method for method in EVERY if issubclass(method, kind)]


def each(kind: type[Method] = Method) -> pytest.MarkDecorator:
    """Ask a test of every method of a kind, as `method`."""
    return pytest.mark.parametrize("method", of(kind), ids=[method.name for method in of(kind)])


def each_example(kind: type[Method]) -> pytest.MarkDecorator:
    """Ask a test of every known answer of a kind, as `method` and `example`."""
    known = [(method, example) for method in of(kind) for example in method.examples]
    names = [f"{method.name}-{place}" for method in of(kind) for place in range(len(method.examples))]
    return pytest.mark.parametrize(("method", "example"), known, ids=names)


def settings_of(method: type[Method], example: Example | None = None) -> Part:
    """The settings of an example; else the defaults, or those of the first example where not all have one."""
    stated = [example.settings] if example else [{}, *(known.settings for known in method.examples)]
    needed = {"mixture": "open"} if "mixture" in method.Settings.model_fields else {}
    for settings in stated:
        try:
            return method.Settings.model_validate({**needed, **settings})
        except ValidationError as error:
            fault = error
    raise AssertionError(f"{method.name}: settings without defaults need an example that has some: {fault}")


TEXTS = (
    "The cat sat on the mat. Then it slept. It woke at noon, and ate.", "a", "Größe 🙂 日本語。 \u0301 naïve",
    "the the the the " * 12, "No sentence", "1. 2. 3. 4. 5.\n\n- a list\n- of points\n", "\t \n",
    "def f(x):\n    return {'a': x}  # code\n", "Home | About\nThe cat sat on the mat. It slept. It woke. It ate.\n",
)
"""Texts of several kinds, none of them empty: no document is."""


def doc_ids(count: int) -> list[str]:
    """Ids as documents have them, not in the order of their numbers."""
    return [f"{(at * 0x9E3779B97F4A7C15F39CC0605CEDC835 + 1) % 2**128:032x}" for at in range(count)]


def filled(declared: Table, given: Mapping[str, Sequence[Any]]) -> pa.Table:
    """Rows of a table: the columns that are given, and the others with some value that they may hold."""
    count = len(next(iter(given.values())))
    columns = {
        field.name: pa.array(given[field.name] if field.name in given else _some(declared, field, count), field.type)
        for field in declared.schema
    }
    return pa.table(columns, schema=declared.schema)


def _some(declared: Table, field: pa.Field, count: int) -> list[Any]:
    column = declared[field.name]
    if field.name == "doc_id":
        return doc_ids(count)
    if column.one_of:
        return [column.one_of[at % len(column.one_of)] for at in range(count)]
    if pa.types.is_timestamp(field.type):
        return [datetime(2020 + at % 5, 1, 1, tzinfo=UTC) for at in range(count)]
    if pa.types.is_boolean(field.type):
        return [at % 2 == 0 for at in range(count)]
    if pa.types.is_integer(field.type) or pa.types.is_floating(field.type):
        return [min(max(at % 7, column.minimum or 0), column.maximum or 7) for at in range(count)]
    return [f"{field.name}-{at % 3}" for at in range(count)]


def documents(texts: Iterable[str]) -> pa.Table:
    """Rows of `deduplicated_documents`."""
    texts = list(texts)
    sizes = [len(text.encode()) for text in texts]
    return filled(table("deduplicated_documents"), {
        "text": texts, "byte_count": sizes, "token_count": [size // 4 + 1 for size in sizes],
    })


def with_scores(rows: pa.Table, columns: Iterable[str]) -> pa.Table:
    """Rows with the columns that a method asked for: those that documents lack are scores, from 0 to 1."""
    for name in columns:
        if name not in rows.column_names:
            values = [(at * 0.618) % 1 for at in range(rows.num_rows)]
            rows = rows.append_column(name, pa.array(values, pa.float64()))
    return rows
