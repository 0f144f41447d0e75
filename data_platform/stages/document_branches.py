"""The stage that sorts documents into branches."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from data_platform.branches.route import ROUTE, page_evidence, route
from data_platform.branches.settings import Branch, Cascade
from data_platform.core.kinds.sorter import Judge
from data_platform.methods.branches.cascade import TwoClassifiers
from data_platform.run import engine
from data_platform.run.recipe import Recipe
from data_platform.run.stage import Files, Stage, Work
from data_platform.run.workspace import Workspace
from data_platform.stages.shared.branches import in_order, with_cascade


def _write(work: Work) -> Files:
    from daft import col

    branches = work.recipe.branches
    frame = engine.read(work.lake, work.pin("documents"), ["doc_id", "snapshot", "domain", "text"])
    pages: list[str] = []
    if work.pins_of("raw_crawls"):
        kernel = engine.batch_udf(partial(page_evidence, branches=branches), _page_fields(branches))
        pages = list(_page_fields(branches))
        found = engine.read(work.lake, work.pin("raw_crawls"), ["record_id", "payload"]).select(
            col("record_id").alias("doc_id"), kernel(col("payload"))
        )
        frame = frame.join(found, on="doc_id")
    sort = engine.batch_udf(
        partial(sort_documents, branches=branches, models=_models(work), pages=pages),
        {field.name: field.type for field in ROUTE},
    )
    routed = sort(*(col(name) for name in ("text", "domain", *pages)))
    return engine.write(
        work.lake, frame.select("doc_id", "snapshot", routed), [engine.Output("document_branches")]
    )


def _page_fields(branches: Mapping[str, Branch]) -> dict[str, pa.DataType]:
    from data_platform.branches.evidence import evidence_of

    return {name: pa.bool_() for name in evidence_of(branches, "page")}


def sort_documents(
    texts: pa.Array, domains: pa.Array, *found: pa.Array, branches: Mapping[str, Branch],
    models: Mapping[str, str], pages: list[str],
) -> pa.StructArray:
    """The branch of every document of a batch; `found` is the evidence in the pages, by the names in `pages`."""
    seen = {name: column.to_numpy(zero_copy_only=False) for name, column in zip(pages, found, strict=True)}
    judges = {name: _judge(folder) for name, folder in models.items()}
    return route(texts, domains.cast(pa.string()), branches, judges, seen)


def _models(work: Work) -> dict[str, str]:
    """Local folders of the cascades by branch, their files verified."""
    from data_platform.models.published import fetched

    if not work.pins_of("domain_classifiers"):
        return {}
    rows = work.rows("domain_classifiers").to_pylist()
    return {
        row["branch"]: str(fetched(work.lake, "domain_classifiers", row)) for row in rows
    }


@lru_cache(maxsize=8)
def _judge(folder: str) -> Judge:
    return TwoClassifiers(TwoClassifiers.Settings()).loaded(Path(folder))


def _config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    return {"branches": in_order(workspace.recipe, set(Cascade.model_fields))}  # the classifiers are an input


def branches_stage(recipe: Recipe) -> Stage:
    """The stage as the recipe needs it: with the pages if evidence lies in them, with models if there are some."""
    inputs = ["documents"]
    if any(evidence.where == "page" for branch in recipe.branches.values() for evidence in branch.evidence.values()):
        inputs.append("raw_crawls")
    if with_cascade(recipe):
        inputs.append("domain_classifiers")
    return Stage(
        name="document_branches", group="branches", inputs=tuple(inputs), run=_write, config=_config, phase="crawl",
        methods=(TwoClassifiers,) if with_cascade(recipe) else (),
    )
