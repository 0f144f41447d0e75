"""Rule sets by name, and the verdicts they give.

Here belongs the way from a recipe's `rule_sets` and a table of signals to what is kept and why. Not here: the rules.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import acero

from data_platform.core import registry
from data_platform.core.errors import no_such
from data_platform.core.kinds.rule_set import Rule, Rules, RuleSet, RuleSetError

VERDICT = pa.struct(
    [
        pa.field("kept", pa.bool_(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("failed", pa.list_(pa.string()), nullable=False),
    ]
)
"""What `verdicts` returns for each document."""


def rule_set(name: str, overrides: Mapping[str, float] | None = None) -> Rules:
    """The rules of the published set `name`, with `overrides` in place of its published thresholds.

    Args:
        name: of a rule set, or `name@dialect`; the name alone means its first dialect.

    Raises:
        RuleSetError: if there is no such set or threshold; the message lists those that there are.
    """
    return _method(name).rules(name, overrides)


def rule_set_methods(*names: str) -> tuple[type[RuleSet], ...]:
    """The methods behind names of rule sets, each once, in order.

    Raises:
        RuleSetError: as `rule_set`.
    """
    return tuple(dict.fromkeys(_method(name) for name in names))


def _method(name: str) -> type[RuleSet]:
    known = registry.methods(RuleSet)
    found = known.get(name.partition("@")[0])
    if not found or name not in found.names():
        every = [one for method in known.values() for one in method.names()]
        raise RuleSetError(no_such("rule set", name, every))
    return found


def verdicts(signals: pa.Table | pa.RecordBatch, rule_sets: Mapping[str, Mapping[str, float]]) -> pa.StructArray:
    """Which rules each document breaks, and whether it is kept.

    Args:
        signals: one row per document with the signal columns that the rules read; other columns are ignored.
        rule_sets: rule set to thresholds by name, in order; an empty mapping means the published thresholds.

    Returns:
        One `VERDICT` per row. `kept` if no rule is broken; `reason` is the first broken rule as "rule_set.rule", empty
        if kept; `failed` is every broken rule in the order of `rule_sets`.

    Raises:
        RuleSetError: if a rule set or threshold does not exist, a signal it needs is missing or null, or thresholds
            are to be learned.
    """
    return judge(signals, [rule_set(name, overrides) for name, overrides in rule_sets.items()])


def judge(signals: pa.Table | pa.RecordBatch, rule_sets: Sequence[Rules]) -> pa.StructArray:
    """`verdicts` for rule sets that are at hand: any rules whose expressions are over columns of `signals`.

    Raises:
        RuleSetError: if a signal that a rule needs is missing or null, or thresholds were not learned (`with_learned`).
    """
    if unlearned := [rules.name for rules in rule_sets if rules.learned]:
        raise RuleSetError(f"thresholds are learned per language and none are given: {', '.join(unlearned)}")
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


def only_on(domains: Sequence[str], rule: Rule) -> Rule:
    """The same rule, which documents of other domains cannot break."""
    exempt = ~pc.field("domain").isin(pa.array(domains, pa.string()))
    return replace(rule, keeps=lambda thresholds: exempt | rule.keeps(thresholds))


def with_learned(
    signals: pa.Table, rule_sets: Sequence[Rules], learned: pa.Table, keep_unlearned: bool = False
) -> tuple[pa.Table, list[Rules]]:
    """Signals and rule sets in which learned thresholds stand: each becomes a column that holds the row's own.

    A rule set for which the language of a document has no thresholds breaks the rule "unlearned" and no other, unless
    `keep_unlearned`: then it breaks none.

    Args:
        signals: as for `judge`, with a column `language`.
        rule_sets: any; those without learned thresholds come back as they are.
        learned: rows of table `filter_thresholds`.
    """
    result = []
    for rules in rule_sets:
        if not rules.learned:
            result.append(rules)
            continue
        own = learned.filter(pc.field("rule_set") == rules.name)
        columns = {}
        for threshold in rules.learned:
            rows = own.filter(pc.field("threshold") == threshold)
            place = pc.index_in(signals["language"], rows["language"].combine_chunks())
            columns[threshold] = f"{rules.name}/{threshold}"
            signals = signals.append_column(columns[threshold], rows["value"].combine_chunks().take(place))
        result.append(_over_columns(rules, columns, keep_unlearned))
    return signals, result


def _over_columns(rules: Rules, columns: Mapping[str, str], keep_unlearned: bool) -> Rules:
    """The rule set with columns in place of learned thresholds; null in any of them means that none were learned."""
    known = pc.field(next(iter(columns.values()))).is_valid()
    for column in columns.values():
        known = known & pc.field(column).is_valid()

    def where_known(rule: Rule) -> Rule:
        thresholds = {
            name: pc.field(columns[name]) if value is None else value for name, value in rule.thresholds.items()
        }
        return replace(
            rule, thresholds=thresholds,
            keeps=lambda given: pc.if_else(known, rule.keeps(given), True),
        )

    ruled = tuple(where_known(rule) for rule in rules.rules)
    unlearned = () if keep_unlearned else (Rule("unlearned", {}, lambda _: known),)
    return replace(rules, rules=unlearned + ruled)


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
