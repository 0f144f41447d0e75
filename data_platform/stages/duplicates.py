"""The stages that find duplicates across all snapshots and keep one copy of each cluster.

Signatures and pairs are made per snapshot: a new one is compared with the stored keys of all that come before it in
the recipe, whose texts are not read again but to verify pairs that the recipe wants verified. A change of a snapshot
makes its pairs anew, and those of the snapshots after it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.tables import table
from data_platform.run import engine
from data_platform.run.stage import Files, Stage, Work
from data_platform.run.workspace import Workspace

if TYPE_CHECKING:
    from daft import DataFrame

    from data_platform.run.recipe import Recipe

_OF_TEXT = ("exact_hash", "shingle_count", "minhash_bands", "minhash_sketch")
_SIGNATURE_SETTINGS = frozenset({"ngram", "bands", "rows", "seed", "hashes"})


def _write_signatures(work: Work) -> Files:
    from daft import col

    from data_platform.methods.duplicates.minhash import signatures

    settings = work.recipe.deduplication.model_dump(include=set(_SIGNATURE_SETTINGS))
    declared = table("document_signatures")
    of_text = engine.batch_udf(partial(signatures, **settings), {name: declared[name].type for name in _OF_TEXT})
    # Canonical URLs are made by some dozens of calls, however many there are.
    of_url = engine.batch_udf(_hash_urls, {"url_hash": declared["url_hash"].type}, batch_rows=engine.MORSEL_ROWS)
    frame = engine.read(work.lake, work.pin("filtered_documents"), ["doc_id", "snapshot", "url", "text"])
    frame = frame.select("doc_id", "snapshot", of_url(col("url")), of_text(col("text")))
    return engine.write(work.lake, frame, [engine.Output("document_signatures")])


def _hash_urls(url: pa.Array) -> pa.StructArray:
    from data_platform.methods.duplicates.url import url_hash

    return pa.StructArray.from_arrays([url_hash(url)], ["url_hash"])


def _write_pairs(work: Work) -> Files:
    from data_platform.duplicates.candidates import copy_pairs

    settings = work.recipe.deduplication
    # Narrow columns only: those of the snapshots before this one are read, and not made.
    documents = work.rows("document_signatures")
    ids = documents["doc_id"].combine_chunks().sort() if settings.verify is not None else None
    pairs = copy_pairs(documents, work.snapshot, settings.kinds, settings.verify, partial(_shingles, work, ids))
    return work.files(pairs)


def _shingles(work: Work, ids: pa.Array, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Read the documents that stand at `rows` of `ids` again, and shingle them, in the order of `rows`."""
    from data_platform.methods.duplicates.minhash import distinct_shingles

    settings = work.recipe.deduplication
    wanted = ids.take(pa.array(rows))
    found = []
    for pin in work.pins_of("filtered_documents"):
        for batch in work.lake.read_documents(pin, ["doc_id", "text"], wanted):
            shingles = distinct_shingles(batch["text"], settings.ngram, settings.hashes)
            found.append(pa.table({"doc_id": batch["doc_id"], "shingles": shingles}))
    documents = pa.concat_tables(found).combine_chunks()
    order = pc.index_in(wanted, documents["doc_id"].combine_chunks())
    shingles = documents["shingles"].combine_chunks().take(order)
    values = shingles.flatten().to_numpy(zero_copy_only=False)
    offsets = np.concatenate(([0], np.cumsum(shingles.value_lengths().to_numpy(zero_copy_only=False))))
    return offsets, values


def _write_duplicates(work: Work) -> Files:
    from data_platform.duplicates.clusters import find_duplicates
    from data_platform.duplicates.policy import preferences

    # Narrow columns only: clusters span all snapshots, so their documents meet in one place.
    documents = work.rows("document_signatures", ["doc_id", "snapshot", "minhash_sketch"])
    keep = work.recipe.deduplication.keep
    compared = dict.fromkeys(column for column, _ in preferences(keep))
    wanted = {
        "filtered_documents": ["source", *(name for name in compared if name in table("filtered_documents"))],
        "document_licenses": ["license_spdx", "license_tier"],
        "quality_signals": [name for name in compared if name in table("quality_signals")],
    }
    for name, columns in wanted.items():
        if columns:
            other = work.rows(name, ["doc_id", *columns])
            place = pc.index_in(documents["doc_id"], other["doc_id"].combine_chunks())
            for column in columns:
                documents = documents.append_column(column, other[column].take(place))
    return work.files(find_duplicates(documents, work.rows("copy_pairs"), keep))


def kept_documents(work: Work) -> DataFrame:
    """The copies that stay, with the columns of table `deduplicated_documents`."""
    from daft import from_arrow

    from data_platform.duplicates.rehydration import weights

    kept = work.lake.read_table(
        "duplicates", ["doc_id", "cluster_size"], version=work.pin("duplicates").version,
        where=pc.field("kept") & (pc.field("snapshot") == work.snapshot),
    )
    repeated = weights(kept["cluster_size"].to_numpy(), work.recipe.deduplication.rehydration)
    made = ("cluster_size", "rehydration_weight")
    columns = [name for name in table("deduplicated_documents").column_names if name not in made]
    frame = engine.read(work.lake, work.pin("filtered_documents"), columns)
    return frame.join(from_arrow(kept.append_column("rehydration_weight", pa.array(repeated))), on="doc_id")


def _write_deduplicated(work: Work) -> Files:
    return engine.write(work.lake, kept_documents(work), [engine.Output("deduplicated_documents")])


def _signature_config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    return workspace.recipe.deduplication.model_dump(mode="json", include=set(_SIGNATURE_SETTINGS))


def _pair_config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    return workspace.recipe.deduplication.model_dump(mode="json", include={"kinds", "verify"})


def _cluster_config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    # With the guards: what they stopped is to be made, and asked, again when they change.
    return workspace.recipe.deduplication.model_dump(mode="json", include={"keep", "guards"})


def _weight_config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    return {"rehydration": {str(size): times for size, times in workspace.recipe.deduplication.rehydration.items()}}


DOCUMENT_SIGNATURES = Stage(
    name="document_signatures", group="deduplication", inputs=("filtered_documents",), run=_write_signatures,
    config=_signature_config,
)


def duplicate_stages(recipe: Recipe) -> tuple[Stage, Stage, Stage]:
    """The stages that find pairs, clusters and the copies that stay, with the inputs that the recipe needs.

    Raises:
        PreferenceError: if what the recipe keeps by is no preference.
    """
    from data_platform.duplicates.policy import preferences

    settings = recipe.deduplication
    texts = ("filtered_documents",) if settings.verify is not None else ()
    signals = any(column in table("quality_signals") for column, _ in preferences(settings.keep))
    pairs = Stage(
        name="copy_pairs", group="deduplication", inputs=("document_signatures", *texts), run=_write_pairs,
        config=_pair_config,
        earlier=("document_signatures", *texts),
    )
    clusters = Stage(
        name="duplicates", group="deduplication",
        inputs=("document_signatures", "copy_pairs", "filtered_documents", "document_licenses",
                *(("quality_signals",) if signals else ())),
        run=_write_duplicates, config=_cluster_config,
        partitioned=False,
    )
    deduplicated = Stage(
        name="deduplicated_documents", group="deduplication", inputs=("filtered_documents", "duplicates"),
        run=_write_deduplicated, config=_weight_config,
    )
    return pairs, clusters, deduplicated
