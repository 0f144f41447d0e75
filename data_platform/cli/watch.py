"""How a run shows how far it is: a bar on a terminal, a line every ten seconds elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn

from data_platform.cli.common import out
from data_platform.core import progress
from data_platform.core.progress import Step

_LINE_SECONDS = 10.0
_BAR_SECONDS = 0.5


@contextmanager
def shown() -> Iterator[None]:
    """Within, whoever looks sees which stage is at work, how far it is, and how long it will last."""
    if not out.is_terminal:
        with progress.every(_LINE_SECONDS, lambda step: out.print(f"    {escape(str(step))}")):
            yield
        return
    with Progress(BarColumn(20), TextColumn("{task.description}"), console=out, transient=True) as bars:
        task = bars.add_task("", total=None, visible=False)

        def draw(step: Step) -> None:
            bars.update(task, description=escape(str(step)), total=step.total, visible=True,
                        completed=min(step.done, step.total) if step.total else 0)

        with progress.every(_BAR_SECONDS, draw):
            yield
