"""Statements read as SPDX, and the algebra of expressions."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_platform.spdx import names
from data_platform.spdx.expressions import (
    CHOSEN,
    EXACT,
    NAMED,
    OUR_REFERENCES,
    UNKNOWN,
    conjunction,
    disjunction,
    family,
    identifier,
    identifiers_of,
    normalize,
    parse,
    read,
)
from data_platform.spdx.tiers import tier

LEAVES = ("MIT", "CC0-1.0", "Apache-2.0", "GPL-3.0-only", "CC-BY-NC-4.0", *OUR_REFERENCES[:4])
EXPRESSIONS = st.recursive(
    st.sampled_from(LEAVES),
    lambda inner: st.builds(
        lambda combine, parts: combine(parts), st.sampled_from((conjunction, disjunction)),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=6,
)


@pytest.mark.parametrize(("raw", "spdx", "confidence"), [
    ("MIT", "MIT", EXACT),
    ("mit or apache-2.0", "Apache-2.0 OR MIT", EXACT),
    ("MIT AND (MIT OR GPL-2.0+)", "MIT", EXACT),
    ("GPL-2.0-only WITH Classpath-exception-2.0", "GPL-2.0-only WITH Classpath-exception-2.0", EXACT),
    ("Apache-2.0+", "Apache-2.0", EXACT),
    ("MIT License", "MIT", NAMED),
    ("The MIT License (MIT)", "MIT", NAMED),
    ("Apache License, Version 2.0", "Apache-2.0", NAMED),
    ("Apache 2.0", "Apache-2.0", NAMED),
    ("3-Clause BSD License", "BSD-3-Clause", NAMED),
    ("BSD", "BSD-3-Clause", CHOSEN),
    ("GPL", "GPL-1.0-or-later", CHOSEN),
    ("GNU General Public License v3 or later (GPLv3+)", "GPL-3.0-or-later", NAMED),
    ("LGPLv2.1+", "LGPL-2.1-or-later", NAMED),
    ("Mozilla Public License 2.0 (MPL 2.0)", "MPL-2.0", NAMED),
    ("CC BY-SA 4.0", "CC-BY-SA-4.0", EXACT),
    ("CC BY-NC-SA 2.0 DE", "CC-BY-NC-SA-2.0-DE", EXACT),
    ("CC BY-SA 2.5 CH", "CC-BY-SA-2.5", EXACT),
    ("CC-BY-SA", "LicenseRef-cc-by-sa", NAMED),
    ("Creative Commons Attribution-NonCommercial-NoDerivs 3.0 Unported License", "CC-BY-NC-ND-3.0", EXACT),
    ("Creative Commons - Attribution - https://creativecommons.org/licenses/by/4.0/", "CC-BY-4.0", EXACT),
    ("CC0 1.0 Universal", "CC0-1.0", NAMED),
    ("Public Domain", "LicenseRef-public-domain", NAMED),
    ("MIT/Apache-2.0", "Apache-2.0 AND MIT", EXACT),
    ("BSD and MIT", "BSD-3-Clause AND MIT", CHOSEN),
    ("Apache 2.0 or MIT", "Apache-2.0 OR MIT", NAMED),
    ("Datenlizenz Deutschland - Namensnennung - Version 2.0", "DL-DE-BY-2.0", NAMED),
    ("dl-de/zero-2-0", "DL-DE-ZERO-2.0", NAMED),
    ("Licence Ouverte / Open Licence version 2.0", "etalab-2.0", NAMED),
    ("Open Government Licence - Canada", "OGL-Canada-2.0", NAMED),
    ("Open Government Licence", "OGL-UK-3.0", CHOSEN),
    ("UNLICENSED", "LicenseRef-all-rights-reserved", NAMED),
    ("© 2020 Verlag, alle Rechte vorbehalten", "LicenseRef-all-rights-reserved", CHOSEN),
    ("MIT (non-commercial only)", "LicenseRef-non-commercial AND MIT", CHOSEN),
    ("License :: OSI Approved :: MIT License", "MIT", NAMED),
    ("License :: OSI Approved :: BSD License", "BSD-3-Clause", CHOSEN),
    ("License :: Free for non-commercial use", "LicenseRef-non-commercial", NAMED),
    ("Attribution 4.0 International (CC BY 4.0)", "CC-BY-4.0", 1.0),
    ("Attribution-NonCommercial 4.0 International", "CC-BY-NC-4.0", 1.0),
    ("Creative Commons CC BY 4.0", "CC-BY-4.0", 1.0),
    ("CC BY-SA 4.0 DEED", "CC-BY-SA-4.0", 1.0),
    ("CC0 1.0 Universal (CC0 1.0) Public Domain Dedication", "CC0-1.0", 0.9),
    ("Open Government Licence v1.0", "OGL-UK-1.0", 0.9),
    ("https://creativecommons.org/licenses/nc-sa/1.0/", "LicenseRef-non-commercial", 0.9),
    ("https://creativecommons.org/licenses/nd/1.0/", "LicenseRef-all-rights-reserved", 0.9),
    ("https://creativecommons.org/licenses/sa/1.0/fi/", "CC-SA-1.0", 1.0),
    ("Alle rechten voorbehouden", "LicenseRef-all-rights-reserved", 0.6),
])
def test_a_statement_is_read(raw: str, spdx: str, confidence: float) -> None:
    assert read(raw) == (spdx, confidence)


@pytest.mark.parametrize(("url", "spdx"), [
    ("http://creativecommons.org/licenses/by-nc-nd/3.0/de/", "CC-BY-NC-ND-3.0-DE"),
    ("https://creativecommons.org/licenses/by-sa/4.0/legalcode.de", "CC-BY-SA-4.0"),
    ("https://creativecommons.org/licenses/ by-sa/4.0/deed.de", "CC-BY-SA-4.0"),
    ("http://creativecommons.org/licenses/by-nd-nc/1.0", "CC-BY-NC-ND-1.0"),
    ("//creativecommons.org/publicdomain/zero/1.0/", "CC0-1.0"),
    ("https://creativecommons.org/publicdomain/mark/1.0/", "CC-PDM-1.0"),
    ("http://web.archive.org/web/20130307194448/http://creativecommons.org/licenses/by/3.0/", "CC-BY-3.0"),
    ("https://opensource.org/licenses/MIT", "MIT"),
    ("http://www.opensource.org/licenses/mit-license.php", "MIT"),
    ("https://opensource.org/license/apache-2-0", "Apache-2.0"),
    ("https://spdx.org/licenses/BSD-3-Clause.html", "BSD-3-Clause"),
    ("https://www.gnu.org/licenses/old-licenses/gpl-2.0.txt", "GPL-2.0-only"),
    ("https://www.gnu.org/licenses/lgpl-3.0.html#section4", "LGPL-3.0-only"),
    ("http://www.apache.org/licenses/LICENSE-2.0", "Apache-2.0"),
    ("https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/", "OGL-UK-3.0"),
    ("https://www.usa.gov/publicdomain/label/1.0/", "LicenseRef-us-gov-pd"),
    ("https://www.nationalarchives.gov.uk/doc/open-government-licence/version/1/", "OGL-UK-1.0"),
    ("https://open.canada.ca/en/open-government-licence-canada", "OGL-Canada-2.0"),
    ("https://data.norge.no/nlod/en/2.0", "NLOD-2.0"),
    ("https://www.govdata.de/dl-de/by-2-0", "DL-DE-BY-2.0"),
    ("https://www.etalab.gouv.fr/wp-content/uploads/2017/04/ETALAB-Licence-Ouverte-v2.0.pdf", "etalab-2.0"),
])
def test_an_address_is_read(url: str, spdx: str) -> None:
    assert normalize(url) == spdx


@pytest.mark.parametrize("raw", [
    "", "()", ")(", "MIT AND", "or", "MIT WITH", "MIT MIT Foo", "MIT AND Foo-1.0", "not under the MIT License",
    "MIT-compatible", "GPL-compatible", "fair", "free", "see LICENSE", "Dual License", "Open Access",
    "Creative Commons",
    "Classpath-exception-2.0", "LicenseRef-Proprietary", "LicenseRef-unknown", "License :: OSI Approved",
    "License :: No Such Classifier", "https://example.org/license", "http://creativecommons.org/licenses/",
    "https://creativecommons.org/about", "https://example.org/?u=https://opensource.org/licenses/MIT", "(" * 600,
])
def test_what_cannot_be_read_is_unknown(raw: str) -> None:
    assert read(raw) == (UNKNOWN, 0.0)


def test_every_table_entry_is_an_identifier() -> None:
    stated = [
        *names.NAMES.values(), *names.AMBIGUOUS_NAMES.values(), *(spdx for spdx, _ in names.CLASSIFIERS.values()),
        *(spdx for _, spdx, _ in names.ADDRESSES if spdx),
    ]
    assert [spdx for spdx in stated if identifier(spdx) != spdx] == []


def test_families_join_versions_and_jurisdictions() -> None:
    assert family("CC-BY-SA-3.0-DE") == family("LicenseRef-cc-by-sa") == "CC-BY-SA"
    assert family("BSD-2-Clause") == family("BSD-3-Clause") == "BSD"
    assert family("GPL-3.0-or-later") == "GPL" != family("LGPL-3.0-only")


@settings(deadline=None)  # the first example loads the licence index
@given(st.text(max_size=200))
def test_reading_any_text_gives_a_valid_expression(text: str) -> None:
    spdx, confidence = read(text)
    parse(spdx)
    assert 0 <= confidence <= 1
    assert (confidence == 0) == (spdx == UNKNOWN)


@settings(deadline=None)  # the first example loads the licence index
@given(st.text(alphabet=st.characters(exclude_categories=("L", "N")), max_size=60))
def test_text_without_letters_is_never_free(text: str) -> None:
    assert tier(normalize(text)) >= 4


@settings(deadline=None)  # the first example loads the licence index
@given(EXPRESSIONS, EXPRESSIONS, EXPRESSIONS)
def test_conjunction_is_associative_commutative_idempotent(a: str, b: str, c: str) -> None:
    assert conjunction([a, b]) == conjunction([b, a])
    assert conjunction([a, a]) == conjunction([a])
    assert conjunction([conjunction([a, b]), c]) == conjunction([a, conjunction([b, c])])
    assert disjunction([a, b]) == disjunction([b, a])
    assert disjunction([a, a]) == disjunction([a])
    assert disjunction([disjunction([a, b]), c]) == disjunction([a, disjunction([b, c])])


@settings(deadline=None)  # the first example loads the licence index
@given(EXPRESSIONS)
def test_normalizing_an_expression_twice_changes_nothing(expression: str) -> None:
    assert normalize(normalize(expression)) == normalize(expression)


def test_conjunction_is_flat_sorted_and_deduplicated() -> None:
    assert conjunction(["MIT", "Apache-2.0 AND MIT", "BSD-3-Clause"]) == "Apache-2.0 AND BSD-3-Clause AND MIT"
    assert conjunction(["MIT OR Apache-2.0", "GPL-3.0-only"]) == "GPL-3.0-only AND (Apache-2.0 OR MIT)"
    assert identifiers_of("MIT AND GPL-2.0-only WITH Classpath-exception-2.0") == {"MIT", "GPL-2.0-only"}


def test_nothing_said_is_not_permission() -> None:
    assert conjunction([]) == disjunction([]) == UNKNOWN


def test_an_invalid_expression_is_refused() -> None:
    with pytest.raises(ValueError, match="not an SPDX expression"):
        conjunction(["MIT", "Foo-1.0"])


def test_agrees_with_the_data_provenance_collection(shared_data: Path) -> None:
    """Its 66 licence names by use: none that forbids commercial use is freer than unknown, and 33 are readable."""
    with tarfile.open(shared_data / "provenance" / "data-provenance-collection.tar.xz") as archive:
        classes = json.load(archive.extractfile("constants/license_classes.json"))
    tiers = {name: tier(normalize(name)) for name in classes}
    not_commercial = [name for name, (use, _, _) in classes.items() if use in ("NC", "Acad")]
    assert all(tiers[name] >= 4 for name in not_commercial)
    share_alike = [name for name, (use, _, alike) in classes.items() if use == "All" and alike == "1"]
    assert all(tiers[name] >= 2 for name in share_alike)
    assert sum(level < 4 for level in tiers.values()) >= 33
