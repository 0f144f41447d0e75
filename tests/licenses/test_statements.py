"""Statements outside of pages: headers, metadata of distributions, licence texts, heads of files."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_platform.licenses import distribution, file_header, headers
from data_platform.licenses.license_text import NOTICE, PART, WHOLE, recognize, recognize_notice
from data_platform.spdx.expressions import identifiers_of

MIT = """Copyright (c) 2020 A. Uthor

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""
APACHE_NOTICE = """Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

    http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.
"""


def test_a_licence_text_is_recognised_through_layout() -> None:
    assert recognize(MIT) == ("MIT", WHOLE)
    assert recognize("\n".join(f"#   * {line}" for line in MIT.splitlines())) == ("MIT", WHOLE)


def test_what_stands_beside_a_licence_and_cannot_be_understood_is_unknown() -> None:
    assert recognize(MIT + "word " * 150) == ("LicenseRef-unknown AND MIT", PART)
    assert recognize(MIT + "word " * 2_000) == ("LicenseRef-unknown AND MIT", PART)


def test_words_that_restrict_count_beside_a_licence() -> None:
    spdx, _ = recognize(MIT + "\nThe above is granted for non-commercial use only.")
    assert spdx == "LicenseRef-non-commercial AND LicenseRef-unknown AND MIT"


@pytest.mark.parametrize(("terms", "added"), [
    ("You may not use this software to train machine learning models.", "LicenseRef-tdm-opt-out"),
    ("Use of the code for AI training is prohibited.", "LicenseRef-tdm-opt-out"),
    ("This grant is for non-commercial research.", "LicenseRef-non-commercial"),
    ("It may not be used in weapons.", "LicenseRef-restricted-use"),
    ("A fee is due for each copy.", "LicenseRef-restricted-use"),
])
def test_terms_that_are_added_to_a_licence_count(terms: str, added: str) -> None:
    assert {added, "MIT"} <= identifiers_of(recognize(f"{MIT}\n{terms}\n").spdx)


def test_prose_about_licences_is_no_licence() -> None:
    assert recognize("We love the MIT licence and the GNU General Public License. " * 60).spdx == "LicenseRef-unknown"


def test_a_short_licence_file_may_hold_a_notice_or_a_name() -> None:
    assert recognize("Apache 2.0\n") == ("Apache-2.0", 0.9)
    named = recognize("Copyright 2014 A. Uthor\n\nLicensed under the Apache License, Version 2.0.")
    assert named == ("Apache-2.0", WHOLE)


@pytest.mark.parametrize(("notice", "spdx"), [
    (APACHE_NOTICE, "Apache-2.0"),
    ("under the terms of the GNU General Public License as published by the Free Software Foundation; either version 2"
     " of the License, or (at your option) any later version.", "GPL-2.0-or-later"),
    ("under the terms of version 2.1 of the GNU Lesser General Public License", "LGPL-2.1-only"),
    ("terms of the GNU Affero General Public License as published by the Free Software Foundation, version 3 of the"
     " License.", "AGPL-3.0-only"),
    ("This Source Code Form is subject to the terms of the Mozilla Public License, v. 2.0.", "MPL-2.0"),
])
def test_notices(notice: str, spdx: str) -> None:
    assert recognize_notice(notice) == (spdx, NOTICE)


def test_all_rights_reserved_in_a_notice_file_is_no_refusal() -> None:
    assert recognize("Copyright 2012 Example Ltd. All rights reserved.\n") == ("LicenseRef-unknown", 0.0)
    assert recognize_notice("# Copyright 2012 Example Ltd. All rights reserved.\nx = 1\n").confidence == 0


def test_a_licence_above_code_is_sure() -> None:
    assert recognize_notice(MIT + "x = first(1, 2, 3)\n" * 300) == ("MIT", NOTICE)


def test_licence_files_of_real_repositories(shared_data: Path) -> None:
    expected = {
        "adbar+trafilatura/LICENSE": "Apache-2.0", "OWASP+CheatSheetSeries/LICENSE.md": "CC-BY-SA-4.0",
        "mitodl+ol-data-platform/LICENSE": "BSD-3-Clause", "webrecorder+pywb/LICENSE": "GPL-3.0-only",
        # A word of the licence is missing where it says 'NonCommercial'.
        "openstax+osbooks-introduction-philosophy/LICENSE": "CC-BY-NC-SA-4.0 AND LicenseRef-unknown",
        "rust-lang+book/LICENSE-MIT": "MIT", "rust-lang+book/LICENSE-APACHE": "Apache-2.0",
        "rust-lang+book/COPYRIGHT": "Apache-2.0 OR MIT", "openai+human-eval/LICENSE": "MIT",
        # Texts of others are bundled behind the first one, with words on which files they are for.
        "datajuicer+data-juicer/LICENSE": "Apache-2.0 AND BSD-3-Clause AND LicenseRef-unknown",
    }
    texts = {name: (shared_data / "LICENSES" / name).read_text(errors="replace") for name in expected}
    assert {name: recognize(text).spdx for name, text in texts.items()} == expected


def test_headers_of_a_response() -> None:
    def seen(fields: dict[str, object]) -> list[tuple[str, str, str]]:
        return [(one.location, one.scope, one.license_spdx) for one in headers.observations(fields)]

    reserved = [("header", "page", "LicenseRef-tdm-opt-out")]
    assert seen({"x-robots-tag": "noindex, noai"}) == reserved
    assert seen({"x-robots-tag": ["noindex", "somebot: noimageai"]}) == reserved
    assert seen({"tdm-reservation": "1"}) == reserved
    (found,) = headers.observations({"tdm-reservation": "1", "tdm-policy": "https://example.org/policy"})
    assert found.raw_value == "tdm-reservation: 1; tdm-policy: https://example.org/policy"
    assert seen({"content-usage": "train-ai=n, search=y"}) == reserved
    assert seen({"tdm-reservation": "maybe", "x-robots-tag": "noindex", "license": "MIT"}) == []
    assert seen({"tdm-reservation": "0"}) == [("header", "page", "LicenseRef-tdm-permitted")]
    link = '<https://example.org/>; rel="next", <https://creativecommons.org/licenses/by/4.0/>; rel="license"'
    assert seen({"link": link}) == [("header", "page", "CC-BY-4.0")]
    assert seen({"link": f'{link}; anchor="/photo.jpg"'}) == [("header", "element", "CC-BY-4.0")]
    assert seen({"link": f'{link}; anchor="#text"'}) == [("header", "page", "CC-BY-4.0")]


def test_metadata_of_a_distribution() -> None:
    found = distribution.observations({
        "distribution": "example", "version": "1.0", "license_expression": "MIT OR Apache-2.0",
        "license_classifiers": ["License :: OSI Approved :: MIT License"], "license_field": "see LICENSE.txt",
        "license_files": [{"name": "LICENSE", "text": MIT}, {"name": "AUTHORS", "text": "A. Uthor"}],
    })
    assert [(one.location, one.scope, one.raw_value, one.license_spdx) for one in found] == [
        ("distribution", "distribution", "MIT OR Apache-2.0", "Apache-2.0 OR MIT"),
        ("classifier", "distribution", "License :: OSI Approved :: MIT License", "MIT"),
        ("license_file", "distribution", "LICENSE", "MIT"),
        ("license_file", "distribution", "AUTHORS", "LicenseRef-unknown"),
    ]


def test_a_licence_text_in_the_license_field() -> None:
    (found,) = distribution.observations({"license_field": MIT, "license_expression": None, "license_files": None})
    assert (found.license_spdx, found.confidence, len(found.raw_value)) == ("MIT", WHOLE, 1_000)


@pytest.mark.parametrize(("head", "spdx"), [
    ("# SPDX-License-Identifier: MIT\n", "MIT"),
    ("/* SPDX-License-Identifier: GPL-2.0+ OR MIT */", "GPL-2.0-or-later OR MIT"),
    ("<!-- SPDX-License-Identifier: CC-BY-SA-4.0 -->", "CC-BY-SA-4.0"),
    ("# SPDX-License-Identifier: LicenseRef-ours\n", "LicenseRef-unknown"),
])
def test_spdx_tags(head: str, spdx: str) -> None:
    (found,) = file_header.observations(head.encode(), notices=True)
    assert (found.location, found.scope, found.license_spdx) == ("spdx_header", "file", spdx)


def test_notices_are_read_only_where_wanted_and_only_at_the_head() -> None:
    source = "".join(f"# {line}\n" for line in APACHE_NOTICE.splitlines()).encode()
    assert [one.license_spdx for one in file_header.observations(source, notices=True)] == ["Apache-2.0"]
    assert file_header.observations(source, notices=False) == []
    assert file_header.observations(b"x = 1\n" * 1_000 + source, notices=True) == []
