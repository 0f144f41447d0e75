"""Tiers: what an SPDX expression allows, from 0 (free) to 5 (restricted).

| tier | holds |
|---|---|
| 0 | public domain, CC0 and licences that ask for nothing in return |
| 1 | permissive with attribution |
| 2 | share-alike and copyleft |
| 3 | government works and text-and-data-mining rights: free somewhere, or for some uses |
| 4 | unknown |
| 5 | non-commercial, no-derivatives, restricted otherwise, opted out |

A single licence takes the tier of its category in the ScanCode licence index, which `license-expression` carries
(https://scancode-licensedb.aboutcode.org/, CC-BY-4.0), unless the table below says otherwise. A valid identifier that
neither classifies is tier 4, and so is a LicenseRef of others, however liberal its category. All of them hold (AND):
the most restrictive tier. One may be chosen (OR): the least restrictive. An exception (WITH) only ever adds
permissions, so the tier is that of the licence.

Belongs here: the classes and the algebra. Does not: which tiers a mixture admits.
"""

from __future__ import annotations

import json
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING

from data_platform.spdx import expressions

if TYPE_CHECKING:
    from boolean import Expression

PUBLIC_DOMAIN, PERMISSIVE, COPYLEFT, GOVERNMENT, UNKNOWN, RESTRICTED = range(6)

TIER_OF_CATEGORY = {
    "Public Domain": PUBLIC_DOMAIN,
    "Permissive": PERMISSIVE,
    "Copyleft Limited": COPYLEFT,
    "Copyleft": COPYLEFT,
    "Source-available": RESTRICTED,
    "Free Restricted": RESTRICTED,
    "Proprietary Free": RESTRICTED,
    "Commercial": RESTRICTED,
}
"""ScanCode category -> tier. Not listed, hence unknown: 'Unstated License', 'CLA', 'Patent License'."""

TIER_OF_LICENSE = {
    # Permissive for ScanCode, yet neither notice nor attribution is asked for.
    **dict.fromkeys(("0BSD", "MIT-0", "DL-DE-ZERO-2.0"), PUBLIC_DOMAIN),
    # Public domain for ScanCode by a statute of the United States, which does not reach beyond them.
    **dict.fromkeys(("NCBI-PD", "NIST-PD", "NTIA-PD"), GOVERNMENT),
    # Copyleft for ScanCode, but use for profit is forbidden or kept for some.
    **dict.fromkeys(("Aladdin", "PPL"), RESTRICTED),
    # Permissive for ScanCode, but 'shall be used for Good, not Evil' restricts the field of use.
    "JSON": RESTRICTED,
    # Listed by SPDX, and not yet in ScanCode's index. The others of these are tier 4.
    **dict.fromkeys(("BSD-3-Clause-Tso", "BSD-2-Clause-pos-unchanged", "MIT-STK", "X11-no-permit-persons", "OSSP",
                     "Buddy", "WordNet", "HPND-SMC"), PERMISSIVE),
    **dict.fromkeys(("MPL-2.0-no-copyleft-exception", "eCos-2.0", "ESA-PL-strong-copyleft-2.4",
                     "ESA-PL-weak-copyleft-2.4"), COPYLEFT),
    **dict.fromkeys(("BSD-3-Clause-OpenWebUI", "FDK-MPEG-H", "Hippocratic-3.0-core", "UnRAR",
                     "HPND-sell-variant-critical-systems"), RESTRICTED),
    expressions.PUBLIC_DOMAIN: PUBLIC_DOMAIN,
    expressions.US_GOVERNMENT: GOVERNMENT,
    expressions.UNKNOWN: UNKNOWN,
    expressions.OPT_OUT: RESTRICTED,
    expressions.ALL_RIGHTS_RESERVED: RESTRICTED,
    expressions.NON_COMMERCIAL: RESTRICTED,
    expressions.ACADEMIC: RESTRICTED,
    expressions.NO_DERIVATIVES: RESTRICTED,
    expressions.WITH_LEAVE: RESTRICTED,
    expressions.RESTRICTED_USE: RESTRICTED,
    expressions.TDM_PERMITTED: GOVERNMENT,
    "LicenseRef-cc-by": PERMISSIVE,
    "LicenseRef-cc-by-sa": COPYLEFT,
    **dict.fromkeys(
        ("LicenseRef-cc-by-nc", "LicenseRef-cc-by-nd", "LicenseRef-cc-by-nc-sa", "LicenseRef-cc-by-nc-nd"), RESTRICTED
    ),
}
"""What ScanCode does not know, or where its category answers another question than ours."""


@lru_cache(maxsize=1)
def _categories() -> dict[str, str]:
    index = resources.files("license_expression") / "data" / "scancode-licensedb-index.json"
    entries = json.loads(index.read_text(encoding="utf-8"))
    return {entry["spdx_license_key"]: entry["category"] for entry in entries if entry.get("spdx_license_key")}


def tier_of_license(identifier: str) -> int:
    """The tier of a single licence; 4 if nothing is known of it."""
    if identifier in TIER_OF_LICENSE:
        return TIER_OF_LICENSE[identifier]
    found = TIER_OF_CATEGORY.get(_categories().get(identifier, ""), UNKNOWN)
    return max(found, UNKNOWN) if identifier.startswith("LicenseRef-") else found


@lru_cache(maxsize=65_536)
def tier(expression: str) -> int:
    """The tier of an SPDX expression, 0 to 5; 4 if it is not a valid one."""
    try:
        return _tier(expressions.parse(expression))
    except ValueError:
        return UNKNOWN


def _tier(node: Expression) -> int:
    licensing = expressions.licensing()
    if isinstance(node, licensing.AND):
        return max(_tier(part) for part in node.args)
    if isinstance(node, licensing.OR):
        return min(_tier(part) for part in node.args)
    return tier_of_license(getattr(node, "license_symbol", node).key)
