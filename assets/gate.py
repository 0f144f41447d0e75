"""What a gate is: checks that are asked together, of the table of one stage.

Not here: the gates that there are (`gates.py`, `separation.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from data_platform.assets.expectations import Outcome, Severity
from data_platform.lake.lake import Lake
from data_platform.run.recipe import Recipe
from data_platform.run.stage import Stage
from data_platform.run.workspace import Workspace


@dataclass(frozen=True)
class Question:
    """What is asked about: the table of a stage as it is now, or one snapshot of it, in a workspace."""

    workspace: Workspace
    stage: Stage
    snapshot: str | None

    @property
    def lake(self) -> Lake:
        """The lake."""
        return self.workspace.lake

    @property
    def recipe(self) -> Recipe:
        """The recipe."""
        return self.workspace.recipe

    @property
    def partition(self) -> str | None:
        """The partition of the table; None for all of it."""
        return self.snapshot if self.stage.partitioned else None


@dataclass(frozen=True)
class Gate:
    """Checks that are asked together.

    Attributes:
        checks: what each one means, by name.
        ask: gives the outcome of every check, in that order.
        severity: of those that do not pass; what is critical blocks.
    """

    checks: Mapping[str, str]
    ask: Callable[[Question], list[Outcome]]
    severity: Severity = "critical"
