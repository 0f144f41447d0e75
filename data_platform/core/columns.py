"""The language in which tables are declared: columns and tables.

Not here: any table (`tables.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa

TIMESTAMP = pa.timestamp("us", tz="UTC")
SHA256_HEX = r"^[0-9a-f]{64}$"
ID_HEX = r"^[0-9a-f]{32}$"


@dataclass(frozen=True)
class Column:
    """One column: its Arrow type, its meaning, what it may hold, and the columns it is derived from.

    `derived_from` names inputs as "table.column". `long` marks text and payloads, which are kept out of statistics,
    checks and logs.
    """

    name: str
    type: pa.DataType
    description: str
    nullable: bool = False
    minimum: float | None = None
    maximum: float | None = None
    one_of: tuple[str, ...] | None = None
    pattern: str | None = None
    long: bool = False
    derived_from: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """One table of the lake.

    Attributes:
        columns: in the order of the schema. Of an open table, those that all of its kind have.
        key: columns whose values are unique within the table.
        partition_by: empty for unpartitioned tables.
        kind: what the table is for whoever deals with all tables of a kind; most are of no particular one.
        entry: the entry of the recipe that the table is made for, if it is made for one.
        open: whether the recipe adds columns: they are known to the stage that writes it, and from its schema once it
            is there (`Lake.table`).
    """

    name: str
    description: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    partition_by: tuple[str, ...] = ("snapshot",)
    kind: str = "core"
    entry: str = ""
    open: bool = False
    _by_name: dict[str, Column] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_name", {column.name: column for column in self.columns})

    def __getitem__(self, name: str) -> Column:
        return self._by_name[name]

    def __contains__(self, name: str) -> bool:
        return name in self._by_name

    @property
    def column_names(self) -> list[str]:
        """All column names, in schema order."""
        return [column.name for column in self.columns]

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema of the table, partition columns included."""
        return pa.schema([pa.field(column.name, column.type, nullable=column.nullable) for column in self.columns])

    @property
    def short_columns(self) -> list[str]:
        """The columns that are neither text nor payload: what checks and reports may read."""
        return [column.name for column in self.columns if not column.long]
