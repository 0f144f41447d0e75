"""Refinement: speed of writing and of applying programs on real pages, beside ftfy and datatrove, and exact replay.

Pages are those of warc/pages-2020 and pages-2024, extracted by resiliparse. ftfy is run text by text, as pipelines do.
The lines that C4's rules leave are compared with those that datatrove's filter leaves. What may differ: it cuts white
space from the start of lines, and takes out citations of five digits and more.

    python -m benchmarks.refinement [--data FOLDER]
"""

from __future__ import annotations

import json
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa

from benchmarks.common import parser, peers_python, run_measured, show
from data_platform.core.kinds.editor import PERSONAL_TYPES
from data_platform.methods.edits.c4_lines import C4Lines
from data_platform.methods.edits.culturax_lines import CulturaXLines
from data_platform.methods.edits.personal_data import find_personal_data
from data_platform.methods.edits.settings import LineRules, Refinement
from data_platform.methods.edits.unicode_repair import UnicodeRepair
from data_platform.programs.interpreter import EDIT_KINDS, interpret
from data_platform.programs.lines import find_lines
from data_platform.programs.plan import plan
from data_platform.stages.refinement import editors

BATCH = 128


def main() -> None:
    """Print four tables: speed, what was edited, whether replay gives the same, and agreement with datatrove."""
    data = parser(__doc__).parse_args().data
    texts = pa.array([text for text in pages(data) if text], pa.large_string())
    lines = LineRules(c4={}, culturax={})
    rules = [C4Lines(C4Lines.Settings()), CulturaXLines(CulturaXLines.Settings())]
    repair = UnicodeRepair(UnicodeRepair.Settings())
    settings = {
        "defaults: Unicode, e-mail, IP": Refinement(),
        "all personal data": Refinement(personal_data=PERSONAL_TYPES),
        "all personal data, C4, CulturaX": Refinement(personal_data=PERSONAL_TYPES, lines=lines),
    }
    size = texts.nbytes / 1e6
    table = [
        ["find repairs (ftfy behind a scan)", *_speed(texts, repair.edits)],
        ["find personal data, 5 types", *_speed(texts, find_personal_data)],
        ["find lines, C4 and CulturaX", *_speed(texts, lambda batch: find_lines(batch, rules))],
    ]
    edits, replay = [], []
    for name, wanted in settings.items():
        planned, *speed = _speed(texts, lambda batch, wanted=wanted: _plan(batch, wanted), keep=True)
        table.append([f"write programs: {name}", *speed])
        programs = pa.concat_arrays([part.program for part in planned])
        made, *speed = _speed(texts, interpret, programs, keep=True)
        table.append([f"apply programs: {name}", *speed])
        stored = pa.concat_arrays([part.interpreted.text for part in planned])
        again = pa.concat_arrays([part.text for part in made])
        outcomes = pa.concat_arrays([part.interpreted.outcome for part in planned]).value_counts().to_pylist()
        replay.append([name, len(texts), again.equals(stored), *_outcomes(outcomes)])
        for place, kind in enumerate(EDIT_KINDS):
            counts = sum(int(part.interpreted.counts[:, place].sum()) for part in planned)
            documents = sum(int((part.interpreted.counts[:, place] > 0).sum()) for part in planned)
            removed = sum(int(part.interpreted.removed_bytes[:, place].sum()) for part in planned)
            if counts:
                edits.append([name, kind, documents, counts, removed])
    some = texts.take(pa.array(range(0, len(texts), 10)))
    table.append(["ftfy.fix_text, text by text, every tenth page", *_speed(some, _ftfy)])
    show(f"Speed on {len(texts)} pages, {size:.1f} MB, one core", ("what", "MB/s", "pages/s"), table)
    show("What was edited", ("settings", "edit", "documents", "edits", "bytes removed"), edits)
    show("Replay: refined texts rebuilt from text and program are equal", ("settings", "pages", "equal", "unchanged",
                                                                          "refined", "dropped", "malformed"), replay)
    _compare_c4(texts)


def pages(data: Path) -> list[str]:
    """The text of the real pages, cleaned as documents are."""
    import gzip

    from resiliparse.extract.html2text import extract_plain_text
    from resiliparse.parse.encoding import detect_encoding
    from warcio.archiveiterator import ArchiveIterator

    from data_platform.extract.clean import clean_text

    texts = []
    for name in ("pages-2020.warc.gz", "pages-2024.warc.gz"):
        with gzip.open(data / "warc" / name) as stream:
            for record in ArchiveIterator(stream):
                if record.rec_type == "response":
                    payload = record.content_stream().read()
                    html = payload.decode(detect_encoding(payload), "replace")
                    texts.append(clean_text(extract_plain_text(html, main_content=True)))
    return texts


def _plan(batch: pa.Array, settings: Refinement) -> Any:
    return plan(batch, pa.array(["web"] * len(batch)), editors(settings), settings.min_words)


def _speed(texts: pa.Array, function: Callable, *others: pa.Array, keep: bool = False) -> list:
    """MB/s and texts per second of processor time, in batches as a stage has them; with `keep`, results come first."""
    function(texts[:20], *(other[:20] for other in others))
    results = []
    started = time.process_time()
    for row in range(0, len(texts), BATCH):
        results.append(function(texts[row : row + BATCH], *(other[row : row + BATCH] for other in others)))
    seconds = time.process_time() - started
    speed = [texts.nbytes / 1e6 / seconds, len(texts) / seconds]
    return [results, *speed] if keep else speed


def _outcomes(counts: list[dict]) -> list[int]:
    found = {item["values"]: item["counts"] for item in counts}
    return [found.get(outcome, 0) for outcome in ("unchanged", "refined", "dropped", "malformed")]


def _ftfy(batch: pa.Array) -> None:
    import ftfy

    for text in batch.to_pylist():
        ftfy.fix_text(text, uncurl_quotes=False, fix_latin_ligatures=False, fix_character_width=False)


def _compare_c4(texts: pa.Array) -> None:
    """Compare the lines that C4's rules leave with those that datatrove's filter leaves, and the speed of both."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "texts.json"
        file.write_text(json.dumps(texts.to_pylist()), encoding="utf-8")
        answer = run_measured([peers_python(), str(Path(__file__).with_name("peer_c4_lines.py")), str(file)]).answer
    wanted = Refinement(unicode=False, personal_data=(), lines=LineRules(c4={}))
    planned, speed, _ = _speed(texts, lambda batch: _plan(batch, wanted), keep=True)
    made = [part.interpreted for part in planned]
    ours = [
        "" if outcome == "dropped" else text
        for part in made for outcome, text in zip(part.outcome.to_pylist(), part.text.to_pylist(), strict=True)
    ]
    lines = same = equal = 0
    for text, mine, theirs in zip(texts.to_pylist(), ours, answer["texts"], strict=True):
        one, other = ([line.strip() for line in kept.split("\n") if line.strip()] for kept in (mine, theirs or ""))
        equal += one == other
        total = sum(bool(line.strip()) for line in text.split("\n"))
        differing = sum(((Counter(one) - Counter(other)) + (Counter(other) - Counter(one))).values())
        lines, same = lines + total, same + total - min(total, differing)
    show(
        "C4's line rules: agreement with datatrove's C4QualityFilter (line rules alone)",
        ("pages", "equal pages", "lines", "lines decided alike", "our MB/s", "datatrove MB/s"),
        [[len(texts), equal / len(texts), lines, same / lines, speed, texts.nbytes / 1e6 / answer["seconds"]]],
    )


if __name__ == "__main__":
    main()
