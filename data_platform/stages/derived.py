"""The tables of derived texts: one per synthesiser that the recipe names, with what every text is made of.

Texts are made of the deduplicated documents of a snapshot. A text is under the licences of all its parents, and stands
in `parents` once for each; a document that is no parent of any is in `rejections`: of another domain (`other_domain`),
in no family (`no_family`), or of families of which nothing stays, because nothing was written (`nothing_written`), or
all was taken down (`taken_down`) or equal to other texts (`duplicate`).

Of equal texts of an entry and snapshot, equal as exact copies of documents are, the first by id stays; the others are
in `rejections` too, under their own ids and as `derived`. So are texts that a takedown keeps out.

Not here: synthesisers (`methods/synthesize/`), families and their texts (`shared/families.py`).
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from data_platform.core.kinds import answers
from data_platform.core.kinds.method import Entry
from data_platform.core.kinds.synthesiser import SYNTHESISER, Synthesiser, derived_id
from data_platform.core.kinds.trainer import model_tables
from data_platform.core.tables import derived_table, table
from data_platform.ingest.records import TAKEN_DOWN
from data_platform.run.recipe import Recipe
from data_platform.run.stage import REJECTIONS, Dropped, Files, Passing, Stage, Work
from data_platform.run.workspace import Workspace
from data_platform.spdx.algebra import derived
from data_platform.stages.shared.families import TEXT_BYTES, Families, batches, families_of, texts_of
from data_platform.stages.shared.files import file_identity
from data_platform.stages.shared.models import licenses_of, models_of
from data_platform.takedown.removal_list import SYNTHESIS, RemovalList, standing

_NARROW = ("doc_id", "source", "url", "domain", "language", "token_count", "byte_count")
_TERMS = ("license_spdx", "claimed_spdx", "opt_out", "contradicted", "attribution")
_SPILLED = pa.schema([
    ("family", pa.int64()), ("ordinal", pa.int32()), ("doc_id", pa.string()), ("text", pa.large_string()),
    ("byte_count", pa.int64()), ("token_count", pa.int64()), ("language", pa.string()), ("text_hash", pa.string()),
    ("taken_down", pa.string()),
])
_BECAME = ("other_domain", "no_family", "nothing_written", "taken_down", "duplicate", "")
"""What may become of a document, from the least on: of several families the most counts. The last: it is a parent."""
_PARENT = len(_BECAME) - 1


_BOOKS = Passing(
    dropped=(Dropped(REJECTIONS, "reason", lambda snapshot: (pc.field("snapshot") == snapshot) & (
        pc.field("record_type") == "document")),),
    parents=("parents", "parent_id"),
)
"""Documents come in; what was made of them is not among them. Those pass that are parents."""


def synthesis_stages(recipe: Recipe) -> list[Stage]:
    """One stage per entry of the recipe's `synthesis`."""
    return [_stage(entry) for entry in recipe.synthesis.values()]


def _stage(entry: Entry) -> Stage:
    return Stage(
        name=entry.table, table=derived_table(entry.name), group="synthesis",
        inputs=("deduplicated_documents", "document_terms", *model_tables(entry.models)),
        run=partial(_write, entry=entry), config=partial(_config, entry=entry), sides=("parents", "rejections"),
        partitioned=SYNTHESISER.partitioned, phase=SYNTHESISER.phase, pool=entry.method.pool, methods=(entry.method,),
        books=_BOOKS,
        checks=("taken_down", "licenses_current"),
    )


def _config(workspace: Workspace, snapshot: str | None, entry: Entry) -> Mapping[str, Any]:
    from data_platform.text.tokenizer import tokenizer_name

    recipe = workspace.recipe
    return {
        **entry.config(), "tokenizer": tokenizer_name(recipe.tokenizer),
        "language_model": file_identity(recipe.language.model), **standing(workspace.lake).config(SYNTHESIS, snapshot),
    }


def _write(work: Work, entry: Entry) -> Files:
    models = models_of(work, entry.models)
    synthesiser = entry.made({name: Path(folder) for name, (_, folder) in models.items()})
    documents = _documents(work, entry)
    wanted = entry.settings.from_domains
    candidates = np.ones(documents.num_rows, bool)
    if wanted:
        candidates = pc.is_in(documents["domain"], pa.array(wanted, pa.string())).to_numpy()
    families = families_of(synthesiser, documents.select(["doc_id", "domain", "language", "token_count",
                                                          *entry.columns]), candidates)
    with tempfile.TemporaryDirectory() as folder:
        spill = Path(folder) / "texts.parquet"
        made = _spill(work, entry, synthesiser, documents, families, spill)
        reasons = _reasons(made)
        became = _became(candidates, families, made, reasons)
        told = {
            "stage": work.stage.name, "snapshot": work.snapshot, "method": entry.method.name,
            "method_version": entry.method.version, "prompt": synthesiser.prompt,
            "model": " ".join(model_id for model_id, _ in models.values()),
            "model_license": licenses_of(work, entry.models),
        }
        writer, parents = work.lake.writer(work.stage.declared), work.lake.writer("parents")
        terms = _Terms(documents)
        kept = np.asarray(pc.is_null(reasons))
        for texts in _kept(spill, kept):
            mine = families.taken(texts["family"].to_numpy())
            for batch in _rows(work, entry, texts, terms, mine).to_batches():
                writer.write(batch)
            for batch in _parents(texts, mine, documents["doc_id"], told).to_batches():
                parents.write(batch)
    rejected = pa.concat_tables([_rejected_documents(work, documents, became), _rejected_texts(work, made, reasons)])
    return {work.stage.name: writer.close(), "parents": parents.close(), **work.files(rejected, "rejections")}


def _documents(work: Work, entry: Entry) -> pa.Table:
    """Narrow columns of the documents of the snapshot, in the order of their table, with their terms."""
    rows = work.rows("deduplicated_documents", list(dict.fromkeys([*_NARROW, *entry.columns]))).combine_chunks()
    licenses = work.rows("document_terms", ["doc_id", *_TERMS])
    place = pc.index_in(rows["doc_id"], licenses["doc_id"].combine_chunks())
    for column in _TERMS:
        rows = rows.append_column(column, licenses[column].take(place))
    return rows.combine_chunks()


# -- making -----------------------------------------------------------------------------------------------------------


def _spill(
    work: Work, entry: Entry, synthesiser: Synthesiser, documents: pa.Table, families: Families, path: Path
) -> pa.Table:
    """Make all texts and write them to a file, since the last may show that the first is a copy.

    Returns all of its columns but the texts.
    """
    removed, narrow = standing(work.lake), _SPILLED.remove(_SPILLED.get_field_index("text"))
    ids, sizes = documents["doc_id"].combine_chunks(), documents["byte_count"].to_numpy()
    made = [narrow.empty_table()]
    with pq.ParquetWriter(path, _SPILLED, compression="zstd") as writer:
        for some in batches(families, sizes, TEXT_BYTES):
            group = families.taken(some)
            texts = texts_of(work.lake, work.pin("deduplicated_documents"), ids, group)
            for start in range(0, len(some), synthesiser.batch_rows):
                part = slice(start, start + synthesiser.batch_rows)
                rows = _derive(
                    work.recipe, entry, synthesiser, some[part], families, ids, texts[part.start:part.stop], removed
                )
                writer.write_table(rows)
                made.append(rows.select(narrow.names))
    return pa.concat_tables(made).combine_chunks()


def _derive(
    recipe: Recipe, entry: Entry, synthesiser: Synthesiser, numbers: np.ndarray, families: Families, ids: pa.Array,
    parents: pa.ListArray, removed: RemovalList,
) -> pa.Table:
    """What a synthesiser makes of some families, as rows of `_SPILLED`."""
    from data_platform.language.identify import identify
    from data_platform.text.identity import exact_hash
    from data_platform.text.tokenizer import count_tokens

    written = answers.texts_of(entry.method, synthesiser.derive(parents), len(numbers))
    counts = pc.fill_null(written.value_lengths(), 0).to_numpy(zero_copy_only=False).astype(np.int64)
    ordinal = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    text = pc.utf8_normalize(pc.fill_null(written.flatten(), ""), "NFC")
    there = np.asarray(pc.greater(pc.binary_length(text), 0))
    text, ordinal, family = text.filter(pa.array(there)), ordinal[there], np.repeat(numbers, counts)[there]
    named = {number: ids.take(pa.array(families[number])).to_pylist() for number in np.unique(family).tolist()}
    own = pa.array(
        [derived_id(entry.name, entry.method.name, named[number], place)
         for number, place in zip(family.tolist(), ordinal.tolist(), strict=True)], pa.string(),
    )
    text_hash = exact_hash(text)
    columns = {
        "family": pa.array(family), "ordinal": pa.array(ordinal, pa.int32()), "doc_id": own, "text": text,
        "byte_count": pc.binary_length(text).cast(pa.int64()), "token_count": count_tokens(text, recipe.tokenizer),
        "language": identify(text, recipe.language.model).field("language"), "text_hash": text_hash,
        "taken_down": removed.of_derived(entry.name, own, text, text_hash),
    }
    return pa.table(columns, schema=_SPILLED)


def _reasons(made: pa.Table) -> pa.Array:
    """Why a text does not stay, null where it does."""
    out = made["taken_down"].combine_chunks()
    taken_down = pc.if_else(pc.is_valid(out), pc.binary_join_element_wise(TAKEN_DOWN, pc.fill_null(out, ""), ""), None)
    order = pc.sort_indices(
        pa.table({"out": pc.is_valid(out), "text_hash": made["text_hash"], "doc_id": made["doc_id"]}),
        [("out", "ascending"), ("text_hash", "ascending"), ("doc_id", "ascending")],
    )
    hashes = made["text_hash"].combine_chunks().dictionary_encode().indices.to_numpy(zero_copy_only=False)
    in_order = hashes[order.to_numpy()]
    again = np.zeros(len(in_order), bool)
    again[order.to_numpy()[1:][in_order[1:] == in_order[:-1]]] = True
    return pc.coalesce(taken_down, pc.if_else(pa.array(again), "duplicate", pa.scalar(None, pa.string())))


def _became(candidates: np.ndarray, families: Families, made: pa.Table, reasons: pa.Array) -> np.ndarray:
    """What became of every document: places in `_BECAME`."""
    of_family = np.full(len(families), _BECAME.index("nothing_written"))
    short = pc.if_else(pc.starts_with(reasons, TAKEN_DOWN), "taken_down", reasons)
    of_text = pc.index_in(pc.fill_null(short, ""), pa.array(_BECAME)).to_numpy(zero_copy_only=False)
    np.maximum.at(of_family, made["family"].to_numpy(), of_text)
    became = np.where(candidates, _BECAME.index("no_family"), _BECAME.index("other_domain"))
    np.maximum.at(became, families.parents, of_family[families.of_parents()])
    return became


# -- rows -------------------------------------------------------------------------------------------------------------


def _kept(spill: Path, kept: np.ndarray) -> Iterator[pa.Table]:
    """The texts that stay, batch by batch."""
    start = 0
    for batch in pq.ParquetFile(spill).iter_batches(batch_size=4_096):
        rows = pa.table(batch).filter(pa.array(kept[start:start + batch.num_rows]))
        start += batch.num_rows
        if rows.num_rows:
            yield rows


class _Terms:
    """The terms of documents, and what is made of several."""

    def __init__(self, documents: pa.Table) -> None:
        self.license_spdx = documents["license_spdx"].to_pylist()
        self.claimed_spdx = documents["claimed_spdx"].to_pylist()
        self.opt_out = documents["opt_out"].to_pylist()
        self.contradicted = documents["contradicted"].to_pylist()
        self.attribution = documents["attribution"].to_pylist()

    def of(self, parents: Sequence[int]) -> dict[str, Any]:
        """The columns of terms of a text of these parents."""
        spdx, tier = derived(self.license_spdx[parent] for parent in parents)
        claimed, claimed_tier = derived(self.claimed_spdx[parent] for parent in parents)
        return {
            "license_spdx": spdx, "license_tier": tier, "claimed_spdx": claimed, "claimed_tier": claimed_tier,
            "contested": tier > claimed_tier, "opt_out": any(self.opt_out[parent] for parent in parents),
            "contradicted": any(self.contradicted[parent] for parent in parents),
            "attribution": "; ".join(dict.fromkeys(filter(None, (self.attribution[parent] for parent in parents)))),
        }


def _rows(work: Work, entry: Entry, texts: pa.Table, terms: _Terms, families: Families) -> pa.Table:
    """Rows of the table of derived texts; `families` has the family of each text."""
    stated = pa.Table.from_pylist([terms.of(families[number].tolist()) for number in range(len(families))])
    constant = {
        "snapshot": work.snapshot, "source": entry.name, "domain": entry.settings.domain, "url": "", "host": "",
        "fetched_at": None, "title": None, "cluster_size": 1, "rehydration_weight": 1, "license_basis": "parents",
        "copy_licenses": "",
    }
    for name in stated.column_names:
        texts = texts.append_column(name, stated[name])
    return _filled(work.stage.name, texts, constant)


def _parents(texts: pa.Table, families: Families, ids: pa.ChunkedArray, told: Mapping[str, Any]) -> pa.Table:
    """Rows of table `parents`: one per text and member of its family."""
    of_text = pa.array(families.of_parents())
    position = np.arange(len(families.parents)) - np.repeat(families.offsets[:-1], families.sizes)
    columns = pa.table({
        "derived_id": texts["doc_id"].take(of_text), "ordinal": texts["ordinal"].take(of_text),
        "parent_id": ids.take(pa.array(families.parents)), "position": pa.array(position),
    })
    return _filled("parents", columns, told)


def _rejected_documents(work: Work, documents: pa.Table, became: np.ndarray) -> pa.Table:
    """Rows of table `rejections`: documents that are parents of nothing."""
    out = pa.array(np.flatnonzero(became != _PARENT))
    rows = documents.select(["source", "url"]).take(out)
    rows = rows.append_column("id", documents["doc_id"].take(out))
    rows = rows.append_column("reason", pa.array(_BECAME).take(pa.array(became).take(out)))
    return _rejections(work, rows, "document")


def _rejected_texts(work: Work, made: pa.Table, reasons: pa.Array) -> pa.Table:
    """Rows of table `rejections`: texts that do not stay."""
    out = pc.is_valid(reasons)
    count = pc.sum(out).as_py() or 0
    columns = {
        "id": made["doc_id"].filter(out), "reason": reasons.filter(out),
        "source": pa.repeat(work.stage.declared.entry, count), "url": pa.repeat("", count),
    }
    return _rejections(work, pa.table(columns), "derived")


def _rejections(work: Work, rows: pa.Table, record_type: str) -> pa.Table:
    constant = {
        "stage": work.stage.name, "snapshot": work.snapshot, "archive": "", "offset": -1, "record_type": record_type,
        "detail": "",
    }
    return _filled("rejections", rows, constant)


def _filled(name: str, rows: pa.Table, constant: Mapping[str, Any]) -> pa.Table:
    """Rows of table `name`, of columns that are there and of values that all rows share."""
    schema, columns = table(name).schema, []
    for field in schema:
        if field.name in constant:
            columns.append(pa.repeat(pa.scalar(constant[field.name], field.type), rows.num_rows))
        else:
            columns.append(rows[field.name].cast(field.type))
    return pa.table(columns, schema=schema)
