"""The stage that resolves evidence to one expression and tier per document, and says whom to credit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from data_platform.core.tables import table
from data_platform.run.stage import Files, Stage, Work
from data_platform.run.workspace import Workspace
from data_platform.stages.shared.sources import registry, sources_of


def _write(work: Work) -> Files:
    from data_platform.credits.attribution import attributions
    from data_platform.licenses.resolve import resolve

    evidence = work.rows("license_evidence", table("license_evidence").column_names)
    documents = work.rows("documents", ["doc_id", "snapshot", "url", "source", "title"])
    sources = sources_of(work.workspace, work.snapshot)
    licenses = resolve(evidence, documents, sources, work.recipe.licenses.resolver)
    credits_ = work.rows("document_credits", ["doc_id", "title", "authors", "origin", "project", "copyright"])
    place = licenses.schema.get_field_index("attribution")
    lines = attributions(documents, credits_, licenses["attribution"])
    return work.files(licenses.set_column(place, licenses.schema.field(place), lines))


def _config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    return {**registry(workspace, snapshot), "resolver": workspace.recipe.licenses.resolver}


DOCUMENT_LICENSES = Stage(
    name="document_licenses", group="licenses", inputs=("documents", "license_evidence", "document_credits"),
    run=_write, config=_config, phase="crawl", checks=("licenses_current",), states_licenses=True,
)
