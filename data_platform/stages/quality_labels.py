"""The table of labelled texts, from which trainers make models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from data_platform.run.stage import Files, Stage, Work
from data_platform.run.workspace import Workspace
from data_platform.takedown.removal_list import LABELS, standing, without_removed


def _write(work: Work) -> Files:
    from data_platform.models.labels import label_table

    return work.files(without_removed(label_table(work.recipe.labels), work.lake))


def _config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    from data_platform.ingest.environment import environment_state
    from data_platform.lake.files import files_state

    labels = workspace.recipe.labels
    state = environment_state() if labels.kind == "environment" else files_state(labels.paths)
    taken_down = standing(workspace.lake).config(LABELS, "quality_labels")
    return {"labels": labels.model_dump(mode="json"), "state": state, **taken_down}


QUALITY_LABELS = Stage(
    name="quality_labels", group="models", inputs=(), run=_write, config=_config, partitioned=False,
    phase="train", books=None,
)
