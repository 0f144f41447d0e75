"""The stage that measures the signals which need to know what was learned of a language."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from data_platform.core.tables import table
from data_platform.run import engine
from data_platform.run.stage import Files, Stage, Work
from data_platform.run.workspace import Workspace

_IDENTITY = ("doc_id", "snapshot")


def _write(work: Work) -> Files:
    from daft import col

    from data_platform.filtering.stop_words import count_stop_words

    stop_words = work.rows("filter_stop_words")
    fields = {column.name: column.type for column in table("language_signals").columns if column.name not in _IDENTITY}
    frame = engine.read(work.lake, work.pin("documents"), [*_IDENTITY, "text", "language"])
    kernel = engine.batch_udf(partial(count_stop_words, stop_words=stop_words), fields)
    return engine.write(
        work.lake, frame.select(*_IDENTITY, kernel(col("text"), col("language"))), [engine.Output("language_signals")]
    )


def _config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    return {}


LANGUAGE_SIGNALS = Stage(
    name="language_signals", group="filtering", inputs=("documents", "filter_stop_words"),
    run=_write, config=_config, phase="filter",
)
