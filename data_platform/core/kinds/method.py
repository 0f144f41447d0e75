"""What every method is, whatever its kind: a class with a name, a paper, settings, and what it reads and gives.

A method is one module with, as a rule, one class, read beside its paper. What it shares with the other methods of its
kind (rows, partitions, books, licence, proof, takedown) is fixed by the kind, its base class. Declaring a method
imports nothing heavy: what computes imports what it needs inside its functions. Not here: how methods are found
(`core/registry.py`), any kind and any method.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import pyarrow as pa

from data_platform.core.columns import Column
from data_platform.core.settings import Part


class Section(Part):
    """The settings of a method: its section of a recipe, with defaults as published. This one has none."""


@dataclass(frozen=True)
class Kind:
    """What is fixed for all methods of a kind.

    Attributes:
        name: of the kind, in the singular.
        section: where recipes name its methods.
        folder: package of `data_platform.methods` that its methods lie in.
        family: what the names of its tables begin with, before the name of the entry; empty if it has none of its own.
        rows: how rows relate to the input, in words.
        partitioned: whether its tables are made snapshot by snapshot.
        phase: when it runs, in words.
        licence: what licence its rows are under, in words.
        takedown: how a takedown reaches its rows, in words.
    """

    name: str
    section: str
    folder: str
    family: str
    rows: str
    partitioned: bool
    phase: str
    licence: str
    takedown: str

    def table(self, entry: str) -> str:
        """Name of the table of an entry of the recipe."""
        return f"{self.family}_{entry}"


@dataclass(frozen=True)
class Example:
    """A known answer: what a method gives for some input, published or computed by hand.

    Attributes:
        given: the input, as the kind's contract test hands it over.
        gives: the answer; numbers hold to nine digits.
        settings: in place of the defaults.
        source: where the answer is from.
    """

    given: Any
    gives: Any
    settings: Mapping[str, Any]
    source: str


class Method:
    """Base of all kinds.

    Attributes:
        name: as recipes call it; given as a keyword of the class.
        kind: what is fixed for all methods of its kind.
        version: to be raised where results changed without the code of the platform or of a library, such as by data
            that a library brings.
        gives: the columns that it fills, beside those of its kind.
        examples: known answers, asked by the contract test.
    """

    name: ClassVar[str] = ""
    kind: ClassVar[Kind]
    version: ClassVar[int] = 1
    gives: ClassVar[tuple[Column, ...]] = ()
    examples: ClassVar[tuple[Example, ...]] = ()
    Settings: ClassVar[type[Section]] = Section

    def __init_subclass__(cls, name: str = "", **rest: Any) -> None:
        super().__init_subclass__(**rest)
        cls.name = name

    def __init__(self, settings: Part) -> None:
        self.settings = settings

    @classmethod
    def models(cls, settings: Part) -> tuple[str, ...]:
        """Entries of the recipe's `models` whose files the method reads."""
        return ()

    @classmethod
    def columns(cls, settings: Part) -> tuple[str, ...]:
        """Columns beyond those of its kind that the method reads."""
        return ()


class ModelReader(Method):
    """Base of the kinds whose methods compute with the files of models, if they like.

    Attributes:
        pool: "gpu" where one device is to serve one method at a time.
        folders: local folder of every model that `models(settings)` names.
    """

    pool: ClassVar[Literal["gpu"] | None] = None

    def __init__(self, settings: Part, models: Mapping[str, Path] | None = None) -> None:
        """Load what is needed.

        Args:
            settings: an instance of the method's `Settings`.
            models: as `folders`.
        """
        super().__init__(settings)
        self.folders = dict(models or {})


@dataclass(frozen=True)
class Entry:
    """One use of a method in a recipe: the name that the recipe gives it, the method, and its settings."""

    name: str
    method: type[Method]
    settings: Part

    @property
    def table(self) -> str:
        """Name of the entry's table."""
        return self.method.kind.table(self.name)

    @property
    def models(self) -> tuple[str, ...]:
        """Entries of `models` that it reads."""
        return self.method.models(self.settings)

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns beyond those of its kind that it reads."""
        return self.method.columns(self.settings)

    def config(self) -> dict[str, Any]:
        """What of the recipe decides its rows, as JSON can hold it."""
        return {"method": self.method.name, **self.settings.model_dump(mode="json")}

    def made(self, *more: Any) -> Any:
        """The method, ready to compute."""
        return self.method(self.settings, *more)


def strings(values: pa.Array | pa.ChunkedArray) -> pa.LargeStringArray:
    """Texts as one array of large strings.

    Raises:
        ValueError: if one is null.
    """
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if values.null_count:
        raise ValueError(f"{values.null_count} of {len(values)} texts are null; a method reads texts")
    return values.cast(pa.large_string())
