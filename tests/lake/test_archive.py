"""Entries of the platform's logs are put away once a checkpoint stands for them, and are the log all the same."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pytest

from data_platform.core.tables import table
from data_platform.lake import archive, chain, copies, lake, ledger
from data_platform.lake.custody import Custody
from data_platform.lake.lake import Lake
from data_platform.lake.ledger import forget_all
from data_platform.pipeline.repair import repair
from data_platform.pipeline.verify import verify
from tests.publish.lakes import WHEN

NAME, EVERY, APPENDS = "check_results", 5, 34


def append(to: Lake, number: int) -> None:
    row = {"table": "documents", "partition": str(number), "recipe": "0", "version": number, "check": "custody",
           "passed": True, "blocking": True, "detail": "{}", "run_id": "", "checked_at": WHEN}
    to.append(NAME, pa.Table.from_pylist([row], table(NAME).schema))


def numbers(of: Lake) -> list[int]:
    return of.read_in_order(NAME, ["version"])["version"].to_pylist()


def folder(of: Lake) -> list[int]:
    return sorted(int(file[:20]) for file in os.listdir(Path(of.uri, NAME, "_delta_log")) if chain.is_entry(file))


@pytest.fixture
def long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    """A lake whose log is long, for checkpoints and archives that come twenty times as often as otherwise."""
    for module in (chain, copies, archive):
        monkeypatch.setattr(module, "TOGETHER", EVERY)
    monkeypatch.setattr(archive, "_STAY", 2 * EVERY)
    for module in (lake, ledger):
        monkeypatch.setattr(module, "EVERY", EVERY)
    monkeypatch.setitem(lake._CONFIGURATION, "delta.checkpointInterval", str(EVERY))
    made = Lake(str(tmp_path))
    for number in range(APPENDS):
        append(made, number)
    return made


def test_the_folder_stays_short_and_the_log_whole(long: Lake) -> None:
    assert folder(long) == list(range(25, APPENDS + 1))
    assert chain.versions_of(long, NAME) == list(range(APPENDS + 1)) and numbers(long) == list(range(APPENDS))
    before = Custody(long).log(NAME)[-1].link
    for _ in range(2):
        forget_all()
        assert long.ledger(NAME).link == before and long.ledger(NAME).sound
        assert not Custody(long, ledgers=True).breaches(NAME) and not Custody(long).breaches(NAME)
        (Path(long.uri) / "_custody" / f"{NAME}.ledger").unlink(missing_ok=True)
    assert chain.link_of(long, NAME, 3) == Custody(long).log(NAME)[3].link
    assert [damage for damage in verify(long, [NAME], None).damaged if damage.what == NAME] == []
    assert len([file for file in os.listdir(Path(long.uri, NAME, "_delta_log")) if "checkpoint" in file]) <= 4
    append(long, APPENDS)
    assert numbers(Lake(long.uri)) == list(range(APPENDS + 1))


def test_killed_while_entries_are_put_away(long: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    archive.put_back(long, NAME)
    assert folder(long) == list(range(APPENDS + 1))
    path = Path(long.uri, NAME, "_delta_log")
    for number in range(7):
        (path / f"{number:020d}.json").unlink()
    forget_all()
    assert not Custody(long).breaches(NAME) and numbers(long) == list(range(APPENDS))
    for number in range(APPENDS, APPENDS + EVERY):
        append(long, number)
    assert folder(long)[0] == 30 and numbers(long) == list(range(APPENDS + EVERY))


def test_a_copy_that_is_not_the_entry_is_no_archive(long: Lake) -> None:
    bundle = Path(long.uri, chain.bundle_path(NAME, 0))
    content = bundle.read_bytes()
    bundle.write_bytes(content.replace(b"custody", b"cuStody", 1))
    forget_all()
    assert Custody(long).breaches(NAME)
    bundle.write_bytes(content)
    assert not Custody(long).breaches(NAME)
    archive.put_back(long, NAME)
    bundle.write_bytes(content.replace(b"custody", b"cuStody", 1))
    for number in range(APPENDS, APPENDS + EVERY):
        append(long, number)
    assert folder(long)[0] == 0, "it is left in the folder"


def test_a_lost_checkpoint_and_a_lost_archive_are_told_and_mended(long: Lake) -> None:
    path = Path(long.uri, NAME, "_delta_log")
    for checkpoint in path.glob("*.checkpoint.parquet"):
        checkpoint.write_bytes(b"")
    forget_all()
    assert any(damage.what == NAME for damage in verify(long, [NAME]).damaged)
    assert repair(long, [NAME]) and numbers(long) == list(range(APPENDS))
    assert not Custody(long).breaches(NAME)
    for number in range(APPENDS, APPENDS + EVERY):
        append(long, number)
    assert folder(long)[0] == 30
    Path(long.uri, chain.bundle_path(NAME, 5)).unlink()
    forget_all()
    assert any("gaps" in damage.fault for damage in verify(long, [NAME]).damaged)
    repair(long, [NAME])
    assert not Custody(long).breaches(NAME)


def test_a_writer_that_was_held_up_does_not_write_into_the_past(long: Lake) -> None:
    late = long.open(NAME, 26)
    for number in range(APPENDS, APPENDS + 4 * EVERY):
        append(long, number)
    assert folder(long)[0] > 27
    writer = long.writer(NAME)
    for batch in pa.Table.from_pylist([], table(NAME).schema).to_batches():
        writer.write(batch)
    assert not long._append(late, NAME, writer.close())
    assert folder(long)[0] > 27 and not Custody(long).breaches(NAME)
    assert numbers(Lake(long.uri)) == list(range(APPENDS + 4 * EVERY))
    lake._HELD.handles = {key: long.open(NAME, 50) for key in lake._HELD.handles}
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: [append(long, number) for number in range(60, 80)]).result()
    assert folder(long)[0] > 51
    stray = Path(long.uri, NAME, "_delta_log", f"{51:020d}.json")
    stray.write_bytes(b"{}")  # of one that was killed before it found out
    assert not Custody(long).breaches(NAME)
    append(long, 80)
    assert numbers(Lake(long.uri))[-1] == 80, "a handle that was held is too old to go on from"


@pytest.mark.parametrize("share", [0.0, 0.5, 0.97])
def test_copies_that_are_cut_are_named_and_made_again(long: Lake, share: float) -> None:
    append(long, APPENDS)
    kept = Path(long.uri, "_custody", NAME)
    cut = [max(kept.glob("*.json")), max(kept.glob("*.jsonl"))]  # one entry, and some that are in the log's folder, too
    before = [path.read_bytes() for path in cut]
    for path, content in zip(cut, before, strict=True):
        path.write_bytes(content[: int(len(content) * share)])
    told = [str(damage) for damage in verify(long, [NAME], None).damaged if damage.what == NAME]
    assert len(told) == 2 and all(str(path) in sentence for path, sentence in zip(cut[::-1], sorted(told), strict=True))
    for number in range(APPENDS + 1, APPENDS + EVERY):  # what is copied together next is not what was cut
        append(long, number)
    repair(long, [NAME])
    assert [damage for damage in verify(long, [NAME], None).damaged if damage.what == NAME] == []
    assert cut[1].read_bytes() == before[1]
    assert copies.copy_of(long, NAME, int(cut[0].stem)) == chain.read_bytes(long, NAME, int(cut[0].stem))
