"""The least length of a page of OpenWebText."""

from __future__ import annotations

from data_platform.core.kinds.method import Example
from data_platform.core.kinds.rule_set import Dialect, RuleSet, at_least


class OpenWebText(RuleSet, name="sample_openwebtext"):
    """Pages of fewer than 128 tokens go (Gokaslan and Cohen 2019, "OpenWebText Corpus",
    https://skylion007.github.io/OpenWebTextCorpus). Tokens are pieces between white space here."""

    dialects = (
        Dialect("whitespace", (at_least("whitespace_word_count", "min_tokens", 128, name="short"),)),
    )
    examples = (
        Example({"whitespace_word_count": 127}, "short", {}, "by hand"),
        Example({"whitespace_word_count": 128}, "", {}, "by hand"),
        Example({"whitespace_word_count": 9}, "", {"min_tokens": 9}, "by hand"),
    )
