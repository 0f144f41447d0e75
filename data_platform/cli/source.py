"""`data-platform source`: the card of a source, with the chain of its licence and who says what of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import click
from rich.markup import escape
from rich.tree import Tree

from data_platform.cli.common import JSON, RECIPE, columns, out, the_one_with, workspaces_of
from data_platform.core.errors import many

_LISTED = 20


@click.command()
@click.argument("name", required=False)
@RECIPE
@JSON
def source(name: str | None, recipe_path: str | None, as_json: bool) -> None:
    """Print the card of source NAME: its licence, the chain of what it is made from, and the evidence. Without a name:
    all sources.

    Known sources (`known_as` in the recipe) are followed to all datasets that they are made from; hosts that state no
    licence, or a freer one than people traced, are flagged.
    """
    from data_platform.publish.source_card import source_card, sources_in

    if name is None:
        cards = [source_card(workspace.lake, one) for workspace in workspaces_of(recipe_path)
                 for one in sources_in(workspace.lake)]
        print(json.dumps(cards)) if as_json else _list(cards)
        return
    card = source_card(the_one_with("source", name, sources_in, recipe_path).lake, name)
    if as_json:
        print(json.dumps(card, indent=2))
    else:
        _print(card)


def _list(cards: list[Mapping[str, Any]]) -> None:
    grid = columns(("source", "known as", "licence"), ("tier", "documents", "flags"))
    for card in cards:
        known = card["known"]
        first = known or card["licenses"][0]
        more = "" if known or len(card["licenses"]) == 1 else f" and {len(card['licenses']) - 1:,} more"
        grid.add_row(escape(card["source"]), escape(known["known_as"]) if known else "",
                     f"{escape(str(first['license_spdx']))}{more}", str(first["license_tier"]),
                     f"{card['documents']:,}",
                     str(len(known["flags"])) if known else "")
    out.print(grid)


def _print(card: Mapping[str, Any]) -> None:
    out.print(f"[bold]{escape(card['source'])}[/bold]: {many(card['documents'], 'document')}, "
              f"{many(card['tokens'], 'token')}, snapshots {escape(', '.join(card['snapshots']))}")
    for claim in card["claims"]:
        said = f"({claim['snapshot']}): {claim['spdx']}, {claim['basis']}"
        out.print(f"claimed by the recipe {escape(said)}")
    if card["known"]:
        _print_known(card["known"])
    grid = columns(("licence", "use", "asks for"), ("tier", "documents", "tokens"))
    for row in card["licenses"][:_LISTED]:
        asks = [word for word, key in (("attribution", "attribution"), ("share-alike", "share_alike")) if row.get(key)]
        grid.add_row(escape(str(row["license_spdx"])), row.get("use", ""), ", ".join(asks), str(row["license_tier"]),
                     f"{row['documents']:,}", f"{row['tokens']:,}")
    out.print(grid)
    grid = columns(("evidence", "of", "licence"), ("documents",))
    for row in card["evidence"][:_LISTED]:
        grid.add_row(row["location"], row["scope"], escape(row["license_spdx"]), f"{row['documents']:,}")
    out.print(grid)


def _print_known(known: Mapping[str, Any]) -> None:
    """The chain as a tree: every dataset below the one that is made from it."""
    from data_platform.licenses.lineage import evidence_of
    from data_platform.spdx.uses import use_in_words

    out.print(f"known as {escape(known['known_as'])}: {escape(known['license_spdx'])}, tier {known['license_tier']}, "
              f"{use_in_words(known['use'])}")
    branches: dict[str, Tree] = {}
    for link in known["chain"]:
        label = f"[bold]{escape(link['name'])}[/bold] {escape(link['license_spdx'])}: {escape(evidence_of(link))}"
        above = branches.get(link["made_into"])
        branch = above.add(label) if above else Tree(label)
        if link["known"]:
            branches[link["identifier"]] = branch
    out.print(branches[known["known_as"]], crop=False, no_wrap=True, overflow="ignore")
    for flag in known["flags"]:
        out.print(f"[yellow]flagged: {escape(flag)}[/yellow]")
