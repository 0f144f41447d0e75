"""The models that a lake has published: which tables name them, and whether they are whole.

A row of a table of models names a folder in the lake. It is a part of the table as its Parquet files are: what of it is
lost or cut is made again by the stage that made the table. Models from a path of people's own are theirs, and a lake
that was moved names folders elsewhere: neither is asked about.

Not here: the folders themselves (`store.py`), and what is done about damage (`run/stage.py`, `pipeline/`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from data_platform.core.settings import home
from data_platform.core.tables import kind_of
from data_platform.lake.faults import StoreUnanswered
from data_platform.lake.lake import Lake
from data_platform.lake.place import shown
from data_platform.lake.writer import filesystem
from data_platform.models.store import ModelCorrupt, fault_of, fetch

KIND = "trainer"
"""The kind of the tables of models."""
MODELS = "models"
"""Folder of a lake with the models that were published to it."""


@dataclass(frozen=True)
class Named:
    """A model as a row names it: its folder, and the digest of its files."""

    uri: str
    sha256: str

    @property
    def place(self) -> str:
        """Its folder within the one of all models: name and first digits of the digest."""
        return "/".join(self.uri.rstrip("/").split("/")[-2:])


def faults_of_models(lake: Lake, name: str, contents: bool = False) -> list[str]:
    """What is wrong with the models that a table names, one sentence each, with the path; none of other tables.

    Args:
        contents: whether the bytes of their files are compared, and not their sizes alone.
    """
    if kind_of(name) != KIND or not (known := lake.known(name)):
        return []
    faults = []
    for file in known.files():
        try:
            named = list(models_in(lake, f"{name}/{file.place}"))
        except StoreUnanswered:
            raise
        except (OSError, pa.ArrowException):
            faults.append(f"{shown(f'{lake.table_uri(name)}/{file.place}')} cannot be read")
            continue
        faults += [fault_of(one.uri, one.sha256, lake.storage_options, contents) for one in named if _is_in(lake, one)]
    return [fault for fault in faults if fault]


def models_in(lake: Lake, path: str) -> Iterator[Named]:
    """The models that a Parquet file of a table of models names, by its path within the lake.

    Raises:
        OSError, pa.ArrowException: if it cannot be read.
    """
    with filesystem(lake.uri, lake.storage_options).open_input_file(path) as source:
        rows = pq.read_table(source, columns=["uri", "sha256"])
    for row in rows.to_pylist():
        yield Named(row["uri"], row["sha256"])


def fetched(lake: Lake, name: str, row: Mapping[str, Any]) -> Path:
    """A local folder with the files of the model that a row of a table names, every byte verified.

    Raises:
        ModelCorrupt: if a file is missing, added or changed. The message says what to do.
    """
    try:
        return fetch(row["uri"], home() / MODELS, row["sha256"], lake.storage_options)
    except (ModelCorrupt, FileNotFoundError) as error:
        raise ModelCorrupt(f"{error}; what to do: data-platform repair {name}, then run the recipe again") from error


def _is_in(lake: Lake, named: Named) -> bool:
    """Whether a model lies in the lake."""
    root = lake.uri if "://" in lake.uri else str(Path(lake.uri).absolute())
    return named.uri.startswith(f"{root}/{MODELS}/")
