"""Licence texts as wholes: what may change in one, and what makes it another, or unknown."""

from __future__ import annotations

import random
import textwrap
from functools import lru_cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_platform.licenses.known_texts import TEXT, known
from data_platform.licenses.leftovers import Leftover, terms_of
from data_platform.licenses.license_text import PART, WHOLE, recognize, recognize_notice
from data_platform.spdx.expressions import UNKNOWN, identifiers_of
from data_platform.spdx.tiers import UNKNOWN as UNKNOWN_TIER
from data_platform.spdx.tiers import tier
from tests.licenses.test_statements import APACHE_NOTICE, MIT

SUBJECTS = ("The Software", "It", "This code", "The work", "Any copy")
VERBS = ("may not be", "must never be", "can only be", "shall not be", "is not to be", "will in no case be")
ACTS = ("sold", "used by banks", "run on cars", "shown to children", "put on a server", "translated", "used at night",
        "fed to a neural network", "changed", "exported", "mentioned to reporters")
LISTED = ("MIT", "BSD-2-Clause", "BSD-3-Clause", "ISC", "Zlib", "Apache-2.0", "0BSD", "MIT-0", "Unlicense", "BSL-1.0",
          "PostgreSQL", "CC0-1.0", "GPL-2.0-only", "MPL-2.0", "CC-BY-4.0")


@lru_cache(maxsize=1)
def texts() -> dict[str, str]:
    """The words of listed licences, as they are known."""
    store = known()
    found: dict[str, str] = {}
    for number, expression in enumerate(store.expression):
        if expression in LISTED and store.kind[number] == TEXT and expression not in found:
            found[expression] = " ".join(store.spelling[word] for word in store.words[store.text(number)])
    assert found.keys() == set(LISTED)
    return found


@pytest.mark.parametrize("spdx", LISTED)
def test_a_listed_licence_is_itself_whatever_its_lines(spdx: str) -> None:
    for width, sign in ((30, ""), (72, "# "), (100, " * ")):
        lines = textwrap.wrap(texts()[spdx], width)
        reading = recognize("\n".join(sign + line for line in lines))
        assert reading.spdx == spdx and reading.confidence > PART


@settings(max_examples=40, deadline=None)
@given(st.integers(1970, 2040), st.lists(st.sampled_from(
    ["Jane Doe", "Ørsted A/S", "The Larch Project", "ACME, Inc.", "K. O'Neill", "University of Ruritania", "zork"]),
    min_size=1, max_size=3))
def test_names_and_years_do_not_matter(year: int, names: list[str]) -> None:
    text = MIT.replace("Copyright (c) 2020 A. Uthor", f"Copyright (c) {year}, {' and '.join(names)}")
    assert recognize(text) == ("MIT", WHOLE)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(LISTED), st.sampled_from(SUBJECTS), st.sampled_from(VERBS), st.sampled_from(ACTS),
       st.floats(0, 1))
def test_a_sentence_that_restricts_is_never_free_wherever_it_stands(
    spdx: str, subject: str, verb: str, act: str, place: float
) -> None:
    words = texts()[spdx].split()
    position = int(place * len(words))
    sentence = f"{subject} {verb} {act}."
    for text in (" ".join([*words[:position], sentence, *words[position:]]), f"{' '.join(words)}\n\n{sentence}"):
        assert tier(recognize(text).spdx) >= UNKNOWN_TIER


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(LISTED), st.floats(0.02, 1))
def test_a_text_that_is_cut_off_is_never_freer(spdx: str, share: float) -> None:
    words = texts()[spdx].split()
    assert tier(recognize(" ".join(words[:int(share * len(words))])).spdx) >= tier(spdx)


@pytest.mark.parametrize("seed", range(6))
def test_a_licence_with_a_hole_is_not_the_one_that_it_would_be_without(seed: int) -> None:
    chance = random.Random(seed)
    for spdx in ("MIT", "BSD-3-Clause", "ISC", "Zlib", "Apache-2.0"):
        words = texts()[spdx].split()
        start = chance.randrange(len(words) // 4, len(words) // 2)
        holed = recognize(" ".join(words[:start] + words[start + len(words) // 6:]))
        assert tier(holed.spdx) >= tier(spdx)
        assert UNKNOWN in identifiers_of(holed.spdx) or holed.spdx == spdx


@pytest.mark.parametrize("change", [
    ("without restriction, including", "for research, including"),
    ("free of charge, to any person", "free of charge, to any student"),
    ("Permission is hereby granted", "Permission is hereby not granted"),
    ("publish, distribute, sublicense, and/or sell", "publish, distribute, and sublicense"),
    ("free of charge", "for a yearly charge"),
    ("to deal in the Software", "to deal in the Software at home"),
])
def test_a_word_that_turns_the_sense_makes_it_unknown(change: tuple[str, str]) -> None:
    squeezed = " ".join(MIT.split())
    assert change[0] in squeezed
    assert tier(recognize(squeezed.replace(*change)).spdx) >= UNKNOWN_TIER


def test_licences_that_look_alike_are_told_apart() -> None:
    condition = MIT[MIT.index("The above copyright notice"):MIT.index("THE SOFTWARE IS")]
    bare = MIT.replace(condition, "").replace(", subject to the following conditions:", ".")
    assert recognize(bare).spdx == "MIT-0"
    assert tier(recognize(MIT.replace(condition, "")).spdx) >= tier("MIT")
    evil = MIT.replace(condition, f"{condition}The Software shall be used for Good, not Evil.\n\n")
    assert tier(recognize(evil).spdx) == 5
    assert tier(recognize(MIT.replace("2020 A. Uthor", "2020 A. Uthor. Not for resale.")).spdx) == 5


def test_two_licences_in_one_file_both_hold() -> None:
    assert recognize(f"{MIT}\n\n----\n\n{texts()['BSD-3-Clause']}").spdx == "BSD-3-Clause AND MIT"


def test_headings_that_name_another_licence_count() -> None:
    assert recognize(f"MIT License\n\n{MIT}").spdx == "MIT"
    assert identifiers_of(recognize(f"GNU General Public License v3.0\n\n{MIT}").spdx) >= {"MIT", "GPL-3.0-only"}


@pytest.mark.parametrize(("text", "harmless"), [
    ("Copyright (c) 2019 Will Smith <will@example.org>, all rights reserved.", True),
    ("The Larch Library\n=================", True),
    ("Copyright (c) 2001-2019 the Larch authors (see AUTHORS file)", True),
    ("Larch is distributed under the MIT license.", True),
    ("Larch is distributed under the Eclipse Public License 2.0.", False),
    ("Copyright 2019 Example Ltd. NOT FOR COMMERCIAL USE", False),
    ("Copyright 2019 Example Ltd. Kein Verkauf, nur private Nutzung.", False),
    ("Commons Clause", False), ("Postcardware", False), ("No LLMs", False), ("to nonprofits", False),
    ("Hobby use: fine. Companies: write to us.", False),
    ("Keep out of the reach of generals.", False),
    ("Copyright (c) 2021 Doe, Durham, NC", True), ("Copyright 2021 Example Inc. and others", True),
    ("## 许可证\n\nCopyright (c) 2021 深圳例子有限公司", True), ("Copyright 2019 Jane Doe. NC", False),
    ("Copyright 2019 Jane Doe.\n\nSeats: 5", False), ("NC", False), ("Free for open source projects.", False),
    ("Effective from 2040.", False), ("EUR 100/year", False), ("18+", False), ("(research)", False),
    ("Weitergabe an Dritte ausgeschlossen.", False), ("Réservé à l'enseignement et à la recherche.", False),
    ("The License - 禁止商业用途。", False), ("须经作者同意", False), ("연구 목적으로만 사용 가능", False),
    ("Deprecated license", False), ("Hippocratic", False), ("TLP:AMBER", False), ("[NON-FREE]", False),
])
def test_what_is_left_over(text: str, harmless: bool) -> None:
    assert (not terms_of(Leftover(text, heading=True), known().legal, frozenset({"MIT"}))) is harmless


@pytest.mark.parametrize("rider", [
    "Not for commercial use.", "For research purposes only.", "A licence fee is due for use in products.",
    "You may not use this file to train models.",
])
def test_what_is_added_to_a_notice_in_a_file_counts(rider: str) -> None:
    head = "".join(f"// {line}\n" for line in f"{APACHE_NOTICE}\n{rider}\n".splitlines())
    assert tier(recognize_notice(f"{head}\nint main() {{ return 0; }}\n").spdx) == 5
    assert recognize_notice(f"// {APACHE_NOTICE}\nint main() {{ return 0; }}\n").spdx == "Apache-2.0"


@pytest.mark.parametrize("above", [
    "THIRD PARTY NOTICES\n\nlibfoo:", "DRAFT", "MIT License with Responsible AI Addendum",
])
def test_a_licence_of_another_work_or_with_an_addendum_is_not_the_bare_one(above: str) -> None:
    assert tier(recognize(f"{above}\n\n{MIT}").spdx) >= 4


@pytest.mark.parametrize(("text", "harmless"), [
    ("Research licence", False), ("Members", False), ("Limited licence", False), ("Pilot phase", False), ("NDA", False),
    ("Acme Research Limited", True), ("License", True),
])
def test_a_heading_of_nothing_but_limits_is_no_name(text: str, harmless: bool) -> None:
    assert (not terms_of(Leftover(text, heading=True), known().legal, frozenset({"MIT"}))) is harmless
