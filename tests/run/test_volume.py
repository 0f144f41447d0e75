"""Numbers of rows against the history of a series: what is odd, what is not, and of which series."""

from __future__ import annotations

import gzip
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_platform.core.tables import table
from data_platform.lake.lake import Lake, Partition, Provenance
from data_platform.run.recipe import load_recipe
from data_platform.run.settings import Volume
from data_platform.run.volume import verdict, volume
from data_platform.run.workspace import Workspace

USUAL = [980, 1_010, 1_000, 1_030, 990, 1_020]


@pytest.mark.parametrize(("rows", "history", "odd"), [
    (1_005, USUAL, False), (1_190, USUAL, False), (400, USUAL, True), (4_000, USUAL, True), (0, USUAL, True),
    (400, [*USUAL, 10, 100_000], True),  # what was odd before does not widen what is usual
    (1_000, [1_000] * 5, False), (1_100, [1_000] * 5, False), (1_300, [1_000] * 5, True), (700, [1_000] * 5, True),
    (0, [3, 4, 3, 5], True), (0, [0, 0, 0], False), (50, [10, 1_000], False),  # two make no history
    (2_000, [250, 500, 1_000, 2_000, 4_000], False),  # a series that doubles
])
def test_what_is_odd(rows: int, history: list[int], odd: bool) -> None:
    found = verdict(rows, history, Volume(), "others")
    assert found.odd == odd, found
    assert f"{rows:,} row" in found.said and "others" in found.said


@given(st.lists(st.integers(1, 10**9), min_size=3, max_size=41).filter(lambda history: len(history) % 2))
def test_the_median_of_a_history_is_never_odd(history: list[int]) -> None:
    assert not verdict(sorted(history)[len(history) // 2], history, Volume(), "others").odd


def _put(lake: Lake, snapshot: str, rows: int) -> None:
    name = "filter_verdicts"
    batch = pa.Table.from_pylist(
        [{"doc_id": f"{number:032x}", "snapshot": snapshot, "kept": True, "reason": "", "failed": []}
         for number in range(rows)], schema=table(name).schema,
    )
    lake.write(name, Partition.of(name, snapshot), batch, Provenance(name, "1", {"rows": rows}))


def test_a_series_is_of_the_same_sources(tmp_path: Path) -> None:
    for folder, snapshots in (("daily", ("d1", "d2", "d3", "d4")), ("weekly", ("w1",))):
        for snapshot in snapshots:
            place = tmp_path / folder / snapshot
            place.mkdir(parents=True)
            (place / "a.jsonl.gz").write_bytes(gzip.compress(b'{"text": "x"}\n'))
    recipe = tmp_path / "series.yaml"
    recipe.write_text(
        f"name: series\nsources:\n- {{name: daily, kind: files, paths: ['{tmp_path}/daily/{{snapshot}}/*']}}\n"
        f"- {{name: weekly, kind: files, paths: ['{tmp_path}/weekly/{{snapshot}}/*']}}\n"
        "mixtures: {all: {tokens: 10, weights: {web: 1}}}\n"
    )
    workspace = Workspace(load_recipe(recipe), Lake(str(tmp_path / "lake")))
    for snapshot, rows in (("d1", 10), ("d2", 11), ("d3", 10), ("d4", 2), ("w1", 3)):
        _put(workspace.lake, snapshot, rows)
    found = volume(workspace, "filter_verdicts", "d4", Volume())
    assert found.odd and found.said == "2 rows; other snapshots of daily: 3 numbers, median 10, usual 8 to 13", found
    assert not volume(workspace, "filter_verdicts", "d2", Volume(min_history=2, min_change=.5)).odd
    alone = volume(workspace, "filter_verdicts", "w1", Volume())
    assert not alone.odd and "earlier versions of the snapshot: 0 earlier numbers" in alone.said
    for rows in (100, 110, 105, 7):
        _put(workspace.lake, "w1", rows)
    assert volume(workspace, "filter_verdicts", "w1", Volume()).odd
