"""Jobs: one per stretch of equal partitioning, each with a name of its own whatever stages a recipe has."""

from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_platform.assets.graph import assets_of
from data_platform.assets.jobs import jobs_of, named_stretches
from data_platform.assets.names import Names
from data_platform.assets.presentation import Presentation
from data_platform.core.columns import Column, Table
from data_platform.core.tables import table
from data_platform.pipeline.flow import stages
from data_platform.resources.workspace import WorkspaceResource
from data_platform.run.recipe import load_recipe
from data_platform.run.stage import Stage

NAMES = Names("demo")
RECIPES = Path(__file__).resolve().parents[2] / "recipes"
RECIPE = load_recipe(RECIPES / "demo.yaml")
DEMO = stages(RECIPE)


@pytest.mark.parametrize(("recipe", "names"), [
    ("demo.yaml", ["crawl", "match", "deduplicate", "annotate", "mix"]),
    ("branches.yaml", ["prepare", "crawl", "match", "deduplicate", "annotate", "mix"]),
])
def test_jobs_are_named_by_phase(recipe: str, names: list[str]) -> None:
    assert list(named_stretches(stages(load_recipe(RECIPES / recipe)))) == names


def _new(number: int, partitioned: bool, phase: str, inputs: tuple[str, ...]) -> Stage:
    name = f"new_{number}"
    declared = Table(
        name, "New.", (table("documents")["doc_id"], Column("snapshot", table("documents")["snapshot"].type, "When.")),
        key=("doc_id",), partition_by=("snapshot",) if partitioned else (),
    )
    return Stage(
        name, "test", inputs, run=stages, config=lambda workspace, snapshot: {}, partitioned=partitioned,
        table=declared, phase=phase, books=None,
    )


@settings(max_examples=40, deadline=None)
@given(st.lists(
    st.tuples(
        st.integers(0, len(DEMO)), st.booleans(), st.sampled_from(["", "crawl", "mix", "other"]), st.booleans()
    ),
    max_size=8,
))
def test_stages_wherever_they_are_put_give_jobs_of_different_names(
    insertions: list[tuple[int, bool, str, bool]]
) -> None:
    order = list(DEMO.values())
    for number, (place, partitioned, phase, earlier) in enumerate(insertions):
        above = order[:place]
        stage = _new(number, partitioned, phase, tuple(stage.name for stage in above[-2:]))
        if earlier and partitioned:
            stage = replace(stage, earlier=tuple(one.name for one in above[-2:] if one.partitioned))
        order.insert(place, stage)
    flow = {stage.name: stage for stage in order}
    named = named_stretches(flow)
    assert [stage.name for stretch in named.values() for stage in stretch] == list(flow)
    assert all(len({stage.partitioned for stage in stretch}) == 1 for stretch in named.values())
    definitions = dg.Definitions(
        assets_of(flow, NAMES, Presentation(RECIPE, "recipe.yaml", flow), RECIPE), jobs=jobs_of(flow, NAMES, {}),
        resources={"workspace": WorkspaceResource(recipe_path="")},
    )
    dg.Definitions.validate_loadable(definitions)
    assert {job.name for job in definitions.resolve_all_job_defs()} >= {NAMES.of_recipe(word) for word in named}


@pytest.mark.parametrize("phase", ["two words", "under_scored", "2"])
def test_a_phase_is_one_word(phase: str) -> None:
    with pytest.raises(ValueError, match="not one word of letters"):
        _new(0, True, phase, ())
