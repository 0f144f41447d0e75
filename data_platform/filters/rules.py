"""Rule sets by name, and the verdicts they give.

Here belongs the way from a recipe's `rule_sets` and a table of signals to what is kept and why. Not here: the rules.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
from pyarrow import acero

from data_platform.filters.fineweb import FINEWEB
from data_platform.filters.gopher_quality import GOPHER_QUALITY
from data_platform.filters.rule_set import Rule, RuleSet, RuleSetError

RULE_SETS: dict[str, RuleSet] = {rules.name: rules for rules in (GOPHER_QUALITY, FINEWEB)}

VERDICT = pa.struct(
    [
        pa.field("kept", pa.bool_(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("failed", pa.list_(pa.string()), nullable=False),
    ]
)
"""What `verdicts` returns for each document."""


def rule_set(name: str, overrides: Mapping[str, float] | None = None) -> RuleSet:
    """The published rule set `name`, with `overrides` in place of its published thresholds.

    Raises:
        RuleSetError: if there is no such set or threshold; the message lists those that there are.
    """
    if name not in RULE_SETS:
        raise RuleSetError(f"no rule set {name!r}; there are {', '.join(RULE_SETS)}")
    return RULE_SETS[name].with_thresholds(overrides or {})


def verdicts(signals: pa.Table | pa.RecordBatch, rule_sets: Mapping[str, Mapping[str, float]]) -> pa.StructArray:
    """Which rules each document breaks, and whether it is kept.

    Args:
        signals: one row per document with the signal columns that the rules read; other columns are ignored.
        rule_sets: rule set to thresholds by name, in order; an empty mapping means the published thresholds.

    Returns:
        One `VERDICT` per row. `kept` if no rule is broken; `reason` is the first broken rule as "rule_set.rule", empty
        if kept; `failed` is every broken rule in the order of `rule_sets`.

    Raises:
        RuleSetError: if a rule set or threshold does not exist, or a signal it needs is missing or null.
    """
    return judge(signals, [rule_set(name, overrides) for name, overrides in rule_sets.items()])


def judge(signals: pa.Table | pa.RecordBatch, rule_sets: Sequence[RuleSet]) -> pa.StructArray:
    """`verdicts` for rule sets that are at hand: any rules whose expressions are over columns of `signals`.

    Raises:
        RuleSetError: if a signal that a rule needs is missing or null.
    """
    rules = {f"{rules.name}.{rule.name}": rule for rules in rule_sets for rule in rules.rules}
    broken = _broken(signals, rules)
    counts = broken.sum(axis=1)
    names = pa.array(rules, pa.string())
    failed = pa.ListArray.from_arrays(
        np.concatenate(([0], np.cumsum(counts))).astype(np.int32), names.take(pa.array(np.nonzero(broken)[1]))
    )
    # One more column, always broken, stands for "no reason".
    first = np.column_stack([broken, np.ones(len(broken), bool)]).argmax(axis=1)
    reason = pa.concat_arrays([names, pa.array([""])]).take(pa.array(first))
    return pa.StructArray.from_arrays([pa.array(counts == 0), reason, failed], fields=list(VERDICT))


def _broken(signals: pa.Table | pa.RecordBatch, rules: Mapping[str, Rule]) -> np.ndarray:
    """Whether each row breaks each rule: bool of shape (rows, rules)."""
    if not rules:
        return np.zeros((signals.num_rows, 0), bool)
    rows = signals if isinstance(signals, pa.Table) else pa.Table.from_batches([signals])
    expressions = [rule.expression for rule in rules.values()]
    plan = acero.Declaration.from_sequence(
        [
            acero.Declaration("table_source", acero.TableSourceNodeOptions(rows)),
            acero.Declaration("project", acero.ProjectNodeOptions(expressions, list(rules))),
        ]
    )
    try:
        kept = plan.to_table(use_threads=False)  # one thread, so that rows keep their order
    except pa.ArrowInvalid as error:
        fault = str(error).partition("\n")[0]
        raise RuleSetError(f"a rule does not fit the columns {', '.join(signals.schema.names)}: {fault}") from error
    if missing := [name for name in kept.column_names if kept[name].null_count]:
        raise RuleSetError(f"signals must not be null; rules that met a null: {', '.join(missing)}")
    return ~np.column_stack([column.to_numpy() for column in kept.columns])
