"""The line rule of RefinedWeb."""

from __future__ import annotations

from data_platform.core.kinds.method import Example
from data_platform.core.kinds.rule_set import Dialect, RuleSet, at_most


class RefinedWeb(RuleSet, name="refinedweb"):
    """The line rule of RefinedWeb.

    Penedo et al. 2023, "The RefinedWeb Dataset for Falcon LLM", arXiv:2306.01116, appendix G.2: lines that are mostly
    upper case, numbers alone, a counter ("3 likes") or a single word, and short lines with a phrase of a page's
    furniture ("sign in", "read more...", "items in cart"), are flagged; a document with more than 5 % of its words in
    them is dropped. Not here: removing the lines, which is cleaning, and the rules that the paper takes from Gopher.

    The authors published no code. What a flagged line is, and which of its words count, is the reading of DCLM at
    361714bd (`dclm_baseline_refinedweb.yaml`): of short lines with a phrase only the words of the phrase are lost.
    """

    dialects = (
        Dialect("dclm", (
            at_most("refinedweb_removed_word_fraction", "max_removed_word_fraction", 0.05, "removed_word_fraction"),
        )),
    )
    examples = (
        Example({"refinedweb_removed_word_fraction": 0.05}, "", {}, "5 %: appendix G.2"),
        Example({"refinedweb_removed_word_fraction": 0.0501}, "removed_word_fraction", {}, "5 %: appendix G.2"),
    )
