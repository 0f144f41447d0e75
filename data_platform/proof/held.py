"""What takedowns hold the rows of a mixture to, and which rows wait for a run after one.

A takedown notes the terms of documents that stay and may have depended on what went (`takedown/held.py`). They are
asked here by place: of every subject, what it and its copies are held to. Until the next run, a subject may have terms
that nothing bears any more because what bore them went; it is no breach then if these are the very terms that were
noted, and the subject is stale.

Not here: what follows for the terms (`copies`), and what is found (`examination`).
"""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa

from data_platform.lake.lake import Lake
from data_platform.proof.after_takedown import first_of
from data_platform.proof.copies import KeptTo, Members
from data_platform.proof.ids import IdIndex, numbers_of
from data_platform.proof.way import Way
from data_platform.spdx.expressions import OPT_OUT
from data_platform.takedown.held import Held, held_config, held_terms
from data_platform.takedown.removal_list import standing


class HeldTo:
    """What subjects are held to.

    Attributes:
        by_place: what each subject is held to, itself and by its copies.
        stale: what subjects are held to themselves, if terms were written before all of what holds today was noted.
        written: whether terms were written after some of it was.
    """

    def __init__(self, lake: Lake, way: Way, subjects: IdIndex, members: Members) -> None:
        listed = standing(lake)
        held = held_terms(listed)
        numbers = numbers_of(pa.array(list(held), pa.string()))
        reserving = np.array([OPT_OUT in one.terms for one in held.values()], bool)
        self._reserving = IdIndex(numbers[reserving])
        said: dict[int, tuple[list[str], str]] = {}
        own: dict[int, Held] = {}
        places, copies = subjects.find(numbers), members.index.find(numbers)
        for place, copy, one in zip(places.tolist(), copies.tolist(), held.values(), strict=True):
            if place >= 0:
                own[place] = one
                said.setdefault(place, ([], ""))[0].append(one.terms)
                said[place] = (said[place][0], one.claim)
            if copy >= 0 and members.owner[copy] >= 0:
                said.setdefault(int(members.owner[copy]), ([], ""))[0].append(one.terms)
        self.by_place = {place: KeptTo(tuple(terms), claim) for place, (terms, claim) in said.items()}
        written = [json.loads(first_of(lake.history(stop.table), stop.commit)["config"])
                   for stop in (way.of("document_terms") if held else ())]
        self.written = any("held" in config for config in written)
        today = held_config(listed).get("held")
        self.stale = own if any(config.get("held") != today for config in written) else {}

    def reserves(self, numbers: np.ndarray) -> np.ndarray:
        """Whether each of some ids is held to a reservation."""
        return self._reserving.find(numbers) >= 0
