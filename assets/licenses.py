"""Licences: evidence first, all of it; then one expression and tier per document."""

import dagster as dg

from assets.common import described, materialize
from data_platform.stages.document_licenses import DOCUMENT_LICENSES
from data_platform.stages.license_evidence import LICENSE_EVIDENCE
from resources.workspace import WorkspaceResource


@dg.asset(**described(LICENSE_EVIDENCE))
def license_evidence(context: dg.AssetExecutionContext, workspace: WorkspaceResource) -> dg.MaterializeResult:
    """Collect every observation that speaks of a licence."""
    return materialize(context, workspace, LICENSE_EVIDENCE)


@dg.asset(**described(DOCUMENT_LICENSES))
def document_licenses(context: dg.AssetExecutionContext, workspace: WorkspaceResource) -> dg.MaterializeResult:
    """Resolve the evidence to one SPDX expression and tier per document."""
    return materialize(context, workspace, DOCUMENT_LICENSES)
