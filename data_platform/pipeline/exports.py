"""Exports that were damaged, written again from the versions that they are exports of.

Whether a version may be published is asked as for any export. Not here: what damage is (`publish/recorded.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from data_platform.core.errors import PlainError
from data_platform.pipeline.publish import publish
from data_platform.pipeline.repair import Repair
from data_platform.publish.recorded import Recorded, damage_of, recorded_exports, set_aside
from data_platform.run.workspace import Workspace
from data_platform.takedown.outside import read_manifest

GONE = "is not there any more"


def repair_exports(workspace: Workspace, gone: bool = False) -> Iterator[Repair]:
    """Write damaged exports again, each to where it was; what is left of it is set aside beside it.

    Args:
        gone: whether those are written again, too, whose folder is gone as a whole.
    """
    for export in recorded_exports(workspace.lake):
        lacking = [GONE] if gone else []
        if found := damage_of(export, contents=True) if export.is_there else lacking:
            yield Repair(f"export {export.path}", tuple(found), _restored(workspace, export))


def _restored(workspace: Workspace, export: Recorded) -> str:
    """Write an export again; says what was done, or why it could not be."""
    aside: Path | None = None
    as_of, signed = _as_of(workspace, export), (export.path / "attestation.dsse.json").exists()
    try:
        if export.is_there:
            aside = set_aside(export.path)
        publish(workspace, export.table, export.format, export.path, export.path.parent, as_of)
    except PlainError as error:
        if aside is not None:
            aside.rename(export.path)
        return f"left as it is: {error}"
    again = "; it was signed: sign it again with data-platform export --key" if signed else ""
    return f"written again{f'; what was left of it is in {aside}' if aside else ''}{again}"


def _as_of(workspace: Workspace, export: Recorded) -> int | None:
    """The version that it is an export of as what it was; None if it is one of today."""
    stated = read_manifest(export.path)
    if "as_of" in stated:
        return stated["as_of"]
    pin = workspace.lake.pin(export.table)
    return None if pin and pin.version == export.version else export.version
