"""The execution of a takedown: what is removed goes out of every table, every old version, and on the standing list.

Every step asks what is there and does what is left to do, so that it may be killed at any moment and run again; what
was decided before the first row went is in table `takedowns`, since afterwards nothing could tell it. The order: the
takedown is recorded; what comes back is kept out; logs, exports and models; then the tables in the order of the flow,
partition by partition, by the same compare-and-swap as every write, so that a run that began before cannot bring back
what went; then the files that only old versions name, which makes those versions unreadable; at last the proof.

Here belongs the order, and what a step does to the lake's tables. Not here: what is hit (`plan.py`), what lies outside
(`outside.py`), the proof (`receipt.py`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from data_platform.core.tables import PUBLISHED, kind_of, table
from data_platform.ingest.records import TAKEN_DOWN
from data_platform.lake.custody import Custody
from data_platform.lake.lake import Lake, Partition, Pin, Provenance, recipe_number
from data_platform.lake.vacuumed import delete_files
from data_platform.lake.writer import filesystem, rewrite, write_bytes
from data_platform.licenses.settings import Copies, Licenses
from data_platform.takedown import outside
from data_platform.takedown.held import held_entries
from data_platform.takedown.held_sites import site_entries
from data_platform.takedown.inventory import (
    LOG,
    StoredFile,
    columns_in,
    corpus_tables,
    digest_of_file,
    log_files,
    open_parquet,
    stored_table,
)
from data_platform.takedown.notices import (
    CREDITING,
    CREDITS,
    NAMING,
    Lines,
    listed_notices,
    names_notice,
    notice_entries,
    without_notices,
)
from data_platform.takedown.people import PEOPLE, names_people, without_people
from data_platform.takedown.plan import (
    ID_COLUMNS,
    LABELS,
    Chosen,
    Corpus,
    Found,
    Selectors,
    TakedownError,
    derived_of,
    digest_of_plan,
    find,
    found_for,
    hashes_of,
    models_of_labels,
    names_any,
    plan_of,
)
from data_platform.takedown.probes import CANDIDATES_PER_TEXT, ProbeSet, make_probes, telling_probes
from data_platform.takedown.removal_list import SIGNATURE, TAKEDOWN, Entry, RemovalList, hash_of_url, standing

_TEXTS = ("documents", "filtered_documents", "deduplicated_documents")


@dataclass(frozen=True)
class Places:
    """What of the platform lies beside the lake.

    Attributes:
        exports: folders in which exports lie.
        logs: folder in which Dagster keeps runs and events; None if it is not to be touched.
        unsearched: what the platform may have written elsewhere, in words: receipts state that it was not searched.
        accompany: writes anew what lies beside the shards of an export that is rewritten; without, it is removed.
    """

    exports: tuple[Path, ...] = ()
    logs: Path | None = None
    unsearched: tuple[str, ...] = ()
    accompany: outside.Accompany | None = None


@dataclass(frozen=True)
class Order:
    """Who wants what removed, and why."""

    selectors: Selectors
    reason: str
    requested_by: str
    near_copies: bool = True

    @property
    def name(self) -> str:
        """The id of the takedown that the order begins with; the same order has the same name."""
        stated = [self.selectors.stated(), self.reason, self.requested_by, self.near_copies]
        return f"td-{digest_of_plan({'order': stated})[:12]}"


def takedowns(lake: Lake) -> list[dict[str, Any]]:
    """Every takedown with the state that it was last reported in, oldest first; plans as parsed JSON."""
    if not lake.exists("takedowns"):
        return []
    rows = lake.read_table("takedowns").sort_by([("reported_at", "ascending")]).to_pylist()
    latest: dict[str, dict[str, Any]] = {}
    for row in rows:
        first = latest.get(row["takedown_id"], row)
        latest[row["takedown_id"]] = {**row, "begun_at": first.get("begun_at", first["reported_at"])}
    return [{**row, "plan": json.loads(row["plan"])} for row in latest.values()]


def unfinished(lake: Lake) -> list[dict[str, Any]]:
    """Takedowns that have begun and are not done: killed on the way, or under way."""
    return [row for row in takedowns(lake) if row["state"] == "begun"]


def returned(lake: Lake) -> list[str]:
    """Records of which only the extracted text showed that they had been taken down: their payloads are still there."""
    if not lake.exists("rejections") or not lake.exists("raw_crawls"):
        return []
    where = (pc.field("stage") == "documents") & pc.starts_with(pc.field("reason"), TAKEN_DOWN)
    ids = lake.read_table("rejections", ["id"], where=where)["id"].combine_chunks()
    there = lake.read_table("raw_crawls", ["record_id"])["record_id"]
    return sorted(there.filter(pc.is_in(there, ids)).to_pylist()) if len(ids) else []


def plan_takedown(lake: Lake, order: Order, places: Places) -> tuple[dict[str, Any], Found]:
    """The plan of an order, and all that it hits. Writes nothing."""
    return _plan(lake, order, places, Corpus(lake))


def _plan(lake: Lake, order: Order, places: Places, corpus: Corpus) -> tuple[dict[str, Any], Found]:
    found = find(lake, order.selectors, order.near_copies, corpus)
    known = [row["takedown_id"] for row in takedowns(lake) if row["takedown_id"].startswith(order.name)]
    name = f"{order.name}-{len(known) + 1}" if known else order.name
    beside = outside.outside_plan(lake, found, places.exports)
    plan = plan_of(found, order.selectors.stated(), order.reason, order.requested_by, name, beside)
    return plan, found


def execute(
    lake: Lake, order: Order, places: Places, flow: Sequence[str] = (), exports: outside.ExportAction = "report",
    report: Callable[[str], None] = lambda step: None,
) -> dict[str, Any]:
    """Carry an order out, or carry on with it if it was begun and not finished. Returns the receipt.

    Args:
        flow: tables in the order of the flow; others come after them.
        exports: what becomes of exports that are still where they were written.
        report: is told of every step before it is done.

    Raises:
        TakedownError: if there is nothing to take down.
        ConcurrentWrite: if a run writes the same tables.
    """
    begun = [row for row in unfinished(lake) if row["takedown_id"].startswith(order.name)]
    if not begun:
        report("find what is hit and record it")
        begin(lake, order, places)
        begun = [row for row in unfinished(lake) if row["takedown_id"].startswith(order.name)]
    return resume(lake, begun[0], places, flow, exports, report)


def begin(lake: Lake, order: Order, places: Places) -> None:
    """Record the takedown with all that must be known once the texts are gone."""
    corpus = Corpus(lake)
    plan, found = _plan(lake, order, places, corpus)
    selectors = order.selectors
    if not found.hits:
        done = [row for row in takedowns(lake) if row["takedown_id"].startswith(order.name)]
        if done:
            raise TakedownError(f"{done[-1]['takedown_id']} has taken that down on {done[-1]['reported_at']:%Y-%m-%d}; "
                                f"nothing new is hit. Search again with --verify {done[-1]['takedown_id']}")
        if not (selectors.urls or selectors.hosts or selectors.sources or selectors.text_hashes):
            raise TakedownError("nothing in the lake is hit, and nothing that may come is named: nothing to do")
    entries = _entries(corpus, found, order, plan["takedown_id"])
    # By their texts, which have been read now, those that hold one of them are known, and near-copies among the labels.
    holders = _holders(corpus, found, entries)
    if order.near_copies:
        entries += [Entry(plan["takedown_id"], "record", id_, clear=entries[0].clear) for id_ in sorted(holders)]
        found.chosen |= holders | derived_of(corpus, holders)
    else:
        found.kept_copies |= holders
        entries = [one for entry in entries for one in _searched_alone(entry)]
    found = found_for(corpus, found.chosen, found.kept_copies, RemovalList(entries))
    touched = {*found.snapshots, *found.label_rows}
    entries = [replace(entry, clear=tuple(place for place in entry.clear if place not in touched)) for entry in entries]
    entries += notice_entries(plan["takedown_id"], found.notices)
    entries += held_entries(corpus, found.ids, plan["takedown_id"], standing(lake), _copies(lake))
    entries += site_entries(corpus, found.ids, plan["takedown_id"], _training_agents(lake))
    plan = {
        **plan_of(found, order.selectors.stated(), order.reason, order.requested_by, plan["takedown_id"],
                  {"exports": plan["exports"]}),
        "model_folders": outside.published_models(lake, models_of_labels(lake, found.label_rows)),
        "entries": [_entry_as_json(entry) for entry in entries],
        "addresses": sorted({hash_of_url(url) for url in selectors.urls}),
    }
    digests = {(hit.file.table, hit.file.path): digest_of_file(lake, hit.file) for hit in found.hits}
    plan["files"] = [{**file, "sha256": digests[file["table"], file["path"]]} for file in plan["files"]]
    if places.logs is not None:
        # The addresses themselves are not recorded; what is logged of them goes at once.
        outside.redact_logs(places.logs, selectors.urls)
    _record(lake, plan, "begun")


def _training_agents(lake: Lake) -> Sequence[str]:
    """The crawlers that gather text for training when reservations were last asked for."""
    commits = lake.history("reservations") if lake.exists("reservations") else []
    stated = json.loads(commits[0]["config"]) if commits else {}
    return stated.get("training_agents") or Licenses().training_agents


def _copies(lake: Lake) -> Copies:
    """What a free copy beside a restricted one amounted to when the terms were written."""
    written = lake.history("document_terms") if lake.exists("document_terms") else []
    stated = json.loads(written[0]["config"]) if written else {}
    return Copies.model_validate({name: stated[name] for name in Copies.model_fields if name in stated})


def _record(lake: Lake, plan: dict[str, Any], state: str) -> None:
    row = {
        "takedown_id": plan["takedown_id"], "state": state, "reason": plan["reason"],
        "requested_by": plan["requested_by"], "reported_at": datetime.now(UTC), "documents": len(plan["documents"]),
        "plan": json.dumps(plan, sort_keys=True), "plan_sha256": digest_of_plan(plan),
    }
    rows = pa.Table.from_pylist([row], table("takedowns").schema)
    lake.append_once("takedowns", rows, f"{plan['takedown_id']}/{state}")


def resume(
    lake: Lake, begun: dict[str, Any], places: Places, flow: Sequence[str] = (),
    exports: outside.ExportAction = "report", report: Callable[[str], None] = lambda step: None,
) -> dict[str, Any]:
    """Do what is left of a takedown, a row of `takedowns`; if it is done, do it again. Returns the receipt."""
    from data_platform.takedown.receipt import make_receipt

    plan = begun["plan"]
    takedown_id = plan["takedown_id"]
    entries = [_entry_of_json(entry) for entry in plan["entries"]] or [
        entry for entry in standing(lake).entries if entry.takedown_id == takedown_id
    ]
    ids = _ids(lake, plan)
    report("put it on the standing list")
    rows = pa.Table.from_pylist([entry.row() for entry in entries], table("takedown_list").schema)
    lake.append_once("takedown_list", rows, takedown_id)
    if places.logs is not None:
        report(f"take {len(ids)} ids out of Dagster's logs")
        outside.redact_logs(places.logs, ids)
    mended = []
    notices = listed_notices(RemovalList(entries))
    lines = Lines.of(lake, notices)
    there = {export["path"]: export for export in outside.exports_with(lake, ids, places.exports, notices)}
    for export in {**{export["path"]: export for export in plan["exports"]}, **there}.values():
        report(f"export {export['path']}")
        done = outside.Mended("not there, or without what was taken down")
        if export["path"] in there:
            done = outside.mend_export(Path(export["path"]), ids, takedown_id, exports, places.accompany, lines)
        if done.done == "rewritten":
            outside.record_export(lake, Path(export["path"]), outside.read_manifest(Path(export["path"])))
        mended.append({**export, **done._asdict()})
    for folder in plan["model_folders"]:
        report(f"delete {folder}")
        outside.delete_model(lake, folder)
    listed = RemovalList(entries)
    # Tables beyond the plan, too: a run may have written them since it was made, if the takedown was killed.
    names, planned = [name for name in corpus_tables(lake) if kind_of(name)], {file["table"] for file in plan["files"]}
    order = {name: place for place, name in enumerate(["archives", "rejections", *flow])}
    names.sort(key=lambda name: (order.get(name, len(order)), name))
    written: list[dict[str, Any]] = []
    for name in names:
        for partition in _partitions(lake, name):
            if name in planned:
                report(f"rewrite {name}/{partition}" if str(partition) else f"rewrite {name}")
            _rewrite(lake, name, partition, ids, listed, plan, takedown_id, lines)
    for name in lake.tables():
        if name in planned:
            report(f"delete old files of {name}")
        if name in names or any(file.added is None for file in stored_table(lake, name).files):
            _delete_old_files(lake, name, ids, listed, plan, lines)
        if name in planned:
            _scrub_log(lake, name, {file["path"] for file in plan["files"] if file["table"] == name})
            written.extend(_rewritten(lake, name, takedown_id))
    # A takedown that was killed between a commit and its row of `lineage` finds the rows gone, and commits nothing.
    lake.repair_lineage()
    report("search for what is left")
    made = make_receipt(lake, plan, places, "takedown", written, mended)
    report("record that it is done")
    _record(lake, {key: value for key, value in plan.items() if key != "entries"} | {"entries": []}, "done")
    return made


def _ids(lake: Lake, plan: dict[str, Any]) -> list[str]:
    """The documents of a plan, and what a run has made of any of them since the plan was made."""
    chosen = {document["id"]: Chosen(document["id"], document["why"]) for document in plan["documents"]}
    return sorted({*chosen, *derived_of(Corpus(lake), chosen)})


def standing_entries(lake: Lake) -> Iterator[tuple[str, pa.Table]]:
    """What every takedown put on the standing list, as rows of it, as the takedown itself says: by id."""
    schema = table("takedown_list").schema
    if not lake.exists("takedowns"):
        return
    for row in lake.read_table("takedowns", ["takedown_id", "state", "plan"]).to_pylist():
        if row["state"] == "begun":
            entries = [_entry_of_json(entry).row() for entry in json.loads(row["plan"])["entries"]]
            yield row["takedown_id"], pa.Table.from_pylist(entries, schema)


# -- what stays out ---------------------------------------------------------------------------------------------------


def _entries(corpus: Corpus, found: Found, order: Order, takedown_id: str) -> list[Entry]:
    """What of a takedown stays out: what was named, every record, and every text as hash, probes and signature."""
    selectors = order.selectors
    clear = tuple(sorted(_places_of(corpus) - set(found.snapshots) - set(found.label_rows)))

    def entry(kind: str, value: str, **more: Any) -> Entry:
        return Entry(takedown_id, kind, value, clear=clear, **more)

    entries = [entry("url", hash_of_url(url)) for url in selectors.urls]
    entries += [entry("host", host) for host in selectors.hosts]
    entries += [entry("source", source) for source in selectors.sources]
    entries += [entry("payload" if len(value) == 64 else "text", value) for value in selectors.text_hashes]
    entries += [entry("record", id_) for id_ in found.ids]
    entries += [entry("payload", digest) for digest in sorted(_payloads(corpus, found))]
    texts = _texts(corpus, [id_ for id_ in found.ids if id_ not in found.derived])
    # A text that was made of several says what its other parents say, who stay: it is searched for, and keeps none out.
    made = {value: one for value, one in _texts(corpus, sorted(found.derived)).items() if value not in texts}
    candidates = {value: make_probes(text, CANDIDATES_PER_TEXT) for value, (text, _) in {**texts, **made}.items()}
    listed = RemovalList(entries + [entry("text", value) for value in texts])
    probes = telling_probes(candidates, _others(corpus, found, listed))
    known = {value for value in hashes_of(corpus, found.chosen)}
    for value, (_, signature) in sorted(texts.items()):
        known.discard(value)
        entries.append(entry("text", value, probes=tuple(probes[value])))
        if order.near_copies and signature["minhash_sketch"]:
            entries.append(entry("copy", value, minhash_bands=tuple(signature["minhash_bands"]),
                                 minhash_sketch=signature["minhash_sketch"]))
    entries += [entry("text", value) for value in sorted(known)]
    entries += [entry("derived", value, probes=tuple(probes[value])) for value in sorted(made)]
    return list({(one.kind, one.value): one for one in reversed(entries)}.values())


def _holders(corpus: Corpus, found: Found, entries: Sequence[Entry]) -> dict[str, Chosen]:
    """Documents that stay by all that is known without reading texts, and hold a text that goes, whole or by half.

    No comparison of copies finds a text within a longer one. Ingestion would keep such a record out from now on, and
    the search after the takedown would find the text in it.
    """
    probes = ProbeSet({entry.value: entry.probes for entry in entries if entry.kind == "text" and entry.probes})
    holders: dict[str, Chosen] = {}
    for table_, rows, text in _staying(corpus, found, RemovalList(entries)) if probes else ():
        if table_ in LABELS:
            continue
        for row, counts in probes.counts(rows[text]).items():
            shares = {name: count / probes.totals[name] for name, count in counts.items() if probes.holds(count, name)}
            if shares:
                id_, held = rows[0][row].as_py(), max(shares, key=shares.__getitem__)
                holders.setdefault(id_, Chosen(id_, "holds", held, round(shares[held], 3)))
    return holders


def _searched_alone(entry: Entry) -> Iterator[Entry]:
    """An entry whose probes are searched for and keep nothing out: near-copies, which stay by order, have them."""
    if entry.kind == "text" and entry.probes:
        yield replace(entry, probes=())
        entry = replace(entry, kind="derived")
    yield entry


def _others(corpus: Corpus, found: Found, listed: RemovalList) -> Iterator[pa.ChunkedArray]:
    """The texts and payloads of what stays, as the latest versions have them, row group by row group."""
    return (rows[text] for _, rows, text in _staying(corpus, found, listed))


def _staying(corpus: Corpus, found: Found, listed: RemovalList) -> Iterator[tuple[str, pa.Table, str]]:
    """What stays, as the latest versions have it: the table, rows that begin with their id, and the column of texts."""
    ids = pa.array(sorted({*found.ids, *found.kept_copies}), pa.string())
    columns = {"documents": ("doc_id", "text"), "raw_crawls": ("record_id", "payload"),
               **{name: ("url", "text") for name in LABELS},
               **{name: ("doc_id", "text") for name in corpus.of_kind("synthesiser")}}
    for name, wanted in columns.items():
        for file in corpus.tables[name].files if name in corpus.tables else ():
            parquet = open_parquet(corpus.lake, file) if file.current else None
            for group in range(parquet.num_row_groups if parquet else 0):
                rows = parquet.read_row_group(group, columns=columns_in(parquet, wanted))
                gone = listed.of_labels(rows) if name in LABELS else pc.is_in(rows[wanted[0]], ids).to_pylist()
                yield name, rows.filter(pa.array([not mark for mark in gone], pa.bool_())), wanted[1]


def _places_of(corpus: Corpus) -> set[str]:
    """Snapshots that are there, and tables of labels: what would be made again for an entry that touches it."""
    snapshots = {
        value for stored in corpus.tables.values() for file in stored.files if file.current
        for key, value in file.partition if key == "snapshot"
    }
    return snapshots | {name for name in LABELS if name in corpus.tables}


def _payloads(corpus: Corpus, found: Found) -> set[str]:
    """Digests of the payloads that became documents. Of other records, such as robots.txt, many are alike by chance."""
    ids = pa.array(found.ids, pa.string())
    texts: set[str] = set()
    for _, rows in corpus.scan(["doc_id"], ["documents"]):
        texts |= set(rows.filter(pc.is_in(rows["doc_id"], ids))["doc_id"].to_pylist())
    wanted = pa.array(sorted(texts), pa.string())
    digests: set[str] = set()
    for _, rows in corpus.scan(["record_id", "payload_digest"], ["raw_crawls"], needed=2):
        digests |= set(rows.filter(pc.is_in(rows["record_id"], wanted))["payload_digest"].to_pylist())
    return digests


def _texts(corpus: Corpus, ids: Sequence[str]) -> dict[str, tuple[bytes, dict[str, Any]]]:
    """The texts of documents by the hash of their normalised form, with their signatures, from whatever table has one.

    Only row groups that hold one of them are read. Extracted texts come first, whatever they were refined to later.
    """
    from data_platform.methods.duplicates.minhash import signatures

    wanted, seen = pa.array(ids, pa.string()), set()
    found: dict[str, tuple[bytes, dict[str, Any]]] = {}
    others = [name for name in corpus.tables if kind_of(name) in (*PUBLISHED, "synthesiser")]
    for name in [*_TEXTS, *others]:
        for file in corpus.tables[name].files if name in corpus.tables else ():
            parquet = open_parquet(corpus.lake, file)
            if parquet is None or len(columns_in(parquet, ["doc_id", "text"])) < 2:
                continue
            for group in range(parquet.num_row_groups):
                mask = pc.is_in(parquet.read_row_group(group, columns=["doc_id"])["doc_id"], wanted)
                if not pc.any(mask).as_py():
                    continue
                rows = parquet.read_row_group(group, columns=["doc_id", "text"]).filter(mask)
                if name != "documents":
                    rows = rows.filter(pc.invert(pc.is_in(rows["doc_id"], pa.array(sorted(seen), pa.string()))))
                text = rows["text"].combine_chunks().cast(pa.large_string())
                for value, made in zip(text.to_pylist(), signatures(text, **SIGNATURE).to_pylist(), strict=True):
                    found.setdefault(made["exact_hash"], (value.encode("utf-8"), made))
                seen |= set(rows["doc_id"].to_pylist())
    return found


def _entry_as_json(entry: Entry) -> dict[str, Any]:
    return {**entry.row(), "minhash_sketch": entry.minhash_sketch.hex()}


def _entry_of_json(values: dict[str, Any]) -> Entry:
    return Entry.of_row({**values, "minhash_sketch": bytes.fromhex(values["minhash_sketch"])})


# -- the tables -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Change:
    """What a takedown does to the rows of a table: which it touches, and what it makes of a file's rows."""

    touches: Callable[[pa.Table], pa.Array]
    made_of: Callable[[pa.Table], pa.Table]


def _change(name: str, ids: pa.Array, listed: RemovalList, plan: dict[str, Any], lines: Lines) -> _Change:
    """What is done to a table: rows go; of credits that stay, notices that go and their lines."""
    drop = _dropper(name, ids, listed, plan)
    notices = listed_notices(listed)
    if not notices or (name != CREDITS and CREDITING not in table(name).column_names):
        return _Change(drop, lambda rows: rows.filter(pc.invert(drop(rows))))
    if name != CREDITS:
        return _Change(
            lambda rows: pc.or_(drop(rows), lines.credit(rows)),
            lambda rows: lines.without(rows.filter(pc.invert(drop(rows)))),
        )
    return _Change(
        lambda rows: pc.or_(pc.or_(drop(rows), names_notice(rows, notices)), names_people(rows, lines.people)),
        lambda rows: without_people(without_notices(rows.filter(pc.invert(drop(rows))), notices), lines.people),
    )


def _dropper(name: str, ids: pa.Array, listed: RemovalList, plan: dict[str, Any]) -> Callable[[pa.Table], pa.Array]:
    """A function that marks the rows of a table that go."""
    if name in LABELS:
        return lambda rows: pa.array(listed.of_labels(rows), pa.bool_())
    if kind_of(name) == "trainer":
        return lambda rows: pa.array([name in plan["models"]] * rows.num_rows, pa.bool_())
    return lambda rows: names_any(rows, ids)


def _narrow(name: str, parquet: pq.ParquetFile) -> list[str]:
    """The columns that decide which rows are touched."""
    if name in LABELS or kind_of(name) == "trainer":
        return columns_in(parquet, ("text", "url") if name in LABELS else ("model_id",))
    there = columns_in(parquet, ID_COLUMNS)
    people = PEOPLE if name == CREDITS else ()
    return [*there, *columns_in(parquet, ("reason", NAMING, CREDITING, *people))] if there else []


def _holds(lake: Lake, file: StoredFile, change: _Change) -> bool:
    """Whether a file has a row that is touched; a leftover that was not finished counts as one that may."""
    parquet = open_parquet(lake, file)
    if parquet is None:
        return True
    columns = _narrow(file.table, parquet)
    return bool(columns) and bool(pc.any(change.touches(parquet.read(columns=columns))).as_py())


def _partitions(lake: Lake, name: str) -> list[Partition]:
    """The partitions that the latest version of a table has files of, as they are committed: what a stage writes beside
    its table for all snapshots at once is one, whatever folders it lies in."""
    columns = table(name).partition_by
    committed = {row["partition"] for row in lake.history(name)}
    found = set()
    for file in stored_table(lake, name).files:
        if file.current:
            values = tuple((column, dict(file.partition)[column]) for column in columns)
            wider = (Partition(values[:length]) for length in range(len(values)))
            found.add(next((one for one in wider if str(one) in committed), Partition(values)))
    return sorted(found, key=str)


def _rewrite(
    lake: Lake, name: str, partition: Partition, ids: Sequence[str], listed: RemovalList, plan: dict[str, Any],
    takedown_id: str, lines: Lines,
) -> None:
    """Replace a partition by itself without the rows that go. Files that have none of them are copied as they are."""
    basis = lake.carried(name, partition)
    change = _change(name, pa.array(ids, pa.string()), listed, plan, lines)
    current = [
        file for file in stored_table(lake, name).files
        if file.current and all(dict(file.partition)[key] == value for key, value in partition.values)
    ]
    holding = {file.path for file in current if _holds(lake, file, change)}
    if not holding:
        return
    known = {unquote(path): digest for path, digest in Custody(lake).digests(name).items()}
    files = []
    for file in current:
        made = rewrite(lake.table(name), lake.table_uri(name), lake.storage_options, file.path, file.partition,
                       change.made_of if file.path in holding else None)
        # What somebody altered before is not made lawful by a commit of the platform on top: it gets no digest.
        sound = file.path not in known or known[file.path] == digest_of_file(lake, file)
        files.append(made if made is None or sound else replace(made, sha256=""))
    before = next((row for row in lake.history(name) if row["partition"] == str(partition)), None)
    made = _provenance(lake, before, takedown_id, basis)
    lake.replace(lake.table(name), partition, [file for file in files if file is not None], made, basis)


def _provenance(lake: Lake, before: dict[str, Any] | None, takedown_id: str, basis: int | None) -> Provenance:
    """What a commit says that takes rows out: what made the rows that stay, from what takedowns left of its inputs.

    An input that a run has made anew since is not what the rows were made from: it stays as it was pinned.
    """
    config = json.loads(before["config"]) if before else {}
    inputs: list[Pin] = []
    for pin in json.loads(before["inputs"]) if before else ():
        now = lake.pin(pin["table"], pin["partition"] or None)
        inputs.append(now if now and _is_left_of(lake, now, pin["recipe"]) else Pin(**pin))
    return Provenance(
        asset_key=TAKEDOWN, code_version=before["code_version"] if before else "",
        config={**config, TAKEDOWN: {"id": takedown_id, "of": f"{basis or 0:015x}"}}, inputs=tuple(inputs),
        run_id=takedown_id, git_commit=before["git_commit"] if before else "",
    )


def _is_left_of(lake: Lake, now: Pin, recipe: str) -> bool:
    """Whether a partition carries a recipe, or what takedowns have left of it."""
    carried = now.recipe
    for row in lake.history(now.table):
        if carried == recipe:
            break
        if row["partition"] == now.partition and f"{recipe_number(row['recipe']):015x}" == carried:
            rest = json.loads(row["config"]).get(TAKEDOWN) if row["asset_key"] == TAKEDOWN else None
            if not rest:
                break
            carried = rest["of"]
    return carried == recipe


def _delete_old_files(
    lake: Lake, name: str, ids: Sequence[str], listed: RemovalList, plan: dict[str, Any], lines: Lines
) -> None:
    """Delete the files with rows that go which the latest version does not name, and what killed writers left."""
    change = _change(name, pa.array(ids, pa.string()), listed, plan, lines)
    delete_files(lake, name, [file.path for file in stored_table(lake, name).files
                              if not file.current and _holds(lake, file, change)])


def _scrub_log(lake: Lake, name: str, paths: set[str]) -> None:
    """Take statistics of values out of what the log says of files that went.

    The platform writes none, but other programs that write Delta (an OPTIMIZE, for one) keep the least and greatest
    value of every column there, the beginnings of texts among them.
    """
    system = filesystem(lake.table_uri(name), lake.storage_options)
    infos = system.get_file_info(pa.fs.FileSelector(LOG, recursive=True))
    files = [info.path.lstrip("/") for info in infos if info.type == pa.fs.FileType.File]
    for _, path in log_files(files):
        with system.open_input_file(path) as stream:
            content = stream.read()
        if b"minValues" not in content:
            continue
        actions = [json.loads(line) for line in content.decode("utf-8").splitlines() if line.strip()]
        changed = [_without_values(action, paths) for action in actions]
        if changed != actions:
            write_bytes(system, path, (json.dumps(one, separators=(",", ":")).encode() + b"\n" for one in changed))
    old = [path for path in files if ".checkpoint" in path and path.endswith(".parquet")]
    if any(_has_values(system, path) for path in old):
        lake.open(name).create_checkpoint()
        latest = f"{lake.open(name).version():020d}."
        for path in old:
            if not path.removeprefix(f"{LOG}/").startswith(latest):
                system.delete_file(path)


def _without_values(action: dict[str, Any], paths: set[str]) -> dict[str, Any]:
    add = action.get("add")
    if not add or add["path"] not in paths or not add.get("stats"):
        return action
    stats = {"numRecords": json.loads(add["stats"]).get("numRecords")}
    return {"add": {**add, "stats": json.dumps(stats)}}


def _has_values(system: pa.fs.FileSystem, path: str) -> bool:
    with system.open_input_file(path) as stream:
        rows = pq.read_table(stream, columns=["add"])["add"].combine_chunks()
    return bool(pc.any(pc.match_substring(pc.struct_field(rows, "stats"), "minValues")).as_py())


def _rewritten(lake: Lake, name: str, takedown_id: str) -> Iterable[dict[str, Any]]:
    """The files that the takedown's commits put in the place of others."""
    versions = {row["version"] for row in lake.history(name) if row["run_id"] == takedown_id}
    for file in stored_table(lake, name).files:
        if file.added in versions:
            yield {"table": name, "path": file.path, "bytes": file.bytes, "sha256": digest_of_file(lake, file)}
