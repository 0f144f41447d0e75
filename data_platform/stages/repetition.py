"""The stages that find evaluation items, and what repeats among the documents that stay after clusters, and that write
what becomes of it. A recipe has those that it asks for; without any, deduplicated documents are the copies that stay.

What is made of a text alone (hashes of passages, fingerprints, sketches, embeddings) is made per snapshot, once: a new
crawl has none of it made again. Over all snapshots only these are compared, and of the texts those are read again that
share a fingerprint or sketch:

- lines and paragraphs: all stored hashes are sorted, no text is read;
- substrings: documents that share a fingerprint with another are read and searched;
- containment: sketches propose pairs, whose documents are read and compared;
- semantic: k-means runs over all stored embeddings anew, no text is read and none embedded again.

The comparison itself is made anew whenever the documents that stay have changed: a new crawl may bring a freer copy of
an old document, and then the first occurrence of a passage is another one.

The order matters. What is contained in others or says the same is found first; then passages are compared among the
documents that remain, so that the first occurrence of a passage is never in a document that goes for another reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.tables import table
from data_platform.run import engine
from data_platform.run.recipe import Recipe
from data_platform.run.stage import Files, Stage, Work
from data_platform.run.workspace import Workspace
from data_platform.stages.duplicates import kept_documents

_IDENTITY = ("doc_id", "snapshot")
_GROUP = "deduplication"
_CUTS = pa.schema({"doc_id": pa.string(), "kind": pa.string(), "start": pa.int64(), "end": pa.int64()})
_REASONS = pa.schema({"doc_id": pa.string(), "reason": pa.string()})


class RepetitionStages(NamedTuple):
    """The stages by when they run: per snapshot once documents are filtered; over all once clusters are known; per
    snapshot and over all once there is a language model; and those that write what stays."""

    hashing: list[Stage]
    comparing: list[Stage]
    embedding: list[Stage]
    keeping: list[Stage]


def repetition_stages(recipe: Recipe, deduplicated: Stage) -> RepetitionStages:
    """The stages as the recipe needs them, with that of deduplicated documents as it is without repetition."""
    wanted = recipe.repetition
    hashing, pairs, spans, embedding = [], [], [], []
    if recipe.decontamination:
        hashing.append(CONTAMINATION)
    if wanted.lines or wanted.paragraphs:
        hashing.append(PASSAGE_HASHES)
    if wanted.substrings:
        hashing.append(SUBSTRING_FINGERPRINTS)
    if wanted.containment:
        hashing.append(DOCUMENT_SKETCHES)
    if wanted.semantic:
        embedding.append(DOCUMENT_EMBEDDINGS)
    if wanted.containment or wanted.semantic:
        read = [stage.name for stage in (*hashing, *embedding) if stage in (DOCUMENT_SKETCHES, DOCUMENT_EMBEDDINGS)]
        pairs.append(replace(REDUNDANT_DOCUMENTS, inputs=(*REDUNDANT_DOCUMENTS.inputs, *read)))
    found = [stage.name for stage in (*hashing, *pairs) if stage.name in ("contamination", "redundant_documents")]
    if wanted.lines or wanted.paragraphs or wanted.substrings:
        read = [stage.name for stage in hashing if stage in (PASSAGE_HASHES, SUBSTRING_FINGERPRINTS)]
        spans.append(replace(DUPLICATE_SPANS, inputs=(*DUPLICATE_SPANS.inputs, *read, *found)))
        found.append("duplicate_spans")
    comparing = [*pairs, *spans]
    if not found:
        return RepetitionStages([], [], [], [deduplicated])
    return RepetitionStages(
        hashing, [] if embedding else comparing, [*embedding, *comparing] if embedding else [],
        [
            replace(CUT_PROGRAMS, inputs=(*CUT_PROGRAMS.inputs, *found)),
            replace(
                deduplicated, inputs=(*deduplicated.inputs, "cut_programs"), run=_write_cut,
            ),
        ],
    )


# -- evaluation items -------------------------------------------------------------------------------------------------


def _write_contamination(work: Work) -> Files:
    from daft import col

    from data_platform.methods.decontaminate.ngrams import build_index, find_contamination, read_items

    settings = work.recipe.decontamination
    index = build_index([read_items(name, one) for name, one in sorted(settings.sets.items())], settings)
    actions = {name: one.action or settings.action for name, one in settings.sets.items()}
    fields = {name: table("contamination")[name].type for name in table("contamination").column_names[2:]}
    kernel = engine.batch_udf(
        partial(find_contamination, index=index, actions=actions),
        {"found": pa.list_(pa.struct([pa.field(name, type_) for name, type_ in fields.items()]))},
    )
    frame = engine.read(work.lake, work.pin("filtered_documents"), [*_IDENTITY, "text"])
    frame = frame.select(*_IDENTITY, kernel(col("text"))).where(col("found").list_count() > 0).explode("found")
    return engine.write(
        work.lake, frame.select(*_IDENTITY, col("found").unnest()), [engine.Output("contamination")]
    )


def _contamination_config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    from data_platform.methods.decontaminate.ngrams import evaluation_state

    settings = workspace.recipe.decontamination
    config = settings.model_dump(mode="json", exclude={"margin", "max_cuts"})
    for one in config["sets"].values():
        del one["paths"]  # what they hold counts
    return {**config, "files": evaluation_state(settings.sets)}


# -- hashes and sketches ----------------------------------------------------------------------------------------------


def _write_passage_hashes(work: Work) -> Files:
    from daft import col

    from data_platform.methods.duplicates.passages import hash_passages

    wanted = {kind: one.min_words for kind, one in _passages(work.recipe).items()}
    fields = {name: table("passage_hashes")[name].type for name in table("passage_hashes").column_names[2:]}
    kernel = engine.batch_udf(
        partial(hash_passages, min_words=wanted),
        {"found": pa.list_(pa.struct([pa.field(name, type_) for name, type_ in fields.items()]))},
    )
    frame = engine.read(work.lake, work.pin("filtered_documents"), [*_IDENTITY, "text"])
    frame = frame.select(*_IDENTITY, kernel(col("text"))).explode("found")
    return engine.write(work.lake, frame.select(*_IDENTITY, col("found").unnest()), [engine.Output("passage_hashes")])


def _passages(recipe: Recipe) -> dict[str, Any]:
    wanted = {"line": recipe.repetition.lines, "paragraph": recipe.repetition.paragraphs}
    return {kind: one for kind, one in wanted.items() if one}


def _passages_config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    return {kind: one.min_words for kind, one in _passages(workspace.recipe).items()}


def _write_fingerprints(work: Work) -> Files:
    from daft import col

    from data_platform.methods.duplicates.substrings import fingerprints

    kernel = engine.batch_udf(
        partial(fingerprints, min_tokens=work.recipe.repetition.substrings.min_tokens),
        {"hashes": table("substring_fingerprints")["hashes"].type},
    )
    frame = engine.read(work.lake, work.pin("filtered_documents"), [*_IDENTITY, "text"])
    return engine.write(
        work.lake, frame.select(*_IDENTITY, kernel(col("text"))), [engine.Output("substring_fingerprints")]
    )


def _fingerprint_config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    return {"min_tokens": workspace.recipe.repetition.substrings.min_tokens}


def _write_sketches(work: Work) -> Files:
    from daft import col

    from data_platform.methods.duplicates.containment import sketches

    wanted = work.recipe.repetition.containment
    fields = {name: table("document_sketches")[name].type for name in ("shingle_count", "sketch")}
    kernel = engine.batch_udf(partial(sketches, ngram=wanted.ngram, scale=wanted.scale), fields)
    frame = engine.read(work.lake, work.pin("filtered_documents"), [*_IDENTITY, "text"])
    return engine.write(
        work.lake, frame.select(*_IDENTITY, kernel(col("text"))), [engine.Output("document_sketches")]
    )


def _sketch_config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    return workspace.recipe.repetition.containment.model_dump(mode="json", include={"ngram", "scale"})


# -- embeddings -------------------------------------------------------------------------------------------------------


def _write_embeddings(work: Work) -> Files:
    from daft import col

    from data_platform.stages.scoring import model_of

    model_id, folder = model_of(work, "language_model")
    settings = work.recipe
    fields = {name: table("document_embeddings")[name].type for name in ("embedding", "embedding_model")}
    kernel = engine.batch_udf(
        partial(
            embed_documents, model_id=model_id, folder=folder, max_tokens=settings.repetition.semantic.max_tokens,
            batch_tokens=settings.scoring.batch_tokens,
        ),
        fields,
    )
    # Copies too: which of them stays may change with every crawl, and no text shall be embedded twice for that.
    frame = engine.read(work.lake, work.pin("filtered_documents"), [*_IDENTITY, "text"])
    return engine.write(
        work.lake, frame.select(*_IDENTITY, kernel(col("text"))), [engine.Output("document_embeddings")]
    )


def embed_documents(
    texts: pa.Array, *, model_id: str, folder: str, max_tokens: int, batch_tokens: int
) -> pa.StructArray:
    """The embedding of every text of a batch, and which model made it."""
    from data_platform.stages.scoring import LOADING

    with LOADING:
        embedder = _embedder(folder, max_tokens, batch_tokens)
    return pa.StructArray.from_arrays(
        [embedder.embed(texts), pa.repeat(model_id, len(texts))], ["embedding", "embedding_model"]
    )


@lru_cache(maxsize=1)
def _embedder(folder: str, max_tokens: int, batch_tokens: int):
    from data_platform.models.embeddings import Embedder

    return Embedder(folder, max_tokens, batch_tokens)


def _embedding_config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    recipe = workspace.recipe
    return {"max_tokens": recipe.repetition.semantic.max_tokens, "batch_tokens": recipe.scoring.batch_tokens}


# -- comparisons over all snapshots -----------------------------------------------------------------------------------


def _staying(work: Work) -> pa.Array:
    """The documents that stay after clusters, without those that go as contaminated or for another document."""
    rows = work.rows("duplicates", ["doc_id", "kept"])
    ids = rows.filter(rows["kept"])["doc_id"]
    for gone in _gone(work):
        ids = ids.filter(pc.invert(pc.is_in(ids, gone)))
    return ids.combine_chunks()


def _gone(work: Work) -> Iterator[pa.Array]:
    if work.pins_of("contamination"):
        rows = work.rows("contamination", ["doc_id", "decision"])
        yield rows.filter(pc.equal(rows["decision"], "drop"))["doc_id"].combine_chunks()
    if work.pins_of("redundant_documents"):
        rows = work.rows("redundant_documents", ["doc_id", "kind"])
        kinds = pa.array(_dropping(work.recipe), pa.string())
        yield rows.filter(pc.is_in(rows["kind"], kinds))["doc_id"].combine_chunks()


def _dropping(recipe: Recipe) -> list[str]:
    """Kinds of pairs for which the recipe drops documents."""
    wanted = recipe.repetition
    kinds = {"containment": wanted.containment, "semantic": wanted.semantic}
    return [kind for kind, one in kinds.items() if one and one.drop]


def _texts(work: Work, ids: pa.Array) -> Iterator[pa.Table]:
    """Ids, snapshots and texts of some documents of all snapshots, part by part."""
    for pin in work.pins_of("filtered_documents"):
        for rows in work.lake.read_documents(pin, ["doc_id", "text"], ids):
            yield rows.append_column("snapshot", pa.repeat(pin.partition, rows.num_rows))


def _write_pairs(work: Work) -> Files:
    from data_platform.methods.duplicates.containment import contained_documents
    from data_platform.methods.duplicates.semantic import semantic_duplicates

    wanted, ids, found = work.recipe.repetition, _staying(work), []
    if wanted.containment:
        sketched = work.rows("document_sketches")
        found.append(contained_documents(
            sketched.filter(pc.is_in(sketched["doc_id"], ids)), partial(_texts, work),
            wanted.containment.share, wanted.containment.ngram, wanted.containment.max_documents,
        ))
        if wanted.containment.drop:  # a document that goes keeps no other from staying
            ids = ids.filter(pc.invert(pc.is_in(ids, found[0]["doc_id"].combine_chunks())))
    if wanted.semantic:
        embedded = work.rows("document_embeddings")
        found.append(semantic_duplicates(
            embedded.filter(pc.is_in(embedded["doc_id"], ids)), wanted.semantic.threshold,
            wanted.semantic.documents_per_cluster, wanted.semantic.iterations, wanted.semantic.keep,
            wanted.semantic.seed,
        ))
    return work.files(pa.concat_tables(found))


def _pairs_config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    return workspace.recipe.repetition.model_dump(mode="json", include={"containment", "semantic"})


def _write_spans(work: Work) -> Files:
    from data_platform.methods.duplicates.passages import repeated_passages
    from data_platform.methods.duplicates.substrings import repeated_substrings, sharing_documents

    ids, found = _staying(work), []
    if least := {kind: one.min_occurrences for kind, one in _passages(work.recipe).items()}:
        hashes = work.rows("passage_hashes")
        found.append(repeated_passages(hashes.filter(pc.is_in(hashes["doc_id"], ids)), least))
    if substrings := work.recipe.repetition.substrings:
        prints = work.rows("substring_fingerprints", ["doc_id", "hashes"])
        prints = prints.filter(pc.is_in(prints["doc_id"], ids))
        some = sharing_documents(prints["doc_id"], prints["hashes"])
        del prints
        sizes = work.rows("filtered_documents", ["doc_id", "byte_count"])
        size = pc.sum(sizes.filter(pc.is_in(sizes["doc_id"], some))["byte_count"]).as_py() or 0
        found.append(repeated_substrings(partial(_texts, work, some), size, substrings.min_tokens))
    return work.files(pa.concat_tables(found))


def _spans_config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    recipe = workspace.recipe
    return {
        "dropping": _dropping(recipe),
        "min_occurrences": {kind: one.min_occurrences for kind, one in _passages(recipe).items()},
        "min_tokens": recipe.repetition.substrings.min_tokens if recipe.repetition.substrings else None,
    }


# -- cuts -------------------------------------------------------------------------------------------------------------


def _write_cut_programs(work: Work) -> Files:
    import daft
    from daft import col

    from data_platform.duplicates.cutting import cut_batch, findings

    decontamination = work.recipe.decontamination
    found = findings(*_findings(work))
    fields = {name: table("cut_programs")[name].type for name in table("cut_programs").column_names[2:]}
    kernel = engine.batch_udf(
        partial(
            cut_batch, margin=decontamination.margin if decontamination else 0,
            max_cuts=decontamination.max_cuts if decontamination else 0, min_words=work.recipe.repetition.min_words,
            tokenizer=work.recipe.tokenizer,
        ),
        fields,
    )
    kept = engine.read(work.lake, work.pin("duplicates"), ["doc_id", "kept"]).where(col("kept"))
    frame = engine.read(work.lake, work.pin("filtered_documents"), [*_IDENTITY, "text"])
    frame = frame.join(kept.select("doc_id"), on="doc_id", how="semi").join(daft.from_arrow(found), on="doc_id")
    written = kernel(*(col(name) for name in ("text", "spans", "reasons")))
    return engine.write(work.lake, frame.select(*_IDENTITY, written), [engine.Output("cut_programs")])


def _findings(work: Work) -> tuple[pa.Table, pa.Table]:
    """What is to be acted upon in one snapshot: spans that go, and reasons why documents go."""
    spans, reasons = [_CUTS.empty_table()], [_REASONS.empty_table()]
    if work.pins_of("duplicate_spans"):
        wanted = {**_passages(work.recipe), "substring": work.recipe.repetition.substrings}
        cut = pa.array([kind for kind, one in wanted.items() if one and one.cut], pa.string())
        rows = _of_snapshot(work, "duplicate_spans", ["doc_id", "kind", "start", "end"])
        spans.append(rows.filter(pc.is_in(rows["kind"], cut)))
    if work.pins_of("redundant_documents"):
        rows = _of_snapshot(work, "redundant_documents", ["doc_id", "kind"])
        rows = rows.filter(pc.is_in(rows["kind"], pa.array(_dropping(work.recipe), pa.string())))
        reasons.append(rows.rename_columns(["doc_id", "reason"]))
    if work.pins_of("contamination"):
        rows = _of_snapshot(work, "contamination", ["doc_id", "evaluation_set", "spans", "decision"])
        dropped = rows.filter(pc.equal(rows["decision"], "drop"))
        why = pc.binary_join_element_wise("contaminated", dropped["evaluation_set"], ".")
        reasons.append(pa.table({"doc_id": dropped["doc_id"], "reason": why}))
        cut = rows.filter(pc.equal(rows["decision"], "cut")).combine_chunks()
        some = cut["spans"].combine_chunks()
        flat = some.flatten()
        spans.append(pa.table({
            "doc_id": cut["doc_id"].take(pc.list_parent_indices(some)),
            "kind": pa.array(["contamination"] * len(flat), pa.string()),
            "start": flat.field("start"), "end": flat.field("end"),
        }))
    return (
        pa.concat_tables(rows.cast(_CUTS) for rows in spans), pa.concat_tables(rows.cast(_REASONS) for rows in reasons)
    )


def _of_snapshot(work: Work, name: str, columns: list[str]) -> pa.Table:
    pin = work.pin(name)
    where = None if table(name).partition_by else pc.field("snapshot") == work.snapshot
    return work.lake.read_table(name, columns, partition=pin.partition or None, version=pin.version, where=where)


def _cut_config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    from data_platform.text.tokenizer import tokenizer_name

    recipe = workspace.recipe
    wanted = {**_passages(recipe), "substring": recipe.repetition.substrings}
    limits = recipe.decontamination.model_dump(include={"margin", "max_cuts"}) if recipe.decontamination else {}
    return {
        "cut": [kind for kind, one in wanted.items() if one and one.cut], "drop": _dropping(recipe),
        "min_words": recipe.repetition.min_words, **limits, "tokenizer": tokenizer_name(recipe.tokenizer),
    }


def _write_cut(work: Work) -> Files:
    from daft import col

    from data_platform.stages.filtering import replay

    columns = ["doc_id", "program", "outcome", "bytes_after", "tokens_after"]
    programs = engine.read(work.lake, work.pin("cut_programs"), columns)
    documents = kept_documents(work).join(programs, on="doc_id", how="left")
    documents = documents.where(col("outcome").is_null() | (col("outcome") != "dropped"))
    made = ("text", "byte_count", "token_count")
    carried = [name for name in table("deduplicated_documents").column_names if name not in made]
    kernel = engine.batch_udf(replay, {"text": pa.large_string(), "byte_count": pa.int64()})
    frame = documents.select(
        *carried, kernel(col("text"), col("program"), col("bytes_after").fill_null(col("byte_count"))),
        col("tokens_after").fill_null(col("token_count")).alias("token_count"),
    )
    return engine.write(work.lake, frame, [engine.Output("deduplicated_documents")])


CONTAMINATION = Stage(
    name="contamination", group=_GROUP, inputs=("filtered_documents",), run=_write_contamination,
    config=_contamination_config,
)
PASSAGE_HASHES = Stage(
    name="passage_hashes", group=_GROUP, inputs=("filtered_documents",), run=_write_passage_hashes,
    config=_passages_config,
)
SUBSTRING_FINGERPRINTS = Stage(
    name="substring_fingerprints", group=_GROUP, inputs=("filtered_documents",), run=_write_fingerprints,
    config=_fingerprint_config,
)
DOCUMENT_SKETCHES = Stage(
    name="document_sketches", group=_GROUP, inputs=("filtered_documents",), run=_write_sketches,
    config=_sketch_config,
)
DOCUMENT_EMBEDDINGS = Stage(
    name="document_embeddings", group=_GROUP, inputs=("filtered_documents", "language_model"),
    run=_write_embeddings, config=_embedding_config,
    pool="gpu",
)
REDUNDANT_DOCUMENTS = Stage(
    name="redundant_documents", group=_GROUP, inputs=("filtered_documents", "duplicates"), run=_write_pairs,
    config=_pairs_config,
    partitioned=False,
)
DUPLICATE_SPANS = Stage(
    name="duplicate_spans", group=_GROUP, inputs=("filtered_documents", "duplicates"), run=_write_spans,
    config=_spans_config,
    partitioned=False,
)
CUT_PROGRAMS = Stage(
    name="cut_programs", group=_GROUP, inputs=("filtered_documents", "duplicates"), run=_write_cut_programs,
    config=_cut_config,
)
