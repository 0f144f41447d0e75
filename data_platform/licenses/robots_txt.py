"""What a robots.txt, and an ai.txt of the same form, says of training on the pages of its host.

Read are, for the URL of a page:

- rules for the crawlers that gather text to train models (`training_agents` of the recipe), by RFC 9309 as Protego
  reads it. A page that such a crawler may not fetch is reserved. So is a page that no crawler may fetch: reading it
  was a breach to begin with; that reading is less sure;
- Content-Usage (draft-ietf-aipref-attach-05) and Content-Signal (draft-romm-aipref-contentsignals-00) of the groups for
  all crawlers or for one of them; the longest path that matches decides, then the stricter;
- License (RSL 1.0), which names a document with terms for the whole host. It is recorded as a statement that cannot be
  read; the document itself is evidence of its own if it was captured (`rsl`).

Belongs here: one file, parsed once, asked per URL. Does not: which record holds it (`site_files`), the words of
preferences (`reservations`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlsplit

from protego import Protego

from data_platform.licenses.observation import Observation, observe
from data_platform.licenses.reservations import RESERVED, usage_preference
from data_platform.spdx.expressions import CHOSEN, OPT_OUT, UNREADABLE, Reading

DETECTOR = "robots_txt@2"
MAX_CHARACTERS = 500 * 1024
"""RFC 9309, section 2.5: at least so much has to be read, and longer files are cut here."""

_TEXT_PROBES = ("/probe.txt", "/probe.html")
"""ai.txt reserves kinds of media by their extension: these stand for the text of a page."""
_PREFERENCES = frozenset({"content-usage", "content-signal"})


_TOKEN = re.compile(r"\s*(\*|[\w.-]+)")


class _Preference(NamedTuple):
    path: str
    field: str
    value: str


class RobotsFile:
    """One robots.txt or ai.txt.

    Args:
        text: its text.
        agents: user agents that gather text for training.
        is_ai_txt: whether all of its rules speak of training, whichever agent they name.
    """

    def __init__(self, text: str, agents: Sequence[str], is_ai_txt: bool = False) -> None:
        text = relevant(text)
        self._ai_txt = is_ai_txt
        named, self._preferences, self._licenses = _read(text, {agent.lower() for agent in agents})
        self._agents = sorted(named - {"*"}) if is_ai_txt else [agent for agent in agents if agent.lower() in named]
        self._rules = Protego.parse(text)
        self._text = text

    @property
    def speaks(self) -> bool:
        """Whether the file can say anything of any page."""
        return bool(self._agents or self._preferences or self._licenses or "disallow" in self._text.lower())

    def observations(self, url: str, record_id: str | None = None) -> Iterator[Observation]:
        """What the file says of the page at `url`, which is on its host."""
        location = "ai_txt" if self._ai_txt else "robots"

        def seen(place: str, raw: str, reading: Reading) -> Observation:
            context = f"{raw}\n{self._text}"
            return observe(place, "site", raw, DETECTOR, reading, context=context, record_id=record_id)

        asked = (url, *_probes(url)) if self._ai_txt else (url,)
        if blocked := [agent for agent in self._agents if not all(self._rules.can_fetch(one, agent) for one in asked)]:
            yield seen(location, f"disallowed: {', '.join(blocked)}", RESERVED)
        elif self._ai_txt and not all(self._rules.can_fetch(one, "*") for one in asked):
            yield seen(location, "disallowed: *", RESERVED)
        elif not self._rules.can_fetch(url, "*"):
            yield seen(location, "disallowed: *", Reading(OPT_OUT, CHOSEN))
        if preference := self._preference(url):
            yield seen(location, f"{preference.field}: {preference.value}", usage_preference(preference.value))
        for address in self._licenses:
            yield seen("rsl", address, UNREADABLE)

    def _preference(self, url: str) -> _Preference | None:
        parts = urlsplit(url)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        matching = [one for one in self._preferences if path_matches(one.path, path)]
        reserved = [one for one in matching if usage_preference(one.value) == RESERVED]
        return max(matching, key=lambda one: (len(one.path), one in reserved), default=None)


def relevant(text: str) -> str:
    """A robots.txt without comments, empty lines and sitemaps, which are most of many files.

    A crawl has one file per host, and workers hold them all. Crawlers are named by their product token alone: what
    follows it, as in 'GPTBot/1.0' or 'CCBot (Common Crawl)', is passed over, as crawlers do (RFC 9309, section 2.2.1).
    """
    kept = []
    for line in text[:MAX_CHARACTERS].splitlines():
        field, colon, _ = line.partition(":")
        field = field.strip().lower()
        if field == "license":
            kept.append(line.strip())
        elif field == "user-agent" and (token := _TOKEN.match(line.partition(":")[2])):
            kept.append(f"User-agent: {token[1]}")
        elif colon and field not in ("sitemap", "host") and (rule := line.partition("#")[0].strip()):
            kept.append(rule)
    return "\n".join(kept)


def path_matches(pattern: str, path: str) -> bool:
    """Whether a path matches a pattern of robots.txt: a prefix, with * for anything and $ for the end (RFC 9309)."""
    return bool(_compiled(pattern).match(path))


@lru_cache(maxsize=4_096)
def _compiled(pattern: str) -> re.Pattern[str]:
    ends = pattern.endswith("$")
    parts = re.split(r"\*+", pattern.removesuffix("$"))
    return re.compile(".*".join(map(re.escape, parts)) + ("$" if ends else ""))


def _probes(url: str) -> list[str]:
    parts = urlsplit(url)
    return [f"{parts.scheme}://{parts.netloc}{probe}" for probe in _TEXT_PROBES]


def _read(text: str, agents: set[str]) -> tuple[set[str], list[_Preference], list[str]]:
    """Agents that have a group, preferences that concern training crawlers, and addresses of licences."""
    named: set[str] = set()
    preferences: list[_Preference] = []
    licenses: list[str] = []
    group: set[str] = set()
    open_ = False
    for line in text.splitlines():
        field, colon, value = line.partition("#")[0].partition(":")
        field, value = field.strip().lower(), value.strip()
        if not colon:
            continue
        if field == "user-agent":
            group = group if open_ else set()
            open_ = True
            token = value.split("/")[0].strip().lower()
            group.add(token)
            named.add(token)
            continue
        open_ = False
        if field == "license" and "://" in value:
            licenses.append(line.partition(":")[2].strip())
        elif field in _PREFERENCES and (not group or "*" in group or group & agents):
            path, _, rest = value.partition(" ")
            path, stated = (path, rest.strip()) if path.startswith(("/", "*")) and rest else ("/", value)
            if usage_preference(stated) is not None:
                preferences.append(_Preference(path, field, stated))
    return named, preferences, licenses
