"""Compiling the kernels that stages need before the stages wait for them: once for their code, on all cores.

A sample runs a computation on a text or page, which compiles its kernels and leaves them on disk. Stages have the
samples of the modules that their code reaches. Whatever has none is compiled where it runs first.

Here belong samples of what takes more than two seconds to compile, and how they are run. Not here: kernels, and where
they are kept (`kernels.cache`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor, as_completed
from multiprocessing import active_children, get_context

from data_platform.core import stopping
from data_platform.core.code import reached
from data_platform.run.stage import Stage

_PAGE = b"""<!doctype html><html lang=en><head><title>A page</title></head><body><article><h1>A page</h1>
<p>One paragraph of words, <a href=/one>with a link</a> and <img src=one.png alt="an image"> in it.</p>
<table><tr><td>1<td>2</table><ul><li>One<li>Two</ul><pre>code</pre><p>\\(x^2\\)</article></body></html>"""
_TEXT = "Words of a page, with lorem ipsum and a [1] in it.\nwww.example.org, a@example.org, +49 30 123456, 192.0.2.1\n"


def _signals() -> None:
    import pyarrow as pa

    from data_platform.filtering.signals import quality_signals

    quality_signals(pa.array([_TEXT * 9], pa.large_string()))


def _extraction() -> None:
    import pyarrow as pa

    from data_platform.extract.batch import extract_batch
    from data_platform.extract.settings import Extraction

    extract_batch(
        pa.array([_PAGE], pa.large_binary()), pa.array(["text/html"]), pa.array(["utf-8"]),
        pa.array(["https://www.example.org/"]), pa.array(["response"]), Extraction(),
    )  # fmt: skip


def _refinement() -> None:
    import pyarrow as pa

    from data_platform.methods.edits.settings import Refinement
    from data_platform.programs.plan import plan
    from data_platform.stages.refinement import editors

    plan(pa.array([_TEXT], pa.large_string()), pa.array(["web"]), editors(Refinement()))


def _copies() -> None:
    import pyarrow as pa

    from data_platform.duplicates.candidates import copy_pairs
    from data_platform.methods.duplicates.minhash import MinHash

    pairer = MinHash(MinHash.Settings())
    signed = pairer.sign(pa.array([_TEXT, _TEXT], pa.large_string()))
    documents = pa.table({"doc_id": [f"{place:032x}" for place in range(2)], "snapshot": ["one"] * 2} | signed)
    copy_pairs(documents, "one", [pairer])


def _substrings() -> None:
    import pyarrow as pa

    from data_platform.methods.duplicates.substrings import fingerprints, repeated_substrings

    documents = pa.record_batch({
        "doc_id": [f"{place:032x}" for place in range(2)], "snapshot": ["one"] * 2,
        "text": pa.array([_TEXT * 3] * 2, pa.large_string()),
    })  # fmt: skip
    fingerprints(documents["text"])
    repeated_substrings(lambda: [documents], documents.nbytes)


def _language() -> None:
    import pyarrow as pa

    from data_platform.language.identify import identify

    identify(pa.array([_TEXT], pa.large_string()))


# By what they run, the longest first: it takes a core for itself.
_SAMPLES: Mapping[str, Callable[[], None]] = {
    "data_platform.extract.batch": _extraction,
    "data_platform.filtering.signals": _signals,
    "data_platform.methods.duplicates.substrings": _substrings,
    "data_platform.programs.plan": _refinement,
    "data_platform.methods.duplicates.minhash": _copies,
    "data_platform.language.identify": _language,
}


def samples(stages: Collection[Stage]) -> list[str]:
    """The samples of all that `stages` compute with, the longest first."""
    modules = set().union(*(reached(*stage.modules) for stage in stages))
    return [sample for sample in _SAMPLES if sample in modules]


def cold(stages: Collection[Stage]) -> list[str]:
    """The samples of `stages` that this user has not run since their code was changed."""
    from data_platform.kernels.cache import is_compiled

    return [sample for sample in samples(stages) if not is_compiled(sample)]


def compile_kernels(cold: Sequence[str]) -> Iterator[int]:
    """Run samples, each in a process of its own, as many at once as there are cores. Gives how many are done.

    If such processes cannot be started, or die, the rest is compiled where it runs first, which fails there if it must.
    """
    from data_platform.kernels.cache import mark_compiled, remove_unused

    context = get_context("spawn")
    with ProcessPoolExecutor(min(len(cold), os.cpu_count() or 1), context, stopping.end_with_parent) as pool:
        try:
            with stopping.workers_deaf_to_interrupts():
                runs = {pool.submit(run_sample, sample): sample for sample in cold}
            for done, run in enumerate(as_completed(runs), 1):
                run.result()
                mark_compiled(runs[run])
                yield done
        except (BrokenExecutor, BrokenPipeError):
            return
        except KeyboardInterrupt:
            for process in active_children():  # the pool would wait for what they compile
                process.kill()
            raise
    remove_unused()


def run_sample(sample: str) -> None:
    """Run a sample in this process."""
    _SAMPLES[sample]()
