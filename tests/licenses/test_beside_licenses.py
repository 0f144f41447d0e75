"""What stands in one block with a licence: known to leave it as it is, or doubt."""

from __future__ import annotations

import pytest

from data_platform.licenses import html
from data_platform.licenses.resolve import Statement, decide
from data_platform.licenses.restriction import is_understood

LICENSE = '<a rel="license" href="https://creativecommons.org/licenses/by/4.0/">CC BY 4.0</a>'
PAGE = "<html><body><main><p>{}</p></main><footer><p>{}</p></footer></body></html>"
PROSE = "The boats of the village carry apples to the market, and the miller counts them at the bridge. " * 8


def decided(notice: str) -> int:
    """The tier of a page whose footer says this."""
    found = html.observations(PAGE.format(PROSE, notice).encode())
    return decide([Statement(one.location, one.scope, one.license_spdx, one.confidence) for one in found]).license_tier


@pytest.mark.parametrize("notice", [
    "Text under {}. Hands off if you run an ad network.", "{}. Newspapers owe us twenty euros per article.",
    "Text: {}, provided it stays on pages of charities alone.", "Text under {}; machine reading is off the table.",
    "Alle Texte stehen unter {}. Verlage zahlen ein Honorar.", "{}. Subscribers may share within their household.",
    "Testi sotto {}. Chi ha una tipografia si tenga lontano.", "Teksty na licencji {}. Gazety proszone są z daleka.",
])
def test_a_sentence_that_nobody_understands_is_doubt(notice: str) -> None:
    assert decided(notice.format(LICENSE)) >= 4


@pytest.mark.parametrize("notice", [
    "© 2022 The Mill Society. Text is available under {}.",
    "Powered by Ghost. All posts {}. Subscribe to the newsletter.",
    "Text {}; logos are trademarks of their owners.", "Texts: {}. We do not guarantee that they are correct.",
    "University of Example, Department of Rivers. Course materials on this site are available under {}.",
    "Esta obra está bajo una licencia {}. Se permite el uso comercial.", "Text: {}. Please cite us.",
    "Sauf mention contraire, les textes de ce site sont sous licence {}. Mentions légales",
])
def test_what_is_said_beside_most_licences_takes_nothing(notice: str) -> None:
    assert decided(notice.format(LICENSE)) == 1


def test_names_and_short_lines_are_no_sentences() -> None:
    assert is_understood("Department of Estuaries, University of Example")
    assert is_understood("Read on")
    assert not is_understood("Keep away from it whoever you are")
