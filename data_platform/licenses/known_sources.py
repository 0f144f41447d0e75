"""Sources that others have looked into: what hosts state of their licences, what people traced, and what that means.

The Data Provenance Collection (Longpre et al. 2023, https://arxiv.org/abs/2310.16787) lists datasets with the licences
that people traced to their origin, the licences that GitHub, Hugging Face and Papers with Code state for them, and the
datasets they are made from. An entry is read into evidence like any other: a licence that a person traced is a ruling
on the source, a licence that its repository states is a statement of the distribution. `resolve` decides, so that a
traced licence comes before a stated one, and a stated one counts where people traced none.

Belongs here: the collection as entries, and what an entry resolves to by itself. Does not: chains of entries and hosts
that state something else (`lineage`), reading names (`expressions`), which terms are admitted (`algebra.Policy`).
"""

from __future__ import annotations

import json
import re
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data_platform.licenses.limits import limits_of
from data_platform.licenses.observation import Observation, observe
from data_platform.licenses.resolve import Decision, Statement, decide
from data_platform.spdx.expressions import (
    ACADEMIC,
    ALL_RIGHTS_RESERVED,
    EXACT,
    NAMED,
    NON_COMMERCIAL,
    UNKNOWN,
    UNREADABLE,
    Reading,
    conjunction,
    read,
)
from data_platform.spdx.tiers import tier

DETECTOR = "data_provenance@3"
_PIECE = 2**20
_NOTE = "note: "
"""What stands before a note of people where a licence has its name."""
HOSTS = {"GitHub License": "GitHub", "HF Yaml License": "Hugging Face", "HF Config License": "Hugging Face",
         "PwC License Name": "Papers with Code"}
_ADDRESSES = {"GitHub URL": "GitHub", "Hugging Face URL": "Hugging Face", "Papers with Code URL": "Papers with Code"}
REPOSITORIES = frozenset({"GitHub", "Hugging Face"})
"""Hosts of the data itself, whose statement counts where nothing was traced; Papers with Code only repeats."""
NOTHING = frozenset({"", "Unspecified", "None"})
"""Values that say that no licence was found."""
_TERMS = {
    "Academic Research Purposes Only": ACADEMIC, "Non Commercial": NON_COMMERCIAL, "Request Form": ACADEMIC,
    # The terms of use forbid to train competing models on the output.
    "OpenAI": ALL_RIGHTS_RESERVED, "Anthropic": ALL_RIGHTS_RESERVED,
    "Google Cloud Translation API": ALL_RIGHTS_RESERVED,
    "Microsoft Data Licensing Agreement": ACADEMIC,
    "LMSYS-Chat-1M Dataset License": ALL_RIGHTS_RESERVED,
}
"""Names of the collection that no list of licences knows, and what they amount to."""


@dataclass(frozen=True)
class KnownSource:
    """An entry: `traced` are licence names and where a person found them, `stated` what hosts say, by host, and `hosts`
    the hosts at which it lies, whether they say anything or not."""

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
    hosts: tuple[str, ...] = ()

    def observations(self) -> list[Observation]:
        """The entry as evidence of scope 'dataset' (traced) and 'distribution' (stated by a repository)."""
        found = []
        names = [name for name, _ in self.traced]
        nothing_traced = not names or set(names) <= NOTHING
        for name, address in () if nothing_traced else self.traced:
            note = f"{self.verified_by or 'Data Provenance Collection'}: {address or 'no address'}"
            found.append(observe("manual", "dataset", name, DETECTOR, read_name(name), note=note, record_id=""))
        for host, name in self.stated:
            if host in REPOSITORIES and name not in NOTHING:
                found.append(observe("distribution", "distribution", name, DETECTOR, read_name(name), NAMED,
                                     note=f"stated at {host}", record_id=""))
        return found

    def decision(self) -> Decision:
        """What the evidence of the entry alone resolves to."""
        return decide([Statement(one.location, one.scope, one.license_spdx, one.confidence)
                       for one in self.observations()])

    def strictest(self) -> str:
        """What the entry decides, AND all that its repositories state that is stricter: nobody who restricts is passed
        over, whoever else looked into it."""
        decided = self.decision()
        stricter = [one.license_spdx for one in self.observations()
                    if one.location == "distribution" and one.license_spdx != UNKNOWN
                    and tier(one.license_spdx) > decided.license_tier]
        return conjunction([decided.license_spdx, *stricter])


def read_name(name: str) -> Reading:
    """A licence's name in the collection. 'No License', 'Custom' and 'Various' name no terms that could be read; a note
    of people is read for what it limits."""
    if name.startswith(_NOTE):
        return Reading(conjunction(limits_of(name)), NAMED)
    if name in _TERMS:
        return Reading(_TERMS[name], EXACT)
    return UNREADABLE if name in NOTHING else read(name)


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
        while archive.fileobj.read(_PIECE):  # a packed archive that is cut says so at its end alone
            pass


def _entry(entry: Mapping[str, Any]) -> KnownSource:
    inferred = entry.get("Inferred Metadata") or {}
    return KnownSource(
        identifier=entry.get("Unique Dataset Identifier") or "",
        name=entry.get("Dataset Name") or "",
        collection=entry.get("Collection") or "",
        address=entry.get("Dataset URL") or "",
        traced=_traced(entry),
        stated=tuple(dict.fromkeys((host, inferred[key]) for key, host in HOSTS.items() if inferred.get(key))),
        verified_by=entry.get("License Verified By") or "",
        derived_from=_parents(entry.get("Derived from Datasets")),
        text_sources=_texts(entry.get("Text Sources")),
        model_generated=_texts(entry.get("Model Generated")),
        hosts=tuple(host for key, host in _ADDRESSES.items() if entry.get(key)),
    )


def _traced(entry: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Names of licences with addresses; of an entry in another form its words, and a note on it if that limits use."""
    stated = entry.get("Licenses") or ()
    found = [
        (one.get("License") or "", one.get("License URL") or "") if isinstance(one, Mapping) else (str(one), "")
        for one in (stated if isinstance(stated, list | tuple) else [stated])
    ]
    note = entry.get("License Notes")
    if isinstance(note, str) and limits_of(note):
        found.append((f"{_NOTE}{note}", ""))
    return tuple(found)


def _parents(values: object) -> tuple[str, ...]:
    """What a dataset is made from, by name; what is there and is no name is a parent that nobody knows."""
    listed = values if isinstance(values, list) else [values]
    return tuple(value if isinstance(value, str) else repr(value) for value in listed if value)


def _texts(values: object) -> tuple[str, ...]:
    values = values if isinstance(values, list) else [values]
    return tuple(value for value in values if isinstance(value, str) and value)
