"""Records made anew: payloads against their digests, texts against their hashes, evidence against what detectors say.

Files are compared with what was committed, and this with what was captured: it sees what somebody altered before it was
committed, or in a lake whose older code said no digests of files. Of a sample, drawn by chance from the records of a
mixture, or of all of them:

- the SHA-256 of the payload is `payload_digest`, and its length `payload_bytes`;
- the hash of the text of `documents` is `text_hash`, and its length `byte_count`;
- the detectors, asked again, give the very rows of `license_evidence`. That can be asked only with the code, registry,
  rulings and collections that detected it; where one of them is another today, it is said that it was not asked.

Not here: files (`files`), what evidence amounts to (`terms`).
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.errors import PlainError
from data_platform.lake.lake import Pin
from data_platform.proof.after_takedown import rest_of
from data_platform.proof.files import Looked
from data_platform.proof.finding import STALE, Finding
from data_platform.proof.look import Share
from data_platform.proof.reading import Reader
from data_platform.proof.way import Stop, Way
from data_platform.run.stage import Stage, Work
from data_platform.run.workspace import Workspace
from data_platform.takedown.held import held_terms
from data_platform.takedown.removal_list import TAKEDOWN, standing


@dataclass
class Records:
    """What was made anew.

    Attributes:
        looked: how many records of how many.
        findings: what some of them fail, as places in the mixture.
        evidence: of how many records the evidence was detected again.
        unasked: why that was not asked of the others.
    """

    looked: Looked
    findings: list[Finding] = field(default_factory=list)
    evidence: int = 0
    unasked: list[str] = field(default_factory=list)


def check_records(reader: Reader, way: Way, rows: pa.Table, share: Share, workspace: Workspace | None) -> Records:
    """Make records of a mixture anew.

    Args:
        rows: the mixture's, with `doc_id`. Rows that were made of other documents have no record of their own.
        share: how many; all if None.
        workspace: whose recipe detected the evidence; None to leave evidence alone.
    """
    count = rows.num_rows
    drawn = range(count) if share is None else sorted(random.SystemRandom().sample(range(count), min(share, count)))
    chosen = pc.unique(rows["doc_id"].take(pa.array(drawn, pa.int64())).cast(pa.string()))
    found = Records(Looked(count, len(drawn)))
    places = _Places(rows["doc_id"], found)
    if not len(chosen):
        return found
    _payloads(reader, way, chosen, places)
    _texts(reader, way, chosen, places)
    if workspace is None:
        found.unasked.append("no recipe was given")
    else:
        _evidence(reader, way, chosen, places, workspace, found)
    return found


class _Places:
    """Notes findings of documents as places in the mixture."""

    def __init__(self, ids: pa.ChunkedArray, found: Records) -> None:
        self._ids = ids
        self._found = found

    def note(self, kind: str, table: str, what: str, wrong: Sequence[str]) -> None:
        """A finding of these documents, if there are any."""
        if wrong:
            marked = pc.is_in(self._ids.cast(pa.string()), pa.array(sorted(set(wrong)), pa.string()))
            places = np.flatnonzero(marked.combine_chunks().to_numpy(zero_copy_only=False))
            self._found.findings.append(Finding(kind, table, what, places))


def _payloads(reader: Reader, way: Way, ids: pa.Array, places: _Places) -> None:
    wrong: dict[str, list[str]] = {"payload_digest": [], "payload_bytes": []}
    names = ["record_id", "payload", "payload_digest", "payload_bytes"]
    for stop in way.of("raw_crawls"):
        for some in reader.rows_of(stop, "record_id", ids, names):
            payloads = some["payload"]
            stated = zip(*(some[name].to_pylist() for name in ("record_id", "payload_digest", "payload_bytes")),
                         strict=True)
            for payload, (record, digest, length) in zip(payloads, stated, strict=True):
                content = payload.as_buffer() if payload.is_valid else b""
                if hashlib.sha256(content).hexdigest() != digest:
                    wrong["payload_digest"].append(record)
                if len(memoryview(content)) != length:
                    wrong["payload_bytes"].append(record)
    for name, records in wrong.items():
        places.note("chain", "raw_crawls", f"its payload has another {name}", records)


def _texts(reader: Reader, way: Way, ids: pa.Array, places: _Places) -> None:
    from data_platform.text.identity import exact_hash

    wrong: dict[str, list[str]] = {"text_hash": [], "byte_count": []}
    for stop in way.of("documents"):
        for some in reader.rows_of(stop, "doc_id", ids, ["doc_id", "text", "text_hash", "byte_count"]):
            text = some["text"].combine_chunks()
            other = {
                "text_hash": pc.not_equal(exact_hash(text), some["text_hash"].combine_chunks()),
                "byte_count": pc.not_equal(pc.binary_length(text).cast(pa.int64()), some["byte_count"]),
            }
            for name, mask in other.items():
                wrong[name] += some["doc_id"].filter(pc.fill_null(mask, True)).to_pylist()
    for name, documents in wrong.items():
        places.note("chain", "documents", f"its text has another {name}", documents)


def _evidence(
    reader: Reader, way: Way, ids: pa.Array, places: _Places, workspace: Workspace, found: Records
) -> None:
    from data_platform.licenses.told import lapsed
    from data_platform.stages.license_evidence import RECORD_COLUMNS, detection, license_evidence_stage

    stage = license_evidence_stage(workspace.recipe)
    wrong: list[str] = []
    records = {stop.partition: stop for stop in way.of("raw_crawls")}
    for stop in way.of("license_evidence"):
        missing = "" if stop.partition in records else "its records are not on the way"
        if why := _unlike(stage, stop, workspace) or missing:
            found.unasked.append(f"{stop.table}/{stop.partition}: {why}")
            continue
        crawl = records[stop.partition]
        detect = detection(Work(stage, workspace, stop.partition, _pins(stop, way)))
        stated = _as_set(reader.rows_of(stop, "doc_id", ids, reader.columns(stop)))
        seen: set[str] = set()
        made: set[str] = set()
        for some in reader.rows_of(crawl, "record_id", ids, list(RECORD_COLUMNS)):
            seen |= set(some["record_id"].to_pylist())
            for batch in some.combine_chunks().to_batches():
                lists = detect(*(batch.column(name) for name in RECORD_COLUMNS)).field("evidence")
                made |= _as_set([pa.Table.from_struct_array(lists.flatten())])
        found.evidence += len(seen)
        # An embargo that has ended since is found no more; nobody changed anything.
        over = {row for row in stated - made if lapsed(json.loads(row)["raw_value"])}
        others = {json.loads(row)["doc_id"] for row in (made ^ stated) - over}
        if rest_of(crawl.commit) is not None:  # something went of what was seen then, and no run was since
            others -= _note_stale(others, reader, places)
        wrong += sorted(others)
    places.note("chain", "license_evidence", "detected again, the evidence is another", wrong)


def _note_stale(documents: set[str], reader: Reader, places: _Places) -> set[str]:
    """Those of some documents that a takedown holds to their terms; they are noted as waiting for a run."""
    held = held_terms(standing(reader.lake))
    by: dict[str, list[str]] = {}
    for doc_id in sorted(documents & held.keys()):
        by.setdefault(", ".join(held[doc_id].takedowns), []).append(doc_id)
    for takedowns, stale in by.items():
        places.note("pending", "takedown_list", STALE.format(takedowns), stale)
    return documents & held.keys()


def _unlike(stage: Stage, stop: Stop, workspace: Workspace) -> str:
    """Why evidence cannot be detected again as it was; nothing if it can."""
    if stop.commit["code_version"] != stage.code_version:
        return "other code detected it"
    made = {key: value for key, value in json.loads(stop.commit["config"]).items() if key != TAKEDOWN}
    try:
        today = json.loads(json.dumps(stage.config(workspace, stop.partition)))
    except (PlainError, OSError, ValueError):
        return "settings of the recipe cannot be read today"
    return "" if made == today else "registry, rulings or settings of the recipe are others today"


def _pins(stop: Stop, way: Way) -> tuple[Pin, ...]:
    """What the stage read, at the versions that are on the way: takedowns may have left less than there was."""
    pins = (Pin(**pin) for pin in json.loads(stop.commit["inputs"]))
    return tuple(
        replace(pin, version=way.stops[pin.table, pin.partition].version)
        if (pin.table, pin.partition) in way.stops else pin for pin in pins
    )


def _as_set(tables: Iterator[pa.Table] | list[pa.Table]) -> set[str]:
    """Rows of evidence, as JSON: the same rows give the same set, whatever their order."""
    return {json.dumps(row, sort_keys=True, default=str) for rows in tables for row in rows.to_pylist()}
