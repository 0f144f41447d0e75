"""Models are a part of the tables that name them: what is lost or cut of one is stale, told, and made again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pyarrow as pa
import pytest

from data_platform.core.tables import model_table
from data_platform.lake.lake import Lake
from data_platform.models.published import fetched
from data_platform.models.store import ModelCorrupt, publish
from data_platform.pipeline.repair import repair
from data_platform.pipeline.status import status_of
from data_platform.pipeline.vacuum import kept_since, vacuum
from data_platform.pipeline.verify import verify
from data_platform.run.stage import Files, Stage, Work, execute
from data_platform.run.workspace import Workspace
from tests.takedown.lakes import workspace_over, write_texts

TABLE = "model_small"


def trained(work: Work, byte: int = 0) -> Files:
    folder = Path(work.lake.uri).parent / "built"
    folder.mkdir(exist_ok=True)
    (folder / "weights").write_bytes(bytes([byte, *range(1, 256)]))
    row = publish(folder, work.lake.uri, "small", license_spdx="MIT", parameters=1, training_texts=1, metrics={})
    return work.files(pa.Table.from_pylist([row], work.stage.declared.schema))


TRAINING = Stage(name=TABLE, table=model_table("small"), group="models", inputs=(), run=trained,
                 config=lambda workspace, snapshot: {}, partitioned=False, books=None)


@pytest.fixture
def made(tmp_path: Path) -> Workspace:
    write_texts(tmp_path / "texts")
    workspace = workspace_over(tmp_path / "texts", tmp_path / "lake")
    assert execute(TRAINING, workspace, None).written and not execute(TRAINING, workspace, None).written
    return workspace


def row_of(lake: Lake) -> dict:
    (row,) = lake.read_table(TABLE).to_pylist()
    return row


@pytest.mark.parametrize("name", ["weights", "manifest.json"])
@pytest.mark.parametrize("size", [None, 0, 100])
def test_what_is_lost_of_a_model_is_made_again(made: Workspace, name: str, size: int | None) -> None:
    lake = made.lake
    path, version = Path(row_of(lake)["uri"], name), lake.pin(TABLE).version
    content = path.read_bytes()
    path.unlink() if size is None else path.write_bytes(content[:size])
    status = status_of(made, TRAINING, None)
    assert status.state == "stale" and str(path) in status.why
    assert any(str(path) in str(damage) for damage in verify(lake, [TABLE]).damaged)
    with pytest.raises(ModelCorrupt, match=f"data-platform repair {TABLE}"):
        fetched(lake, TABLE, row_of(lake))
    assert execute(TRAINING, made, None).written
    assert path.read_bytes() == content and lake.pin(TABLE).version == version, "nothing that reads it is stale"
    assert not verify(lake, [TABLE]).damaged and status_of(made, TRAINING, None).state == "unchecked"


def test_a_model_of_other_bytes_is_set_aside(made: Workspace) -> None:
    lake = made.lake
    path = Path(row_of(lake)["uri"], "weights")
    path.write_bytes(bytes(256))
    assert status_of(made, TRAINING, None).state == "unchecked", "bytes are not read by plans"
    (damage,) = verify(lake, [TABLE]).damaged
    assert f"{path} is not of the bytes that were published" in str(damage)
    (done,) = repair(lake)
    assert "set aside 1 model" in done.done
    (aside,) = Path(lake.uri, "_set_aside").rglob("weights")
    assert aside.read_bytes() == bytes(256) and status_of(made, TRAINING, None).state == "stale"
    assert execute(TRAINING, made, None).written and path.read_bytes() == bytes(range(256))
    assert not repair(lake) and fetched(lake, TABLE, row_of(lake)) == path.parent


def test_a_model_that_old_versions_alone_name_goes_once_it_is_old(made: Workspace) -> None:
    lake, first = made.lake, row_of(made.lake)
    second = replace(TRAINING, run=partial(trained, byte=1), config=lambda workspace, snapshot: {"byte": 1})
    execute(second, made, None)
    begun = Path(lake.uri, "models", "small", ".0123.tmp")
    begun.mkdir()
    (begun / "weights").write_bytes(b"begun")
    assert not any(one.files for one in vacuum(lake, [], kept_since(7, None)))
    told = {one.table: one for one in vacuum(lake, [], datetime.now(UTC), dry=True)}
    assert (len(told["models"].old), len(told["models"].left), told["models"].kept["current"].files) == (2, 1, 2)
    vacuum(lake, [], datetime.now(UTC))
    assert not Path(first["uri"]).exists() and not begun.exists() and fetched(lake, TABLE, row_of(lake)).is_dir()
    assert not verify(lake).damaged and not execute(second, made, None).written
    assert execute(TRAINING, made, None).written and Path(first["uri"]).is_dir(), "it is published again"
