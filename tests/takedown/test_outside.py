"""What lies outside the tables: exports are written again without what went, and Dagster's logs lose the names."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path

import pyarrow as pa
import pytest

from data_platform.core.tables import mixture_table
from data_platform.lake import writer
from data_platform.lake.lake import Lake, Partition, Provenance
from data_platform.publish.accompany import accompany_again
from data_platform.publish.check_export import check_export
from data_platform.publish.export import export_mixture
from data_platform.takedown import outside
from data_platform.takedown.execute import Order, Places, execute, plan_takedown, resume, takedowns
from data_platform.takedown.plan import Selectors
from tests.filtering.lakes import zero
from tests.takedown.lakes import essay


def _mixture(lake: Lake, *names: str) -> None:
    declared = mixture_table("open")
    rows = [
        {column.name: zero(column.type) for column in declared.columns}
        | {"doc_id": f"{number:032x}", "text": essay(name), "license_spdx": "MIT", "license_tier": 1, "token_count": 10}
        for number, name in enumerate(names)
    ]
    rows = pa.Table.from_pylist(rows, declared.schema)
    lake.write("mixture_open", Partition(), rows, Provenance("mixture_open", "1", {"names": names}))


@pytest.mark.parametrize("format_", ["parquet", "jsonl.zst"])
@pytest.mark.parametrize(("action", "done", "absent"), [
    ("report", "left as it is", False), ("rewrite", "rewritten", True), ("delete", "deleted", True),
])
def test_exports_are_found_and_mended(tmp_path: Path, format_: str, action: str, done: str, absent: bool) -> None:
    lake, root = Lake(str(tmp_path / "lake")), tmp_path / "exports"
    _mixture(lake, "alpha", "beta", "gamma")
    folder, _ = export_mixture(lake, "open", format_, None, root)
    export_mixture(lake, "open", format_, None, root)
    assert lake.count("exports") == 1, "an export is recorded once"
    places = Places((root,), accompany=partial(accompany_again, lake))
    order = Order(Selectors.of(documents=[f"{1:032x}"]), "asked", "A. Uthor")
    planned, _ = plan_takedown(lake, order, places)
    assert [(export["path"], export["rows"], export["there"]) for export in planned["exports"]] == [
        (str(folder), 1, True)
    ]
    assert planned["mixtures"] == [{"mixture": "mixture_open", "version": 1, "rows": 1}]
    receipt = execute(lake, order, places, exports=action)
    assert [export["done"] for export in receipt["exports"]] == [done] and receipt["absent"] == absent
    if action == "rewrite":
        manifest = json.loads((folder / "manifest.json").read_text())
        assert (manifest["rows"], manifest["tokens"]) == (2, 20) and manifest["taken_down"] == [receipt["takedown_id"]]
        assert [row for rows in outside.shard_rows(folder) for row in rows["doc_id"].to_pylist()] == [
            f"{0:032x}", f"{2:032x}"
        ]
        assert check_export(folder).faults == []
        assert not any(f"{1:032x}" in path.read_text() for path in outside.beside(folder))


def _order(number: int) -> Order:
    return Order(Selectors.of(documents=[f"{number:032x}"]), "asked", "A. Uthor")


def test_an_export_that_was_not_mended_to_its_end_is_mended_again(tmp_path: Path) -> None:
    """Killed after its shards were written: nothing in them tells any more that the rest is of before."""
    lake, root = Lake(str(tmp_path / "lake")), tmp_path / "exports"
    _mixture(lake, "alpha", "beta")
    folder, _ = export_mixture(lake, "open", "parquet", None, root)
    before = json.loads((folder / "manifest.json").read_text())

    def killed(folder: Path, manifest: dict) -> str:
        raise KeyboardInterrupt

    written = []

    def accompany(folder: Path, manifest: dict) -> str:
        written.append(manifest)
        (folder / "manifest.json").write_text(json.dumps(manifest))
        (folder / "NOTICE").unlink()
        return "not signed any more"

    with pytest.raises(KeyboardInterrupt):
        execute(lake, _order(1), Places((root,), accompany=killed), exports="rewrite")
    assert json.loads((folder / "manifest.json").read_text()) == before, "all of it is of before, or nothing"
    receipt = execute(lake, _order(1), Places((root,), accompany=accompany), exports="rewrite")
    assert [(one["done"], one["note"]) for one in receipt["exports"]] == [("rewritten", "not signed any more")]
    assert [(one["rows"], one["taken_down"]) for one in written] == [(1, [receipt["takedown_id"]])]
    assert receipt["absent"] and not any(path.name.startswith(".") for path in folder.iterdir())


def test_what_lies_beside_shards_and_names_a_document_is_found_and_mended(tmp_path: Path) -> None:
    """As takedowns left exports once: shards and manifest without it, cards with it."""
    lake, root = Lake(str(tmp_path / "lake")), tmp_path / "exports"
    _mixture(lake, "alpha", "beta")
    folder, _ = export_mixture(lake, "open", "parquet", None, root)
    receipt = execute(lake, _order(1), Places((root,)), exports="rewrite")
    assert receipt["absent"]
    (folder / "NOTICE").write_text(f"A page of a host that is gone. Document {1:032x}.")
    found = resume(lake, takedowns(lake)[0], Places((root,)))
    assert [one["what"] for one in found["found"]] == ["ids"] and not found["absent"]
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**manifest, "cards": ["NOTICE"]}))
    mended = resume(lake, takedowns(lake)[0], Places((root,)), exports="rewrite")
    assert mended["absent"] and not (folder / "NOTICE").exists()


def test_cards_that_an_older_takedown_left_as_they_were_are_mended(tmp_path: Path) -> None:
    lake, root = Lake(str(tmp_path / "lake")), tmp_path / "exports"
    _mixture(lake, "alpha", "beta")
    folder, _ = export_mixture(lake, "open", "parquet", None, root)
    cards = {name: (folder / name).read_bytes() for name in ("croissant.json", "NOTICE")}
    execute(lake, _order(1), Places((root,)), exports="rewrite")
    for name, content in cards.items():
        (folder / name).write_bytes(content)
    mended = []

    def accompany(folder: Path, manifest: dict) -> str:
        mended.append(folder)
        return ""

    receipt = resume(lake, takedowns(lake)[0], Places((root,), accompany=accompany), exports="rewrite")
    assert mended == [folder] and receipt["exports"][0]["done"] == "rewritten"


@pytest.mark.parametrize("content", [b"PAR1 and no more", b"\x28\xb5\x2f\xfd and no more"])
@pytest.mark.parametrize("format_", ["parquet", "jsonl.zst"])
def test_an_export_that_cannot_be_read_holds_nothing_up_and_is_told(
    tmp_path: Path, format_: str, content: bytes
) -> None:
    lake, root = Lake(str(tmp_path / "lake")), tmp_path / "exports"
    _mixture(lake, "alpha", "beta")
    folder, _ = export_mixture(lake, "open", format_, None, root)
    (folder / f"shard-00000.{format_}").write_bytes(content)
    (root / "broken").mkdir()
    (root / "broken" / "manifest.json").write_text("{")
    receipt = execute(lake, _order(1), Places((root,)), exports="rewrite")
    assert takedowns(lake)[0]["state"] == "done" and lake.count("mixture_open") == 1
    assert receipt["exports"][0]["done"] == "left as it is" and "could not be" in receipt["exports"][0]["note"]
    assert {"an export that cannot be read"} <= {one["what"] for one in receipt["found"]}
    assert any(str(folder) in one["where"] for one in receipt["remains_elsewhere"])
    assert execute(lake, _order(0), Places((root,)), exports="delete")["exports"][0]["done"] == "deleted"


def test_receipts_say_what_remains_elsewhere(tmp_path: Path) -> None:
    lake, root = Lake(str(tmp_path / "lake")), tmp_path / "exports"
    _mixture(lake, "alpha", "beta")
    folder, _ = export_mixture(lake, "open", "parquet", None, root)
    receipt = execute(lake, _order(1), Places((root,), unsearched=("a bucket of logs",)))
    told = {one["where"]: one for one in receipt["remains_elsewhere"]}
    assert "left as it is" in told[f"export {folder}"]["what"] and "--resume" in told[f"export {folder}"]["todo"]
    assert "version 1" in told["models that were trained on mixture_open"]["what"]
    assert told["a bucket of logs"]["what"] == "not searched" and any("backups" in where for where in told)
    mended = resume(lake, takedowns(lake)[0], Places((root,)), exports="rewrite")
    told = {one["where"]: one for one in mended["remains_elsewhere"]}
    assert "whoever was given the export" in told[f"export {folder}"]["todo"]


def test_an_export_that_is_gone_is_told_by_its_version(tmp_path: Path) -> None:
    lake, root = Lake(str(tmp_path / "lake")), tmp_path / "exports"
    _mixture(lake, "alpha", "beta")
    folder, _ = export_mixture(lake, "open", "parquet", None, root)
    folder.rename(tmp_path / "elsewhere")
    _mixture(lake, "beta")
    planned, _ = plan_takedown(lake, Order(Selectors.of(documents=[f"{1:032x}"]), "", ""), Places((root,)))
    assert [(export["version"], export["rows"], export["there"]) for export in planned["exports"]] == [(1, 1, False)]


def test_names_go_from_logs_and_databases_and_nothing_else(tmp_path: Path) -> None:
    name, other = "0123456789abcdef" * 2, "f" * 32
    (tmp_path / "runs").mkdir()
    log = tmp_path / "runs" / "step.err"
    log.write_text(f"read {name} and {other} and {name}00\n")
    with closing(sqlite3.connect(tmp_path / "runs" / "events.db")) as database:
        database.execute("CREATE TABLE event_logs (id INTEGER, event TEXT)")
        database.executemany("INSERT INTO event_logs VALUES (?, ?)", [(1, f'{{"doc": "{name}"}}'), (2, other)])
        database.commit()
    changed = outside.redact_logs(tmp_path, [name])
    assert changed == {"runs/events.db": 1, "runs/step.err": 2}
    assert log.read_text().startswith(f"read {'.' * 32} and {other}")
    assert not any(outside.occurring(path.read_bytes(), [name]) for path in outside.files_below(tmp_path))
    with closing(sqlite3.connect(tmp_path / "runs" / "events.db")) as database:
        assert database.execute("SELECT count(*), max(event) FROM event_logs").fetchone() == (2, '{"doc": "' + "." * 32
                                                                                             + '"}')


def test_urls_are_the_same_however_they_are_spelt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In many row groups, of which few hold the host."""
    monkeypatch.setattr(writer, "ROW_GROUP_ROWS", 50)
    lake, declared = Lake(str(tmp_path)), mixture_table("open")
    urls = [f"https://www.host{number % 40}.org/{number}" for number in range(400)] + ["file:a.txt", ""]
    urls[7] = "HTTP://host5.org:80/5/?utm_source=mail"
    rows = [
        {column.name: zero(column.type) for column in declared.columns} | {"doc_id": f"{number:032x}", "url": url}
        for number, url in enumerate(urls)
    ]
    lake.write("mixture_open", Partition(), pa.Table.from_pylist(rows, declared.schema).to_reader(50),
               Provenance("mixture_open", "1", {}))
    order = Order(Selectors.of(urls=["https://host5.org/5", "file:a.txt"]), "", "")
    planned, _ = plan_takedown(lake, order, Places())
    assert [int(document["id"], 16) for document in planned["documents"]] == [5, 7, 400]
    assert "host5" not in json.dumps(planned)
