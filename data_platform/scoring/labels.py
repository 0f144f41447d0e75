"""The labelled texts from which a quality classifier is trained: from JSONL files or from the environment.

Which texts are taken, and which of them are held out, depends on their hashes alone: more files, another order or
another machine change neither. Not here: training (`quality.py`), the texts of the environment
(`ingest/environment.py`).
"""

from __future__ import annotations

import hashlib
import heapq
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import PurePosixPath

import pyarrow as pa

from data_platform.columns import table
from data_platform.recipe import Labels

EnvironmentTexts = Callable[[int], Iterable[tuple[str, str, int]]]


class LabelError(ValueError):
    """Labelled texts that cannot be used. The message names file, line and field, and never shows a text."""


def label_table(settings: Labels, environment_texts: EnvironmentTexts | None = None) -> pa.Table:
    """The labelled texts of `settings` as the table `quality_labels`, ordered by `label_id`.

    At most `settings.limit` texts per label are taken: those with the least ids. Of a text that occurs more than once
    in one origin, the first is taken. About `settings.held_out` of the texts are held out, by other digits of the id
    than those that decide which are taken.

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
    """The rows with the `limit` least ids of each label, one per id, ordered by id. Holds 2 x `limit` rows a label."""
    kept: dict[int, dict[str, _Row]] = {0: {}, 1: {}}
    for row in rows:
        of_label = kept[row[3]]
        of_label.setdefault(row[0], row)
        if len(of_label) >= 2 * limit:
            kept[row[3]] = {label_id: of_label[label_id] for label_id in heapq.nsmallest(limit, of_label)}
    ...


def _file_rows(settings: Labels) -> Iterator[tuple[str, str, int]]:
    import fsspec
