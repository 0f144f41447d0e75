"""`data-platform overlap`: how much of target texts a mixture's tiers and domains hold, by n-grams."""

from __future__ import annotations

import json

import click

from data_platform.cli.common import JSON, RECIPE, columns, out, workspace_of
from data_platform.core.tables import table_name


@click.command()
@click.argument("mixtures", nargs=-1, required=True)
@click.option("--target", "targets", multiple=True, required=True, metavar="NAME=PATH",
              help="JSONL or Parquet files of texts that a model is to be good at; may be repeated.")
@click.option("--field", default="text", show_default=True, help="Field of a target's rows that holds the text.")
@click.option("--ngram", "ngrams", type=click.IntRange(1, 13), multiple=True, default=(1, 2), show_default=True,
              help="Words per n-gram; may be repeated.")
@RECIPE
@JSON
def overlap(
    mixtures: tuple[str, ...], targets: tuple[str, ...], field: str, ngrams: tuple[int, ...], recipe_path: str | None,
    as_json: bool,
) -> None:
    """Show which share of the n-grams of target texts occurs in MIXTURES, by licence tier and domain.

    A share grows with the words that it is sought in: compare what has as many.
    """
    from data_platform.methods.decontaminate.settings import EvaluationSet
    from data_platform.reports.overlap import ngram_overlap

    sets = {}
    for target in targets:
        name, separator, path = target.partition("=")
        if not (name and separator and path):
            raise click.BadParameter(f"{target!r} is not NAME=PATH", param_hint="--target")
        if name in sets:
            raise click.BadParameter(f"{name!r} is there twice", param_hint="--target")
        sets[name] = EvaluationSet(paths=path, fields=(field,))
    tables = [(workspace_of(mixture, recipe_path).lake, table_name("mixture", mixture))
              for mixture in dict.fromkeys(mixtures)]
    found = ngram_overlap(tables, sets, ngrams).to_pylist()
    if as_json:
        print(json.dumps(found, indent=2))
        return
    grid = columns(("mixture", "tier", "domain"), ("documents", "words"))
    for column in ("target", "n-gram", "coverage", "types"):
        grid.add_column(column, justify="left" if column == "target" else "right", no_wrap=True)
    for row in found:
        grid.add_row(
            row["mixture"], "all" if row["license_tier"] is None else str(row["license_tier"]), row["domain"] or "all",
            f"{row['documents']:,}", f"{row['words']:,}", row["target"], str(row["ngram"]),
            *("" if row[name] is None else f"{row[name]:.3f}" for name in ("coverage", "types")),
        )
    out.print(grid)
