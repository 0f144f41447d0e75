"""Known sources: the Data Provenance Collection, beside what its authors and the Common Pile decided.

Four tables: how licence names are classed (use, attribution, share-alike) beside the collection's own classes; what
hosts state beside what people traced, with planted errors; the policy's decisions beside the Common Pile's 326
inclusions (https://arxiv.org/abs/2506.05209), every difference with its reason; and the same with chains of derivation,
which the Common Pile did not follow.

    python -m benchmarks.known_sources [--data FOLDER]
"""

from __future__ import annotations

import csv
import json
import tarfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.common import parser, show
from data_platform.licenses.known_sources import KnownSource, read_collection, read_name
from data_platform.licenses.lineage import Provenance, host_flags
from data_platform.spdx.algebra import Policy
from data_platform.spdx.expressions import UNKNOWN, identifiers_of
from data_platform.spdx.tiers import tier
from data_platform.spdx.uses import asks_attribution, asks_share_alike, use_of

POLICY = Policy(admitted=(0, 1, 2))
"""The Common Pile admits what may be used for any purpose, share-alike included."""
_USES = {"All": "commercial", "NC": "non-commercial", "Acad": "academic", "Unspecified": "unspecified"}


def main() -> None:
    """Print the tables."""
    options = parser(__doc__).parse_args()
    archive = options.data / "provenance" / "data-provenance-collection.tar.xz"
    sources = read_collection(archive)
    provenance = Provenance(sources)
    included = common_pile(options.data)
    show(f"Licence names of {len(sources)} datasets, and how they are classed beside the collection's classes",
         ("question", "names", "agree", "differ"), class_agreement(archive)[0])
    show("Names that are classed differently", ("name", "read as", "question", "collection", "platform", "because"),
         class_agreement(archive)[1])
    counted = Counter((flag.host, flag.flag) for flag in host_flags(sources))
    show("What hosts state beside what people traced", ("host", "flag", "datasets"),
         [[*key, number] for key, number in sorted(counted.items())])
    show("Planted errors of hosts", ("planted", "in", "flagged"), planted(sources))
    by_id = {source.identifier: source for source in sources}
    own = [identifier for identifier in included if admitted(by_id[identifier])]
    chained = [identifier for identifier in included if admitted(by_id[identifier], provenance)]
    show(f"The Common Pile's {len(included)} inclusions", ("decided by", "admitted, too", "agreement"), [
        ["licences of the dataset", len(own), len(own) / len(included)],
        ["the same and those of all it is made from", len(chained), len(chained) / len(included)],
    ])
    show("Inclusions that the policy does not admit by the dataset's own licences", ("dataset", "terms", "because"),
         [[name, by_id[name].decision().license_spdx, reason(by_id[name])] for name in included if name not in own])
    show("Inclusions that it does not admit for what they are made from", ("dataset", "own terms", "because"),
         [[name, by_id[name].decision().license_spdx, reason(by_id[name], provenance)] for name in own
          if name not in chained])
    others = [source for source in sources if source.identifier not in set(included)]
    show(f"The {len(others)} datasets that the Common Pile did not include", ("the policy", "datasets"),
         [list(item) for item in Counter(_other(source, provenance) for source in others).most_common()])


def common_pile(data: Path) -> list[str]:
    """Identifiers that the Common Pile admitted."""
    with (data / "provenance" / "common-pile-include.csv").open(newline="") as stream:
        return [row["Dataset ID"] for row in csv.DictReader(stream)]


def admitted(source: KnownSource, provenance: Provenance | None = None) -> bool:
    """Whether the policy admits a dataset, by its own licences or with those of all it is made from."""
    return POLICY.admits(provenance.terms(source).spdx if provenance else source.decision().license_spdx)


def reason(source: KnownSource, provenance: Provenance | None = None) -> str:
    """Why a dataset is not admitted."""
    parents, untraced = provenance.chain(source) if provenance else ([], [])
    reasons = [f"made from {', '.join(untraced)}, of which the collection knows nothing"] if untraced else []
    for one in (source, *parents):
        spdx = one.strictest() if provenance else one.decision().license_spdx
        name = "" if one is source else f"{one.name}: "
        if not POLICY.admits(spdx):
            stated = [f"{host} states {stated}" for host, stated in one.stated if tier(read_name(stated).spdx) > 2]
            found = [license_ for license_, _ in one.traced if tier(read_name(license_).spdx) > 2]
            why = f"traced are also {', '.join(dict.fromkeys(found))}" if len(one.traced) > len(found) else ""
            why = why or ("; ".join(stated) if stated else f"traced: {', '.join(dict.fromkeys(found)) or 'nothing'}")
            reasons.append(f"{name}{why}")
    return "; ".join(reasons)


def _other(source: KnownSource, provenance: Provenance) -> str:
    spdx = source.decision().license_spdx
    if not POLICY.admits(spdx):
        unknown = UNKNOWN in identifiers_of(spdx) and tier(spdx) == 4
        return "excludes: the licence is unknown" if unknown else "excludes: the licence restricts"
    if source.model_generated:
        return "excludes if told so: generated by a model"
    return "admits" if admitted(source, provenance) else "admits, but not what it is made from"


def class_agreement(archive: Path) -> tuple[list[list[object]], list[list[object]]]:
    """Agreement per question over the collection's licence names that can be read, and the names that differ."""
    with tarfile.open(archive) as opened:
        classes = json.load(opened.extractfile("constants/license_classes.json"))
    agree: Counter[str] = Counter()
    differing: list[list[object]] = []
    asked: Counter[str] = Counter()
    for name, (use, attribution, alike) in sorted(classes.items()):
        spdx = read_name(name).spdx
        answers = {
            "use": (_USES.get(use), use_of(spdx)),
            "attribution": (attribution, str(int(asks_attribution(spdx)))),
            "share-alike": (alike, str(int(asks_share_alike(spdx)))),
        }
        for question, (theirs, ours) in answers.items():
            if theirs in (None, "?") or (question != "use" and tier(spdx) == 4):
                continue
            asked[question] += 1
            if theirs == ours:
                agree[question] += 1
            else:
                differing.append([name, spdx, question, theirs, ours, _why(name, spdx, question)])
    return [[name, asked[name], agree[name], asked[name] - agree[name]] for name in asked], differing


def _why(name: str, spdx: str, question: str) -> str:
    if spdx == UNKNOWN:
        return "no licence that can be read: uncertain is not free, until somebody rules"
    if question == "use" and use_of(spdx) == "none":
        return "terms that forbid to train models of one's own, which no class of use allows"
    if spdx.startswith("LicenseRef-"):
        return "it names share-alike" if "cc-" in spdx else "terms of one kind: what they ask beside that is not known"
    if question == "share-alike":
        return ("no derivatives at all, hence none to share" if "-ND-" in spdx
                else "copyleft that is limited to the work itself counts, too")
    return f"the collection itself says so of other spellings of {spdx}"


def planted(sources: Sequence[KnownSource]) -> list[list[object]]:
    """Errors planted in what hosts state for datasets whose traced licence forbids commercial use, and how many were
    flagged as what they are."""
    restricted = [source for source in sources if source.traced and tier(source.decision().license_spdx) == 5]
    rows = []
    for what, stated, flag in (
        ("'MIT License' at a host", (("Hugging Face", "MIT License"),), "freer"),
        ("the host states nothing", (("Hugging Face", "Unspecified"),), "missing"),
        ("no host at all", (), "missing"),
    ):
        wrong = [replace(source, stated=stated, hosts=()) for source in restricted]
        wrong = [source for source in wrong if any(name not in ("", "Unspecified") for name, _ in source.traced)]
        rows.append([what, len(wrong), sum(found.flag == flag for found in host_flags(wrong))])
    return rows


if __name__ == "__main__":
    main()
