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
from data_platform.lake.lake import Lake, Partition, Pin, Provenance, TableMissing
from data_platform.lake.ledger import forget_all
from data_platform.pipeline.repair import repair
from data_platform.pipeline.verify import verify
from data_platform.proof.reading import Reader
from data_platform.proof.way import Stop
from data_platform.run import engine
from data_platform.takedown.inventory import stored_table
from tests.publish.lakes import WHEN

NAME, EVERY, APPENDS = "check_results", 5, 34


def append(to: Lake, number: int) -> None:
    row = {"table": "documents", "partition": str(number), "recipe": "0", "version": number, "check": "custody",
           "passed": True, "blocking": True, "detail": "{}", "run_id": "", "checked_at": WHEN}
    to.append(NAME, pa.Table.from_pylist([row], table(NAME).schema))


def numbers(of: Lake) -> list[int]:
    return of.read_in_order(NAME, ["version"])["version"].to_pylist()


def folder(of: Lake, name: str = NAME) -> list[int]:
    return sorted(int(file[:20]) for file in os.listdir(Path(of.uri, name, "_delta_log")) if chain.is_entry(file))


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Checkpoints and archives come twenty times as often as otherwise."""
    for module in (chain, copies, archive):
        monkeypatch.setattr(module, "TOGETHER", EVERY)
    monkeypatch.setattr(archive, "_STAY", 2 * EVERY)
    for module in (lake, ledger):
        monkeypatch.setattr(module, "EVERY", EVERY)
    monkeypatch.setitem(lake._CONFIGURATION, "delta.checkpointInterval", str(EVERY))


@pytest.fixture
def long(tmp_path: Path, often: None) -> Lake:
    """A lake whose log is long."""
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


# -- tables of which old versions are read ----------------------------------------------------------------------------

DATA, WRITES = "filter_verdicts", 43


def write(to: Lake, number: int) -> None:
    """Replace one of two partitions by one row that says the number."""
    place = "ab"[number % 2]
    rows = [{"doc_id": f"{number:032x}", "snapshot": place, "kept": True, "reason": "", "failed": []}]
    to.write(DATA, Partition.of(DATA, place), pa.Table.from_pylist(rows, table(DATA).schema),
             Provenance(DATA, str(number), {}))


def at(of: Lake, version: int, place: str | None = None) -> list[int]:
    rows = of.read_table(DATA, ["doc_id"], partition=place, version=version)
    return sorted(int(doc, 16) for doc in rows["doc_id"].to_pylist())


@pytest.fixture
def written(tmp_path: Path, often: None) -> Lake:
    """A lake with a table that was written often."""
    made = Lake(str(tmp_path))
    for number in range(WRITES):
        write(made, number)
    return made


def test_old_versions_are_read_from_what_is_archived(written: Lake) -> None:
    assert folder(written, DATA) == list(range(30, WRITES + 1))
    for again in range(2):
        for version in range(2, WRITES + 1):
            assert at(written, version) == [version - 2, version - 1], version
            assert at(written, version, "ab"[version % 2]) == [version - 2]
            assert written.count(DATA, "a", version) == 1 and written.open(DATA, version).version() == version
        assert at(written, 1) == [0] and written.count(DATA, version=0) == 0
        with pytest.raises(TableMissing, match="no version 99"):
            written.open(DATA, 99)
        if not again:  # and where no checkpoint stands before a version
            for path in sorted(Path(written.uri, DATA, "_delta_log").glob("*.checkpoint.parquet"))[:-3]:
                path.unlink()
            forget_all()
    stop = Stop(DATA, "a", 4, written.history(DATA)[-3])
    (part,) = Reader(written).read(stop, ["doc_id"])
    assert part["doc_id"].to_pylist() == [f"{2:032x}"]
    pin = Pin(DATA, written.known(DATA).table_id, 4, "a", "")
    assert engine.read(written, pin, ["doc_id"]).to_pydict() == {"doc_id": [f"{2:032x}"]}
    assert not Custody(written).breaches(DATA) and not Custody(written).unwitnessed(DATA)
    assert [row["version"] for row in written.history(DATA)] == list(range(WRITES, 0, -1))
    assert len([file for file in stored_table(written, DATA).files if not file.current]) == WRITES - 2
    assert len(os.listdir(written.uri)) == 3, "reading writes nothing"


def test_a_lake_from_before_puts_away_all_at_once_and_a_read_only_one_is_read(
    written: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive.put_back(written, DATA)
    forget_all()
    assert folder(written, DATA) == list(range(WRITES + 1)) and at(written, 7) == [5, 6]
    for number in range(WRITES, WRITES + EVERY):
        write(written, number)
    assert folder(written, DATA)[0] == 35
    monkeypatch.setattr(chain, "write_bytes", lambda *_: pytest.fail("nothing is written by reading"))
    assert at(Lake(written.uri), 7) == [5, 6]


def test_a_lost_archive_of_a_table_is_told_and_mended_from_nothing_less(written: Lake) -> None:
    bundle = Path(written.uri, chain.bundle_path(DATA, 5))
    content = bundle.read_bytes()
    bundle.write_bytes(content.replace(b'\\"rows\\":1', b'\\"rows\\":2', 1))
    assert bundle.read_bytes() != content
    forget_all()
    assert verify(written, [DATA]).damaged
    bundle.write_bytes(content)
    assert not Custody(written).breaches(DATA)
    last = max(Path(written.uri, DATA, "_delta_log").glob("*.checkpoint.parquet"))
    last.write_bytes(last.read_bytes()[:100])
    forget_all()
    assert verify(written, [DATA]).damaged and repair(written, [DATA])
    assert at(written, 7) == [5, 6] and at(written, WRITES) == [WRITES - 2, WRITES - 1]
    assert not verify(written, [DATA]).damaged


def test_a_write_that_was_held_up_is_made_again_or_refused(written: Lake) -> None:
    late, held = Lake(written.uri), written.open(DATA, 41)
    basis = late.carried(DATA, Partition.of(DATA, "c"))
    for number in range(WRITES, WRITES + 4 * EVERY):
        write(written, number)
    assert folder(written, DATA)[0] > 42
    rows = [{"doc_id": f"{9:032x}", "snapshot": "c", "kept": True, "reason": "", "failed": []}]
    writer = late.writer(DATA)
    for batch in pa.Table.from_pylist(rows, table(DATA).schema).to_batches():
        writer.write(batch)
    handles = iter([held])
    created = late._create
    late._create = lambda declared: next(handles, None) or created(declared)
    commit = late.replace(DATA, Partition.of(DATA, "c"), writer.close(), Provenance(DATA, "c", {}), basis)
    assert commit.version == WRITES + 4 * EVERY + 1 and at(late, commit.version, "c") == [9]
    assert folder(written, DATA)[0] > 42 and not Custody(written).breaches(DATA)
    stray = Path(written.uri, DATA, "_delta_log", f"{40:020d}.json")
    stray.write_bytes(Path(written.uri, DATA, "_delta_log", f"{commit.version:020d}.json").read_bytes())
    forget_all()
    assert at(written, 40) == [38, 39] and not Custody(written).breaches(DATA), "of one that was killed meanwhile"
