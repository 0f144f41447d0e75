"""Reports are counted from tables: rates, clusters, sizes, the picture."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pyarrow as pa
import pytest
from click.testing import CliRunner

from data_platform.cli.main import main
from data_platform.core.tables import table
from data_platform.lake.lake import Lake, Partition, Provenance, TableMissing
from data_platform.reports.duplicates import SizeBin, duplicate_report, size_picture

# Letters are documents: those of a word are copies, the first stays. Per letter: crawl, host, tokens.
CLUSTERS = ("a", "bcd", "ef", "g", "hijklm")


def _id(letter: str) -> str:
    return f"{ord(letter):032x}"


def _rows(name: str, rows: list[dict[str, Any]]) -> pa.Table:
    """Rows of a table; columns that are not given hold nothing."""
    def nothing(type_: pa.DataType) -> Any:
        if pa.types.is_temporal(type_):
            return datetime(2024, 1, 1, tzinfo=UTC)
        if pa.types.is_list(type_):
            return []
        return "" if pa.types.is_string(type_) or pa.types.is_large_string(type_) else 0

    columns = table(name).columns
    filled = [{column.name: row.get(column.name, nothing(column.type)) for column in columns} for row in rows]
    return pa.Table.from_pylist(filled, schema=table(name).schema)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    lake = Lake(str(tmp_path_factory.mktemp("reported") / "lake"))
    letters = "".join(CLUSTERS)
    snapshot = {letter: "2023" if letter < "f" else "2024" for letter in letters}
    for crawl in ("2023", "2024"):
        lake.write("filtered_documents", Partition.of("filtered_documents", crawl), _rows("filtered_documents", [
            {"doc_id": _id(letter), "snapshot": crawl, "host": "x.org" if letter in "bcd" else "y.org", "source": "web",
             "language": "en", "token_count": 10}
            for letter in letters if snapshot[letter] == crawl
        ]), Provenance("filtered_documents", "1", {}))
    inputs = tuple(lake.pins("filtered_documents", ["2023", "2024"]))
    lake.write("duplicates", Partition.of("duplicates", None), _rows("duplicates", [
        {"doc_id": _id(letter), "snapshot": snapshot[letter], "cluster_id": _id(cluster[0]),
         "cluster_size": len(cluster), "kept": letter == cluster[0]}
        for cluster in CLUSTERS for letter in cluster
    ]), Provenance("duplicates", "1", {}, inputs=inputs))
    return lake


def test_rates_by_crawl_and_host(lake: Lake) -> None:
    rows = {(row["by"], row["value"]): row for row in duplicate_report(lake).rates.to_pylist()}
    assert (rows["snapshot", "2023"]["documents"], rows["snapshot", "2023"]["duplicates"]) == (5, 2)
    assert (rows["snapshot", "2024"]["documents"], rows["snapshot", "2024"]["duplicates"]) == (8, 6)
    assert (rows["host", "x.org"]["duplicates"], rows["host", "x.org"]["duplicate_tokens"]) == (2, 20)
    assert rows["language", "en"]["duplicates"] == rows["source", "web"]["duplicates"] == 8
    assert rows["source", "web"]["tokens"] == 130


def test_largest_clusters_with_ids(lake: Lake) -> None:
    first, second = duplicate_report(lake, clusters=2, members=3).clusters.to_pylist()
    assert first == {"cluster_id": _id("h"), "size": 6, "snapshots": ["2024"], "hosts": 1,
                     "doc_ids": [_id(letter) for letter in "hij"]}
    assert second["doc_ids"] == [_id(letter) for letter in "bcd"]


def test_sizes_in_powers_of_two_and_their_picture(lake: Lake) -> None:
    sizes = duplicate_report(lake).sizes
    assert sizes == [SizeBin(1, 1, 2, 2), SizeBin(2, 3, 2, 5), SizeBin(4, 7, 1, 6)]
    drawing = ElementTree.fromstring(size_picture(sizes))
    bars = [item for item in drawing.iter("{http://www.w3.org/2000/svg}rect") if item.get("x")]
    widths = [float(bar.get("width")) for bar in bars]
    assert widths[0] / widths[2] == pytest.approx(2 / 6, abs=0.01)
    assert "2 to 3" in [item.text for item in drawing.iter("{http://www.w3.org/2000/svg}text")]
    assert size_picture([]).startswith("<svg")


def test_nothing_to_report_is_said(tmp_path: Path) -> None:
    with pytest.raises(TableMissing):
        duplicate_report(Lake(str(tmp_path / "empty")))


def test_the_command_says_what_it_cannot_do(lake: Lake, tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(f"{{name: reported, lake: '{lake.uri}', sources: [{{name: a, snapshot: a, paths: a.warc.gz}}], "
                      "mixtures: {all: {tokens: 1, weights: {web: 1}}}}")
    drawn = tmp_path / "sizes.svg"
    done = CliRunner().invoke(main, ["duplicates", "--recipe", str(recipe), "--picture", str(drawn)])
    assert done.exit_code == 0 and drawn.read_text().startswith("<svg")
    nowhere = ["duplicates", "--recipe", str(recipe), "--picture", str(tmp_path / "nowhere" / "sizes.svg")]
    assert "sizes.svg: No such file" in CliRunner().invoke(main, nowhere).output
    for command in ("duplicates", "contamination"):
        assert "-1 is not in the range" in CliRunner().invoke(main, [command, "--top", "-1"]).output
