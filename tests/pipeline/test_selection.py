"""Parts of a flow: which tables are asked for, what a run of them would read, and that no others are made."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from data_platform.cli.main import main
from data_platform.pipeline.flow import stages
from data_platform.pipeline.selection import NoSuchStage, selected
from data_platform.run.recipe import load_recipe
from data_platform.run.stage import execute
from data_platform.run.workspace import Workspace
from tests.conftest import REPOSITORY
from tests.takedown.lakes import essay


def recipe_of(folder: Path) -> Path:
    texts = folder / "texts"
    texts.mkdir()
    for name in ("alpha", "beta"):
        (texts / f"{name}.txt").write_text(essay(name))
    path = folder / "parts.yaml"
    path.write_text(yaml.safe_dump({
        "name": "parts", "lake": str(folder / "lake"), "filters": {"rule_sets": {}},
        "sources": [{"name": "mine", "kind": "files", "snapshot": "one", "paths": [str(texts)]}],
        "mixtures": {"all": {"tokens": 100, "tiers": [4], "weights": {"web": 1}}},
    }))
    return path


def test_tables_and_phases_are_asked_for_alone_or_with_what_they_are_made_of(tmp_path: Path) -> None:
    flow = stages(load_recipe(recipe_of(tmp_path)))
    assert selected(flow, ["duplicates"], []) == ["duplicates"]
    until = selected(flow, [], ["filtered_documents"])
    assert until[0] == "raw_crawls" and until[-1] == "filtered_documents" and "license_evidence" not in until
    assert all(set(flow[name].inputs) & flow.keys() <= set(until) for name in until)
    assert selected(flow, ["mix"], []) == [name for name in flow if flow[name].phase == "mix"]
    assert selected(flow, ["duplicates"], ["mixture_all"]) == selected(flow, [], ["mixture_all"])
    with pytest.raises(NoSuchStage, match="filtered_documents"):
        selected(flow, ["filterd_documents"], [])


def test_plan_tells_what_is_read_and_changes_nothing(tmp_path: Path) -> None:
    path = recipe_of(tmp_path)
    workspace = Workspace(load_recipe(path))
    size = sum(file.stat().st_size for file in (tmp_path / "texts").iterdir())

    def planned(*more: str) -> dict[str, dict]:
        result = CliRunner().invoke(main, ["plan", str(path), "--json", *more])
        assert result.exit_code == 0, result.output
        (told,) = json.loads(result.stdout)
        return {row["table"]: row for row in told["due"]}

    first = planned()
    assert list(first) == list(stages(workspace.recipe)) and not (tmp_path / "lake").exists()
    assert (first["raw_crawls"]["bytes_read"], first["raw_crawls"]["bytes_complete"]) == (size, True)
    assert (first["documents"]["bytes_read"], first["documents"]["bytes_complete"]) == (0, False)
    flow = stages(workspace.recipe)
    for name in ("raw_crawls", "documents"):
        execute(flow[name], workspace, "one")
    later = planned("--until", "documents")
    assert later["documents"]["state"] == "unchecked"  # no run has looked at its checks
    assert planned("--select", "quality_signals")["quality_signals"]["bytes_read"] > size


@pytest.mark.slow
def test_a_run_makes_what_was_asked_for_and_no_more(tmp_path: Path) -> None:
    path = recipe_of(tmp_path)
    lake = tmp_path / "lake"

    def run(*more: str) -> str:
        done = subprocess.run([sys.executable, "-m", "data_platform.cli.main", "run", str(path), *more],
                              capture_output=True, text=True, cwd=REPOSITORY)
        assert done.returncode == (1 if "--select" in more else 0), done.stdout + done.stderr
        return done.stdout + done.stderr

    assert "--until makes what it is made of, too" in run("--select", "filter_verdicts")
    assert not lake.joinpath("documents").exists()
    run("--until", "filter_verdicts")
    assert lake.joinpath("filter_verdicts").is_dir() and not lake.joinpath("filtered_documents").exists()
    assert not lake.joinpath("license_evidence").exists()

