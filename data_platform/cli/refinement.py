"""`data-platform refinement`: what programs took out, or the program of one document."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import click

from data_platform.cli.common import JSON, RECIPE, out, workspaces_of
from data_platform.cli.grid import Grid
from data_platform.core.errors import many
from data_platform.core.printing import printable
from data_platform.lake.lake import TableMissing


@click.command()
@click.argument("doc_id", required=False)
@RECIPE
@JSON
def refinement(doc_id: str | None, recipe_path: str | None, as_json: bool) -> None:
    """Show what refinement took from every snapshot, or the program of DOC_ID with its text before and after.

    In place of DOC_ID stands the id that a row had in its own file, or a URL, as well.
    """
    from data_platform.reports.identity import doc_id_of
    from data_platform.reports.refinement import NotRefined, accounts, difference, proposals

    for workspace in workspaces_of(recipe_path, "refinement_programs"):
        if doc_id:
            try:
                program, lines = difference(workspace.lake, doc_id_of(workspace.lake, doc_id))
            except (NotRefined, TableMissing):
                continue
            if as_json:
                print(json.dumps({"program": program.split("\n"), "difference": lines}, indent=2))
            else:
                print(printable("\n".join([program, "", *lines])))
            return
        found = accounts(workspace.lake)
        outside = workspace.recipe.refinement.programs
        proposed = proposals(workspace.lake, outside) if outside else None
        if as_json:
            told = [asdict(account) for account in found] + ([{"proposals": asdict(proposed)}] if proposed else [])
            print(json.dumps(told, indent=2))
            continue
        out.print(f"recipe [bold]{workspace.recipe.name}[/bold], lake {workspace.lake.uri}")
        for account in found:
            _print_account(account)
        if proposed:
            _print_proposals(proposed)
    if doc_id:
        raise NotRefined(f"no program for document {doc_id!r}: there is no such document, or a filter dropped it")


def _print_account(account: Any) -> None:
    outcomes = ", ".join(f"{outcome} {count:,}" for outcome, count in sorted(account.outcomes.items()))
    why = ", ".join(f"{reason} {count:,}" for reason, count in {**account.reasons, **account.refused}.items())
    out.print(f"[bold]{account.snapshot}[/bold]: {outcomes}" + (f" ({why})" if why else ""))
    for what, (before, after) in (("bytes", account.bytes), ("tokens", account.tokens)):
        out.print(f"  {what}: {before:,} before, {after:,} after, {(before - after) / max(before, 1):.2%} removed")
    grid = Grid()
    for name in ("  edit", "documents", "edits", "bytes removed"):
        grid.add_column(name, justify="left" if name == "  edit" else "right")
    for kind, numbers in account.edits.items():
        grid.add_row(f"  {kind}", *(f"{number:,}" for number in numbers))
    out.print(grid)
    documents, inserted = account.inserted
    out.print(f"  put in beyond placeholders and repairs: {inserted:,} bytes in {many(documents, 'document')}")


def _print_proposals(proposed: Any) -> None:
    refused = ", ".join(f"{reason} {count:,}" for reason, count in proposed.refused.items())
    out.print(f"programs from outside: {proposed.given:,} given, {proposed.applied:,} applied, "
              f"{sum(proposed.refused.values()):,} refused{f' ({refused})' if refused else ''}, "
              f"{proposed.filtered:,} of documents that a filter dropped, {proposed.unknown:,} of unknown documents")
