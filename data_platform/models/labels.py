"""The labelled texts from which a quality classifier is trained: from JSONL files or from the environment.

Which texts are taken, and which of them are held out, depends on their hashes and not on their order. Not here:
training (`linear_classifier.py`), the texts of the environment (`ingest/environment.py`).
"""

from __future__ import annotations

import hashlib
import heapq
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import PurePosixPath

import pyarrow as pa

from data_platform.core.errors import DAMAGED, PlainError
from data_platform.core.tables import table
from data_platform.models.settings import Labels

EnvironmentTexts = Callable[[int], Iterable[tuple[str, str, int]]]


class LabelError(PlainError, ValueError):
    """Labelled texts that cannot be used. The message names file, line and field, and never shows a text."""


def label_table(settings: Labels, environment_texts: EnvironmentTexts | None = None) -> pa.Table:
    """The labelled texts of `settings` as the table `quality_labels`, ordered by `label_id`.

    At most `settings.limit` texts per label are taken: those with the least ids. A text that occurs more than once in
    one origin is taken once, with the label that it has first. About `settings.held_out` of the texts are held out, by
    other digits of the id than those that decide which are taken.

    Args:
        settings: where the labels are.
        environment_texts: for kind "environment": gives (origin, text, label) for at most so many texts per label;
            default: `data_platform.ingest.environment.reference_texts`.

    Raises:
        LabelError: if a file or line cannot be read, or one of the two labels has no text.
    """
    if settings.kind == "environment":
        rows = (environment_texts or _reference_texts)(settings.limit)
    else:
        rows = _file_rows(settings)
    taken = _least(((_label_id(origin, text), origin, text, label) for origin, text, label in rows), settings.limit)
    for label, meaning in ((1, "wanted"), (0, "not wanted")):
        if not any(row[3] == label for row in taken):
            raise LabelError(f"no text is labelled {meaning}; a classifier needs both (labels.positive, labels.paths)")
    return pa.Table.from_pylist(
        [
            {"label_id": label_id, "origin": origin, "text": text, "label": label,
             "split": "held_out" if _share(label_id) < settings.held_out else "train"}
            for label_id, origin, text, label in taken
        ],
        table("quality_labels").schema,
    )


def _reference_texts(limit: int) -> Iterable[tuple[str, str, int]]:
    from data_platform.ingest.environment import reference_texts

    return reference_texts(limit)


def _label_id(origin: str, text: str) -> str:
    return hashlib.blake2b(b"\0".join((origin.encode(), text.encode())), digest_size=16).hexdigest()


def _share(label_id: str) -> float:
    """A number in [0, 1) from the last 32 bits of the id; the first ones decide which texts are taken at all."""
    return int(label_id[-8:], 16) / 2**32


_Row = tuple[str, str, str, int]


def _least(rows: Iterable[_Row], limit: int) -> list[_Row]:
    """The rows with the `limit` least ids of each label, one per id, ordered by id. Holds 2 x `limit` texts a label."""
    kept: tuple[dict[str, _Row], dict[str, _Row]] = ({}, {})
    for row in rows:
        label_id, label = row[0], row[3]
        if label_id not in kept[1 - label]:
            kept[label].setdefault(label_id, row)
        if len(kept[label]) == 2 * limit:
            for dropped in heapq.nlargest(limit, kept[label]):
                del kept[label][dropped]
    return sorted(row for of_label in kept for _, row in heapq.nsmallest(limit, of_label.items()))


def _file_rows(settings: Labels) -> Iterator[tuple[str, str, int]]:
    """(file name, text, label) of every line of the files. Paths may be local or of any store that fsspec reaches."""
    import fsspec

    if not settings.paths:
        raise LabelError("labels.kind is 'files', but labels.paths names none")
    for path in settings.paths:
        try:
            with fsspec.open(path, "rt", encoding="utf-8", compression="infer") as lines:
                number = 0
                for number, line in enumerate(lines, start=1):
                    if line.strip():
                        yield PurePosixPath(path).name, *_text_and_label(line, f"{path}:{number}", settings)
        except (OSError, UnicodeDecodeError, *DAMAGED) as error:
            raise LabelError(f"{path}: cannot be read: {_without_text(error)}") from error
        if not number:
            raise LabelError(f"{path}: is empty; fetch it again, or take it out of labels.paths")


def _without_text(error: Exception) -> str:
    # A UnicodeDecodeError prints the bytes that it met.
    return error.reason if isinstance(error, UnicodeDecodeError) else str(error)


def _text_and_label(line: str, place: str, settings: Labels) -> tuple[str, int]:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise LabelError(f"{place}: not JSON at column {error.colno}: {error.msg}") from None
    if not isinstance(row, dict):
        raise LabelError(f"{place}: not a JSON object")
    for name in (settings.text_field, settings.label_field):
        if row.get(name) is None:
            raise LabelError(f"{place}: no field {name!r}; the line has {', '.join(sorted(row)[:20]) or 'none'}")
    text, label = row[settings.text_field], row[settings.label_field]
    if not isinstance(text, str):
        raise LabelError(f"{place}: field {settings.text_field!r} is {type(text).__name__}, not text")
    return text, int(label in settings.positive)
