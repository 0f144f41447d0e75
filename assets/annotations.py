"""Annotations: the models of the recipe, and what they say of every document."""

import dagster as dg

from assets.common import described, materialize
from data_platform.stages.scoring import LANGUAGE_MODEL, QUALITY_ANNOTATIONS, QUALITY_CLASSIFIER, QUALITY_LABELS
from resources.workspace import WorkspaceResource


@dg.asset(**described(QUALITY_LABELS))
def quality_labels(context: dg.AssetExecutionContext, workspace: WorkspaceResource) -> dg.MaterializeResult:
    """Gather the labelled texts."""
    return materialize(context, workspace, QUALITY_LABELS)


@dg.asset(**described(LANGUAGE_MODEL))
def language_model(context: dg.AssetExecutionContext, workspace: WorkspaceResource) -> dg.MaterializeResult:
    """Load or train the language model."""
    return materialize(context, workspace, LANGUAGE_MODEL)


@dg.asset(**described(QUALITY_CLASSIFIER))
def quality_classifier(context: dg.AssetExecutionContext, workspace: WorkspaceResource) -> dg.MaterializeResult:
    """Train the quality classifier on the labelled texts."""
    return materialize(context, workspace, QUALITY_CLASSIFIER)


@dg.asset(**described(QUALITY_ANNOTATIONS))
def quality_annotations(context: dg.AssetExecutionContext, workspace: WorkspaceResource) -> dg.MaterializeResult:
    """Score every deduplicated document."""
    return materialize(context, workspace, QUALITY_ANNOTATIONS)
