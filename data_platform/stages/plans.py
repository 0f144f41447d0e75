"""The tables of plans: which documents a mixture takes, how often, in which order. Narrow, for there may be many."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.kinds.answers import positions_of
from data_platform.core.tables import plan_table, selection_table
from data_platform.filtering.own import over_scores, own_rules
from data_platform.filtering.rules import judge
from data_platform.mixing.draw import BROKEN, QUALITY, REPETITIONS, SELECTED, select
from data_platform.mixing.settings import Mixture
from data_platform.run.recipe import Recipe
from data_platform.run.stage import Files, Passing, Stage, Work
from data_platform.run.workspace import Workspace
from data_platform.stages.shared.publishable import all_texts, narrow_rows, text_tables
from data_platform.stages.shared.rejected import rejection_rows
from data_platform.stages.shared.scores import score_tables, with_columns

_TERMS = ("license_spdx", "license_tier", "claimed_spdx", "claimed_tier", "license_basis")


def plan_stage(recipe: Recipe, name: str) -> Stage:
    """The stage of the plan of the mixture called `name`."""
    mixture = recipe.mixtures[name]
    selections = [selection_table(mixture.select).name] if mixture.select else []
    declared = plan_table(name)
    return Stage(
        name=declared.name, table=declared, group="mixtures",
        inputs=(*text_tables(recipe), *score_tables(recipe, _read(recipe, mixture)), *selections),
        run=partial(_write, mixture=mixture), config=partial(_config, mixture=mixture), partitioned=False,
        sides=("rejections",), phase="mix", methods=(mixture.mixing.method, mixture.order.method),
        books=Passing(through=all_texts(recipe)),
    )


def _read(recipe: Recipe, mixture: Mixture) -> list[str]:
    """Scores and other columns that a mixture admits, draws and orders by."""
    ruled = [rule.signal for rule in over_scores(recipe.rules).values()]
    return [*([QUALITY] if mixture.min_quality > 0 else []), *ruled, *mixture.order.columns]


def _write(work: Work, mixture: Mixture) -> Files:
    found = candidates(work, mixture)
    selection = select(found, mixture, work.stage.declared.entry)
    rejected = work.files(rejection_rows(work.stage.name, found, selection.rejected), "rejections")
    rows = found.take(pc.index_in(selection.chosen["doc_id"], found["doc_id"].combine_chunks()))
    rows = rows.append_column("epochs", selection.chosen["epochs"])
    rows = with_columns(work, rows, mixture.order.columns)
    plan = pa.table({
        "doc_id": rows["doc_id"], "snapshot": rows["snapshot"], "domain": rows["domain"],
        "token_count": rows["token_count"], "weight": selection.chosen["weight"], "epochs": rows["epochs"],
        "position": positions_of(mixture.order.method, mixture.order.made().positions(rows), rows.num_rows),
        "phase": pa.repeat(mixture.phase, rows.num_rows),
    })
    return {**work.files(plan.sort_by("position").cast(work.stage.declared.schema)), **rejected}


def candidates(work: Work, mixture: Mixture) -> pa.Table:
    """Narrow columns of every text, with its licence and what else the mixture asks for, as `mixing.draw.select` takes
    them; and whether it was `derived` from others."""
    narrow = ["doc_id", "snapshot", "source", "domain", "url", "token_count"]
    result = narrow_rows(work, [*narrow, *([REPETITIONS.name] if mixture.rehydrate else [])], _TERMS)
    if mixture.select:
        chosen = work.rows(selection_table(mixture.select).name, ["doc_id", SELECTED.name])
        place = pc.index_in(result["doc_id"], chosen["doc_id"].combine_chunks())
        # A selector chooses among documents: what was made of them is not its to leave out.
        selected = pc.or_kleene(chosen[SELECTED.name].take(place), result["derived"])
        result = result.append_column(SELECTED.name, selected)
    if rules := over_scores(work.recipe.rules):
        scored = with_columns(work, result, [rule.signal for rule in rules.values()])
        reason = judge(scored, [own_rules(rules)]).field("reason")
        result = result.append_column(BROKEN, pc.if_else(pc.equal(reason, ""), None, reason))
    return with_columns(work, result, [QUALITY] if mixture.min_quality > 0 else [])


def _config(workspace: Workspace, snapshot: str | None, mixture: Mixture) -> Mapping[str, Any]:
    rules = over_scores(workspace.recipe.rules)
    own = {"rules": [[name, rule.model_dump(exclude={"why"})] for name, rule in rules.items()]} if rules else {}
    return {**mixture.model_dump(mode="json", exclude={"scores", "publish"}), **own}
