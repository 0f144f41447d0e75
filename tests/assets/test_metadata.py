"""Metadata derived from the registry, and of commits to a real lake."""

from __future__ import annotations

import dagster as dg
import pyarrow as pa
import pytest

from data_platform.assets.metadata import column_lineage, definition_metadata, table_schema, type_name
from data_platform.assets.names import Names, table_of
from data_platform.core.columns import Table
from data_platform.core.tables import TABLES, mixture_table, scores_table, table
from data_platform.methods.scores.perplexity import Perplexity

EVERY_TABLE = [*TABLES.values(), mixture_table("demo")]
NAMES = Names("demo")


@pytest.mark.parametrize("declared", EVERY_TABLE, ids=lambda declared: declared.name)
def test_every_table_has_a_schema_and_lineage_that_dagster_takes(declared: Table) -> None:
    @dg.asset(name=declared.name, metadata=definition_metadata(declared))
    def written() -> dg.MaterializeResult:
        return dg.MaterializeResult(metadata={"dagster/column_lineage": column_lineage(declared, NAMES)})

    schema = written.metadata_by_key[written.key]["dagster/column_schema"]
    assert [column.name for column in schema.columns] == declared.column_names
    assert all(column.description for column in schema.columns)
    for deps in column_lineage(declared, NAMES).deps_by_column.values():
        for dep in deps:
            upstream = table(table_of(dep.asset_key))
            assert dep.column_name in upstream, f"{declared.name} claims to come from a column that does not exist"
            assert upstream.name != declared.name


def test_constraints_of_a_column_say_what_the_registry_says() -> None:
    columns = {column.name: column for column in table_schema(table("document_licenses")).columns}
    assert columns["doc_id"].constraints.unique
    assert not columns["snapshot"].constraints.unique
    assert columns["license_tier"].type == "int32"
    assert columns["license_tier"].constraints.other == [">= 0", "<= 5"]
    kinds = {column.name: column for column in table_schema(table("duplicates")).columns}["kind"]
    assert kinds.constraints.other == ["one of: unique, url, exact, minhash"]


def test_lineage_goes_to_the_asset_and_column_that_a_column_comes_from() -> None:
    declared = scores_table("perplexity", Perplexity.gives, ("language_model",))
    deps = column_lineage(declared, NAMES).deps_by_column["perplexity"]
    assert {(table_of(dep.asset_key), dep.column_name) for dep in deps} == {
        ("deduplicated_documents", "text"), ("model_language_model", "sha256"),
    }


def test_types_are_named_without_the_width_of_offsets() -> None:
    assert type_name(pa.large_string()) == "string"
    assert type_name(pa.large_binary()) == "binary"
    assert type_name(pa.list_(pa.large_string())) == "list<string>"
    assert type_name(pa.timestamp("us", tz="UTC")) == "timestamp[us, tz=UTC]"


def test_where_columns_come_from_can_be_read_as_a_table() -> None:
    origins = definition_metadata(table("documents"))["columns"].records
    made_of = {record.data["column"]: record.data["made of"] for record in origins}
    assert made_of["text"] == "raw_crawls.payload" and made_of["domain"] == "-"
    assert list(made_of) == table("documents").column_names
