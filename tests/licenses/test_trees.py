"""LICENSE files and package metadata: what they say of the files below them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_platform.licenses.trees import Captured, Trees, speaks_for_folder
from data_platform.spdx.expressions import UNKNOWN
from data_platform.spdx.tiers import tier
from tests.licenses.test_statements import MIT


def stated(name: str, text: str) -> list[tuple[str, str]]:
    """Location and licence that one file states for a file beside it."""
    trees = Trees([Captured("code", f"file:repo/{name}", "a" * 32, text.encode())])
    return [(one.location, one.license_spdx) for one in trees.observations("code", "file:repo/src/main.py")]


@pytest.mark.parametrize(("name", "speaks"), [
    ("LICENSE", True), ("licence.txt", True), ("COPYING.LESSER", True), ("UNLICENSE", True), ("LICENSE-MIT", True),
    ("package.json", True), ("DESCRIPTION", True), ("license.py", False), ("licensing.md", False), ("README", True),
    ("EULA.txt", True), ("NEWS", False), ("terms.html", False), ("a.md.license", True), ("REUSE.toml", True),
])
def test_files_that_speak_for_their_folder(name: str, speaks: bool) -> None:
    assert speaks_for_folder(f"file:a/{name}") == speaks_for_folder(f"file:{name}") == speaks
    assert not speaks_for_folder(f"https://example.org/{name}")


@pytest.mark.parametrize(("name", "text", "spdx"), [
    ("package.json", '{"license": "(MIT OR Apache-2.0)"}', ["Apache-2.0 OR MIT"]),
    ("package.json", '{"licenses": [{"type": "MIT", "url": "x"}]}', ["MIT"]),
    ("package.json", '{"license": "SEE LICENSE IN terms.txt"}', [UNKNOWN]),
    ("package.json", '{"license": "UNLICENSED"}', ["LicenseRef-all-rights-reserved"]),
    ("composer.json", '{"license": ["LGPL-2.1-only", "GPL-3.0-or-later"]}', ["GPL-3.0-or-later OR LGPL-2.1-only"]),
    ("Cargo.toml", '[package]\nlicense = "MIT/Apache-2.0"', ["Apache-2.0 OR MIT"]),
    ("pyproject.toml", '[project]\nlicense = "BSD-3-Clause"', ["BSD-3-Clause"]),
    ("pyproject.toml", '[project]\nlicense = {text = "MIT License"}\n'
     'classifiers = ["License :: OSI Approved :: MIT License", "Topic :: Text"]', ["MIT", "MIT"]),
    ("pyproject.toml", '[project]\nlicense = {file = "LICENSE"}', [UNKNOWN]),
    ("pyproject.toml", '[tool.poetry]\nlicense = "ISC"', ["ISC"]),
    ("setup.cfg", "[metadata]\nlicense = Apache 2.0\nlicense_files = LICENSE", ["Apache-2.0"]),
    ("setup.cfg", "[metadata]\nlicense = see LICENSE", [UNKNOWN]),
    ("PKG-INFO", "Metadata-Version: 2.4\nName: a\nLicense-Expression: MIT\n\ntext", ["MIT"]),
    ("pom.xml", '<project xmlns="http://maven.apache.org/POM/4.0.0"><licenses><license>'
     "<name>Apache License, Version 2.0</name></license></licenses></project>", ["Apache-2.0"]),
    ("DESCRIPTION", "Package: a\nLicense: MIT + file LICENSE\n", ["MIT"]),
    ("DESCRIPTION", "Package: a\nLicense: GPL (>= 2)\n", ["GPL-2.0-or-later"]),
    ("DESCRIPTION", "A story.\n", []),
])
def test_manifests(name: str, text: str, spdx: list[str]) -> None:
    assert stated(name, text) == [("package", one) for one in spdx]


@pytest.mark.parametrize("name", ["package.json", "Cargo.toml", "pyproject.toml", "setup.cfg", "pom.xml"])
def test_a_broken_manifest_states_nothing(name: str) -> None:
    assert stated(name, "[{<") == stated(name, "[]") == stated(name, "7") == []


def test_the_nearest_folder_decides_and_sources_are_apart() -> None:
    trees = Trees([
        Captured("code", "file:LICENSE", "a" * 32, MIT.encode()),
        Captured("code", "file:vendor/x/COPYING", "b" * 32, b"Apache 2.0"),
        Captured("code", "file:vendor/package.json", "c" * 32, b'{"name": "x"}'),
    ])

    def found(source: str, url: str) -> list[tuple[str, str, str]]:
        return [(one.license_spdx, one.raw_value, one.record_id[0]) for one in trees.observations(source, url)]

    assert found("code", "file:src/a/b.py") == found("code", "file:b.py") == [("MIT", "LICENSE", "a")]
    assert found("code", "file:vendor/x/lib/c.c") == [("Apache-2.0", "vendor/x/COPYING", "b")]
    assert found("code", "file:vendor/y.c") == [("MIT", "LICENSE", "a")]
    assert found("code", "file:data/rows.jsonl#17") == [("MIT", "LICENSE", "a")]
    assert found("other", "file:b.py") == found("code", "https://example.org/b.py") == []


def test_terms_that_nobody_understood_are_not_freed_by_a_manifest() -> None:
    terms = "The holder of this work will tell whoever asks in what way and for how long it may be had. " * 4
    manifest = Captured("code", "file:package.json", "a" * 32, b'{"license": "MIT"}')
    for text, spdx in ((terms, {UNKNOWN, "MIT"}), ("See package.json.", {"MIT"})):
        trees = Trees([Captured("code", "file:LICENSE", "b" * 32, text.encode()), manifest])
        found = trees.observations("code", "file:src/main.js")
        assert {one.license_spdx for one in found if one.location == "package"} == spdx


def test_what_a_manifest_points_to() -> None:
    def found(*files: tuple[str, str]) -> list[str]:
        trees = Trees([Captured("code", f"file:{name}", "a" * 32, text.encode()) for name, text in files])
        return [one.license_spdx for one in trees.observations("code", "file:a/b/c.js")]

    outer, pointer = ("LICENSE", MIT), ("a/b/package.json", '{"license": "SEE LICENSE IN ../LICENSE.txt"}')
    # Not captured: not what stands further out.
    assert found(outer, pointer) == [UNKNOWN]
    assert found(outer, pointer, ("a/LICENSE.txt", "GPL-3.0-only")) == ["GPL-3.0-only"]
    assert found(outer, ("a/b/package.json", '{"license": "SEE LICENSE IN LICENSE"}'), ("a/b/LICENSE",
    "ISC")) == ["ISC"]
    assert found(outer, ("a/b/package.json", '{"name": "b"}')) == ["MIT"]
    member = ("a/b/Cargo.toml", "[package]\nlicense.workspace = true")
    assert found(member) == [UNKNOWN]
    assert found(member, ("Cargo.toml", '[workspace.package]\nlicense = "GPL-3.0-only"')) == ["GPL-3.0-only"]


@settings(deadline=None)  # the first text of a licence loads those that are known
@given(st.text(max_size=80))
def test_any_text_is_a_manifest(text: str) -> None:
    for name in ("package.json", "composer.json", "Cargo.toml", "setup.cfg", "PKG-INFO", "pom.xml", "DESCRIPTION"):
        stated(name, text)


def held_by(*files: tuple[str, str], of: str = "repo/src/main.py") -> set[str]:
    """What files say of another, beside the LICENSE under MIT above it."""
    captured = [Captured("code", f"file:repo/{name}", f"{number:032x}", text.encode())
                for number, (name, text) in enumerate((("LICENSE", MIT), *files))]
    assert all(speaks_for_folder(file.url) for file in captured)
    return {one.license_spdx for one in Trees(captured, ("GPTBot",)).observations("code", f"file:{of}")} - {"MIT"}


@pytest.mark.parametrize(("name", "text"), [
    ("README.md", "# A\n\nThe code is open, but commercial use needs a paid licence from us.\n"),
    ("README", "Not for use in AI training.\n"),
    ("README.rst", "A\n=\n\nLicense\n-------\nFree for schools; others pay.\n"),
    ("EULA.txt", "END USER LICENSE AGREEMENT\nThe product may not be redistributed.\n"),
    ("TERMS.md", "You may use this only within your own household.\n"),
    ("REUSE.toml", 'version = 1\n[[annotations]]\npath = ["a/*", "src/**"]\n'
     'SPDX-License-Identifier = "CC-BY-NC-4.0"\n'),
    ("REUSE.toml", "[[annotations"), ("src/main.py.license", "SPDX-License-Identifier: CC-BY-NC-4.0\n"),
    ("src/main.py.license", "Ask me first.\n"),
    ("debian/copyright", "Format: x\n\nFiles: *\nLicense: Expat\n\n"
     "Files: src/*\nCopyright: A\nLicense: house\n\nLicense: house\n Not to be sold.\n"),
    (".reuse/dep5", "Format: x\n\nFiles: src/*.py\nCopyright: A\nLicense: CC-BY-NC-4.0\n"),
    ("mix.exs", 'defp package do\n  [licenses: ["Commercial"], links: %{}]\nend\n'),
    ("robots.txt", "User-agent: GPTBot\nDisallow: /\n"), ("ai.txt", "User-Agent: *\nDisallow: /\n"),
    ("tdmrep.json", '[{"location": "/", "tdm-reservation": 1}]'), ("NO_AI", "-"),
    ("LEGAL.md", "Evaluation use only.\n"),
    ("ADDENDUM.md", "Not in weapons.\n"), ("USE_POLICY.md", "You agree not to sell it.\n"),
    ("NOTICE", "This product may only be used for research.\n"), ("LICENSE.commercial.md", "Companies must pay.\n"),
    ("LICENSES/CC-BY-NC-4.0.txt", "..."), ("LICENSES/LicenseRef-House.txt", "House rules."),
    ("src/main.LICENSE", "SPDX-License-Identifier: CC-BY-NC-4.0\n"), (".github/LICENSE.md", "Personal use only.\n"),
    ("default.nix", "{ meta = with lib; { license = licenses.unfree; }; }\n"),
    ("flake.nix", "{ meta.license = [ lib.licenses.mit lib.licenses.cc-by-nc-40 ]; }\n"),
    ("build.gradle", 'pom { licenses { license { name = "CC-BY-NC-4.0" } } }\n'), ("x.spec", "License: Proprietary\n"),
    ("Dockerfile", 'LABEL org.opencontainers.image.licenses="CC-BY-NC-4.0"\n'),
    ("README.md", "![License](https://img.shields.io/badge/License-CC%20BY--NC%204.0-grey.svg)\n"),
    ("README.md", "## Lizenz\n\nNur für private Zwecke.\n"), ("README.md", "| License | CC-BY-NC-4.0 |\n|--|--|\n"),
    ("README.md", "## License\n\nMIT, except for commercial use.\n"),
    ("README.md", "This project is not open source.\n"),
    ("README.md", "# Mill\n\nMill is licensed under the Business Source License 1.1.\n"),
    ("README.md", "# Mill\n\n## License\n\nBSL 1.1\n"),
    ("README.md", "# Mill\n\nMill is a source available database.\n"),
    ("README.md", "# Mill\n\nReleased under the Elastic License, v2, and the SSPL.\n"),
    ("README.md", "# Mill\n\n![](https://img.shields.io/badge/License-Elastic_2.0-orange)\n"),
    ("README.md", "# Mill\n\n© 2024 Mill Inc. All rights reserved.\n"), ("README.md", "# Mill\n\n## License\n\nTBD\n"),
    ("README.md", "# Mill\n\nAlle Rechte vorbehalten.\n"), ("README.md", "# Mill\n\nMill is proprietary.\n"),
    ("README.md", "# Mill\n\nAs of v2, Mill has moved from MIT to the BUSL.\n"),
    ("README.rst", "Mill\n####\n\nLicense\n#######\nMill uses the Functional Source License.\n"),
    ("README.md", "# Mill\n\n**License**\n\n- `core/`: Apache 2.0\n- `ee/`: Elastic License 2.0\n"),
    ("README.md", "# Mill\n\nThis repository is licensed under the Mill Software License.\n"),
    (".noai", ""), ("src/DO_NOT_TRAIN.md", ""), (".tdm-opt-out", ""), ("ai-opt-out.txt", "-"),
    ("CMakeLists.txt", 'set(PROJECT_LICENSE "Proprietary")\n'),
    ("CMakeLists.txt", 'set(CPACK_RESOURCE_FILE_LICENSE "${CMAKE_SOURCE_DIR}/EULA.rtf")\n'),
    ("licenses/EULA.txt", "END USER LICENSE AGREEMENT\nYou may not redistribute the product.\n"),
    ("src/COPYRIGHT", "Copyright 2020 A. Author. All rights reserved.\n"),
    ("src/COPYRIGHT", "This data may be used by members of the guild.\n"),
    ("README.md", "Please do not use this code to train AI models.\n"),
])
def test_what_stands_beside_a_license_restricts(name: str, text: str) -> None:
    assert max(map(tier, held_by((name, text))), default=0) >= 4


@pytest.mark.parametrize(("name", "text"), [
    ("README.md", "# A\n\n## License\n\nThis project is licensed under the MIT License - see [LICENSE](LICENSE).\n"),
    ("README.md", "## License\nMIT. The pretrained models are for non-commercial use only.\n"),
    ("README.md", "All licenses here allow non-commercial and commercial use.\n"),
    ("README.md", "```\nDo not redistribute.\n```\nMust not be used in production.\n"),
    ("README.md", "[![License: MIT](https://img.shields.io/badge/License-MIT-yellow.svg)](LICENSE)\n"),
    ("README.md", "## Lizenz\n\nMIT, siehe LICENSE.\n"), ("NOTICE", "A tool.\nCopyright 2020 A. Author\n"),
    ("README.md", "# Mill\n\nA client for Elasticsearch, which is under the Elastic License 2.0 and the SSPL.\n"),
    ("README.md", "# Lists\n\n- [Redis](https://redis.example) - values by key. `SSPL`\n| Sentry | BUSL-1.1 |\n"),
    ("README.md", "# Mill\n\nAn open-source alternative to proprietary mills; use it in proprietary software.\n"),
    ("README.md", "# Mill\n\nThis project was previously under the Business Source License; now it is MIT.\n"),
    ("README.md", "# Mill\n\nCopyright 2020 A. Author. All rights reserved. Licensed under the MIT License.\n"),
    ("README.md", "# Mill\n\n## License\n\nGPL; commercial licenses are available on request.\n"),
    ("README.md", "# Mill\n\nThe source code is available on a server. Logo: all rights reserved.\n"),
    ("CMakeLists.txt", 'set(PROJECT_LICENSE "MIT")\nset(CPACK_RESOURCE_FILE_LICENSE "${CMAKE_SOURCE_DIR}/LICENSE")\n'),
    ("COPYRIGHT", "Copyright 2020 A. Author\n"), ("data/COPYRIGHT", "All rights reserved.\n"), ("data/.noai", ""),
    ("NOTICE", "Mill\nCopyright 2020 A. Author. All rights reserved.\n"),
    ("vendor/licenses/EULA.txt", "You may not redistribute it.\n"),
    ("public/robots.txt", "User-agent: GPTBot\nDisallow: /\n"), ("robots.txt", "User-agent: *\nAllow: /\n"),
    ("package.json", '{"license": "MIT", "private": true}'), ("default.nix", "{ license = licenses.mit; }\n"),
    ("Dockerfile", "FROM scratch\n"), ("LICENSES/MIT.txt", "..."),
    ("terms.txt", "apple\npear\n"), ("TERMS.md", "See LICENSE.\n"),
    ("REUSE.toml", '[[annotations]]\npath = "**"\nSPDX-License-Identifier = "CC-BY-NC-4.0"\n'
     '[[annotations]]\npath = "src/*"\nSPDX-License-Identifier = "MIT"\n'),
    ("REUSE.toml", '[[annotations]]\npath = "*"\nSPDX-License-Identifier = "CC-BY-NC-4.0"\n'),
    ("src/other.py.license", "SPDX-License-Identifier: CC-BY-NC-4.0\n"),
    ("debian/copyright", "Format: x\n\nFiles: *\nLicense: GPL-3\n\nFiles: src/*\nLicense: Expat\n"),
])
def test_what_stands_beside_a_license_and_limits_nothing(name: str, text: str) -> None:
    assert held_by((name, text)) == set()


def test_licences_of_other_works_are_none_of_the_folder() -> None:
    captured = [Captured("code", f"file:{name}", "a" * 32, MIT.encode()) for name in ("LICENSE-3RD-PARTY", "a/LICENSE")]
    trees = Trees(captured)
    assert trees.observations("code", "file:b.py") == []
    assert [one.license_spdx for one in trees.observations("code", "file:a/b.py")] == ["MIT"]
    assert held_by(("LICENSE-third-party.txt", "GNU General Public License v3.0\n")) == {"GPL-3.0-only"}


def test_a_copyright_file_states_what_it_names_and_long_dashes_take_no_time() -> None:
    assert held_by(("src/COPYRIGHT", "Licensed under CC BY-SA 4.0\n")) == {"CC-BY-SA-4.0"}
    assert held_by(("README.md", "# Mill\n\n" + "-" * 5_000 + " x `" * 2_000 + "[" * 5_000)) == set()
    assert held_by(("README.md", "# Mill\n\nWe train " + "words " * 2_000)) == set()
