"""Great Expectations over the column registry: what a table must hold, asked of its rows in bounded memory.

`suite` derives the expectations from the registry, `validate` asks them of a stream of record batches. Rows are read in
chunks; of a key, only a 64-bit hash per row is kept. Long columns, that is text and payloads, are never read, and an
outcome holds counts, never values. Not here: Dagster's checks (`checks.py`), what looks beyond one table (`gates.py`).

Great Expectations 1.x validates pandas frames, so each chunk becomes one. It takes 5 s and more to import, hence
only inside functions. Dagster's own integration (`dagster-ge`) needs Great Expectations 0.x.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.columns import Column, Table

if TYPE_CHECKING:
    import pandas as pd

CHUNK_ROWS = 200_000
Reader = Callable[[list[str]], Iterable[pa.RecordBatch]]
Severity = Literal["critical", "warning"]

# Every check a table can have. A critical one stops what is downstream: rows that cannot be told apart, that are
# missing or whose licence is not a licence must not reach a mixture. Another odd value is worth a look, no standstill.
CHECKS: Mapping[str, tuple[Severity, str]] = {
    "schema": ("critical", "The columns are those declared, in order, with type and nullability."),
    "row_count": ("critical", "As many rows can be read as the commit says were written."),
    "not_empty": ("warning", "There is at least one row."),
    "key_unique": ("critical", "No two rows of the partition have the same key."),
    "not_null": ("critical", "Columns that are not declared nullable hold a value, NaN being none."),
    "key_and_license_values": ("critical", "Keys and licences hold only what is declared: range, set or pattern."),
    "values": ("warning", "The other columns hold only what is declared: range, set or pattern."),
}

# More rows than this that share a hash with another row are duplicates: of a billion distinct keys, 64 bits let 0.03
# pairs collide. Up to so many are compared by value.
_COMPARED_BY_VALUE = 1_000


class ExpectationNotEvaluated(RuntimeError):
    """An expectation that could not be asked, as opposed to one that does not hold. Names it and the exception type."""


@dataclass(frozen=True)
class Expectation:
    """One expectation of a column: a class of `great_expectations.expectations`, its arguments, and its check."""

    type: str
    column: str
    check: str
    arguments: Mapping[str, Any] = field(default_factory=dict)

    @property
    def severity(self) -> Severity:
        """That of the check it belongs to."""
        return CHECKS[self.check][0]

    def __str__(self) -> str:
        words = {
            "ExpectColumnValuesToNotBeNull": "is not null",
            "ExpectColumnValuesToBeBetween": "is within {min_value} and {max_value}",
            "ExpectColumnValuesToBeInSet": "is one of {value_set}",
            "ExpectColumnValuesToMatchRegex": "matches {regex}",
        }
        return f"{self.column} {words[self.type].format(**self.arguments)}".replace(" and None", " and more")


@dataclass(frozen=True)
class Outcome:
    """The outcome of one check. `metadata` holds names and counts, never values of a column."""

    name: str
    passed: bool
    severity: Severity
    metadata: Mapping[str, Any]

    @property
    def description(self) -> str:
        """One line for people: empty if the check holds."""
        return "" if self.passed else json.dumps(self.metadata, sort_keys=True)


def suite(table: Table) -> list[Expectation]:
    """The expectations that the registry implies for the values of `table`, column by column, without long columns."""
    return [expectation for name in table.short_columns for expectation in _of_column(table[name], table.key)]


def _of_column(column: Column, key: Sequence[str]) -> Iterator[Expectation]:
    if not column.nullable:
        yield Expectation("ExpectColumnValuesToNotBeNull", column.name, "not_null")
    critical = column.name in key or column.name.startswith("license_")
    check = "key_and_license_values" if critical else "values"
    if column.minimum is not None or column.maximum is not None:
        limits = {"min_value": column.minimum, "max_value": column.maximum}
        yield Expectation("ExpectColumnValuesToBeBetween", column.name, check, limits)
    if column.one_of is not None:
        yield Expectation("ExpectColumnValuesToBeInSet", column.name, check, {"value_set": list(column.one_of)})
    if column.pattern is not None:
        yield Expectation("ExpectColumnValuesToMatchRegex", column.name, check, {"regex": column.pattern})


def checks_of(table: Table) -> list[str]:
    """Names of the checks that `table` has, in the order of `CHECKS`."""
    implied = {expectation.check for expectation in suite(table)}
    return [name for name in CHECKS if name in implied or name in ("schema", "row_count", "not_empty", "key_unique")]


def validate(
    table: Table, read_batches: Reader, schema: pa.Schema, committed_rows: int, chunk_rows: int = CHUNK_ROWS
) -> list[Outcome]:
    """Check one partition of `table`, or all of it: one outcome per name of `checks_of`, in that order.

    Memory: one chunk of short columns as Arrow and as pandas, and 16 bytes per row for the keys (1.6 GB for 100
    million rows). The rows are read once, and the key columns once more if some keys look alike.

    Args:
        read_batches: called with column names, gives the rows; called twice at the most, for the same rows.
        schema: the schema of the stored table.
        committed_rows: rows that the commit says it wrote.
        chunk_rows: rows that are validated at a time.

    Raises:
        ExpectationNotEvaluated: if an expectation could not be asked.
    """
    expectations = suite(table)
    if differences := _schema_differences(table.schema, schema):
        # With other columns there is nothing else to ask that could be answered.
        failed = {name: Outcome(name, False, CHECKS[name][0], {"not asked": "schema"}) for name in checks_of(table)}
        return list({**failed, "schema": Outcome("schema", False, CHECKS["schema"][0], differences)}.values())
    wanted = {*table.key, *(expectation.column for expectation in expectations)}
    columns = [name for name in table.short_columns if name in wanted]
    examiner = _Examiner(table, expectations)
    for chunk in _chunks(read_batches(columns), chunk_rows):
        examiner.add(chunk)
    duplicates = _duplicate_keys(table.key, examiner.key_hashes, read_batches)
    results = {
        "schema": Outcome("schema", True, CHECKS["schema"][0], {"columns": len(schema)}),
        **examiner.value_outcomes(),
        **examiner.summary_outcomes(committed_rows, duplicates),
    }
    return [results[name] for name in checks_of(table)]


class _Examiner:
    """Asks chunk after chunk, and adds up."""

    def __init__(self, table: Table, expectations: list[Expectation]) -> None:
        self.table = table
        self.expectations = expectations
        self.rows = 0
        self.key_hashes: list[np.ndarray] = []
        self._breaches: Counter[int] = Counter()

    def add(self, chunk: pa.Table) -> None:
        """Take the next rows."""
        frame = _frame(chunk)
        self.rows += len(frame)
        self.key_hashes.append(_hash_keys(frame, self.table.key))
        asked = [
            (expectation.type, {"column": expectation.column, **expectation.arguments}, expectation.severity)
            for expectation in self.expectations
        ]
        for number, breaches in enumerate(_ask(frame, asked)):
            self._breaches[number] += breaches

    def value_outcomes(self) -> dict[str, Outcome]:
        """Outcomes of the checks that look at values."""
        grouped: dict[str, dict[str, int]] = {expectation.check: {} for expectation in self.expectations}
        for number, expectation in enumerate(self.expectations):
            if self._breaches[number]:
                grouped[expectation.check][str(expectation)] = self._breaches[number]
        return {
            check: Outcome(check, not breaches, CHECKS[check][0], {"rows": self.rows, **breaches})
            for check, breaches in grouped.items()
        }

    def summary_outcomes(self, committed_rows: int, duplicates: int) -> dict[str, Outcome]:
        """Outcomes of the checks that look at the partition as a whole, asked of a frame with one row."""
        import pandas as pd

        summary = {"rows": self.rows, "committed_rows": committed_rows, "distinct_keys": self.rows - duplicates}
        pair, between = "ExpectColumnPairValuesToBeEqual", "ExpectColumnValuesToBeBetween"
        asked = {
            "row_count": (pair, {"column_A": "rows", "column_B": "committed_rows"}),
            "key_unique": (pair, {"column_A": "rows", "column_B": "distinct_keys"}),
            "not_empty": (between, {"column": "rows", "min_value": 1}),
        }
        told = {
            "row_count": {"rows": self.rows, "committed_rows": committed_rows},
            "key_unique": {"rows": self.rows, "duplicates": duplicates, "key": ", ".join(self.table.key)},
            "not_empty": {"rows": self.rows},
        }
        breaches = _ask(
            pd.DataFrame({name: [value] for name, value in summary.items()}),
            [(type_, arguments, CHECKS[check][0]) for check, (type_, arguments) in asked.items()],
        )
        return {
            check: Outcome(check, not breached, CHECKS[check][0], told[check])
            for check, breached in zip(asked, breaches, strict=True)
        }


# -- Great Expectations -----------------------------------------------------------------------------------------------


def _ask(frame: pd.DataFrame, asked: Sequence[tuple[str, Mapping[str, Any], Severity]]) -> list[int]:
    """How many rows of `frame` breach each of `asked`: class, arguments and severity of expectations.

    Raises:
        ExpectationNotEvaluated: if one raised; its message may quote values and is left out.
    """
    import great_expectations as gx
    from great_expectations import expectations
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.enable_analytics(False)
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    source = context.data_sources.add_pandas("rows").add_dataframe_asset("chunk")
    batch = source.add_batch_definition_whole_dataframe("whole").get_batch({"dataframe": frame})
    # Results come back in another order than asked: `meta` carries the number.
    found = batch.validate(
        gx.ExpectationSuite(
            name="suite",
            expectations=[
                getattr(expectations, type_)(**arguments, severity=severity, meta={"number": number})
                for number, (type_, arguments, severity) in enumerate(asked)
            ],
        ),
        result_format={"result_format": "SUMMARY", "partial_unexpected_count": 0},
    )
    breaches = [0] * len(asked)
    for result in found.results:
        number = result.expectation_config.meta["number"]
        if raised := _exception(result.exception_info):
            type_, arguments, _ = asked[number]
            raise ExpectationNotEvaluated(f"{type_} of {arguments.get('column', 'the summary')}: {raised}")
        if not result.success:
            breaches[number] = result.result["unexpected_count"]
    return breaches


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


def _frame(chunk: pa.Table) -> pd.DataFrame:
    """The chunk in pandas. Of lists only whether they are there: a Python object per element would cost seconds."""
    there, absent = pa.scalar(True), pa.scalar(None, pa.bool_())
    columns = [
        pc.if_else(pc.is_valid(column), there, absent) if pa.types.is_nested(column.type) else column
        for column in chunk.columns
    ]
    return pa.table(columns, names=chunk.column_names).to_pandas()


def _hash_keys(frame: pd.DataFrame, key: Sequence[str]) -> np.ndarray:
    """A 64-bit hash of the key of every row."""
    import pandas as pd

    return pd.util.hash_pandas_object(frame[list(key)], index=False).to_numpy()


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
        among = np.isin(_hash_keys(_frame(chunk), key), suspects)
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
