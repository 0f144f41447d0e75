"""The items of evaluation sets, read from files. Not here: how they are looked for (`ngrams.py`)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from data_platform.core.errors import PlainError
from data_platform.core.kinds.pairer import Items
from data_platform.ingest.settings import FilesSource
from data_platform.methods.decontaminate.settings import EvaluationSet

_LONGEST_LINE = 2**26


class EvaluationSetError(PlainError, ValueError):
    """An evaluation set that cannot be read. The message names the set and the row, and shows no text."""


def read_items(name: str, settings: EvaluationSet) -> Items:
    """The items of an evaluation set from JSONL (plain, gzip, zstd) or Parquet files, as clean as documents are.

    Raises:
        SourceError: if a file is not there.
        EvaluationSetError: if a row cannot be read, lacks a field, or repeats an id, or no item has a letter or digit.
    """
    from data_platform.extract.clean import clean_text
    from data_platform.ingest.sources import open_archive, resolve

    ids: list[str] = []
    fields: list[tuple[str, ...]] = []
    for archive in resolve(_source(name, settings)):
        with open_archive(archive) as raw:
            if archive.format == "jsonl":
                rows = _json_rows(name, archive.name, raw)
            elif archive.format == "parquet":
                rows = _parquet_rows(raw, settings)
            else:
                raise EvaluationSetError(f"evaluation set {name}: {archive.name} is neither JSONL nor Parquet")
            for number, row in enumerate(rows):
                place = f"{archive.name}:{number}"
                values = [_field(name, place, row, field) for field in settings.fields]
                fields.append(tuple(map(clean_text, values)))
                ids.append(_field(name, place, row, settings.id_field) if settings.id_field else place)
    if repeated := len(ids) - len(set(ids)):
        raise EvaluationSetError(f"evaluation set {name}: {repeated} ids are repeated; leave id_field out to use rows")
    if not any(character.isalnum() for parts in fields for text in parts for character in text):
        wanted = ", ".join(settings.fields)
        raise EvaluationSetError(f"evaluation set {name}: its {len(ids)} items hold no word in {wanted}")
    return Items(name, ids, fields)


def evaluation_state(settings: Mapping[str, EvaluationSet]) -> dict[str, list[list[str]]]:
    """What changes when a file of an evaluation set does: names and fingerprints, by set."""
    from data_platform.ingest.sources import resolve

    return {
        name: sorted([archive.name, archive.fingerprint] for archive in resolve(_source(name, one)))
        for name, one in settings.items()
    }


def _source(name: str, settings: EvaluationSet) -> FilesSource:
    return FilesSource(
        kind="files", name=f"evaluation-{name}", snapshot="evaluation", paths=settings.paths,
        text_field=settings.fields[0],
    )


def _json_rows(name: str, file: str, raw: Any) -> Iterator[Mapping[str, Any]]:
    from data_platform.ingest.stream import ArchiveStream, Damage

    stream = ArchiveStream(raw, begins=lambda data: False)
    number = 0
    try:
        while line := stream.readline(_LONGEST_LINE):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except (ValueError, RecursionError):
                raise EvaluationSetError(f"evaluation set {name}: {file}:{number} is not JSON") from None
            if not isinstance(row, dict):
                raise EvaluationSetError(f"evaluation set {name}: {file}:{number} is not an object")
            yield row
            number += 1
    except Damage as damage:
        raise EvaluationSetError(f"evaluation set {name}: {file} is {damage.kind} after row {number}") from damage


def _parquet_rows(raw: Any, settings: EvaluationSet) -> Iterator[Mapping[str, Any]]:
    import pyarrow.parquet as pq

    file, named = pq.ParquetFile(raw), {field for field in (*settings.fields, settings.id_field) if field}
    named |= {field.split(".")[0] for field in named}
    for batch in file.iter_batches(columns=[field for field in file.schema_arrow.names if field in named]):
        yield from batch.to_pylist()


def _field(name: str, place: str, row: Mapping[str, Any], field: str) -> str:
    from data_platform.ingest.files import reach
    from data_platform.ingest.records import valid_text

    value = reach(row, field)
    if isinstance(value, list | tuple) and all(isinstance(part, str) for part in value):  # the choices of a question
        return valid_text("\n".join(value))
    if isinstance(value, bool) or not isinstance(value, str | int):
        kind = "missing" if value is None else f"a {type(value).__name__}"
        raise EvaluationSetError(f"evaluation set {name}: field {field} of {place} is {kind}, not text")
    return valid_text(str(value))
