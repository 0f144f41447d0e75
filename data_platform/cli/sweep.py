"""`data-platform sweep`: what would be kept for other thresholds."""

from __future__ import annotations

import json

import click

from data_platform.cli.common import JSON, RECIPE, out, workspaces_of
from data_platform.cli.grid import Grid


@click.command(context_settings={"ignore_unknown_options": True})  # a value may begin with a minus sign
@click.argument("rule_set")
@click.argument("threshold")
@click.argument("values", nargs=-1, required=True, type=float)
@click.option("--alone", is_flag=True, help="Apply RULE_SET and no other rule of the recipe.")
@RECIPE
@JSON
def sweep(
    rule_set: str, threshold: str, values: tuple[float, ...], alone: bool, recipe_path: str | None, as_json: bool
) -> None:
    """Show what would be kept for each of VALUES of THRESHOLD of RULE_SET, from the stored signals.

    The cut by language is swept as `language min_confidence`, or `language min_confidence.de` for one language;
    the recipe's own rules as `rules NAME.min` or `rules NAME.max`.
    """
    from data_platform.reports.sweep import threshold_sweep

    for workspace in workspaces_of(recipe_path, "filter_verdicts"):
        rows = threshold_sweep(workspace.lake, workspace.recipe, rule_set, threshold, values, alone).to_pylist()
        if as_json:
            print(json.dumps({"recipe": workspace.recipe.name, "rows": rows}, indent=2))
            continue
        out.print(f"recipe [bold]{workspace.recipe.name}[/bold], {rule_set}.{threshold}")
        grid = Grid()
        for name in (threshold, "documents kept", "removed", "tokens kept", "removed", "share", "mean quality"):
            grid.add_column(name, justify="right")
        for row in rows:
            tokens = row["kept_tokens"] + row["removed_tokens"]
            quality = "" if row["mean_quality"] is None else f"{row['mean_quality']:.3f} of {row['scored_documents']:,}"
            grid.add_row(
                f"{row['value']:g}", f"{row['kept_documents']:,}", f"{row['removed_documents']:,}",
                f"{row['kept_tokens']:,}", f"{row['removed_tokens']:,}", f"{row['kept_tokens'] / (tokens or 1):.1%}",
                quality,
            )
        out.print(grid)
