"""Extraction: quality, speed and memory of the HTML engines side by side, in one run on the same pages.

Quality is that of trafilatura's own evaluation: segments that must and that must not be in the text of a page. The
classifier of `auto` was trained on one half of the hosts (`benchmarks.train_extraction`); the table gives both halves
and all. Speed is pages per second of processor time in one process on one core, decoding, guard, title and cleaning
included. Memory is by how much the largest size of the process grew from before the engine was loaded. The engines
take turns, `--rounds` times, and the fastest round counts, so that a busy machine troubles all of them alike.

The second table says what of formulas, code and tables each engine keeps, on pages written for it.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from pathlib import Path

from benchmarks.common import own_python, parser, run_measured, show
from benchmarks.extraction_pages import HELD_OUT, TRAINING, quality, read_pages
from benchmarks.extraction_shapes import SHAPES, keeps, page_with

ENGINES = {"trafilatura fast": ("trafilatura", {}), "resiliparse": ("resiliparse", {}), "auto": ("auto", {})}


def _measure(name: str, data: Path, texts: Path | None) -> None:
    """One engine over all pages in this process; prints JSON."""
    from data_platform.extract.choose import html_extractor
    from data_platform.extract.settings import Extraction

    pages = read_pages(data)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    engine, options = ENGINES[name]
    extractor = html_extractor(Extraction(engine=engine, options=options))
    for page in pages[:5]:  # what compiles or loads on first use
        extractor.extract(page.payload, "text/html", None, page.url)
    started = time.process_time()
    results = {page.url: extractor.extract(page.payload, "text/html", None, page.url) for page in pages}
    seconds = time.process_time() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    if texts:
        texts.write_text(json.dumps({url: getattr(result, "text", "") for url, result in results.items()}), "utf-8")
    print(json.dumps({"version": extractor.version, "seconds": seconds, "pages": len(pages), "peak_kib": peak}))


def main() -> None:
    """Print the table."""
    arguments = parser(__doc__)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--engine", choices=ENGINES, help=argparse.SUPPRESS)
    arguments.add_argument("--texts", type=Path, help=argparse.SUPPRESS)
    options = arguments.parse_args()
    if options.engine:
        return _measure(options.engine, options.data, options.texts)

    import tempfile

    answers: dict[str, list] = {name: [] for name in ENGINES}
    texts = {}
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(options.rounds):
            for name in ENGINES:
                command = [own_python(), "-m", "benchmarks.extraction", "--data", str(options.data), "--engine", name]
                path = Path(folder) / f"{name}.json"
                answers[name].append(run_measured([*command, *([] if turn else ["--texts", str(path)])], 1).answer)
                if not turn:
                    texts[name] = json.loads(path.read_text("utf-8"))
    pages = read_pages(options.data)
    rows = []
    speed = {name: max(run["pages"] / run["seconds"] for run in runs) for name, runs in answers.items()}
    for name, runs in answers.items():
        for half in (TRAINING, HELD_OUT, None):
            chosen = [page for page in pages if half in (None, page.half)]
            figures = (round(value, 4) for value in quality(chosen, texts[name]))
            rows.append([
                runs[0]["version"], half or "all", len(chosen), *figures,
                *([] if half else [round(speed[name], 1), round(speed[name] / speed["trafilatura fast"], 2),
                                   round(max(run["peak_kib"] for run in runs) / 1024)]),
            ])  # fmt: skip
    show(
        "Extraction, trafilatura's evaluation set",
        ["engine", "hosts", "pages", "precision", "recall", "F1", "pages/s", "times trafilatura", "MiB"], rows,
    )
    show("What survives", ["shape", *ENGINES], _survivors())


def _survivors() -> list[list[str]]:
    """For every shape of formula, code and table: which engines keep it as it should be."""
    from data_platform.extract.choose import html_extractor
    from data_platform.extract.settings import Extraction

    engines = [html_extractor(Extraction(engine=engine, options=options)) for engine, options in ENGINES.values()]
    rows = []
    for name, (shape, wanted) in SHAPES.items():
        results = [engine.extract(page_with(shape).encode(), "text/html", None, "") for engine in engines]
        rows.append([name, *("kept" if keeps(getattr(result, "text", ""), wanted) else "" for result in results)])
    return rows


if __name__ == "__main__":
    main()
