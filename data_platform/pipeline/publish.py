"""The one way out of the house: what is asked before a mixture is exported, and the export.

Not here: what differs today (`today.py`), what is proven of rows (`data_platform.proof`), and what an export holds
(`data_platform.publish`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from data_platform.pipeline.today import (
    Today,
    ensure_publishable,
    refuse_during_takedown,
    refuse_taken_down,
    refuse_unchecked,
)
from data_platform.proof.gate import refuse_unproven
from data_platform.proof.trace import mixture_table_name
from data_platform.publish.account import Asked
from data_platform.publish.export import export_mixture
from data_platform.publish.shards import Format
from data_platform.run.workspace import Workspace


def publish(
    workspace: Workspace, mixture: str, format: Format, folder: Path | None, default_root: Path,
    as_of: int | None = None, key: Ed25519PrivateKey | None = None,
) -> tuple[Path, dict[str, Any]]:
    """Export a mixture if it is what the recipe makes today, or a stated version as what it was.

    Either way every row is proven from the tables, what it was made of has passed its checks, and nothing is published
    during a takedown or that was taken down.

    Args:
        folder, default_root: as of `export_mixture`.
        key: signs the attestation.
        as_of: the version that is exported though it is not of today; manifest, cards and attestation say so.

    Returns the folder and the manifest.

    Raises:
        NotFound: if there is no such mixture or version.
        NotPublishable: with all that differs today, and what to run.
        Unproven: if something cannot be proven.
        ExportExists: if `folder` exists and is not this very export.
    """
    lake, name = workspace.lake, mixture_table_name(workspace.lake, mixture)
    if as_of is None:
        ensure_publishable(workspace, name)
        differences: tuple[str, ...] = ()
    else:
        refuse_during_takedown(workspace)
        differences = tuple(str(one) for one in Today(workspace).differences(name, as_of))
    refuse_unproven(lake, name, as_of, workspace)
    refuse_unchecked(workspace, name, as_of, of_today=as_of is None)
    version = lake.history(name)[0]["version"] if as_of is None else as_of
    refuse_taken_down(workspace, name, version)
    asked = Asked(workspace.recipe.name, workspace.recipe.digest, as_of, differences)
    return export_mixture(lake, name, format, folder, default_root, version=version, asked=asked, key=key)
