"""The stage that makes of every document what its copies are known by: hashes and MinHash."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import pyarrow as pa

from data_platform.core.tables import table
from data_platform.run import engine
from data_platform.run.stage import Files, Stage, Work
from data_platform.run.workspace import Workspace

_OF_TEXT = ("exact_hash", "shingle_count", "minhash_bands", "minhash_sketch")
_SETTINGS = frozenset({"ngram", "bands", "rows", "seed", "hashes"})


def _write(work: Work) -> Files:
    from daft import col

    from data_platform.methods.duplicates.minhash import signatures

    settings = work.recipe.deduplication.model_dump(include=set(_SETTINGS))
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


def _config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    return workspace.recipe.deduplication.model_dump(mode="json", include=set(_SETTINGS))


DOCUMENT_SIGNATURES = Stage(
    name="document_signatures", group="deduplication", inputs=("filtered_documents",), run=_write, config=_config,
    phase="filter",
)
