"""Files that speak of other files: licences, notices, authors, READMEs, manifests and indexes, known by their names.

They are captured as evidence of what lies below them, and are documents only if their source says so
(`FilesSource.evidence_documents`): who trains on a corpus of code rarely means ten thousand copies of one licence.
Belongs here: names. Does not: what such a file says (`licenses/`, `credits/`).
"""

from __future__ import annotations

import re
from typing import Literal
from urllib.parse import unquote, urlsplit

from data_platform.ingest import manifests

Kind = Literal["license", "notice", "authors", "readme", "collection"]

RESERVATION = (
    r"\.?(?:no[-_]?(?:ai|ml|tdm|llms?|training|train|mining|scraping)|do[-_]?not[-_]?train|"
    r"(?:ai|tdm|ml|training)[-_]?(?:training[-_]?)?(?:opt[-_]?out|reserv(?:ed|ation)|prohibited|disallowed))"
    r"(?:\.(?:txt|md|markdown|rst|adoc|html?))?"
)
"""What files are called that reserve a folder by lying in it, whatever is in them, if anything, without regard to
case."""

_END = r"(?:[-_.][^/]*)?"
_TEXT = r"(?:\.(?:txt|md|markdown|rst|rest|adoc|org|html?|rtf|[a-z]{2}))?"
_NAMES: dict[Kind, str] = {
    "license": rf"(?:un)?licen[sc]es?{_END}|copying{_END}|copyrights?{_END}|mit[-_]licen[sc]e{_END}|eula{_END}|patents",
    "notice": rf"notices?{_TEXT}|third[-_ ]?part(?:y|ies)[-_ ]?(?:licen[sc]es?|notices?|software){_END}",
    "authors": rf"(?:authors?|contributors|maintainers|credits|thanks|acknowledge?ments?){_TEXT}|codeowners",
    "readme": rf"read[-_]?me{_END}",
    "collection":
        rf"{manifests.PATTERN}|package-lock\.json|(?:composer|cargo|poetry|pipfile|yarn|gemfile)\.lock|pipfile|gemfile|"
        r"citation\.bib|reuse\.toml|[^/]+\.license|go\.(?:mod|sum)|manifest(?:\.(?:in|txt|csv|tsv|xml|mf))?|index\.(?:json|csv|tsv|txt)|"
        rf"robots\.txt|ai\.txt|tdmrep\.json|{RESERVATION}|"
        r"(?:md5|sha1|sha256|sha512)(?:sums?)?(?:\.txt)?|checksums?(?:\.txt)?",
}
_CODE = re.compile(
    r"\.(?:py[iwx]?|[cm]?[jt]sx?|[ch](?:\+\+|h|c|pp|xx)?|cs|go|rs|java|kt|scala|rb|php|pl|pm|lua|swift|sh|bash|ps1|sql|css|"
    r"s[ac]ss|less|vue|svelte|r|jl|ex|erl|hs|ml|clj|dart|ipynb|zig|jsonl|parquet|warc)$", re.I,
)
"""A module that is called license.py is about licences, and none."""
_KINDS = {kind: re.compile(names, re.I) for kind, names in _NAMES.items()}
_FOLDERS = re.compile(r"(?:^|/)(?:[^/]+\.(?:dist-info|egg-info)/.+|licenses/[^/]+\.txt)$", re.I)
"""What lies in the metadata of a Python distribution, and the licence texts of REUSE (https://reuse.software/spec/)."""
_HIDDEN_FOLDERS = frozenset({".github", ".gitlab", ".gitea", ".forgejo", ".reuse", ".well-known"})
_HIDDEN_FILES = re.compile(r"(?:.*/)?(?:\.reuse/dep5|\.licen[sc]e|\.licenserc\.ya?ml|\.zenodo\.json)", re.I)
_RESERVATION = re.compile(RESERVATION, re.I)
_ROW = re.compile(r"#\d+$")
_TOLD = "|".join(names for kind, names in _NAMES.items() if kind != "readme")
PATTERN = rf"(?:^|[/:])(?:{_TOLD})$|\.(?:dist-info|egg-info)/|[/:]licenses/[^/]+\.txt$"
"""What the URL of such a file looks like, for regular expressions of Python and of dataframe engines alike, without
regard to case. It matches all that `kind_of` knows but READMEs, which tell people and not machines."""


def may_hide(folder: str) -> bool:
    """Whether a folder whose name begins with a dot may hold files that speak of those above and beside it."""
    return folder in _HIDDEN_FOLDERS


def is_hidden_evidence(path: str) -> bool:
    """Whether a file that is hidden, itself or by a folder, is read nevertheless, for what it says of others."""
    *folders, name = path.split("/")
    if not all(may_hide(folder) for folder in folders if folder.startswith(".")):
        return False
    return bool(_HIDDEN_FILES.fullmatch(path)) or is_reservation(name) or (
        not name.startswith(".") and kind_of(f"file:{path}") in ("license", "notice", "readme", "collection"))


def is_reservation(name: str) -> bool:
    """Whether a file of that name, without its folder, reserves the folder by lying in it."""
    return bool(_RESERVATION.fullmatch(name))


def kind_of(url: str) -> Kind | None:
    """What kind of evidence the file at a URL is, going by its name; None for all others and for rows of a table.

    On the web `/license` is as likely a page about something else: there, only names with an ending or in capitals are
    files of this kind.
    """
    if not url or _ROW.search(url):
        return None
    if url.startswith("file:"):
        path = url.removeprefix("file:")
    else:
        try:
            path = unquote(urlsplit(url).path)
        except ValueError:
            return None
    name = path.rpartition("/")[2]
    if not name or _CODE.search(name):
        return None
    if not url.startswith("file:") and "." not in name and not name.isupper():
        return None
    kind = next((kind for kind, pattern in _KINDS.items() if pattern.fullmatch(name)), None)
    if kind is None and _FOLDERS.search(path):
        return "license" if "licenses/" in path.lower() else "collection"
    return kind
