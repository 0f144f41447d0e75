"""A small lake with a mixture of known licences, made without any stage."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from data_platform.core.tables import table
from data_platform.lake.lake import Lake, Partition, Pin, Provenance

WHEN = datetime(2024, 5, 1, 12, tzinfo=UTC)
# number: source, snapshot, URL, title, licence, tier, credit
DOCUMENTS: dict[int, tuple[str, str, str, str | None, str, int, str]] = {
    1: ("pages", "2024", "https://a.example/1", "Of bees", "CC-BY-4.0", 1, "https://a.example/1"),
    2: ("pages", "2024", "https://a.example/2", None, "CC-BY-4.0", 1, "Ada \x1b[31mAuthor\n"),
    3: ("pages", "2024", "https://b.example/", "“Überall”", "CC-BY-SA-3.0-DE", 2, "https://b.example/"),
    4: ("books", "2023", "file:books/4.txt", None, "LicenseRef-public-domain", 0, "file:books/4.txt"),
    5: ("code", "2024", "file:lib/a.py", None, "MIT OR Apache-2.0", 1, "file:lib/a.py"),
    6: ("code", "2024", "file:lib/b.py", None, "LicenseRef-us-gov-pd AND MIT", 3, "A lab"),
    7: ("pages", "2024", "https://c.example/", None, "LicenseRef-scancode-commercial-license", 5, "c"),
}


def typed(name: str, rows: list[dict[str, Any]]) -> pa.Table:
    """Rows of a table, with plain values where none are given."""
    declared = table(name)

    def plain(column: Any) -> Any:
        if column.nullable:
            return None
        if pa.types.is_list(column.type):
            return []
        if pa.types.is_timestamp(column.type):
            return WHEN
        if pa.types.is_boolean(column.type):
            return True
        if pa.types.is_large_binary(column.type):
            return b""
        return "" if pa.types.is_string(column.type) or pa.types.is_large_string(column.type) else 1

    filled = [{column.name: row.get(column.name, plain(column)) for column in declared.columns} for row in rows]
    return pa.Table.from_pylist(filled, schema=declared.schema)


def write(lake: Lake, name: str, rows: list[dict[str, Any]], snapshot: str | None = None, inputs: tuple[Pin, ...] = (),
          config: dict[str, Any] | None = None) -> None:
    """Commit rows as a stage would."""
    made = Provenance(name, "c0de", config or {}, inputs, run_id="run")
    lake.write(name, Partition.of(name, snapshot), typed(name, rows), made)


def make(uri: str, numbers: tuple[int, ...] = tuple(DOCUMENTS), fingerprint: str = "sha256:" + "ab" * 32) -> Lake:
    """The lake, with the documents of these numbers in its mixture `open`."""
    lake = Lake(uri)
    for snapshot in ("2023", "2024"):
        mine = {number: row for number, row in DOCUMENTS.items() if row[1] == snapshot}
        crawl = {"snapshot": snapshot, "archive_uri": "https://crawls.example/a.warc.gz"}
        archives = [{**crawl, "source": source, "archive": f"{source}.warc.gz", "fingerprint": fingerprint}
                    for source in sorted({row[0] for row in mine.values()})]
        if snapshot == "2024":
            archives.append({**crawl, "source": "code", "archive": "more.warc.gz", "fingerprint": "etag:1"})
        write(lake, "archives", archives, snapshot)
        write(lake, "raw_crawls", [], snapshot)
        rows = [{"doc_id": f"{number:032x}", "snapshot": snapshot, "title": row[3]} for number, row in mine.items()]
        write(lake, "deduplicated_documents", rows, snapshot, (lake.pin("raw_crawls", snapshot),))
    mix(lake, numbers)
    return lake


def mix(lake: Lake, numbers: tuple[int, ...]) -> None:
    """Write the mixture, as a new version if there is one."""
    rows = []
    for number in numbers:
        source, snapshot, url, _, spdx, tier, credit = DOCUMENTS[number]
        host = url.removeprefix("https://").partition("/")[0] if url.startswith("https:") else ""
        rows.append({"doc_id": f"{number:032x}", "source": source, "snapshot": snapshot, "url": url, "host": host,
                     "license_spdx": spdx, "license_tier": tier, "attribution": credit, "token_count": 100 * number,
                     "text": f"Text {number}."})
    pins = tuple(lake.pins("deduplicated_documents", ["2023", "2024"]))
    write(lake, "mixture_open", rows, None, pins, {"numbers": list(numbers)})
