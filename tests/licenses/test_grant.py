# ruff: noqa: RUF001 - letters and quotation marks of other languages are meant
"""What a sentence puts under the licence that it names: the whole, nothing in particular, or something else."""

from __future__ import annotations

import pytest

from data_platform.licenses.exceptions import has_exception, without_exception
from data_platform.licenses.grant import BARE, OTHER, WHOLE, adds_nothing, claim, credits_another, is_notice, means_page
from data_platform.licenses.votes import NAME, OWN, WORD, read_words


def claimed(sentence: str, own_names: frozenset[str] = frozenset(), previous: str = "", in_footer: bool = True) -> str:
    """What a sentence puts under '@', the licence in it."""
    before, _, after = sentence.partition("@")
    return claim(before, after, own_names, previous=previous, in_footer=in_footer)


@pytest.mark.parametrize("sentence", [
    "All articles on this blog are licensed under a @ International License.",
    "Our essays may be freely reused under @.",
    "The content of this wiki may be freely distributed and altered under the @.", "Text: @", "Words here are @.",
    "Except for our logo, the content of this website is available under @.",
    "Die Beiträge auf dieser Website stehen unter @.", "Les billets de ce carnet sont publiés sous licence @.",
    "Los textos de este sitio se publican bajo licencia @.", "I testi di questo sito sono rilasciati con licenza @.",
    "Os textos deste blogue podem ser reutilizados nos termos da licença @.", "De teksten op deze site vallen onder @.",
    "Teksty na tej stronie udostępniam na licencji @.", "本站内容采用 @ 许可协议。",
    "このサイトの文章は @ の下で提供されています。",
])
def test_a_grant_has_a_subject_and_is_now(sentence: str) -> None:
    assert claimed(sentence) == WHOLE


@pytest.mark.parametrize("sentence", [
    "@", "License: @", "Licensed under @.", "© 2021 Ada Holm, licensed under the @ License.", "Lizenz: @", "@ License",
])
def test_a_licence_alone_is_for_the_place_to_tell(sentence: str) -> None:
    assert claimed(sentence) == BARE


@pytest.mark.parametrize("sentence", [
    "Photo: Ada Holm, @", "Icons by Reed Studio, @.", "Some posts on this blog are licensed under @.",
    "This theme is licensed under @.", "We are considering putting all texts under @.",
    "Comments are licensed under @.",
    "This site will be available under @.", "From next year on, our texts are published under @.",
    "The dataset behind this article is available under @.", "Members may use these texts under @.",
    "Manche Beiträge auf dieser Seite stehen unter @.", "Künftig sollen unsere Texte unter @ stehen.",
    "Certains textes de ce site sont sous licence @.", "Algunos textos de este sitio están bajo licencia @.",
    "Their footer says “all texts here are under @”, we read.", "Ogham Sans is licensed under @.",
])
def test_doubt_is_no_grant(sentence: str) -> None:
    assert claimed(sentence) == OTHER


def test_a_name_is_the_sites_where_it_calls_itself_so() -> None:
    sentence = "Quayside by Ada Holm is licensed under a @ License."
    assert claimed(sentence, frozenset({"quayside"}), in_footer=False) == WHOLE
    assert claimed(sentence, in_footer=False) == OTHER


def test_a_sentence_speaks_of_what_the_one_before_spoke_of() -> None:
    sentence = "It is available under a @ license."
    assert claimed(sentence, previous="You are free to adapt this handbook.", in_footer=False) == WHOLE
    assert claimed(sentence, previous="The theme was made by Reed Studio.", in_footer=False) == OTHER


def test_credits_and_notices() -> None:
    assert credits_another("Illustrations: Studio North.")
    assert not credits_another("This site has been online since 1999.")
    assert is_notice("© 2019–2024 The Mill Society")
    assert not is_notice("© 2024 Ada Holm. Ask before use.")
    assert adds_nothing(" Some rights reserved.")
    assert not adds_nothing(", for members of the guild.")


@pytest.mark.parametrize(("sentence", "left"), [
    ("Unless otherwise noted, all texts", ", all texts"), ("Except for our logo, all texts", ", all texts"),
    ("Sofern nicht anders angegeben, alle Texte", ", alle Texte"), ("Except for commercial use, all", None),
])
def test_exceptions_take_nothing(sentence: str, left: str | None) -> None:
    assert has_exception(sentence) == (left is not None)
    assert without_exception(sentence).strip() == (sentence if left is None else left)


@pytest.mark.parametrize("sentence", [
    "To the extent possible under law, the person who associated @ with this work has waived all copyright to it.",
    "All text created after September 25, 2005 available under the terms of the @, unless otherwise specified.",
    "Licensed under @ 2018–2024 by The Carpentries",
])
def test_what_systems_print_is_a_grant_of_the_page(sentence: str) -> None:
    before, _, after = sentence.partition("@")
    assert claimed(sentence) == WHOLE and means_page(before, after)


@pytest.mark.parametrize(("text", "nothing"), [
    ("License and you must attribute OpenStax.", True), ("and you must attribute OpenStax and pay a fee.", False),
    ("and may be copied, shared or reused.", True), ("and may be copied by members.", False),
    ("and may not be copied.", False), ("© Commonwealth of Australia 2022.", True),
])
def test_what_adds_nothing(text: str, nothing: bool) -> None:
    assert adds_nothing(text) is nothing


def test_names_and_unknown_words_are_read_as_such() -> None:
    known = frozenset({"by", "is", "notes"})
    assert read_words("Harbour Lane by Jo is wobbly", known=known) == [NAME, "by", NAME, "is", WORD]
    assert read_words("Quayside's notes", frozenset({"quayside"}), known) == [OWN, "notes"]
