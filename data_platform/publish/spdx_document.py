"""An SPDX document: a mixture as a bill of materials, in SPDX 2.3 JSON (https://spdx.github.io/spdx-spec/v2.3/).

The mixture is one package, every source in one snapshot another that it was generated from; exported files are its
files, with their digests. Concluded is the AND of all expressions found; LicenseRefs come with their text, and packages
with the copyright lines of their documents. Licences of
single documents are in the mixture's column `license_spdx`, and credits in the NOTICE file.

Belongs here: this format. Not here: what is said (`account.py`).
"""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from data_platform.licenses.lineage import evidence_of
from data_platform.publish.account import Account, File, all_of
from data_platform.publish.addresses import without_credentials
from data_platform.publish.license_texts import address_of, meaning_of
from data_platform.publish.works import Works

MIXTURE = "SPDXRef-Mixture"
_LISTED_ARCHIVES = 100
_LISTED_LINES = 1_000
"""Copyright lines of one package; a mixture of a million pages has as many."""


def spdx_document(account: Account, folder: Path | None = None, works: Works | None = None) -> str:
    """The document as JSON. `folder` holds the files of the account: SPDX asks for their SHA-1, too.

    `works` are those of the account, if they are gathered already.
    """
    if works is None:
        with Works(account) as works:
            return _document(account, folder, works)
    return _document(account, folder, works)


def _document(account: Account, folder: Path | None, works: Works) -> str:
    digests = {file.name: _sha1(folder / file.name) for file in account.files} if folder else {}
    packages = [_mixture(account, digests, works), *(_source(account, works, *source) for source in account.sources)]
    relationships = [
        ("SPDXRef-DOCUMENT", "DESCRIBES", MIXTURE),
        *((MIXTURE, "GENERATED_FROM", package["SPDXID"]) for package in packages[1:]),
        *((MIXTURE, "CONTAINS", _file_id(name)) for name in digests),
    ]
    document = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"{account.table}-v{account.version}",
        "documentNamespace": f"https://spdx.org/spdxdocs/{account.table}-v{account.version}-{_identity(account)}",
        "creationInfo": {
            "created": account.committed_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "creators": [f"Tool: data-platform-{metadata.version('data-platform')}"],
        },
        "packages": packages,
        **({"files": [_file(account, file, digests[file.name]) for file in account.files]} if digests else {}),
        "hasExtractedLicensingInfos": [
            _extracted(reference) for reference in account.identifiers if reference.startswith("LicenseRef-")
        ],
        "relationships": [
            {"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}
            for one, kind, other in relationships
        ],
    }
    if not document["hasExtractedLicensingInfos"]:
        del document["hasExtractedLicensingInfos"]
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def counted_package(account: Account, sha1s: Mapping[str, str]) -> dict[str, Any]:
    """What the mixture's package says that follows from the rows and files that it is of.

    Args:
        sha1s: SHA-1 of every file of the account, by name; none if the package is of a lake.
    """
    verification = hashlib.sha1("".join(sorted(sha1s.values())).encode(), usedforsecurity=False).hexdigest()
    return {
        "name": account.table,
        "versionInfo": str(account.version),
        "filesAnalyzed": bool(sha1s),
        **({
            "packageVerificationCode": {"packageVerificationCodeValue": verification},
            "licenseInfoFromFiles": account.identifiers or ["NONE"],
        } if sha1s else {}),
        "licenseConcluded": _concluded([spdx for spdx, *_ in account.licenses]),
        "licenseComments": ". ".join(filter(None, [_comment(account.licenses), account.doubts])),
        "summary": f"{account.documents:,} documents, {account.tokens:,} tokens.",
    }


def counted_source(account: Account, source: str, snapshot: str) -> dict[str, Any]:
    """What the package of a source in a snapshot says that follows from those of its rows that are in the mixture."""
    rows = [(share.license_spdx, share.license_tier, share.documents, share.tokens) for share in account.shares
            if (share.source, share.snapshot) == (source, snapshot)]
    return {
        "name": source,
        "versionInfo": snapshot,
        "licenseConcluded": _concluded([spdx for spdx, *_ in rows]),
        "licenseComments": _comment(rows),
    }


def counted_file(account: Account, file: File, sha1: str) -> dict[str, Any]:
    """What is said of a file that follows from it."""
    return {
        "fileName": f"./{file.name}",
        "checksums": [{"algorithm": "SHA1", "checksumValue": sha1},
                      {"algorithm": "SHA256", "checksumValue": file.sha256}],
        "licenseInfoInFiles": account.identifiers or ["NONE"],
        "comment": f"{file.rows:,} documents, each with its own licence in column license_spdx.",
    }


def _identity(account: Account) -> uuid.UUID:
    """The same for the same version and files, and for nothing else."""
    parts = [account.commit["table_id"], str(account.version), *(file.sha256 for file in account.files)]
    return uuid.uuid5(uuid.NAMESPACE_URL, "/".join(parts))


def _sha1(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.sha1(usedforsecurity=False)).hexdigest()


def _concluded(expressions: list[str]) -> str:
    return all_of(expressions) or "NONE"


def _comment(rows: list[tuple[str, int, int, int]]) -> str:
    return "; ".join(f"{spdx}: tier {tier}, {documents:,} documents, {tokens:,} tokens"
                     for spdx, tier, documents, tokens in rows) or "no documents"


def _copyright(works: Works, *source: str) -> str:
    """The copyright lines of all documents, or of those of one source in a snapshot."""
    lines, more = works.copyright_lines(_LISTED_LINES, *source)
    if more:
        lines.append(f"and {more:,} more, which are in the NOTICE file")
    return "\n".join(map(without_credentials, lines)) or "NOASSERTION"


def _mixture(account: Account, digests: dict[str, str], works: Works) -> dict[str, Any]:
    return {
        "SPDXID": MIXTURE,
        **counted_package(account, digests),
        "downloadLocation": "NOASSERTION",
        "licenseDeclared": "NOASSERTION",
        "copyrightText": _copyright(works),
        "attributionTexts": ["Title, authors, source, licence and changes of each document are in the NOTICE file, and "
                             "whom to credit in column attribution."],
        "comment": f"Delta table {account.commit['table_id']}, recipe {account.commit['recipe']}, code "
                   f"{account.commit['code_version']}. Credits are in the NOTICE file."
                   + (f" {account.caveat}" if account.caveat else ""),
        "builtDate": account.committed_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "primaryPackagePurpose": "OTHER",
    }


def _source(account: Account, works: Works, source: str, snapshot: str) -> dict[str, Any]:
    """A source in a snapshot, with the licences of those of its documents that are in the mixture."""
    archives = account.archives_of(source, snapshot)
    web = [without_credentials(one.uri) for one in archives if urlsplit(one.uri).scheme in ("http", "https")]
    listed = "; ".join(f"{without_credentials(one.name)} {one.fingerprint}" for one in archives[:_LISTED_ARCHIVES])
    more = len(archives) - _LISTED_ARCHIVES
    package = {
        "SPDXID": f"SPDXRef-Source-{_name(source)}-{_name(snapshot)}",
        **counted_source(account, source, snapshot),
        "downloadLocation": web[0] if len(web) == len(archives) == 1 else "NOASSERTION",
        "filesAnalyzed": False,
        "licenseDeclared": "NOASSERTION",
        "copyrightText": _copyright(works, source, snapshot),
        "sourceInfo": f"{len(archives):,} archives: {listed}" + (f"; and {more:,} more" if more > 0 else ""),
    }
    if known := account.lineage.get(source):
        chain = "; ".join(f"{link['name']}: {link['license_spdx']}, {evidence_of(link)}" for link in known["chain"])
        flags = f" Hosts that err: {'; '.join(known['flags'])}." if known["flags"] else ""
        package["comment"] = f"Under {known['license_spdx']}, as all that it is made from: {chain}.{flags}"
    if len(archives) == 1 and (match := re.fullmatch(r"sha256:([0-9a-f]{64})", archives[0].fingerprint)):
        package["checksums"] = [{"algorithm": "SHA256", "checksumValue": match[1]}]
    return package


def _name(text: str) -> str:
    """What an SPDX identifier may hold; names that differ stay apart."""
    plain = re.sub(r"[^A-Za-z0-9.-]", "-", text)
    return plain if plain == text else f"{plain}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def _file_id(name: str) -> str:
    return f"SPDXRef-File-{_name(name)}"


def _file(account: Account, file: File, sha1: str) -> dict[str, Any]:
    return {
        "SPDXID": _file_id(file.name),
        **counted_file(account, file, sha1),
        "fileTypes": ["OTHER"],
        "licenseConcluded": "NOASSERTION",
        "copyrightText": f"Lines of {MIXTURE}; those of each document are in the NOTICE file.",
    }


def _extracted(reference: str) -> dict[str, Any]:
    meaning, address = meaning_of(reference), address_of(reference)
    return {
        "licenseId": reference, "name": meaning.name, "extractedText": meaning.text,
        **({"seeAlsos": [address]} if address else {}),
    }


