"""What stands beside a licence: known to leave it as it is, or doubt."""

from __future__ import annotations

import pytest

from data_platform.licenses import html
from data_platform.licenses.neighbours import score
from data_platform.licenses.resolve import Statement, decide

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


@pytest.mark.parametrize("footer", [
    "<p>{}</p><p>The magazine keeps the printing rights for paper.</p>", "<p>Bots stay outside.</p><p>Texts: {}</p>",
    "<p>{}</p><p>Built with Jekyll.</p><p>Les éditeurs passent par notre agent.</p>",
    "<div><p>All texts {}</p></div><div><p>Newspapers write to our desk first.</p></div>",
])
def test_doubt_comes_from_the_blocks_beside_a_notice_too(footer: str) -> None:
    assert decided(footer.format(LICENSE)) >= 4


@pytest.mark.parametrize("footer", [
    "<p>{}</p><p>Thanks to everyone who sent corrections.</p>",
    "<p>Opening hours: Monday to Friday, 9 to 16.</p><p>Text: {}</p>",
    "<p>Texte: {}</p><p>Gestaltung: Büro Nord.</p><p>Wir danken allen, die Fehler melden.</p>",
    "<p>Text: {}</p><ul><li><a href='/a'>Members&rsquo; corner</a></li><li><a href='/b'>Shop</a></li></ul>",
])
def test_harmless_blocks_beside_a_notice_take_nothing(footer: str) -> None:
    assert decided(footer.format(LICENSE)) == 1


@pytest.mark.parametrize("addition", [
    " during the fair week", " (hobby projects only)", " for members of the guild", " unless you are a bank",
    " while stocks last",
])
def test_what_a_sentence_adds_to_its_grant_is_read(addition: str) -> None:
    assert decided(f"All texts are under {LICENSE}{addition}.") >= 4
    assert decided(f"All texts are licensed under CC BY 4.0{addition}.") >= 4


def test_the_contributions_of_users_are_the_page_where_its_software_says_so() -> None:
    notice = f"Site design / logo © 2024 Stack Exchange Inc; user contributions licensed under {LICENSE}."
    assert decided(f"{notice} rev 2024.3.8.6109") == 1
    assert decided(notice) >= 4


def test_a_score_needs_words() -> None:
    assert score("Newspapers write to our desk first.") > 0 > score("Thanks to all who helped.")
    assert score("4.0, 2024") == float("-inf")
