"""The stages that sort documents into branches: labels and classifiers, the sorting, and one table per branch."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_platform.branches.route import ROUTE, page_evidence, route
from data_platform.branches.settings import Branch, Cascade
from data_platform.core.settings import home
from data_platform.core.tables import branch_table, table
from data_platform.run import engine
from data_platform.run.recipe import Recipe
from data_platform.run.stage import Files, Stage, Work
from data_platform.run.workspace import Workspace
from data_platform.takedown.removal_list import LABELS, standing, without_removed


def branch_stages(recipe: Recipe) -> tuple[list[Stage], list[Stage], list[Stage]]:
    """The stages that the branches of a recipe need: those before the crawl is read, the sorting, and the tables."""
    if not recipe.branches:
        return [], [], []
    trained = any(branch.cascade for branch in recipe.branches.values())
    return (
        [DOMAIN_LABELS, DOMAIN_CLASSIFIERS] if trained else [],
        [_document_branches(recipe)],
        [branch_stage(name) for name in recipe.branches],
    )


# -- labels and classifiers -------------------------------------------------------------------------------------------


def _write_labels(work: Work) -> Files:
    from data_platform.branches.labels import domain_labels

    recipe = work.recipe
    labels = pa.concat_tables(
        domain_labels(name, branch, recipe.extraction, recipe.ingest)
        for name, branch in _with_cascade(recipe).items()
    )
    return work.files(without_removed(labels, work.lake))


def _write_classifiers(work: Work) -> Files:
    from data_platform.branches.cascade import train_cascade
    from data_platform.branches.route import findings
    from data_platform.models.store import publish

    labels = work.rows("domain_labels").sort_by("label_id")
    rows = []
    for name, branch in _with_cascade(work.recipe).items():
        mine = labels.filter(pc.equal(labels["branch"], name))
        texts = mine["text"].combine_chunks()
        seen = findings(texts, work.recipe.branches)
        proposed = seen.proposes(name)
        with tempfile.TemporaryDirectory() as folder:
            metrics = train_cascade(
                texts, mine["label"].to_numpy(), mine["origin"].to_pylist(),
                pc.equal(mine["split"], "held_out").to_numpy(),
                np.zeros(len(texts), bool) if proposed is None else proposed, seen.features, branch.cascade,
                Path(folder),
            )
            row = publish(
                Path(folder), work.lake.uri, f"branch_{name}", license_spdx="LicenseRef-unknown",
                parameters=branch.cascade.first_buckets + branch.cascade.second_buckets + seen.features.shape[1] + 2,
                training_texts=metrics["training_texts"], metrics=metrics, storage_options=work.lake.storage_options,
            )
        rows.append({"branch": name, **row})
    return work.files(pa.Table.from_pylist(rows, schema=table("domain_classifiers").schema))


def _with_cascade(recipe: Recipe) -> dict[str, Branch]:
    return {name: branch for name, branch in recipe.branches.items() if branch.cascade}


def _labels_config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    from data_platform.ingest.environment import reference_state

    recipe = workspace.recipe
    parts = [part for branch in _with_cascade(recipe).values() for part in branch.cascade.labels]
    config: dict[str, Any] = {
        "labels": {
            name: {"labels": [part.model_dump(mode="json") for part in branch.cascade.labels],
                   "held_out": branch.cascade.held_out}
            for name, branch in _with_cascade(recipe).items()
        },
        "files": _files_state(sorted({path for part in parts for path in (part.urls, *part.paths) if path})),
        **standing(workspace.lake).config(LABELS, "domain_labels"),
    }
    if any(part.kind == "environment" for part in parts):
        config["environment"] = reference_state()
        config["extraction"] = recipe.extraction.model_dump(mode="json")
    if any(part.kind == "pages" for part in parts):
        config |= {name: getattr(recipe, name).model_dump(mode="json") for name in ("extraction", "ingest")}
    return config


def _files_state(paths: list[str]) -> list[list[Any]]:
    """Name, size and time of what the paths match: cheap to ask for at every plan."""
    import fsspec

    state = []
    for path in paths:
        system, name = fsspec.core.url_to_fs(path)
        for match in sorted(system.glob(name)) if "*" in path else [name]:
            info = system.info(match)
            state.append([match, info["size"], str(info.get("ETag") or info.get("mtime") or info.get("LastModified"))])
    return state


def _classifiers_config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    return {"branches": _ordered(workspace.recipe, {"labels", "held_out"})}


def _ordered(recipe: Recipe, without: set[str]) -> list[list[Any]]:
    """The branches as what decides rows: in order, which a mapping in JSON has not, without their rules."""
    return [
        [name, branch.model_dump(mode="json", exclude={"rule_sets": True, "cascade": without})]
        for name, branch in recipe.branches.items()
    ]


# -- sorting ----------------------------------------------------------------------------------------------------------


def _document_branches(recipe: Recipe) -> Stage:
    """The stage as the recipe needs it: with the pages if evidence lies in them, with models if there are some."""
    inputs = ["documents"]
    if any(evidence.where == "page" for branch in recipe.branches.values() for evidence in branch.evidence.values()):
        inputs.append("raw_crawls")
    if _with_cascade(recipe):
        inputs.append("domain_classifiers")
    return Stage(
        name="document_branches", group="branches", inputs=tuple(inputs), run=_write_branches,
        config=_branches_config,
    )


def _branches_config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    return {"branches": _ordered(workspace.recipe, set(Cascade.model_fields))}  # the classifiers are an input


def _write_branches(work: Work) -> Files:
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
    cascades = {name: _scorer(folder) for name, folder in models.items()}
    return route(texts, domains.cast(pa.string()), branches, cascades, seen)


def _models(work: Work) -> dict[str, str]:
    """Local folders of the cascades by branch, their files verified."""
    from data_platform.models.store import fetch

    if not work.pins_of("domain_classifiers"):
        return {}
    rows = work.rows("domain_classifiers").to_pylist()
    return {
        row["branch"]: str(fetch(row["uri"], home() / "models", row["sha256"], work.lake.storage_options))
        for row in rows
    }


@lru_cache(maxsize=8)
def _scorer(folder: str):
    from data_platform.branches.cascade import CascadeScorer

    return CascadeScorer(folder)


# -- tables -----------------------------------------------------------------------------------------------------------


def branch_stage(name: str) -> Stage:
    """The stage of the table of one branch."""
    return Stage(
        name=f"branch_{name}", group="branches",
        inputs=("deduplicated_documents", "document_branches", "document_licenses"), run=_write_branch,
        config=lambda workspace, snapshot: {},
    )


def _write_branch(work: Work) -> Files:
    from daft import col

    name = work.stage.name.removeprefix("branch_")
    declared = branch_table(name).column_names

    def part(source: str) -> list[str]:
        return [column for column in declared if column in table(source) and column != "snapshot"]

    texts = [*part("deduplicated_documents"), "snapshot"]
    frame = engine.read(work.lake, work.pin("deduplicated_documents"), texts).where(col("domain") == name)
    for source in ("document_branches", "document_licenses"):
        others = [column for column in part(source) if column not in texts or column == "doc_id"]
        frame = frame.join(engine.read(work.lake, work.pin(source), others), on="doc_id")
    frame = frame.select(*(col(column) for column in declared))
    return engine.write(work.lake, frame, [engine.Output(work.stage.name)])


DOMAIN_LABELS = Stage(
    name="domain_labels", group="branches", inputs=(), run=_write_labels, config=_labels_config,
    partitioned=False,
)
DOMAIN_CLASSIFIERS = Stage(
    name="domain_classifiers", group="branches", inputs=("domain_labels",), run=_write_classifiers,
    config=_classifiers_config,
    partitioned=False,
)
