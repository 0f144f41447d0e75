"""Gathers what is seen of licences: records in, rows of `license_evidence` out.

Belongs here: which detectors look at which kind of source, and the making of rows. Does not: how anything is detected
(one module per detector) or decided (`resolve`).

| kind of source | looked at |
|---|---|
| crawl, environment_pages | response headers; HTML; robots.txt, ai.txt, tdmrep.json and RSL of the page's host |
| files | all fields of the row that speak of licences; SPDX tags; notices of code; LICENSE files and manifests above |
| environment_files | metadata of the distribution; SPDX tags and notices in the head of the file |
| any with a claim in the recipe, or known to others | the claim; what is traced and stated in the collection |
| any with a ruling | the ruling |
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.tables import table
from data_platform.ingest import site_files
from data_platform.ingest.settings import Source
from data_platform.licenses import distribution, file_header, headers, html, manifests, registry, values
from data_platform.licenses.lineage import held_by_rows
from data_platform.licenses.manual import Rulings
from data_platform.licenses.observation import Observation, observe
from data_platform.licenses.site_files import Policies
from data_platform.licenses.trees import Trees

ROW_DETECTOR = "row@4"
HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
_NO_NOTICE_ABOVE = re.compile(r"#\d+$|\.(?:te?xt|md|markdown|rst|adoc|org|tex|html?|csv|tsv|log)$|/[^/.]*$", re.I)
"""Rows and prose: what their first lines say of a licence is as likely about another work."""
_CRAWLED = frozenset({"crawl", "environment_pages"})
RECORD_COLUMNS = ("record_id", "snapshot", "source", "url", "mime", "payload", "metadata")
"""Columns of raw_crawls that `collect_evidence` reads."""


def collect_evidence(
    records: pa.RecordBatch, sources: Mapping[str, Source], policies: Policies | None = None,
    rulings: Rulings | None = None, known: Mapping[str, Sequence[Observation]] | None = None,
    trees: Trees | None = None,
) -> pa.RecordBatch:
    """Every observation that speaks of the licence of `records`, as rows of `license_evidence`.

    Args:
        records: `RECORD_COLUMNS` of raw_crawls; `metadata` is JSON: response headers with lower-case names (crawls),
            fields of the row (files), fields of the distribution (environment files).
        sources: the recipe's sources by name.
        policies: what the files of the sites say, captured in the same snapshot; such files are no documents
            themselves, and there is no evidence about them.
        rulings: what people ruled.
        known: what others found out, by source.
        trees: what LICENSE files and manifests say of the files below them.

    The doc_id of evidence is the record_id of the record. One statement made twice in one place counts once.

    Raises:
        ValueError: if a record's source is not among `sources`, or its metadata is not a JSON object.
    """
    numbers: dict[Observation, int] = {}
    rows: list[int] = []
    chosen: list[int] = []
    shared = _of_metadata(records, sources)
    policies, rulings, trees, known = policies or Policies(), rulings or Rulings(), trees or Trees(), known or {}
    fields = [records.column(name).to_pylist() for name in ("record_id", "url", "source", "mime")]
    payloads = records.column("payload")
    hinted = html.hints(payloads)
    for row, (record_id, url, name, mime) in enumerate(zip(*fields, strict=True)):
        crawled = sources[name].kind in _CRAWLED
        if crawled and site_files.kind_of(url, mime):
            continue
        own = [*shared[row], *(policies.observations(url) if crawled else trees.observations(name, url))]
        claimed = bool(own) or name in known
        own += _of_payload(payloads[row], mime, url, sources[name], hinted[row], claimed=claimed)
        found = [*rulings.observations(record_id, url, name), *own]
        if name in known:
            found += held_by_rows(known[name], own)
        for observation in dict.fromkeys(found):
            rows.append(row)
            chosen.append(numbers.setdefault(observation, len(numbers)))
    return _as_rows(records, np.array(rows, np.int64), np.array(chosen, np.int64), list(numbers))


def _of_metadata(records: pa.RecordBatch, sources: Mapping[str, Source]) -> list[list[Observation]]:
    """Observations per record from metadata and recipe. Metadata repeat (all files of a distribution share theirs), so
    each distinct pair of source and metadata is read once."""
    encoded = records.column("metadata").dictionary_encode()
    distinct = encoded.dictionary.to_pylist()
    pairs = zip(records.column("source").to_pylist(), encoded.indices.to_pylist(), strict=True)
    seen: dict[tuple[str, int | None], list[Observation]] = {}
    found = []
    for pair in pairs:
        if pair not in seen:
            name, index = pair
            if name not in sources:
                raise ValueError(f"source {name!r} has records but is not in the recipe; its sources are "
                                 f"{', '.join(sorted(sources))}")
            seen[pair] = _read_metadata(sources[name], "{}" if index is None else distinct[index])
        found.append(seen[pair])
    return found


def _read_metadata(source: Source, text: str) -> list[Observation]:
    try:
        metadata = json.loads(text or "{}")
    except ValueError:
        metadata = None
    if not isinstance(metadata, dict):
        raise ValueError(f"source {source.name!r}: metadata of a record is not a JSON object")
    if source.kind in _CRAWLED:
        found = headers.observations(metadata)
    elif source.kind == "environment_files":
        found = distribution.observations(metadata)
    else:
        found = _of_row(metadata)
    return [*found, *registry.observations(source.license)]


def _of_row(metadata: Mapping[str, object]) -> list[Observation]:
    """What a row of JSONL or Parquet states of itself, in whatever field and form; of parts of it as such."""
    return [
        observe("row", "element" if part else "file", said.raw, ROW_DETECTOR, said.reading)
        for said, part in values.fields_of(metadata)
    ]


def _of_payload(
    payload: pa.Scalar, mime: str, url: str, source: Source, hinted: tuple[bool, ...], *, claimed: bool
) -> list[Observation]:
    if not payload.is_valid:
        return []
    content = payload.as_buffer()
    if mime in HTML_TYPES:
        wide = content.slice(0, min(content.size, 2)).to_pybytes() in html.WIDE
        if not (wide or claimed or any(hinted)):
            return []
        return html.observations(content.to_pybytes(), hinted, url, claimed=claimed)
    if source.kind in ("files", "environment_files"):
        head = content.slice(0, min(content.size, file_header.HEAD_BYTES)).to_pybytes()
        found = file_header.observations(head, notices=source.kind == "environment_files" or _is_code(url))
        if head.lstrip()[:3] == b"---":
            said = manifests.front_matter(head.decode("utf-8", "replace").removeprefix("\ufeff"))
            found += [observe("row", "file", one.raw, ROW_DETECTOR, one.reading) for one in said]
        return found
    return []


def _is_code(url: str) -> bool:
    """Whether a record is a file whose head is a notice about itself: no row of a table, and no prose."""
    return url.startswith("file:") and not _NO_NOTICE_ABOVE.search(url)


@lru_cache(maxsize=65_536)
def _digest(observation: Observation) -> bytes:
    stated = (
        observation.location, observation.scope, observation.raw_value, observation.license_spdx,
        observation.context_hash, observation.note or "", observation.record_id or "",
        # One statement may be read twice, by a sure and an unsure rule.
        repr(observation.confidence), observation.detector,
    )
    return hashlib.blake2b("\x1f".join(stated).encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _as_rows(
    records: pa.RecordBatch, rows: np.ndarray, chosen: np.ndarray, observations: list[Observation]
) -> pa.RecordBatch:
    doc_ids = records.column("record_id").take(pa.array(rows))
    fields = list(zip(*observations, strict=True)) or [()] * len(Observation._fields)
    by_name = dict(zip(Observation._fields, fields, strict=True))
    schema = table("license_evidence").schema
    indices = pa.array(chosen)
    columns = {
        "evidence_id": _evidence_ids(doc_ids, chosen, observations),
        "doc_id": doc_ids,
        "snapshot": records.column("snapshot").take(pa.array(rows)),
        **{name: pa.array(values, schema.field(name).type).take(indices) for name, values in by_name.items()},
    }
    columns["record_id"] = pc.coalesce(columns["record_id"], doc_ids.cast(pa.string()))
    return pa.RecordBatch.from_arrays([columns[name].cast(schema.field(name).type) for name in schema.names],
                                      schema=schema)


def _evidence_ids(doc_ids: pa.Array, chosen: np.ndarray, observations: list[Observation]) -> pa.Array:
    """doc_id XOR a 128-bit hash of the observation: unique as both are, and made without a loop over rows."""
    documents = np.frombuffer(bytes.fromhex("".join(doc_ids.to_pylist())), np.uint8).reshape(-1, 16)
    digests = np.frombuffer(b"".join(map(_digest, observations)), np.uint8).reshape(-1, 16)
    joined = (documents ^ digests[chosen]).tobytes().hex() if len(chosen) else ""
    return pa.array([joined[start:start + 32] for start in range(0, len(joined), 32)], pa.string())
