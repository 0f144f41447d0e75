"""Exports that table `exports` knows: where they were written, and whether what was written is still there.

A folder that is gone as a whole was moved or deleted by its owner, who may. One that lacks files, or has files that are
cut, is damaged, and can be written again from the version that it is an export of. Not here: what an export has to hold
(`check_export.py`), and writing one (`export.py`).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

from data_platform.core.errors import many
from data_platform.lake.lake import Lake
from data_platform.publish.attestation import SUMS
from data_platform.takedown.outside import MANIFEST, is_being_mended


@dataclass(frozen=True)
class Recorded:
    """An export as it was recorded last: of which table and version, in which format, where, and the digest of its
    manifest, which has the digests of all that was written but the attestation."""

    table: str
    table_id: str
    version: int
    format: str
    path: Path
    manifest_sha256: str = field(default="", compare=False)

    @property
    def is_there(self) -> bool:
        """Whether its folder is."""
        return self.path.is_dir()


def recorded_exports(lake: Lake) -> list[Recorded]:
    """Every export that was recorded, the last of each folder, by folder."""
    if not lake.exists("exports"):
        return []
    names = ["mixture", "table_id", "version", "format", "path", "manifest_sha256"]
    found = {row["path"]: Recorded(row["mixture"], row["table_id"], row["version"], row["format"], Path(row["path"]),
                                   row["manifest_sha256"])
             for row in lake.read_in_order("exports", names).to_pylist()}
    return [found[path] for path in sorted(found)]


def lost_of(folder: Path) -> list[str]:
    """What an export lacks, in words: files that are not there, or not of the size that the manifest says. No shard is
    opened. Nothing, while a takedown mends it."""
    if is_being_mended(folder):
        return []
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        shards = {str(shard["file"]): int(shard["bytes"]) for shard in manifest["shards"]}
        others = [str(name) for name in (*manifest["cards"], *manifest["attestation"])]
    except FileNotFoundError:
        return [f"{MANIFEST} is not there"]
    except (OSError, ValueError, KeyError, TypeError):
        return [f"{MANIFEST} cannot be read"]
    sizes = {name: path.stat().st_size if (path := folder / name).is_file() else None for name in (*shards, *others)}
    gone = [name for name, size in sizes.items() if size is None]
    cut = [name for name, size in sizes.items() if size is not None and size != shards.get(name, size or -1)]
    said = []
    for what, names in (("not there", gone), ("cut, or of another size than was written", cut)):
        if names:
            more = f" and {many(len(names) - 1, 'other file')}" if len(names) > 1 else ""
            said.append(f"{names[0]}{more}: {what}")
    return said


def damage_of(export: Recorded, contents: bool) -> list[str]:
    """What an export that is there lacks, or has otherwise than it was written, in words. Its manifest has to be the
    one that was recorded: one that was written anew as a whole agrees with itself.

    Args:
        contents: whether all of it is read and held against the manifest and `SHA256SUMS`. What the cards of an export
            have to say changes with the code, and is asked by `check-export`.
    """
    folder = export.path
    if (lost := lost_of(folder)) or is_being_mended(folder):
        return lost
    if _digest(folder / MANIFEST) != export.manifest_sha256:
        return [f"{MANIFEST} is not the one that table exports knows: the export was written anew by somebody else"]
    if not contents:
        return []
    try:
        lines = (folder / SUMS).read_text(encoding="utf-8").splitlines()
        stated = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        known = {shard["file"]: shard["sha256"] for shard in manifest["shards"]} | manifest.get("cards_sha256", {})
    except (OSError, ValueError):
        return [f"{SUMS} cannot be read"]
    digests = {name: _digest(folder / name) for name in stated.keys() | known.keys()}
    other = sorted(name for name, digest in digests.items()
                   if {stated.get(name, digest), known.get(name, digest)} != {digest})
    more = f" and {many(len(other) - 1, 'other file')}" if len(other) > 1 else ""
    return [f"{other[0]}{more}: not of the bytes that were written"] if other else []


def _digest(path: Path) -> str | None:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return None


def set_aside(folder: Path) -> Path:
    """Move a damaged export out of the way, beside where it was; says where it is now."""
    number = 1
    while (target := folder.with_name(f"{folder.name}.damaged-{number}")).exists():
        number += 1
    return folder.rename(target)
