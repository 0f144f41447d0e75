"""Manifests: what each format states, in whatever layout; what is broken or points elsewhere is never nothing."""

from __future__ import annotations

import json
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_platform.ingest.manifests import is_manifest
from data_platform.licenses.manifests import front_matter, read_manifest
from data_platform.spdx.expressions import UNKNOWN

POM = "<project><licenses><license><name>{}</name><url>{}</url></license></licenses>{}</project>"


def stated(name: str, text: str) -> list[str]:
    return sorted({said.reading.spdx for said in read_manifest(name, text).said})


@pytest.mark.parametrize(("name", "text", "spdx"), [
    ("package.json", '{"license": {"type": "GPL-3.0", "url": "u"}}', ["GPL-3.0-only"]),
    ("package.json", '{"license": 42}', [UNKNOWN]),
    ("package.json", '{"license": ["MIT", "GPL-2.0"]}', ["GPL-2.0-only", "MIT"]),
    ("package.json", '{"license": "MIT", "license": "GPL-3.0"}', ["GPL-3.0-only", "MIT"]),
    ("package.json", '{"scripts": {"licenses": "list"}, "devDependencies": {"license-checker": "1"}}', []),
    ("package.json", '// of ours\n{"license": "MIT",}', ["MIT"]),
    ("package.json", '\ufeff{"license": "GPL-3.0"}', ["GPL-3.0-only"]),
    ("package.json", '{"license": "MIT" "private": true}', [UNKNOWN]),
    ("bower.json", '{"license": "CC-BY-NC-4.0"}', ["CC-BY-NC-4.0"]),
    ("composer.json", '{"license": ["MIT", "house rules"]}', [UNKNOWN]),
    ("Cargo.toml", '[workspace.package]\nlicense = "GPL-3.0"', ["GPL-3.0-only"]),
    ("Cargo.toml", '[dependencies]\nlicense = "0.1"', []),
    ("pyproject.toml", '[project]\nlicense = "MIT"\nclassifiers = ["License :: OSI Approved"]', ["MIT"]),
    ("pyproject.toml", '[project]\nclassifiers = ["License :: OSI Approved"]', [UNKNOWN]),
    ("setup.py", "setup(name='x', license='GPLv3')", ["GPL-3.0-only"]),
    ("setup.py", "setup(license=LICENSE)", [UNKNOWN]), ("setup.py", "setup(license='GPL'", [UNKNOWN]),
    ("setup.py", "setup(name='x')", []),
    ("METADATA", "Metadata-Version: 2.4\nName: a\nLicense: GPL\n\ntext", ["GPL-1.0-or-later"]),
    ("pom.xml", POM.format("GPL-3.0", "", ""), ["GPL-3.0-only"]),
    ("pom.xml", POM.format("House rules", "https://example.org", ""), [UNKNOWN]),
    ("pom.xml", "<!DOCTYPE project>" + POM.format("MIT", "", ""), [UNKNOWN]),
    ("DESCRIPTION", "Package: a\nLicense: GPL-2 | GPL-3", ["GPL-2.0-only OR GPL-3.0-only"]),
    ("DESCRIPTION", "Package: a\nLicense: CC BY-NC 4.0", ["CC-BY-NC-4.0"]),
    ("x.gemspec", "s.licenses = %w(MIT GPL-3.0)", ["GPL-3.0-only", "MIT"]),
    ("x.gemspec", "s.license = 'CC-BY-NC-4.0'", ["CC-BY-NC-4.0"]), ("x.gemspec", "s.license = license_of(x)",
    [UNKNOWN]),
    ("x.cabal", "name: x\nlicense:   GPL-3.0-only\n", ["GPL-3.0-only"]),
    ("x.opam", 'license: ["MIT" "GPL-3.0"]', ["GPL-3.0-only", "MIT"]),
    ("x.podspec", 's.license = { :type => "GPL-3.0", :file => "LICENSE" }', ["GPL-3.0-only"]),
    ("CITATION.cff", "license: CC-BY-NC-4.0\ntitle: x", ["CC-BY-NC-4.0"]),
    ("CITATION.cff", "license:\n- MIT\n- Apache-2.0", ["Apache-2.0 OR MIT"]),
    ("CITATION.cff", "license-url: https://example.org/terms", [UNKNOWN]),
    ("codemeta.json", '{"license": {"@id": "https://spdx.org/licenses/CC-BY-NC-4.0"}}', ["CC-BY-NC-4.0"]),
    ("datapackage.json", '{"licenses": [{"name": "ODC-PDDL-1.0", "path": "http://opendatacommons.org/licenses/pddl/"}]}',
     ["PDDL-1.0"]),
    ("README.md", "---\nlicense: cc-by-nc-4.0\n---\n# x", ["CC-BY-NC-4.0"]),
    ("README.md", "---\nlicense: other\nlicense_name: ours\n---\n", [UNKNOWN]),
    ("README.md", "---\nlicense: [mit, cc-by-nc-sa-4.0]\n---\n", ["CC-BY-NC-SA-4.0", "MIT"]),
    ("README.md", "---\nlicense: [mit\n---\n", [UNKNOWN]), ("README.md", "# License\nMIT", []),
    ("x.nuspec", '<package><metadata><license type="expression">GPL-3.0</license></metadata></package>',
     ["GPL-3.0-only"]),
    ("x.csproj", "<Project><PropertyGroup><PackageLicenseExpression>MIT</PackageLicenseExpression></PropertyGroup>"
     "</Project>", ["MIT"]),
    (".zenodo.json", '{"license": {"id": "cc-by-nc-4.0"}}', ["CC-BY-NC-4.0"]),
    ("dataset_infos.json", '{"one": {"license": "CC BY-NC 4.0", "features": {"license": {"dtype": "string"}}}}',
     ["CC-BY-NC-4.0"]),
    ("publiccode.yml", "legal:\n  license: AGPL-3.0", ["AGPL-3.0-only"]),
    ("meta.yaml", "about:\n  license: GPL-3.0", ["GPL-3.0-only"]),
    ("ro-crate-metadata.json", '{"@graph": [{"@id": "./", "license": {"@id": "https://creativecommons.org/licenses/by-nc/'
     '4.0/"}}, {"@id": "a.txt", "license": "MIT"}]}', ["CC-BY-NC-4.0"]),
])
def test_what_each_format_states(name: str, text: str, spdx: list[str]) -> None:
    assert is_manifest(name)
    assert stated(name, text) == sorted(spdx)


@pytest.mark.parametrize(("name", "text", "files"), [
    ("package.json", '{"license": "SEE LICENSE IN terms.txt"}', ("terms.txt",)),
    ("Cargo.toml", '[package]\nlicense-file = "LICENSE.txt"', ("LICENSE.txt",)),
    ("pyproject.toml", '[project]\nlicense = {file = "COPYING"}', ("COPYING",)),
    ("setup.cfg", "[metadata]\nlicense = see LICENSE", ("LICENSE",)),
    ("DESCRIPTION", "Package: a\nLicense: file LICENSE", ("LICENSE",)),
    ("x.nuspec", '<package><metadata><license type="file">a/LICENSE.txt</license></metadata></package>',
     ("a/LICENSE.txt",)),
])
def test_what_points_to_a_file_states_nothing_itself(name: str, text: str, files: tuple[str, ...]) -> None:
    found = read_manifest(name, text)
    assert (found.said, found.files, found.points) == ((), files, True)


def test_a_member_of_a_workspace_inherits() -> None:
    assert read_manifest("Cargo.toml", "[package]\nlicense.workspace = true").inherits


LICENSES = st.sampled_from(["MIT", "GPL-3.0-only", "CC-BY-NC-4.0", "house rules", 42, {"type": "MIT"}, ["MIT", "ISC"]])


@given(LICENSES, st.sampled_from([None, 1, 2, 8]), st.booleans())
def test_layout_changes_nothing(stated_: object, indent: int | None, plain: bool) -> None:
    value = {"name": "x", "license": stated_, "version": "1"}
    one = read_manifest("package.json", json.dumps(value))
    assert read_manifest("package.json", json.dumps(value, indent=indent, ensure_ascii=plain)) == one
    assert one.said


@given(st.text(max_size=80))
def test_any_text_may_be_called_a_manifest(text: str) -> None:
    for name in ("package.json", "setup.py", "pom.xml", "x.gemspec", "CITATION.cff", "README.md", "METADATA"):
        read_manifest(name, text)


def test_toml_that_speaks_of_a_licence_and_cannot_be_read() -> None:
    text = '[package\nlicense = "MIT"'
    with pytest.raises(tomllib.TOMLDecodeError):
        tomllib.loads(text)
    assert stated("Cargo.toml", text) == [UNKNOWN]
    assert stated("Cargo.toml", "[package") == []


@pytest.mark.parametrize(("text", "spdx"), [
    ("---\ntitle: x\nlicense: CC-BY-NC-4.0\n---\nHello", ["CC-BY-NC-4.0"]),
    ("---\nlicense: our own terms\n---\n", [UNKNOWN]), ("---\nlicense: [\n---\n", [UNKNOWN]),
    ("---\ntags:\n- cc-by-nc-4.0\n- en\n---\n", ["CC-BY-NC-4.0"]),
    ("---\nlicense: MIT\n---\n", []), ("---\na: [\n---\n", []), ("A line.\n---\nlicense: CC-BY-NC-4.0\n---\n", []),
])
def test_the_head_of_a_text_restricts_it_and_never_frees_it(text: str, spdx: list[str]) -> None:
    assert [said.reading.spdx for said in front_matter(text)] == spdx
