"""Which stages a recipe has that find evaluation items, and what repeats among the documents that stay after clusters.

What is made of a text alone (hashes of passages, fingerprints, sketches, embeddings) is made per snapshot, once: a new
crawl has none of it made again. Over all snapshots only these are compared, and of the texts those are read again that
share a fingerprint or sketch:

- lines and paragraphs: all stored hashes are sorted, no text is read;
- substrings: documents that share a fingerprint with another are read and searched;
- pairs of documents: what was made of each text is compared, no text is made something of again. For containment,
  sketches propose pairs, whose documents are read; for semantic duplicates k-means runs over all embeddings anew.

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
from data_platform.stages.duplicate_spans import spans_stage
from data_platform.stages.passage_hashes import passage_stage
from data_platform.stages.redundant_documents import redundant_stage
from data_platform.stages.shared.repetition import pair_entries, passage_entries
from data_platform.stages.sketches import sketch_stage
from data_platform.stages.substring_fingerprints import fingerprint_stage

_SIGNING = {"passage_hashes": passage_stage, "substring_fingerprints": fingerprint_stage}
"""The stages that make of texts what pairers of passages compare, by table."""


class RepetitionStages(NamedTuple):
    """The stages by when they run: per snapshot once documents are filtered; over all once clusters are known; per
    snapshot and over all once there is a language model; and those that write what stays."""

    hashing: list[Stage]
    comparing: list[Stage]
    embedding: list[Stage]
    keeping: list[Stage]


def repetition_stages(recipe: Recipe) -> RepetitionStages:
    """The stages as the recipe needs them; if it looks for nothing, that of the copies that stay alone."""
    entries, stored = pair_entries(recipe), {entry.method.stored for entry in passage_entries(recipe)}
    items = [CONTAMINATION] if recipe.decontamination else []
    pairs = [redundant_stage(recipe)] if entries else []
    found = [stage.name for stage in (*items, *pairs)]
    spans = [spans_stage(recipe, found)] if stored else []
    hashing = [*items, *(make(recipe) for name, make in _SIGNING.items() if name in stored)]
    sketching = [entry for entry in entries if entry.method.gives]
    hashing += [sketch_stage(entry) for entry in sketching if not entry.models]
    embedding = [sketch_stage(entry) for entry in sketching if entry.models]
    found += [stage.name for stage in spans]
    comparing = [*pairs, *spans]
    if not found:
        return RepetitionStages([], [], [], [DEDUPLICATED_DOCUMENTS])
    return RepetitionStages(
        hashing, [] if embedding else comparing, [*embedding, *comparing] if embedding else [],
        [replace(CUT_PROGRAMS, inputs=(*CUT_PROGRAMS.inputs, *found)), CUT_DOCUMENTS],
    )
