"""Published models: one rename or one last object, verified to the byte."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from data_platform.core.tables import table
from data_platform.models.store import MANIFEST, ModelCorrupt, fault_of, fetch, model_digest, publish

if TYPE_CHECKING:
    import s3fs

WEIGHTS = bytes(range(256)) * 12_000
ABOUT = {"license_spdx": "MIT", "parameters": 3, "training_texts": 2, "metrics": {"held_out_roc_auc": 0.5}}


@pytest.fixture
def built(tmp_path: Path) -> Path:
    folder = tmp_path / "built"
    (folder / "deep").mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    (folder / "deep" / "weights.bin").write_bytes(WEIGHTS)
    return folder


def test_the_digest_covers_names_and_bytes(built, tmp_path):
    first = model_digest(built)
    assert first == model_digest(built)
    (built / "config.json").rename(built / "other.json")
    renamed = model_digest(built)
    (built / "other.json").write_text("[]")
    assert len({first, renamed, model_digest(built)}) == 3
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match="holds no files"):
        model_digest(tmp_path / "empty")


@pytest.mark.parametrize("scheme", ["", "file://"])
def test_a_published_model_is_a_row_and_a_folder(built, tmp_path, scheme):
    row = publish(built, f"{scheme}{tmp_path / 'lake'}", "small", **ABOUT)
    (loaded,) = pa.Table.from_pylist([row], table("model_language_model").schema).to_pylist()
    assert loaded["model_id"] == f"small@{model_digest(built)[:12]}"
    assert loaded["sha256"] == model_digest(built)
    assert json.loads(loaded["metrics"]) == ABOUT["metrics"]
    folder = fetch(row["uri"], tmp_path / "cache", row["sha256"])
    assert folder == tmp_path / "lake/models/small" / model_digest(built)[:12]
    assert (folder / "deep" / "weights.bin").read_bytes() == WEIGHTS
    assert [path.name for path in folder.parent.iterdir()] == [folder.name], "nothing temporary is left"


def test_publishing_again_changes_nothing(built, tmp_path):
    first = publish(built, str(tmp_path / "lake"), "small", **ABOUT)
    before = (Path(first["uri"]) / MANIFEST).stat().st_mtime_ns
    assert publish(built, str(tmp_path / "lake"), "small", **ABOUT) == first
    assert (Path(first["uri"]) / MANIFEST).stat().st_mtime_ns == before


def test_harm_is_found_and_named(built, tmp_path):
    row = publish(built, str(tmp_path / "lake"), "small", **ABOUT)
    assert fault_of(row["uri"], row["sha256"], contents=True) == ""
    for name, content, sizes, said in (
        ("config.json", b"[]", "", "is not of the bytes that were published"),
        ("config.json", b"{", "has 1 of 2 bytes", "has 1 of 2 bytes"), (MANIFEST, b"", "is empty", "is empty"),
    ):
        (path := Path(row["uri"]) / name).write_bytes(content)
        assert fault_of(row["uri"], row["sha256"]) == (f"{path} {sizes}" if sizes else "")
        assert fault_of(row["uri"], row["sha256"], contents=True) == f"{path} {said}"
        with pytest.raises(ModelCorrupt, match=r"changed since it was published: config\.json$|not the expected"):
            fetch(row["uri"], tmp_path / "cache", row["sha256"])
        assert publish(built, str(tmp_path / "lake"), "small", **ABOUT) == row
        assert fault_of(row["uri"], row["sha256"], contents=True) == "", "whoever publishes it again puts it right"
    with pytest.raises(ModelCorrupt, match="not the expected"):
        fetch(row["uri"], tmp_path / "cache", "0" * 64)
    with pytest.raises(FileNotFoundError, match="no model was published"):
        fetch(str(tmp_path / "lake/models/small/000000000000"), tmp_path / "cache")


@pytest.fixture
def store() -> Iterator[tuple[s3fs.S3FileSystem, dict[str, str]]]:
    """An S3 server of its own process, which has a bucket: delta-rs waits for answers without letting go of Python."""
    import s3fs

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(300):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert server.poll() is None, "the S3 server ended"
            time.sleep(0.1)
        url = f"http://127.0.0.1:{port}"
        files = s3fs.S3FileSystem(key="test", secret="test", endpoint_url=url, skip_instance_cache=True)
        files.mkdir("bucket")
        yield files, {
            "AWS_ENDPOINT_URL": url, "AWS_ALLOW_HTTP": "true", "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
        }  # fmt: skip
    finally:
        server.terminate()
        server.wait(10)


def test_an_object_store_holds_it_whole_or_not_at_all(built, tmp_path, store):
    files, options = store
    row = publish(built, "s3://bucket/lake/", "small", storage_options=options, **ABOUT)
    assert row["uri"] == f"s3://bucket/lake/models/small/{model_digest(built)[:12]}"
    assert publish(built, "s3://bucket/lake", "small", storage_options=options, **ABOUT) == row
    for _ in range(2):  # fetched, then found in the cache
        folder = fetch(row["uri"], tmp_path / "cache", row["sha256"], options)
        assert (folder / "deep" / "weights.bin").read_bytes() == WEIGHTS
    assert folder == tmp_path / "cache" / "small" / row["sha256"][:12]
    files.pipe_file(f"{row['uri']}/config.json", b"[]")
    with pytest.raises(ModelCorrupt, match=r"config\.json$"):
        fetch(row["uri"], tmp_path / "other cache", storage_options=options)
    files.rm_file(f"{row['uri']}/{MANIFEST}")  # as an upload leaves it that was cut off
    with pytest.raises(FileNotFoundError, match="not to its end"):
        fetch(row["uri"], tmp_path / "other cache", storage_options=options)
    assert fault_of(row["uri"], row["sha256"], options) == f"{row['uri']}/{MANIFEST} is not there"
    assert publish(built, "s3://bucket/lake", "small", storage_options=options, **ABOUT) == row
    (folder / "config.json").write_text("[")  # a copy in the cache is fetched anew
    assert fetch(row["uri"], tmp_path / "cache", row["sha256"], options) == folder
