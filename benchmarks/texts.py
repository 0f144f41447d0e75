"""The texts that filters are compared on: real documents of a data folder, read and extracted once, then cached.

Pages of `warc/pages-*.warc.gz`, extracted as a recipe does by default, and every text under `domains/`: text files,
rows of JSONL, members of archives. Here belongs nothing that knows what is done with them.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from data_platform.core.code import code_digest
from data_platform.core.settings import home
from data_platform.extract.batch import extract_batch
from data_platform.extract.settings import Extraction
from data_platform.ingest.crawl import read_archive
from data_platform.ingest.files import Fields, read_jsonl
from data_platform.ingest.records import Archive, Capture
from data_platform.ingest.settings import Ingest
from data_platform.language.identify import identify

PAGES = "warc/pages-*.warc.gz"
TEXT_SUFFIXES = (".txt", ".md", ".rst", ".adoc", ".neg", ".pos")
PAGES_AT_ONCE = 64
# A file that holds a whole corpus is cut at line ends into texts of the size of web pages.
LONGEST_FILE = 100_000
PIECE = 20_000
SCHEMA = pa.schema({"doc_id": pa.string(), "origin": pa.string(), "language": pa.string(), "text": pa.large_string()})


def data_texts(data: Path) -> pa.Table:
    """All texts of a data folder as `SCHEMA`, ordered by id, each text once; from the cache if nothing changed."""
    files = sorted([*data.glob(PAGES), *(path for path in data.glob("domains/*/*") if path.is_file())])
    state = [(str(path.relative_to(data)), path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    code = code_digest("benchmarks.texts")
    digest = hashlib.sha256(repr((state, code)).encode()).hexdigest()[:16]
    cached = home() / "benchmarks" / f"texts-{digest}.parquet"
    if not cached.exists():
        rows: dict[str, dict[str, str]] = {}
        for origin, text in _texts(data, files):
            doc_id = hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
            rows.setdefault(doc_id, {"doc_id": doc_id, "origin": origin, "text": text})
        languages = identify(pa.array([row["text"] for row in rows.values()], pa.large_string())).field("language")
        found = [{**row, "language": name} for row, name in zip(rows.values(), languages.to_pylist(), strict=True)]
        cached.parent.mkdir(parents=True, exist_ok=True)
        partial = cached.with_suffix(".partial")
        pq.write_table(pa.Table.from_pylist(found, SCHEMA).sort_by("doc_id"), partial, compression="zstd")
        partial.rename(cached)
    return pq.read_table(cached)


def english_texts(data: Path, per_origin: int | None = None) -> pa.Table:
    """The English ones; of each file at most `per_origin`, those with the least ids, which are hashes of the text."""
    texts = data_texts(data).filter(pc.field("language") == "en")
    if per_origin is None:
        return texts
    seen: dict[str, int] = {}
    keep = []
    for origin in texts["origin"].to_pylist():
        seen[origin] = seen.get(origin, 0) + 1
        keep.append(seen[origin] <= per_origin)
    return texts.filter(pa.array(keep))


def _texts(data: Path, files: list[Path]) -> Iterator[tuple[str, str]]:
    for path in files:
        origin = str(path.relative_to(data))
        if path.match(PAGES):
            found = _pages(path)
        elif path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                found = [archive.read(name).decode("utf-8", "replace") for name in sorted(archive.namelist())
                         if name.endswith(TEXT_SUFFIXES)]
        elif ".tar" in path.suffixes:
            with tarfile.open(path) as archive:
                found = [archive.extractfile(member).read().decode("utf-8", "replace") for member in archive
                         if member.isfile() and member.name.endswith(TEXT_SUFFIXES)]
        elif ".jsonl" in path.suffixes:
            found = _rows(path)
        elif path.suffix in TEXT_SUFFIXES:
            found = _pieces(path.read_text("utf-8", "replace"))
        else:
            continue
        yield from ((origin, text) for text in found if text.strip())


def _pieces(text: str) -> Iterator[str]:
    if len(text) <= LONGEST_FILE:
        yield text
        return
    start = 0
    while start < len(text):
        end = text.find("\n", start + PIECE)
        end = len(text) if end < 0 else end
        yield text[start:end]
        start = end + 1


def _archive(path: Path, kind: str) -> Archive:
    return Archive("benchmark", path.name, str(path), path.stat().st_size, "", kind)


def _pages(path: Path) -> Iterator[str]:
    with path.open("rb") as raw:
        pages = [item for item in read_archive(raw, _archive(path, "warc"), Ingest()) if isinstance(item, Capture)]
    for start in range(0, len(pages), PAGES_AT_ONCE):
        some = pages[start : start + PAGES_AT_ONCE]
        columns = [pa.array([getattr(page, name) for page in some]) for name in ("payload", "mime", "charset", "url",
                                                                                "record_type")]
        columns[2] = columns[2].cast(pa.string())
        extracted = extract_batch(columns[0].cast(pa.large_binary()), *columns[1:], Extraction())
        yield from (text for text in extracted.field("text").to_pylist() if text)


def _rows(path: Path) -> Iterator[str]:
    items = read_jsonl(io.BytesIO(path.read_bytes()), _archive(path, "jsonl"), Fields(), Ingest())
    return (item.payload.decode() for item in items if isinstance(item, Capture))
