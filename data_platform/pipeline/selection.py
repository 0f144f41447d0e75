"""A part of a flow that a run is asked for: some of its tables, or all up to some of them.

Not here: which tables there are (`flow.py`), and how a run of them is launched (`assets/launch.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from data_platform.core.errors import PlainError, no_such
from data_platform.run.stage import Stage


class NoSuchStage(PlainError, LookupError):
    """A stage was named that the recipe does not have. The message says what is near."""


def selected(flow: Mapping[str, Stage], select: Sequence[str], until: Sequence[str]) -> list[str]:
    """The tables of a flow that are asked for, in its order.

    Args:
        select: tables, or phases for all their tables: these alone.
        until: the same: these, and all that they are made of.

    Raises:
        NoSuchStage: if the recipe has no such table or phase.
    """
    found = set(_named(flow, select)) | _with_inputs(flow, _named(flow, until))
    return [name for name in flow if name in found]


def _named(flow: Mapping[str, Stage], names: Iterable[str]) -> list[str]:
    phases = {stage.phase for stage in flow.values()}
    found = []
    for name in names:
        if name not in flow and name not in phases:
            raise NoSuchStage(no_such("stage", name, [*flow, *phases]))
        found += [name] if name in flow else [one for one, stage in flow.items() if stage.phase == name]
    return found


def _with_inputs(flow: Mapping[str, Stage], names: Iterable[str]) -> set[str]:
    found, queue = set[str](), list(names)
    while queue:
        name = queue.pop()
        if name in flow and name not in found:
            found.add(name)
            queue += flow[name].inputs
    return found
