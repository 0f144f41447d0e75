"""What the files of a site that were captured with a crawl say of its pages: evidence of scope 'site'.

robots.txt, ai.txt, /.well-known/tdmrep.json and RSL documents of a host are parsed once and asked for every page of
that host (RFC 9309, section 2.3: a host's file speaks for no other). Every capture with another content counts, since
what was reserved at one visit was reserved. The row of evidence names the record that the file was captured in.

Belongs here: from captured files to observations per page. Does not: where the files are found (`ingest.site_files`),
what they hold (`robots_txt`, `rsl`, `reservations`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol
from urllib.parse import urlsplit

from data_platform.ingest.records import host_of
from data_platform.ingest.site_files import Kind, text_of
from data_platform.licenses.observation import Observation, observe
from data_platform.licenses.reservations import tdm_reservation
from data_platform.licenses.robots_txt import RobotsFile, path_matches, relevant
from data_platform.licenses.rsl import RslFile
from data_platform.spdx.expressions import Reading

TDMREP_DETECTOR = "tdmrep@1"


class Captured(NamedTuple):
    """A file of a site, as it was captured."""

    host: str
    kind: Kind
    record_id: str
    payload: bytes
    url: str = ""


class _File(Protocol):
    @property
    def speaks(self) -> bool: ...

    def observations(self, url: str, record_id: str | None = None) -> Iterator[Observation]: ...


class TdmRepFile:
    """A tdmrep.json: rules of a path pattern, a reservation and a policy (TDM Reservation Protocol, section 6).

    Of several rules that match a page, one that reserves is enough.
    """

    def __init__(self, payload: bytes) -> None:
        self._rules: list[tuple[str, str, Reading]] = []
        try:
            rules = json.loads(text_of(payload))
        except (ValueError, RecursionError):
            return
        for rule in rules if isinstance(rules, list) else [rules]:
            if isinstance(rule, dict) and isinstance(rule.get("location"), str):
                reading = tdm_reservation(rule.get("tdm-reservation"))
                if reading is not None:
                    policy = rule.get("tdm-policy")
                    stated = f"{rule['location']} tdm-reservation: {rule['tdm-reservation']}"
                    raw = f"{stated} tdm-policy: {policy}" if isinstance(policy, str) else stated
                    self._rules.append((rule["location"], raw, reading))

    @property
    def speaks(self) -> bool:
        """Whether it has any rule."""
        return bool(self._rules)

    def observations(self, url: str, record_id: str | None = None) -> Iterator[Observation]:
        """What the rules say of the page at `url`."""
        path = urlsplit(url).path or "/"
        for pattern, raw, reading in self._rules:
            if path_matches(pattern, path):
                yield observe("tdmrep", "site", raw, TDMREP_DETECTOR, reading, record_id=record_id)


@dataclass
class Policies:
    """The captured files of all sites of a snapshot; small enough to be handed to every worker, and parsed there.

    Args:
        captured: the files.
        agents: user agents that gather text for training.
    """

    captured: Iterable[Captured] = ()
    agents: Sequence[str] = ()
    _of_host: dict[str, list[Captured]] = field(init=False, repr=False, default_factory=dict)
    _parsed: dict[str, list[tuple[str, _File]]] = field(init=False, repr=False, default_factory=dict)
    _read: dict[str, frozenset[str]] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        seen: set[tuple[str, Kind, bytes]] = set()
        # Many hosts have the same file: one copy of each is kept and sent.
        payloads: dict[bytes, bytes] = {}
        for file in sorted(self.captured):
            payload = file.payload
            if file.kind in ("robots", "ai_txt"):
                payload = relevant(text_of(payload)).encode("utf-8", "replace")
            file = file._replace(payload=payloads.setdefault(payload, payload))
            key = (file.host, file.kind, file.payload)
            if payload and key not in seen:
                seen.add(key)
                self._of_host.setdefault(file.host, []).append(file)
        self.captured = ()

    def observations(self, url: str) -> list[Observation]:
        """What the files of the page's host say of it."""
        host = host_of(url)
        if host not in self._of_host:
            return []
        if host not in self._parsed:
            files = [(file.record_id, self._parse(file)) for file in self._of_host[host]]
            self._parsed[host] = [(record_id, file) for record_id, file in files if file.speaks]
            speaking = {record_id for record_id, _ in self._parsed[host]}
            self._read[host] = frozenset(
                file.url for file in self._of_host[host] if file.kind == "rsl" and file.record_id in speaking
            )
        found = [one for record_id, file in self._parsed[host] for one in file.observations(url, record_id)]
        # A robots.txt that names a document of terms says no more than the document, where that was captured and read.
        return [one for one in found if not (one.location == "rsl" and one.raw_value in self._read[host])]

    def _parse(self, file: Captured) -> _File:
        if file.kind == "tdmrep":
            return TdmRepFile(file.payload)
        if file.kind == "rsl":
            return RslFile(file.payload)
        return RobotsFile(file.payload.decode(), self.agents, is_ai_txt=file.kind == "ai_txt")
