"""Documents: text extracted from records, with language and token count."""

import dagster as dg

from assets.common import described, materialize
from data_platform.stages.documents import DOCUMENTS
from resources.workspace import WorkspaceResource


@dg.asset(**described(DOCUMENTS))
def documents(context: dg.AssetExecutionContext, workspace: WorkspaceResource) -> dg.MaterializeResult:
    """Extract text from the captured records of a snapshot."""
    return materialize(context, workspace, DOCUMENTS)
