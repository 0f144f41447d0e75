"""The vocabularies by which a rights holder reserves, or permits, mining and training: one value in, one reading out.

| signal | where it is carried | source |
|---|---|---|
| noai, noimageai | robots meta, X-Robots-Tag | DeviantArt, 2022 |
| tdm-reservation | HTTP header, meta, tdmrep.json | TDM Reservation Protocol, W3C CG final report of 2024-05-10 |
| train-ai=n | Content-Usage in headers and robots.txt | draft-ietf-aipref-attach-05, draft-ietf-aipref-vocab-07 |
| ai-train=no | Content-Signal in robots.txt | draft-romm-aipref-contentsignals-00 |
| prohibits, permits | RSL documents | RSL 1.0, https://rslstandard.org/rsl |

A reservation is read as `LicenseRef-tdm-opt-out`. A permission is `LicenseRef-tdm-permitted`: not a licence, but the
statement that the exception for text and data mining (Directive (EU) 2019/790, article 4) is not reserved against.
Silence is neither.

Belongs here: the words. Does not: the carriers (`headers`, `html`, `robots_txt`, `site_files`).
"""

from __future__ import annotations

import re

from data_platform.spdx.expressions import EXACT, OPT_OUT, TDM_PERMITTED, Reading

RESERVED = Reading(OPT_OUT, EXACT)
PERMITTED = Reading(TDM_PERMITTED, EXACT)

_NO_AI = frozenset({"noai", "noimageai", "noml"})
_TRAINING = frozenset({
    "train-ai", "ai-train", "train-genai", "genai", "ai", "ai-all", "ai-use", "tdm", "bots", "all",
    "foundation-model-production",
})
"""Names of uses, in any of the vocabularies and their earlier drafts, that training a model falls under."""
_PREFERENCE = re.compile(r"\s*([A-Za-z*][A-Za-z0-9_.*-]*)\s*=\s*(?:\"([^\"]*)\"|([^\s,;]+))(?:\s*;[^,]*)?")


def robots_directives(value: str) -> Reading | None:
    """Of a robots meta or X-Robots-Tag. A reservation towards one crawler ('somebot: noai') is taken for all."""
    return RESERVED if _NO_AI & set(re.split(r"[\s,:;]+", value.lower())) else None


def tdm_reservation(value: object) -> Reading | None:
    """Of the property tdm-reservation: 1 reserves, 0 does not; anything else is as if it were not there (section 4)."""
    text = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return {"1": RESERVED, "0": PERMITTED}.get(text)


def usage_preference(value: str) -> Reading | None:
    """Of Content-Usage or Content-Signal: 'train-ai=n, search=y'. A reservation outweighs a permission beside it."""
    stated = {
        answer.lower() for name, quoted, plain in _PREFERENCE.findall(value)
        if name.lower() in _TRAINING and (answer := quoted or plain)
    }
    if stated & {"n", "no", "?0"}:
        return RESERVED
    return PERMITTED if stated & {"y", "yes", "?1"} else None


def covers_training(uses: str) -> bool:
    """Whether a list of uses ('ai-train, search') names one that training falls under."""
    return bool(_TRAINING & set(re.split(r"[\s,]+", uses.lower().strip())))
