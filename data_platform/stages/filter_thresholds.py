"""The stage that learns thresholds of rule sets by language, from documents or from reference texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from data_platform.core.tables import table
from data_platform.run import engine
from data_platform.run.recipe import Recipe
from data_platform.run.stage import Files, Stage, Work
from data_platform.run.workspace import Workspace
from data_platform.stages.shared.references import reference_state


def _write(work: Work) -> Files:
    from data_platform.filtering.chosen import learning_rule_sets
    from data_platform.filtering.learn import Sample, learn, sample_columns

    filters = work.recipe.filters
    found = []
    for rules in learning_rule_sets(filters):
        sample = Sample(int(rules.settings["sample_documents"]))
        signals = sample_columns([rules])
        read = _document_signals if rules.learning.learns_from == "documents" else _reference_signals
        for rows in read(work, signals):
            sample.add(rows)
        found.append(learn(rules, sample.languages()))
    return work.files(pa.concat_tables(found))


def _document_signals(work: Work, signals: Sequence[str]) -> Iterator[pa.Table]:
    """Ids, languages and signals of the documents of all snapshots, in the domains that rule sets apply to."""
    from daft import col

    domains = work.recipe.filters.domains
    labels = [name for name in signals if name in table("documents")]
    others = [name for name in signals if name not in labels]
    measured = {pin.partition: pin for pin in work.pins_of("quality_signals")}
    for pin in work.pins_of("documents"):
        documents = engine.read(work.lake, pin, ["doc_id", "language", "domain", *labels])
        if domains:
            documents = documents.where(col("domain").is_in(list(domains)))
        rows = documents.join(engine.read(work.lake, measured[pin.partition], ["doc_id", *others]), on="doc_id")
        for batch in rows.select("doc_id", "language", *signals).to_arrow_iter():
            yield pa.Table.from_batches([batch])


def _reference_signals(work: Work, signals: Sequence[str]) -> Iterator[pa.Table]:
    """Digests, languages and signals of the reference texts of the recipe."""
    from data_platform.filtering.reference import reference_archives, reference_texts
    from data_platform.filtering.signals import quality_signals

    limits = work.recipe.signals.model_dump()
    for language, archives in reference_archives(work.recipe.filters.reference).items():
        for texts in reference_texts(language, archives):
            measured = pa.Table.from_struct_array(quality_signals(texts["text"], limits)).select(signals)
            yield pa.table([texts["doc_id"], texts["language"], *measured.columns], ["doc_id", "language", *signals])


def _config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    from data_platform.filtering.chosen import learning_rule_sets

    filters = workspace.recipe.filters
    learning = learning_rule_sets(filters)
    config: dict[str, Any] = {
        "rule_sets": {rules.name: {"thresholds": sorted(rules.learned), **rules.settings} for rules in learning}
    }
    if any(rules.learning.learns_from == "documents" for rules in learning):
        config["domains"] = list(filters.domains)
    if any(rules.learning.learns_from == "reference" for rules in learning):
        config["reference"] = reference_state(filters)
        config["signals"] = workspace.recipe.signals.model_dump()
    return config


def thresholds_stage(recipe: Recipe) -> Stage:
    """The stage as the recipe needs it: with the documents if a rule set learns from them.

    Raises:
        RuleSetError: if a rule set or threshold of the recipe does not exist, or lacks what it is to learn from.
    """
    from data_platform.filtering.chosen import learning_rule_sets

    learning = learning_rule_sets(recipe.filters)
    from_documents = any(rules.learning.learns_from == "documents" for rules in learning)
    return Stage(
        name="filter_thresholds", group="filtering",
        inputs=("documents", "quality_signals") if from_documents else (),
        run=_write, config=_config, partitioned=False, phase="learn", books=None,
        methods=tuple(type(rules.learning) for rules in learning),
    )
