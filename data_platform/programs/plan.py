"""The writing of programs: what the edits of all editors come to in a text, as one program.

Repairs come first, and the rest is looked for in the repaired text: an address behind broken characters is found, and a
line is judged as people will read it. What is found there is then written in the coordinates of the text before any
edit, as the language asks. Where a redaction holds repaired characters, it takes their place, so that no program
contains personal data. Where spans of several editors overlap, redactions win, then the editor that comes first.

A program that cannot be applied is written again without the marks that lie within other edits, or else without the
calls of those editors that do not go with the others; what was left out is told. A program proposed from outside, as a
small language model writes them in ProX, is joined to the own one if it can be applied, alone and beside it. If not,
the document gets the own program alone, and what was wrong is told.

What programs put into a text is bounded (`inserted.py`): an editor whose edits put in more than is left of the bound is
left out, and so is a proposal, which is also bounded in what it may cut up. The platform's own repairs are free.

Not here: what is looked for (`methods/edits/`), and how a program is applied.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.kinds.answers import calls_of
from data_platform.core.kinds.editor import (
    Call,
    DropDocument,
    Editor,
    LineRule,
    Normalize,
    Redact,
    RemoveLines,
    Replace,
)
from data_platform.programs.inserted import inserted_bytes, joins
from data_platform.programs.interpreter import Interpreted, interpret
from data_platform.programs.lines import find_lines
from data_platform.programs.program import write

TOO_SHORT = "too_short"
"""Why a document is dropped of which too few words are left."""
TOO_MUCH_INSERTED = "inserts_too_much"
"""Why edits or a program from outside are left out that put more into the text than the recipe allows."""
TOO_MANY_JOINS = "joins_too_much"
"""Why a program from outside is left out that cuts the text up in more places than the recipe allows."""


@dataclass(frozen=True)
class Limits:
    """What may be done to one document.

    Attributes:
        inserted_bytes: UTF-8 bytes that are put in beyond placeholders and the platform's own repairs.
        joins: different strings that a program from outside cuts out within lines.
    """

    inserted_bytes: int = 0
    joins: int = 32


@dataclass(frozen=True)
class Use:
    """An editor at work.

    Attributes:
        name: what it is called where its edits could not be applied.
        editor: with its settings.
        domains: of the documents that it edits; empty: all. Repairs are made in all of them.
        own: whether its repairs are the platform's own, which anybody can repeat: what they put in is not bounded.
    """

    name: str
    editor: Editor
    domains: tuple[str, ...] = ()
    own: bool = False


@dataclass(frozen=True)
class Planned:
    """Programs, what they make of their texts, and what was left out of them, one entry per text.

    Attributes:
        program: string; empty if there is nothing to mend.
        interpreted: what the interpreter makes of text and program.
        refused: string; why the proposed program, or the edits of an editor, cannot be applied; empty if they can.
        inserted: int64; bytes that the programs put in beyond placeholders and the platform's own repairs.
    """

    program: pa.StringArray
    interpreted: Interpreted
    refused: pa.StringArray
    inserted: np.ndarray


def plan(
    text: pa.Array, domain: pa.Array, editors: Sequence[Use], min_words: int = 0, proposed: pa.Array | None = None,
    limits: Limits | None = None,
) -> Planned:
    """Write the program of every text and apply it.

    Args:
        text: strings of any Arrow layout.
        domain: as many strings.
        editors: whose edits are wanted, in order.
        min_words: a document that loses something and is left with fewer words is dropped.
        proposed: programs from outside; empty and null ones propose nothing.
        limits: what may be put into a text, and cut up in it; by default nothing and little.
    """
    text, limits = text.cast(pa.large_string()), limits or Limits()
    programs, refused, made, own = _own_programs(text, domain, editors, limits)
    if proposed is not None and any(proposed.to_pylist()):
        programs, reasons = _join(text, programs, proposed, own, limits)
        refused = [other or own for own, other in zip(refused, reasons, strict=True)]
        made = interpret(text, pa.array(programs, pa.string()))
    if min_words:
        # Only what has lost something can have become too short by refinement.
        lost = np.flatnonzero(made.removed_bytes.sum(axis=1) > 0)
        words = [len(kept.split()) for kept in made.text.take(pa.array(lost)).to_pylist()]
        short = [row for row, count in zip(lost.tolist(), words, strict=True) if count < min_words]
        for row in short:
            programs[row] += f"\n{DropDocument(TOO_SHORT)}"
        if short:
            made = interpret(text, pa.array(programs, pa.string()))
    written = pa.array(programs, pa.string())
    return Planned(written, made, pa.array(refused, pa.string()), inserted_bytes(text, written, own))


@dataclass
class _Found:
    """What was found in one text: repairs, removed lines, and the calls of each other editor in the repaired text."""

    repairs: Sequence[Replace] = ()
    lines: Sequence[RemoveLines] = ()
    calls: Sequence[tuple[str, Sequence[Call]]] = ()

    def program(self) -> list[Call]:
        """The calls of all, in coordinates of the text before any edit."""
        calls = [call for _, some in self.calls for call in some]
        spans, mended = _in_the_original(_without_overlap(calls), self.repairs)
        others = [call for call in calls if not isinstance(call, Replace | Redact)]
        return [*self.lines, *others, *sorted([*mended, *spans], key=lambda call: call.start)]


def _own_programs(
    text: pa.LargeStringArray, domain: pa.Array, editors: Sequence[Use], limits: Limits
) -> tuple[list[str], list[str], Interpreted, Mapping[int, Sequence[Replace]]]:
    """Programs that can be applied, what was left out of them, what they make of their texts, and the repairs among
    them that are the platform's own."""
    found: dict[int, _Found] = {}
    repairs, own_repairs, refused = _repairs(text, editors, limits)
    repaired = _repair(text, repairs)
    for row, calls in repairs.items():
        found[row] = _Found(calls)
    rest = [use for use in editors if not use.editor.repairs]
    for domains in dict.fromkeys(use.domains for use in rest):
        rows = _rows(domain, domains)
        if rows is not None and not len(rows):
            continue
        some = repaired if rows is None else repaired.take(pa.array(rows))
        own = [use for use in rest if use.domains == domains]
        rules = [use.editor for use in own if isinstance(use.editor, LineRule)]
        for place, lines in (find_lines(some, rules) if rules else {}).items():
            one = found.setdefault(_row(rows, place), _Found())
            one.lines = [*one.lines, *lines]
        for use in own:
            for place, calls in calls_of(type(use.editor), use.editor.edits(some), len(some)).items():
                one = found.setdefault(_row(rows, place), _Found())
                one.calls = [*one.calls, (use.name, calls)]
    programs = [""] * len(text)
    for row, one in found.items():
        programs[row] = write(one.program())
    made = interpret(text, pa.array(programs, pa.string()))
    wrong = np.asarray(pc.equal(made.outcome, "malformed"))
    wrong |= inserted_bytes(text, pa.array(programs, pa.string()), own_repairs) > limits.inserted_bytes
    again = np.flatnonzero(wrong).tolist()
    for row in again:
        programs[row], reason = _applicable(found[row], text[row].as_py(), own_repairs.get(row, ()), limits)
        refused[row] = refused[row] or reason
    made = interpret(text, pa.array(programs, pa.string())) if again else made
    return programs, refused, made, own_repairs


def _rows(domain: pa.Array, domains: Sequence[str]) -> np.ndarray | None:
    """The rows of some domains; None: all."""
    return np.flatnonzero([name in domains for name in domain.to_pylist()]) if domains else None


def _row(rows: np.ndarray | None, place: int) -> int:
    return place if rows is None else int(rows[place])


def _applicable(found: _Found, text: str, own: Sequence[Replace], limits: Limits) -> tuple[str, str]:
    """The program of a text with as much of what was found as can be applied within the limits, and what was left out.

    Editors are taken in order, those that redact before the others; one whose calls do not go with those taken is left
    out.
    """
    order = sorted(found.calls, key=lambda one: not any(isinstance(call, Redact) for call in one[1]))  # stable
    taken = _Found(found.repairs, found.lines)
    program, refused = write(taken.program()), ""
    for name, calls in order:
        more = _Found(found.repairs, found.lines, [*taken.calls, (name, calls)])
        for joined in (more.program(), _beside(more.program(), text.encode())):
            reason = _fault(text, written := write(joined), own, limits)
            if not reason:
                taken, program = more, written
                break
        else:
            refused = refused or f"{name}.{reason}"
    return program, refused


def _fault(text: str, program: str, own: Sequence[Replace], limits: Limits) -> str:
    """Why a program cannot be applied to a text, or must not be; empty if it can."""
    texts, programs = pa.array([text], pa.large_string()), pa.array([program], pa.string())
    made = interpret(texts, programs)
    if made.outcome[0].as_py() == "malformed":
        return made.reason[0].as_py()
    inserted = inserted_bytes(texts, programs, {0: own})[0]
    return TOO_MUCH_INSERTED if inserted > limits.inserted_bytes else ""


def _without_overlap(calls: Sequence[Call]) -> list[Replace | Redact]:
    """The spans among calls; of those that overlap redactions, then the first."""
    spans = [call for call in calls if isinstance(call, Replace | Redact)]
    kept: list[Replace | Redact] = []
    for span in sorted(spans, key=lambda span: not isinstance(span, Redact)):  # stable
        place = bisect_left(kept, span.start, key=lambda other: other.start)
        if (place == 0 or kept[place - 1].end <= span.start) and (place == len(kept) or span.end <= kept[place].start):
            kept.insert(place, span)
    return kept


def _beside(calls: Sequence[Call], data: bytes) -> list[Call]:
    """The calls without the marks of `Normalize` that lie within what is repaired or redacted."""
    spans = [call for call in calls if isinstance(call, Replace | Redact)]
    starts, ends, beside = [span.start for span in spans], [span.end for span in spans], []
    for call in calls:
        if not isinstance(call, Normalize):
            beside.append(call)
            continue
        places = [match.span() for match in re.finditer(re.escape(call.source.encode()), data)]
        free = [(start, end) for start, end in places if bisect_right(ends, start) == bisect_left(starts, end)]
        beside += [call] if len(free) == len(places) else [Replace(start, end, call.target) for start, end in free]
    return beside


def _repairs(
    text: pa.LargeStringArray, editors: Sequence[Use], limits: Limits
) -> tuple[dict[int, list[Replace]], dict[int, list[Replace]], list[str]]:
    """The repairs of every text, in order, of those that overlap the first editor's; those of them that are the
    platform's own; and which editor was left out in a text since its repairs put in too much."""
    repairs: dict[int, list[Replace]] = {}
    own: dict[int, list[Replace]] = {}
    refused = [""] * len(text)
    for use in editors:
        if not use.editor.repairs:
            continue
        for row, calls in calls_of(type(use.editor), use.editor.edits(text), len(text)).items():
            joined = _without_overlap([*repairs.get(row, ()), *calls])
            if use.own:
                own[row] = [*own.get(row, ()), *calls]
            foreign = [call for call in joined if call not in own.get(row, ())]
            if sum(len(call.text.encode()) for call in foreign) > limits.inserted_bytes:
                refused[row] = refused[row] or f"{use.name}.{TOO_MUCH_INSERTED}"
            else:
                repairs[row] = joined
    return repairs, own, refused


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


def _in_the_original(
    spans: Sequence[Replace | Redact], repairs: Sequence[Replace]
) -> tuple[list[Replace | Redact], list[Replace]]:
    """Spans of the repaired text as spans of the original, and the repairs that are in none of them."""
    if not repairs:
        return list(spans), []
    # Where each repair starts and ends in the repaired text.
    shift, starts, ends = 0, [], []
    for call in repairs:
        size = len(call.text.encode())
        starts.append(call.start + shift)
        ends.append(call.start + shift + size)
        shift += size - (call.end - call.start)
    placed: list[Replace | Redact] = []
    for span in spans:
        from_, to = _original(span.start, repairs, starts, ends, 0), _original(span.end, repairs, starts, ends, 1)
        if placed and from_ < placed[-1].end:  # two in one repaired span: they become one, and a redaction wins
            both = [one for one in (placed[-1], span) if isinstance(one, Redact)]
            if both:
                placed[-1] = Redact(placed[-1].start, max(to, placed[-1].end), both[0].type)
        elif isinstance(span, Redact):
            placed.append(Redact(from_, to, span.type))
        else:
            before, after = _around(span, repairs, starts, ends)
            placed.append(Replace(from_, to, before + span.text + after))
    ends_of = [span.end for span in placed]
    kept = []
    for call in repairs:
        place = bisect_right(ends_of, call.start)  # the first span that ends behind the start of the repair
        if place == len(placed) or call.end <= placed[place].start:
            kept.append(call)
    return placed, kept


def _around(
    span: Replace, repairs: Sequence[Replace], starts: Sequence[int], ends: Sequence[int]
) -> tuple[str, str]:
    """What stands before and behind a span in the repaired spans in which it begins and ends."""
    first, last = bisect_right(starts, span.start) - 1, bisect_left(starts, span.end) - 1
    before = after = b""
    if first >= 0 and span.start < ends[first]:
        before = repairs[first].text.encode()[: span.start - starts[first]]
    if last >= 0 and span.end < ends[last]:
        after = repairs[last].text.encode()[span.end - starts[last] :]
    return before.decode(errors="ignore"), after.decode(errors="ignore")


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


def _join(
    text: pa.LargeStringArray, own: list[str], proposed: pa.Array, repairs: Mapping[int, Sequence[Replace]],
    limits: Limits,
) -> tuple[list[str], list[str]]:
    """Own and proposed programs joined where they can be and may be, and why the others are not."""
    proposals = [program or "" for program in proposed.to_pylist()]
    alone = interpret(text, pa.array(proposals, pa.string()))
    joined = ["\n".join(filter(None, pair)) for pair in zip(own, proposals, strict=True)]
    both = interpret(text, pa.array(joined, pa.string()))
    inserted = inserted_bytes(text, pa.array(joined, pa.string()), repairs) > limits.inserted_bytes
    cut_up = joins(text, pa.array(proposals, pa.string())) > limits.joins
    programs, refused = [], []
    for row, program in enumerate(joined):
        reason = next(
            (made.reason[row].as_py() for made in (alone, both) if made.outcome[row].as_py() == "malformed"), ""
        )
        reason = reason or (TOO_MUCH_INSERTED if inserted[row] else TOO_MANY_JOINS if cut_up[row] else "")
        programs.append(own[row] if reason else program)
        refused.append(reason)
    return programs, refused
