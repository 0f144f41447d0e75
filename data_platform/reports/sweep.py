"""The threshold sweep: what would be kept if one threshold were another, from stored signals, measuring nothing anew.

Longpre et al. 2023, "A Pretrainer's Guide to Training Data", arXiv:2305.13169: a filter's threshold trades what is kept
against what it is worth, so no single value should be silent. Not here: how the table is printed (`cli/`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.kinds.rule_set import RuleSetError
from data_platform.core.kinds.scorer import score_columns
from data_platform.filtering.chosen import filters_by_domain
from data_platform.filtering.judgement import Judgement
from data_platform.filtering.own import NAME as OWN
from data_platform.filtering.own import over_scores, over_signals, own_rules
from data_platform.filtering.rules import judge, rule_set
from data_platform.filtering.settings import Filters, OwnRule
from data_platform.filtering.url_lists import list_digests
from data_platform.lake.lake import Lake, Pin
from data_platform.language.settings import Language
from data_platform.mixing.settings import QUALITY
from data_platform.reports.filtering import judged_pins
from data_platform.run.recipe import Recipe
from data_platform.run.workspace import Workspace
from data_platform.stages.shared.signals import signal_rows

_UNIT = 10**9

SWEEP = pa.schema([
    pa.field("value", pa.float64()), pa.field("kept_documents", pa.int64()), pa.field("kept_tokens", pa.int64()),
    pa.field("removed_documents", pa.int64()), pa.field("removed_tokens", pa.int64()),
    pa.field("scored_documents", pa.int64()), pa.field("mean_quality", pa.float64()),
])
"""One row per value. `mean_quality` is over `scored_documents`, the kept ones that have a quality score: documents that
were removed when the scores were made have none. Null if there are no scores."""


def threshold_sweep(
    lake: Lake, recipe: Recipe, rules: str, threshold: str, values: Sequence[float], alone: bool = False
) -> pa.Table:
    """What the recipe's rules would keep for each of `values` of one threshold, over all its snapshots.

    Args:
        lake: with verdicts of the recipe: signals, documents and learned thresholds are read as the verdicts read them.
        recipe: whose rule sets are applied, with its own thresholds for all but the one that is swept.
        rules: rule set, `name` or `name@dialect`; added to the recipe's if it is not among them. `language` is the cut
            by language, `rules` are the recipe's own.
        threshold: one of its thresholds; of `language` `min_confidence`, or `min_confidence.CODE` for one language; of
            `rules` `NAME.min` or `NAME.max`. Of a rule over a score it is swept what mixtures would admit of the
            documents that stay, by the rules over scores alone.
        values: any numbers; infinity switches a bound off.
        alone: apply this rule set and no other.

    Returns:
        A table as `SWEEP`, in the order of `values`.

    Raises:
        RuleSetError: if there is no such rule set or threshold; the message lists what exists.
        TableMissing: if there are no verdicts, or no documents that stay.
    """
    over_score = rules == OWN and threshold.partition(".")[0] in over_scores(recipe.rules)
    judged = _admitted if over_score else _judged
    total, scored = np.zeros(2, np.int64), np.zeros((len(values), 2), np.int64)
    kept = np.zeros((len(values), 2), np.int64)
    for rows, verdicts in judged(lake, recipe, rules, threshold, values, alone):
        tokens, scores = rows["token_count"].to_numpy(), rows[QUALITY].to_numpy()
        total += rows.num_rows, tokens.sum()
        for place, verdict in enumerate(verdicts):
            passed = verdict.field("kept").to_numpy(zero_copy_only=False)
            kept[place] += passed.sum(), tokens[passed].sum()
            has = scores[passed & ~np.isnan(scores)]
            # Whole numbers: their sum does not depend on the order of rows.
            scored[place] += len(has), np.rint(has * _UNIT).astype(np.int64).sum()
    means = [int(score) / _UNIT / int(count) if count else None for count, score in scored]
    removed = total - kept
    columns = [np.array(values, np.float64), *kept.T, *removed.T, scored[:, 0], means]
    return pa.table([pa.array(column) for column in columns], SWEEP.names).cast(SWEEP)


_Judged = Iterator[tuple[pa.Table, list[pa.StructArray]]]
"""Tokens and quality scores of documents, and what the rules say of them, for each value."""


def _judged(
    lake: Lake, recipe: Recipe, rules: str, threshold: str, values: Sequence[float], alone: bool
) -> _Judged:
    """All documents that have verdicts, as other rules would judge them."""
    judgements = [_judgement(recipe, rules, threshold, value, alone) for value in values]
    lake.open("filter_verdicts")
    for pin in lake.pins("filter_verdicts", Workspace(recipe, lake).snapshots):
        inputs = {found.table: found for found in judged_pins(lake, pin)}
        learned = None
        if thresholds := inputs.get("filter_thresholds"):
            learned = lake.read_table("filter_thresholds", version=thresholds.version)
        for rows in _rows(lake, inputs, judgements[0].labels):
            yield rows, [replace(judgement, learned=learned).verdicts(rows) for judgement in judgements]


def _admitted(
    lake: Lake, recipe: Recipe, rules: str, threshold: str, values: Sequence[float], alone: bool
) -> _Judged:
    """All documents that stay, as other rules over scores would admit them to a mixture."""
    asked = over_scores(recipe.rules)
    if alone:
        asked = {name: rule for name, rule in asked.items() if name == threshold.partition(".")[0]}
    swept = [own_rules(_with_bound(asked, threshold, value)) for value in values]
    named = list(dict.fromkeys(rule.signal for rule in asked.values()))
    lake.open("deduplicated_documents")
    for pin in lake.pins("deduplicated_documents", Workspace(recipe, lake).snapshots):
        rows = lake.read_table(pin.table, ["doc_id", "domain", "token_count"], partition=pin.partition)
        for name in named:
            rows = rows.append_column(name, _scores(lake, recipe, pin.partition, name, rows["doc_id"]))
        if QUALITY not in named:
            rows = rows.append_column(QUALITY, _scores(lake, recipe, pin.partition, QUALITY, rows["doc_id"]))
        yield rows, [judge(rows, [own]) for own in swept]


def _scores(lake: Lake, recipe: Recipe, snapshot: str, name: str, doc_ids: pa.ChunkedArray) -> pa.ChunkedArray:
    """The scores that the recipe calls `name`, null where a document has none."""
    found = [one for one in score_columns(recipe.scores) if name in (one.name, f"{one.entry}.{one.declared.name}")]
    pins = lake.pins(found[0].table, [snapshot]) if found else []
    if not pins:
        return pa.chunked_array([pa.nulls(len(doc_ids), pa.float64())])
    column = found[0].declared.name
    other = lake.read_table(pins[0].table, ["doc_id", column], version=pins[0].version, partition=snapshot)
    return other[column].take(pc.index_in(doc_ids, other["doc_id"].combine_chunks()))


def _judgement(recipe: Recipe, rules: str, threshold: str, value: float, alone: bool) -> Judgement:
    """The judgement of the recipe with one threshold changed, or of one rule set alone.

    Raises:
        RuleSetError: as `threshold_sweep`.
    """
    filters, language, stated = recipe.filters, recipe.language, recipe.rules
    if rules == "language":
        language = _with_cut_off(language, threshold, value)
        if alone:
            return Judgement(Filters(rule_sets={}), language)
    elif rules == OWN:
        stated = _with_bound(over_signals(stated), threshold, value)
        if alone:
            return Judgement(Filters(rule_sets={}), Language(), own=stated)
    else:
        own = {**filters.rule_sets.get(rules, {}), threshold: value}
        swept = rule_set(rules, own)  # a wrong name is told before any work
        if threshold in swept.settings:
            raise RuleSetError(
                f"{rules}.{threshold} decides how thresholds are learned, which a sweep does not do anew; what it can "
                f"change: {', '.join(swept.thresholds)}"
            )
        if swept.learned and rules not in filters.rule_sets:
            raise RuleSetError(f"{rules} learns its thresholds: run the recipe with it before sweeping one of them")
        if alone:
            filters = Filters(rule_sets={rules: own}, domains=filters.domains, unlearned=filters.unlearned)
            return Judgement(filters, Language())
        filters = filters.model_copy(update={"rule_sets": {**filters.rule_sets, rules: own}})
    return Judgement(
        filters, language, filters_by_domain(recipe.branches), url_digests=list_digests(filters.urls), own=stated
    )


def _with_bound(rules: Mapping[str, OwnRule], threshold: str, value: float) -> dict[str, OwnRule]:
    """Rules of the recipe's own with another bound of one of them.

    Raises:
        RuleSetError: if there is no such rule or bound.
    """
    name, _, side = threshold.partition(".")
    if name not in rules or side not in ("min", "max"):
        known = [f"{name}.{side}" for name in rules for side in ("min", "max")]
        raise RuleSetError(f"{OWN} has no threshold {threshold!r}; it has {', '.join(known) or 'none'}")
    return {**rules, name: rules[name].model_copy(update={side: value})}


def _with_cut_off(language: Language, threshold: str, value: float) -> Language:
    """The cut by language with another confidence for all languages without a cut-off of their own, or for one.

    Raises:
        RuleSetError: if there is no such threshold or language.
    """
    from data_platform.language.identify import known_languages

    name, _, code = threshold.partition(".")
    if name != "min_confidence" or (code and code not in known_languages(language.model)) or threshold.endswith("."):
        raise RuleSetError(
            f"language has no threshold {threshold!r}; it has min_confidence, and min_confidence.CODE for every "
            "language that its model knows"
        )
    return language.model_copy(
        update={"cut_offs": {**language.cut_offs, code: value}} if code else {"min_confidence": value}
    )


def _rows(lake: Lake, inputs: Mapping[str, Pin], labels: Sequence[str]) -> Iterator[pa.Table]:
    """Labels, tokens and signals of the documents of one snapshot, and their quality scores where they have one."""
    from daft import DataType, col, lit

    from data_platform.run import engine

    labels = list(dict.fromkeys([*labels, "token_count"]))
    frame, signals = signal_rows(lake, inputs, labels)
    annotations = lake.pins("quality_annotations", [inputs["documents"].partition])
    if annotations and QUALITY in lake.table("quality_annotations", annotations[0].version):
        scores = engine.read(lake, annotations[0], ["doc_id", QUALITY])
        frame = frame.join(scores, on="doc_id", how="left")
    else:
        frame = frame.with_column(QUALITY, lit(None).cast(DataType.float64()))
    for batch in frame.select(*labels, *signals, col(QUALITY)).to_arrow_iter():
        yield pa.Table.from_batches([batch])
