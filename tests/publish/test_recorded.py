"""Exports held against what the lake noted of them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from data_platform.lake.lake import Lake
from data_platform.pipeline.verify import verify
from data_platform.publish.attestation import SUMS, sums_of
from data_platform.publish.export import export_mixture
from data_platform.publish.recorded import recorded_exports
from data_platform.takedown.outside import record_export
from tests.publish.lakes import make


@pytest.fixture
def exported(tmp_path: Path) -> tuple[Lake, Path]:
    lake = make(str(tmp_path / "lake"))
    folder, _ = export_mixture(lake, "open", "parquet", None, tmp_path / "exports")
    return lake, folder


def said(lake: Lake, share: int | None = 0) -> list[str]:
    return [one.fault for one in verify(lake, share=share).damaged if "export" in one.fault]


def again(folder: Path) -> None:
    """Make an export agree with itself, as whoever forges one would."""
    manifest = json.loads((folder / "manifest.json").read_text())
    for shard in manifest["shards"]:
        content = (folder / shard["file"]).read_bytes()
        shard |= {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    names = [name for name in manifest["cards"]] + [shard["file"] for shard in manifest["shards"]] + ["manifest.json"]
    (folder / SUMS).write_text(sums_of({
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}))


def test_an_export_written_anew_as_a_whole_is_named(exported: tuple[Lake, Path]) -> None:
    lake, folder = exported
    assert said(lake) == said(lake, None) == []
    shard = next(folder.rglob("*.parquet"))
    shard.write_bytes(shard.read_bytes() + b"x")
    again(folder)
    assert "the one that table exports knows" in said(lake)[0]


def test_a_card_with_its_sums_written_anew_is_named(exported: tuple[Lake, Path]) -> None:
    lake, folder = exported
    manifest = (folder / "manifest.json").read_bytes()
    (folder / "NOTICE").write_text("nobody\n")
    again(folder)
    (folder / "manifest.json").write_bytes(manifest)
    assert said(lake) == [] and "NOTICE" in said(lake, None)[0]


def test_what_the_platform_wrote_last_is_what_counts(exported: tuple[Lake, Path]) -> None:
    """Also where it wrote the same before: an export of before a takedown that is put back is not what was left."""
    lake, folder = exported
    first = (folder / "manifest.json").read_text()
    stated = json.loads(first)
    for text, count in ((first, 1), (first + "\n", 2), (first, 3)):
        (folder / "manifest.json").write_text(text)
        record_export(lake, folder, stated)
        record_export(lake, folder, stated)
        assert lake.read_table("exports").num_rows == count and len(recorded_exports(lake)) == 1
        assert said(lake) == []
    (folder / "manifest.json").write_text(first + "\n")
    assert "the one that table exports knows" in said(lake)[0]
