"""Jobs: one per stretch of stages that one run can make, named by the phase of the stage that the stretch begins with.

A stretch is what has one partitioning (`phases` in `data_platform/pipeline/flow.py`). Where a later one begins with a
phase that has a job already, the name of its first table tells them apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from data_platform.assets.first_contact import step_of, to_begin
from data_platform.assets.names import Names
from data_platform.pipeline.flow import phases
from data_platform.run.stage import Stage


def named_stretches(flow: Mapping[str, Stage]) -> dict[str, list[Stage]]:
    """The stages of every job by its name, in the order of the flow."""
    named: dict[str, list[Stage]] = {}
    for stretch in phases(flow):
        first = stretch[0]
        word = first.phase or first.group
        # Words have no underscore and names of tables are unique: no two stretches get the same name.
        named[word if word not in named else f"{word}_{first.name}"] = stretch
    return named


def job_of_stage(flow: Mapping[str, Stage]) -> dict[str, str]:
    """The job that materialises each stage, in the order of the flow."""
    return {stage.name: name for name, stretch in named_stretches(flow).items() for stage in stretch}


def tables_of_jobs(flow: Mapping[str, Stage], names: Names) -> dict[str, list[str]]:
    """The tables of every job, by the name that it has in Dagster."""
    return {names.of_recipe(word): [stage.name for stage in stretch] for word, stretch in named_stretches(flow).items()}


def jobs_of(
    flow: Mapping[str, Stage], names: Names, said: Mapping[str, Any]
) -> list[UnresolvedAssetJobDefinition]:
    """The jobs that make a flow; `said` is what their pages say of the recipe."""
    stretches = named_stretches(flow)
    return [
        dg.define_asset_job(
            names.of_recipe(word),
            selection=names.assets(stage.name for stage in stretch),
            description=f"{step_of(names, list(stretches), word)} {'One snapshot' if stretch[0].partitioned else 'All'}"
                        f" of {', '.join(stage.name for stage in stretch)}.\n\n{to_begin(names, list(stretches))}",
            tags=names.tags(word),
            metadata=said,
        )
        for word, stretch in stretches.items()
    ]
