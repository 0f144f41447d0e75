"""A small lake for takedowns: text files of two snapshots with copies among them, through the core of the flow."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import yaml

from data_platform.core.tables import PLATFORM_LOGS, table
from data_platform.lake.lake import Lake
from data_platform.pipeline.flow import stages
from data_platform.run.recipe import Recipe
from data_platform.run.stage import Stage, execute
from data_platform.run.workspace import Workspace

SUBJECTS = ("harbour", "library", "orchard", "railway", "glacier", "theatre", "vineyard", "workshop")


def essay(name: str, number: int = 0) -> str:
    """A text of some hundred words that no other name has: sentences are numbered by the name."""
    return "\n".join(
        f"In the {SUBJECTS[i % 8]} of {name} number {i} plus {number} people spoke about {SUBJECTS[(i * 3 + 1) % 8]} "
        f"and {name}{i * 7}, and afterwards they wrote {name}{i * i} letters to the {SUBJECTS[(i + 5) % 8]} keeper."
        for i in range(12)
    )


NEAR = essay("alpha").replace("number 11 plus 0 people", "number 11 plus 0 visitors")
"""A near-copy of alpha: one word differs."""
TEXTS: Mapping[str, Mapping[str, str]] = {
    "one": {"alpha": essay("alpha"), "beta": essay("beta"), "gamma": essay("gamma"), "delta": essay("delta")},
    "two": {"again": essay("alpha").upper(), "near": NEAR, "epsilon": essay("epsilon"), "zeta": essay("zeta")},
}


def write_texts(folder: Path, texts: Mapping[str, Mapping[str, str]] = TEXTS, without: Collection[str] = ()) -> None:
    """One text file per document, in a folder per snapshot."""
    for snapshot, some in texts.items():
        for name, text in some.items():
            path = folder / snapshot / f"{name}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            if name not in without:
                path.write_text(text)


def write_recipe(folder: Path, texts: Mapping[str, str], tiers: Collection[int] = (0, 1, 2, 3, 4)) -> Path:
    """A recipe for the command, of one snapshot of `texts` and a mixture of all; both lie in `folder`."""
    write_texts(folder / "texts", {"one": texts})
    recipe = folder / "recipe.yaml"
    source = {"name": "texts", "kind": "files", "snapshot": "one", "paths": [str(folder / "texts")]}
    mixtures = {"all": {"tokens": 1000, "tiers": list(tiers), "weights": {"web": 1}}}
    recipe.write_text(yaml.safe_dump({"name": "small", "sources": [source], "mixtures": mixtures}))
    return recipe


def workspace_over(folder: Path, lake: Path, license_: str = "MIT", **settings: Any) -> Workspace:
    """A workspace over the texts in `folder`."""
    recipe = Recipe.model_validate({
        "name": "small", "filters": {"rule_sets": {}},
        "sources": [
            {"name": f"source-{path.name}", "kind": "files", "snapshot": path.name, "paths": [str(path)],
             "license": {"spdx": license_, "basis": "by letter"}}
            for path in sorted(folder.iterdir())
        ],
        "deduplication": {"guards": {"max_cluster_share": 1.0}},
        "mixtures": {"all": {"tokens": 1000, "tiers": [0, 1, 2, 3, 4], "weights": {"web": 1}}}, **settings,
    })
    return Workspace(recipe, Lake(str(lake)))


def core(flow: Mapping[str, Stage]) -> set[str]:
    """The tables that deduplicated documents are made of."""
    needed = {"deduplicated_documents"}
    for name, stage in reversed(flow.items()):
        if name in needed:
            needed.update(stage.inputs)
    return needed


def bring_up_to_date(workspace: Workspace) -> list[str]:
    """Run what is not up to date; returns the places that were written."""
    flow = stages(workspace.recipe)
    written = []
    for name in (name for name in flow if name in core(flow)):
        for snapshot in workspace.snapshots if flow[name].partitioned else [None]:
            if execute(flow[name], workspace, snapshot).written:
                written.append(f"{name}/{snapshot}" if snapshot else name)
    return written


def ids_of(lake: Lake) -> dict[str, str]:
    """Name of a file to the id of its document."""
    rows = lake.read_table("raw_crawls", ["record_id", "url"]).to_pylist()
    return {row["url"].rpartition("/")[2].removeprefix("file:").removesuffix(".txt"): row["record_id"] for row in rows}


def rows_of(lake: Lake, name: str) -> pa.Table:
    """All rows of a table in the order of its key, without the places of archives."""
    declared = table(name)
    rows = lake.read_table(name)
    rows = rows.drop_columns([name for name in ("archive_uri",) if name in rows.column_names])
    return rows.sort_by([(column, "ascending") for column in declared.key]).combine_chunks()


def corpus(lake: Lake) -> list[str]:
    """Tables that hold rows of the corpus."""
    return [name for name in lake.tables() if name not in PLATFORM_LOGS]
