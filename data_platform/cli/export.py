"""`data-platform export`: training shards with a manifest."""

from __future__ import annotations

from pathlib import Path

import click

from data_platform.cli.common import KEY, RECIPE, out, workspace_of
from data_platform.core.errors import many
from data_platform.core.settings import home


@click.command()
@click.argument("mixture")
@click.option("--format", "format_", type=click.Choice(["parquet", "jsonl.zst"]), default="parquet", show_default=True)
@click.option("--to", "folder", type=click.Path(file_okay=False, path_type=Path), default=None,
              help="Folder to write. Default: exports/<mixture>-v<version>-<format> in the platform's home.")
@click.option("--as-of", type=int, default=None, metavar="VERSION",
              help="Export this version as what it was, though the recipe makes another one today. Manifest, cards and "
                   "attestation say so, with all that differs.")
@KEY
@RECIPE
def export(
    mixture: str, format_: str, folder: Path | None, as_of: int | None, key_path: Path | None, recipe_path: str | None
) -> None:
    """Write MIXTURE as training shards, each row with its id and licence, and a manifest.

    Refused if the table is not what the recipe makes today: other tiers, classes or weights, another resolver, a
    mixture or source that left the recipe, another recipe's table, a changed licence or ruling, other code, or inputs
    that were made anew. Refused, too, if rows were taken down, a check failed, or any row cannot be proven from the
    tables, as `data-platform audit` does.
    """
    from data_platform.pipeline.publish import publish
    from data_platform.publish.signing import load_private_key

    key = load_private_key(key_path) if key_path else None
    written, manifest = publish(
        workspace_of(mixture, recipe_path), mixture, format_, folder, home() / "exports", as_of, key
    )
    out.print(
        f"{manifest['table']} version {manifest['version']}: {manifest['rows']:,} documents, "
        f"{manifest['tokens']:,} tokens, {many(len(manifest['shards']), 'shard')} in {written}"
    )
    if as_of is not None:
        differences = manifest["asked_of"]["differences"]
        out.print(f"as of version {as_of}; what differs today: {'; '.join(differences) or 'nothing'}")
