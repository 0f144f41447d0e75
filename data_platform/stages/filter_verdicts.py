"""The stage that judges documents: verdicts as expressions over signals, by the rule sets of the recipe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from data_platform.core.tables import table
from data_platform.filtering.chosen import judging_methods
from data_platform.filtering.settings import Filters
from data_platform.run import engine
from data_platform.run.recipe import Recipe
from data_platform.run.stage import Files, Stage, Work
from data_platform.run.workspace import Workspace
from data_platform.stages.shared.signals import signal_rows

if TYPE_CHECKING:
    from data_platform.filtering.judgement import Judgement

_IDENTITY = ("doc_id", "snapshot")


def _write(work: Work) -> Files:
    from daft import col

    from data_platform.filtering.chosen import filters_by_domain
    from data_platform.filtering.judgement import Judgement
    from data_platform.filtering.url_lists import list_digests

    filters = work.recipe.filters
    learned = work.rows("filter_thresholds") if work.pins_of("filter_thresholds") else None
    judgement = Judgement(
        filters, work.recipe.language, filters_by_domain(work.recipe.branches), learned, list_digests(filters.urls),
        work.recipe.rules,
    )
    frame, signals = signal_rows(work.lake, work.pin_of_table, judgement.labels)
    read = [*judgement.labels, *signals]
    kernel = engine.batch_udf(
        partial(_judge_columns, names=read, judgement=judgement),
        {name: table("filter_verdicts")[name].type for name in ("kept", "reason", "failed")},
        batch_rows=8_192,
    )
    verdicts = kernel(*(col(name) for name in read))
    return engine.write(work.lake, frame.select(*_IDENTITY, verdicts), [engine.Output("filter_verdicts")])


def _judge_columns(*columns: pa.Array, names: list[str], judgement: Judgement) -> pa.StructArray:
    return judgement.verdicts(pa.table(list(columns), names))


def _config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    from data_platform.filtering.chosen import filters_by_domain, learning_rule_sets
    from data_platform.filtering.own import over_signals
    from data_platform.filtering.url_lists import url_config

    filters = workspace.recipe.filters
    unlearned = {"unlearned": filters.unlearned} if learning_rule_sets(filters) else {}
    own = [[name, rule.model_dump(exclude={"why"})] for name, rule in over_signals(workspace.recipe.rules).items()]
    return {
        "rule_sets": _in_order(filters), "domains": list(filters.domains), "urls": url_config(filters.urls),
        "language": workspace.recipe.language.model_dump(mode="json", exclude={"model"}), **unlearned,
        **({"rules": own} if own else {}),
        **{f"branch {name}": _in_order(own) for name, own in filters_by_domain(workspace.recipe.branches).items()},
    }


def _in_order(filters: Filters) -> list[list[Any]]:
    """A mapping has no order in JSON, and the order of the rule sets decides which reason comes first."""
    return [[name, thresholds] for name, thresholds in filters.rule_sets.items()]


def verdicts_stage(recipe: Recipe, learned: Sequence[str] = ()) -> Stage:
    """The stage as the recipe needs it: by its rule sets, with the tables `learned`, and with branches, which may have
    rule sets of their own.

    Raises:
        RuleSetError: if a rule set does not exist.
    """
    branches = ("document_branches",) if recipe.branches else ()
    return Stage(
        name="filter_verdicts", group="filtering", inputs=("documents", "quality_signals", *learned, *branches),
        run=_write, config=_config, phase="filter", methods=judging_methods(recipe.filters, recipe.branches),
    )
