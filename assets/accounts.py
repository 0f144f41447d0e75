"""The account that a materialisation gives of its rows: what was read at which version, what was kept and dropped and
why, what the rows are like, and what it cost.

All figures are of the partition that was committed, at the version that it was committed at: numbers that Dagster plots
keep their meaning from one event to the next. Of rows, narrow columns alone are read. Not here: what a table is
(`metadata.py`), and how pictures are drawn (`pictures.py`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import dagster as dg
import pyarrow as pa

from data_platform.assets.effort import Effort
from data_platform.assets.pictures import markdown_picture
from data_platform.core.columns import Table
from data_platform.lake.distributions import Distribution, distributions, kind_of_distribution
from data_platform.lake.lake import Lake
from data_platform.run.books import Books

SAMPLE_ROWS = 5
PICTURED = 4
"""Columns that are counted and drawn of a table, at the most."""
SHARED = {"license_tier": "tier", "domain": "domain", "language": "language"}
"""Columns whose shares are numbers of their own, and what these are called."""
TOP = 10
"""Languages that have a number of their own; the others are summed up."""
TIERS = 6

_FIRST = ("token_count", "license_tier", "domain", "language", "failed", "reason", "kind", "kept")
_PLACES = ("offset", "length", "byte_count")
_TELLING = ("source", "domain", "language", "license_spdx", "license_tier", "token_count")


def inputs_metadata(pins: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The tables that were read, with version and digest; nothing if none were.

    Args:
        pins: as commits name them: `table`, `table_id`, `version`, `partition`, `recipe`.
    """
    if not pins:
        return {}
    records = [
        {
            "input": "/".join(filter(None, (pin["table"], pin["partition"]))) + f"@{pin['version']}",
            "digest": pin["recipe"], "table id": pin["table_id"],
        }
        for pin in pins
    ]
    return {"inputs": table_value(records)}


def books_metadata(entry: Books | None) -> dict[str, Any]:
    """Rows that came in, were kept, and were dropped by reason; nothing for tables that have no books."""
    if entry is None:
        return {}
    dropped = sum(entry.dropped.values())
    lines = [("came in", entry.incoming), ("kept", entry.kept),
             *((f"dropped: {reason}", count) for reason, count in entry.dropped.items())]
    records = [
        {"what became of rows": what, "rows": count, "share": f"{count / entry.incoming:.2%}" if entry.incoming else ""}
        for what, count in lines
    ]
    numbers = {"rows/in": entry.incoming, "rows/kept": entry.kept, "rows/dropped": dropped}
    if entry.incoming:
        numbers["share/kept"] = entry.kept / entry.incoming
    return {"kept and dropped": table_value(records), **numbers}


def rows_metadata(
    lake: Lake, declared: Table, partition: str | None, version: int, domains: Iterable[str], everything: bool = False
) -> dict[str, Any]:
    """What the rows are like: shares as numbers, distributions as a picture and a table, and a few ids.

    Args:
        domains: those that have a number of their own even where no row is of them.
        everything: count all short columns, instead of a few.
    """
    telling = counted_columns(declared)
    wanted = None if everything else {*telling, *(name for name in SHARED if name in declared)}
    found = distributions(lake, declared, partition, version, wanted) if wanted is None or wanted else []
    metadata: dict[str, Any] = shares(found, domains)
    of = {one.column: one for one in found if len(one.bins) > 1}  # one bin alone is no picture
    if drawn := [of[name] for name in telling if name in of][:PICTURED]:
        names = ", ".join(one.column for one in drawn)
        picture = markdown_picture(drawn, f"Distribution of {names}")
        metadata["distributions"] = dg.MetadataValue.md(f"{picture}\n\n{distributions_as_markdown(found)}")
    return metadata | sample(lake, declared, partition, version)


def counted_columns(declared: Table) -> list[str]:
    """The columns of which some are drawn: those that people ask for first, then fractions, then measures."""
    kinds = {column.name: kind_of_distribution(column, declared.key) for column in declared.columns}
    first = [name for name in _FIRST if kinds.get(name)]
    fractions = [name for name, kind in kinds.items() if kind == "fraction"]
    # Lists of numbers are hashes and places, and so are whole numbers that may be negative.
    measures = [
        name for name, kind in kinds.items()
        if kind == "magnitude" and not pa.types.is_list(declared[name].type) and name not in _PLACES
        and (declared[name].minimum is not None or pa.types.is_floating(declared[name].type))
    ]
    return list(dict.fromkeys([*first, *fractions, *measures]))[: PICTURED + 2]


def shares(found: Iterable[Distribution], domains: Iterable[str]) -> dict[str, float]:
    """Shares by licence tier, domain and language, of tokens where they are counted and else of rows.

    Tiers and the recipe's domains always have a number, so that a plot has no holes; of languages the most frequent.
    """
    metadata: dict[str, float] = {}
    for distribution in found:
        if (word := SHARED.get(distribution.column)) is None:
            continue
        weights = {item.label: float(item.documents if item.tokens is None else item.tokens)
                   for item in distribution.bins}
        total = sum(weights.values())
        if not total:
            continue
        if word == "language" and len(weights) > TOP:
            ordered = sorted(weights, key=lambda label: (-weights[label], label))
            weights = {label: weights[label] for label in ordered[:TOP]} | {
                "other": sum(weights[label] for label in ordered[TOP:])
            }
        expected = map(str, range(TIERS)) if word == "tier" else domains if word == "domain" else ()
        metadata |= {
            f"share/{word}_{label}" if word == "tier" else f"share/{word}/{label}": weights.get(label, 0.0) / total
            for label in dict.fromkeys((*expected, *weights))
        }
    return metadata


def sample(lake: Lake, declared: Table, partition: str | None, version: int) -> dict[str, Any]:
    """A few ids, with what is short and says something of them: never a text, an address or a title."""
    if declared.key not in (("doc_id",), ("record_id",)):
        return {}
    names = [*declared.key, *(name for name in _TELLING if name in declared)]
    rows: list[dict[str, Any]] = []
    for batch in lake.read(declared.name, names, partition, version, batch_rows=SAMPLE_ROWS):
        rows += batch.to_pylist()
        if len(rows) >= SAMPLE_ROWS:
            break
    return {"sample": table_value(rows[:SAMPLE_ROWS])} if rows else {}


def models_metadata(lake: Lake, declared: Table, version: int) -> dict[str, Any]:
    """What was measured of trained models, as numbers; nothing for tables that hold none."""
    if "metrics" not in declared:
        return {}
    columns = [name for name in ("branch", "parameters", "training_texts", "license_spdx", "metrics")
               if name in declared]
    rows = lake.read_table(declared.name, columns, version=version).to_pylist()
    metadata: dict[str, Any] = {}
    for row in rows:
        prefix = f"model/{row['branch']}/" if "branch" in row else "model/"
        measured = dict(_leaves(json.loads(row["metrics"])))
        measured |= {"parameters": row["parameters"], "training_texts": row["training_texts"]}
        metadata |= {f"{prefix}{name}": value for name, value in measured.items()}
        metadata[f"{prefix}license"] = row["license_spdx"]
    return metadata


def effort_metadata(effort: Effort, rows: int) -> dict[str, Any]:
    """What making the partition took, and how fast its rows were made."""
    metadata = {"seconds": round(effort.seconds, 3), "peak memory (MB)": round(effort.peak_memory_mb, 1)}
    if effort.seconds > 0:
        metadata["rows per second"] = round(rows / effort.seconds, 3)
    return metadata


def table_value(records: Sequence[Mapping[str, Any]]) -> dg.TableMetadataValue:
    """Records as a table that Dagster shows; what it cannot hold is written out."""
    plain = [{name: _cell(value) for name, value in record.items()} for record in records]
    kinds = {name: _kind([record[name] for record in plain]) for name in plain[0]}
    schema = dg.TableSchema([dg.TableColumn(name, type=kind) for name, kind in kinds.items()])
    return dg.MetadataValue.table([dg.TableRecord(record) for record in plain], schema)


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
            f"| {distribution.column} | {_in_markdown(item.label)} | {item.documents:,} | {weight / total:.1%} |"
            for item, weight in list(zip(distribution.bins, weights, strict=True))[:shown]
        ]
        if len(weights) > shown:
            lines.append(f"| {distribution.column} | and {len(weights) - shown:,} more | | |")
    return "\n".join(lines)


def _in_markdown(label: str) -> str:
    """A value in a table: on one line, with no sign that ends its column, and to be seen if there is none."""
    return " ".join(label.replace("|", "/").split()) or "(empty)"


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, float]]:
    """The numbers in nested mappings, by their path."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}/{key}" if path else str(key))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield path, float(value)


def _cell(value: Any) -> str | int | float | bool | None:
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def _kind(values: Sequence[Any]) -> str:
    for kind, name in ((bool, "bool"), (int, "int"), (float, "float")):
        if all(value is None or isinstance(value, kind) for value in values):
            return name
    return "string"
