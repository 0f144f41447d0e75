"""The stage that writes the program of every document that the filters keep, and what its replay takes from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from glob import glob
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.errors import PlainError
from data_platform.core.kinds.editor import Editor
from data_platform.core.kinds.method import Entry
from data_platform.core.registry import method
from data_platform.core.settings import Part
from data_platform.core.tables import table
from data_platform.methods.edits.settings import ProposedPrograms, Refinement
from data_platform.methods.edits.unicode_repair import UnicodeRepair
from data_platform.programs.plan import Limits, Use
from data_platform.run import engine
from data_platform.run.recipe import Recipe
from data_platform.run.stage import Dropped, Files, Passing, Stage, Work
from data_platform.run.workspace import Workspace
from data_platform.stages.shared.domains import with_domain

_IDENTITY = ("doc_id", "snapshot")


class ProgramsUnusable(PlainError, ValueError):
    """The recipe names programs from outside that are not there or cannot be read. The message says what is wrong."""


def editor_entries(settings: Refinement) -> list[tuple[Entry, tuple[str, ...]]]:
    """The editors that the recipe wants, in order, each with the domains that it edits; none means all."""
    lines = settings.lines
    personal = {"types": settings.personal_data, "public_addresses_only": settings.public_addresses_only}
    return [
        *([(_entry("unicode"), ())] if settings.unicode else []),
        *([(_entry("c4_lines", lines.c4), lines.domains)] if lines.c4 else []),
        *([(_entry("culturax_lines", lines.culturax), lines.domains)] if lines.culturax else []),
        *([(_entry("personal_data", personal), ())] if settings.personal_data else []),
        *((entry, ()) for entry in settings.editors.values()),
    ]


def _entry(name: str, settings: Part | Mapping[str, Any] | None = None) -> Entry:
    found = method(Editor, name)
    return Entry(name, found, settings if isinstance(settings, Part) else found.Settings(**(settings or {})))


def editors(settings: Refinement) -> list[Use]:
    """The editors that the recipe wants, ready to work."""
    return [
        Use(entry.name, entry.made(), domains, own=entry.method is UnicodeRepair)
        for entry, domains in editor_entries(settings)
    ]


def limits(settings: Refinement) -> Limits:
    """What programs may do to a document by the recipe."""
    return Limits(settings.max_inserted_bytes, settings.programs.max_joins if settings.programs else 0)


def refine_batch(
    text: pa.Array, domain: pa.Array, token_count: pa.Array, proposed: pa.Array, *, settings: Refinement,
    tokenizer: str | None,
) -> pa.StructArray:
    """Write and try the programs of one batch of documents: a struct array with the columns of the table."""
    from data_platform.programs.interpreter import EDIT_KINDS
    from data_platform.programs.plan import plan
    from data_platform.text.tokenizer import count_tokens

    planned = plan(text, domain, editors(settings), settings.min_words, proposed, limits(settings))
    made = planned.interpreted
    refined, dropped = (pc.equal(made.outcome, outcome).to_numpy(False) for outcome in ("refined", "dropped"))
    sizes = pc.binary_length(text).to_numpy(False).astype(np.int64)
    tokens = token_count.to_numpy(False).astype(np.int64)
    tokens_after = np.where(dropped, 0, tokens)
    rows = np.flatnonzero(refined)
    tokens_after[rows] = count_tokens(made.text.take(pa.array(rows)), tokenizer).to_numpy()
    columns = {
        "program": planned.program,
        "outcome": made.outcome,
        "reason": made.reason,
        "refused_proposal": planned.refused,
        "inserted_bytes": planned.inserted,
        "bytes_before": sizes,
        "bytes_after": np.where(dropped, 0, pc.binary_length(made.text).to_numpy(False)),
        "tokens_before": tokens,
        "tokens_after": tokens_after,
    }
    for place, kind in enumerate(EDIT_KINDS):
        columns[f"{kind}_edited"] = made.counts[:, place]
        columns[f"{kind}_bytes_removed"] = made.removed_bytes[:, place]
    fields = _written_fields()
    return pa.StructArray.from_arrays([pa.array(columns[name], type_) for name, type_ in fields.items()], list(fields))


def _written_fields() -> dict[str, pa.DataType]:
    return {
        column.name: column.type for column in table("refinement_programs").columns if column.name not in _IDENTITY
    }


def _proposals(programs: ProposedPrograms) -> Any:
    """The programs from outside as a dataframe: doc_id and proposed.

    Raises:
        ProgramsUnusable: if a document has several.
    """
    import daft
    from daft import col

    frame = daft.read_parquet(_proposal_files(programs))
    if missing := {"doc_id", programs.column} - set(frame.column_names):
        raise ProgramsUnusable(f"refinement.programs: {programs.path} has no column {', '.join(sorted(missing))}")
    ids = frame.select("doc_id")
    if repeated := ids.count_rows() - ids.distinct().count_rows():
        raise ProgramsUnusable(
            f"refinement.programs: {repeated} rows of {programs.path} repeat a doc_id; join the programs of the chunks "
            "of a document by line feeds"
        )
    return frame.select(col("doc_id"), col(programs.column).cast(daft.DataType.string()).alias("proposed"))


def proposed_ids(programs: ProposedPrograms) -> pa.StringArray:
    """The documents for which there are programs from outside that are not empty.

    Raises:
        ProgramsUnusable: if the files are not there, or have no such columns.
    """
    import pyarrow.dataset

    found = pyarrow.dataset.dataset(_proposal_files(programs), format="parquet")
    if missing := {"doc_id", programs.column} - set(found.schema.names):
        raise ProgramsUnusable(f"refinement.programs: {programs.path} has no column {', '.join(sorted(missing))}")
    some = found.to_table(columns=["doc_id"], filter=pc.greater(pc.binary_length(pc.field(programs.column)), 0))
    ids = some["doc_id"].cast(pa.string()).drop_null().combine_chunks()
    return pa.concat_arrays(ids.chunks) if isinstance(ids, pa.ChunkedArray) else ids


def _write_programs(work: Work) -> Files:
    import daft
    from daft import col, lit

    kept = engine.read(work.lake, work.pin("filter_verdicts"), ["doc_id", "kept"]).where(col("kept"))
    frame = engine.read(work.lake, work.pin("documents"), [*_IDENTITY, "domain", "token_count", "text"])
    frame = frame.join(kept.select("doc_id"), on="doc_id", how="semi")
    frame = with_domain(work.lake, work.pin_of_table, frame)
    settings = work.recipe.refinement
    if settings.programs:
        frame = frame.join(_proposals(settings.programs), on="doc_id", how="left")
    else:
        frame = frame.with_column("proposed", lit(None).cast(daft.DataType.string()))
    kernel = engine.batch_udf(
        partial(refine_batch, settings=settings, tokenizer=work.recipe.tokenizer), _written_fields()
    )
    written = kernel(*(col(name) for name in ("text", "domain", "token_count", "proposed")))
    return engine.write(work.lake, frame.select(*_IDENTITY, written), [engine.Output("refinement_programs")])


def _proposal_files(programs: ProposedPrograms) -> list[str]:
    """The Parquet files that a recipe names.

    Raises:
        ProgramsUnusable: if there are none.
    """
    path = Path(programs.path)
    files = sorted(map(str, path.rglob("*.parquet"))) if path.is_dir() else sorted(glob(programs.path))
    if not files:
        raise ProgramsUnusable(f"refinement.programs: no Parquet file at {programs.path}")
    return files


def _config(workspace: Workspace, snapshot: str | None) -> Mapping[str, Any]:
    from data_platform.text.tokenizer import tokenizer_name

    recipe = workspace.recipe
    settings = recipe.refinement
    proposals = [
        [file, (status := Path(file).stat()).st_size, status.st_mtime_ns]
        for file in (_proposal_files(settings.programs) if settings.programs else ())
    ]
    return {
        "refinement": settings.model_dump(mode="json"),
        "proposals": proposals,
        "tokenizer": tokenizer_name(recipe.tokenizer),
    }


REFINEMENT_PROGRAMS = Stage(
    name="refinement_programs", group="filtering", inputs=("documents", "filter_verdicts"), run=_write_programs,
    config=_config, phase="filter",
    books=Passing((Dropped("filter_verdicts", "reason", lambda snapshot: ~pc.field("kept")),)),
)


def refinement_stage(recipe: Recipe) -> Stage:
    """The stage as the recipe needs it: with its editors; with branches, rules apply by the domain that a document was
    sorted into."""
    branches = ("document_branches",) if recipe.branches else ()
    return replace(
        REFINEMENT_PROGRAMS, inputs=(*REFINEMENT_PROGRAMS.inputs, *branches),
        checks=("proposals",) if recipe.refinement.programs else (),
        methods=tuple(dict.fromkeys(entry.method for entry, _ in editor_entries(recipe.refinement))),
    )
