"""The stage that gathers labelled texts of the branches that are trained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from data_platform.lake.files import files_state
from data_platform.run.stage import Files, Stage, Work
from data_platform.run.workspace import Workspace
from data_platform.stages.shared.branches import with_cascade
from data_platform.takedown.removal_list import LABELS, standing, without_removed


def _write(work: Work) -> Files:
    from data_platform.branches.labels import domain_labels

    recipe = work.recipe
    labels = pa.concat_tables(
        domain_labels(name, branch, recipe.extraction, recipe.ingest)
        for name, branch in with_cascade(recipe).items()
    )
    return work.files(without_removed(labels, work.lake))


def _config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    from data_platform.ingest.environment import environment_state

    recipe = workspace.recipe
    parts = [part for branch in with_cascade(recipe).values() for part in branch.cascade.labels]
    config: dict[str, Any] = {
        "labels": {
            name: {"labels": [part.model_dump(mode="json") for part in branch.cascade.labels],
                   "held_out": branch.cascade.held_out}
            for name, branch in with_cascade(recipe).items()
        },
        "files": files_state(sorted({path for part in parts for path in (part.urls, *part.paths) if path})),
        **standing(workspace.lake).config(LABELS, "domain_labels"),
    }
    if any(part.kind == "environment" for part in parts):
        config["environment"] = environment_state()
        config["extraction"] = recipe.extraction.model_dump(mode="json")
    if any(part.kind == "pages" for part in parts):
        config |= {name: getattr(recipe, name).model_dump(mode="json") for name in ("extraction", "ingest")}
    return config


DOMAIN_LABELS = Stage(
    name="domain_labels", group="branches", inputs=(), run=_write, config=_config, partitioned=False,
    phase="prepare", books=None,
)
