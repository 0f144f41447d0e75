"""The stage that collects what is to be credited of every record, and the notices that have to stay with it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import pyarrow as pa

from data_platform.core.tables import table
from data_platform.credits.credit import NOTHING, Notice
from data_platform.credits.trees import Captured, Trees, speaks
from data_platform.ingest.evidence_files import PATTERN
from data_platform.ingest.settings import Source
from data_platform.run import engine
from data_platform.run.stage import Files, Stage, Work
from data_platform.run.workspace import Workspace
from data_platform.stages.shared.sources import sources_of

_READ = ("record_id", "snapshot", "source", "record_type", "url", "mime", "charset", "payload", "metadata")
_CREDITS, _NOTICES = "document_credits", "license_notices"
_MADE = {
    **{
        name: table(_CREDITS)[name].type
        for name in ("title", "authors", "origin", "swhid", "project", "copyright", "notices")
    },
    **{name: table(_NOTICES)[name].type for name in ("notice_id", "name", "text")},
    "credited": pa.bool_(), "carries": pa.bool_(),
}
_OF_FILES = ("files", "environment_files")
_TREE_ROWS = 64
"""Files that speak for folders which are read at a time."""


def make_credits(*columns: pa.Array, sources: Mapping[str, Source], trees: Trees) -> pa.StructArray:
    """The credit of a batch of records, and the licence that a record's own header carries: a struct of `_MADE`."""
    from data_platform.credits.collect import collect

    names = [name for name in _READ if name != "snapshot"]
    found = collect(pa.RecordBatch.from_arrays(list(columns), names), sources, trees)
    # A row carries a text in a field, or in the head of its own text; rarely both, and then the first says enough.
    own = [next((notice for notice in credit.notices if notice.text), None) for credit in found]
    made = {
        "title": [credit.title or None for credit in found],
        "authors": [credit.authors for credit in found],
        "origin": [credit.source or None for credit in found],
        "swhid": [credit.swhid or None for credit in found],
        "project": [credit.project or None for credit in found],
        "copyright": [credit.copyright for credit in found],
        "notices": [
            list(dict.fromkeys(one.notice_id for one in credit.notices if not one.text or one is mine))
            for credit, mine in zip(found, own, strict=True)
        ],
        "notice_id": [notice and notice.notice_id for notice in own],
        "name": [notice and notice.name for notice in own],
        "text": [notice and notice.text for notice in own],
        "credited": [credit != NOTHING for credit in found],
        "carries": [notice is not None for notice in own],
    }
    return pa.StructArray.from_arrays([pa.array(made[name], type_) for name, type_ in _MADE.items()], list(_MADE))


def _write(work: Work) -> Files:
    from daft import col

    sources = sources_of(work.workspace, work.snapshot)
    trees, notices = _trees(work, sources)
    kernel = engine.batch_udf(
        partial(make_credits, sources=sources, trees=trees), _MADE, processes=True, batch_rows=64,
        rows=work.count("raw_crawls"),
    )
    frame = engine.read(work.lake, work.pin("raw_crawls"), list(_READ))
    made = kernel(*(col(name) for name in _READ if name != "snapshot"))
    frame = frame.select("record_id", "snapshot", made).with_column("doc_id", col("record_id"))
    written = engine.write(work.lake, frame, [engine.Output(_CREDITS, where="credited"),
                                              engine.Output(_NOTICES, where="carries")])
    written[_NOTICES] += _write_notices(work, notices)
    return written


def _write_notices(work: Work, notices: list[Notice]) -> list[Any]:
    """The texts of LICENSE and NOTICE files and their like."""
    writer, schema = work.lake.writer(_NOTICES), table(_NOTICES).schema
    for start in range(0, len(notices), _TREE_ROWS):
        rows = [{**notice._asdict(), "snapshot": work.snapshot} for notice in notices[start:start + _TREE_ROWS]]
        for batch in pa.Table.from_pylist(rows, schema=schema).to_batches():
            writer.write(batch)
    return writer.close()


def _trees(work: Work, sources: Mapping[str, Source]) -> tuple[Trees, list[Notice]]:
    """The files of this snapshot that speak for others. Payloads are read only if there are any."""
    from daft import col

    of_files = [name for name, source in sources.items() if source.kind in _OF_FILES]
    if not of_files:
        return Trees(), []
    pin = work.pin("raw_crawls")
    chosen = col("url").regexp(f"(?i){PATTERN}") & col("source").is_in(of_files)
    if not engine.read(work.lake, pin, ["url", "source"]).where(chosen).count_rows():
        return Trees(), []
    columns = ["source", "url", "record_id", "payload", "metadata"]
    captured = []
    for batch in engine.read(work.lake, pin, columns).where(chosen).to_arrow_iter(results_buffer_size=1):
        for row in batch.to_pylist():
            if row["payload"] is not None and speaks(row["url"]):
                project = _distribution(row["metadata"]) if sources[row["source"]].kind == "environment_files" else ""
                captured.append(Captured(row["source"], row["url"], row["record_id"], row["payload"], project))
    return Trees.read(captured)


def _distribution(metadata: str | None) -> str:
    from data_platform.credits.collect import stated_fields

    return str(stated_fields(metadata).get("distribution") or "")


def _config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    return {"kinds": {name: source.kind for name, source in sources_of(workspace, snapshot).items()}}


DOCUMENT_CREDITS = Stage(
    name=_CREDITS, group="licenses", inputs=("raw_crawls",), run=_write, config=_config, sides=(_NOTICES,),
    phase="crawl", books=None,
)
