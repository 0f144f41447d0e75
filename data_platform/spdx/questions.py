"""Names of fields that ask one thing about use, to be answered by yes or no: `is_open`, `requires_payment`, `ai_ok`.

Such names are built from few words and in many ways, so they are read word by word: each is a word for a use or for a
limit of it, a word that negates, or one that makes a question of them ('is', 'can', 'allowed', 'for'). One other word
makes another field of it: `open_price` and `public_repos` ask nothing about use, `is_train` and `is_ai` tell how a row
is used or was made.

Belongs here: such names. Does not: other fields (`fields`), what an answer amounts to (`licenses/told`).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

Asked = Literal["permits", "limits", "allows", "reserves"]
"""What a yes does: permit or limit a use, allow training or reserve against it."""

_PHRASES = (
    (re.compile(r"\b(?:copyright|royalty) free\b|\bpublic domain\b|\bopen ?access\b|\brights cleared\b"), "open"),
    (re.compile(r"\b(?:all )?rights reserved\b"), "reserved"),
    (re.compile(r"\b(?:removal|removed|deletion|deleted|erasure|takedown|withdrawal) (?:by )?request(?:ed)?\b"),
     "withdrawn"),
    (re.compile(r"\bexcluded? from\b"), "not for"),
    (re.compile(r"\b(?:text (?:and )?)?data mining\b|\bmachine learning\b|\bartificial intelligence\b"), "ai"),
)
_NEGATING = frozenset({"no", "not", "non", "never", "without"})
_PERMITTING = frozenset({
    "allow", "allows", "allowed", "allowing", "permit", "permits", "permitted", "can", "may", "ok", "okay", "able",
    "use", "used", "usable", "usage", "using", "for", "to", "granted", "consent", "consented", "possible", "suitable",
})
"""Words that make of what is done to a text a question of whether it may be done."""
_DEMANDING = frozenset({"require", "requires", "required", "need", "needs", "needed", "must"})
_OF_LICENSES = frozenset({"license", "licence", "licensed", "licensing", "rights", "right", "copyright"})
_FILLING = frozenset({
    "is", "are", "was", "has", "have", "be", "being", "in", "under", "do", "does", "flag", "status", "content", "data",
    "dataset", "document", "doc", "item", "resource", "record", "article", "work", "access", "accessible",
    "available", "the", "it", "this", "any", "full", "only", "by", "ly", "royalty", "domain",
}) | _OF_LICENSES | _DEMANDING | _PERMITTING
_FREE = frozenset({
    "open", "openly", "oa", "openaccess", "opendata", "free", "freely", "public", "publicly", "pd", "commercial",
    "commercially",
    "redistributable", "distributable", "shareable", "sharable", "reusable", "modifiable", "sellable", "copyable",
    "downloadable", "trainable", "crawlable", "consent", "consented", "redistribution", "redistribute", "reuse",
    "resale",
})
_DONE = frozenset({"share", "copy", "copied", "download", "distribute", "distributed", "publish", "modify", "modified",
                   "adapt", "remix", "sell", "sold", "resell", "host", "shared", "redistributed", "reused"})
"""What may be done, of which a bare name tells how often it was done."""
_LIMITED = frozenset({
    "restricted", "closed", "paid", "premium", "paywalled", "paywall", "nc", "nd", "noncommercial", "noderivs",
    "noderivatives", "embargoed", "copyrighted", "proprietary", "confidential", "private", "reserved", "gated",
    "takedown", "dmca", "revoked", "withdrawn", "expired", "nonfree", "unfree", "unlicensed",
})
_DEMANDED = frozenset({"payment", "permission", "approval", "subscription", "registration", "login", "fee", "fees",
                       "agreement", "membership", "consent", "purchase", "dua", "eula", "nda", "contract"})
_TRAINING = frozenset({"train", "training", "ai", "ml", "tdm", "llm", "llms", "genai", "mining", "mine", "crawl",
                       "crawling", "scrape", "scraping", "trainable", "crawlable"})
_CERTAIN = frozenset({"ok", "okay", "valid", "verified", "approved", "confirmed", "active", "clear", "cleared",
                      "known", "certain", "found", "checked"})
"""What a licence has to be."""
_DOUBTFUL = frozenset({"modified", "custom", "contested", "disputed", "unclear", "conflict", "conflicts", "conflicting",
                       "mismatch", "uncertain", "ambiguous", "unknown", "missing", "invalid", "doubtful", "nonstandard",
                       "pending", "inferred", "guessed", "assumed", "incompatible", "changed"})
"""What makes one doubtful."""
_LONGEST = 8


@lru_cache(maxsize=16_384)
def asked_by(words: str) -> Asked | None:
    """What a yes does in the field of that name, given as words in lower case; None if its name asks nothing."""
    for phrase, word in _PHRASES:
        words = phrase.sub(word, words)
    there = words.split()
    if not there or len(there) > _LONGEST:
        return None
    negated = sum(word in _NEGATING for word in there) % 2 == 1
    of_licenses = bool(_OF_LICENSES.intersection(there))
    left = [word for word in there if word not in _NEGATING and (
        word not in _FILLING or word in _FREE or (word in _CERTAIN | _DOUBTFUL and of_licenses))]
    if not left and "copyright" in there and {"has", "in", "under"}.intersection(there):
        left = ["copyrighted"]
    if not left:
        return None
    if _DEMANDING.intersection(there) and all(word in _DEMANDED for word in left):
        return "permits" if negated else "limits"
    permitting = bool(_PERMITTING.intersection(there)) or negated
    limited = _LIMITED | (_DOUBTFUL if of_licenses else frozenset())
    subjects = _FREE | limited | (_DONE | _TRAINING if permitting else frozenset()) | (
        _CERTAIN if of_licenses else frozenset())
    if not all(word in subjects for word in left):
        return None
    if _TRAINING.intersection(left):
        return "reserves" if negated else "allows"
    return "limits" if bool(limited.intersection(left)) != negated else "permits"
