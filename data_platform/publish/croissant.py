"""A Croissant card: a mixture as a dataset that loaders for machine learning understand.

Croissant 1.1 (https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html) is JSON-LD over schema.org. The card
names every licence of the mixture, the files with their digests, every column with its type and meaning, how many
documents and tokens are under which licence, and in words of PROV-O (https://www.w3.org/TR/prov-o/) which archives and
commits the mixture was made of. Loaders read records through the card only from an export: a lake's files belong to
Delta.

Belongs here: this format. Not here: what is said (`account.py`).
"""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa

from data_platform.core.columns import Column
from data_platform.core.tables import table
from data_platform.licenses.lineage import evidence_of
from data_platform.publish.account import Account
from data_platform.publish.license_texts import address_of, meaning_of
from data_platform.spdx.expressions import identifiers_of

CONFORMS_TO = "http://mlcommons.org/croissant/1.1"
RESPONSIBLE_AI = "http://mlcommons.org/croissant/RAI/1.0"

_CONTEXT: dict[str, Any] = {
    "@language": "en", "@vocab": "https://schema.org/", "arrayShape": "cr:arrayShape", "citeAs": "cr:citeAs",
    "column": "cr:column", "conformsTo": "dct:conformsTo", "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/", "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"}, "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/", "description": {"@container": "@language"},
    "equivalentProperty": "cr:equivalentProperty", "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract", "field": "cr:field", "fileProperty": "cr:fileProperty", "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet", "format": "cr:format", "includes": "cr:includes", "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset", "jsonPath": "cr:jsonPath", "key": "cr:key", "md5": "cr:md5",
    "name": {"@container": "@language"}, "parentField": "cr:parentField", "path": "cr:path",
    "prov": "http://www.w3.org/ns/prov#", "recordSet": "cr:recordSet", "references": "cr:references",
    "regex": "cr:regex", "repeated": "cr:repeated", "replace": "cr:replace", "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/", "separator": "cr:separator", "source": "cr:source", "subField": "cr:subField",
    "transform": "cr:transform",
}
"""The context that the specification gives in its appendix, and the prefix of PROV-O."""

_NOTHING = {
    "@type": "sc:CreativeWork", "name": "none", "description": "The mixture is empty: there is nothing to license.",
}


def counted(account: Account) -> dict[str, Any]:
    """The parts of the card that follow from the rows and files that it is of: what anybody can count again."""
    declared = table(account.table)
    description = (
        f"{declared.description} Version {account.version}: {account.documents:,} documents, {account.tokens:,} tokens."
    )
    description = " ".join(filter(None, [description, account.caveat, account.doubts]))
    return {
        "name": account.table,
        "description": description,
        "version": f"{account.version}.0.0",
        "url": f"urn:data-platform:{account.commit['table_id']}:{account.version}",
        "license": [_license(identifier) for identifier in account.identifiers] or [_NOTHING],
        "distribution": _distribution(account),
        "recordSet": [*_documents(account), *([_licenses(account)] if account.licenses else [])],
    }


def croissant(account: Account) -> str:
    """The card as JSON-LD."""
    date = account.committed_at.strftime("%Y-%m-%dT%H:%M:%S")
    followed = counted(account)
    card = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": [CONFORMS_TO, RESPONSIBLE_AI],
        **{name: followed[name] for name in ("name", "description", "version")},
        "datePublished": date,
        "dateCreated": date,
        "url": followed["url"],
        "creator": {"@type": "sc:Organization", "name": "data-platform"},
        "license": followed["license"],
        "citeAs": f"@misc{{{account.table}_v{account.version}, title = {{{account.table}}}, year = "
                  f"{{{account.committed_at.year}}}, note = {{recipe {account.commit['recipe'][:12]}}}}}",
        "isLiveDataset": False,
        "rai:dataCollection": "; ".join(
            f"{source} ({snapshot}), {len(account.archives_of(source, snapshot)):,} archives"
            for source, snapshot in account.sources
        ),
        "rai:dataPreprocessingProtocol": [
            f"{name}{f'/{partition}' if partition else ''} version {row['version']}, code {row['code_version']}, "
            f"recipe {row['recipe'][:12]}" for (name, partition), row in account.commits.items()
        ],
        "prov:wasDerivedFrom": [
            {"@type": "prov:Entity", "prov:label": f"{source} ({snapshot})", **_made_from(account, source)}
            for source, snapshot in account.sources
        ],
        "prov:wasGeneratedBy": {
            "@type": "prov:Activity", "prov:label": f"run {account.commit['run_id']}", "prov:endedAtTime": date,
        },
        **{name: followed[name] for name in ("distribution", "recordSet")},
    }
    return json.dumps(card, indent=2, ensure_ascii=False) + "\n"


def _made_from(account: Account, source: str) -> dict[str, Any]:
    """The chain of a known source, with the evidence of every dataset on it, and the hosts that err."""
    known = account.lineage.get(source)
    if known is None:
        return {}
    entities: dict[str, dict[str, Any]] = {}
    for link in known["chain"]:
        entity = {
            "@type": "prov:Entity", "prov:label": link["name"], "license": _license_of(link["license_spdx"]),
            "description": evidence_of(link), **({"url": link["address"]} if link["address"] else {}),
        }
        if link["made_into"]:
            entities[link["made_into"]].setdefault("prov:wasDerivedFrom", []).append(entity)
        if link["known"]:
            entities[link["identifier"]] = entity
    flags = f"Hosts that state no licence, or a freer one than was traced: {'; '.join(known['flags'])}."
    return {
        "license": _license_of(known["license_spdx"]), **({"description": flags} if known["flags"] else {}),
        "prov:wasDerivedFrom": [entities[known["known_as"]]],
    }


def _license_of(spdx: str) -> list[Any]:
    return [_license(identifier) for identifier in sorted(identifiers_of(spdx))]


def _license(identifier: str) -> Any:
    if address := address_of(identifier):
        return address
    meaning = meaning_of(identifier)
    return {"@type": "sc:CreativeWork", "name": identifier, "description": f"{meaning.name}. {meaning.text}"}


def _distribution(account: Account) -> list[dict[str, Any]]:
    if not account.files:
        return []
    files = [
        {"@type": "cr:FileObject", "@id": file.name, "name": file.name, "contentUrl": file.name,
         "contentSize": f"{file.bytes} B", "encodingFormat": account.media_type, "sha256": file.sha256}
        for file in account.files
    ]
    return [*files, {
        "@type": "cr:FileSet", "@id": "shards", "name": "shards", "encodingFormat": account.media_type,
        "description": "All shards.", "includes": [file.name for file in account.files],
    }]


def _documents(account: Account) -> list[dict[str, Any]]:
    """The columns of the mixture, read from the shards; nothing if there are none."""
    if not account.files:
        return []
    declared = table(account.table)
    return [{
        "@type": "cr:RecordSet", "@id": "documents", "name": "documents", "description": declared.description,
        "key": [{"@id": f"documents/{name}"} for name in declared.key],
        "field": [_field(column) for column in declared.columns],
    }]


def _field(column: Column) -> dict[str, Any]:
    field = {
        "@type": "cr:Field", "@id": f"documents/{column.name}", "name": column.name, "description": column.description,
        "dataType": data_type(column.type),
        "source": {"fileSet": {"@id": "shards"}, "extract": {"column": column.name}},
    }
    return field | ({"isArray": True, "arrayShape": "-1"} if pa.types.is_list(column.type) else {})


def data_type(type_: pa.DataType) -> str:
    """The Croissant type of a column's Arrow type."""
    if pa.types.is_list(type_):
        return data_type(type_.value_type)
    if pa.types.is_boolean(type_):
        return "sc:Boolean"
    if pa.types.is_integer(type_):
        return f"cr:{'U' if str(type_).startswith('u') else ''}Int{type_.bit_width}"
    if pa.types.is_floating(type_):
        return f"cr:Float{type_.bit_width}"
    if pa.types.is_timestamp(type_):
        return "sc:DateTime"
    return "sc:Text"


def _licenses(account: Account) -> dict[str, Any]:
    """How much is under which licence, as records within the card."""
    columns = (
        ("spdx", "sc:Text", "SPDX expression."),
        ("tier", "sc:Integer", "0 public domain, 1 permissive, 2 share-alike, 3 government or text-mining basis, "
                               "4 unknown, 5 restricted."),
        ("documents", "sc:Integer", "Documents under it."),
        ("tokens", "sc:Integer", "Tokens under it."),
    )
    return {
        "@type": "cr:RecordSet", "@id": "licenses", "name": "licenses",
        "description": "Documents and tokens by licence.", "key": {"@id": "licenses/spdx"},
        "field": [
            {"@type": "cr:Field", "@id": f"licenses/{name}", "name": name, "description": description,
             "dataType": type_} for name, type_, description in columns
        ],
        "data": [
            {f"licenses/{name}": value for (name, *_), value in zip(columns, row, strict=True)}
            for row in account.licenses
        ],
    }
