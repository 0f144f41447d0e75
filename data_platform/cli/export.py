"""`data-platform export`: training shards with a manifest."""

from __future__ import annotations

from pathlib import Path

import click

from data_platform.cli.common import RECIPE, out, workspace_of
from data_platform.core.errors import many
from data_platform.core.settings import home


@click.command()
@click.argument("mixture")
@click.option("--format", "format_", type=click.Choice(["parquet", "jsonl.zst"]), default="parquet", show_default=True)
@click.option("--to", "folder", type=click.Path(file_okay=False, path_type=Path), default=None,
              help="Folder to write. Default: exports/<mixture>-v<version>-<format> in the platform's home.")
@RECIPE
def export(mixture: str, format_: str, folder: Path | None, recipe_path: str | None) -> None:
    """Write MIXTURE as training shards, each row with its id and licence, and a manifest.

    Refused if the licence of a source changed, or rows were taken down, since the mixture was built, or if any row of
    it cannot be proven from the tables, as `data-platform audit` does.
    """
    from data_platform.pipeline.staleness import ensure_publishable
    from data_platform.proof.gate import refuse_unproven
    from data_platform.proof.trace import mixture_table_name
    from data_platform.publish.export import export_mixture

    workspace = workspace_of(mixture, recipe_path)
    name = mixture_table_name(workspace.lake, mixture)
    ensure_publishable(workspace, name)
    refuse_unproven(workspace.lake, name)
    written, manifest = export_mixture(workspace.lake, mixture, format_, folder, home() / "exports")
    out.print(
        f"{manifest['table']} version {manifest['version']}: {manifest['rows']:,} documents, "
        f"{manifest['tokens']:,} tokens, {many(len(manifest['shards']), 'shard')} in {written}"
    )
