"""All that lies beside the shards of an export: cards, notice, manifest and attestation, written from the shards.

The one function that writes it is called for a new export and for one from which rows were taken: whatever the shards
hold, all else says the same. Not here: the shards (`export.py`, and takedowns), and what any file says (a module each).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from data_platform.lake.lake import Lake
from data_platform.proof.trace import NotFound
from data_platform.publish.account import Account, Asked, File, Share, shares_by_key, shares_of
from data_platform.publish.attestation import ATTESTATION, ENVELOPE, SUMS, UNCOVERED, predicate, write_attestation
from data_platform.publish.cards import FILES, write_cards
from data_platform.publish.shards import COUNTED, MEDIA_TYPES, digests_of, read_shards

MANIFEST = "manifest.json"


def accompany(
    lake: Lake, folder: Path, stated: Mapping[str, Any], shards: Sequence[str], asked: Asked | None = None,
    key: Ed25519PrivateKey | None = None, unsigned: str = "no key was given",
) -> dict[str, Any]:
    """Write everything that accompanies shards, from these, over what lies there; returns the manifest.

    Args:
        folder: holds the shards. Files of other names than those of an export are left alone.
        stated: table, table_id, version and format, and what else the manifest is to say and the shards do not.
        shards: names of the shards in their order.
        asked: what the export was held to.
        key, unsigned: as of `write_attestation`.

    Raises:
        NotFound: if the lake has no such version of the table any more.
        ShardUnreadable: if a shard cannot be read.
    """
    commit = _commit(lake, stated)
    files, shares = _count(folder, shards)
    for name in UNCOVERED:
        (folder / name).unlink(missing_ok=True)  # what was attested before is not so any more
    account = Account(lake, stated["table"], commit, shares, files, MEDIA_TYPES[stated["format"]],
                      asked, folder)
    manifest = {
        **stated, "as_of": asked.as_of if asked else None, "asked_of": asked and asked.to_dict(),
        "recipe": commit["recipe"], "code_version": commit["code_version"], "run_id": commit["run_id"],
        **_counted(account),
    }
    manifest["cards"] = [str(path.relative_to(folder).as_posix()) for path in write_cards(account, folder)]
    manifest["cards_sha256"] = {name: digests_of(folder / name)[1] for name in manifest["cards"]}
    # The last of them is written last: where it is, all is.
    manifest["attestation"] = [ATTESTATION, *([ENVELOPE] if key else []), SUMS]
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    names = [*shards, *manifest["cards"], MANIFEST]
    write_attestation(folder, names, predicate(account, manifest), key, unsigned)
    return manifest


def accompany_again(
    lake: Lake, folder: Path, manifest: Mapping[str, Any], key: Ed25519PrivateKey | None = None
) -> str:
    """Write everything that accompanies shards anew, after rows were taken out of these. Arguments as of `accompany`;
    takedowns are given it with lake and key (`Places.accompany`).

    Returns what is to be known of it: that it is not signed any more, if it was and no key is given.

    Raises:
        NotFound, ShardUnreadable: as of `accompany`.
    """
    stated = {name: manifest[name] for name in ("table", "table_id", "version", "format", "taken_down")}
    names = [shard["file"] for shard in manifest["shards"]]
    why = f"rows were taken out by {', '.join(manifest['taken_down'])}, and no key was given"
    was_signed = ENVELOPE in manifest.get("attestation", ())
    try:
        _commit(lake, stated)
    except NotFound:
        _strip(folder, manifest, names)
        return "without cards, notice and attestation: the lake has no longer what it was made of"
    accompany(lake, folder, stated, names, read_asked(manifest), key, why)
    return "not signed any more, for no key was given" if was_signed and not key else ""


def read_asked(manifest: Mapping[str, Any]) -> Asked | None:
    """What a manifest says that its export was held to."""
    asked = manifest.get("asked_of")
    if not asked:
        return None
    return Asked(asked["recipe"], asked["digest"], manifest.get("as_of"), tuple(asked["differences"]))


def _commit(lake: Lake, stated: Mapping[str, Any]) -> dict[str, Any]:
    """The commit that made the version of a table that an export is of.

    Raises:
        NotFound: if there is none in the lake.
    """
    history = lake.history(stated["table"]) if lake.exists(stated["table"]) else []
    for row in history:
        if (row["table_id"], row["version"]) == (stated["table_id"], stated["version"]):
            return row
    raise NotFound(f"{stated['table']} has no version {stated['version']} with the id {stated['table_id']}")


def _count(folder: Path, shards: Sequence[str]) -> tuple[tuple[File, ...], tuple[Share, ...]]:
    """The shards as files, and the licences of their rows."""
    files, counted = [], []
    for name in shards:
        rows = 0
        for batch in read_shards(folder, [name], COUNTED):
            rows += batch.num_rows
            counted.append(shares_by_key(batch))
        size, sha256, _ = digests_of(folder / name)
        files.append(File(name, rows, size, sha256))
    return tuple(files), shares_of(counted)


def _counted(account: Account) -> dict[str, Any]:
    """What the manifest says that is counted."""
    return {
        "rows": account.documents, "tokens": account.tokens, "tokens_by_license": account.tokens_by_license,
        "shards": [{"file": file.name, "rows": file.rows, "bytes": file.bytes, "sha256": file.sha256}
                   for file in account.files],
    }


def _strip(folder: Path, manifest: Mapping[str, Any], shards: Sequence[str]) -> None:
    """Leave nothing beside shards but a manifest that counts them: what cannot be written anew would name what went."""
    files, shares = _count(folder, shards)
    for name in (*FILES.values(), *UNCOVERED):
        (folder / name).unlink(missing_ok=True)
    account = Account(None, manifest["table"], {}, shares, files)
    left = {**manifest, **_counted(account), "cards": [], "attestation": [], "cards_sha256": {}}
    (folder / MANIFEST).write_text(json.dumps(left, indent=2) + "\n", encoding="utf-8")
