"""The stage that measures every heuristic signal of every document, once."""

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

    from data_platform.filtering.signals import quality_signals

    fields = {column.name: column.type for column in table("quality_signals").columns if column.name not in _IDENTITY}
    frame = engine.read(work.lake, work.pin("documents"), [*_IDENTITY, "text"])
    kernel = engine.batch_udf(partial(quality_signals, limits=work.recipe.signals.model_dump()), fields)
    return engine.write(
        work.lake, frame.select(*_IDENTITY, kernel(col("text"))), [engine.Output("quality_signals")]
    )


def _config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    return workspace.recipe.signals.model_dump()


QUALITY_SIGNALS = Stage(
    name="quality_signals", group="filtering", inputs=("documents",), run=_write, config=_config,
    phase="crawl",
)
