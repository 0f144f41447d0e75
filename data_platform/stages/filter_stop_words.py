"""The stage that learns the stop words of languages from reference texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from data_platform.filtering.settings import Filters
from data_platform.run.stage import Files, Stage, Work
from data_platform.run.workspace import Workspace
from data_platform.stages.shared.references import reference_state

if TYPE_CHECKING:
    from data_platform.ingest.records import Archive


def stop_word_settings(filters: Filters) -> Mapping[str, float] | None:
    """The settings of the rule set that counts learned stop words; None if the recipe has none."""
    from data_platform.filtering.chosen import published_rule_sets

    for rules in published_rule_sets(filters):
        if "stop_word_share" in rules.settings:
            return rules.settings
    return None


def _write(work: Work) -> Files:
    from data_platform.filtering.reference import reference_archives, reference_texts
    from data_platform.filtering.stop_words import learn_stop_words

    filters = work.recipe.filters
    found = []
    for language, archives in reference_archives(filters.reference).items():
        def texts(language: str = language, archives: list[Archive] = archives) -> Iterator[pa.Array]:
            return (rows["text"].combine_chunks() for rows in reference_texts(language, archives))

        found.append(learn_stop_words(language, texts, stop_word_settings(filters)))
    return work.files(pa.concat_tables(found))


def _config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    filters = workspace.recipe.filters
    return {"settings": dict(stop_word_settings(filters)), "reference": reference_state(filters)}


FILTER_STOP_WORDS = Stage(
    name="filter_stop_words", group="filtering", inputs=(), run=_write, config=_config, partitioned=False,
    phase="learn", books=None,
)
