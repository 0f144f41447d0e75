"""The graph: one asset per stage, all of them made in one way, with their checks.

What an asset is called, reads and is checked for are facts of its stage. Not here: which stages a recipe has
(`data_platform/pipeline/flow.py`), what is shown of them (`presentation.py`), and what is checked (`checks.py`).
"""

# Not `from __future__ import annotations`: Dagster reads the annotations of assets as objects.

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from data_platform.assets.arrivals import as_launched, refuse_unknown
from data_platform.assets.checks import stage_checks
from data_platform.assets.effort import measured
from data_platform.assets.in_order import wait_for_those_before
from data_platform.assets.metadata import commit_metadata
from data_platform.assets.names import Names, tag_run
from data_platform.assets.observations import of_step, tag_effort
from data_platform.assets.origins import note_what_is_read, origins_under
from data_platform.assets.presentation import Presentation
from data_platform.assets.steps import step
from data_platform.assets.taken_out import data_version_of
from data_platform.assets.versions import versions_of
from data_platform.core.progress import every
from data_platform.publish.openlineage import told
from data_platform.resources.command_runs import locate
from data_platform.resources.workspace import WorkspaceResource
from data_platform.run.known import location_file
from data_platform.run.recipe import Recipe
from data_platform.run.stage import Stage, execute

_TOLD_SECONDS = 10.0


def assets_of(
    flow: Mapping[str, Stage], names: Names, shown: Presentation, recipe: Recipe
) -> list[dg.AssetsDefinition]:
    """One asset per stage of a flow.

    They are made with the inputs that the recipe gives them: dependencies that are mapped onto an asset afterwards show
    in the graph and do not order the steps of a run.
    """
    versions, origins = versions_of(flow, recipe), origins_under(flow)
    return [
        asset_of(stage, flow, names, shown, versions[stage.name], origins[stage.name]) for stage in flow.values()
    ]


def checks_of(flow: Mapping[str, Stage], names: Names) -> list[dg.AssetChecksDefinition]:
    """The checks of every asset of a flow."""
    return [stage_checks(stage, names) for stage in flow.values()]


def asset_of(
    stage: Stage, flow: Mapping[str, Stage], names: Names, shown: Presentation, version: str, origins: Sequence[str]
) -> dg.AssetsDefinition:
    """The asset that brings the table of a stage up to date; `origins` are those of all that it is made of."""

    def bring_up_to_date(context: dg.AssetExecutionContext, workspace: WorkspaceResource) -> dg.MaterializeResult:
        return materialize(context, workspace, stage, flow, names)

    return dg.asset(**shown.of(stage), **_made(stage, names, version, origins))(bring_up_to_date)


def _made(stage: Stage, names: Names, version: str, origins: Sequence[str]) -> dict[str, Any]:
    """Arguments of `dg.asset` that decide when and how a stage's table is made."""
    return {
        "key": names.asset(stage.name),
        "deps": [*(_dependency(stage, names, name) for name in stage.inputs), *names.assets(origins)],
        "code_version": version,
        "partitions_def": names.snapshots if stage.partitioned else None,
        "pool": stage.pool,
    }


def _dependency(stage: Stage, names: Names, name: str) -> dg.AssetDep:
    # Dagster has no mapping to the partitions before one; which of them are read, and whether they changed, `execute`
    # knows: a partition that is asked for in vain writes nothing.
    mapping = dg.AllPartitionMapping() if name in stage.earlier else None
    return dg.AssetDep(names.asset(name), partition_mapping=mapping)


def materialize(
    context: dg.AssetExecutionContext, workspace: WorkspaceResource, stage: Stage, flow: Mapping[str, Stage],
    names: Names,
) -> dg.MaterializeResult:
    """Bring one partition of a stage's table up to date and report its version and size.

    Raises:
        As `step` does.
    """
    tag_run(context.instance, context.run, names)
    locate(context.instance, context.run_id, names.recipe, location_file(names.recipe))
    snapshot = context.partition_key if stage.partitioned else None
    with step(stage.name):
        opened = as_launched(context.instance, names, context.run, stage, workspace.open_for_work())
        if snapshot is not None:
            refuse_unknown(snapshot, opened)
        wait_for_those_before(context, stage, opened, flow, names, snapshot)
        note_what_is_read(context, stage, opened, flow, names, snapshot)
        with told(opened, stage, snapshot, context.run_id, context.retry_number) as tell:
            with measured() as effort, every(_TOLD_SECONDS, lambda at: context.log.info(str(at))):
                commit = execute(stage, opened, snapshot, context.run_id)
            tell(commit)
    if commit.written:
        for observation in of_step(opened.lake, stage, names, snapshot, commit, effort):
            context.log_event(observation)
        tag_effort(context.instance, context.run_id, effort, commit.rows)
    else:
        context.log.info(f"{stage.name} is up to date at version {commit.version}: nothing written")
    return dg.MaterializeResult(
        metadata=commit_metadata(opened, stage, names, snapshot, commit, effort),
        data_version=dg.DataVersion(data_version_of(commit.table_id, opened.lake.pin(stage.name, snapshot).recipe)),
    )
