"""What the metadata of an installed distribution says: License-Expression, classifiers, License field, licence files.

Belongs here: core metadata of Python distributions (https://packaging.python.org/specifications/core-metadata/,
PEP 639). Does not: the files of a distribution one by one (`file_header`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from data_platform.licenses import license_text
from data_platform.licenses.observation import Observation, observe
from data_platform.spdx.expressions import UNKNOWN, UNREADABLE, read

DETECTOR = "distribution@1"

_POINTER = re.compile(
    r"(?:see |refer to )?(?:the )?(?:file )?(?:licen[sc]e|copying)(?:\.(?:txt|md|rst))?(?: file)?(?: for details)?\.?|"
    r"unknown|none|n/?a|dual[ -]licen[sc]ed?|file: ?\S+|custom|other",
    re.I,
)
"""Values of the License field that state nothing themselves but point elsewhere."""


def points_elsewhere(stated: str) -> bool:
    """Whether a License field states nothing itself: 'see LICENSE.txt'."""
    return bool(_POINTER.fullmatch(stated.strip()))


def observations(metadata: Mapping[str, object]) -> list[Observation]:
    """Every licence statement of a distribution's metadata, as `raw_crawls.metadata` holds it.

    Read are `license_expression`, `license_classifiers` (list), `license_field` and `license_files` (list of name and
    text); any may be absent or null.
    """
    found = list(_observations(metadata))
    stated = [metadata.get("license_expression"), metadata.get("license_field")]
    if not found and (unread := [value for value in stated if value is not None and str(value).strip()]):
        # A field that is there and says only where to look, or 'custom': a licence that nobody read.
        return [observe("distribution", "distribution", str(unread[0]), DETECTOR, UNREADABLE)]
    return found


def _observations(metadata: Mapping[str, object]) -> Iterator[Observation]:
    expression = metadata.get("license_expression")
    if isinstance(expression, str) and expression.strip():
        yield observe("distribution", "distribution", expression.strip(), DETECTOR)
    for classifier in metadata.get("license_classifiers") or ():
        yield observe("classifier", "distribution", classifier, DETECTOR)
    stated = metadata.get("license_field")
    if isinstance(stated, str) and (stated := stated.strip()) and not points_elsewhere(stated):
        reading = read(stated)
        full = license_text.recognize(stated) if reading.spdx == UNKNOWN or "\n" in stated else None
        yield observe("distribution", "distribution", stated, DETECTOR, full if full and full.confidence else reading)
    for file in metadata.get("license_files") or ():
        yield observe(
            "license_file", "distribution", str(file["name"]), license_text.DETECTOR,
            license_text.recognize(str(file["text"] or "")),
        )
