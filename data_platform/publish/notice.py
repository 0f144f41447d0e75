"""A NOTICE file: who is to be credited for what in a mixture, and under which licence.

Creative Commons licences ask for the creator, the title, the address and the licence with its address (CC BY 4.0,
section 3(a)(1)); software licences for the notice of their holders. Listed is every document under a licence that asks
for anything, with all that is known of these; documents in the public domain are counted. Documents are grouped by
licence, then by host, or by source where there is no host.

The list is sorted in a temporary database on disk, so that memory does not grow with the mixture. Titles are those of
`deduplicated_documents`. Belongs here: this format. Not here: what is said of the mixture as a whole (`account.py`).
"""

from __future__ import annotations

import json
import sqlite3
import tempfile
from collections.abc import Iterator
from itertools import repeat
from pathlib import Path
from typing import TextIO

import pyarrow.compute as pc

from data_platform.core.tables import table
from data_platform.publish.account import Account
from data_platform.publish.license_texts import OURS, address_of, meaning_of
from data_platform.spdx.expressions import identifiers_of
from data_platform.spdx.tiers import PUBLIC_DOMAIN

_RULE = "=" * 100
_THIN = "-" * 100
_COLUMNS = ("doc_id", "license_tier", "license_spdx", "host", "source", "url", "attribution", "title")
_BATCH_ROWS = 16_384


def write_notice(account: Account, out: TextIO) -> int:
    """Write the notice, and say how many documents are credited in it."""
    with tempfile.TemporaryDirectory(prefix="notice-") as folder:
        database = sqlite3.connect(Path(folder) / "notice.sqlite")
        try:
            _collect(account, database)
            return _write(account, database, out)
        finally:
            database.close()


def _collect(account: Account, database: sqlite3.Connection) -> None:
    """Fill the database: one row per document that is to be credited, and titles."""
    database.executescript("""
        PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA temp_store = FILE; PRAGMA cache_size = -65536;
        CREATE TABLE document (
            doc_id BLOB PRIMARY KEY, tier INTEGER, spdx TEXT, place TEXT, url TEXT, credit TEXT, title TEXT
        ) WITHOUT ROWID;
    """)
    lake = account.lake
    where = pc.field("license_tier") > PUBLIC_DOMAIN
    # Branches hold no credits, and branches and datastores have the titles themselves.
    columns = [name for name in _COLUMNS if name in table(account.table)]
    for batch in lake.read(account.table, columns, version=account.version, where=where, batch_rows=_BATCH_ROWS):
        values = (batch.column(name).to_pylist() if name in columns else repeat(None, batch.num_rows)
                  for name in _COLUMNS)
        database.executemany("INSERT INTO document VALUES (?, ?, ?, ?, ?, ?, ?)", (
            (bytes.fromhex(doc_id), tier, spdx, host or source, url, credit if credit != url else "", title)
            for doc_id, tier, spdx, host, source, url, credit, title in zip(*values, strict=True)
        ))
    pins = {} if "title" in columns else {
        (pin["table"], pin["partition"]): pin for made in account.made for pin in json.loads(made["inputs"])
        if pin["table"] == "deduplicated_documents"
    }
    for pin in pins.values():
        for batch in lake.read(pin["table"], ["doc_id", "title"], partition=pin["partition"] or None,
                               version=pin["version"], batch_rows=_BATCH_ROWS):
            named = batch.filter(pc.is_valid(batch.column("title")))
            database.executemany("UPDATE document SET title = ? WHERE doc_id = ?", zip(
                named.column("title").to_pylist(), map(bytes.fromhex, named.column("doc_id").to_pylist()), strict=True,
            ))
    # The order of the notice: rows are then read in it, without sorting.
    database.execute("CREATE INDEX in_order ON document (tier, spdx, place, url, doc_id, title, credit)")
    database.commit()


def _write(account: Account, database: sqlite3.Connection, out: TextIO) -> int:
    credited = database.execute("SELECT count(*) FROM document").fetchone()[0]
    out.write(
        f"NOTICE for {account.table}, version {account.version}\n"
        f"of {account.committed_at:%Y-%m-%d}, recipe {account.commit['recipe']}\n\n"
        f"{account.documents:,} documents, {account.tokens:,} tokens. {credited:,} of the documents are under licences "
        f"that ask for something\nin return, and are credited below; the others are free of conditions.\n"
    )
    if account.caveat:
        out.write(f"\n{account.caveat}\n")
    for spdx, tier, documents, tokens in account.licenses:
        out.write(f"\n{_RULE}\n{spdx}\n{documents:,} documents, {tokens:,} tokens, tier {tier}\n")
        out.writelines(f"{line}\n" for line in _terms(spdx))
        if tier > PUBLIC_DOMAIN:
            _write_credits(database, spdx, tier, out)
    return credited


def _terms(spdx: str) -> Iterator[str]:
    for identifier in sorted(identifiers_of(spdx)):
        address = address_of(identifier)
        if identifier in OURS:
            yield f"  {identifier}: {meaning_of(identifier).text}"
        else:
            yield f"  {identifier}: {address or meaning_of(identifier).text}"


def _write_credits(database: sqlite3.Connection, spdx: str, tier: int, out: TextIO) -> None:
    rows = database.execute(
        "SELECT place, title, credit, url FROM document WHERE tier = ? AND spdx = ? ORDER BY place, url, doc_id",
        (tier, spdx),
    )
    current = None
    for place, title, credit, url in rows:
        if place != current:
            out.write(f"{_THIN}\n{place}\n")
            current = place
        said = [f'"{_line(title)}"' if title else "", _line(credit), _line(url)]
        out.write(f"  {', '.join(part for part in said if part)}\n")


def _line(text: str | None) -> str:
    """On one line, without characters that would draw on a terminal."""
    if text and text.isprintable() and "  " not in text:
        return text.strip()
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text or "").split())
