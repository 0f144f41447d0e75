"""`data-platform diff`: two documents, or one at two stages, line by line."""

from __future__ import annotations

import json

import click

from data_platform.cli.common import JSON, RECIPE, WIDTH, document_of, out
from data_platform.core.printing import printable


@click.command()
@click.argument("first", metavar="ID")
@click.argument("second", metavar="[ID]", required=False)
@click.option("--stage", "stages", multiple=True, metavar="TABLE", help="Table whose texts are compared; given twice, "
              "that of the first and that of the second. Default: of two documents the last that has both, of one the "
              "extracted and the last.")
@click.option("--side-by-side", "-y", is_flag=True, help="Both texts beside each other, instead of a unified diff.")
@click.option("--words", is_flag=True, help="Compare words, one a line, instead of lines.")
@click.option("--context", type=click.IntRange(min=0), default=3, show_default=True, help="Lines around a difference.")
@RECIPE
@JSON
def diff(
    first: str, second: str | None, stages: tuple[str, ...], side_by_side: bool, words: bool, context: int,
    recipe_path: str | None, as_json: bool,
) -> None:
    """Show in what the texts of two documents differ, or of one document at two stages.

    ID is a doc_id, the id that a row had in its own file, or a URL. Stages are tables: raw_crawls, documents,
    filtered_documents, deduplicated_documents, mixtures and others that hold texts.
    """
    from data_platform.reports.difference import beside, chosen, similarity, unified

    if len(stages) > 2:
        raise click.UsageError("--stage is of the first and of the second document: give it twice at the most")
    workspace, left = document_of(first, recipe_path)
    other, right = (workspace, left) if second is None else document_of(second, recipe_path)
    old, new = chosen((workspace.lake, left), (other.lake, right), stages)
    if as_json:
        print(json.dumps({
            "first": {"doc_id": left.doc_id, "table": old.table, "text": old.text},
            "second": {"doc_id": right.doc_id, "table": new.table, "text": new.text},
            "similarity": similarity(old, new), "difference": unified(old, new, context, words),
        }, indent=2))
        return
    if side_by_side:
        for line in beside(old, new, out.width if out.is_terminal else WIDTH, context, words):
            click.echo(line)
    else:
        for line in unified(old, new, context, words):
            color = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1])
            click.echo(click.style(printable(line), fg=color))
    if old.text == new.text:
        click.echo(f"the same text: {old.table} of {left.doc_id}, {new.table} of {right.doc_id}")
    else:
        click.echo(f"{similarity(old, new):.1%} of their words are the same")
