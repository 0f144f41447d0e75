"""Rulings of people."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_platform.core.settings import RecipeError
from data_platform.licenses.manual import Rulings, load_rulings

RULINGS = """
- {url: https://example.org/a, license: cc-by-4.0, author: A. Uthor, date: 2024-05-01, reason: By letter.}
- {host: Example.org, license: CC0-1.0, author: B. Uthor, date: 2024-05-02, reason: Terms of use.}
- {source: wiki, license: CC-BY-SA-4.0, author: C. Uthor, date: 2024-05-03, reason: Checked.}
"""


def test_rulings_on_addresses_hosts_and_sources(tmp_path: Path) -> None:
    (tmp_path / "rulings.yaml").write_text(RULINGS)
    rulings = Rulings(load_rulings(str(tmp_path / "rulings.yaml")))
    found = rulings.observations("0" * 32, "https://example.org/a", "wiki")
    assert [(one.location, one.scope, one.license_spdx, one.note) for one in found] == [
        ("manual", "page", "CC-BY-4.0", "A. Uthor, 2024-05-01: By letter."),
        ("manual", "site", "CC0-1.0", "B. Uthor, 2024-05-02: Terms of use."),
        ("manual", "dataset", "CC-BY-SA-4.0", "C. Uthor, 2024-05-03: Checked."),
    ]
    assert rulings.observations("0" * 32, "https://www.example.org/a", "web") == []
    assert load_rulings(None) == []


@pytest.mark.parametrize(("text", "fault"), [
    ("{}: [", "not YAML"), ("word", "rulings are a list"),
    ("- {url: x, host: y, license: MIT, author: A, date: 2024-05-01, reason: r}", "ruling 1: .*exactly one of"),
    ("- {url: x, license: Foo-1.0, author: A, date: 2024-05-01, reason: r}", "license: .*not an SPDX expression"),
    ("- {url: x, license: MIT, date: 2024-05-01, reason: r}", "author: Field required"),
])
def test_a_faulty_file_is_refused(tmp_path: Path, text: str, fault: str) -> None:
    (tmp_path / "rulings.yaml").write_text(text)
    with pytest.raises(RecipeError, match=fault):
        load_rulings(str(tmp_path / "rulings.yaml"))
    with pytest.raises(RecipeError, match="cannot read"):
        load_rulings(str(tmp_path / "absent.yaml"))
