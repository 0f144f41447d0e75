"""What every part of a recipe is built from, and where the platform keeps its things.

Not here: any particular part (the `settings.py` of each room).
"""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from data_platform.core.errors import PlainError

NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
IDENTIFIER = r"^[a-z][a-z0-9_]*$"
HOME_VARIABLE = "DATA_PLATFORM_HOME"


class RecipeError(PlainError, ValueError):
    """A recipe that cannot be used. The message names the file, the field and what would be right."""


class Part(BaseModel):
    """Base of every part of a recipe: immutable, and closed to misspelt fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def home() -> Path:
    """The folder for everything that the platform writes by default: $DATA_PLATFORM_HOME or ./.data-platform."""
    return Path(os.environ.get(HOME_VARIABLE, ".data-platform")).absolute()
