"""What Dagster shows of a table: its columns and where they come from, and what a commit made of it.

Everything about columns comes from the registry. Not here: what became of rows (`accounts.py`), the numbers' meaning
for the flow (`data_platform/pipeline/status.py`), and checks (`checks.py`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg
import pyarrow as pa
import pyarrow.compute as pc

from data_platform.assets.accounts import (
    books_metadata,
    effort_metadata,
    inputs_metadata,
    models_metadata,
    rows_metadata,
    table_value,
)
from data_platform.assets.names import Names
from data_platform.core.columns import Column, Table
from data_platform.lake.lake import Commit, Lake, Partition
from data_platform.pipeline.status import last_commit
from data_platform.run.books import books

if TYPE_CHECKING:
    from data_platform.assets.effort import Effort
    from data_platform.run.stage import Stage
    from data_platform.run.workspace import Workspace

_SHOWN_DIGITS = 15
"""Digits of a digest that tables carry and pins name."""


# -- definitions ------------------------------------------------------------------------------------------------------


def column_metadata(declared: Table) -> dict[str, Any]:
    """The table's name and columns."""
    return {"dagster/table_name": declared.name, "dagster/column_schema": table_schema(declared)}


def definition_metadata(declared: Table) -> dict[str, Any]:
    """Metadata of the asset's definition: the table's name and columns, shown before anything was written."""
    return {**column_metadata(declared), "columns": column_origins(declared)}


def column_origins(declared: Table) -> dg.TableMetadataValue:
    """Every column with the columns that it is made of, as a table: of column lineage the open-source UI shows JSON."""
    return table_value([
        {
            "column": column.name, "made of": ", ".join(column.derived_from) or "-", "type": type_name(column.type),
            "meaning": column.description,
        }
        for column in declared.columns
    ])


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


def commit_metadata(
    workspace: Workspace, stage: Stage, names: Names, snapshot: str | None, commit: Commit, effort: Effort
) -> Mapping[str, Any]:
    """Metadata of the materialisation that `commit` is, for one partition of a stage's table.

    All numbers are of the partition; what is said of the whole table is said in words.

    Raises:
        LookupError: if the partition carries no recipe.
    """
    lake, declared = workspace.lake, stage.declared
    partition = snapshot if stage.partitioned else None
    made = last_commit(workspace, stage.name, str(stage.partition(snapshot)))
    if made is None:
        raise LookupError(f"{stage.name} was committed at version {commit.version} and carries no recipe")
    rows = lake.count(declared.name, partition, commit.version)
    domains = sorted({source.domain for source in workspace.recipe.sources} | set(workspace.recipe.branches))
    return {
        **inputs_metadata(json.loads(made["inputs"])),
        **books_metadata(books(lake, stage, snapshot)),
        **rows_metadata(lake, declared, partition, commit.version, domains, stage.distributions),
        **models_metadata(lake, declared, commit.version),
        **(effort_metadata(effort, rows) if commit.written else {}),
        **_place(lake, declared, partition, commit, rows),
        "recipe": made["recipe"][:_SHOWN_DIGITS],
        "code": f"{made['code_version']} of commit {made['git_commit'] or 'unknown'}",
        "written": commit.written,
        **column_metadata(declared),
        "dagster/column_lineage": column_lineage(declared, names, stage.inputs),
    }


def _place(lake: Lake, declared: Table, partition: str | None, commit: Commit, rows: int) -> dict[str, Any]:
    """Where the rows are, how many, and of what size; from the log, and from the column of tokens if there is one."""
    name, version = declared.name, commit.version
    metadata: dict[str, Any] = {
        "dagster/uri": lake.table_uri(name), "delta/version": version, "delta/table_id": commit.table_id,
        "bytes": _bytes(lake, declared, partition, version),
    }
    if partition:
        whole = lake.count(name, version=version)
        metadata |= {"dagster/partition_row_count": rows, "whole table": f"{whole:,} rows at version {version}"}
    else:
        metadata["dagster/row_count"] = rows
    if "token_count" in declared:
        metadata["tokens"] = _tokens(lake, name, partition, version)
    return metadata


def _bytes(lake: Lake, declared: Table, partition: str | None, version: int) -> int:
    files = pa.table(lake.open(declared.name, version).get_add_actions(flatten=True))
    for key, value in Partition.of(declared, partition).values:
        files = files.filter(pc.equal(files[f"partition.{key}"], value))
    return pc.sum(files["size_bytes"]).as_py() or 0


def _tokens(lake: Lake, name: str, partition: str | None, version: int) -> int:
    batches = lake.read(name, ["token_count"], partition, version)
    return sum(pc.sum(batch.column(0)).as_py() or 0 for batch in batches)
