"""A small lake of two licence tiers and two domains, through the whole flow: free stories, and shared manuals and
stories. Words of a domain are its own, so that only a model that read them knows them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import yaml

from data_platform.pipeline.flow import stages
from data_platform.run.recipe import load_recipe
from data_platform.run.stage import execute
from data_platform.run.workspace import Workspace

WORDS = {
    "stories": "the old fisherman carried his lantern along a quiet harbour while gulls circled above cold water and "
               "nobody in town remembered how many winters had passed since that first ship returned without captain",
    "manuals": "set option timeout before you call connect because every worker reads configuration once at start and "
               "returns status code zero unless parameter retry exceeds limit given by default in section network",
}
SOURCES = (("free", "stories", "CC0-1.0", 24), ("shared", "stories", "CC-BY-SA-4.0", 8),
           ("guides", "manuals", "CC-BY-SA-4.0", 24))


def document(domain: str, number: int) -> str:
    """A text of twelve sentences of a domain's words, of which no two documents have one in common."""
    chance, words = np.random.default_rng([number, len(domain)]), WORDS[domain].split()
    sentences = (" ".join(chance.permutation(words)[:14]) for _ in range(12))
    return "\n".join(f"{sentence.capitalize()}." for sentence in sentences)


def write_recipe(folder: Path, tokens: int = 6000) -> Path:
    """Write the texts and the recipe into a folder; the lake will be there, too."""
    sources = []
    for place, (name, domain, license_, count) in enumerate(SOURCES):
        for number in range(count):
            path = folder / "texts" / name / f"{number}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(document(domain, 1000 * place + number))
        sources.append({"name": name, "kind": "files", "snapshot": "one", "domain": domain,
                        "paths": [str(folder / "texts" / name)], "license": {"spdx": license_, "basis": "by letter"}})
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump({
        "name": "tiered", "lake": str(folder / "lake"), "sources": sources, "filters": {"rule_sets": {}},
        "language": {"min_confidence": 0}, "deduplication": {"guards": {"max_cluster_share": 1.0}},
        "mixtures": {"open": {"tokens": tokens, "tiers": [0, 2], "weights": {"stories": 1, "manuals": 1}}},
    }))
    return path


def run(path: Path) -> Workspace:
    """Run all stages of a recipe."""
    workspace = Workspace(load_recipe(path))
    for stage in stages(workspace.recipe).values():
        for snapshot in workspace.snapshots if stage.partitioned else [None]:
            execute(stage, workspace, snapshot)
    return workspace
