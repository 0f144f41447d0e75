"""`data-platform card`: a mixture in the words of Croissant and SPDX, and whom it credits."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from data_platform.cli.common import RECIPE, out, workspace_of
from data_platform.core.errors import faults_of, many


@click.command()
@click.argument("mixture")
@click.option("--format", "format_", type=click.Choice(["croissant", "spdx", "notice"]), default=None,
              help="Print this card. Without: all of them, to --output.")
@click.option("--output", "folder", type=click.Path(file_okay=False, path_type=Path), default=None,
              help="Folder to write to: croissant.json, spdx.json, NOTICE.")
@click.option("--version", type=int, default=None, help="Version of the mixture. Default: the latest.")
@RECIPE
def card(
    mixture: str, format_: str | None, folder: Path | None, version: int | None, recipe_path: str | None
) -> None:
    """Say what MIXTURE is and whom it credits: a Croissant card, an SPDX document, a NOTICE file.

    Cards with the files of an export, through which loaders read records, lie in the folder of the export.
    """
    from data_platform.publish.account import account_of
    from data_platform.publish.cards import FILES, write_card

    if format_ is None and folder is None:
        raise click.UsageError("give --format to print one card, --output to write all of them, or both")
    account = account_of(workspace_of(mixture, recipe_path).lake, mixture, version)
    if folder is None:
        write_card(account, str(format_), sys.stdout)
        return
    names = [format_] if format_ else list(FILES)
    with faults_of(folder):
        folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        path = folder / FILES[name]
        with faults_of(path), path.open("w", encoding="utf-8", newline="\n") as stream:
            write_card(account, name, stream)
    out.print(f"{account.table} version {account.version}: {many(account.documents, 'document')} under "
              f"{many(len(account.licenses), 'licence')}; {', '.join(FILES[name] for name in names)} in {folder}")
