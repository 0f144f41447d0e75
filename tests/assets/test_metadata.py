"""Metadata derived from the registry, and of commits to a real lake."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pyarrow as pa
import pytest

from assets.metadata import (
    CommitFacts,
    column_lineage,
    column_metadata,
    commit_facts,
    materialization_metadata,
    table_schema,
    type_name,
)
from assets.names import Names, table_of
from data_platform.core.columns import Table
from data_platform.core.tables import TABLES, mixture_table, scores_table, table
from data_platform.lake.lake import Lake, Partition, Provenance
from data_platform.methods.scores.perplexity import Perplexity

EVERY_TABLE = [*TABLES.values(), mixture_table("demo")]
NAMES = Names("demo")
FACTS = CommitFacts("s3://lake/documents", "an-id", 4, "0" * 15, 30, 10, 2_000, 500, True)


@pytest.mark.parametrize("declared", EVERY_TABLE, ids=lambda declared: declared.name)
def test_every_table_has_a_schema_and_lineage_that_dagster_takes(declared: Table) -> None:
    @dg.asset(name=declared.name, metadata=column_metadata(declared))
    def written() -> dg.MaterializeResult:
        return dg.MaterializeResult(metadata=materialization_metadata(declared, NAMES, FACTS))

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


def test_materialisation_metadata_is_complete_and_leaves_out_what_is_unknown() -> None:
    metadata = materialization_metadata(table("documents"), NAMES, FACTS)
    numbers = {"dagster/row_count": 30, "dagster/partition_row_count": 10, "delta/version": 4, "bytes": 2_000,
               "tokens": 500}
    assert {key: metadata[key] for key in numbers} == numbers
    assert metadata["dagster/uri"] == "s3://lake/documents"
    whole = CommitFacts("u", "i", 4, "0" * 15, 30, None, 2_000, None, False)
    shown = materialization_metadata(table("duplicates"), NAMES, whole)
    assert not {"tokens", "dagster/partition_row_count"} & shown.keys()


def test_facts_are_those_of_the_partition_at_the_committed_version(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    name = "deduplicated_documents"
    committed = {}
    for snapshot, tokens in (("a", [3, 4]), ("b", [10])):
        rows = [
            {
                "doc_id": f"{number:032x}", "snapshot": snapshot, "source": "s", "domain": "web", "url": "u",
                "host": "h", "text": "some text", "byte_count": 9, "token_count": count, "language": "en",
                "cluster_size": 1, "rehydration_weight": 1,
            }
            for number, count in enumerate(tokens)
        ]
        batch = pa.Table.from_pylist(rows, schema=table(name).schema)
        committed[snapshot] = lake.write(name, Partition.of(name, snapshot), batch, Provenance(name, "1", {}))
    facts = commit_facts(lake, table(name), "a", "recipe", committed["b"])
    assert (facts.rows, facts.partition_rows, facts.tokens, facts.version) == (3, 2, 7, committed["b"].version)
    files = [file for file in (tmp_path / name).rglob("*.parquet") if "snapshot=a" in str(file)]
    assert facts.bytes == sum(file.stat().st_size for file in files) > 0
    assert commit_facts(lake, table(name), "b", "recipe", committed["b"]).tokens == 10
