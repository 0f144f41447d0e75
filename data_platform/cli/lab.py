"""`data-platform lab`: experiments with proxy models."""

from __future__ import annotations

import json
from typing import Any

import click

from data_platform.cli.common import JSON, RECIPE, columns, out, the_one_with
from data_platform.core.errors import PlainError, many, no_such
from data_platform.core.tables import table
from data_platform.lake.lake import Lake


class NoSuchMixture(PlainError, LookupError):
    """A mixture that the recipe does not name. The message says what is near."""


@click.group()
def lab() -> None:
    """Compare mixtures by what small models lose on held-out documents, at equal cost."""


@lab.command()
@click.argument("mixture")
@click.option("--sizes", default="300k,1M", show_default=True, help="Sizes of the ladder, joined by commas.")
@click.option("--seeds", type=click.IntRange(1), default=3, show_default=True, help="How many seeds: noise is theirs.")
@click.option("--tokens", type=click.IntRange(1), default=None,
              help="Tokens that every proxy is trained on. Default: those of the smallest cut, 100,000 to 400,000.")
@RECIPE
@JSON
def tiers(
    mixture: str, sizes: str, seeds: int, tokens: int | None, recipe_path: str | None, as_json: bool
) -> None:
    """Train proxies on MIXTURE cut by licence tier, and show what each tier brings, by domain.

    Every cut is drawn anew at equally many tokens. Runs go to the table proxy_runs; those that are there are not made
    again, and what was interrupted goes on.
    """
    from data_platform.lab.tiers import ablate
    from data_platform.proxy.ladder import shape_of

    wanted = list(dict.fromkeys(size.strip() for size in sizes.split(",")))
    for size in wanted:
        shape_of(size)
    workspace = the_one_with("mixture", mixture, _planned, recipe_path)
    if mixture not in workspace.recipe.mixtures:
        raise NoSuchMixture(no_such("mixture", mixture, workspace.recipe.mixtures))
    found = ablate(workspace, mixture, wanted, seeds, tokens, lambda line: click.echo(line, err=True), _progress)
    if as_json:
        print(json.dumps(found, indent=2))
    else:
        _print(found)


def _planned(lake: Lake) -> list[str]:
    """Mixtures of a lake, plans without texts among them."""
    return [table(name).entry for name in lake.tables("plan")]


def _progress(done: int, steps: int) -> None:
    """A line that is written over, where somebody looks on."""
    if click.get_text_stream("stderr").isatty():
        click.echo(f"\r{done:,} of {steps:,} steps" + ("\r\033[K" if done == steps else ""), err=True, nl=False)


def _print(found: dict[str, Any]) -> None:
    tokens = " and ".join(f"{some:,}" for some in found["tokens"])
    out.print(f"{found['mixture']}: {len(found['cuts'])} cuts, {len(found['seeds'])} seeds, {tokens} tokens each")
    grid = columns(("cut",), ("tier", "documents", "tokens there", "tokens read"))
    for cut in found["cuts"]:
        for row in cut["available"]:
            grid.add_row(cut["cut"], *(f"{row[name]:,}" for name in ("tier", "documents", "tokens", "read")))
    out.print(grid)
    out.print("held out: " + ", ".join(
        f"{some['domain']} {many(some['documents'], 'document')}, {some['bytes']:,} bytes" for some in found["held_out"]
    ))
    out.print("\nbits per byte on held-out documents, with 95 % intervals over seeds")
    grid = columns(("size", "domain"), [cut["cut"] for cut in found["cuts"]])
    by_place: dict[tuple[str, str], list[str]] = {}
    for row in found["losses"]:
        half = "" if row["low"] is None else f" ± {row['high'] - row['mean']:.3f}"
        by_place.setdefault((row["size"], row["domain"]), []).append(f"{row['mean']:.3f}{half}")
    for place, values in by_place.items():
        grid.add_row(*place, *values)
    out.print(grid)
    out.print("\nepochs by domain")
    names = sorted({domain for cut in found["cuts"] for domain in cut["epochs"]})
    grid = columns(("cut",), names)
    for cut in found["cuts"]:
        grid.add_row(cut["cut"], *(f"{cut['epochs'][name]:.2f}" if name in cut["epochs"] else "" for name in names))
    out.print(grid)
    out.print()
    for line in [*found["verdicts"], *(f"note: {warning}" for warning in found["warnings"])]:
        out.print(line, markup=False)
    cost = found["cost"]
    out.print(f"{cost['runs']} runs took {cost['seconds']:,.0f} s, {cost['processor_seconds']:,.0f} s of processors")
