"""What licences are called: names, trove classifiers and web addresses, each with the SPDX identifier it stands for.

Belongs here: tables, and the key under which a name is looked up. Does not: anything that reads a statement as a whole
(`expressions`). Sources: the SPDX licence list (https://spdx.org/licenses/), the trove classifiers of PyPI
(https://pypi.org/classifiers/), the pages of opensource.org, gnu.org, apache.org and creativecommons.org.

Where a name stands for several licences the table says which one is meant, and the reading is marked as a choice. The
choices, all of them within one tier: 'BSD' is the 3-clause licence; 'GPL' and 'LGPL' without a version are any version,
as their section on revised versions has it; 'GPLv3' without 'or later' is that version only; 'Apache', 'MPL', 'PSF',
'ZPL', 'EPL' and 'Artistic' without a version are the current one.
"""

from __future__ import annotations

import re

_PHRASES = (
    (r"gnu affero general public|affero general public|gnu affero|gnu agpl", "agpl"),
    (r"gnu (?:library or lesser|lesser|library) general public|(?:library or lesser|lesser|library) general public|"
     r"gnu lgpl|gnu lesser", "lgpl"),
    (r"gnu general public|general public|gnu gpl", "gpl"),
    (r"gnu free documentation|free documentation|gnu fdl|gnu gfdl|gfdl", "fdl"),
    (r"mozilla public", "mpl"), (r"eclipse public", "epl"), (r"european union public", "eupl"),
    (r"python software foundation", "psf"), (r"zope public", "zpl"), (r"academic free", "afl"),
    (r"open software", "osl"), (r"apache software", "apache"), (r"berkeley software distribution", "bsd"),
    (r"or (?:any )?later|or (?:newer|above|higher)|and later", "+"), (r"\bonly\b", "only"),
    (r"new bsd|modified bsd|revised bsd|bsd new", "bsd 3 clause"), (r"simplified bsd|freebsd", "bsd 2 clause"),
)
_SILENT = frozenset({"the", "license", "licence", "licensed", "under", "version", "v", "ver", "public", "released"})


def key(name: str) -> str:
    """The form under which a name is looked up: lower case, words like 'the' and 'license' and repetitions left out.

    >>> key("GNU General Public License v3 or later (GPLv3+)")
    'gpl 3 +'
    """
    text = re.sub(r"[^a-z0-9.+]+", " ", name.lower()).strip()
    for pattern, word in _PHRASES:
        text = re.sub(rf"(?:\b){pattern}(?:\b)" if not pattern.startswith("\\") else pattern, f" {word} ", text)
    text = re.sub(r"(?<=[a-z])(?=v?\d)|(?<=\d)(?=\+)|(?<=[a-z])(?=\+)", " ", text)
    text = re.sub(r"\bv ?\.? ?(?=\d)", " ", text)
    text = re.sub(r"(?<=[a-z])v (?=\d)", " ", text)
    words = [re.sub(r"^(\d+)\.0$", r"\1", word.strip(".")) for word in text.split() if word not in _SILENT]
    words = [word for word in words if word]
    half = len(words) // 2
    if half and len(words) % 2 == 0 and words[:half] == words[half:]:
        words = words[:half]
    return " ".join(words)


NEWLY_LISTED = (
    "Advanced-Cryptics-Dictionary", "ALGLIB-Documentation", "atc-game", "BOLA-1.1",
    "Brian-Gladman-3-Clause-no-conversion", "BSD-2-Clause-pos-unchanged", "BSD-3-Clause-OpenWebUI",
    "BSD-3-Clause-Tso", "BSD-ask-to-endorse", "BSD-Mark-Modifications", "BSD-Source-alt-GPL",
    "BSD-Source-Code-no-disclaimer", "Buddy", "Bugroff", "CAPEC-tou", "eCos-2.0", "ESA-PL-permissive-2.4",
    "ESA-PL-strong-copyleft-2.4", "ESA-PL-weak-copyleft-2.4", "FDK-MPEG-H", "Hippocratic-3.0-core",
    "HPND-sell-variant-critical-systems", "HPND-SMC", "hyphen-bulgarian", "Informatica", "ISO-permission",
    "MIT-STK", "MMPL-1.0.1", "MPL-2.0-no-copyleft-exception", "MVT-1.1", "NIST-PD-TNT", "OpenMDW-1.0", "OSC-1.0",
    "OSSP", "ParaType-Free-Font-1.3", "SGMLUG-PM", "TekHVC", "UnRAR", "Vixie-Cron", "WordNet", "WTFNMFPL",
    "X11-no-permit-persons",
)
"""Identifiers of the SPDX licence list 3.29 that the index of `license-expression` does not have."""


def _keyed(table: dict[str, str]) -> dict[str, str]:
    return {key(name): spdx for name, spdx in table.items()}


NAMES: dict[str, str] = _keyed({
    "MIT": "MIT", "Expat": "MIT", "MIT X11": "MIT", "X11 MIT": "MIT", "MIT Expat": "MIT",
    "MIT No Attribution": "MIT-0", "MIT 0": "MIT-0",
    "Apache 2.0": "Apache-2.0", "Apache-2": "Apache-2.0", "ASL 2.0": "Apache-2.0", "Apache 1.1": "Apache-1.1",
    "AL2": "Apache-2.0",
    "BSD 2-Clause": "BSD-2-Clause", "2-Clause BSD": "BSD-2-Clause", "BSD 2": "BSD-2-Clause",
    "BSD 3-Clause": "BSD-3-Clause", "3-Clause BSD": "BSD-3-Clause", "BSD 3": "BSD-3-Clause",
    "BSD 4-Clause": "BSD-4-Clause", "BSD 0-Clause": "0BSD", "Zero-Clause BSD": "0BSD", "0BSD": "0BSD",
    "BSD Zero Clause": "0BSD",
    "ISC": "ISC", "ISCL": "ISC", "zlib": "Zlib", "zlib/libpng": "Zlib", "Boost Software 1.0": "BSL-1.0",
    "Boost Software": "BSL-1.0", "Boost 1.0": "BSL-1.0", "PostgreSQL": "PostgreSQL", "NCSA": "NCSA",
    "University of Illinois/NCSA Open Source": "NCSA", "Universal Permissive 1.0": "UPL-1.0",
    "Historical Permission Notice and Disclaimer": "HPND",
    "PSF 2.0": "PSF-2.0", "PSFL 2": "PSF-2.0", "CNRI Python": "CNRI-Python", "Python 2.0": "Python-2.0",
    "ZPL 2.0": "ZPL-2.0", "ZPL 2.1": "ZPL-2.1", "AFL 3.0": "AFL-3.0", "Artistic 2.0": "Artistic-2.0",
    "Artistic 1.0": "Artistic-1.0", "Open Font 1.1": "OFL-1.1", "SIL Open Font 1.1": "OFL-1.1", "OFL 1.1": "OFL-1.1",
    "MPL 1.0": "MPL-1.0", "MPL 1.1": "MPL-1.1", "MPL 2.0": "MPL-2.0", "EPL 1.0": "EPL-1.0", "EPL 2.0": "EPL-2.0",
    "EUPL 1.1": "EUPL-1.1", "EUPL 1.2": "EUPL-1.2", "OSL 3.0": "OSL-3.0", "CDDL 1.0": "CDDL-1.0",
    "GPL 1": "GPL-1.0-only", "GPL 1+": "GPL-1.0-or-later",
    "GPL 2": "GPL-2.0-only", "GPL 2 only": "GPL-2.0-only", "GPL 2+": "GPL-2.0-or-later",
    "GPL 3": "GPL-3.0-only", "GPL 3 only": "GPL-3.0-only", "GPL 3+": "GPL-3.0-or-later",
    "LGPL 2": "LGPL-2.0-only", "LGPL 2+": "LGPL-2.0-or-later",
    "LGPL 2.1": "LGPL-2.1-only", "LGPL 2.1 only": "LGPL-2.1-only", "LGPL 2.1+": "LGPL-2.1-or-later",
    "LGPL 3": "LGPL-3.0-only", "LGPL 3 only": "LGPL-3.0-only", "LGPL 3+": "LGPL-3.0-or-later",
    "AGPL 3": "AGPL-3.0-only", "AGPL 3 only": "AGPL-3.0-only", "AGPL 3+": "AGPL-3.0-or-later",
    "FDL 1.1": "GFDL-1.1-only", "FDL 1.2": "GFDL-1.2-only", "FDL 1.3": "GFDL-1.3-only", "FDL 1.3+": "GFDL-1.3-or-later",
    "Unlicense": "Unlicense", "The Unlicense (Unlicense)": "Unlicense", "WTFPL": "WTFPL",
    "Public Domain": "LicenseRef-public-domain", "Public Domain Dedication": "LicenseRef-public-domain",
    "Public Domain Mark": "CC-PDM-1.0", "Public Domain Mark 1.0": "CC-PDM-1.0",
    "CC0": "CC0-1.0", "CC 0": "CC0-1.0", "CC0 1.0": "CC0-1.0", "CC0 1.0 Universal": "CC0-1.0", "CC Zero": "CC0-1.0",
    "Creative Commons Zero": "CC0-1.0", "Creative Commons Zero 1.0 Universal": "CC0-1.0",
    "CC0 1.0 Universal Public Domain Dedication": "CC0-1.0",
    "CC0 1.0 Universal (CC0 1.0) Public Domain Dedication": "CC0-1.0", "Creative Commons CC0": "CC0-1.0",
    "US Government Work": "LicenseRef-us-gov-pd", "U.S. Government Works": "LicenseRef-us-gov-pd",
    "Public Domain, US Government": "LicenseRef-us-gov-pd", "us-pd": "LicenseRef-us-gov-pd",
    "Open Government 3.0": "OGL-UK-3.0", "Open Government Licence v3.0": "OGL-UK-3.0", "OGL 3.0": "OGL-UK-3.0",
    "OGL UK 3.0": "OGL-UK-3.0", "Open Government 2.0": "OGL-UK-2.0", "OGL UK 2.0": "OGL-UK-2.0",
    "Open Government 1.0": "OGL-UK-1.0", "OGL UK 1.0": "OGL-UK-1.0",
    "Open Government Licence Canada": "OGL-Canada-2.0", "Open Government Licence - Canada": "OGL-Canada-2.0",
    "Open Government Licence - Canada 2.0": "OGL-Canada-2.0", "OGL Canada 2.0": "OGL-Canada-2.0",
    "Datenlizenz Deutschland Namensnennung 2.0": "DL-DE-BY-2.0", "dl-de/by-2-0": "DL-DE-BY-2.0",
    "Datenlizenz Deutschland - Namensnennung - Version 2.0": "DL-DE-BY-2.0",
    "Data licence Germany - attribution - version 2.0": "DL-DE-BY-2.0",
    "Datenlizenz Deutschland Zero 2.0": "DL-DE-ZERO-2.0", "dl-de/zero-2-0": "DL-DE-ZERO-2.0",
    "Datenlizenz Deutschland - Zero - Version 2.0": "DL-DE-ZERO-2.0",
    "Data licence Germany - zero - version 2.0": "DL-DE-ZERO-2.0",
    "Licence Ouverte 2.0": "etalab-2.0", "Licence Ouverte / Open Licence version 2.0": "etalab-2.0",
    "Open Licence 2.0": "etalab-2.0", "Etalab 2.0": "etalab-2.0", "lov2": "etalab-2.0",
    "Norwegian Licence for Open Government Data 2.0": "NLOD-2.0", "NLOD 2.0": "NLOD-2.0", "NLOD 1.0": "NLOD-1.0",
    "Norwegian Licence for Open Government Data (NLOD) 2.0": "NLOD-2.0",
    "Open Government Data License version 1.0": "OGDL-Taiwan-1.0",
    "CDLA Permissive 1.0": "CDLA-Permissive-1.0", "CDLA Permissive 2.0": "CDLA-Permissive-2.0",
    "CDLA Sharing 1.0": "CDLA-Sharing-1.0", "ODC BY 1.0": "ODC-By-1.0", "ODC-By": "ODC-By-1.0",
    "Open Data Commons Attribution": "ODC-By-1.0", "Open Data Commons Attribution 1.0": "ODC-By-1.0",
    "Open Database": "ODbL-1.0", "ODbL": "ODbL-1.0", "PDDL": "PDDL-1.0", "ODC-PDDL-1.0": "PDDL-1.0",
    "ODC-PDDL": "PDDL-1.0", "Open Data Commons Public Domain Dedication and Licence": "PDDL-1.0",
    "ODC-ODbL-1.0": "ODbL-1.0", "ODC-ODbL": "ODbL-1.0", "Creative Commons Attribution": "LicenseRef-cc-by",
    "Creative Commons Attribution Share-Alike": "LicenseRef-cc-by-sa",
    "Creative Commons Non-Commercial": "LicenseRef-cc-by-nc",
    "Proprietary": "LicenseRef-all-rights-reserved", "Proprietary and confidential": "LicenseRef-all-rights-reserved",
    "Commercial": "LicenseRef-all-rights-reserved", "Unlicensed": "LicenseRef-all-rights-reserved",
    "UK Crown Copyright": "LicenseRef-all-rights-reserved",
})
"""Names that mean one licence in one version."""

AMBIGUOUS_NAMES: dict[str, str] = _keyed({
    "Open Government": "OGL-UK-3.0", "OGL": "OGL-UK-3.0", "Licence Ouverte": "etalab-2.0",
    "fr-lo": "etalab-2.0", "uk-ogl": "OGL-UK-3.0", "ca-ogl-lgo": "OGL-Canada-2.0", "NLOD": "NLOD-2.0",
    "Datenlizenz Deutschland Namensnennung": "DL-DE-BY-2.0", "Datenlizenz Deutschland Zero": "DL-DE-ZERO-2.0",
    "BSD": "BSD-3-Clause", "BSD-like": "BSD-3-Clause", "BSD style": "BSD-3-Clause", "Apache": "Apache-2.0",
    "ASL": "Apache-2.0", "MIT-like": "MIT", "MIT style": "MIT",
    "GPL": "GPL-1.0-or-later", "LGPL": "LGPL-2.0-or-later", "AGPL": "AGPL-3.0-or-later", "FDL": "GFDL-1.1-or-later",
    "MPL": "MPL-2.0", "EPL": "EPL-2.0", "EUPL": "EUPL-1.2", "PSF": "PSF-2.0", "PSFL": "PSF-2.0", "ZPL": "ZPL-2.1",
    "AFL": "AFL-3.0", "OSL": "OSL-3.0", "Artistic": "Artistic-2.0", "OFL": "OFL-1.1", "SIL Open Font": "OFL-1.1",
    "Python": "Python-2.0", "CDDL": "CDDL-1.0",
})
"""Names that may mean several licences, and the one that is taken."""

_WORDS = (
    "a an the this is are under of in and by with license licence licensed terms version v page work content text "
    "creative commons cc attribution share alike sharealike sa international unported generic public domain zero "
    "dedication mark universal mit bsd apache gnu general lesser free documentation open data"
)
LICENSE_WORDS = frozenset(_WORDS.split())
"""Words that may stand beside a licence's address without changing what is said. No word here restricts or negates."""

_NO = "LicenseRef-unknown"
_RESERVED = "LicenseRef-all-rights-reserved"
_NON_COMMERCIAL = "LicenseRef-non-commercial"

CLASSIFIERS: dict[str, tuple[str, bool]] = {
    "Aladdin Free Public License (AFPL)": ("Aladdin", False),
    "CC0 1.0 Universal (CC0 1.0) Public Domain Dedication": ("CC0-1.0", True),
    "CeCILL-B Free Software License Agreement (CECILL-B)": ("CECILL-B", True),
    "CeCILL-C Free Software License Agreement (CECILL-C)": ("CECILL-C", True),
    "DFSG approved": (_NO, False),
    "Eiffel Forum License (EFL)": ("EFL-2.0", False),
    "Free For Educational Use": (_NON_COMMERCIAL, False),
    "Free For Home Use": (_NON_COMMERCIAL, False),
    "Free To Use But Restricted": (_RESERVED, False),
    "Free for non-commercial use": (_NON_COMMERCIAL, True),
    "Freely Distributable": (_NO, False),
    "Freeware": (_NO, False),
    "GUST Font License 1.0": (_NO, False),
    "GUST Font License 2006-09-30": (_NO, False),
    "Netscape Public License (NPL)": ("NPL-1.1", False),
    "Nokia Open Source License (NOKOS)": ("Nokia", True),
    "OSI Approved": (_NO, False),
    "OSI Approved :: Academic Free License (AFL)": ("AFL-3.0", False),
    "OSI Approved :: Apache Software License": ("Apache-2.0", False),
    "OSI Approved :: Apple Public Source License": ("APSL-2.0", False),
    "OSI Approved :: Artistic License": ("Artistic-2.0", False),
    "OSI Approved :: Attribution Assurance License": ("AAL", True),
    "OSI Approved :: BSD License": ("BSD-3-Clause", False),
    "OSI Approved :: Blue Oak Model License (BlueOak-1.0.0)": ("BlueOak-1.0.0", True),
    "OSI Approved :: Boost Software License 1.0 (BSL-1.0)": ("BSL-1.0", True),
    "OSI Approved :: CEA CNRS Inria Logiciel Libre License, version 2.1 (CeCILL-2.1)": ("CECILL-2.1", True),
    "OSI Approved :: CMU License (MIT-CMU)": ("MIT-CMU", True),
    "OSI Approved :: Common Development and Distribution License 1.0 (CDDL-1.0)": ("CDDL-1.0", True),
    "OSI Approved :: Common Public License": ("CPL-1.0", True),
    "OSI Approved :: Eclipse Public License 1.0 (EPL-1.0)": ("EPL-1.0", True),
    "OSI Approved :: Eclipse Public License 2.0 (EPL-2.0)": ("EPL-2.0", True),
    "OSI Approved :: Educational Community License, Version 2.0 (ECL-2.0)": ("ECL-2.0", True),
    "OSI Approved :: Eiffel Forum License": ("EFL-2.0", False),
    "OSI Approved :: European Union Public Licence 1.0 (EUPL 1.0)": ("EUPL-1.0", True),
    "OSI Approved :: European Union Public Licence 1.1 (EUPL 1.1)": ("EUPL-1.1", True),
    "OSI Approved :: European Union Public Licence 1.2 (EUPL 1.2)": ("EUPL-1.2", True),
    "OSI Approved :: GNU Affero General Public License v3": ("AGPL-3.0-only", True),
    "OSI Approved :: GNU Affero General Public License v3 or later (AGPLv3+)": ("AGPL-3.0-or-later", True),
    "OSI Approved :: GNU Free Documentation License (FDL)": ("GFDL-1.1-or-later", False),
    "OSI Approved :: GNU General Public License (GPL)": ("GPL-1.0-or-later", False),
    "OSI Approved :: GNU General Public License v2 (GPLv2)": ("GPL-2.0-only", True),
    "OSI Approved :: GNU General Public License v2 or later (GPLv2+)": ("GPL-2.0-or-later", True),
    "OSI Approved :: GNU General Public License v3 (GPLv3)": ("GPL-3.0-only", True),
    "OSI Approved :: GNU General Public License v3 or later (GPLv3+)": ("GPL-3.0-or-later", True),
    "OSI Approved :: GNU Lesser General Public License v2 (LGPLv2)": ("LGPL-2.0-only", True),
    "OSI Approved :: GNU Lesser General Public License v2 or later (LGPLv2+)": ("LGPL-2.0-or-later", True),
    "OSI Approved :: GNU Lesser General Public License v3 (LGPLv3)": ("LGPL-3.0-only", True),
    "OSI Approved :: GNU Lesser General Public License v3 or later (LGPLv3+)": ("LGPL-3.0-or-later", True),
    "OSI Approved :: GNU Library or Lesser General Public License (LGPL)": ("LGPL-2.0-or-later", False),
    "OSI Approved :: Historical Permission Notice and Disclaimer (HPND)": ("HPND", True),
    "OSI Approved :: IBM Public License": ("IPL-1.0", True),
    "OSI Approved :: ISC License (ISCL)": ("ISC", True),
    "OSI Approved :: Intel Open Source License": ("Intel", True),
    "OSI Approved :: MIT License": ("MIT", True),
    "OSI Approved :: MIT No Attribution License (MIT-0)": ("MIT-0", True),
    "OSI Approved :: Mozilla Public License 1.0 (MPL)": ("MPL-1.0", True),
    "OSI Approved :: Mozilla Public License 1.1 (MPL 1.1)": ("MPL-1.1", True),
    "OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)": ("MPL-2.0", True),
    "OSI Approved :: Mulan Permissive Software License v2 (MulanPSL-2.0)": ("MulanPSL-2.0", True),
    "OSI Approved :: NASA Open Source Agreement v1.3 (NASA-1.3)": ("NASA-1.3", True),
    "OSI Approved :: Open Software License 3.0 (OSL-3.0)": ("OSL-3.0", True),
    "OSI Approved :: PostgreSQL License": ("PostgreSQL", True),
    "OSI Approved :: Python License (CNRI Python License)": ("CNRI-Python", True),
    "OSI Approved :: Python Software Foundation License": ("PSF-2.0", False),
    "OSI Approved :: Qt Public License (QPL)": ("QPL-1.0", True),
    "OSI Approved :: SIL Open Font License 1.1 (OFL-1.1)": ("OFL-1.1", True),
    "OSI Approved :: The Unlicense (Unlicense)": ("Unlicense", True),
    "OSI Approved :: Universal Permissive License (UPL)": ("UPL-1.0", True),
    "OSI Approved :: University of Illinois/NCSA Open Source License": ("NCSA", True),
    "OSI Approved :: W3C License": ("W3C", False),
    "OSI Approved :: Zero-Clause BSD (0BSD)": ("0BSD", True),
    "OSI Approved :: Zope Public License": ("ZPL-2.1", False),
    "OSI Approved :: zlib/libpng License": ("Zlib", True),
    "Other/Proprietary License": (_RESERVED, True),
    "Public Domain": ("LicenseRef-public-domain", True),
    "Repoze Public License": (_NO, False),
}
"""Trove classifiers under 'License ::' -> SPDX, and whether the classifier means that licence and no other.

Those that are left out, or stand as unknown, name no terms: 'OSI Approved', 'Freeware', 'DFSG approved'.
"""


def _address(pattern: str, spdx: str | None = None, certain: bool = True) -> tuple[re.Pattern[str], str | None, bool]:
    return re.compile(pattern, re.I), spdx, certain


_ANY = r"(?:[a-z]{2}(?:-[a-z]{2})?/)?"
_PAGE = r"(?:\.[a-z]{2}(?:-[a-z]{2})?)?(?:\.(?:html?|txt|md))?"

ADDRESSES: tuple[tuple[re.Pattern[str], str | None, bool], ...] = (
    _address(r"(?:spdx\.org/licenses|opensource\.org/licen[sc]es?|choosealicense\.com/licenses)/(?P<id>[^/]+)"),
    _address(rf"gnu\.org/(?:licenses|copyleft)/(?:old-licenses/)?(?P<id>(?:a?gpl|lgpl|fdl)-\d(?:\.\d)?){_PAGE}"),
    _address(rf"gnu\.org/(?:licenses|copyleft)/gpl{_PAGE}", "GPL-3.0-only", False),
    _address(rf"gnu\.org/(?:licenses|copyleft)/(?:lgpl|lesser){_PAGE}", "LGPL-3.0-only", False),
    _address(rf"gnu\.org/(?:licenses|copyleft)/agpl{_PAGE}", "AGPL-3.0-only", False),
    _address(rf"gnu\.org/(?:licenses|copyleft)/fdl{_PAGE}", "GFDL-1.3-only", False),
    _address(rf"apache\.org/licenses/license-2\.0{_PAGE}", "Apache-2.0"),
    _address(rf"apache\.org/licenses/license-1\.1{_PAGE}", "Apache-1.1"),
    _address(r"apache\.org/licenses", "Apache-2.0", False),
    _address(rf"mozilla\.org/{_ANY}mpl/2\.0(?:/index.txt)?", "MPL-2.0"),
    _address(rf"mozilla\.org/{_ANY}mpl/1\.1(?:/index.txt)?", "MPL-1.1"),
    _address(r"mozilla\.org/(?:[a-z-]+/)?mpl", "MPL-2.0", False),
    _address(r"(?:unlicense\.org)(?:/unlicense)?", "Unlicense"),
    _address(r"wtfpl\.net(?:/.*)?", "WTFPL"),
    _address(rf"boost\.org/license_1_0{_PAGE}", "BSL-1.0"),
    _address(r"eclipse\.org/(?:legal|org/documents)/epl-2\.0(?:/.*)?", "EPL-2.0"),
    _address(rf"eclipse\.org/(?:legal|org/documents)/epl-v10{_PAGE}", "EPL-1.0"),
    _address(r"blueoakcouncil\.org/license/1\.0\.0", "BlueOak-1.0.0"),
    _address(r"opendatacommons\.org/licenses/by(?:/1[-.]0)?(?:/summary)?", "ODC-By-1.0"),
    _address(r"opendatacommons\.org/licenses/odbl(?:/1[-.]0)?(?:/summary)?", "ODbL-1.0"),
    _address(r"opendatacommons\.org/licenses/pddl(?:/1[-.]0)?(?:/summary)?", "PDDL-1.0"),
    _address(r"(?:cdla\.dev|cdla\.io)/permissive-2-0", "CDLA-Permissive-2.0"),
    _address(r"(?:cdla\.dev|cdla\.io)/permissive-1-0", "CDLA-Permissive-1.0"),
    _address(r"(?:cdla\.dev|cdla\.io)/sharing-1-0", "CDLA-Sharing-1.0"),
    _address(rf"nationalarchives\.gov\.uk/doc/open-government-licence/version/3(?:/.*)?{_PAGE}", "OGL-UK-3.0"),
    _address(rf"nationalarchives\.gov\.uk/doc/open-government-licence/version/2(?:/.*)?{_PAGE}", "OGL-UK-2.0"),
    _address(rf"nationalarchives\.gov\.uk/doc/open-government-licence/version/1(?:/.*)?{_PAGE}", "OGL-UK-1.0"),
    _address(r"nationalarchives\.gov\.uk/doc/open-government-licence", "OGL-UK-3.0", False),
    _address(r"parliament\.uk/site-information/copyright-parliament/open-parliament-licence", "OPL-UK-3.0", False),
    _address(r"open\.canada\.ca/(?:en/open-government-licence-canada|fr/licence-du-gouvernement-ouvert-canada)",
             "OGL-Canada-2.0"),
    _address(r"data\.norge\.no/nlod/(?:[a-z]{2}/)?2\.0", "NLOD-2.0"),
    _address(r"data\.norge\.no/nlod/(?:[a-z]{2}/)?1\.0", "NLOD-1.0"),
    _address(r"data\.norge\.no/nlod(?:/[a-z]{2})?", "NLOD-2.0", False),
    _address(r"data\.gov\.tw/(?:en/)?licen[sc]e", "OGDL-Taiwan-1.0", False),
    _address(r"etalab\.gouv\.fr/.*licence[-_]ouverte[-_]v?2[.-]0.*\.pdf", "etalab-2.0"),
    _address(r"github\.com/etalab/licence-ouverte(?:/.*)?", "etalab-2.0", False),
    _address(r"govdata\.de/dl-de/by-2-0", "DL-DE-BY-2.0"),
    _address(r"govdata\.de/dl-de/zero-2-0", "DL-DE-ZERO-2.0"),
    _address(r"etalab\.gouv\.fr/licence-ouverte-open-licence", "etalab-2.0", False),
    _address(r"artlibre\.org/licence/lal(?:/.*)?", "LAL-1.3", False),
    _address(r"scripts\.sil\.org/ofl(?:.*)?", "OFL-1.1", False),
    _address(r"openfontlicense\.org(?:/.*)?", "OFL-1.1", False),
    _address(r"usa\.gov/(?:publicdomain/label/1\.0|government-works|government-copyright)", "LicenseRef-us-gov-pd"),
    _address(r"rightsstatements\.org/(?:vocab|page)/inc(?:-[a-z-]+)?(?:/1\.0)?", _RESERVED),
)
"""Address without scheme, 'www.' and query -> SPDX; with None the group `id` is looked up as an identifier or name."""
