"""`data-platform check-export`: whether an export is what its attestation says; exit status 1 if not."""

from __future__ import annotations

from pathlib import Path

import click
from rich.markup import escape

from data_platform.cli.common import first_of, out
from data_platform.core.errors import many

_NAMED = 100
"""Faults that are named."""


@click.command("check-export")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--key", "key_path", type=click.Path(dir_okay=False, path_type=Path), default=None,
              help="Public Ed25519 key (PEM or OpenSSH) that the attestation has to be signed by.")
def check_export(folder: Path, key_path: Path | None) -> None:
    """Check that the export in FOLDER is what its attestation says, without the lake and without a network.

    Digests of all files, rows, tokens by licence and tier, notice and cards are held against the shards, and the
    signature against the key. The exit status is 1 if anything disagrees, and all that does is named.
    """
    from data_platform.publish.check_export import check_export as check
    from data_platform.publish.signing import load_public_key

    checked = check(folder, load_public_key(key_path) if key_path else None)
    if checked.statement is not None:
        said = checked.statement.predicate
        out.print(f"[bold]{escape(said.table)}[/bold] version {said.version}: {many(said.rows, 'document')}, "
                  f"{many(said.tokens, 'token')}, {many(len(said.shards), 'shard')}")
        if said.held_to and said.held_to.caveat:
            out.print(f"[yellow]{escape(said.held_to.caveat)}[/yellow]")
    for note in checked.notes:
        out.print(f"[yellow]{escape(note)}[/yellow]")
    for fault in checked.faults[:_NAMED]:
        out.print(f"[red]{escape(fault)}[/red]")
    if len(checked.faults) > _NAMED:
        out.print(f"[red]and {len(checked.faults) - _NAMED:,} more[/red]")
    if checked.faults:
        raise click.ClickException(f"{folder} is not what it says: {first_of(checked.faults)}")
    by = f", signed by key {checked.signed_by}" if key_path else ""
    out.print(f"[green]shards, notice, cards and attestation agree{by}[/green]")
