"""The flow: every stage of a recipe in the order in which data passes, and the stretches of it that one run can make.

Not here: what a stage does (`stages/`), where it stands (`status.py`) and how a run is launched (`assets/`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from data_platform.run.recipe import Recipe
from data_platform.run.stage import Stage


def stages(recipe: Recipe) -> dict[str, Stage]:
    """All stages of a recipe by table, inputs before what is made of them."""
    from data_platform.extract.choose import engine_module
    from data_platform.pipeline.filtering import judging_stages
    from data_platform.pipeline.repetition import repetition_stages
    from data_platform.stages.audits import audit_stages
    from data_platform.stages.branch_tables import branch_stage
    from data_platform.stages.copy_pairs import copy_pairs_stage
    from data_platform.stages.datastores import datastore_stage
    from data_platform.stages.derived import synthesis_stages
    from data_platform.stages.document_branches import branches_stage
    from data_platform.stages.document_credits import DOCUMENT_CREDITS
    from data_platform.stages.document_licenses import DOCUMENT_LICENSES
    from data_platform.stages.document_signatures import signature_stage
    from data_platform.stages.document_terms import terms_stage
    from data_platform.stages.documents import DOCUMENTS
    from data_platform.stages.domain_classifiers import DOMAIN_CLASSIFIERS
    from data_platform.stages.domain_labels import DOMAIN_LABELS
    from data_platform.stages.duplicates import duplicates_stage
    from data_platform.stages.filtered_documents import filtered_stage
    from data_platform.stages.license_evidence import license_evidence_stage
    from data_platform.stages.mixtures import mixture_stages
    from data_platform.stages.models import model_names, model_stages
    from data_platform.stages.quality_annotations import annotation_stages
    from data_platform.stages.quality_labels import QUALITY_LABELS
    from data_platform.stages.raw_crawls import RAW_CRAWLS
    from data_platform.stages.refinement import refinement_stage
    from data_platform.stages.reservations import RESERVATIONS
    from data_platform.stages.scores import score_stages
    from data_platform.stages.selections import selection_stages
    from data_platform.stages.shared.repetition import pair_entries
    from data_platform.stages.source_lineage import SOURCE_LINEAGE, is_known

    engine = (engine_module(recipe.extraction.engine),)
    trained = any(branch.cascade for branch in recipe.branches.values())
    repetition = repetition_stages(recipe)
    readers = [*recipe.scores.values(), *recipe.synthesis.values(), *recipe.audits.values()]
    models = model_stages(recipe, model_names([*pair_entries(recipe), *readers]))
    terms = terms_stage(recipe)

    def with_terms(comparing: Sequence[Stage]) -> list[Stage]:
        """The stages, and after that of the pairs the one of the terms, which reads them."""
        return [one for stage in comparing for one in ((stage, terms) if stage.name in terms.inputs else (stage,))]

    labels = [QUALITY_LABELS] if any(QUALITY_LABELS.name in stage.inputs for stage in models) else []
    ordered = (
        *([replace(DOMAIN_LABELS, finds=engine), DOMAIN_CLASSIFIERS] if trained else []), RAW_CRAWLS,
        replace(DOCUMENTS, finds=engine), *([SOURCE_LINEAGE] if is_known(recipe) else []),
        license_evidence_stage(recipe), DOCUMENT_CREDITS, DOCUMENT_LICENSES,
        *([branches_stage(recipe)] if recipe.branches else []), *judging_stages(recipe),
        refinement_stage(recipe), filtered_stage(recipe), *repetition.hashing, signature_stage(recipe),
        copy_pairs_stage(recipe), duplicates_stage(recipe), RESERVATIONS, *([] if pair_entries(recipe) else [terms]),
        *with_terms(repetition.comparing), *labels, *models, *with_terms(repetition.embedding), *repetition.keeping,
        *(branch_stage(name) for name in recipe.branches), *score_stages(recipe), *annotation_stages(recipe),
        *synthesis_stages(recipe),
        *(datastore_stage(name) for name in recipe.datastores), *selection_stages(recipe), *mixture_stages(recipe),
        *audit_stages(recipe),
    )
    return {stage.name: stage for stage in ordered}


def phases(flow: Mapping[str, Stage]) -> list[list[Stage]]:
    """The stages in runs of equal partitioning: what can be materialised in one Dagster run per snapshot.

    A stage that reads snapshots before its own begins a new one: they must be there first, in whatever order runs come.
    """
    grouped: list[list[Stage]] = []
    for stage in flow.values():
        if grouped and grouped[-1][0].partitioned == stage.partitioned and not stage.earlier:
            grouped[-1].append(stage)
        else:
            grouped.append([stage])
    return grouped
