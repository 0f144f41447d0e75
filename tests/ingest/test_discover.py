"""Snapshots that are found by listing: whatever people call them, and what is called as none can be."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_platform.core.tables import table
from data_platform.ingest.discover import expand
from data_platform.ingest.places import SourceError
from data_platform.ingest.settings import FilesSource
from data_platform.lake.lake import Lake, Partition, Provenance
from data_platform.run.recipe import load_recipe
from data_platform.run.workspace import Workspace

SNAPSHOTS = ["2026 Frühling", "CC-MAIN-2024-22", "date=2026-11-30", "été", "二〇二六年", "हिन्दी",
             "cafe\N{COMBINING ACUTE ACCENT}", "v1.0+fix", "it's (new) a & b @1"]
SET_ASIDE = ["_temporary", ".trash"]
NO_SNAPSHOTS = ["a[1]", "a*", "a,b", "a#b", "50%", "two\nlines", "trailing ", "a...b", 'say "x"']


def test_names_of_people_are_names_of_snapshots_and_others_are_passed_over(tmp_path: Path) -> None:
    for name in (*SNAPSHOTS, *SET_ASIDE, *NO_SNAPSHOTS):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.jsonl").write_text('{"text": "a"}\n')
    source = FilesSource(kind="files", name="daily", paths=(f"{tmp_path}/{{snapshot}}/*.jsonl",))
    found = expand([source])
    assert [one.snapshot for one in found.sources] == sorted(SNAPSHOTS)
    assert len(found.passed_over) == len(NO_SNAPSHOTS) and "'a#b' cannot name a snapshot" in " ".join(found.passed_over)


def test_a_source_that_cannot_be_listed_holds_back_its_own_snapshots_alone(tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_text(
        f"name: two\nlake: {tmp_path}/lake\nsources:\n"
        f"- {{name: here, kind: files, paths: ['{tmp_path}/here/{{snapshot}}/*.jsonl']}}\n"
        "- {name: away, kind: files, paths: ['nosuch://{snapshot}/*.jsonl']}\n"
        "mixtures: {all: {tokens: 10, tiers: [0], weights: {web: 1}}}\n"
    )
    (tmp_path / "here" / "one").mkdir(parents=True)
    (tmp_path / "here" / "one" / "a.jsonl").write_text('{"text": "a"}\n')
    recipe, lake = load_recipe(tmp_path / "recipe.yaml"), Lake(str(tmp_path / "lake"))
    with pytest.raises(SourceError, match="nosuch"):  # nobody knows what is lacking
        Workspace(recipe, lake).snapshots  # noqa: B018
    row = dict.fromkeys(table("archives").column_names) | {
        "snapshot": "two", "source": "away-two", "archive": "b.jsonl", "archive_uri": "nosuch://two/b.jsonl",
        "fingerprint": "x", "bytes": 1, "records": 1, "captured": 1, "rejected": 0, "complete": True,
    }
    rows = table("archives").schema.empty_table().from_pylist([row], table("archives").schema)
    lake.write("archives", Partition.of("archives", "two"), rows, Provenance("archives", "1", {}))
    workspace = Workspace(recipe, lake)
    assert workspace.snapshots == ["one", "two"] and len(workspace.archives("one")) == 1
    assert "source away: cannot be listed" in workspace.passed_over[0]
    with pytest.raises(SourceError):
        workspace.archives("two")
