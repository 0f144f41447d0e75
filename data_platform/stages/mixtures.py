"""The tables of mixtures that are to be published: the documents of a plan with their texts, licences and scores."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from data_platform.core.columns import Table
from data_platform.core.kinds.scorer import score_column
from data_platform.core.tables import mixture_table, table
from data_platform.mixing.settings import TERMS, Mixture
from data_platform.run import engine
from data_platform.run.recipe import Recipe
from data_platform.run.stage import Files, Stage, Work
from data_platform.run.workspace import Workspace
from data_platform.stages.plans import plan_stage
from data_platform.stages.shared.publishable import term_columns, text_frame, text_tables
from data_platform.stages.shared.scores import carried, score_tables


def mixture_stages(recipe: Recipe) -> list[Stage]:
    """The plan of every mixture of the recipe, and the mixture itself if it is to be published."""
    return [stage for name, mixture in recipe.mixtures.items() for stage in _stages(recipe, name, mixture)]


def _stages(recipe: Recipe, name: str, mixture: Mixture) -> list[Stage]:
    plan = plan_stage(recipe, name)
    if not mixture.publish:
        return [plan]
    declared = _declared(recipe, name)
    return [plan, Stage(
        name=declared.name, table=declared, group="mixtures",
        inputs=(plan.name, *text_tables(recipe), *score_tables(recipe, mixture.scores)),
        run=partial(_write, mixture=mixture), config=partial(_config, mixture=mixture), partitioned=False, phase="mix",
        checks=("license_classes", "license_use", "apart_from_datastores", "proof", "taken_down", "current"),
        distributions=True,
    )]


def _declared(recipe: Recipe, name: str) -> Table:
    scores = [score_column(recipe.scores, column) for column in recipe.mixtures[name].scores]
    return mixture_table(name, [carried(column, nullable=bool(recipe.synthesis)) for column in scores])


def _write(work: Work, mixture: Mixture) -> Files:
    from daft import col

    declared = work.stage.declared
    texts = [name for name in declared.column_names if name in table("deduplicated_documents")]
    plan = engine.read(work.lake, work.pin(work.stage.inputs[0]), ["doc_id", "weight", "epochs", "phase"])
    terms = dict(zip(TERMS["refuse"], mixture.terms, strict=True))
    columns = [terms.get(name, name) for name in term_columns(declared.column_names)]
    frame = text_frame(work, texts, columns).join(plan, on="doc_id")
    frame = frame.with_columns({name: col(given) for name, given in terms.items() if name != given})
    for name in mixture.scores:
        found = score_column(work.recipe.scores, name)
        scores = engine.read_all(work.lake, work.pins_of(found.table), ["doc_id", found.declared.name])
        scores = scores.select("doc_id", col(found.declared.name).alias(found.name))
        frame = frame.join(scores, on="doc_id", how="left" if work.recipe.synthesis else "inner")
    frame = frame.select(*declared.column_names)
    return engine.write(work.lake, frame, [engine.Output(declared)])


def _config(workspace: Workspace, snapshot: str | None, mixture: Mixture) -> Mapping[str, Any]:
    # Two recipes may share a lake: a mixture is its own recipe's, whatever another calls the same.
    return {"recipe": workspace.recipe.name, "scores": list(mixture.scores), "tiers": sorted(mixture.tiers),
            "contested": mixture.contested, "use": sorted(mixture.use), "attribution": mixture.attribution,
            "share_alike": mixture.share_alike}
