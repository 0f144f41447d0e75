"""What the head of a source file says: SPDX tags and licence notices.

Belongs here: the part of a file that is looked at, and SPDX-License-Identifier tags
(https://spdx.github.io/spdx-spec/v2.3/using-SPDX-short-identifiers-in-source-files/). Does not: recognising notices
(`license_text`).
"""

from __future__ import annotations

import re

from data_platform.licenses import license_text
from data_platform.licenses.observation import Observation, observe
from data_platform.spdx.expressions import UNKNOWN

DETECTOR = "file_header@1"

HEAD_BYTES = 4_096
"""How much of a file counts as its head. Further down, a tag is more often talked about than stated."""

_TAG = re.compile(r"SPDX-License-Identifier:[ \t]*([^\r\n]{1,300})")
_CLOSING = re.compile(r"(?:\*+/|--+>|\*\)|#\}|%>|[\"'`])?[\s*#;]*$")


def observations(payload: bytes, notices: bool) -> list[Observation]:
    """SPDX tags in the head of a file, and with `notices` licence notices, too."""
    head = payload[:HEAD_BYTES].decode("utf-8", "replace")
    found = [
        observe("spdx_header", "file", statement, DETECTOR)
        for tag in _TAG.findall(head)
        if (statement := _CLOSING.sub("", tag).strip())
    ]
    if notices and not found and re.search("licen[sc]e|permi(?:ssion|tted)", head, re.I):
        reading = license_text.recognize_notice(head)
        if reading.spdx != UNKNOWN:
            found.append(observe("license_file", "file", f"notice: {reading.spdx}", license_text.DETECTOR, reading))
    return found
