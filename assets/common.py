"""What all assets have in common: how a stage is described to Dagster, and how it is run.

Not here: the stages themselves (`data_platform/<concern>/stage.py`).
"""

from __future__ import annotations

from typing import Any

import dagster as dg

from assets.automation import upstream_or_code_changes
from assets.metadata import column_metadata, commit_metadata
from assets.partitions import snapshots
from data_platform.core.errors import KernelError, PlainError, describe
from data_platform.core.tables import table
from data_platform.lake.lake import ConcurrentWrite
from data_platform.pipeline.flow import stages
from data_platform.publish.openlineage import told
from data_platform.run.recipe import Recipe
from data_platform.run.stage import Stage, execute
from resources.workspace import WorkspaceResource

OWNERS = ["team:data-platform"]


def described(stage: Stage) -> dict[str, Any]:
    """Arguments of `dg.asset` for a stage: all that Dagster shows of it comes from its declaration."""
    declared = table(stage.name)
    return {
        "name": stage.name,
        "description": declared.description,
        "deps": [_dependency(stage, name) for name in stage.inputs],
        "group_name": stage.group,
        "kinds": {"deltalake", "python"} | ({"torch"} if stage.pool else set()),
        "owners": OWNERS,
        "code_version": stage.code_version,
        "metadata": column_metadata(declared),
        "partitions_def": snapshots if stage.partitioned else None,
        "automation_condition": upstream_or_code_changes(),
        "retry_policy": dg.RetryPolicy(max_retries=1, delay=5),
        "pool": stage.pool,
    }


def _dependency(stage: Stage, name: str) -> dg.AssetDep:
    # Dagster has no mapping to the partitions before one; which of them are read, and whether they changed, `execute`
    # knows: a partition that is asked for in vain writes nothing.
    return dg.AssetDep(name, partition_mapping=dg.AllPartitionMapping() if name in stage.earlier else None)


def assets_in(recipe: Recipe, group: str) -> list[dg.AssetsDefinition]:
    """The assets of a group whose stages, or what these read, depend on the recipe.

    They are made with the inputs that the recipe gives them: dependencies that are mapped onto an asset afterwards show
    in the graph and do not order the steps of a run.
    """
    return [_asset_of(stage) for stage in stages(recipe).values() if stage.group == group]


def _asset_of(stage: Stage) -> dg.AssetsDefinition:
    def bring_up_to_date(context, workspace: WorkspaceResource) -> dg.MaterializeResult:
        return materialize(context, workspace, stage)

    return dg.asset(**described(stage))(bring_up_to_date)


def materialize(
    context: dg.AssetExecutionContext, workspace: WorkspaceResource, stage: Stage
) -> dg.MaterializeResult:
    """Bring one partition of a stage's table up to date and report its version and size.

    Raises:
        dagster.Failure: with a message that holds no row of any table.
    """
    snapshot = context.partition_key if stage.partitioned else None
    try:
        opened = workspace.open_for_work()
        with told(opened, stage, snapshot, context.run_id, context.retry_number) as tell:
            commit = tell(execute(stage, opened, snapshot, context.run_id))
    except Exception as error:
        # From None: the chain of causes would carry the messages that `describe` leaves out.
        permanent = isinstance(error, PlainError) and not isinstance(error, ConcurrentWrite | KernelError)
        raise dg.Failure(f"{stage.name}: {describe(error)}", allow_retries=not permanent) from None
    if not commit.written:
        context.log.info(f"{stage.name} is up to date at version {commit.version}: nothing written")
    return dg.MaterializeResult(
        metadata=commit_metadata(opened.lake, stage, snapshot, commit),
        data_version=dg.DataVersion(f"{commit.table_id}@{opened.lake.pin(stage.name, snapshot).recipe}"),
    )
