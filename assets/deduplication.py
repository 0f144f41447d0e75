"""Deduplication: signatures per snapshot, clusters across all, one copy kept."""

import dagster as dg

from assets.common import described, materialize
from data_platform.dedup.stage import DEDUPLICATED_DOCUMENTS, DOCUMENT_SIGNATURES, DUPLICATES
from resources.workspace import WorkspaceResource


@dg.asset(**described(DOCUMENT_SIGNATURES))
def document_signatures(context: dg.AssetExecutionContext, workspace: WorkspaceResource) -> dg.MaterializeResult:
    """Hash every filtered document."""
    return materialize(context, workspace, DOCUMENT_SIGNATURES)


@dg.asset(**described(DUPLICATES))
def duplicates(context: dg.AssetExecutionContext, workspace: WorkspaceResource) -> dg.MaterializeResult:
    """Cluster the documents of all snapshots and choose which copy stays."""
    return materialize(context, workspace, DUPLICATES)


@dg.asset(**described(DEDUPLICATED_DOCUMENTS))
def deduplicated_documents(context: dg.AssetExecutionContext, workspace: WorkspaceResource) -> dg.MaterializeResult:
    """Keep the chosen copies."""
    return materialize(context, workspace, DEDUPLICATED_DOCUMENTS)
