"""The stage that resolves evidence to one expression and tier per document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from data_platform.core.tables import table
from data_platform.run.stage import Files, Stage, Work
from data_platform.run.workspace import Workspace
from data_platform.stages.shared.sources import registry, sources_of


def _write(work: Work) -> Files:
    from data_platform.licenses.resolve import resolve

    evidence = work.rows("license_evidence", table("license_evidence").column_names)
    documents = work.rows("documents", ["doc_id", "snapshot", "url", "source"])
    sources = sources_of(work.workspace, work.snapshot)
    return work.files(resolve(evidence, documents, sources, work.recipe.licenses.resolver))


def _config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    return {**registry(workspace, snapshot), "resolver": workspace.recipe.licenses.resolver}


DOCUMENT_LICENSES = Stage(
    name="document_licenses", group="licenses", inputs=("documents", "license_evidence"), run=_write, config=_config,
    phase="crawl", checks=("licenses_current",), states_licenses=True,
)
