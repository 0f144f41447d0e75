"""Sources that others have looked into: what hosts state of their licences, what people traced, and what that means.

The Data Provenance Collection (Longpre et al. 2023, https://arxiv.org/abs/2310.16787) lists datasets with the licences
that people traced to their origin, the licences that GitHub, Hugging Face and Papers with Code state for them, and the
datasets they are made from. An entry is read into evidence like any other: a licence that a person traced is a ruling
on the source, a licence that its repository states is a statement of the distribution. `resolve` decides, so that a
traced licence comes before a stated one, and a stated one counts where people traced none.

Belongs here: the collection as entries, what an entry resolves to, chains of derivation, and hosts that state something
else. Does not: reading names (`expressions`), which terms are admitted (`algebra.Policy`).
"""

from __future__ import annotations

import json
import re
import tarfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from data_platform.licenses.observation import Observation, observe
from data_platform.licenses.resolve import Decision, Statement, decide
from data_platform.spdx.algebra import Terms, derived
from data_platform.spdx.expressions import (
    ALL_RIGHTS_RESERVED,
    EXACT,
    NAMED,
    NON_COMMERCIAL,
    UNKNOWN,
    UNREADABLE,
    Reading,
    identifiers_of,
    read,
)
from data_platform.spdx.tiers import COPYLEFT, GOVERNMENT, PERMISSIVE, RESTRICTED, tier

DETECTOR = "data_provenance@1"
HOSTS = {"GitHub License": "GitHub", "HF Yaml License": "Hugging Face", "HF Config License": "Hugging Face",
         "PwC License Name": "Papers with Code"}
_REPOSITORIES = frozenset({"GitHub", "Hugging Face"})
"""Hosts of the data itself, whose statement counts where nothing was traced; Papers with Code only repeats."""
_NOTHING = frozenset({"", "Unspecified", "None"})
"""Values that say that no licence was found."""
_TERMS = {
    "Academic Research Purposes Only": NON_COMMERCIAL, "Non Commercial": NON_COMMERCIAL,
    "Request Form": NON_COMMERCIAL,
    # The terms of use forbid to train competing models on the output.
    "OpenAI": ALL_RIGHTS_RESERVED, "Anthropic": ALL_RIGHTS_RESERVED,
    "Google Cloud Translation API": ALL_RIGHTS_RESERVED,
    "Microsoft Data Licensing Agreement": NON_COMMERCIAL,
    "LMSYS-Chat-1M Dataset License": ALL_RIGHTS_RESERVED,
}
"""Names of the collection that no list of licences knows, and what they amount to."""

Use = Literal["commercial", "non-commercial", "unspecified"]
Flag = Literal["agrees", "missing", "freer", "stricter", "differs", "nothing traced"]


@dataclass(frozen=True)
class KnownSource:
    """An entry: `traced` are licence names and where a person found them, `stated` what hosts say, by host."""

    identifier: str
    name: str
    collection: str
    address: str
    traced: tuple[tuple[str, str], ...]
    stated: tuple[tuple[str, str], ...]
    verified_by: str
    derived_from: tuple[str, ...]
    text_sources: tuple[str, ...]
    model_generated: tuple[str, ...]

    def observations(self) -> list[Observation]:
        """The entry as evidence of scope 'dataset' (traced) and 'distribution' (stated by a repository)."""
        found = []
        names = [name for name, _ in self.traced]
        nothing_traced = not names or set(names) <= _NOTHING
        for name, address in () if nothing_traced else self.traced:
            note = f"{self.verified_by or 'Data Provenance Collection'}: {address or 'no address'}"
            found.append(observe("manual", "dataset", name, DETECTOR, read_name(name), note=note, record_id=""))
        for host, name in self.stated:
            if host in _REPOSITORIES and name not in _NOTHING:
                found.append(observe("distribution", "distribution", name, DETECTOR, read_name(name), NAMED,
                                     note=f"stated at {host}", record_id=""))
        return found

    def decision(self) -> Decision:
        """What the evidence of the entry alone resolves to."""
        return decide([Statement(one.location, one.scope, one.license_spdx, one.confidence)
                       for one in self.observations()])


@dataclass(frozen=True)
class HostFlag:
    """How the licence that a host states compares with what was traced."""

    identifier: str
    host: str
    stated: str
    traced: str
    flag: Flag


def read_name(name: str) -> Reading:
    """A licence's name in the collection. 'No License', 'Custom' and 'Various' name no terms that could be read."""
    if name in _TERMS:
        return Reading(_TERMS[name], EXACT)
    return UNREADABLE if name in _NOTHING else read(name)


def read_collection(path: str | Path) -> list[KnownSource]:
    """The entries of the collection, from its folder or a tar archive of it; later ones of one identifier win.

    Raises:
        ValueError: if there is no data_summaries folder with entries in it.
    """
    sources: dict[str, KnownSource] = {}
    for entries in _summaries(Path(path)):
        for entry in entries.values():
            source = _entry(entry)
            if source.identifier and not any(name.startswith("string (") for name, _ in source.traced):
                sources[source.identifier] = source
    if not sources:
        raise ValueError(f"{path}: no data_summaries with entries of the Data Provenance Collection")
    return list(sources.values())


def _summaries(path: Path) -> Iterator[Mapping[str, Any]]:
    if path.is_dir():
        for file in sorted(path.glob("data_summaries/*.json")):
            yield json.loads(file.read_text(encoding="utf-8"))
        return
    with tarfile.open(path) as archive:
        members = [member for member in archive.getmembers() if re.search(r"data_summaries/[^/]+\.json$", member.name)]
        for member in sorted(members, key=lambda member: member.name):
            yield json.load(archive.extractfile(member))


def _entry(entry: Mapping[str, Any]) -> KnownSource:
    inferred = entry.get("Inferred Metadata") or {}
    return KnownSource(
        identifier=entry.get("Unique Dataset Identifier") or "",
        name=entry.get("Dataset Name") or "",
        collection=entry.get("Collection") or "",
        address=entry.get("Dataset URL") or "",
        traced=tuple((one.get("License") or "", one.get("License URL") or "") for one in entry.get("Licenses") or ()),
        stated=tuple(dict.fromkeys((host, inferred[key]) for key, host in HOSTS.items() if inferred.get(key))),
        verified_by=entry.get("License Verified By") or "",
        derived_from=_texts(entry.get("Derived from Datasets")),
        text_sources=_texts(entry.get("Text Sources")),
        model_generated=_texts(entry.get("Model Generated")),
    )


def _texts(values: object) -> tuple[str, ...]:
    values = values if isinstance(values, list) else [values]
    return tuple(value for value in values if isinstance(value, str) and value)


class Provenance:
    """Entries with their chains: from a dataset to those it is made from, by name."""

    def __init__(self, sources: Sequence[KnownSource]) -> None:
        self._by_name: dict[str, list[KnownSource]] = {}
        for source in sources:
            for key in {_key(source.name), _key(source.identifier), _key(_IN_COLLECTION.sub("", source.identifier))}:
                self._by_name.setdefault(key, []).append(source)
        for copies in self._by_name.values():
            copies.sort(key=lambda source: (len(source.derived_from), source.identifier))

    def chain(self, source: KnownSource) -> tuple[list[KnownSource], list[str]]:
        """All entries that a source is made from, at any distance, and the names that no entry has.

        Several entries of one name are copies of one dataset in several collections; the one that is made from the
        fewest others stands for them.
        """
        found: dict[str, KnownSource] = {}
        untraced: dict[str, None] = {}
        pending = list(source.derived_from)
        seen = {_key(source.name), _key(source.identifier)}
        while pending:
            name = pending.pop(0)
            key = _key(name)
            if key in seen:
                continue
            seen.add(key)
            if parents := self._by_name.get(key):
                found[parents[0].identifier] = parents[0]
                pending.extend(parents[0].derived_from)
            else:
                untraced[name] = None
        return list(found.values()), list(untraced)

    def terms(self, source: KnownSource) -> Terms:
        """The terms of a source and of all it is made from: their AND. A parent that no entry has is unknown."""
        parents, untraced = self.chain(source)
        own = [one.decision().license_spdx for one in (source, *parents)]
        return derived([*own, *([UNKNOWN] if untraced else [])])


_IN_COLLECTION = re.compile(r"^(?:fc-(?:sni|p3|flan|cot|dialog)|tsi|tsy|ds|oig|xp3x)-")
"""What the identifiers of the collections of collections begin with, before the dataset's own name."""


def _key(name: str) -> str:
    """A name as it is compared: 'SQuAD dataset', 'squad' and 'https://.../datasets/squad' are one."""
    name = re.sub(r"^https?://\S*/datasets/", "", name.lower())
    return re.sub(r"[^a-z0-9]+", "", re.sub(r"\b(?:dataset|corpus|v\d(?:\.\d)?)\b", "", name))


def use_of(spdx: str) -> Use:
    """Whether the terms allow commercial use."""
    level = tier(spdx)
    if level >= RESTRICTED:
        named = [name for name in identifiers_of(spdx) if tier(name) >= RESTRICTED]
        # Without derivatives is restricted for us, yet use for profit is not what is forbidden.
        only_derivatives = bool(named) and all(re.search(r"-BY-ND-|cc-by-nd$", name) for name in named)
        return "commercial" if only_derivatives else "non-commercial"
    return "unspecified" if level > GOVERNMENT else "commercial"


def asks_attribution(spdx: str) -> bool:
    """Whether one of the licences asks for attribution or a notice: all but those of tier 0."""
    return any(tier(name) >= PERMISSIVE for name in identifiers_of(spdx))


def asks_share_alike(spdx: str) -> bool:
    """Whether one of the licences asks that what is made from it is under the same terms."""
    return any(
        tier(name) == COPYLEFT or re.search(r"-SA(?:-|$)|cc-by(?:-nc)?-sa$", name) for name in identifiers_of(spdx)
    )


def host_flags(sources: Iterable[KnownSource]) -> Iterator[HostFlag]:
    """What every host states beside what was traced. 'freer' is the flag to act on: the host promises too much."""
    for source in sources:
        traced = [read_name(name) for name, _ in source.traced if name not in _NOTHING]
        ours = derived([reading.spdx for reading in traced]).spdx
        for host, name in source.stated or (("any host", ""),):
            stated = read_name(name).spdx
            yield HostFlag(source.identifier, host, name, ours, _flag(stated, ours, name, bool(traced)))


def _flag(stated: str, traced: str, name: str, anything_traced: bool) -> Flag:
    if not anything_traced:
        return "nothing traced"
    if name in _NOTHING:
        return "missing"
    if stated == traced or identifiers_of(traced) == identifiers_of(stated):
        return "agrees"
    if tier(stated) != tier(traced):
        return "freer" if tier(stated) < tier(traced) else "stricter"
    return "differs"
