"""The stages that judge documents by heuristics: signals once, verdicts as expressions over them, and who passes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.errors import PlainError
from data_platform.core.tables import table
from data_platform.filtering.settings import Filters
from data_platform.run import engine
from data_platform.run.recipe import Recipe
from data_platform.run.stage import Files, Stage, Work
from data_platform.run.workspace import Workspace

if TYPE_CHECKING:
    from daft import DataFrame

    from data_platform.filtering.judgement import Judgement
    from data_platform.ingest.records import Archive
    from data_platform.lake.lake import Lake, Pin

_IDENTITY = ("doc_id", "snapshot")


def _write_signals(work: Work) -> Files:
    from daft import col

    from data_platform.filtering.signals import quality_signals

    fields = {column.name: column.type for column in table("quality_signals").columns if column.name not in _IDENTITY}
    frame = engine.read(work.lake, work.pin("documents"), [*_IDENTITY, "text"])
    kernel = engine.batch_udf(partial(quality_signals, limits=work.recipe.signals.model_dump()), fields)
    return engine.write(
        work.lake, frame.select(*_IDENTITY, kernel(col("text"))), [engine.Output("quality_signals")]
    )


def _write_thresholds(work: Work) -> Files:
    from data_platform.filtering.judgement import learning_rule_sets
    from data_platform.filtering.learn import Sample, learn, sample_columns

    filters = work.recipe.filters
    found = []
    for rules in learning_rule_sets(filters):
        sample = Sample(int(rules.settings["sample_documents"]))
        signals = sample_columns([rules])
        read = _document_signals if rules.learning.source == "documents" else _reference_signals
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


def _stop_word_settings(filters: Filters) -> Mapping[str, float] | None:
    """The settings of the rule set that counts learned stop words; None if the recipe has none."""
    from data_platform.filtering.judgement import published_rule_sets

    for rules in published_rule_sets(filters):
        if "stop_word_share" in rules.settings:
            return rules.settings
    return None


def _write_stop_words(work: Work) -> Files:
    from data_platform.filtering.reference import reference_archives, reference_texts
    from data_platform.filtering.stop_words import learn_stop_words

    filters = work.recipe.filters
    found = []
    for language, archives in reference_archives(filters.reference).items():
        def texts(language: str = language, archives: list[Archive] = archives) -> Iterator[pa.Array]:
            return (rows["text"].combine_chunks() for rows in reference_texts(language, archives))

        found.append(learn_stop_words(language, texts, _stop_word_settings(filters)))
    return work.files(pa.concat_tables(found))


def _write_language_signals(work: Work) -> Files:
    from daft import col

    from data_platform.filtering.stop_words import count_stop_words

    stop_words = work.rows("filter_stop_words")
    fields = {column.name: column.type for column in table("language_signals").columns if column.name not in _IDENTITY}
    frame = engine.read(work.lake, work.pin("documents"), [*_IDENTITY, "text", "language"])
    kernel = engine.batch_udf(partial(count_stop_words, stop_words=stop_words), fields)
    return engine.write(
        work.lake, frame.select(*_IDENTITY, kernel(col("text"), col("language"))), [engine.Output("language_signals")]
    )


def signal_rows(lake: Lake, pins: Mapping[str, Pin], labels: Sequence[str]) -> tuple[DataFrame, list[str]]:
    """The signals of one snapshot beside columns of its documents, and the names of the signals.

    Args:
        pins: by table: `documents`, `quality_signals`, and `language_signals` and `document_branches` where the recipe
            has them. The domain is the one that a document was sorted into.
        labels: columns of `documents`.
    """
    frame, names = engine.read(lake, pins["documents"], [*_IDENTITY, *labels]), []
    frame = with_domain(lake, pins, frame)
    for name in ("quality_signals", "language_signals"):
        if name in pins:
            signals = [column for column in table(name).column_names if column not in _IDENTITY]
            frame = frame.join(engine.read(lake, pins[name], ["doc_id", *signals]), on="doc_id")
            names += signals
    return frame, names


def with_domain(lake: Lake, pins: Mapping[str, Pin], frame: DataFrame) -> DataFrame:
    """`frame` with the domain that its documents were sorted into, if the recipe has branches."""
    if "document_branches" not in pins:
        return frame
    sorted_into = engine.read(lake, pins["document_branches"], ["doc_id", "domain"])
    return frame.exclude("domain").join(sorted_into, on="doc_id")


def _write_verdicts(work: Work) -> Files:
    from daft import col

    from data_platform.filtering.judgement import LABELS, Judgement, filters_by_domain
    from data_platform.filtering.url_lists import list_digests

    frame, signals = signal_rows(work.lake, work.pin_of_table, LABELS)
    filters = work.recipe.filters
    learned = work.rows("filter_thresholds") if work.pins_of("filter_thresholds") else None
    judgement = Judgement(
        filters, work.recipe.language, filters_by_domain(work.recipe.branches), learned, list_digests(filters.urls)
    )
    read = [*LABELS, *signals]
    kernel = engine.batch_udf(
        partial(_judge_columns, names=read, judgement=judgement),
        {name: table("filter_verdicts")[name].type for name in ("kept", "reason", "failed")},
        batch_rows=8_192,
    )
    verdicts = kernel(*(col(name) for name in read))
    return engine.write(work.lake, frame.select(*_IDENTITY, verdicts), [engine.Output("filter_verdicts")])


def _judge_columns(*columns: pa.Array, names: list[str], judgement: Judgement) -> pa.StructArray:
    return judgement.verdicts(pa.table(list(columns), names))


def _write_filtered(work: Work) -> Files:
    from daft import col

    # There is a program for every document that breaks no rule.
    columns = ["doc_id", "program", "bytes_after", "tokens_after"]
    programs = engine.read(work.lake, work.pin("refinement_programs"), [*columns, "outcome"])
    programs = programs.where(col("outcome") != "dropped").select(*columns)
    made = ("text", "byte_count", "token_count")
    carried = [name for name in table("filtered_documents").column_names if name not in made]
    documents = engine.read(work.lake, work.pin("documents"), [*carried, "text"])
    documents = with_domain(work.lake, work.pin_of_table, documents)
    kernel = engine.batch_udf(replay, {"text": pa.large_string(), "byte_count": pa.int64()})
    frame = documents.join(programs, on="doc_id").select(
        *carried, kernel(col("text"), col("program"), col("bytes_after")), col("tokens_after").alias("token_count")
    )
    return engine.write(work.lake, frame, [engine.Output("filtered_documents")])


class ReplayDiffers(PlainError, RuntimeError):
    """A program does not make of its text what the table of programs says. The message counts the documents."""


def replay(text: pa.Array, program: pa.Array, bytes_after: pa.Array) -> pa.StructArray:
    """The texts that programs make, and their sizes.

    Raises:
        ReplayDiffers: if a size is not the one that was written beside the program.
    """
    from data_platform.programs.interpreter import interpret

    refined = interpret(text, program).text
    sizes = pc.binary_length(refined).cast(pa.int64())
    if differing := len(text) - pc.sum(pc.equal(sizes, bytes_after), min_count=0).as_py():
        # Better no table than one with what should have been redacted.
        raise ReplayDiffers(f"{differing} of {len(text)} documents differ in size from what their programs said")
    return pa.StructArray.from_arrays([refined, sizes], ["text", "byte_count"])


def _no_config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    return {}


def _signal_config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    return workspace.recipe.signals.model_dump()


def _filter_config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    from data_platform.filtering.judgement import filters_by_domain, learning_rule_sets
    from data_platform.filtering.url_lists import url_config

    filters = workspace.recipe.filters
    unlearned = {"unlearned": filters.unlearned} if learning_rule_sets(filters) else {}
    return {
        "rule_sets": _in_order(filters), "domains": list(filters.domains), "urls": url_config(filters.urls),
        "language": workspace.recipe.language.model_dump(mode="json", exclude={"model"}), **unlearned,
        **{f"branch {name}": _in_order(own) for name, own in filters_by_domain(workspace.recipe.branches).items()},
    }


def _in_order(filters: Filters) -> list[list[Any]]:
    """A mapping has no order in JSON, and the order of the rule sets decides which reason comes first."""
    return [[name, thresholds] for name, thresholds in filters.rule_sets.items()]


def _threshold_config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    from data_platform.filtering.judgement import learning_rule_sets

    filters = workspace.recipe.filters
    learning = learning_rule_sets(filters)
    config: dict[str, Any] = {
        "rule_sets": {rules.name: {"thresholds": sorted(rules.learned), **rules.settings} for rules in learning}
    }
    if any(rules.learning.source == "documents" for rules in learning):
        config["domains"] = list(filters.domains)
    if any(rules.learning.source == "reference" for rules in learning):
        config["reference"] = _reference_state(filters)
        config["signals"] = workspace.recipe.signals.model_dump()
    return config


def _stop_word_config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    filters = workspace.recipe.filters
    return {"settings": dict(_stop_word_settings(filters)), "reference": _reference_state(filters)}


def _reference_state(filters: Filters) -> dict[str, list[list[str]]]:
    """What changes when a reference text does."""
    from data_platform.filtering.reference import reference_archives

    return {
        language: sorted([archive.name, archive.fingerprint] for archive in archives)
        for language, archives in reference_archives(filters.reference).items()
    }


QUALITY_SIGNALS = Stage(
    name="quality_signals", group="filtering", inputs=("documents",), run=_write_signals, config=_signal_config,
)
FILTER_VERDICTS = Stage(
    name="filter_verdicts", group="filtering", inputs=("documents", "quality_signals"), run=_write_verdicts,
    config=_filter_config,
)
FILTERED_DOCUMENTS = Stage(
    name="filtered_documents", group="filtering", inputs=("documents", "filter_verdicts", "refinement_programs"),
    run=_write_filtered, config=_no_config,
)


def learning_stages(recipe: Recipe) -> tuple[Stage, ...]:
    """The stages that learn what rule sets of the recipe need to know of languages; none if all is published.

    Raises:
        RuleSetError: if a rule set or threshold of the recipe does not exist, or lacks what it is to learn from.
    """
    from data_platform.filtering.judgement import learning_rule_sets

    learning = learning_rule_sets(recipe.filters)
    from_documents = any(rules.learning.source == "documents" for rules in learning)
    learned = []
    if learning:
        learned.append(Stage(
            name="filter_thresholds", group="filtering",
            inputs=("documents", "quality_signals") if from_documents else (), run=_write_thresholds,
            config=_threshold_config,
            partitioned=False,
        ))
    if _stop_word_settings(recipe.filters):
        learned.append(Stage(
            name="filter_stop_words", group="filtering", inputs=(), run=_write_stop_words, config=_stop_word_config,
            partitioned=False,
        ))
        learned.append(Stage(
            name="language_signals", group="filtering", inputs=("documents", "filter_stop_words"),
            run=_write_language_signals, config=_no_config,
        ))
    return tuple(learned)


def filter_stages(recipe: Recipe) -> tuple[list[Stage], Stage]:
    """The stages of filtering as the recipe needs them: those that measure, learn and judge, and the one that keeps.

    Raises:
        RuleSetError: as `learning_stages`.
        UnknownLanguage: if the recipe names a language that its model does not know.
    """
    from data_platform.filtering.languages import check_languages

    check_languages(recipe.language, recipe.filters)
    learned = learning_stages(recipe)
    read = [stage.name for stage in learned if stage.name != "filter_stop_words"]  # they are in the language signals
    branches = ["document_branches"] if recipe.branches else []
    verdicts = replace(FILTER_VERDICTS, inputs=(*FILTER_VERDICTS.inputs, *read, *branches))
    return (
        [QUALITY_SIGNALS, *learned, verdicts],
        replace(FILTERED_DOCUMENTS, inputs=(*FILTERED_DOCUMENTS.inputs, *branches)),
    )
