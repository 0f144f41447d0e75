"""Corpora without models: the flow of a recipe in this process, with the same scores for all documents."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.tables import table
from data_platform.lake.lake import Lake, Partition, Provenance
from data_platform.pipeline.flow import stages
from data_platform.run.recipe import load_recipe
from data_platform.run.stage import Stage, execute
from data_platform.run.workspace import Workspace

MODELS = ("quality_labels", "language_model", "quality_classifier")


def prose(number: int, words: int = 80) -> str:
    """Text that is like no other: numbers alone would not tell them apart."""
    chosen = random.Random(number)
    return " ".join("".join(chosen.choices("abcdefghijklmnoprstuvwy", k=7)) for _ in range(words)) + "."


@dataclass
class Corpus:
    """A recipe that ran over the texts of the test."""

    path: Path
    workspace: Workspace

    @property
    def lake(self) -> Lake:
        """The lake that it was run in."""
        return self.workspace.lake

    def rows(self, name: str) -> list[dict]:
        """All rows of a table."""
        return self.lake.read_table(name).to_pylist()

    def expressions(self, name: str) -> dict[str, int]:
        """Rows by licence."""
        counts = pc.value_counts(self.lake.read_table(name, ["license_spdx"])["license_spdx"]).to_pylist()
        return {item["values"]: item["counts"] for item in counts}


def run(recipe_path: Path, folder: Path) -> Corpus:
    """Every stage that documents and licences pass; scores, which the recipe must not ask for, are the same for all."""
    recipe = load_recipe(recipe_path)
    workspace = Workspace(recipe, Lake(str(folder / "lakes" / recipe.name)))
    for name, stage in stages(recipe).items():
        if name in MODELS:
            continue
        for snapshot in workspace.snapshots if stage.partitioned else [None]:
            if name == "quality_annotations":
                _score(workspace, stage, snapshot)
            else:
                execute(stage, workspace, snapshot)
    return Corpus(recipe_path, workspace)


def _score(workspace: Workspace, stage: Stage, snapshot: str) -> None:
    ids = workspace.lake.read_table("deduplicated_documents", ["doc_id"], partition=snapshot)["doc_id"]
    rows = [{"doc_id": id_, "snapshot": snapshot, "perplexity": 1.0, "bits_per_byte": 1.0, "quality_score": 1.0,
             "perplexity_model": "none", "quality_model": "none"} for id_ in ids.to_pylist()]
    pins = (workspace.lake.pin("deduplicated_documents", snapshot),)
    workspace.lake.write(stage.name, Partition.of(stage.name, snapshot),
                         pa.Table.from_pylist(rows, schema=table(stage.name).schema),
                         Provenance(stage.name, "none", {}, pins))
