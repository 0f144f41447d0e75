"""Expectations derived from the registry and asked of Arrow batches: known breaches, bounded reads, no values."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_platform.assets.expectations import CHECKS, ExpectationNotEvaluated, Outcome, checks_of, suite, validate
from data_platform.core.columns import Column, Table
from data_platform.core.tables import TABLES, mixture_table, table

EVERY_TABLE = [*TABLES.values(), mixture_table("demo")]
SECRET = "a sentence of a document"


class Stored:
    """Rows in memory, read as the lake reads them, that remembers which columns were asked for."""

    def __init__(self, rows: pa.Table, batch_rows: int = 3) -> None:
        self.rows = rows
        self.batch_rows = batch_rows
        self.reads: list[list[str]] = []

    def __call__(self, columns: list[str]) -> Iterator[pa.RecordBatch]:
        self.reads.append(columns)
        return iter(self.rows.select(columns).to_batches(max_chunksize=self.batch_rows))


def row_of(declared: Table, number: int) -> dict[str, Any]:
    """A row that holds what is declared."""
    row: dict[str, Any] = {}
    for column in declared.columns:
        if pa.types.is_boolean(column.type):
            row[column.name] = True
        elif pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
            row[column.name] = column.minimum if column.minimum is not None else 0
        elif pa.types.is_timestamp(column.type) or pa.types.is_list(column.type):
            row[column.name] = None if column.nullable else ([] if pa.types.is_list(column.type) else number)
        elif pa.types.is_large_binary(column.type):
            row[column.name] = SECRET.encode()
        elif column.one_of:
            row[column.name] = column.one_of[0]
        elif column.pattern:
            examples = (f"{number:064x}", f"{number:032x}", f"td-{number:012x}", "Latn", "a_name",
                        f"swh:1:cnt:{number:040x}")
            row[column.name] = next(example for example in examples if re.match(column.pattern, example))
        else:
            row[column.name] = SECRET if column.long else f"{column.name} {number}"
    return row


def rows_of(declared: Table, count: int, **changed: list[Any]) -> pa.Table:
    rows = [row_of(declared, number) for number in range(count)]
    for name, values in changed.items():
        for row, value in zip(rows, values, strict=True):
            row[name] = value
    loose = pa.schema([pa.field(field.name, field.type) for field in declared.schema])
    return pa.Table.from_pylist(rows, schema=loose)


def outcomes(declared: Table, rows: pa.Table, **arguments: Any) -> dict[str, Outcome]:
    arguments = {"schema": declared.schema, "committed_rows": rows.num_rows, **arguments}
    return {outcome.name: outcome for outcome in validate(declared, Stored(rows), **arguments)}


@pytest.mark.parametrize("declared", EVERY_TABLE, ids=lambda declared: declared.name)
def test_rows_as_declared_pass_every_check_of_every_table(declared: Table) -> None:
    found = outcomes(declared, rows_of(declared, 2))
    assert list(found) == checks_of(declared)
    assert {name: outcome.metadata for name, outcome in found.items() if not outcome.passed} == {}


@pytest.mark.parametrize("declared", EVERY_TABLE, ids=lambda declared: declared.name)
def test_the_suite_follows_the_registry(declared: Table) -> None:
    expected = 0
    for column in declared.columns:
        if not column.long:
            expected += (not column.nullable) + bool(column.one_of) + bool(column.pattern)
            expected += column.minimum is not None or column.maximum is not None
    found = suite(declared)
    assert len(found) == expected
    assert not [expectation for expectation in found if declared[expectation.column].long]
    assert all(expectation.severity == CHECKS[expectation.check][0] for expectation in found)
    assert set(declared.key) <= set(declared.short_columns), "keys are read by the uniqueness check"


def test_each_kind_of_breach_is_found_counted_and_weighed() -> None:
    declared = table("document_licenses")
    rows = rows_of(
        declared, 7,
        license_tier=[0, 1, 9, -1, 0, 0, 0],
        evidence_count=[-1, 0, 0, 0, 0, 0, 0],
        license_confidence=[0.5, math.nan, 0.5, 0.5, 0.5, 0.5, 0.5],
        license_basis=[None, None, "x", "x", "x", "x", "x"],
        doc_id=["f" * 32, "not a hash", "g" * 32, "0" * 32, "1" * 32, "0" * 32, "0" * 32],
    )
    found = outcomes(declared, rows, chunk_rows=3)
    assert {name for name, outcome in found.items() if not outcome.passed} == {
        "key_unique", "not_null", "key_and_license_values", "values",
    }
    assert found["not_null"].metadata == {
        "rows": 7, "license_basis is not null": 2, "license_confidence is not null": 1,
    }
    assert found["key_and_license_values"].metadata == {
        "rows": 7, "license_tier is within 0 and 5": 2, "doc_id matches ^[0-9a-f]{32}$": 2,
    }
    assert found["values"].metadata == {"rows": 7, "evidence_count is within 0 and more": 1}
    assert found["values"].severity == "warning"
    assert found["key_and_license_values"].severity == "critical"
    assert found["key_unique"].metadata["duplicates"] == 2


def test_values_outside_a_set_are_counted_across_chunks() -> None:
    declared = table("duplicates")
    rows = rows_of(declared, 10, kind=["exact", SECRET] * 5)
    found = outcomes(declared, rows, chunk_rows=4)["values"]
    assert list(found.metadata.values()) == [10, 5]


def test_no_value_of_any_column_is_in_an_outcome() -> None:
    declared = table("raw_crawls")
    rows = rows_of(declared, 3, record_id=[SECRET] * 3, record_type=[SECRET] * 3, payload_digest=[SECRET] * 3)
    found = outcomes(declared, rows)
    assert not found["key_and_license_values"].passed and not found["values"].passed and not found["key_unique"].passed
    assert SECRET not in "".join(f"{outcome!r} {outcome.description}" for outcome in found.values())


def test_long_columns_are_never_read_and_rows_once() -> None:
    declared = table("raw_crawls")
    stored = Stored(rows_of(declared, 8))
    validate(declared, stored, declared.schema, 8)
    assert len(stored.reads) == 1
    assert not {"payload", "metadata"} & set(stored.reads[0])


def test_lost_rows_and_empty_partitions_are_told_apart() -> None:
    declared = table("duplicates")
    lost = outcomes(declared, rows_of(declared, 3), committed_rows=4)
    assert not lost["row_count"].passed
    assert lost["row_count"].metadata == {"rows": 3, "committed_rows": 4}
    assert all(outcome.passed for outcome in outcomes(declared, rows_of(declared, 0), committed_rows=0).values())
    declared = table("documents")
    empty = outcomes(declared, rows_of(declared, 0), committed_rows=0)
    assert [name for name, outcome in empty.items() if not outcome.passed] == ["not_empty"]
    assert empty["not_empty"].severity == "warning"


def test_another_schema_fails_everything_and_reads_nothing() -> None:
    declared = table("duplicates")
    stored = Stored(rows_of(declared, 3))
    renamed = declared.schema.set(3, pa.field("size", pa.int64(), nullable=False))
    found = validate(declared, stored, renamed, 3)
    assert not any(outcome.passed for outcome in found)
    assert [outcome.name for outcome in found] == checks_of(declared)
    assert found[0].metadata == {"cluster_size": "missing", "size": "not declared"}
    assert stored.reads == []


@pytest.mark.parametrize(
    ("position", "field", "passes"),
    [
        (0, pa.field("doc_id", pa.string_view(), nullable=False), True),
        (0, pa.field("doc_id", pa.large_string(), nullable=False), True),
        (0, pa.field("doc_id", pa.string(), nullable=True), False),
        (3, pa.field("cluster_size", pa.int32(), nullable=False), False),
    ],
)
def test_types_are_compared_as_delta_tells_them_apart(position: int, field: pa.Field, passes: bool) -> None:
    declared = table("duplicates")
    found = outcomes(declared, rows_of(declared, 1), schema=declared.schema.set(position, field))
    assert found["schema"].passed == passes


def test_columns_in_another_order_are_another_schema() -> None:
    declared = table("duplicates")
    fields = list(declared.schema)
    found = outcomes(declared, rows_of(declared, 1), schema=pa.schema([fields[1], fields[0], *fields[2:]]))
    assert not found["schema"].passed and "order" in found["schema"].metadata


@settings(max_examples=8, deadline=None)
@given(
    keys=st.lists(st.tuples(st.text(alphabet="ab\0", max_size=2), st.integers(0, 3)), max_size=40),
    chunk_rows=st.integers(1, 10),
)
def test_duplicates_of_a_composite_key_are_counted_exactly(keys: list[tuple[str, int]], chunk_rows: int) -> None:
    declared = Table(
        "pairs", "", (Column("name", pa.string(), ""), Column("version", pa.int64(), "")), ("name", "version")
    )
    rows = rows_of(declared, len(keys), name=[key[0] for key in keys], version=[key[1] for key in keys])
    found = outcomes(declared, rows, chunk_rows=chunk_rows)["key_unique"]
    assert found.metadata["duplicates"] == len(keys) - len(set(keys))
    assert found.passed == (len(keys) == len(set(keys)))


def test_keys_that_only_share_a_hash_are_no_duplicates(monkeypatch: pytest.MonkeyPatch) -> None:
    hash_rows = pd.util.hash_pandas_object
    monkeypatch.setattr(pd.util, "hash_pandas_object", lambda frame, index: hash_rows(frame, index=index) % 2)
    declared = table("duplicates")
    stored = Stored(rows_of(declared, 9, doc_id=[f"{number:032x}" for number in (0, 1, 2, 3, 4, 5, 6, 7, 7)]))
    found = {outcome.name: outcome for outcome in validate(declared, stored, declared.schema, 9)}
    assert found["key_unique"].metadata["duplicates"] == 1
    assert stored.reads[1] == ["doc_id"], "the keys are read again and compared"


def test_an_expectation_that_cannot_be_asked_raises_and_quotes_nothing() -> None:
    declared = table("duplicates")
    rows = rows_of(declared, 2)
    place = declared.column_names.index("cluster_size")
    lying = rows.set_column(place, "cluster_size", pa.array([SECRET, SECRET]))
    with pytest.raises(ExpectationNotEvaluated, match="cluster_size is within") as raised:
        outcomes(declared, lying)
    assert SECRET not in str(raised.value)
    with pytest.raises(ExpectationNotEvaluated, match="kept is not null"):
        validate(declared, lambda columns: rows.drop("kept").to_batches(), declared.schema, 2)


def test_great_expectations_is_imported_only_when_asked() -> None:
    code = (
        "import sys, data_platform.assets.expectations, data_platform.assets.checks;"
        "sys.exit('great_expectations' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
