"""A lake that an older version of the platform wrote is read, and the status says what the upgrade makes anew."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
import yaml
from click.testing import CliRunner

from data_platform.cli.main import main
from data_platform.core.columns import Column, Table
from data_platform.lake.lake import Partition, Provenance
from data_platform.pipeline.flow import stages
from data_platform.pipeline.status import plan
from data_platform.pipeline.upgrade import upgrade_of
from data_platform.run.recipe import load_recipe
from data_platform.run.workspace import Workspace

OF_BEFORE = ("raw_crawls", "documents", "license_evidence", "document_licenses", "quality_signals", "filter_verdicts")
"""Tables that both versions make, of those that the recipe of this module needs."""
LANGUAGE_MODEL = Table(
    "language_model", "A table that no stage makes any more.",
    (Column("model_id", pa.string(), "Which model."), Column("text", pa.large_string(), "What it was trained on.")),
    key=("model_id",), partition_by=(),
)


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A recipe over one text, with a home of its own."""
    monkeypatch.setenv("DATA_PLATFORM_HOME", str(tmp_path / "home"))
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "one.txt").write_text("Some words.")
    path = tmp_path / "recipe.yaml"
    source = {"name": "texts", "kind": "files", "snapshot": "one", "paths": [str(tmp_path / "texts")]}
    mixtures = {"all": {"tokens": 1000, "weights": {"web": 1}}}
    path.write_text(yaml.safe_dump({"name": "small", "sources": [source], "mixtures": mixtures}))
    return path


@pytest.fixture
def workspace(recipe: Path) -> Workspace:
    """The lake as the older version left it: its commits, without rows, and a table with a name of then."""
    workspace = Workspace(load_recipe(recipe))
    flow, lake = stages(workspace.recipe), workspace.lake
    for number, name in enumerate(OF_BEFORE):
        made = Provenance(name, f"{number:012x}", {"of": "before"}, run_id="then", git_commit="4dea06c116c3" + "0" * 28)
        lake.replace(flow[name].declared, flow[name].partition("one"), [], made, None)
    writer = lake.writer(LANGUAGE_MODEL)
    for batch in pa.table({"model_id": ["old"], "text": ["Some words."]}, LANGUAGE_MODEL.schema).to_batches():
        writer.write(batch)
    made = Provenance("language_model", "b" * 12, {})
    lake.replace(LANGUAGE_MODEL, Partition(), writer.close(), made, None)
    return workspace


def test_a_lake_of_before_is_read_and_told(workspace: Workspace) -> None:
    states = plan(workspace)
    found = upgrade_of(workspace.lake, states)
    assert found.changed == OF_BEFORE
    assert found.following == ()
    assert found.new == tuple(name for name in stages(workspace.recipe) if name not in OF_BEFORE)
    assert found.unmade == ("language_model",)
    assert found.written_by == ("4dea06c116c3",)
    first = next(status for status in states if status.stage.name == "raw_crawls")
    assert (first.state, first.version) == ("stale", 1)
    assert first.why.startswith("code changed (000000000000 to ")


def test_the_status_says_at_the_top_what_is_made_anew(workspace: Workspace, recipe: Path) -> None:
    result = CliRunner().invoke(main, ["status", "--recipe", str(recipe)])
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert lines[1] == (
        "the platform's code has changed since this lake was written by 4dea06c116c3; the next run makes anew"
    )
    assert lines[2] == f"  because their code changed: {', '.join(OF_BEFORE)}"
    assert lines[3].startswith("  for the first time: document_credits, refinement_programs, filtered_documents, ")
    assert lines[4] == "not made by this recipe, and left as they are: language_model"
    assert lines[5].startswith("table ")


def test_what_is_made_of_changed_tables_is_told_apart(workspace: Workspace) -> None:
    lake, flow = workspace.lake, stages(workspace.recipe)
    verdicts = flow["filter_verdicts"]
    place = verdicts.partition("one")
    lake.replace(
        verdicts.declared, place, [], Provenance("filter_verdicts", verdicts.code_version, {}),
        lake.carried("filter_verdicts", place),
    )
    found = upgrade_of(lake, plan(workspace))
    assert found.changed == OF_BEFORE[:-1]
    assert found.following == ("filter_verdicts",)


def test_code_that_is_the_same_is_not_told(recipe: Path) -> None:
    workspace = Workspace(load_recipe(recipe))
    assert upgrade_of(workspace.lake, plan(workspace)).lines == []
    crawls = stages(workspace.recipe)["raw_crawls"]
    made = Provenance("raw_crawls", crawls.code_version, {"of": "before"})
    workspace.lake.replace(crawls.declared, crawls.partition("one"), [], made, None)
    found = upgrade_of(workspace.lake, plan(workspace))
    assert (found.changed, found.following, found.unmade) == ((), ("raw_crawls",), ())
    assert found.lines == []


def test_tables_of_before_are_searched_by_a_takedown(workspace: Workspace, recipe: Path) -> None:
    result = CliRunner().invoke(main, ["takedown", "--host", "a.example", "--recipe", str(recipe)])
    assert result.exit_code == 0, result.output
