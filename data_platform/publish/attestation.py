"""The attestation of an export: what its files are, what they were made of, and how much of it is under which licence.

A statement of in-toto (https://in-toto.io/Statement/v1): subjects are all files of the export with their SHA-256, the
predicate is the platform's own. Its `resolvedDependencies` are those of SLSA's provenance
(https://slsa.dev/spec/v1.1/provenance), whose other parts have no place for licences. It lies beside the files as
`attestation.json`; if a key was given, `attestation.dsse.json` is the same statement in an envelope that is signed
(`signing.py`), and the statement names the key. `SHA256SUMS`, which `sha256sum -c` reads, lists all files, the
attestation among them. No time of day is in it: the same export of the same lake is the same statement.

Belongs here: the statement, and writing it. Not here: checking it (`check_export.py`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from data_platform.core.tables import kind_of
from data_platform.lake import chain
from data_platform.lake.lake import VersionGone
from data_platform.licenses.weights import KEY
from data_platform.publish.account import Account, Archive
from data_platform.publish.shards import digests_of
from data_platform.publish.signing import envelope, key_id, public_pem

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "urn:data-platform:export:v1"
ATTESTATION, ENVELOPE, SUMS = "attestation.json", "attestation.dsse.json", "SHA256SUMS"
UNCOVERED = (ATTESTATION, ENVELOPE, SUMS)
"""Files of an export that are no subjects: they say what the subjects are."""
_HEX = frozenset("0123456789abcdef")


def predicate(account: Account, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """What is attested of an export beside its files' digests."""
    return {
        **{name: manifest[name] for name in ("table", "table_id", "version", "format", "recipe", "run_id", "as_of",
                                             "asked_of", "rows", "tokens")},
        **({"taken_down": manifest["taken_down"]} if manifest.get("taken_down") else {}),
        "licenses": licenses_of(account.licenses),
        "shards": manifest["shards"],
        "resolvedDependencies": list(_materials(account)),
        "lake": lake_head(account),
    }


def licenses_of(licenses: Sequence[tuple[str, int, int, int]]) -> list[dict[str, Any]]:
    """Documents and tokens by licence and tier, as the attestation has them, the freest first."""
    return [{"license_spdx": spdx, "license_tier": tier, "documents": documents, "tokens": tokens}
            for spdx, tier, documents, tokens in licenses]


def lake_head(account: Account) -> dict[str, Any]:
    """The head of the lake's history, and the links that it is made of."""
    links = chain.ends(account.lake)
    return {"head": chain.head_of(links),
            "links": {name: {"version": link.version, "link": link.digest} for name, link in sorted(links.items())}}


def _materials(account: Account) -> Iterator[dict[str, Any]]:
    """What the export was made of and by, as resource descriptors of in-toto."""
    commit = account.commit
    distribution = metadata.version("data-platform")
    yield {
        "name": "code data-platform", **_digest("gitCommit", commit["git_commit"]),
        "annotations": {"version": distribution, "code_version": commit["code_version"],
                        "git_commit": commit["git_commit"]},
    }
    if account.asked:
        yield {"name": f"recipe {account.asked.recipe}", "digest": {"sha256": account.asked.digest}}
    for resolver in sorted({found for row in account.commits.values()
                            if (found := json.loads(row["config"]).get("resolver"))}):
        yield {"name": f"resolver {resolver}"}
    asked = {pair for row in account.commits.values() for pair in json.loads(row["config"]).get(KEY, {}).items()}
    for name, digest in sorted(asked):
        yield {"name": f"model {name}", **_digest("sha256", digest), "annotations": {"decides": "licences"}}
    for (name, partition), row in account.commits.items():
        if kind_of(name) == "trainer":
            yield from _models(account, name, row["version"])
        yield {
            "name": f"table {name}{f'/{partition}' if partition else ''}",
            "annotations": {key: row[key] for key in ("table_id", "version", "rows", "recipe", "code_version",
                                                      "git_commit", "run_id")},
        }
    yield from map(_archive, account.archives)


def _models(account: Account, name: str, version: int) -> Iterator[dict[str, Any]]:
    columns = ["model_id", "uri", "sha256", "license_spdx"]
    try:
        rows = account.lake.read_table(name, columns, version=version).to_pylist()
    except VersionGone:
        yield {"name": f"models of table {name}", "annotations": {"deleted": "a takedown deleted what names them"}}
        return
    for row in rows:
        yield {"name": f"model {row['model_id']}", "uri": _plain(row["uri"]), **_digest("sha256", row["sha256"]),
               "annotations": {"table": name, "license_spdx": row["license_spdx"]}}


def _archive(archive: Archive) -> dict[str, Any]:
    algorithm, _, value = archive.fingerprint.partition(":")
    known = _digest(algorithm, value) if algorithm in ("sha256", "sha1") else {}
    return {
        "name": f"archive {archive.source}/{archive.snapshot}/{archive.name}", "uri": _plain(archive.uri), **known,
        "annotations": {"fingerprint": archive.fingerprint},
    }


def _digest(algorithm: str, value: str) -> dict[str, Any]:
    return {"digest": {algorithm: value}} if value and _HEX.issuperset(value) else {}


def _plain(uri: str) -> str:
    """An address without user, password and query, which may be keys."""
    try:
        parts = urlsplit(uri)
        if not parts.netloc:
            return uri
        return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
    except ValueError:
        return ""


def write_attestation(
    folder: Path, files: Sequence[str], said: Mapping[str, Any], key: Ed25519PrivateKey | None = None,
    unsigned: str = "no key was given",
) -> None:
    """Attest the files of a folder that are named.

    Args:
        said: the predicate.
        key: signs the statement.
        unsigned: why it is not signed, if it is not.
    """
    digests = {name: digests_of(folder / name).sha256 for name in sorted(files)}
    signer = {"signed_by": {"keyid": key_id(key), "public_key": public_pem(key)}} if key else {
        "signed_by": None, "unsigned_because": unsigned}
    document = {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": name, "digest": {"sha256": digest}} for name, digest in digests.items()],
        "predicateType": PREDICATE_TYPE,
        "predicate": {**said, **signer},
    }
    content = (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode()
    (folder / ATTESTATION).write_bytes(content)
    if key:
        (folder / ENVELOPE).write_bytes(envelope(content, key))
    for name in (ATTESTATION, ENVELOPE) if key else (ATTESTATION,):
        digests[name] = digests_of(folder / name).sha256
    (folder / SUMS).write_text(sums_of(digests), encoding="utf-8", newline="\n")


def sums_of(digests: Mapping[str, str]) -> str:
    """The list that `sha256sum -c` reads."""
    return "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items()))
