# ruff: noqa: RUF001 - dashes and quotation marks of other languages are meant
"""Licences that sentences name: which, for what, and whether they grant."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_platform.licenses.prose import mentions, sentence_around, speaks_of_part, subject
from data_platform.spdx.expressions import OPT_OUT, parse


@pytest.mark.parametrize(("sentence", "spdx", "whole", "grants"), [
    ("Except where otherwise noted, content on this site is licensed under a Creative Commons Attribution 4.0 "
     "International license.", "CC-BY-4.0", "whole", True),
    ("Der Inhalt dieser Seite ist unter einer Creative Commons Namensnennung-Nicht-kommerziell-Weitergabe unter "
     "gleichen Bedingungen 3.0 Deutschland Lizenz lizenziert.", "CC-BY-NC-SA-3.0-DE", "whole", True),
    ("Soweit nicht anders gekennzeichnet, stehen unsere Texte unter einer Creative Commons Namensnennung - Keine "
     "Bearbeitung 3.0 Deutschland Lizenz.", "CC-BY-ND-3.0-DE", "whole", True),
    ("Ce site est mis à disposition sous licence Creative Commons Attribution - Pas d’Utilisation Commerciale - "
     "Partage dans les Mêmes Conditions 2.0 France", "CC-BY-NC-SA-2.0-FR", "whole", True),
    ("Los contenidos de esta página están bajo una licencia Creative Commons Reconocimiento-CompartirIgual 3.0.",
     "CC-BY-SA-3.0", "whole", True),
    ("Questo articolo è distribuito con licenza Creative Commons Attribuzione - Non commerciale - Non opere derivate "
     "4.0", "CC-BY-NC-ND-4.0", "whole", True),
    ("All photos on this site are licensed under CC BY-NC 2.0", "CC-BY-NC-2.0", "part", True),
    ("Foto: A. Uthor, CC BY-SA 3.0", "CC-BY-SA-3.0", "part", False),
    ("Text and images are available under CC0.", "CC0-1.0", "whole", True),
    ("This work is not licensed under Creative Commons BY 4.0.", "CC-BY-4.0", "whole", False),
    ("© 2020 Example, CC-BY 4.0", "CC-BY-4.0", "", False),
    ("All content is available under the Open Government Licence v3.0, except where otherwise stated", "OGL-UK-3.0",
     "whole", True),
    ("Les contenus de ce site sont sous Licence Ouverte / Open Licence version 2.0", "etalab-2.0", "whole", True),
    ("Die Inhalte stehen unter der Datenlizenz Deutschland – Namensnennung – Version 2.0", "DL-DE-BY-2.0", "whole",
     True),
    ("Inhalte: Datenlizenz Deutschland – Zero – Version 2.0 gilt", "DL-DE-ZERO-2.0", "whole", True),
    ("This document is a work of the United States Government and subject to no copyright.", "LicenseRef-us-gov-pd",
     "whole", True),
])
def test_a_licence_is_named_for_something(sentence: str, spdx: str, whole: str, grants: bool) -> None:
    (mention,) = mentions(sentence)
    assert (mention.reading.spdx, mention.subject, mention.grants) == (spdx, whole, grants)


@pytest.mark.parametrize("sentence", [
    "Creative Commons is a non-profit organisation.", "Send it to the office, cc by mail to the board.",
    "The CC license suite was revised.", "Our training courses on language models start in May.",
])
def test_talk_names_no_licence(sentence: str) -> None:
    assert [mention.reading.spdx for mention in mentions(sentence) if mention.grants] == []


@pytest.mark.parametrize("sentence", [
    "The publisher reserves all rights of text and data mining under section 44b UrhG.",
    "Eine Nutzung für Text und Data Mining im Sinne von § 44b UrhG ist untersagt.",
    "No part of this site may be used for training artificial intelligence.",
])
def test_a_reservation_in_words(sentence: str) -> None:
    assert OPT_OUT in [mention.reading.spdx for mention in mentions(sentence)]


def test_where_something_is_found_is_not_what_is_spoken_of() -> None:
    assert subject("Alle Fotos auf diesem Blog") == "part"
    assert subject("Alle Texte und Fotos auf diesem Blog") == "whole"
    assert speaks_of_part("User contributions are licensed so")
    assert not speaks_of_part("Lesson plans, drawings and photos by the class are licensed so")


def test_the_clause_around_a_phrase() -> None:
    text = "Site design © Example Inc; user contributions under a cc by-sa licence. Imprint."
    assert sentence_around(text, "cc by-sa") == "user contributions under a cc by-sa licence."
    assert sentence_around(text, "") == sentence_around(text, "absent") == ""


@settings(deadline=None)  # the first example loads the licence index
@given(st.text(alphabet=st.sampled_from("CcBbYy -/,.0345SsAaNnDd©\n()"), max_size=80).map(lambda tail: f"CC BY {tail}"))
def test_every_reading_is_a_valid_expression(text: str) -> None:
    for mention in mentions(text):
        parse(mention.reading.spdx)
        assert mention.raw in " ".join(text.split())
