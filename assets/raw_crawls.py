"""Raw crawls: every record of every archive, captured or rejected with a reason."""

import dagster as dg

from assets.common import described, materialize
from data_platform.stages.raw_crawls import RAW_CRAWLS
from resources.workspace import WorkspaceResource


@dg.asset(**described(RAW_CRAWLS))
def raw_crawls(context: dg.AssetExecutionContext, workspace: WorkspaceResource) -> dg.MaterializeResult:
    """Read the archives of a snapshot; every record becomes a row or a rejection."""
    return materialize(context, workspace, RAW_CRAWLS)
