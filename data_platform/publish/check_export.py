"""Whether an export is what its attestation says: asked of the folder alone, without a lake and without a network.

Every file has the digest that is attested, none is missing and none is there beside; every row is counted again from
the shards, and rows, documents and tokens by licence and tier agree with attestation, manifest and cards; each document
that asks for credit has it in the notice, with the texts of its licences; the signature is of the key that was given.
All that disagrees is named. What is found of a file that came from anywhere is told without its content.

Belongs here: files, rows and signature. Not here: what a card or a notice has to say (`check_cards.py`,
`check_notice.py`), and the form of a statement (`statement.py`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from data_platform.core.errors import PlainError, many
from data_platform.publish.account import Share, shares_by_key, shares_of
from data_platform.publish.attestation import ATTESTATION, ENVELOPE, SUMS, UNCOVERED, licenses_of, sums_of
from data_platform.publish.check_cards import card_faults
from data_platform.publish.check_notice import notice_faults
from data_platform.publish.shards import COUNTED, Digests, ShardUnreadable, digests_of, read_shards
from data_platform.publish.signing import (
    EnvelopeUnreadable,
    faults_of,
    key_id,
    parse_public_pem,
    read_envelope,
)
from data_platform.publish.statement import Statement, Unreadable, read_json, read_statement
from data_platform.spdx.expressions import parse
from data_platform.spdx.tiers import tier

_NAMED = 5
_READERS = 2


class NoExport(PlainError, LookupError):
    """A folder that is none, or that holds no attestation."""


@dataclass
class Checked:
    """What came of a check.

    Attributes:
        faults: all that disagrees, in words; empty if the export is what it says.
        notes: what was not asked, or is to be known.
        signed_by: id of the key that the statement says it was signed by.
        statement: the statement, if it could be read.
    """

    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    signed_by: str | None = None
    statement: Statement | None = None


def check_export(folder: Path, key: Ed25519PublicKey | None = None) -> Checked:
    """Check an export.

    Args:
        key: the key that it has to be signed by; without one, a signature is held against the statement alone.

    Raises:
        NoExport: if there is nothing to check.
    """
    if not folder.is_dir():
        raise NoExport(f"{folder}: no folder")
    checked = Checked()
    there = _files(folder, checked)
    if ATTESTATION not in there:
        raise NoExport(f"{folder}: no {ATTESTATION}: nothing says what this export is")
    try:
        content, document = read_json(folder / ATTESTATION)
        checked.statement = read_statement(ATTESTATION, document)
    except Unreadable as error:
        checked.faults.append(str(error))
        return checked
    _signature(folder, content, there, checked, key)
    digests = _digests(folder, checked.statement, there, checked)
    _rows(folder, checked.statement, digests, checked)
    return checked


def signer_of(folder: Path) -> str | None:
    """Id of the key that an export says it was signed by.

    Raises:
        Unreadable: if its statement cannot be read.
    """
    statement = read_statement(ATTESTATION, read_json(folder / ATTESTATION)[1])
    return statement.predicate.signed_by.keyid if statement.predicate.signed_by else None


def _files(folder: Path, checked: Checked) -> set[str]:
    """The files below a folder by their names in it; links and what else is no file are faults, and not followed."""
    found = set()
    queue = [folder]
    while queue:
        place = queue.pop()
        try:
            entries = list(os.scandir(place))
        except OSError as error:
            checked.faults.append(f"{_shown(place.relative_to(folder).as_posix())}: cannot be read: {error.strerror}")
            continue
        if not entries and place != folder:
            checked.faults.append(f"{_shown(place.relative_to(folder).as_posix())}: a folder with nothing in it, which "
                                  "an export has none of")
        for entry in entries:
            name = Path(entry.path).relative_to(folder).as_posix()
            if entry.is_symlink():
                checked.faults.append(f"{_shown(name)}: a link, which an export has none of")
            elif entry.is_dir(follow_symlinks=False):
                queue.append(Path(entry.path))
            elif entry.is_file(follow_symlinks=False):
                found.add(name)
            else:
                checked.faults.append(f"{_shown(name)}: neither file nor folder")
    return found


def _signature(
    folder: Path, content: bytes, there: set[str], checked: Checked, key: Ed25519PublicKey | None
) -> None:
    """Hold the envelope, if there is one, against the statement and a key."""
    signer = checked.statement.predicate.signed_by
    checked.signed_by = signer and signer.keyid
    if ENVELOPE not in there:
        if signer:
            checked.faults.append(f"{ENVELOPE}: missing, and the attestation says that key {signer.keyid} signed it")
        if key:
            checked.faults.append(f"not signed, and a key was given: {key_id(key)}")
        elif not signer:
            checked.notes.append("not signed: whoever can change the folder can change the attestation with it")
        return
    try:
        signed = read_envelope(_object(read_json(folder / ENVELOPE)[1]))
    except (Unreadable, EnvelopeUnreadable) as error:
        checked.faults.append(f"{ENVELOPE}: {str(error).removeprefix(f'{ENVELOPE}: ')}")
        return
    if signed.payload != content:
        checked.faults.append(f"{ENVELOPE}: what is signed is another statement than {ATTESTATION}")
    if signer is None:
        checked.faults.append(f"{ENVELOPE}: a signature, and the attestation says that there is none")
    else:
        named = parse_public_pem(signer.public_key)
        if named is None or key_id(named) != signer.keyid:
            checked.faults.append(f"{ATTESTATION}: the key that it names is not the one whose id it gives")
        else:
            checked.faults += [f"{ENVELOPE}: {fault}" for fault in faults_of(signed, named)]
    if key:
        checked.faults += [fault for fault in (f"{ENVELOPE}: {fault}" for fault in faults_of(signed, key))
                           if fault not in checked.faults]
    else:
        checked.notes.append("signature not checked: it is of the key that the attestation itself names; give --key")


def _object(value: object) -> dict:
    if not isinstance(value, dict):
        raise EnvelopeUnreadable("no object")
    return value


def _digests(folder: Path, statement: Statement, there: set[str], checked: Checked) -> dict[str, Digests]:
    """Digests of the files that are there, held against the attested ones, and the list of sums."""
    attested = {subject.name: subject.digest.sha256 for subject in statement.subject}
    beside = {name for name in UNCOVERED if name in there}
    checked.faults += [f"{_shown(name)}: missing" for name in sorted(attested.keys() - there)]
    checked.faults += [f"{_shown(name)}: not of the export" for name in sorted(there - attested.keys() - beside)]
    names = sorted(there & (attested.keys() | beside))
    with ThreadPoolExecutor(_READERS) as pool:
        found = dict(zip(names, pool.map(lambda name: digests_of(folder / name), names), strict=True))
    for name, digest in attested.items():
        if name in found and found[name].sha256 != digest:
            checked.faults.append(f"{_shown(name)}: not the bytes that are attested")
    if SUMS not in there:
        checked.faults.append(f"{SUMS}: missing")
    else:
        listed = {**attested, **{name: found[name].sha256 for name in beside if name != SUMS}}
        if found[SUMS].bytes != len(wanted := sums_of(listed).encode()) or (folder / SUMS).read_bytes() != wanted:
            checked.faults.append(f"{SUMS}: does not list what is attested, and the attestation as it is")
    return found


def _rows(folder: Path, statement: Statement, digests: dict[str, Digests], checked: Checked) -> None:
    """Count the shards again, and hold attestation, manifest, cards and notice against that."""
    said = statement.predicate
    listed = [shard.file for shard in said.shards]
    covered = {subject.name for subject in statement.subject}
    if len(set(listed)) < len(listed):
        checked.faults.append(f"{ATTESTATION}: names a shard more than once")
    checked.faults += [f"{ATTESTATION}: shard {name} is none of its subjects" for name in listed if name not in covered]
    checked.faults += [f"{name}: a shard of which the attestation counts no rows" for name in sorted(covered)
                       if name.startswith("shard-") and name not in listed]
    counted, ids, rows_of = [], [], {}
    for shard in said.shards:
        if shard.file not in digests:
            continue
        if (digests[shard.file].bytes, digests[shard.file].sha256) != (shard.bytes, shard.sha256):
            checked.faults.append(f"{shard.file}: not the bytes and digest that the attestation gives the shard")
        rows = 0
        try:
            for batch in read_shards(folder, [shard.file], COUNTED):
                rows += batch.num_rows
                counted.append(shares_by_key(batch))
                ids.append(batch.select(["doc_id", "license_spdx", "license_tier"]))
        except ShardUnreadable as error:
            checked.faults.append(str(error))
            continue
        rows_of[shard.file] = rows
        if rows != shard.rows:
            checked.faults.append(f"{shard.file}: {many(rows, 'row')}, and {shard.rows:,} are attested")
    shares = shares_of(counted)
    licenses = _licenses(shares)
    checked.faults += _license_faults(licenses, statement)
    found = pa.Table.from_batches(ids, _ROWS) if ids else _ROWS.empty_table()
    if unknown := [spdx for spdx, *_ in licenses if not _known(spdx)]:
        # What is asked further is asked by licence.
        checked.faults.append(f"the shards have {many(len(unknown), 'licence')} that no SPDX expression of known "
                              f"licences states, such as {_shown(unknown[0])}")
        return
    checked.faults += _row_faults(found)
    try:
        checked.faults += list(card_faults(folder, statement, shares, digests, rows_of))
    except ShardUnreadable as error:
        checked.faults.append(str(error))
    if "NOTICE" in digests:
        caveat = said.held_to.caveat if said.held_to else ""
        checked.faults += notice_faults(folder / "NOTICE", found, licenses, caveat)


_ROWS = pa.schema([COUNTED.field(name) for name in ("doc_id", "license_spdx", "license_tier")])


def _licenses(shares: Sequence[Share]) -> list[tuple[str, int, int, int]]:
    """Expression, tier, documents and tokens of shares, as `Account.licenses` gives them."""
    sums: dict[tuple[int, str], list[int]] = {}
    for share in shares:
        one = sums.setdefault((share.license_tier, share.license_spdx), [0, 0])
        one[0] += share.documents
        one[1] += share.tokens
    return [(spdx, number, *sums[number, spdx]) for number, spdx in sorted(sums)]


def _known(spdx: str) -> bool:
    try:
        parse(spdx)
        return True
    except ValueError:
        return False


def _license_faults(licenses: list[tuple[str, int, int, int]], statement: Statement) -> Iterator[str]:
    """Where the sums over the shards are not those that are attested."""
    said = statement.predicate
    documents, tokens = (sum(row[place] for row in licenses) for place in (2, 3))
    if said.rows != documents:
        yield f"{ATTESTATION}: {said.rows:,} rows, and the shards have {documents:,}"
    if said.tokens != tokens:
        yield f"{ATTESTATION}: {said.tokens:,} tokens, and the shards have {tokens:,}"
    stated = [one.model_dump() for one in said.licenses]
    if stated == (counted := licenses_of(licenses)):
        return
    for one in counted:
        if one not in stated:
            yield (f"{ATTESTATION}: under {one['license_spdx']} (tier {one['license_tier']}) the shards have "
                   f"{one['documents']:,} documents with {one['tokens']:,} tokens, and that is not what it says")
    for one in stated:
        if one not in counted:
            yield f"{ATTESTATION}: documents under {_shown(one['license_spdx'])} that the shards do not have"
    if sorted(map(str, stated)) == sorted(map(str, counted)):
        yield f"{ATTESTATION}: licences in another order than by tier and name"


def _row_faults(rows: pa.Table) -> Iterator[str]:
    """Rows that are there twice, or whose tier is not that of their licence."""
    twice = rows.num_rows - pc.count_distinct(rows["doc_id"]).as_py() if rows.num_rows else 0
    if twice:
        yield f"{many(twice, 'row')} of the shards of a document that is there already"
    pairs = rows.group_by(["license_spdx", "license_tier"]).aggregate([("doc_id", "count")]).to_pylist()
    for pair in pairs:
        if (of := tier(pair["license_spdx"] or "")) > pair["license_tier"]:
            yield (f"{many(pair['doc_id_count'], 'row')} under {_shown(str(pair['license_spdx']))} in tier "
                   f"{pair['license_tier']}, and that licence is of tier {of}")


def _shown(name: str) -> str:
    """A name that comes from anywhere, fit for a terminal and not too long."""
    plain = "".join(sign if sign.isprintable() else "?" for sign in name)
    return plain if len(plain) <= 200 else f"{plain[:200]}..."
