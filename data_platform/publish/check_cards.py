"""Whether the manifest and the cards of an export say what its shards hold: all that can be counted again is.

Expected is what the modules of the cards write for the rows and files that are there. Not here: the notice
(`check_notice.py`), and what only the lake knows, such as the commits that an export was made of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from data_platform.core.tables import PUBLISHED, kind_of
from data_platform.publish import croissant, spdx_document
from data_platform.publish.account import Account, File, Share
from data_platform.publish.shards import MEDIA_TYPES, Digests
from data_platform.publish.statement import Statement, Unreadable, read_json

CARDS = ("manifest.json", "croissant.json", "spdx.json", "NOTICE")
"""What has to lie beside the shards."""
_SAME = ("table", "table_id", "version", "format", "recipe", "run_id", "as_of", "rows", "tokens")


def card_faults(
    folder: Path, statement: Statement, shares: Sequence[Share], digests: Mapping[str, Digests], rows: Mapping[str, int]
) -> Iterator[str]:
    """Where manifest and cards disagree with the shards, or with the statement.

    Args:
        shares: counts over the shards.
        digests: of the files that are there.
        rows: counted rows by shard.
    """
    said = statement.predicate
    covered = {subject.name for subject in statement.subject}
    yield from (f"{name}: none of the attested files" for name in CARDS if name not in covered)
    if kind_of(said.table) not in PUBLISHED or said.format not in MEDIA_TYPES:
        yield "attestation.json: a table or a format of shards that the platform does not know"
        return
    files = tuple(File(name, count, digests[name].bytes, digests[name].sha256) for name, count in rows.items())
    commit = {"version": said.version, "table_id": said.table_id, "recipe": said.recipe}
    account = Account(None, said.table, commit, tuple(shares), files, MEDIA_TYPES[said.format],
                      said.held_to, folder)
    for name, faults in (("manifest.json", _manifest), ("croissant.json", _croissant), ("spdx.json", _spdx)):
        if name not in digests:
            continue
        try:
            card = read_json(folder / name)[1]
        except Unreadable as error:
            yield str(error)
            continue
        yield from (f"{name}: {fault}" for fault in faults(card, account, statement, digests))


def _manifest(
    card: Any, account: Account, statement: Statement, digests: Mapping[str, Digests]
) -> Iterator[str]:
    if not isinstance(card, dict):
        yield "no object"
        return
    said = statement.predicate.model_dump()
    for name in (*_SAME, "asked_of", "shards", "taken_down"):
        if _at(card, name) != said[name] and (name != "taken_down" or name in card or said[name]):
            yield f"{name} is not as the attestation has it"
    if _at(card, "tokens_by_license") != account.tokens_by_license:
        yield "tokens by licence are not those of the shards"
    covered = {subject.name for subject in statement.subject}
    cards = _at(card, "cards")
    if not isinstance(cards, list) or {name for name in cards if isinstance(name, str)} | {"manifest.json"} | {
            file.name for file in account.files} != covered:
        yield "it names other files than the attestation"


def _croissant(
    card: Any, account: Account, statement: Statement, digests: Mapping[str, Digests]
) -> Iterator[str]:
    for name, value in croissant.counted(account).items():
        if _at(card, name) != value:
            yield f"{name} is not what the shards give"


def _spdx(
    card: Any, account: Account, statement: Statement, digests: Mapping[str, Digests]
) -> Iterator[str]:
    sha1s = {file.name: digests[file.name].sha1 for file in account.files}
    yield from _differing(_listed(card, "files"), [
        spdx_document.counted_file(account, file, sha1s[file.name]) for file in account.files
    ], "file", "fileName")
    yield from _differing(_listed(card, "packages"), [
        spdx_document.counted_package(account, sha1s),
        *(spdx_document.counted_source(account, *source) for source in account.sources),
    ], "package", "name")
    if account.caveat and account.caveat not in str(_at(_first(_listed(card, "packages")), "comment")):
        yield "it does not say that this is an export of an old version, and what differs"


def _differing(found: list[Any], expected: list[dict[str, Any]], kind: str, name: str) -> Iterator[str]:
    """Where entries of a list are not, one by one, what is expected of them."""
    if len(found) != len(expected):
        yield f"{len(found):,} entries of kind {kind}, and the shards give {len(expected):,}"
        return
    for one, wanted in zip(found, expected, strict=True):
        if wrong := [field for field, value in wanted.items() if _at(one, field) != value]:
            yield f"{kind} {wanted[name]}: {', '.join(wrong)} not what the shards give"


def _at(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


def _listed(value: Any, name: str) -> list[Any]:
    found = _at(value, name)
    return found if isinstance(found, list) else []


def _first(values: list[Any]) -> Any:
    return values[0] if values else None
