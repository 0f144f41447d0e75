"""The models that a stage reads: where their files are, and methods that hold them loaded.

Not here: the tables of models (`stages/models.py`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from data_platform.core.kinds.method import Entry
from data_platform.core.tables import model_table
from data_platform.run import engine
from data_platform.run.stage import Work
from data_platform.spdx.expressions import conjunction, normalize

if TYPE_CHECKING:
    import daft

IDENTITY = ("doc_id", "snapshot")
_LOADING = threading.Lock()
"""Held while a model is loaded: two threads that load at once would leave each other's weights unset."""


def models_of(work: Work, names: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Id and local folder of models by entry, their files verified."""
    return {name: _model_of(work, name) for name in names}


def licenses_of(work: Work, names: Iterable[str]) -> str:
    """SPDX expression of models by entry, all of them; empty if there are none."""
    stated = [work.rows(model_table(name).name)["license_spdx"].to_pylist() for name in names]
    return conjunction(normalize(license_) for (license_,) in stated) if stated else ""


def _model_of(work: Work, name: str) -> tuple[str, str]:
    from data_platform.models.published import fetched

    (row,) = work.rows(model_table(name).name).to_pylist()
    if not row["training_texts"]:
        return row["model_id"], row["uri"]
    return row["model_id"], str(fetched(work.lake, model_table(name).name, row))


def method_udf(work: Work, entry: Entry, function: Callable[..., pa.Array]) -> Callable[..., daft.Expression]:
    """A UDF that fills the columns of the stage's table beside the ids, by an entry and the models that it reads.

    `function` takes arrays, the `entry`, the `folders` of its models by name, and in `model` their ids, by blanks.
    """
    models, declared = models_of(work, entry.models), work.stage.declared
    return engine.batch_udf(
        partial(function, entry=entry, folders={name: folder for name, (_, folder) in models.items()},
                model=" ".join(model_id for model_id, _ in models.values())),
        {name: declared[name].type for name in declared.column_names if name not in IDENTITY},
        batch_rows=entry.method.batch_rows,
    )


def loaded(entry: Entry, folders: Mapping[str, str]) -> Any:
    """A method with the models of these folders, loaded once per process.

    Args:
        entry: of a method that takes models.
        folders: local folder of every model that it reads, by entry of `models`.
    """
    return _loaded(entry.method, entry.settings.model_dump_json(), tuple(sorted(folders.items())))


@lru_cache(maxsize=4)
def _loaded(method: type, settings: str, folders: tuple[tuple[str, str], ...]) -> Any:
    with _LOADING:
        return method(
            method.Settings.model_validate_json(settings), {name: Path(folder) for name, folder in folders}
        )
