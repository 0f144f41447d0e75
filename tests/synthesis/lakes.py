"""A small corpus under several licences, with texts that are made of it, through the whole flow."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from data_platform.core.kinds.method import Entry
from data_platform.lake.lake import Lake
from data_platform.pipeline.flow import stages
from data_platform.run.recipe import Recipe
from data_platform.run.stage import execute
from data_platform.run.workspace import Workspace
from tests.synthesis.makers import Couples, Lines
from tests.takedown.lakes import essay

FREE = {name: essay(name) for name in ("alpha", "beta", "gamma")}
SHARED = {name: essay(name) for name in ("delta", "epsilon")}
CODE = {"zeta": essay("zeta"), "short": "One line alone, of some words that nobody else has written down."}
LICENSES = {"free": "CC0-1.0", "shared": "CC-BY-SA-4.0", "code": "MIT"}
TEXTS = {"free": FREE, "shared": SHARED, "code": CODE}


def synthesis(**settings: Mapping[str, Any]) -> dict[str, Entry]:
    """The entries of a recipe: couples of all documents, and lines of them."""
    makers = {"couples": Couples, "lines": Lines}
    return {name: Entry(name, maker, maker.Settings.model_validate(settings.get(name, {})))
            for name, maker in makers.items()}


def write_texts(folder: Path, texts: Mapping[str, Mapping[str, str]] = TEXTS) -> None:
    """One file per document, in a folder per source."""
    for source, some in texts.items():
        for name, text in some.items():
            path = folder / source / f"{name}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)


def workspace_over(folder: Path, lake: Path, made: Mapping[str, Entry]) -> Workspace:
    """A workspace over the texts in `folder`, whose mixture takes of documents and of derived texts."""
    recipe = Recipe.model_validate({
        "name": "derived", "filters": {"rule_sets": {}},
        "sources": [
            {"name": path.name, "kind": "files", "snapshot": "one", "paths": [str(path)],
             "domain": "code" if path.name == "code" else "web",
             "license": {"spdx": LICENSES[path.name], "basis": "by letter"}}
            for path in sorted(folder.iterdir())
        ],
        "deduplication": {"guards": {"max_cluster_share": 1.0}}, "synthesis": dict(made),
        "mixtures": {"all": {"tokens": 100_000, "tiers": [0, 1, 2],
                             "weights": {"web": 1, "code": 1, "synthetic": 1}}},
    })
    return Workspace(recipe, Lake(str(lake)))


def run(workspace: Workspace) -> list[str]:
    """Run what is not up to date; returns the tables that were written."""
    written = []
    for stage in stages(workspace.recipe).values():
        for snapshot in workspace.snapshots if stage.partitioned else [None]:
            if execute(stage, workspace, snapshot).written:
                written.append(stage.name)
    return written


def names_of(lake: Lake) -> dict[str, str]:
    """Id of a document to the name of its file."""
    rows = lake.read_table("raw_crawls", ["record_id", "url"]).to_pylist()
    return {row["record_id"]: row["url"].rpartition("/")[2].removeprefix("file:").removesuffix(".txt") for row in rows}


def families(lake: Lake, stage: str) -> dict[str, list[str]]:
    """Derived id to the names of its parents, in order."""
    names, found = names_of(lake), {}
    for row in lake.read_table("parents", partition=stage).sort_by("position").to_pylist():
        found.setdefault(row["derived_id"], []).append(names[row["parent_id"]])
    return found
