"""The stage that writes the copies that stay. Not here: a recipe that cuts texts too (`cut_documents.py`)."""

from __future__ import annotations

from data_platform.run import engine
from data_platform.run.stage import Files, Passing, Stage, Work
from data_platform.stages.shared.copies import COPIES, kept_documents, weight_config


def _write(work: Work) -> Files:
    return engine.write(work.lake, kept_documents(work), [engine.Output("deduplicated_documents")])


DEDUPLICATED_DOCUMENTS = Stage(
    name="deduplicated_documents", group="deduplication", inputs=("filtered_documents", "duplicates"),
    run=_write, config=weight_config, phase="annotate", books=Passing((COPIES,)), checks=("licenses_current",),
    distributions=True,
)
