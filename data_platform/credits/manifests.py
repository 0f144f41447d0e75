"""People, name and address of a package, as its manifest gives them.

Read are package.json, bower.json, composer.json, Cargo.toml, pyproject.toml (PEP 621 and Poetry), setup.cfg, PKG-INFO,
METADATA, pom.xml, DESCRIPTION (R), CITATION.cff, codemeta.json, .zenodo.json, datapackage.json and the YAML at the head
of a README. Belongs here: one
manifest's bytes in, a credit out. Does not: the licence it names (`licenses/trees`), what it covers (`trees`).
"""

from __future__ import annotations

import configparser
import json
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from email.parser import Parser
from email.utils import getaddresses
from typing import Any
from xml.etree import ElementTree

from data_platform.core.reading import YamlText
from data_platform.credits.credit import NOTHING, Credit, line, names
from data_platform.credits.rows import people

MAX_BYTES = 2**20


def credit_of(name: str, text: str) -> Credit:
    """What a manifest of that file name says; nothing if it is none that is known, or a broken one."""
    read = _MANIFESTS.get(name.lower())
    if read is None or len(text) > MAX_BYTES:
        return NOTHING
    try:
        return read(text)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, configparser.Error,
            ElementTree.ParseError):
        # Not a manifest, or a broken one: it says nothing.
        return NOTHING


def _credit(authors: Iterable[Any], title: Any = "", version: Any = "", source: Any = "", heading: Any = "") -> Credit:
    named = tuple(dict.fromkeys(person for value in authors for person in people(value)))
    stated = (part for part in (title, version) if isinstance(part, str | int | float) and part != "")
    project = " ".join(line(str(part)) for part in stated)
    address = source if isinstance(source, str) else ""
    address = re.sub(r"^git\+|\.git$", "", address.strip())
    return Credit(line(heading) if isinstance(heading, str) else "", named, line(address), line(project))


def _json_package(text: str) -> Credit:
    data = json.loads(text)
    made = [data.get("author"), data.get("authors"), data.get("contributors")]
    repository = data.get("repository")
    repository = repository.get("url") if isinstance(repository, Mapping) else repository
    stated = made if any(map(people, made)) else [data.get("maintainers")]
    return _credit(stated, data.get("name"), data.get("version") or "", repository or data.get("homepage"))


def _cargo(text: str) -> Credit:
    package = tomllib.loads(text).get("package") or {}
    return _credit([package.get("authors")], package.get("name"), package.get("version") or "",
                   package.get("repository") or package.get("homepage"))


def _pyproject(text: str) -> Credit:
    data = tomllib.loads(text)
    project = data.get("project") or {}
    poetry = (data.get("tool") or {}).get("poetry") or {}
    urls = {str(key).lower(): value for key, value in (project.get("urls") or {}).items()}
    source = next((urls[key] for key in ("repository", "source", "source code", "homepage") if key in urls),
                  poetry.get("repository") or poetry.get("homepage"))
    stated = (part.get(key) for key in ("authors", "maintainers") for part in (project, poetry))
    return _credit([next(filter(None, stated), None)], project.get("name") or poetry.get("name"),
                   project.get("version") or poetry.get("version") or "", source)


def _setup_cfg(text: str) -> Credit:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.read_string(text)
    section = parser["metadata"]
    return _credit([section.get("author") or section.get("maintainer")], section.get("name"),
                   section.get("version") or "", section.get("url") or section.get("home_page"))


def core_metadata(text: str) -> Credit:
    """The core metadata of a Python distribution: METADATA and PKG-INFO."""
    message = Parser().parsestr(text, headersonly=True)
    if not message["Name"]:
        return NOTHING
    stated = people_of_headers(message["Author"], message["Author-email"], message["Maintainer"],
                               message["Maintainer-email"])
    urls = dict(
        (label.strip().lower(), address.strip()) for value in message.get_all("Project-URL") or ()
        for label, _, address in [value.partition(",")]
    )
    source = next((urls[key] for key in ("repository", "source", "source code", "homepage", "home") if key in urls),
                  message["Home-page"])
    return _credit(stated, message["Name"], message["Version"] or "", source)


def people_of_headers(author: Any, author_mail: Any, maintainer: Any, maintainer_mail: Any) -> tuple[str, ...]:
    """The names in the headers of core metadata; those of `Name <mail>, Name <mail>` where there are only addresses."""
    for stated, mail in ((author, author_mail), (maintainer, maintainer_mail)):
        if isinstance(stated, str) and (found := names([stated])):
            return found
        if isinstance(mail, str) and (found := names(name for name, _ in getaddresses([mail]))):
            return found
    return ()


def _pom(text: str) -> Credit:
    if re.search(r"<!(?:DOCTYPE|ENTITY)", text, re.I):
        return NOTHING
    root = ElementTree.fromstring(text)
    stated = [node.text for kind in ("developer", "contributor") for node in root.findall(
        f"{{*}}{kind}s/{{*}}{kind}/{{*}}name")]
    stated = stated or [node.text for node in root.findall("{*}organization/{*}name")]
    return _credit(stated, root.findtext("{*}name") or root.findtext("{*}artifactId") or "",
                   root.findtext("{*}version") or "", root.findtext("{*}scm/{*}url") or root.findtext("{*}url"))


def _description(text: str) -> Credit:
    """DESCRIPTION of R (Writing R Extensions, section 1.1.1): Author, or Authors@R in R's own language."""
    fields = Parser().parsestr(text, headersonly=True)
    if not fields["Package"]:
        return NOTHING
    stated: list[str] = []
    if code := fields["Authors@R"]:
        for person in re.findall(r"person\(((?:[^()]|\([^()]*\))*)\)", code):
            keyed = dict(re.findall(r"(given|family)\s*=\s*\"([^\"]*)\"", person))
            plain = re.findall(r"(?:^|,)\s*\"([^\"@]*)\"", person)[:2]
            stated.append(" ".join(filter(None, (keyed.get("given"), keyed.get("family")))) or " ".join(plain))
    elif fields["Author"]:
        parts = re.split(r",(?![^\[(]*[\])])|\band\b", fields["Author"])
        stated = [re.sub(r"\[[^\]]*\]|\([^)]*\)", "", part) for part in parts]
    return _credit(stated or [fields["Maintainer"]], fields["Package"], fields["Version"] or "",
                   (fields["URL"] or "").split(",")[0])


def _citation(text: str) -> Credit:
    """CITATION.cff (https://citation-file-format.github.io): the work itself, not `preferred-citation`."""
    data = YamlText(text).value
    return _credit([data.get("authors")], data.get("title"), data.get("version") or "",
                   data.get("repository-code") or data.get("url") or data.get("doi"), data.get("title"))


def _front_matter(text: str) -> Credit:
    """The YAML at the head of a README, as Hugging Face reads it."""
    match = re.match(r"\s*---[ \t]*\r?\n(?P<yaml>.*?)\r?\n---[ \t]*(?:\r?\n|$)", text, re.S)
    data = YamlText(match["yaml"]).value if match else {}
    title = data.get("title") or data.get("pretty_name")
    stated = next(filter(None, map(data.get, ("authors", "author", "creators", "creator"))), None)
    return _credit([stated], title, data.get("version") or "", data.get("homepage") or data.get("url"), title)


def _codemeta(text: str) -> Credit:
    data = json.loads(text)
    return _credit([data.get("author") or data.get("creator"), data.get("contributor")], data.get("name"),
                   data.get("version") or "", data.get("codeRepository") or data.get("url"), data.get("name"))


def _zenodo(text: str) -> Credit:
    """.zenodo.json and datapackage.json, which write people as 'Family, Given' or as titles."""
    data = json.loads(text)
    made = [data.get("creators"), data.get("contributors")]
    stated = made if any(map(people, made)) else [data.get("sources")]
    title = data.get("title") or data.get("name")
    return _credit(stated, title, data.get("version") or "", data.get("homepage") or data.get("doi"), title)


_MANIFESTS: dict[str, Callable[[str], Credit]] = {
    "package.json": _json_package, "bower.json": _json_package, "composer.json": _json_package, "cargo.toml": _cargo,
    "pyproject.toml": _pyproject, "setup.cfg": _setup_cfg, "pkg-info": core_metadata, "metadata": core_metadata,
    "pom.xml": _pom, "description": _description, "citation.cff": _citation, "codemeta.json": _codemeta,
    ".zenodo.json": _zenodo, "zenodo.json": _zenodo, "datapackage.json": _zenodo, "readme.md": _front_matter,
}
MANIFESTS = frozenset(_MANIFESTS)
"""The names, in lower case, of the manifests that are read."""
