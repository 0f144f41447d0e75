"""Corpora without models: the flow of a recipe in this process."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

import pyarrow.compute as pc

from data_platform.lake.lake import Lake
from data_platform.pipeline.flow import stages
from data_platform.run.recipe import load_recipe
from data_platform.run.stage import execute
from data_platform.run.workspace import Workspace


def prose(number: int | str, words: int = 80) -> str:
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
    """Every stage of a recipe, which must ask for no scores."""
    recipe = load_recipe(recipe_path)
    workspace = Workspace(recipe, Lake(str(folder / "lakes" / recipe.name)))
    for stage in stages(recipe).values():
        for snapshot in workspace.snapshots if stage.partitioned else [None]:
            execute(stage, workspace, snapshot)
    return Corpus(recipe_path, workspace)
