"""Jobs: one per phase of the flow, that is per stretch of stages with equal partitioning."""

from __future__ import annotations

import dagster as dg

from assets.partitions import snapshots
from data_platform.pipeline.flow import phases, stages
from data_platform.run.recipe import Recipe
from data_platform.run.stage import Stage

# By the first stage of a phase, in the order of the phases.
_PHASES = {
    "domain_labels": ("prepare", "Labels and classifiers that documents are sorted into branches by."),
    "raw_crawls": ("crawl", "From archives to filtered, licensed and hashed documents of one snapshot; to the signals "
                   "only, where thresholds are learned."),
    "filter_thresholds": ("learn", "Thresholds and stop words per language, for rule sets that learn them."),
    "filter_stop_words": ("learn", "Stop words per language, for rule sets that learn them."),
    "filter_verdicts": ("filter", "From signals to filtered and hashed documents of one snapshot."),
    "language_signals": ("filter", "From signals to filtered and hashed documents of one snapshot."),
    "copy_pairs": ("match", "Copies in one snapshot, and of one snapshot in all that come before it."),
    "duplicates": ("deduplicate", "Clusters over all snapshots, and the models that score what stays."),
    "document_embeddings": ("embed", "Embeddings of the documents of one snapshot, for semantic duplicates."),
    "redundant_documents": ("relate", "What is contained in other documents or says the same, and repeated passages."),
    "cut_programs": ("annotate", "Kept copies of one snapshot, and their scores."),
    "deduplicated_documents": ("annotate", "Kept copies of one snapshot, and their scores."),
}
_MIX = ("mix", "All mixtures of the recipe.")
NAMES = tuple(dict.fromkeys(name for name, _ in (*_PHASES.values(), _MIX)))
"""Names of all jobs, in order; a recipe has those that it needs."""


def _jobs(recipe: Recipe) -> list[tuple[str, str, list[Stage]]]:
    """Name, description and stages of every job of the recipe."""
    return [(*_PHASES.get(phase[0].name, _MIX), phase) for phase in phases(stages(recipe))]


def job_of_stage(recipe: Recipe) -> dict[str, str]:
    """The job that materialises each stage, in the order of the flow."""
    return {stage.name: name for name, _, phase in _jobs(recipe) for stage in phase}


def jobs_of(recipe: Recipe) -> list[dg.UnresolvedAssetJobDefinition]:
    """One job per phase."""
    return [
        dg.define_asset_job(
            name,
            selection=[stage.name for stage in phase],
            partitions_def=snapshots if phase[0].partitioned else None,
            description=description,
        )
        for name, description, phase in _jobs(recipe)
    ]
