"""Do our rule sets decide as datatrove's filters do? Keep or drop, per rule set, on the English texts of a data folder.

    python -m benchmarks.filter_agreement --data ../shared/data

datatrove runs in its own environment (`make peers`) over the same texts; what it says is cached: it takes minutes.
Every disagreement falls in a class: rule set, rule, and which side drops. Each class is printed with how far the two
measurements are apart and why. No text is printed, only ids with --ids.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from benchmarks.common import ROOT, parser, peers_python, run_measured, show
from benchmarks.texts import english_texts
from data_platform.core.settings import home
from data_platform.filtering.rules import rule_set, verdicts
from data_platform.filtering.signals import quality_signals

# datatrove's reason to our rule. Reasons that are not here are ours with the same name.
RULES = {
    "gopher_quality": {
        "gopher_short_doc": "word_count", "gopher_long_doc": "word_count",
        "gopher_below_avg_threshold": "mean_word_length", "gopher_above_avg_threshold": "mean_word_length",
        "gopher_too_many_hashes": "hash_to_word_ratio", "gopher_too_many_ellipsis": "ellipsis_to_word_ratio",
        "gopher_too_many_bullets": "bullet_line_fraction", "gopher_too_many_end_ellipsis": "ellipsis_line_fraction",
        "gopher_below_alpha_threshold": "alphabetic_word_fraction", "gopher_enough_stop_words": "stop_word_count",
    },
    "gopher_repetition": {
        "dup_para_frac": "duplicate_paragraph_fraction", "dup_para_char_frac": "duplicate_paragraph_character_fraction",
        "dup_line_frac": "duplicate_line_fraction", "dup_line_char_frac": "duplicate_line_character_fraction",
        **{f"top_{n}_gram": f"top_{n}gram_character_fraction" for n in (2, 3, 4)},
        **{f"duplicated_{n}_n_grams": f"duplicate_{n}gram_character_fraction" for n in range(5, 11)},
    },
    "c4": {},
    "fineweb": {
        "line_punct_ratio": "line_punctuation_fraction", "short_line_ratio": "short_line_fraction",
        "char_dup_ratio": "duplicate_line_character_fraction", "list_ratio": "newline_to_word_ratio",
    },
}

# What a measurement rests on, and what to look at if it is not datatrove's.
_WORDS = "the text is cut into other words than by spaCy"
_LINES = "lines are taken apart differently"
_SENTENCES = "lines are cut into other sentences than by spaCy, or other lines are left"
WHY = {
    **dict.fromkeys(("word_count", "mean_word_length", "alphabetic_word_fraction", "stop_word_count"), _WORDS),
    **dict.fromkeys(("hash_to_word_ratio", "ellipsis_to_word_ratio", "newline_to_word_ratio"), _WORDS),
    **dict.fromkeys(RULES["gopher_repetition"].values(), _WORDS),
    **dict.fromkeys((
        "bullet_line_fraction", "ellipsis_line_fraction", "line_punctuation_fraction", "short_line_fraction",
        "duplicate_line_character_fraction", "duplicate_line_fraction", "duplicate_paragraph_fraction",
        "duplicate_paragraph_character_fraction", "lorem_ipsum", "curly_bracket", "empty",
    ), _LINES),
    "too_few_sentences": _SENTENCES,
}


@dataclass
class Class:
    """Texts on which one rule of one rule set drops for one side only."""

    ids: list[str] = field(default_factory=list)
    ours: list[float] = field(default_factory=list)
    theirs: list[float] = field(default_factory=list)


def main() -> None:
    """Compare and print."""
    arguments = parser(__doc__)
    arguments.add_argument("--per-file", type=int, default=None, help="at most so many texts of each file")
    arguments.add_argument("--ids", action="store_true", help="print the ids of the texts that are judged differently")
    options = arguments.parse_args()
    texts = english_texts(options.data, options.per_file)
    theirs = _peer(texts)
    signals = pa.Table.from_struct_array(quality_signals(texts["text"]))
    agreement, classes = [], []
    for name, rules in RULES.items():
        ours = verdicts(signals, {name: {}})
        kept = ours.field("kept").to_numpy(zero_copy_only=False)
        kept_there = np.array([row[name] == "" for row in theirs])
        same = kept == kept_there
        agreement.append([
            name, len(same), int(kept.sum()), int(kept_there.sum()), int((kept & ~kept_there).sum()),
            int((~kept & kept_there).sum()), 100 * same.mean(), "yes" if same.mean() >= 0.99 else "NO",
        ])
        classes += _classes(name, rules, signals, ours.to_pylist(), theirs, np.nonzero(~same)[0], options.ids)
    megabytes = sum(len(text.encode()) for text in texts["text"].to_pylist()) / 1e6
    show(
        f"Decisions on {texts.num_rows:,} English texts ({megabytes:.1f} MB), ours and datatrove 0.10.1",
        ["rule set", "texts", "kept", "kept there", "kept here only", "kept there only", "agreement %", ">= 99 %"],
        agreement,
    )
    show(
        "Every class of disagreement",
        ["rule set", "rule", "dropped by", "texts", "ours", "datatrove's", "threshold", "why"],
        classes,
    )


def _peer(texts: pa.Table) -> list[dict]:
    """What datatrove says of every text, in their order."""
    script = ROOT / "benchmarks" / "peer_filters.py"
    about = script.read_bytes() + (ROOT / "benchmarks" / "peers.txt").read_bytes() + "".join(
        texts["doc_id"].to_pylist()).encode()
    folder = home() / "benchmarks"
    target = folder / f"datatrove-{hashlib.sha256(about).hexdigest()[:16]}.jsonl"
    if not target.exists():
        folder.mkdir(parents=True, exist_ok=True)
        source, partial = folder / "peer-texts.jsonl", target.with_suffix(".partial")
        with source.open("w", encoding="utf-8") as lines:
            for pair in zip(texts["doc_id"].to_pylist(), texts["text"].to_pylist(), strict=True):
                lines.write(json.dumps(pair) + "\n")
        measured = run_measured([peers_python(), str(script), str(source), str(partial)])
        print(f"datatrove took {measured.wall_seconds:.0f} s", file=sys.stderr)
        partial.rename(target)
    rows = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    assert [row["doc_id"] for row in rows] == texts["doc_id"].to_pylist()
    return rows


def _classes(
    name: str, names: dict[str, str], signals: pa.Table, ours: list[dict], theirs: list[dict], places: np.ndarray,
    with_ids: bool,
) -> list[list]:
    """One row per class of disagreement: rule, side, how many, how far apart, why."""
    rules = {rule.name: rule for rule in rule_set(name).rules}
    found: dict[tuple[str, str], Class] = defaultdict(Class)
    for place in places.tolist():
        reason = theirs[place][name]
        side = "datatrove" if reason else "us"
        rule = names.get(reason, reason) if reason else ours[place]["reason"].rpartition(".")[2]
        one = found[rule, side]
        one.ids.append(theirs[place]["doc_id"])
        if rule in rules and rules[rule].bounds:
            signal = next(iter(rules[rule].bounds.values())).signal
            one.ours.append(signals[signal][place].as_py())
            one.theirs.append(theirs[place]["measured"].get(f"{name}.{rule}", float("nan")))
    rows = []
    for (rule, side), one in sorted(found.items()):
        thresholds = rules[rule].thresholds.values() if rule in rules else ()
        rows.append([
            name, rule, side, len(one.ids), _span(one.ours), _span(one.theirs),
            " ".join(f"{value:g}" for value in thresholds), _why(rule, one),
        ])
        if with_ids:
            print(f"{name}.{rule}, dropped by {side}: {' '.join(one.ids)}", file=sys.stderr)
    return rows


def _why(rule: str, one: Class) -> str:
    if rule.startswith("failed: "):
        return "datatrove fails on the text and judges nothing"
    if one.ours and np.allclose(one.ours, one.theirs, rtol=1e-12, atol=0):
        return "both measure the same: the comparison with the threshold differs"
    return WHY.get(rule, "not known")


def _span(values: list[float]) -> str:
    return f"{min(values):.4g} to {max(values):.4g}" if values else ""


if __name__ == "__main__":
    main()
