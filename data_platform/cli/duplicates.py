"""`data-platform duplicates`: rates, clusters, sizes and repetition."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich.markup import escape

from data_platform.cli.common import JSON, RECIPE, columns, out, workspaces_of, write_file
from data_platform.cli.grid import bar


@click.command()
@click.option("--by", type=click.Choice(["snapshot", "source", "language", "host"]), multiple=True,
              help="Tell rates by this. Default: all four.")
@click.option("--top", type=click.IntRange(min=0), default=10, show_default=True,
              help="How many values and clusters to list.")
@click.option("--picture", type=click.Path(dir_okay=False, path_type=Path), default=None,
              help="SVG file to draw the sizes of clusters to.")
@RECIPE
@JSON
def duplicates(by: tuple[str, ...], top: int, picture: Path | None, recipe_path: str | None, as_json: bool) -> None:
    """Show duplicate rates, the largest clusters by id, the sizes of clusters, and what repeats inside documents."""
    from data_platform.reports.duplicates import GROUPS, duplicate_report, size_picture

    workspaces = workspaces_of(recipe_path)
    if picture and len(workspaces) > 1:
        raise click.ClickException("a picture is of one recipe; give --recipe")
    for workspace in workspaces:
        found = duplicate_report(workspace.lake, clusters=top)
        rates = [row for row in found.rates.to_pylist() if row["by"] in (by or GROUPS)]
        if picture:
            write_file(picture, size_picture(found.sizes))
        if as_json:
            print(json.dumps({
                "recipe": workspace.recipe.name, "rates": rates, "clusters": found.clusters.to_pylist(),
                "sizes": [asdict(size) for size in found.sizes], "repetition": found.repetition,
            }, indent=2))
            continue
        out.print(f"recipe [bold]{workspace.recipe.name}[/bold], lake {workspace.lake.uri}")
        _print_duplicates(found, rates, top)


def _print_duplicates(found: Any, rates: list[dict[str, Any]], top: int) -> None:
    grid = columns(("by", "value"), ("documents", "duplicates", "rate", "tokens", "duplicate tokens"))
    for by in dict.fromkeys(row["by"] for row in rates):
        own = [row for row in rates if row["by"] == by]
        for place, row in enumerate(own[:top]):
            grid.add_row(
                "" if place else f"[bold]{by}[/bold]", escape(row["value"]) or "(empty)", f"{row['documents']:,}",
                f"{row['duplicates']:,}", f"{row['duplicates'] / row['documents']:.1%}", f"{row['tokens']:,}",
                f"{row['duplicate_tokens']:,}",
            )
        if len(own) > top:
            grid.add_row("", f"and {len(own) - top:,} more", "", "", "", "", "")
    out.print(grid)
    grid = columns(("size of cluster",), ("clusters", "documents"))
    grid.add_column(bars=True)
    total = sum(size.documents for size in found.sizes) or 1
    for size in found.sizes:
        grid.add_row(size.label, f"{size.clusters:,}", f"{size.documents:,}", bar(size.documents / total))
    out.print(grid)
    grid = columns(("largest clusters: show ID names the copies", "snapshots"), ("size", "hosts"))
    for row in found.clusters.to_pylist():
        grid.add_row(row["cluster_id"], ", ".join(row["snapshots"]), f"{row['size']:,}", f"{row['hosts']:,}")
    if grid.row_count:
        out.print(grid)
    if found.repetition:
        grid = columns(("repetition",), ("documents", "findings", "bytes"))
        for row in found.repetition:
            grid.add_row(row["kind"], *(f"{row[name]:,}" for name in ("documents", "findings", "bytes")))
        out.print(grid)
