"""What materialisations report: of the partition alone, at the version that was committed, and never a text."""

from __future__ import annotations

import base64
import json
import re
import time
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa
import pytest

from data_platform.assets.accounts import counted_columns, distributions_as_markdown, models_metadata, shares
from data_platform.assets.effort import Effort, measured
from data_platform.assets.metadata import commit_metadata
from data_platform.assets.names import Names
from data_platform.assets.pictures import svg
from data_platform.core.tables import TABLES, model_table, table
from data_platform.lake.distributions import Bin, Distribution
from data_platform.lake.lake import Commit, Lake, Partition, Provenance
from data_platform.run.recipe import load_recipe
from data_platform.run.stage import Dropped, Passing, Stage
from data_platform.run.workspace import Workspace

SECRET = "a sentence of a document"
RECIPE = """
name: small
sources: [{name: crawl, snapshot: one, domain: web, paths: [none]}, {name: x, snapshot: one, domain: code, paths: [x]}]
mixtures: {all: {tokens: 1000, weights: {web: 1}}}
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    path = tmp_path / "small.yaml"
    path.write_text(RECIPE)
    return Workspace(load_recipe(path), Lake(str(tmp_path / "lake")))


def written(lake: Lake, name: str, snapshot: str, rows: list[dict[str, Any]], *pins: Any) -> Commit:
    declared = table(name)
    empty = {column.name: _empty(column.type) for column in declared.columns if not column.nullable}
    full = [{**empty, "doc_id": f"{number:032x}", "snapshot": snapshot, **row} for number, row in enumerate(rows)]
    batch = pa.Table.from_pylist(full, schema=declared.schema)
    return lake.write(name, Partition.of(name, snapshot), batch, Provenance(name, "1", {}, pins))


def _empty(type_: pa.DataType) -> Any:
    if pa.types.is_list(type_):
        return []
    if pa.types.is_boolean(type_):
        return False
    return 0 if pa.types.is_integer(type_) or pa.types.is_floating(type_) else SECRET


def plain(metadata: Mapping[str, Any]) -> str:
    return json.dumps({key: str(getattr(value, "value", value)) for key, value in metadata.items()})


def records(value: dg.TableMetadataValue) -> list[dict[str, Any]]:
    return [dict(record.data) for record in value.records]


def test_an_account_is_of_the_partition_and_holds_no_text(workspace: Workspace) -> None:
    lake = workspace.lake
    verdicts = [{"kept": number > 1, "reason": "" if number > 1 else "gopher.words", "failed": []}
                for number in range(5)]
    written(lake, "filter_verdicts", "one", verdicts)
    pin = lake.pin("filter_verdicts", "one")
    rows = [{"domain": "web", "language": language, "source": "crawl", "token_count": tokens, "text": SECRET,
             "title": SECRET} for language, tokens in (("en", 30), ("en", 30), ("de", 40))]
    written(lake, "filtered_documents", "other", [{**rows[0], "token_count": 1_000}])
    commit = written(lake, "filtered_documents", "one", rows, pin)
    dropped = Dropped("filter_verdicts", "reason", lambda snapshot: ~pa.compute.field("kept"))
    stage = Stage("filtered_documents", "test", ("filter_verdicts",), run=lambda work: {},
                  config=lambda workspace, snapshot: {}, books=Passing((dropped,)))
    found = commit_metadata(workspace, stage, Names("small"), "one", commit, Effort(2.0, 100.0))
    assert found["dagster/partition_row_count"] == 3 and "dagster/row_count" not in found
    assert found["whole table"].startswith("4 rows")
    assert (found["tokens"], found["rows per second"], found["seconds"]) == (100, 1.5, 2.0)
    assert records(found["inputs"]) == [
        {"input": f"filter_verdicts/one@{pin.version}", "digest": pin.recipe, "table id": pin.table_id}
    ]
    assert records(found["kept and dropped"])[2] == {
        "what became of rows": "dropped: gopher.words", "rows": 2, "share": "40.00%",
    }
    assert (found["rows/in"], found["rows/kept"], found["rows/dropped"], found["share/kept"]) == (5, 3, 2, 0.6)
    assert found["share/language/de"] == pytest.approx(.4) and found["share/domain/web"] == 1
    assert found["share/domain/code"] == 0, "a domain of the recipe has a number where no row is of it"
    assert [row["doc_id"] for row in records(found["sample"])] == [f"{number:032x}" for number in range(3)]
    assert SECRET not in plain({**found, "distributions": ""})
    encoded = re.search(r"data:image/svg\+xml;base64,([^)]+)", found["distributions"].value)
    picture = base64.b64decode(encoded[1]).decode()
    assert "token_count" in picture and SECRET not in picture and ET.fromstring(picture) is not None


def test_what_was_found_made_has_no_speed(workspace: Workspace) -> None:
    written(workspace.lake, "filter_verdicts", "one", [{"kept": True}])
    stage = Stage("filter_verdicts", "test", (), run=lambda work: {}, config=lambda workspace, snapshot: {}, books=None)
    pin = workspace.lake.pin("filter_verdicts", "one")
    commit = Commit("filter_verdicts", pin.table_id, pin.version, 1, written=False)
    found = commit_metadata(workspace, stage, Names("small"), "one", commit, Effort(.1, 1))
    assert found["written"] is False and not {"seconds", "rows per second", "inputs", "rows/in"} & found.keys()


def test_tiers_always_have_a_number_and_rare_languages_share_one() -> None:
    tiers = Distribution("license_tier", "category", (Bin("1", 3, None), Bin("4", 1, None)))
    assert shares([tiers], ()) == {
        "share/tier_0": 0, "share/tier_1": .75, "share/tier_2": 0, "share/tier_3": 0, "share/tier_4": .25,
        "share/tier_5": 0,
    }
    languages = Distribution("language", "category", tuple(Bin(f"l{n:02}", 1, None) for n in range(25)))
    found = shares([languages], ())
    assert len(found) == 11 and found["share/language/other"] == pytest.approx(15 / 25)
    assert not shares([Distribution("domain", "category", ())], ("web",)), "of no row there is no share"


def test_metrics_of_models_are_numbers(tmp_path: Path) -> None:
    lake, declared = Lake(str(tmp_path)), model_table("small")
    row = {**dict.fromkeys(declared.column_names, "x"), "parameters": 10, "training_texts": 5,
           "metrics": json.dumps({"held_out": {"accuracy": .9}, "seen": 3, "note": "none"})}
    lake.write(declared, Partition(), pa.Table.from_pylist([row], schema=declared.schema), Provenance("m", "1", {}))
    assert models_metadata(lake, declared, lake.pin(declared.name).version) == {
        "model/held_out/accuracy": .9, "model/seen": 3.0, "model/parameters": 10, "model/training_texts": 5,
        "model/license": "x",
    }


@pytest.mark.parametrize("name", TABLES)
def test_no_long_column_and_no_key_is_drawn(name: str) -> None:
    declared = table(name)
    drawn = counted_columns(declared)
    assert not [column for column in drawn if declared[column].long or column in declared.key]


def test_labels_from_outside_cannot_break_a_picture() -> None:
    odd = "<script>&\"'" * 10
    picture = svg([Distribution("domain", "category", tuple(Bin(f"{odd}{n}", n, None) for n in range(40)))])
    assert "<script>" not in picture and "29 more" in picture and ET.fromstring(picture) is not None


def test_the_peak_is_that_of_the_step_alone() -> None:
    with measured() as large:
        held = bytearray(b"x") * (200 * 2**20)
        time.sleep(.2)
        del held
    with measured() as small:
        pass
    assert large.peak_memory_mb > small.peak_memory_mb + 100 and small.peak_memory_mb > 10


def test_values_of_any_kind_stay_in_their_cell() -> None:
    found = Distribution("license_spdx", "category", tuple(Bin(label, 1, None) for label in ("", "a | b\nc")))
    assert distributions_as_markdown([found]).splitlines()[2:] == [
        "| license_spdx | (empty) | 1 | 50.0% |", "| license_spdx | a / b c | 1 | 50.0% |"]
