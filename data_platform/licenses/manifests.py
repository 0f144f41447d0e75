"""What the manifest of a package or data set states of its licence, in whatever format and layout.

JSON, TOML, YAML, XML, fields of mail headers and calls in code become one value, whose fields that speak of licences
are read as those of a row are (`values`), with what a format says of its own: a list of Composer and of CITATION.cff is
a choice, `MIT/Apache-2.0` was one in Cargo, `GPL (>= 2)` means any later in R. A field that points to a file states
nothing itself, and says which. A manifest that is broken and speaks of a licence states one that nobody can read.

Belongs here: manifests one by one. Does not: their names (`ingest/manifests`), which files they speak for (`trees`).
"""

from __future__ import annotations

import ast
import configparser
import json
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from email.parser import Parser
from pathlib import PurePosixPath
from typing import Any, NamedTuple
from xml.etree import ElementTree

from data_platform.core.reading import NotYaml, YamlText
from data_platform.licenses.values import Said, fields_of, of_text, restricts, statements
from data_platform.spdx.expressions import UNKNOWN, UNREADABLE, disjunction
from data_platform.spdx.fields import role_of, words_of

MAX_BYTES = 2**20
_SPEAKS = re.compile(r"licen[sc]|spdx|non[ -]?commercial|rights reserved", re.I)
_POINTING = re.compile(r"(?:(?:please )?see|refer to|as in|as specified in|file)\b", re.I)
_LONGEST_POINTER = 60
_FILE_NAME = re.compile(
    r"(?:[\w.-]+/)*(?:(?:un)?licen[sc]e|copying|mit-license|notice|terms)[\w.-]*|[\w./-]+\.(?:txt|md|rst)", re.I
)
_SECTIONS = frozenset({
    "package", "project", "workspace", "workspace.package", "tool", "tool.poetry", "tool.flit", "tool.flit.metadata",
    "metadata", "about", "legal", "info", "property group", "propertygroup", "workspace package", "cff", "recipe",
    "annotations",
})
"""Parts of a manifest that speak of the package itself; others speak of what it needs or does."""


class Manifest(NamedTuple):
    """What a manifest states.

    Attributes:
        said: its statements.
        files: files that it says hold the licence, as it names them.
        inherits: whether it says that the licence is that of a manifest above it.
    """

    said: tuple[Said, ...]
    files: tuple[str, ...] = ()
    inherits: bool = False

    @property
    def points(self) -> bool:
        """Whether it says that there is a licence, and not itself which."""
        return not self.said and (bool(self.files) or self.inherits)


class _Broken(ValueError):
    """A manifest that is none."""


def read_manifest(name: str, text: str) -> Manifest:
    """What a manifest of that name, without its folder, states."""
    text = text.removeprefix("\ufeff")
    try:
        found = _reader(name.lower())(text)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, MemoryError, SyntaxError, NotYaml,
            configparser.Error, ElementTree.ParseError):
        # Nobody can say what a broken manifest means; that it means a licence is seen from its words.
        lines = [line.strip() for line in text.splitlines() if _SPEAKS.search(line)]
        return Manifest((Said(lines[0][:200], UNREADABLE),) if lines else ())
    return found


# -- formats ----------------------------------------------------------------------------------------------------------


def _json(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_pairs)
    except ValueError:
        # Comments and commas at the end are taken by the tools that read some of these files.
        plain = re.sub(r"(?m)^[ \t]*//[^\n]*$|/\*(?s:.*?)\*/", "", text)
        return json.loads(re.sub(r",(\s*[}\]])", r"\1", plain), object_pairs_hook=_pairs)


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        for name in found:
            values = [value for key, value in pairs if key == name]
            found[name] = values if len(values) > 1 and role_of(name) else found[name]
    return found


def _yaml(text: str) -> Any:
    reading = YamlText(text)
    if any(fault.place and role_of(str(fault.place[0])) for fault in reading.faults):
        raise _Broken
    return reading.value


def _xml(text: str) -> Any:
    if re.search(r"<!(?:DOCTYPE|ENTITY)", text, re.I):
        raise _Broken
    return _of_element(ElementTree.fromstring(text))


def _of_element(element: ElementTree.Element, depth: int = 0) -> Any:
    """An element as an object of its attributes and children, or as its text where it has neither."""
    text = (element.text or "").strip()
    if depth > 8 or (not len(element) and not element.attrib):
        return text
    found: dict[str, list[Any]] = {f"@{name.rpartition('}')[2]}": [value] for name, value in element.attrib.items()}
    for child in element:
        found.setdefault(str(child.tag).rpartition("}")[2], []).append(_of_element(child, depth + 1))
    if text:
        found["text"] = [text]
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def _headers(text: str) -> dict[str, Any]:
    message = Parser().parsestr(text, headersonly=True)
    found: dict[str, Any] = {}
    for name, value in message.items():
        found.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def _own(value: Any) -> dict[str, Any]:
    """The fields of a manifest that speak of the package itself, without what it needs and does."""
    if not isinstance(value, Mapping):
        raise _Broken
    found: dict[str, Any] = {}
    for name, inner in value.items():
        if words_of(str(name)) in _SECTIONS and isinstance(inner, Mapping | list):
            parts = inner if isinstance(inner, list) else [inner]
            found[f"metadata {len(found)}"] = [_own(part) for part in parts if isinstance(part, Mapping)]
        elif role_of(str(name)) is not None:
            found[str(name)] = inner
    return found


def _stated(value: Mapping[str, Any]) -> Manifest:
    """What the fields of a manifest state, pointers to files apart."""
    files: list[str] = []
    return Manifest(
        tuple(said for said, part in fields_of(_without_pointers(value, files)) if not part), tuple(files)
    )


def _without_pointers(value: Any, files: list[str], licensed: bool = False) -> Any:
    """A value without what points to a file, which is noted in `files`."""
    if isinstance(value, Mapping):
        names = {words_of(str(name).strip("@")): name for name in value}
        if licensed and str(value.get(names.get("type", ""), "")).lower() == "file":
            files += [inner for inner in value.values() if isinstance(inner, str) and inner.lower() != "file"]
            return None
        kept = {}
        for name, inner in value.items():
            role, words = role_of(str(name)), words_of(str(name).strip("@"))
            of_file = (role is not None and words.split()[-1] in ("file", "files")) or (
                licensed and words in ("file", "files"))
            if of_file:
                files += [one for one in (inner if isinstance(inner, list) else [inner]) if isinstance(one, str)]
            elif licensed and words == "type" and str(inner).lower() == "expression":
                continue
            else:
                kept[name] = _without_pointers(inner, files, licensed or role is not None)
        return kept
    if isinstance(value, list):
        return [_without_pointers(inner, files, licensed) for inner in value]
    if licensed and isinstance(value, str) and (pointed := _pointed(value)) is not None:
        files.append(pointed)
        return None
    return value


def _pointed(text: str) -> str | None:
    """The file that a statement points to, '' if it does not say which; None if it is no pointer."""
    text = text.strip()
    if of_text(text).spdx != UNKNOWN:
        return None
    if match := re.fullmatch(r"see licen[sc]e in (?P<file>.+)", text, re.I):
        return match["file"].strip("<>'\" ")
    if re.fullmatch(_FILE_NAME, text):
        return text
    if re.match(_POINTING, text) and len(text) < _LONGEST_POINTER:
        match = _FILE_NAME.search(text)
        return match[0] if match else ""
    return None


# -- manifests --------------------------------------------------------------------------------------------------------


def _any_json(text: str) -> Manifest:
    value = _json(text)
    graph = value.get("@graph") if isinstance(value, Mapping) else None
    if isinstance(graph, list):
        # RO-Crate: the data set is './', other entities have licences of their own.
        value = next((node for node in graph if isinstance(node, Mapping) and node.get("@id") == "./"), {})
    return _stated(_own(value))


def _npm(text: str) -> Manifest:
    """package.json, whose field `private` keeps a package out of the registry and says nothing of its use."""
    value = _json(text)
    if isinstance(value, Mapping):
        value = {name: inner for name, inner in value.items() if name not in ("private", "restricted", "public")}
    return _stated(_own(value))


def _dataset_infos(text: str) -> Manifest:
    """One object, or one for every configuration of a data set."""
    value = _json(text)
    if isinstance(value, Mapping) and value and all(isinstance(inner, Mapping) for inner in value.values()):
        return _stated({name: _own(inner) for name, inner in value.items()})
    return _stated(_own(value))


def _any_yaml(text: str) -> Manifest:
    return _stated(_own(_yaml(text)))


def _any_xml(text: str) -> Manifest:
    return _stated(_own(_xml(text)))


def _choice(parse: Callable[[str], Any]) -> Callable[[str], Manifest]:
    """A format in which a list of licences is a choice."""
    def reader(text: str) -> Manifest:
        value = _own(parse(text))
        stated = value.get("license")
        if isinstance(stated, list) and len(stated) > 1:
            readings = [of_text(one) if isinstance(one, str) else UNREADABLE for one in stated]
            value["license"] = (disjunction(reading.spdx for reading in readings)
                                if all(reading.spdx != UNKNOWN for reading in readings) else {"unread": str(stated)})
        return _stated(value)
    return reader


def _cargo(text: str) -> Manifest:
    value = tomllib.loads(text)
    package = value.get("package")
    inherits = isinstance(package, Mapping) and package.get("license") == {"workspace": True}
    sections = [package, (value.get("workspace") or {}).get("package")]
    found = {}
    for number, section in enumerate(sections):
        if isinstance(section, Mapping):
            own = _own(section)
            if isinstance(own.get("license"), str):
                # Before 2018, Cargo wrote 'MIT/Apache-2.0' for a choice (Cargo book, the license field).
                own["license"] = own["license"].replace("/", " OR ")
            found[f"metadata {number}"] = {name: inner for name, inner in own.items() if inner != {"workspace": True}}
    return _stated(found)._replace(inherits=inherits)


def _pyproject(text: str) -> Manifest:
    value = tomllib.loads(text)
    tool = value.get("tool") or {}
    sections = [value.get("project"), tool.get("poetry"), (tool.get("flit") or {}).get("metadata"), tool.get("pdm")]
    found, classifiers = {}, []
    for number, section in enumerate(sections):
        if isinstance(section, Mapping):
            own = {name: inner for name, inner in _own(section).items() if not isinstance(inner, list) or inner}
            # What PEP 639 calls license-files are evidence themselves, and the default names them all.
            found[f"metadata {number}"] = own if "license" in own else {
                name: inner for name, inner in own.items() if words_of(name) != "license files"}
            classifiers += section.get("classifiers") or ()
    return _with_classifiers(_stated(found), classifiers)


def _setup_cfg(text: str) -> Manifest:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.read_string(text)
    if not parser.has_section("metadata"):
        return Manifest(())
    section = dict(parser["metadata"])
    own = {name: value for name, value in section.items() if name in ("license", "licence", "license_expression")}
    if "license" not in section:
        own |= {name: section[name] for name in ("license_file",) if name in section}
    classifiers = (section.get("classifiers") or section.get("classifier") or "").splitlines()
    return _with_classifiers(_stated(own), classifiers)


def _setup_py(text: str) -> Manifest:
    own: dict[str, Any] = {}
    classifiers: list[Any] = []
    for call in ast.walk(ast.parse(text)):
        name = getattr(getattr(call, "func", None), "attr", None) or getattr(getattr(call, "func", None), "id", None)
        if not isinstance(call, ast.Call) or name not in ("setup", "Package"):
            continue
        for keyword in call.keywords:
            if keyword.arg in ("license", "licence", "license_expression"):
                own[keyword.arg] = _literal(keyword.value)
            elif keyword.arg == "classifiers":
                classifiers += [node.value for node in ast.walk(keyword.value) if isinstance(node, ast.Constant)]
    return _with_classifiers(_stated(own), classifiers)


def _literal(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except ValueError:
        # A name or a call: what it gives is not known here.
        return {"unread": f"code: {ast.unparse(node)[:200]}"}


def _core_metadata(text: str) -> Manifest:
    fields = _headers(text)
    if not {"Metadata-Version", "Name"} & fields.keys():
        return Manifest(())
    own = {name: value for name, value in fields.items() if name.lower() in ("license", "license-expression")}
    classifiers = fields.get("Classifier") or []
    return _with_classifiers(_stated(own), classifiers if isinstance(classifiers, list) else [classifiers])


def _with_classifiers(found: Manifest, classifiers: Iterable[Any]) -> Manifest:
    """With the licences of trove classifiers; one that names none ('OSI Approved') counts where nothing else does."""
    stated = [value.strip() for value in classifiers
              if isinstance(value, str) and value.strip().startswith("License ::")]
    said = [Said(value, of_text(value)) for value in stated]
    readable = [one for one in said if one.reading.spdx != UNKNOWN]
    return found._replace(said=(*found.said, *(readable or ([] if found.said or found.files else said))))


def _description(text: str) -> Manifest:
    """DESCRIPTION of R: 'MIT + file LICENSE', 'GPL (>= 2)', 'GPL-2 | GPL-3' (Writing R Extensions, 1.1.2)."""
    fields = _headers(text)
    stated = fields.get("License")
    if "Package" not in fields or not isinstance(stated, str):
        return Manifest(())
    files = re.findall(r"\bfile\s+(\S+)", stated)
    stated = re.sub(r"(?:^|\s*[+|])\s*file\s+\S+", "", " ".join(stated.split()))
    stated = re.sub(r"\s*\(\s*>=\s*([\d.]+)\s*\)", r"-\1+", stated)
    return Manifest(tuple(statements(stated.replace("|", " or "))), tuple(files))


_FRONT_MATTER = re.compile(r"\s*---[ \t]*\r?\n(?P<yaml>.*?)\r?\n---[ \t]*(?:\r?\n|$)", re.S)


def front_matter(text: str) -> list[Said]:
    """What the YAML at the head of a text says of the text that restricts it or cannot be read; nothing that frees it,
    since a card states there the licence of the data or the model that it describes.
    """
    match = _FRONT_MATTER.match(text)
    if match is None:
        return []
    try:
        fields = _yaml(match["yaml"])
    except (_Broken, NotYaml):
        return [Said("front matter", UNREADABLE)] if _SPEAKS.search(match["yaml"]) else []
    found = fields_of(fields) if isinstance(fields, Mapping) else []
    return [said for said, part in found if not part and (said.reading.spdx == UNKNOWN or restricts(said))]


def _front_matter(text: str) -> Manifest:
    """What the YAML at the head of a README says, as Hugging Face reads it."""
    match = _FRONT_MATTER.match(text)
    return _stated(_own(_yaml(match["yaml"]) or {})) if match else Manifest(())


_CALL = re.compile(
    r"""(?:^|[\s.:;,{(\[])(?P<name>sublicen[sc]e|licen[sc]es?|license-file)["']?\s*(?:=>|[:=]|\s)\s*"""
    r"""(?P<value>\[[^\]]*\]|%w\([^)]*\)|\{[^}]*\}|"[^"\n]*"|'[^'\n]*'|[^\s#;,][^\n#;]*)""", re.I)
_STRING = re.compile(r"\"([^\"]*)\"|'([^']*)'")


def _calls(text: str) -> Manifest:
    """Assignments in code and in formats of one line a field: gemspec, podspec, cabal, opam, mix.exs, rockspec."""
    own: dict[str, Any] = {}
    for line in re.finditer(r"(?m)^(?![ \t]*(?:--|#|//|;)).*$", text):
        # The value of a list may go on over lines.
        match = _CALL.search(text, line.start())
        if match is None or match.start() > line.end():
            continue
        value = match["value"].strip()
        strings = [first or second for first, second in _STRING.findall(value)]
        if value.startswith("%w("):
            strings = value[3:-1].split()
        if value.startswith("{") and (typed := re.search(r":?type['\"]?\s*(?:=>|:|=)\s*['\"]([^'\"]+)['\"]", value)):
            strings = [typed[1]]
        plain = re.fullmatch(r"[\w.+()/ -]+", value)
        stated = strings or ([value] if plain else [{"unread": f"code: {value[:200]}"}])
        own.setdefault(match["name"].lower(), []).extend(stated)
    return _stated(own)


_NIX = re.compile(
    r"\blicen[sc]e\s*=\s*(?:with\s+[\w.]+\s*;\s*)?(?P<value>\[[^\]]*\]|\"[^\"]*\"|[\w.-]+)\s*;", re.I)
_NIX_NAMES = {
    "asl20": "Apache-2.0", "bsd2": "BSD-2-Clause", "bsd3": "BSD-3-Clause", "gpl2only": "GPL-2.0-only",
    "gpl2plus": "GPL-2.0-or-later", "gpl3only": "GPL-3.0-only", "gpl3plus": "GPL-3.0-or-later",
    "unfree": "Proprietary", "unfreeredistributable": "Proprietary", "cc0": "CC0-1.0",
}
"""Attributes of lib.licenses (https://github.com/NixOS/nixpkgs/blob/master/lib/licenses.nix) that are no names."""


def _nix(text: str) -> Manifest:
    """Attributes of Nix: `license = licenses.mit`, `with lib.licenses; [ mit asl20 ]`, or a text."""
    said: list[Said] = []
    for match in _NIX.finditer(re.sub(r"#[^\n]*", "", text)):
        value = match["value"]
        stated = [value.strip('"')] if value.startswith('"') else [
            one.rpartition(".")[2] for one in value.strip("[]").split()]
        for one in stated:
            name = _NIX_NAMES.get(one.lower(), re.sub(r"(?<=[a-z]-)(\d)(\d)$|(?<=[a-z])(\d)(\d)$", r"\1\3.\2\4", one))
            said += statements(name)
    return Manifest(tuple(said))


def _labels(text: str) -> Manifest:
    """The label for licences of an image (https://github.com/opencontainers/image-spec, annotations)."""
    found = re.findall(r"org\.opencontainers\.image\.licenses[\"']?[= ]+[\"']?([^\"'\n\\]+)", text)
    return Manifest(tuple(said for one in found for said in statements(one)))


_CMAKE = re.compile(
    r"\bset\s*\(\s*(?P<name>\w*LICEN[SC]E(?:_(?:NAME|TYPE|ID|SPDX|EXPRESSION))?)\s+"
    r"(?:\"(?P<quoted>[^\"\n]{0,600})\"|(?P<bare>[^\s()\"]{1,600}))", re.I)
_CMAKE_FILE = re.compile(r"(?:^|[_/.])(?:RESOURCE_)?FILE|[/\\]|\.(?:txt|md|rst|rtf|html?)$", re.I)
_CMAKE_SWITCH = re.compile(r"(?:on|off|true|false|yes|no|\d+)?", re.I)


def _cmake(text: str) -> Manifest:
    """Variables of CMake and CPack: PROJECT_LICENSE, CPACK_RPM_PACKAGE_LICENSE, CPACK_RESOURCE_FILE_LICENSE (a file;
    https://cmake.org/cmake/help/latest/module/CPack.html)."""
    said: list[Said] = []
    files: list[str] = []
    for match in _CMAKE.finditer(re.sub(r"(?m)^\s*#[^\n]*$", "", text)):
        value = (match["quoted"] if match["quoted"] is not None else match["bare"]).strip()
        if _CMAKE_FILE.search(match["name"]) or _CMAKE_FILE.search(value):
            named = re.sub(r"^(?:\$\{[^}]*\}/?)+", "", value)
            files += [named] if named and "$" not in named else []
        elif "$" not in value and not _CMAKE_SWITCH.fullmatch(value):
            said += statements(value)
    return Manifest(tuple(said), tuple(files))


def _nested(parse: Callable[[str], Any]) -> Callable[[str], Manifest]:
    """A format in which the licence may stand at any depth."""
    def reader(text: str) -> Manifest:
        value = parse(text)
        return Manifest(tuple(said for said, part in fields_of(value) if not part)) if value else Manifest(())
    return reader


_GRADLE = re.compile(r"licenses?\s*(?:\{|:=)(?P<block>.{0,400})", re.S)


def _builds(text: str) -> Manifest:
    """Names of licences in the blocks that Gradle and sbt have for them."""
    said = [said for block in _GRADLE.findall(text)
            for first, second in _STRING.findall(block)
            for said in statements(first or second) if said.reading.spdx != UNKNOWN]
    return Manifest(tuple(said)) if said else _calls(text)


_RPM = re.compile(r"(?m)^\s*License:\s*(\S.*)$")


def _spec(text: str) -> Manifest:
    """The tag of RPM."""
    return Manifest(tuple(said for one in _RPM.findall(text) for said in statements(one)))


def _reader(name: str) -> Callable[[str], Manifest]:
    suffix = PurePosixPath(name).suffix
    if name in _READERS:
        return _READERS[name]
    return _OF_SUFFIX.get(suffix, _calls)


_READERS: dict[str, Callable[[str], Manifest]] = {
    "composer.json": _choice(_json), "package.json": _npm,
    "citation.cff": _choice(_yaml), "cargo.toml": _cargo, "pyproject.toml": _pyproject,
    "setup.cfg": _setup_cfg, "setup.py": _setup_py, "pkg-info": _core_metadata, "metadata": _core_metadata,
    "description": _description, "dataset_infos.json": _dataset_infos, "dataset-infos.json": _dataset_infos,
    "readme.md": _front_matter, "build.gradle": _builds, "build.gradle.kts": _builds, "build.sbt": _builds,
    "cmakelists.txt": _cmake, "dockerfile": _labels, "containerfile": _labels, "catalog-info.yaml": _nested(_yaml),
    "catalog-info.yml": _nested(_yaml), ".licenserc.yaml": _nested(_yaml), ".licenserc.yml": _nested(_yaml),
}
_OF_SUFFIX: dict[str, Callable[[str], Manifest]] = {
    ".json": _any_json, ".json5": _any_json, ".jsonc": _any_json, ".jsonld": _any_json, ".yaml": _any_yaml,
    ".yml": _any_yaml, ".cff": _any_yaml, ".xml": _any_xml, ".nuspec": _any_xml, ".csproj": _any_xml,
    ".nix": _nix, ".spec": _spec, ".fsproj": _any_xml, ".vbproj": _any_xml,
    ".toml": lambda text: _stated(_own(tomllib.loads(text))),
}
