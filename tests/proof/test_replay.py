"""The audit replays programs: what was put into a text is found whoever put it there, and so is a text that differs."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from data_platform.lake.lake import Lake
from data_platform.pipeline.flow import stages
from data_platform.proof import replay
from data_platform.proof.gate import prove
from data_platform.run.recipe import Recipe
from data_platform.run.stage import execute
from data_platform.run.workspace import Workspace
from data_platform.stages import refinement

PAGE = "A page of its own, number {}, with a menu.\nShare this\nIt ends in a cafÃ© for 8 â‚¬ by a@example.org."  # noqa: RUF001
FOREIGN = "Somebody else wrote this line and sells it."


def _workspace(folder: Path) -> Workspace:
    lines = [json.dumps({"text": PAGE.format(number) * (number + 1), "license": "CC0-1.0"}) for number in range(4)]
    (folder / "texts.jsonl").write_text("\n".join(lines))
    recipe = Recipe.model_validate({
        "name": "replayed", "filters": {"rule_sets": {}}, "deduplication": {"guards": {"max_cluster_share": 1.0}},
        "sources": [{"name": "texts", "kind": "files", "snapshot": "one", "paths": [str(folder / "texts.jsonl")]}],
        "mixtures": {"all": {"tokens": 100_000, "tiers": [0, 1, 2, 3, 4], "weights": {"web": 1}}},
    })
    return Workspace(recipe, Lake(str(folder / "lake")))


def _run(workspace: Workspace) -> None:
    for stage in stages(workspace.recipe).values():
        for snapshot in workspace.snapshots if stage.partitioned else [None]:
            execute(stage, workspace, snapshot)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A small corpus, run to its mixture."""
    workspace = _workspace(tmp_path_factory.mktemp("replayed"))
    _run(workspace)
    return workspace


def _findings(lake: Lake, texts: bool = True) -> set[tuple[str, str]]:
    return {(one.table, one.what) for one in prove(lake, "mixture_all", texts=texts).examination.findings}


def test_programs_of_the_platform_give_the_texts_that_were_passed_on(original: Workspace) -> None:
    programs = original.lake.read_table("refinement_programs", ["program", "inserted_bytes"]).to_pylist()
    assert all("replace(" in row["program"] and "EMAIL" in row["program"] for row in programs)
    assert prove(original.lake, "mixture_all", texts=True).complete


def test_programs_of_code_that_counted_nothing_are_counted(
    original: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay, "COUNTED", "not_there")
    assert _findings(original.lake) == _findings(original.lake, texts=False) == set()


def test_a_platform_that_lets_programs_put_in_what_they_like_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stage is another, its commits are lawful, and its own count says that nothing was put in."""
    made = refinement.refine_batch

    def smuggling(text: pa.Array, domain: pa.Array, tokens: pa.Array, proposed: pa.Array, **rest) -> pa.StructArray:
        rows = pa.Table.from_struct_array(made(text, domain, tokens, proposed, **rest))
        programs = [f"replace(start=0, end={len(one.split(chr(10))[0])}, text={json.dumps(FOREIGN)})"
                    for one in text.to_pylist()]
        sizes = [len(one.encode()) - len(one.split("\n")[0]) + len(FOREIGN) for one in text.to_pylist()]
        rows = rows.set_column(rows.column_names.index("program"), "program", pa.array(programs, pa.string()))
        rows = rows.set_column(rows.column_names.index("bytes_after"), "bytes_after", pa.array(sizes, pa.int64()))
        return rows.to_struct_array().combine_chunks()

    monkeypatch.setattr(refinement, "refine_batch", smuggling)
    workspace = _workspace(tmp_path)
    _run(workspace)
    assert FOREIGN in workspace.lake.read_table("mixture_all", ["text"])["text"][0].as_py()
    found = _findings(workspace.lake)
    assert ("refinement_programs", "its program puts more into the text than the recipe allows") in found
    assert ("refinement_programs", "its program puts in more or less than is told") in found
    # Code that counted nothing is not believed either, and then texts are read that no audit reads otherwise.
    monkeypatch.setattr(replay, "COUNTED", "not_there")
    told = {("refinement_programs", "its program puts more into the text than the recipe allows")}
    assert _findings(workspace.lake, texts=False) == told <= _findings(workspace.lake)


def _rewritten(workspace: Workspace, folder: Path, name: str, change: Callable[[pa.Table], pa.Table]) -> Lake:
    """A copy of a lake in which the platform itself committed other rows of a table, under the same recipe number."""
    shutil.copytree(workspace.lake.uri, folder / "lake")
    lake = Lake(str(folder / "lake"))
    before = next(row for row in lake.history(name) if row["partition"] == "one")
    rows = change(lake.read_table(name, partition="one"))
    files = [file for file in Path(lake.table_uri(name)).rglob("*.parquet") if "_delta_log" not in file.parts]
    writer = lake.writer(name)
    for batch in rows.to_batches():
        writer.write(batch)
    (written,) = writer.close()
    (old,) = files
    old.write_bytes((Path(lake.table_uri(name)) / written.path).read_bytes())
    assert before["rows"] == rows.num_rows
    return lake


def test_a_text_that_its_programs_do_not_make_is_found(original: Workspace, tmp_path: Path) -> None:
    def other(rows: pa.Table) -> pa.Table:
        texts = [text.replace("its own", "nobody") for text in rows["text"].to_pylist()]
        return rows.set_column(rows.column_names.index("text"), "text", pa.array(texts, pa.large_string()))

    lake = _rewritten(original, tmp_path, "documents", other)
    assert ("deduplicated_documents", "its text is not what its programs make of the document") in _findings(lake)


def test_what_a_table_says_itself_is_asked_without_reading_texts(original: Workspace, tmp_path: Path) -> None:
    def more(rows: pa.Table) -> pa.Table:
        place = rows.column_names.index("inserted_bytes")
        return rows.set_column(place, "inserted_bytes", pa.array([40] * rows.num_rows, pa.int64()))

    lake = _rewritten(original, tmp_path, "refinement_programs", more)
    told = ("refinement_programs", "its program puts more into the text than the recipe allows")
    assert told in _findings(lake, texts=False)
    assert ("refinement_programs", "its program puts in more or less than is told") in _findings(lake)
