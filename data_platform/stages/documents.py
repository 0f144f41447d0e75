"""The stage that turns captured records into documents: text, title, images, language, tokens."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.tables import table
from data_platform.extract.settings import Extraction
from data_platform.ingest import evidence_files
from data_platform.ingest.records import TAKEN_DOWN
from data_platform.ingest.settings import Source
from data_platform.run import engine
from data_platform.run.stage import Files, Stage, Work
from data_platform.run.workspace import Workspace
from data_platform.stages.shared.files import file_identity
from data_platform.stages.shared.sources import sources_of
from data_platform.takedown.removal_list import EXTRACTION, RemovalList, standing

_MADE = {
    "url": pa.string(), "title": pa.string(), "text": pa.large_string(), "images": table("documents")["images"].type,
    "byte_count": pa.int64(), "text_hash": pa.string(), "token_count": pa.int64(),
    "language": pa.string(), "language_confidence": pa.float64(), "script": pa.string(),
    "claimed_language": pa.string(),
    "extractor": pa.string(), "domain": pa.string(),
    "kept": pa.bool_(), "rejected": pa.bool_(), "reason": pa.string(), "detail": pa.string(),
}


def make_documents(
    payload: pa.Array, mime: pa.Array, charset: pa.Array, url: pa.Array, record_type: pa.Array, source: pa.Array, *,
    settings: Extraction, language_model: str | None, tokenizer: str | None, domains: Mapping[str, str],
    removed: RemovalList, evidence_only: frozenset[str] = frozenset(),
) -> pa.StructArray:
    """Extract, identify and count one batch of records: a struct array with the fields of `_MADE`.

    `evidence_only` names the sources whose LICENSE files, READMEs and manifests are evidence and no documents.

    Everything that reads the text happens in one worker process, so that the text crosses to it and back once.
    """
    from data_platform.extract.batch import extract_batch
    from data_platform.language.claimed import claimed_languages
    from data_platform.language.identify import identify
    from data_platform.text.identity import exact_hash
    from data_platform.text.tokenizer import count_tokens

    extracted = extract_batch(payload, mime, charset, url, record_type, settings)
    text = pc.fill_null(extracted.field("text").cast(pa.large_string()), "")
    text_hash = exact_hash(text)
    by = removed.of_texts(text, text_hash)
    evidence = pa.array([
        "evidence_file" if name in evidence_only and evidence_files.kind_of(address) else None
        for name, address in zip(source.to_pylist(), url.to_pylist(), strict=True)
    ], pa.string())
    rejection = pc.coalesce(evidence, extracted.field("rejection"), pc.binary_join_element_wise(TAKEN_DOWN, by, ""))
    languages = identify(text, language_model)
    kept = pc.is_null(rejection)
    columns = {
        # Of what was taken down not even the address stays.
        "url": pc.if_else(pc.is_valid(by), "", url),
        "title": extracted.field("title"),
        "text": text,
        "images": extracted.field("images"),
        "byte_count": pc.binary_length(text).cast(pa.int64()),
        "text_hash": text_hash,
        "token_count": count_tokens(text, tokenizer),
        "language": languages.field("language"),
        "language_confidence": languages.field("confidence"),
        "script": languages.field("script"),
        "claimed_language": claimed_languages(payload),
        "extractor": extracted.field("extractor"),
        "domain": pa.array([domains[name] for name in source.to_pylist()], pa.string()),
        "kept": kept,
        "rejected": pc.invert(kept),
        "reason": rejection,
        "detail": pc.fill_null(extracted.field("detail"), ""),
    }
    return pa.StructArray.from_arrays([columns[name].cast(type_) for name, type_ in _MADE.items()], list(_MADE))


def _write_documents(work: Work) -> Files:
    from daft import col, lit

    recipe = work.recipe
    kernel = engine.batch_udf(
        partial(
            make_documents, settings=recipe.extraction, language_model=recipe.language.model,
            tokenizer=recipe.tokenizer,
            domains={source.name: source.domain for source in work.workspace.sources.values()},
            removed=standing(work.lake), evidence_only=frozenset(_evidence_only(work.workspace.sources)),
        ),
        _MADE, processes=True, batch_rows=32, rows=work.count("raw_crawls"),
    )
    carried = (
        "record_id", "snapshot", "source", "archive", "offset", "record_type", "host", "fetched_at", "mime",
    )
    frame = engine.read(work.lake, work.pin("raw_crawls"), [*carried, "url", "charset", "payload"])
    made = kernel(*(col(name) for name in ("payload", "mime", "charset", "url", "record_type", "source")))
    frame = frame.select(*carried, made).with_columns(
        {"doc_id": col("record_id"), "id": col("record_id"), "stage": lit("documents")}
    )
    return engine.write(
        work.lake, frame, [engine.Output("documents", where="kept"), engine.Output("rejections", where="rejected")]
    )


def _evidence_only(sources: Mapping[str, Source]) -> list[str]:
    """The sources of files whose LICENSE files, READMEs and manifests are no documents."""
    return sorted(name for name, source in sources.items() if not getattr(source, "evidence_documents", True))


def _config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    from data_platform.text.tokenizer import tokenizer_name

    recipe = workspace.recipe
    return {
        "extraction": recipe.extraction.model_dump(mode="json"),
        "language_model": file_identity(recipe.language.model),
        "tokenizer": tokenizer_name(recipe.tokenizer),
        "domains": {
            source.name: source.domain for source in workspace.sources.values() if source.snapshot == snapshot
        },
        "evidence_only": _evidence_only(sources_of(workspace, snapshot)),
        **standing(workspace.lake).config(EXTRACTION, snapshot),
    }


DOCUMENTS = Stage(
    name="documents", group="extraction", inputs=("raw_crawls",), run=_write_documents, config=_config,
    sides=("rejections",), phase="crawl",
)

