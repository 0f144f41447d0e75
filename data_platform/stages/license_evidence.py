"""The stage that collects what is said of the licence of every record, wherever it is said."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.tables import table
from data_platform.ingest.settings import Source
from data_platform.ingest.site_files import PATTERN, kind_of
from data_platform.licenses.manual import Rulings, load_rulings
from data_platform.licenses.observation import Observation
from data_platform.licenses.site_files import Captured, Policies
from data_platform.licenses.weights import KEY, digests
from data_platform.run import engine
from data_platform.run.recipe import Recipe
from data_platform.run.stage import Files, Stage, Work
from data_platform.run.workspace import Workspace
from data_platform.stages.shared.sources import registry, sources_of
from data_platform.stages.source_lineage import SOURCE_LINEAGE, is_known

if TYPE_CHECKING:
    from data_platform.licenses.trees import Trees

LINEAGE = SOURCE_LINEAGE.name
_SITE_COLUMNS = ("record_id", "url", "host", "mime", "payload")
RECORD_COLUMNS = ("record_id", "snapshot", "source", "url", "mime", "payload", "metadata")


def evidence_lists(
    *columns: pa.Array, sources: Mapping[str, Source], policies: Policies, rulings: Rulings,
    known: Mapping[str, Sequence[Observation]], folders: Trees,
) -> pa.StructArray:
    """Evidence of a batch of records as one list per record: a struct array with the field `evidence`."""
    from data_platform.licenses.evidence import collect_evidence

    records = pa.RecordBatch.from_arrays(list(columns), list(RECORD_COLUMNS))
    evidence = pa.Table.from_batches([collect_evidence(records, dict(sources), policies, rulings, known, folders)])
    place = pc.index_in(evidence["doc_id"], records.column("record_id"))
    order = pc.sort_indices(place)
    evidence, place = evidence.take(order).combine_chunks(), place.take(order)
    struct = pa.StructArray.from_arrays(
        [evidence[name].combine_chunks().cast(field.type) for name, field in _fields().items()], list(_fields())
    )
    offsets = [0]
    counts = {item["values"]: item["counts"] for item in pc.value_counts(place).to_pylist()}
    for row in range(records.num_rows):
        offsets.append(offsets[-1] + counts.get(row, 0))
    lists = pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), struct)
    return pa.StructArray.from_arrays([lists], ["evidence"])


def _fields() -> dict[str, pa.Field]:
    return {column.name: pa.field(column.name, column.type) for column in table("license_evidence").columns}


def detection(work: Work) -> Callable[..., pa.StructArray]:
    """What detects the evidence of a snapshot: `evidence_lists`, with all that it asks beside the records."""
    sources = sources_of(work.workspace, work.snapshot)
    return partial(
        evidence_lists, sources=sources, policies=_policies(work, sources),
        rulings=Rulings(load_rulings(work.recipe.licenses.rulings)), known=_known(work), folders=_trees(work, sources),
    )


def _write(work: Work) -> Files:
    from daft import col

    kernel = engine.batch_udf(
        detection(work),
        {"evidence": pa.list_(pa.struct(list(_fields().values())))},
        processes=True, batch_rows=64, rows=work.count("raw_crawls"),
    )
    frame = engine.read(work.lake, work.pin("raw_crawls"), list(RECORD_COLUMNS))
    frame = frame.select(kernel(*(col(name) for name in RECORD_COLUMNS))).explode("evidence")
    frame = frame.where(~col("evidence").is_null()).select(*(col("evidence")[name].alias(name) for name in _fields()))
    return engine.write(work.lake, frame, [engine.Output("license_evidence")])


def _policies(work: Work, sources: Mapping[str, Source]) -> Policies:
    """The files by which sites speak of their pages, of this snapshot. Payloads are read only if there are any."""
    from daft import col

    crawled = [name for name, source in sources.items() if source.kind in ("crawl", "environment_pages")]
    if not crawled:
        return Policies()
    pin = work.pin("raw_crawls")
    chosen = col("url").regexp(f"(?i){PATTERN}") & col("source").is_in(crawled)
    if not engine.read(work.lake, pin, ["url", "source"]).where(chosen).count_rows():
        return Policies()
    frame = engine.read(work.lake, pin, [*_SITE_COLUMNS, "source"]).where(chosen).select(*_SITE_COLUMNS)
    captured = [
        Captured(row["host"], kind, row["record_id"], row["payload"], row["url"]) for row in frame.to_pylist()
        if row["payload"] is not None and (kind := kind_of(row["url"], row["mime"]))
    ]
    return Policies(captured, work.recipe.licenses.training_agents)


def _trees(work: Work, sources: Mapping[str, Source]) -> Trees:
    """The LICENSE files and manifests of this snapshot's file sources. Payloads are read only if there are any."""
    from daft import col

    from data_platform.licenses import trees

    of_files = [name for name, source in sources.items() if source.kind == "files"]
    if not of_files:
        return trees.Trees()
    pin = work.pin("raw_crawls")
    chosen = col("url").regexp(f"(?i){trees.PATTERN}") & col("source").is_in(of_files)
    if not engine.read(work.lake, pin, ["url", "source"]).where(chosen).count_rows():
        return trees.Trees()
    columns = ["source", "url", "record_id", "payload"]
    rows = engine.read(work.lake, pin, columns).where(chosen).to_pylist()
    return trees.Trees(
        [trees.Captured(*(row[name] for name in columns)) for row in rows
         if row["payload"] is not None and trees.speaks_for_folder(row["url"])],
        work.recipe.licenses.training_agents)


def _known(work: Work) -> dict[str, list[Observation]]:
    """What others found out of the sources of this snapshot, by source."""
    from data_platform.licenses.lineage import by_source, observations_of

    rows = work.rows(LINEAGE).to_pylist() if LINEAGE in work.stage.inputs else ()
    return {source: observations_of(chain) for source, chain in by_source(rows).items()}


def _config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    licenses = workspace.recipe.licenses
    return {
        **registry(workspace, snapshot),
        "training_agents": sorted(licenses.training_agents),
        "rulings": [ruling.model_dump(mode="json") for ruling in load_rulings(licenses.rulings)],
        KEY: digests(),
    }


def license_evidence_stage(recipe: Recipe) -> Stage:
    """The stage of evidence; it reads the chains of known sources if the recipe has any."""
    return Stage(
        name="license_evidence", group="licenses", inputs=("raw_crawls", *([LINEAGE] if is_known(recipe) else [])),
        run=_write, config=_config, phase="crawl", books=None, states_licenses=True,
    )
