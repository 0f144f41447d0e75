"""The receipt of a takedown: a search through everything that the platform keeps, and what it found.

Searched are all files below the lake, whether a version names them or not, with every text and payload in them; the
logs of the tables; published models; exports that are where they were written; and what Dagster keeps. Searched for
are ids in columns that name documents, hashes of texts and payloads, and probes of the texts in whatever bytes there
are. A text counts as found in a row that holds half of its probes; single probes that other documents share are
counted and are no finding. In bytes that are no rows one probe is a finding.

The receipt holds no text. Its digest is that of its JSON; with the hashes in it, the search can be made again.

Here belongs the search. Not here: what is removed (`execute.py`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.fs
import pyarrow.parquet as pq

from data_platform.core.errors import many
from data_platform.core.tables import PLATFORM_LOGS, table
from data_platform.lake.lake import Lake
from data_platform.lake.writer import filesystem
from data_platform.takedown import outside
from data_platform.takedown.inventory import LOG
from data_platform.takedown.notices import CREDITING, Lines, listed_notices, notices_in
from data_platform.takedown.people import FOLDER
from data_platform.takedown.plan import ID_COLUMNS, Chosen, Corpus, TakedownError, derived_of, names_any
from data_platform.takedown.probes import WIDTH, Probe, ProbeSet
from data_platform.takedown.removal_list import NOTICE, RemovalList, standing

if TYPE_CHECKING:
    from data_platform.takedown.execute import Places

_HASH_COLUMNS = ("text_hash", "exact_hash", "payload_digest")
_CHUNK = 2**24


@dataclass
class Sought:
    """What is searched for, and what was found of it."""

    ids: list[str]
    hashes: list[str]
    probes: ProbeSet
    tolerated: frozenset[str] = frozenset()
    notices: frozenset[str] = frozenset()
    lines: Lines = field(default_factory=Lines)
    found: list[dict[str, Any]] = field(default_factory=list)
    shared: int = 0
    named: list[dict[str, Any]] = field(default_factory=list)

    def rows(self, place: str, rows: pa.Table, ids_may_stand: bool) -> None:
        """Search rows: by id and hash where columns have them, and every text and payload by probes."""
        wanted = pa.array(self.ids, pa.string())
        own = next((name for name in ("doc_id", "record_id", "id") if name in rows.column_names), None)
        named = not ids_may_stand and any(name in rows.column_names for name in ID_COLUMNS)
        if named and (count := pc.sum(names_any(rows, wanted)).as_py()):
            self.found.append({"place": place, "what": "ids", "rows": count})
        for name in _HASH_COLUMNS:
            if name in rows.column_names:
                mask = pc.fill_null(pc.is_in(rows[name], pa.array(self.hashes, pa.string())), False)
                if count := pc.sum(mask).as_py():
                    self.found.append({"place": place, "what": name, "rows": count})
        for name in rows.column_names:
            if not _searchable(rows.schema.field(name).type):
                continue
            holding = 0
            for row, counts in self.probes.counts(rows[name]).items():
                if own is not None and rows[own][row].as_py() in self.tolerated:
                    continue
                if any(self.probes.holds(count, text) for text, count in counts.items()):
                    holding += 1
                else:
                    self.shared += 1
            if holding:
                self.found.append({"place": place, "what": f"a removed text in column {name}", "rows": holding})

    def credits(self, place: str, rows: pa.Table) -> None:
        """Search whom rows credit."""
        if (left := self.lines.credits_without(rows)) is not None:
            changed = pc.sum(pc.not_equal(rows[CREDITING], left)).as_py()
            self.found.append({"place": place, "what": "a line of a removed notice or manifest", "rows": changed})

    def bytes(self, place: str, content: bytes) -> None:
        """Search bytes: one probe is a finding; ids are named, which is not to hold anything of a text."""
        if self.probes.counts(pa.array([content], pa.large_binary())):
            self.found.append({"place": place, "what": "a piece of a removed text", "rows": 1})
        if names := outside.occurring(content, self.ids):
            self.named.append({"place": place, "ids": len(names)})


    def beside(self, path: Path) -> None:
        """Search what lies beside shards, which names documents and hosts: what names one that went is a finding."""
        place, content = str(path), path.read_bytes()
        if texts := notices_in(path) & self.notices:
            self.found.append({"place": place, "what": "the text of a removed notice", "rows": len(texts)})
        if names := outside.occurring(content, self.ids):
            self.found.append({"place": place, "what": "ids", "rows": len(names)})
        if self.probes.counts(pa.array([content], pa.large_binary())):
            self.found.append({"place": place, "what": "a piece of a removed text", "rows": 1})


def _searchable(kind: pa.DataType) -> bool:
    return (
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
    )


def make_receipt(
    lake: Lake, plan: Mapping[str, Any], places: Places, occasion: str, written: Sequence[Mapping[str, Any]] = (),
    exports: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """Search for what a takedown has removed, store the receipt in `takedown_receipts` and return it."""
    takedown_id = plan["takedown_id"]
    entries = [
        row for row in lake.read_table("takedown_list").to_pylist() if row["takedown_id"] == takedown_id
    ]
    receipt = {
        "takedown_id": takedown_id, "occasion": occasion, "reason": plan["reason"],
        "requested_by": plan["requested_by"], "selectors": plan["selectors"],
        "searched_for": {
            "ids": [document["id"] for document in plan["documents"]],
            "hashes": sorted({row["value"] for row in entries if row["kind"] in ("text", "payload")}),
            "texts": sorted({row["value"] for row in entries if row["kind"] in ("text", "derived")}),
            "notices": sorted({one for row in entries if row["kind"] == NOTICE
                               and not (one := row["value"].partition(" ")[0]).startswith(FOLDER)}),
            "probes": {row["value"]: [[p["window"], p["digest"]] for p in row["probes"]]
                       for row in sorted(entries, key=lambda row: row["value"]) if row["probes"]},
        },
        "near_copies_that_stay": sorted(copy["id"] for copy in plan["near_copies_that_stay"]),
        "plan_sha256": digest(plan),
        "files_deleted": [
            {key: file[key] for key in ("table", "path", "bytes", "sha256")} for file in plan["files"]
        ],
        "files_written": list(written),
        "versions_that_cannot_be_read": {
            name: sorted({version for item in plan["tables"] if item["table"] == name for version in item["versions"]})
            for name in sorted({item["table"] for item in plan["tables"]})
        },
        "exports": list(exports),
        "archives_out_of_reach": plan["archives_out_of_reach"],
        "remains_elsewhere": remains(lake, plan, places, exports),
    }
    return _searched(lake, receipt, places)


def remains(
    lake: Lake, plan: Mapping[str, Any], places: Places, exports: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Where a copy of what was taken down may be that the platform cannot delete: whoever has it must be told.

    Each has `where`, `what` there is, and `todo`.
    """
    found = [
        {"where": f"archive {item['archive']}", "what": f"{many(item['records'], 'record')} in an archive of a source",
         "todo": "archives are read and never written: take it out there, or go on keeping it out"}
        for item in plan["archives_out_of_reach"]
    ]
    for export in exports:
        rows = "rows, nobody can tell how many" if export.get("rows") is None else many(export["rows"], "row")
        if export.get("notices"):
            rows += f" and {many(export['notices'], 'text')} of notices"
        done = "; ".join(filter(None, (export["done"], export.get("note"))))
        if export["done"] in ("rewritten", "deleted"):
            todo = "whoever was given the export before has to be told"
        else:
            todo = "rewrite or delete it: takedown --resume with --exports, or by hand; tell whoever was given it"
        found.append({"where": f"export {export['path']}", "what": f"{rows} of {export['mixture']} version "
                      f"{export['version']}: {done}; copies of it elsewhere are out of reach", "todo": todo})
    for mixture in sorted({item["mixture"] for item in plan["mixtures"]}):
        versions = sorted({item["version"] for item in plan["mixtures"] if item["mixture"] == mixture})
        found.append({"where": f"models that were trained on {mixture}", "what": "weights, wherever they are, of "
                      f"{'versions' if len(versions) > 1 else 'version'} {', '.join(map(str, versions))}",
                      "todo": "the platform does not know of them: train again without, or say what they hold"})
    if plan["models"]:
        found.append({"where": f"copies of the models {', '.join(plan['models'])}", "what": "weights that were trained "
                      "on texts that went; those in the lake are deleted", "todo": "delete copies elsewhere"})
    if plan["near_copies_that_stay"] or plan["documents_that_share_passages"]:
        found.append({"where": lake.uri, "what": f"{many(len(plan['near_copies_that_stay']), 'near-copy')} left by "
                      f"order, {many(plan['documents_that_share_passages'], 'other document')} with passages in common",
                      "todo": "nothing, unless somebody asks for them, too"})
    found += [{"where": words, "what": "not searched", "todo": "search it by hand"} for words in places.unsearched]
    found.append({"where": "backups and copies of the lake, of its disk and of the machines that computed with it",
                  "what": "whatever they had then",
                  "todo": "the platform knows of none: delete them, or let them expire"})
    return found


def verify(lake: Lake, receipt: Mapping[str, Any], places: Places) -> dict[str, Any]:
    """Make the search of a receipt again and return the new receipt.

    Raises:
        TakedownError: if the receipt is not as it was made.
    """
    stated = dict(receipt)
    if stated.pop("sha256", None) != digest(stated):
        raise TakedownError("the receipt is not as it was made: its digest is another")
    return _searched(lake, {**stated, "occasion": "verification", "verifies": receipt["sha256"]}, places)


def stored_receipt(lake: Lake, takedown_id: str) -> dict[str, Any]:
    """The latest receipt of a takedown.

    Raises:
        TakedownError: if there is none; the message lists those that exist.
    """
    there = lake.exists("takedown_receipts")
    rows = lake.read_table("takedown_receipts").sort_by("made_at").to_pylist() if there else []
    for row in reversed(rows):
        if row["takedown_id"] == takedown_id:
            return json.loads(row["receipt"])
    known = ", ".join(sorted({row["takedown_id"] for row in rows})) or "none yet"
    raise TakedownError(f"no receipt of {takedown_id!r}; takedowns with receipts: {known}")


def _searched(lake: Lake, receipt: dict[str, Any], places: Places) -> dict[str, Any]:
    wanted = receipt["searched_for"]
    probes = {name: [Probe(window, mark) for window, mark in some] for name, some in wanted["probes"].items()}
    sought = Sought(wanted["ids"], wanted["hashes"], ProbeSet(probes),
                    _tolerated(lake, receipt["near_copies_that_stay"]), frozenset(wanted.get("notices", ())),
                    _lines(lake, receipt["takedown_id"]))
    searched = {
        "lake": _search_lake(lake, sought), "exports": _search_exports(lake, sought, places),
        "logs": _search_folder(places.logs, sought),
    }
    receipt = {
        **receipt, "searched": searched, "not_searched": list(places.unsearched),
        "found": sought.found, "named": sought.named,
        "texts_without_probes": len(set(wanted["texts"]) - probes.keys()),
        "rows_that_share_passages": sought.shared, "absent": not sought.found,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    receipt["sha256"] = digest({key: value for key, value in receipt.items() if key != "sha256"})
    row = {
        "takedown_id": receipt["takedown_id"], "made_at": datetime.now(UTC), "occasion": receipt["occasion"],
        "absent": receipt["absent"], "receipt": json.dumps(receipt, sort_keys=True), "sha256": receipt["sha256"],
    }
    lake.append("takedown_receipts", pa.Table.from_pylist([row], table("takedown_receipts").schema))
    return receipt


def _tolerated(lake: Lake, copies: Sequence[str]) -> frozenset[str]:
    """Near-copies that stay by order, and what is made of them by now: it says what was made of what went."""
    if not copies:
        return frozenset()
    made = derived_of(Corpus(lake), {one: Chosen(one, "near_copy") for one in copies})
    return frozenset({*copies, *made})


def _lines(lake: Lake, takedown_id: str) -> Lines:
    """The copyright lines of the notices that a takedown took, as the standing list knows them."""
    listed = [entry for entry in standing(lake).entries if entry.takedown_id == takedown_id]
    return Lines.of(lake, listed_notices(RemovalList(listed)))


def digest(value: Mapping[str, Any]) -> str:
    """SHA-256 of plain values as JSON with sorted keys."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


# -- where it is searched ---------------------------------------------------------------------------------------------


def _search_lake(lake: Lake, sought: Sought) -> dict[str, dict[str, Any]]:
    """Search every file below the lake. Returns files, bytes and a digest over all of them, by folder."""
    system = filesystem(lake.uri, lake.storage_options)
    infos = system.get_file_info(pyarrow.fs.FileSelector("", recursive=True))
    paths = sorted((info.path.lstrip("/"), info.size) for info in infos if info.type == pyarrow.fs.FileType.File)
    result: dict[str, dict[str, Any]] = {}
    digests: dict[str, Any] = {}
    for path, size in paths:
        folder = path.split("/")[0]
        with system.open_input_file(path) as stream:
            line = f"{path} {size} {_search_file(path, stream, sought)}\n"
        digests.setdefault(folder, hashlib.sha256()).update(line.encode())
        count = result.setdefault(folder, {"files": 0, "bytes": 0})
        count["files"] += 1
        count["bytes"] += size
    for folder, count in result.items():
        count["sha256"] = digests[folder].hexdigest()
    return result


def _search_file(path: str, stream: pa.NativeFile, sought: Sought) -> str:
    """Search one file of the lake; returns its SHA-256."""
    folder = path.split("/")[0]
    made = hashlib.sha256()
    is_data = path.endswith(".parquet") and f"/{LOG}/" not in f"/{path}"
    rest = b""
    while chunk := stream.read(_CHUNK):
        made.update(chunk)
        if not is_data:
            sought.bytes(path, rest + chunk)
            rest = chunk[1 - WIDTH :]
    if is_data:
        stream.seek(0)
        try:
            parquet = pq.ParquetFile(stream)
        except pa.ArrowInvalid:
            sought.found.append({"place": path, "what": "a file that cannot be read", "rows": 0})
            return made.hexdigest()
        # The platform's own tables name documents: the standing list, above all.
        own = folder in PLATFORM_LOGS
        for group in range(parquet.num_row_groups):
            rows = parquet.read_row_group(group)
            sought.rows(path, rows, own)
            if not own:
                sought.credits(path, rows)
    return made.hexdigest()


def _search_exports(lake: Lake, sought: Sought, places: Places) -> dict[str, int]:
    """Search exports that are where they were written, and whatever else lies in the folders of exports."""
    searched = {"exports": 0, "files": 0}
    seen: set[Path] = set()
    for export in outside.known_exports(lake, places.exports):
        folder = Path(export["path"])
        if folder.is_dir():
            searched["exports"] += 1
            seen.add(folder.absolute())
            try:
                for rows in outside.shard_rows(folder):
                    sought.rows(str(folder), rows, False)
                    sought.credits(str(folder), rows)
            except outside.UNREADABLE:
                sought.found.append({"place": str(folder), "what": "an export that cannot be read", "rows": 0})
            for path in outside.beside(folder):
                searched["files"] += 1
                sought.beside(path)
    for root in places.exports:
        for path in outside.files_below(root) if root.is_dir() else ():
            if not any(folder in path.absolute().parents for folder in seen):
                searched["files"] += 1
                _search_local(path, sought)
    return searched


def _search_folder(folder: Path | None, sought: Sought) -> dict[str, int]:
    searched = {"files": 0, "bytes": 0}
    for path in outside.files_below(folder) if folder is not None and folder.is_dir() else ():
        searched["files"] += 1
        searched["bytes"] += path.stat().st_size
        _search_local(path, sought)
    return searched


def _search_local(path: Path, sought: Sought) -> None:
    if path.suffix == ".parquet":
        try:
            for batch in pq.ParquetFile(path).iter_batches(batch_size=1_024):
                sought.rows(str(path), pa.Table.from_batches([batch]), False)
        except pa.ArrowInvalid:
            sought.found.append({"place": str(path), "what": "a file that cannot be read", "rows": 0})
        return
    import zstandard

    with path.open("rb") as raw:
        stream = zstandard.ZstdDecompressor().stream_reader(raw) if path.suffix == ".zst" else raw
        rest = b""
        try:
            while chunk := stream.read(_CHUNK):
                sought.bytes(str(path), rest + chunk)
                rest = chunk[1 - WIDTH :]
        except zstandard.ZstdError:
            sought.found.append({"place": str(path), "what": "a file that cannot be read", "rows": 0})
