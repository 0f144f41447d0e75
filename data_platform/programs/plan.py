"""The writing of programs: what the repairs, line rules and personal data of a text come to, as one program.

Repairs come first, and the rest is looked for in the repaired text: an address behind broken characters is found, and a
line is judged as people will read it. What is found there is then written in the coordinates of the text before any
edit, as the language asks. Where personal data holds repaired characters, the redaction takes their place, so that
no program contains personal data.

A program proposed from outside, as a small language model writes them in ProX, is joined to the own one if it can be
applied, alone and beside it. If not, the document gets the own program alone, and what was wrong is told.

Not here: what is looked for (`methods/edits/unicode_repair.py`, `methods/edits/line_rules.py`,
`methods/edits/personal_data.py`), and how a program is applied.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from data_platform.methods.edits.line_rules import find_lines
from data_platform.methods.edits.personal_data import Span, find_personal_data
from data_platform.methods.edits.unicode_repair import find_repairs
from data_platform.programs.interpreter import Interpreted, interpret
from data_platform.programs.program import Call, DropDocument, Normalize, Redact, Replace, write
from data_platform.programs.settings import LineRules, Refinement

TOO_SHORT = "too_short"
"""Why a document is dropped of which too few words are left."""


@dataclass(frozen=True)
class Planned:
    """Programs, what they make of their texts, and what became of the proposals, one entry per text.

    Attributes:
        program: string; empty if there is nothing to mend.
        interpreted: what the interpreter makes of text and program.
        refused: string; why the proposed program cannot be applied, empty if it can or there is none.
    """

    program: pa.StringArray
    interpreted: Interpreted
    refused: pa.StringArray


def plan(text: pa.Array, domain: pa.Array, settings: Refinement, proposed: pa.Array | None = None) -> Planned:
    """Write the program of every text and apply it.

    Args:
        text: strings of any Arrow layout.
        domain: as many strings; line rules apply to the domains that they name.
        settings: which edits are wanted.
        proposed: programs from outside; empty and null ones propose nothing.
    """
    text = text.cast(pa.large_string())
    own = _own_programs(text, domain, settings)
    programs, refused = _join(text, own, proposed) if proposed is not None else (own, [""] * len(text))
    made = interpret(text, pa.array(programs, pa.string()))
    if settings.min_words:
        # Only what has lost something can have become too short by refinement.
        lost = np.flatnonzero(made.removed_bytes.sum(axis=1) > 0)
        words = [len(kept.split()) for kept in made.text.take(pa.array(lost)).to_pylist()]
        short = [row for row, count in zip(lost.tolist(), words, strict=True) if count < settings.min_words]
        for row in short:
            programs[row] += f"\n{DropDocument(TOO_SHORT)}"
        if short:
            made = interpret(text, pa.array(programs, pa.string()))
    return Planned(pa.array(programs, pa.string()), made, pa.array(refused, pa.string()))


def _own_programs(text: pa.LargeStringArray, domain: pa.Array, settings: Refinement) -> list[str]:
    repairs = find_repairs(text) if settings.unicode else {}
    repaired = _repair(text, repairs)
    lines = _find_lines(repaired, domain, settings.lines)
    personal = (
        find_personal_data(repaired, settings.personal_data, settings.public_addresses_only)
        if settings.personal_data else {}
    )
    programs, with_marks = [""] * len(text), {}
    for row in repairs.keys() | lines.keys() | personal.keys():
        mended = repairs.get(row, [])
        redactions, mended = _in_the_original(personal.get(row, []), mended)
        spans = sorted([*mended, *redactions], key=lambda call: call.start)
        edits = lines.get(row, [])
        programs[row] = write([*edits, *spans])
        if spans and any(isinstance(edit, Normalize) for edit in edits):
            with_marks[row] = edits, spans
    rows = sorted(with_marks)
    originals = text.take(pa.array(rows, pa.int64()))
    made = interpret(originals, pa.array([programs[row] for row in rows], pa.string()))
    for place, (row, outcome) in enumerate(zip(rows, made.outcome.to_pylist(), strict=True)):
        if outcome == "malformed":
            edits, spans = with_marks[row]
            programs[row] = write([*_beside(edits, spans, originals[place].as_py().encode()), *spans])
    return programs


def _beside(edits: Sequence[Call], spans: Sequence[Replace | Redact], data: bytes) -> list[Call]:
    """Edits of lines and marks without the marks of citation that lie within what is repaired or redacted."""
    starts, ends, beside = [span.start for span in spans], [span.end for span in spans], []
    for edit in edits:
        if not isinstance(edit, Normalize):
            beside.append(edit)
            continue
        places = [match.span() for match in re.finditer(re.escape(edit.source.encode()), data)]
        free = [(start, end) for start, end in places if bisect_right(ends, start) == bisect_left(starts, end)]
        beside += [edit] if len(free) == len(places) else [Replace(start, end, "") for start, end in free]
    return beside


def _repair(text: pa.LargeStringArray, repairs: dict[int, list[Replace]]) -> pa.LargeStringArray:
    """The texts after their repairs. A text of which repair would leave nothing stays, and its repairs are dropped."""
    if not repairs:
        return text
    programs = [""] * len(text)
    for row, calls in repairs.items():
        programs[row] = write(calls)
    made = interpret(text, pa.array(programs, pa.string()))
    for row in list(repairs):
        if made.outcome[row].as_py() != "refined":
            del repairs[row]
    return made.text


def _find_lines(text: pa.LargeStringArray, domain: pa.Array, rules: LineRules) -> dict[int, list]:
    if not rules.domains:
        return find_lines(text, rules)
    rows = np.flatnonzero([name in rules.domains for name in domain.to_pylist()])
    found = find_lines(text.take(pa.array(rows)), rules) if len(rows) else {}
    return {int(rows[place]): edits for place, edits in found.items()}


def _in_the_original(spans: Sequence[Span], repairs: Sequence[Replace]) -> tuple[list[Redact], list[Replace]]:
    """Spans of the repaired text as redactions of the original, and the repairs that are in none of them."""
    if not repairs:
        return [Redact(*span) for span in spans], []
    # Where each repair starts and ends in the repaired text.
    shift, starts, ends = 0, [], []
    for call in repairs:
        size = len(call.text.encode())
        starts.append(call.start + shift)
        ends.append(call.start + shift + size)
        shift += size - (call.end - call.start)
    redactions: list[Redact] = []
    for span in spans:
        from_, to = _original(span.start, repairs, starts, ends, 0), _original(span.end, repairs, starts, ends, 1)
        if redactions and from_ < redactions[-1].end:  # two in one repaired span: they become one
            redactions[-1] = Redact(redactions[-1].start, max(to, redactions[-1].end), redactions[-1].type)
        else:
            redactions.append(Redact(from_, to, span.type))
    ends_of = [redaction.end for redaction in redactions]
    kept = []
    for call in repairs:
        place = bisect_right(ends_of, call.start)  # the first redaction that ends behind the start of the repair
        if place == len(redactions) or call.end <= redactions[place].start:
            kept.append(call)
    return redactions, kept


def _original(
    position: int, repairs: Sequence[Replace], starts: Sequence[int], ends: Sequence[int], is_end: int
) -> int:
    """Where a position of the repaired text lies in the original: of a repaired span, its start or end."""
    place = bisect_right(starts, position - is_end) - 1
    if place < 0:
        return position
    call = repairs[place]
    if position < ends[place] + is_end and (position > starts[place] or not is_end):
        return call.end if is_end else call.start
    return position - ends[place] + call.end


def _join(text: pa.LargeStringArray, own: list[str], proposed: pa.Array) -> tuple[list[str], list[str]]:
    """Own and proposed programs joined where they can be, and why the others cannot."""
    proposals = [program or "" for program in proposed.to_pylist()]
    alone = interpret(text, pa.array(proposals, pa.string()))
    joined = ["\n".join(filter(None, pair)) for pair in zip(own, proposals, strict=True)]
    both = interpret(text, pa.array(joined, pa.string()))
    programs, refused = [], []
    for row, program in enumerate(joined):
        reason = next(
            (made.reason[row].as_py() for made in (alone, both) if made.outcome[row].as_py() == "malformed"), ""
        )
        programs.append(own[row] if reason else program)
        refused.append(reason)
    return programs, refused
