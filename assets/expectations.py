"""What a table must hold, derived from the column registry and asked of its rows in bounded memory.

`suite` derives the expectations from the registry; `validate` counts what breaches them, batch by batch, by Arrow's
compiled kernels, and has Great Expectations judge what was counted, where anything was. Of a key, only a 64-bit hash
per row is kept. Long columns, that is text and payloads, are never read, and an outcome holds counts, never values. Not
here: Dagster's checks (`checks.py`), what looks beyond one table (`gates.py`).

Great Expectations 1.x validates pandas frames at some 0.1 s an expectation, however few the rows: asked of the values
themselves, the three hundred expectations of a wide table took longer than making it. It takes seconds to import,
hence only inside functions. Dagster's own integration (`dagster-ge`) needs Great Expectations 0.x.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_platform.assets.sentences import sentence
from data_platform.core.columns import Column, Table

CHUNK_ROWS = 200_000
Reader = Callable[[list[str]], Iterable[pa.RecordBatch]]
Severity = Literal["critical", "warning"]

# Every check a table can have. A critical one stops what is downstream: rows that cannot be told apart, that are
# missing or whose licence is not a licence must not reach a mixture. Another odd value is worth a look, no standstill.
CHECKS: Mapping[str, tuple[Severity, str]] = {
    "schema": ("critical", "The columns are those declared, in order, with type and nullability."),
    "row_count": ("critical", "As many rows can be read as the commit says were written."),
    "not_empty": ("warning", "There is at least one row. Asked of tables of texts and payloads: others may be empty."),
    "key_unique": ("critical", "No two rows of the partition have the same key."),
    "not_null": ("critical", "Columns that are not declared nullable hold a value, NaN being none."),
    "key_and_license_values": ("critical", "Keys and licences hold only what is declared: range, set or pattern."),
    "values": ("warning", "The other columns hold only what is declared: range, set or pattern."),
}
_CONTENTS = {"text", "payload"}
"""Columns of tables that hold what a corpus is made of. That there are no copies or credits is no reason to worry."""

# More rows than this that share a hash with another row are duplicates: of a billion distinct keys, 64 bits let 0.03
# pairs collide. Up to so many are compared by value.
_COMPARED_BY_VALUE = 1_000


class ExpectationNotEvaluated(RuntimeError):
    """An expectation that could not be asked, as opposed to one that does not hold. Names it and the exception type."""


@dataclass(frozen=True)
class Expectation:
    """One expectation of a column: what is expected, in words, with arguments, and the check it belongs to."""

    type: Literal["is not null", "is within", "is one of", "matches"]
    column: str
    check: str
    arguments: Mapping[str, Any] = field(default_factory=dict)

    @property
    def severity(self) -> Severity:
        """That of the check it belongs to."""
        return CHECKS[self.check][0]

    def __str__(self) -> str:
        words = {"is within": "{least} and {most}", "is one of": "{value_set}", "matches": "{regex}"}
        said = words.get(self.type, "").format(**self.arguments).replace(" and None", " and more")
        return f"{self.column} {self.type} {said}".strip()


@dataclass(frozen=True)
class Outcome:
    """The outcome of one check. `metadata` holds names and counts, never values of a column."""

    name: str
    passed: bool
    severity: Severity
    metadata: Mapping[str, Any]

    @property
    def description(self) -> str:
        """What was found, as a sentence."""
        return sentence(self.name, self.passed, self.metadata)


def suite(table: Table) -> list[Expectation]:
    """The expectations that the registry implies for the values of `table`, column by column, without long columns."""
    return [expectation for name in table.short_columns for expectation in _of_column(table[name], table.key)]


def _of_column(column: Column, key: Sequence[str]) -> Iterator[Expectation]:
    if not column.nullable:
        yield Expectation("is not null", column.name, "not_null")
    critical = column.name in key or column.name.startswith("license_")
    check = "key_and_license_values" if critical else "values"
    if column.minimum is not None or column.maximum is not None:
        yield Expectation("is within", column.name, check, {"least": column.minimum, "most": column.maximum})
    if column.one_of is not None:
        yield Expectation("is one of", column.name, check, {"value_set": list(column.one_of)})
    if column.pattern is not None:
        yield Expectation("matches", column.name, check, {"regex": column.pattern})


def checks_of(table: Table) -> list[str]:
    """Names of the checks that `table` has, in the order of `CHECKS`."""
    names = {"schema", "row_count", "key_unique", *(expectation.check for expectation in suite(table))}
    if _CONTENTS & set(table.column_names):
        names.add("not_empty")
    return [name for name in CHECKS if name in names]


def validate(
    table: Table, read_batches: Reader, schema: pa.Schema, committed_rows: int, chunk_rows: int = CHUNK_ROWS,
    only: Collection[str] | None = None,
) -> list[Outcome]:
    """Check one partition of `table`, or all of it: one outcome per name of `checks_of`, in that order.

    Memory: one chunk of short columns, and 16 bytes per row for the keys (1.6 GB for 100
    million rows). The rows are read once, and the key columns once more if some keys look alike.

    Args:
        read_batches: called with column names, gives the rows; called twice at the most, for the same rows.
        schema: the schema of the stored table.
        committed_rows: rows that the commit says it wrote.
        chunk_rows: rows that are validated at a time.
        only: the checks that are asked for, if not all: of the schema alone, no row is read.

    Raises:
        ExpectationNotEvaluated: if an expectation could not be asked.
    """
    expectations = suite(table)
    if differences := _schema_differences(table.schema, schema):
        # With other columns there is nothing else to ask that could be answered.
        failed = {name: Outcome(name, False, CHECKS[name][0], {"not asked": "schema"}) for name in checks_of(table)}
        return list({**failed, "schema": Outcome("schema", False, CHECKS["schema"][0], differences)}.values())
    schema_holds = Outcome("schema", True, CHECKS["schema"][0], {"columns": len(schema)})
    if only is not None and set(only) <= {"schema"}:
        return [schema_holds]
    wanted = {*table.key, *(expectation.column for expectation in expectations)}
    columns = [name for name in table.short_columns if name in wanted]
    examiner = _Examiner(table, expectations)
    for chunk in _chunks(read_batches(columns), chunk_rows):
        examiner.add(chunk)
    duplicates = _duplicate_keys(table.key, examiner.key_hashes, read_batches)
    results = {
        "schema": schema_holds,
        **examiner.outcomes(committed_rows, duplicates),
    }
    return [results[name] for name in checks_of(table)]


class _Examiner:
    """Counts chunk after chunk, and has the sums judged."""

    def __init__(self, table: Table, expectations: list[Expectation]) -> None:
        self.table = table
        self.expectations = expectations
        self.rows = 0
        self.key_hashes: list[np.ndarray] = []
        self._breaches: Counter[int] = Counter()

    def add(self, chunk: pa.Table) -> None:
        """Take the next rows."""
        self.rows += chunk.num_rows
        self.key_hashes.append(_hash_keys(chunk, self.table.key))
        for number, expectation in enumerate(self.expectations):
            self._breaches[number] += _breaches(chunk, expectation)

    def outcomes(self, committed_rows: int, duplicates: int) -> dict[str, Outcome]:
        """The outcome of every check but that of the schema."""
        breached: dict[str, dict[str, int]] = {expectation.check: {} for expectation in self.expectations}
        for number, expectation in enumerate(self.expectations):
            if self._breaches[number]:
                breached[expectation.check][str(expectation)] = self._breaches[number]
        told: dict[str, dict[str, Any]] = {
            **{check: {"rows": self.rows, **breaches} for check, breaches in breached.items()},
            "row_count": {"rows": self.rows, "committed_rows": committed_rows},
            "key_unique": {"rows": self.rows, "duplicates": duplicates, "key": ", ".join(self.table.key)},
            "not_empty": {"rows": self.rows},
        }
        excess = {check: sum(breaches.values()) for check, breaches in breached.items()}
        excess |= {"row_count": abs(self.rows - committed_rows), "key_unique": duplicates}
        failed = _failed(excess) | (set() if self.rows else {"not_empty"})
        return {check: Outcome(check, check not in failed, CHECKS[check][0], detail) for check, detail in told.items()}


# -- Great Expectations -----------------------------------------------------------------------------------------------


def _failed(breaches: Mapping[str, int]) -> set[str]:
    """The checks that do not hold, by the breaches that were counted of each.

    One expectation over one row per check: every expectation costs as much as the making of a small table. Where
    nothing was counted there is nothing to judge, and seconds of import are saved.

    Raises:
        ExpectationNotEvaluated: if it could not be asked.
    """
    if not any(breaches.values()):
        return set()
    import pandas as pd
    from great_expectations.expectations import ExpectColumnValuesToBeBetween

    frame = pd.DataFrame({"check": list(breaches), "breaches": list(breaches.values())})
    result = _batches().get_batch({"dataframe": frame}).validate(
        ExpectColumnValuesToBeBetween(column="breaches", max_value=0),
        result_format={"result_format": "COMPLETE", "unexpected_index_column_names": ["check"]},
    )
    if raised := _exception(result.exception_info):
        raise ExpectationNotEvaluated(f"breaches: {raised}")
    return {row["check"] for row in result.result["unexpected_index_list"] or ()}


@cache
def _batches() -> Any:
    """What makes batches of frames; made once, for it takes longer than to judge one."""
    import great_expectations
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = great_expectations.get_context(mode="ephemeral")
    context.enable_analytics(False)
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    source = context.data_sources.add_pandas("counts").add_dataframe_asset("of a table")
    return source.add_batch_definition_whole_dataframe("whole")


def _exception(info: Mapping[str, Any]) -> str:
    """Type of the exception that `exception_info` tells of; it is one record, or one per metric."""
    records = [info] if "raised_exception" in info else list(info.values())
    for record in records:
        if record["raised_exception"]:
            last = (record["exception_traceback"] or "").strip().rpartition("\n")[2]
            return last.partition(":")[0] or "an exception"
    return ""


# -- Arrow ------------------------------------------------------------------------------------------------------------


def _chunks(batches: Iterable[pa.RecordBatch], rows: int) -> Iterator[pa.Table]:
    """The same rows as tables of at least `rows` rows, except for the last; no table without rows."""
    held: list[pa.RecordBatch] = []
    for batch in batches:
        if batch.num_rows:
            held.append(batch)
        if sum(part.num_rows for part in held) >= rows:
            yield pa.Table.from_batches(held)
            held = []
    if held:
        yield pa.Table.from_batches(held)


def _breaches(chunk: pa.Table, expectation: Expectation) -> int:
    """How many rows breach an expectation. A value that is not there breaches only that it should be, NaN being none.

    Raises:
        ExpectationNotEvaluated: if the column is not there, or of a type that cannot be asked; without any value.
    """
    try:
        column = chunk[expectation.column]
        if pa.types.is_floating(column.type):
            column = pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
        if expectation.type == "is not null":
            return column.null_count
        return pc.sum(pc.invert(_holds(column, expectation))).as_py() or 0
    except (KeyError, pa.ArrowException) as error:
        raise ExpectationNotEvaluated(f"{expectation.column} {expectation.type}: {type(error).__name__}") from None


def _holds(column: pa.ChunkedArray, expectation: Expectation) -> pa.ChunkedArray:
    """Whether each value is as declared; null where there is none."""
    arguments = expectation.arguments
    match expectation.type:
        case "is one of":
            return pc.if_else(pc.is_valid(column), pc.is_in(column, pa.array(arguments["value_set"])), None)
        case "matches":
            return pc.match_substring_regex(column, arguments["regex"])
    least, most = (None if arguments[side] is None else pa.scalar(arguments[side]) for side in ("least", "most"))
    above = pc.greater_equal(column, least) if least is not None else pc.is_valid(column)
    return pc.and_(above, pc.less_equal(column, most)) if most is not None else above


def _hash_keys(chunk: pa.Table, key: Sequence[str]) -> np.ndarray:
    """A 64-bit hash of the key of every row."""
    import pandas as pd

    return pd.util.hash_pandas_object(chunk.select(list(key)).to_pandas(), index=False).to_numpy()


def _duplicate_keys(key: Sequence[str], hashes: list[np.ndarray], read_batches: Reader) -> int:
    """How many rows repeat the key of an earlier row. Empties `hashes`."""
    if not hashes:
        return 0
    everything = np.concatenate(hashes)
    hashes.clear()
    everything.sort()
    repeats = everything[1:][everything[1:] == everything[:-1]]
    if not 0 < len(repeats) <= _COMPARED_BY_VALUE:
        return len(repeats)
    suspects = np.unique(repeats)
    found = []
    for chunk in _chunks(read_batches(list(key)), CHUNK_ROWS):
        among = np.isin(_hash_keys(chunk, key), suspects)
        found.append(chunk.filter(pa.array(among)))
    rows = pa.concat_tables(found).select(list(key))
    return rows.num_rows - rows.group_by(list(key)).aggregate([]).num_rows


def _schema_differences(declared: pa.Schema, stored: pa.Schema) -> dict[str, str]:
    """What differs, by column; empty if nothing does."""
    if declared.names != stored.names:
        missing = [name for name in declared.names if name not in stored.names]
        extra = [name for name in stored.names if name not in declared.names]
        if not missing and not extra:
            return {"order": f"stored as {', '.join(stored.names)}"}
        return {**dict.fromkeys(missing, "missing"), **dict.fromkeys(extra, "not declared")}
    differences = {}
    for expected, found in zip(declared, stored, strict=True):
        if _plain_type(expected.type) != _plain_type(found.type):
            differences[expected.name] = f"{found.type} instead of {expected.type}"
        elif expected.nullable != found.nullable:
            differences[expected.name] = f"nullable is {found.nullable} instead of {expected.nullable}"
    return differences


def _plain_type(type_: pa.DataType) -> pa.DataType:
    """The type as Delta tells types apart: one kind of string, of binary and of list."""
    if pa.types.is_large_string(type_) or pa.types.is_string_view(type_):
        return pa.string()
    if pa.types.is_large_binary(type_) or pa.types.is_binary_view(type_):
        return pa.binary()
    if pa.types.is_list(type_) or pa.types.is_large_list(type_) or pa.types.is_list_view(type_):
        return pa.list_(_plain_type(type_.value_type))
    return type_
