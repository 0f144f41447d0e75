"""Compiling the kernels of stages before the stages wait for them: once on a machine, on all its cores.

Here belong a sample for every stage whose kernels take long to compile, and how samples are run. Not here: kernels, and
where they are kept on disk (`kernels.cache`). A stage whose kernels were not compiled here does it when it runs, each
of its worker processes for itself.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path

from data_platform.extract.settings import Extraction
from data_platform.methods.edits.settings import Refinement
from data_platform.run.stage import Stage

_PAGE = b"""<!doctype html><html lang=en><head><title>A page</title></head><body><article><h1>A page</h1>
<p>One paragraph of words, <a href=/one>with a link</a> and <img src=one.png alt="an image"> in it.</p>
<table><tr><td>1<td>2</table><ul><li>One<li>Two</ul><pre>code</pre><p>\\(x^2\\)</article></body></html>"""
_TEXT = "Words of a page, with lorem ipsum and a [1] in it.\nwww.example.org, a@example.org, +49 30 123456, 192.0.2.1\n"


def _documents() -> None:
    import pyarrow as pa

    from data_platform.extract.batch import extract_batch
    from data_platform.language.identify import identify

    extract_batch(
        pa.array([_PAGE], pa.large_binary()), pa.array(["text/html"]), pa.array(["utf-8"]),
        pa.array(["https://www.example.org/"]), pa.array(["response"]), Extraction(),
    )  # fmt: skip
    identify(pa.array([_TEXT], pa.large_string()))


def _quality_signals() -> None:
    import pyarrow as pa

    from data_platform.filtering.signals import quality_signals

    quality_signals(pa.array([_TEXT * 9], pa.large_string()))


def _refinement_programs() -> None:
    import pyarrow as pa

    from data_platform.programs.plan import plan
    from data_platform.stages.refinement import editors

    plan(pa.array([_TEXT], pa.large_string()), pa.array(["web"]), editors(Refinement()))


# The longest first: it takes a core for itself.
_SAMPLES: Mapping[str, Callable[[], None]] = {
    "quality_signals": _quality_signals, "documents": _documents, "refinement_programs": _refinement_programs,
}  # fmt: skip


def cold(stages: Collection[Stage]) -> list[Stage]:
    """Those of `stages` with samples that were not compiled by this user as their code is now."""
    known = {stage.name: stage for stage in stages if stage.name in _SAMPLES}
    return [known[name] for name in _SAMPLES if name in known and not _mark(known[name]).exists()]


def compile_kernels(stages: Collection[Stage]) -> None:
    """Compile the kernels of `stages`, each stage in a process of its own, as many at once as there are cores."""
    if not stages:
        return
    with ProcessPoolExecutor(min(len(stages), os.cpu_count() or 1), mp_context=get_context("spawn")) as pool:
        list(pool.map(run_sample, [stage.name for stage in stages]))
    for stage in stages:
        with suppress(OSError):  # where nothing can be written, kernels are compiled anew in every process
            _mark(stage).parent.mkdir(parents=True, exist_ok=True)
            _mark(stage).touch()


def run_sample(stage: str) -> None:
    """Run the sample of a stage in this process."""
    _SAMPLES[stage]()


def _mark(stage: Stage) -> Path:
    """Where it is noted that the kernels of a stage were compiled: beside them."""
    from data_platform.kernels.cache import cache_home

    return cache_home() / f"compiled.{stage.name}.{stage.code_version}"
