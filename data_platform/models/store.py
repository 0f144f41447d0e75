"""Published models: folders of files, named by the digest of what is in them.

`<root>/models/<name>/<sha12>/` holds the files of one model and `manifest.json`, which lists them with their digests.
A model's digest is the SHA-256 of its manifest, so it covers every name and every byte. A published model is never
changed: other bytes are another model. Readers see a whole model or none: locally a folder appears by one rename, in an
object store the manifest is written last. One that was damaged since is put right by whoever publishes the same again.

Not here: what is in the files, training, scoring.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

import pyarrow.fs

from data_platform.core.errors import PlainError, faults_of
from data_platform.lake.place import shown
from data_platform.lake.writer import filesystem

MANIFEST = "manifest.json"
_CHUNK = 2**16


class ModelCorrupt(PlainError, ValueError):
    """The files of a published model are not those that its digest names. The message says which file differs."""


def model_digest(folder: Path) -> str:
    """SHA-256 over the names, sizes and bytes of all files below `folder`, but for a manifest of ours.

    Raises:
        FileNotFoundError: if the folder is missing or holds no file.
    """
    return hashlib.sha256(_manifest(folder)).hexdigest()


def publish(
    folder_built: Path,
    root_uri: str,
    name: str,
    *,
    license_spdx: str,
    parameters: int,
    training_texts: int,
    metrics: Mapping[str, Any],
    storage_options: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Copy the model in `folder_built` to `<root_uri>/models/<name>/<sha12>/` and return its row.

    A model that is there already, unharmed, is left alone, but for the time of its folder or manifest, which says that
    it is in use; what was damaged, or what an upload that was cut off left, is written over.

    Args:
        folder_built: folder with the model's files; left as it is.
        root_uri: root of the lake: a local path, file:// or the URL of an object store.
        name: name of the model; one part of a path.
        license_spdx: licence of the model.
        parameters: number of its parameters.
        training_texts: texts it was trained on here, 0 if it was given.
        metrics: what was measured, as JSON can hold it.
        storage_options: of the object store, as delta-rs takes them.

    Returns:
        A row of the tables `language_model` and `quality_classifier`. `uri` is absolute.

    Raises:
        FileNotFoundError: if `folder_built` is missing or holds no file.
    """
    manifest = _manifest(folder_built)
    digest = hashlib.sha256(manifest).hexdigest()
    parent = "/".join((_absolute(root_uri), "models", name))
    uri = f"{parent}/{digest[:12]}"
    if (local := _local_path(parent)) is not None:
        _publish_locally(folder_built, manifest, local, digest)
    else:
        _upload(folder_built, manifest, digest, uri, storage_options or {})
    return {
        "model_id": f"{name}@{digest[:12]}",
        "uri": uri,
        "sha256": digest,
        "license_spdx": license_spdx,
        "parameters": parameters,
        "training_texts": training_texts,
        "metrics": json.dumps(metrics, sort_keys=True),
    }


def fetch(
    uri: str, cache: Path, sha256: str | None = None, storage_options: Mapping[str, str] | None = None
) -> Path:
    """A local folder with the files of the published model at `uri`, every byte verified.

    A model in a local folder is used where it is. One in an object store is copied to `<cache>/<name>/<sha12>` and
    found there the next time.

    Args:
        uri: as in the model's row.
        cache: folder for copies.
        sha256: the whole digest, as in the row. Without it, the 12 digits in the URI are compared.
        storage_options: of the object store, as delta-rs takes them.

    Raises:
        FileNotFoundError: if no model was published at `uri`, or not to its end.
        ModelCorrupt: if a file is missing, added or changed.
    """
    wanted = sha256 or uri.rstrip("/").rpartition("/")[2]
    local = _local_path(uri)
    if local is not None:
        _verify(local, wanted)
        return local
    name, short = uri.rstrip("/").split("/")[-2:]
    target = cache / name / short
    if target.is_dir():
        with suppress(ModelCorrupt, FileNotFoundError):  # a copy that was damaged is fetched anew
            _verify(target, wanted)
            return target
        shutil.rmtree(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{short}.") as temporary:
        copy = Path(temporary, short)
        _download(filesystem(uri, storage_options or {}), uri, copy)
        _verify(copy, wanted)
        _move(copy, target)
    return target


def fault_of(
    uri: str, sha256: str, storage_options: Mapping[str, str] | None = None, contents: bool = False
) -> str:
    """What is wrong with the published model at `uri`: the first file of it that is not as it was published, with its
    path. Empty, if nothing is. Of files, existence and size are asked, and their bytes with `contents`."""
    local = _local_path(uri)
    if local is not None and not local.is_dir():
        return f"{shown(str(local))} is not there"
    system = filesystem(uri if local is None else str(local), storage_options or {})
    try:
        with system.open_input_stream(MANIFEST) as stream:
            manifest = stream.read()
    except FileNotFoundError:
        return f"{shown(uri)}/{MANIFEST} is not there"
    if hashlib.sha256(manifest).hexdigest() != sha256:
        return f"{shown(uri)}/{MANIFEST} is {'not the one that was published' if manifest else 'empty'}"
    files = json.loads(manifest)["files"]
    for file, info in zip(files, system.get_file_info([file["name"] for file in files]), strict=True):
        where = shown(f"{uri}/{file['name']}")
        if info.type != pyarrow.fs.FileType.File:
            return f"{where} is not there"
        if info.size != file["bytes"]:
            return f"{where} has {info.size:,} of {file['bytes']:,} bytes"
        if contents and _digest(system, file["name"]) != file["sha256"]:
            return f"{where} is not of the bytes that were published"
    return ""


def _digest(system: pyarrow.fs.FileSystem, path: str) -> str:
    made = hashlib.sha256()
    with system.open_input_stream(path) as stream:
        while piece := stream.read(_CHUNK):
            made.update(piece)
    return made.hexdigest()


def _manifest(folder: Path) -> bytes:
    """Names (POSIX, sorted), sizes and SHA-256 of all files below `folder`, as canonical JSON."""
    files = []
    for path in sorted(folder.rglob("*"), key=lambda path: path.relative_to(folder).as_posix()):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name != MANIFEST:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            files.append({"bytes": path.stat().st_size, "name": name, "sha256": digest})
    if not files:
        raise FileNotFoundError(f"{folder} holds no files of a model")
    return json.dumps({"files": files}, sort_keys=True, indent=1).encode()


def _absolute(root_uri: str) -> str:
    return (root_uri if "://" in root_uri else str(Path(root_uri).absolute())).rstrip("/")


def _local_path(uri: str) -> Path | None:
    if "://" not in uri:
        return Path(uri)
    parts = urlsplit(uri)
    return Path(unquote(parts.path)) if parts.scheme == "file" else None


def _publish_locally(folder_built: Path, manifest: bytes, parent: Path, digest: str) -> None:
    target = parent / digest[:12]
    if target.is_dir():
        with suppress(ModelCorrupt, FileNotFoundError):
            _verify(target, digest)
            os.utime(target)
            return
    parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=parent, prefix=f".{digest[:12]}.") as temporary:
        copy = Path(temporary, digest[:12])
        copy.mkdir()
        for file in (file["name"] for file in json.loads(manifest)["files"]):
            with faults_of(copy / file):
                (copy / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(folder_built / file, copy / file)
        with faults_of(copy / MANIFEST):
            (copy / MANIFEST).write_bytes(manifest)
        _verify(copy, digest)
        if target.is_dir():  # and damaged: it goes with what is temporary
            with suppress(FileNotFoundError):  # another process was first
                os.rename(target, Path(temporary, "damaged"))
        _move(copy, target)


def _move(folder: Path, target: Path) -> None:
    """Rename `folder`; where another process was first, its copy stays, which has the same digest."""
    try:
        os.rename(folder, target)
    except OSError:
        if not target.is_dir():
            raise


def _upload(
    folder_built: Path, manifest: bytes, digest: str, uri: str, storage_options: Mapping[str, str]
) -> None:
    system = filesystem(uri, storage_options)
    files = json.loads(manifest)["files"] if fault_of(uri, digest, storage_options) else []
    for file in files:
        with open(folder_built / file["name"], "rb") as source, _sink(system, file["name"]) as sink:
            shutil.copyfileobj(source, sink, _CHUNK)
    with io.BytesIO(manifest) as source, _sink(system, MANIFEST) as sink:
        shutil.copyfileobj(source, sink, _CHUNK)


def _sink(system: pyarrow.fs.FileSystem, name: str) -> pyarrow.NativeFile:
    # A buffer larger than any write: what is not buffered, pyarrow 25 hands on as a buffer, and delta-rs takes bytes.
    return system.open_output_stream(name, buffer_size=16 * _CHUNK)


def _download(system: pyarrow.fs.FileSystem, uri: str, folder: Path) -> None:
    if system.get_file_info(MANIFEST).type != pyarrow.fs.FileType.File:
        raise FileNotFoundError(f"{uri}: no model was published here, or not to its end: it has no {MANIFEST}")
    with system.open_input_stream(MANIFEST) as source:
        manifest = source.read()
    for name in (MANIFEST, *(file["name"] for file in json.loads(manifest)["files"])):
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            raise ModelCorrupt(f"{uri}: the manifest names a file outside of the model")
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with system.open_input_stream(name) as source, path.open("wb") as sink:
            shutil.copyfileobj(source, sink, _CHUNK)


def _verify(folder: Path, wanted: str) -> None:
    """Compare the files in `folder` with its manifest, and that with the digest or the start of it."""
    try:
        manifest = (folder / MANIFEST).read_bytes()
    except FileNotFoundError:
        raise FileNotFoundError(f"{folder}: no model was published here: it has no {MANIFEST}") from None
    found = hashlib.sha256(manifest).hexdigest()
    if not wanted or not found.startswith(wanted):
        raise ModelCorrupt(f"{folder}: digest {found} of the manifest is not the expected {wanted}")
    present = _manifest(folder)
    if present == manifest:
        return
    before, now = ({file["name"]: file for file in json.loads(text)["files"]} for text in (manifest, present))
    different = sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))
    raise ModelCorrupt(f"{folder}: changed since it was published: {', '.join(different)}")
