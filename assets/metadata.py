"""What Dagster shows of a table: its columns and where they come from, and what a commit made of it.

Everything about columns comes from the registry. Not here: the numbers' meaning for the flow
(`data_platform/pipeline/status.py`), and checks (`checks.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import dagster as dg
import pyarrow as pa
import pyarrow.compute as pc

from assets.names import Names
from data_platform.core.columns import Column, Table
from data_platform.lake.distributions import Distribution, distributions
from data_platform.lake.lake import Commit, Lake, Partition

if TYPE_CHECKING:
    from data_platform.run.stage import Stage


# -- definitions ------------------------------------------------------------------------------------------------------


def column_metadata(declared: Table) -> dict[str, Any]:
    """Metadata of the asset's definition: the table's name and columns, shown before anything was written."""
    return {"dagster/table_name": declared.name, "dagster/column_schema": table_schema(declared)}


def table_schema(declared: Table) -> dg.TableSchema:
    """Columns with types, descriptions and constraints, in schema order.

    A one-column key is unique as a column; a longer one is a constraint of the table.
    """
    unique = declared.key[0] if len(declared.key) == 1 else None
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                column.name,
                type=type_name(column.type),
                description=column.description,
                constraints=dg.TableColumnConstraints(
                    nullable=column.nullable, unique=column.name == unique, other=_limits(column)
                ),
                tags={"partition_key": ""} if column.name in declared.partition_by else None,
            )
            for column in declared.columns
        ],
        constraints=dg.TableConstraints(
            other=[f"unique: {', '.join(declared.key)}"] + (
                [f"partitioned by: {', '.join(declared.partition_by)}"] if declared.partition_by else []
            )
        ),
    )


def type_name(type_: pa.DataType) -> str:
    """The type as people write it: strings and binaries are not told apart by the width of their offsets."""
    if pa.types.is_large_string(type_):
        return "string"
    if pa.types.is_large_binary(type_):
        return "binary"
    if pa.types.is_list(type_) or pa.types.is_large_list(type_):
        return f"list<{type_name(type_.value_type)}>"
    return str(type_)


def _limits(column: Column) -> list[str]:
    limits = []
    if column.minimum is not None:
        limits.append(f">= {column.minimum:g}")
    if column.maximum is not None:
        limits.append(f"<= {column.maximum:g}")
    if column.one_of is not None:
        limits.append(f"one of: {', '.join(column.one_of)}")
    if column.pattern is not None:
        limits.append(f"matches {column.pattern}")
    return limits


def column_lineage(declared: Table, names: Names, inputs: Sequence[str] | None = None) -> dg.TableColumnLineage:
    """The columns that each column is derived from; of the tables `inputs` alone, if given: a recipe need not have all.

    Columns derived from others of the same table are left out: Dagster takes an asset that depends on itself for one
    that reads its own earlier partitions.
    """
    deps = {
        column.name: [
            dg.TableColumnDep(asset_key=names.asset(upstream), column_name=name)
            for upstream, _, name in (source.partition(".") for source in column.derived_from)
            if upstream != declared.name and (inputs is None or upstream in inputs)
        ]
        for column in declared.columns
    }
    return dg.TableColumnLineage({column: found for column, found in deps.items() if found})


# -- materialisations -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CommitFacts:
    """What is known of one commit.

    Attributes:
        uri: where the table lives.
        rows: rows of the whole table at the version.
        partition_rows: rows of the partition that was committed; None for unpartitioned tables.
        bytes: size of the partition's (or table's) Parquet files.
        tokens: tokens of the partition (or table) under the recipe's tokenizer; None for tables that count none.
        recipe: recipe number that the partition carries, 15 hexadecimal digits.
        written: whether this run made the commit, or found it made.
    """

    uri: str
    table_id: str
    version: int
    recipe: str
    rows: int
    partition_rows: int | None
    bytes: int
    tokens: int | None
    written: bool


def materialization_metadata(
    declared: Table, names: Names, facts: CommitFacts, inputs: Sequence[str] | None = None
) -> dict[str, Any]:
    """Metadata of a materialisation: rows, place, version, size and column lineage. Numbers are plotted by Dagster."""
    metadata: dict[str, Any] = {
        **column_metadata(declared),
        "dagster/column_lineage": column_lineage(declared, names, inputs),
        "dagster/row_count": facts.rows,
        "dagster/uri": facts.uri,
        "delta/version": facts.version,
        "delta/table_id": facts.table_id,
        "bytes": facts.bytes,
        "recipe": facts.recipe,
        "written": facts.written,
    }
    if facts.partition_rows is not None:
        metadata["dagster/partition_row_count"] = facts.partition_rows
    if facts.tokens is not None:
        metadata["tokens"] = facts.tokens
    return metadata


def commit_facts(lake: Lake, declared: Table, partition: str | None, recipe: str, commit: Commit) -> CommitFacts:
    """Gather the facts of a commit from the log; only the token counts are read from the table."""
    name = declared.name
    return CommitFacts(
        uri=lake.table_uri(name),
        table_id=commit.table_id,
        version=commit.version,
        recipe=recipe,
        rows=lake.count(name, version=commit.version),
        partition_rows=lake.count(name, partition, commit.version) if partition else None,
        bytes=_bytes(lake, declared, partition, commit.version),
        tokens=_tokens(lake, name, partition, commit.version) if "token_count" in declared else None,
        written=commit.written,
    )


def commit_metadata(
    lake: Lake, stage: Stage, names: Names, snapshot: str | None, commit: Commit
) -> Mapping[str, Any]:
    """Metadata of the materialisation that `commit` is, for one partition of a stage's table."""
    partition = snapshot if stage.partitioned else None
    pin = lake.pin(stage.name, partition)
    if pin is None:
        raise LookupError(f"{stage.name} was committed at version {commit.version} and carries no recipe")
    metadata = materialization_metadata(
        stage.declared, names, commit_facts(lake, stage.declared, partition, pin.recipe, commit), stage.inputs
    )
    if stage.distributions:
        found = distributions(lake, stage.declared, partition, commit.version)
        metadata["distributions"] = dg.MetadataValue.md(distributions_as_markdown(found))
    return metadata


def distributions_as_markdown(found: Sequence[Distribution], top: int = 8) -> str:
    """One table for all distributions, with the share of tokens, or of rows where no tokens are counted.

    Of categories the `top` most frequent are shown.
    """
    lines = ["| column | value | rows | share |", "|---|---|---:|---:|"]
    for distribution in found:
        weights = [item.documents if item.tokens is None else item.tokens for item in distribution.bins]
        shown = len(weights) if distribution.kind != "category" else top
        total = sum(weights) or 1
        lines += [
            f"| {distribution.column} | {item.label.replace('|', '/')} | {item.documents:,} | {weight / total:.1%} |"
            for item, weight in list(zip(distribution.bins, weights, strict=True))[:shown]
        ]
        if len(weights) > shown:
            lines.append(f"| {distribution.column} | and {len(weights) - shown:,} more | | |")
    return "\n".join(lines)


def _bytes(lake: Lake, declared: Table, partition: str | None, version: int) -> int:
    files = pa.table(lake.open(declared.name, version).get_add_actions(flatten=True))
    for key, value in Partition.of(declared, partition).values:
        files = files.filter(pc.equal(files[f"partition.{key}"], value))
    return pc.sum(files["size_bytes"]).as_py() or 0


def _tokens(lake: Lake, name: str, partition: str | None, version: int) -> int:
    batches = lake.read(name, ["token_count"], partition, version)
    return sum(pc.sum(batch.column(0)).as_py() or 0 for batch in batches)
