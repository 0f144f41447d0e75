"""Which stages a recipe has that find evaluation items, and what repeats among the documents that stay after clusters.

What is made of a text alone (hashes of passages, fingerprints, sketches, embeddings) is made per snapshot, once: a new
crawl has none of it made again. Over all snapshots only these are compared, and of the texts those are read again that
share a fingerprint or sketch:

- lines and paragraphs: all stored hashes are sorted, no text is read;
- substrings: documents that share a fingerprint with another are read and searched;
- containment: sketches propose pairs, whose documents are read and compared;
- semantic: k-means runs over all stored embeddings anew, no text is read and none embedded again.

The comparison itself is made anew whenever the documents that stay have changed: a new crawl may bring a freer copy of
an old document, and then the first occurrence of a passage is another one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from data_platform.run.recipe import Recipe
from data_platform.run.stage import Stage
from data_platform.stages.contamination import CONTAMINATION
from data_platform.stages.cut_documents import CUT_DOCUMENTS
from data_platform.stages.cut_programs import CUT_PROGRAMS
from data_platform.stages.deduplicated_documents import DEDUPLICATED_DOCUMENTS
from data_platform.stages.document_embeddings import embedding_stage
from data_platform.stages.document_sketches import DOCUMENT_SKETCHES
from data_platform.stages.duplicate_spans import DUPLICATE_SPANS
from data_platform.stages.passage_hashes import PASSAGE_HASHES
from data_platform.stages.redundant_documents import REDUNDANT_DOCUMENTS
from data_platform.stages.substring_fingerprints import SUBSTRING_FINGERPRINTS


class RepetitionStages(NamedTuple):
    """The stages by when they run: per snapshot once documents are filtered; over all once clusters are known; per
    snapshot and over all once there is a language model; and those that write what stays."""

    hashing: list[Stage]
    comparing: list[Stage]
    embedding: list[Stage]
    keeping: list[Stage]


def repetition_stages(recipe: Recipe) -> RepetitionStages:
    """The stages as the recipe needs them; if it looks for nothing, that of the copies that stay alone."""
    wanted = recipe.repetition
    hashing, pairs, spans, embedding = [], [], [], []
    if recipe.decontamination:
        hashing.append(CONTAMINATION)
    if wanted.lines or wanted.paragraphs:
        hashing.append(PASSAGE_HASHES)
    if wanted.substrings:
        hashing.append(SUBSTRING_FINGERPRINTS)
    if wanted.containment:
        hashing.append(DOCUMENT_SKETCHES)
    if wanted.semantic:
        embedding.append(embedding_stage(recipe))
    if wanted.containment or wanted.semantic:
        read = [stage.name for stage in (*hashing, *embedding)
                if stage in (DOCUMENT_SKETCHES, *embedding)]
        pairs.append(replace(REDUNDANT_DOCUMENTS, inputs=(*REDUNDANT_DOCUMENTS.inputs, *read)))
    found = [stage.name for stage in (*hashing, *pairs) if stage in (CONTAMINATION, *pairs)]
    if wanted.lines or wanted.paragraphs or wanted.substrings:
        read = [stage.name for stage in hashing if stage in (PASSAGE_HASHES, SUBSTRING_FINGERPRINTS)]
        spans.append(replace(DUPLICATE_SPANS, inputs=(*DUPLICATE_SPANS.inputs, *read, *found)))
        found.append(DUPLICATE_SPANS.name)
    comparing = [*pairs, *spans]
    if not found:
        return RepetitionStages([], [], [], [DEDUPLICATED_DOCUMENTS])
    return RepetitionStages(
        hashing, [] if embedding else comparing, [*embedding, *comparing] if embedding else [],
        [replace(CUT_PROGRAMS, inputs=(*CUT_PROGRAMS.inputs, *found)), CUT_DOCUMENTS],
    )
