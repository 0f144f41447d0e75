"""Learning thresholds per language: from the distribution of signals to rows of table `filter_thresholds`.

What is learned depends on the set of texts alone: not on their order, on how they were partitioned or on when they
came. Not here: what a rule set makes of a distribution (its module), and where texts come from
(`stages/filter_thresholds.py`, `reference.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from data_platform.core.kinds.rule_set import Rules
from data_platform.core.tables import table


class Sample:
    """At most `size` texts of every language: those with the least ids, which are hashes.

    Holds at most twice as many rows per language at any time.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._rows: dict[str, list[pa.Table]] = {}

    def add(self, rows: pa.Table) -> None:
        """Take texts into account: columns `doc_id`, `language` and any signals, always the same ones."""
        languages = rows["language"].combine_chunks().dictionary_encode()
        for place, language in enumerate(languages.dictionary.to_pylist()):
            held = self._rows.setdefault(language, [])
            held.append(rows.filter(pc.equal(languages.indices, place)))
            if sum(part.num_rows for part in held) > 2 * self._size:
                self._rows[language] = [self._least(held)]

    def languages(self) -> dict[str, pa.Table]:
        """The sample of every language, in the order of the ids; languages in alphabetical order."""
        return {language: self._least(held) for language, held in sorted(self._rows.items())}

    def _least(self, held: list[pa.Table]) -> pa.Table:
        # Sorted, so that sums of floating point numbers come out the same whatever the order of arrival.
        return pa.concat_tables(held).sort_by("doc_id").slice(0, self._size).combine_chunks()


def sample_columns(rule_sets: Sequence[Rules]) -> list[str]:
    """The signals that the thresholds of `rule_sets` are learned from."""
    return list(dict.fromkeys(bound.signal for rules in rule_sets for bound in rules.learned.values()))


def learn(rules: Rules, languages: Mapping[str, pa.Table]) -> pa.Table:
    """The thresholds of a rule set for every language with enough texts: rows of table `filter_thresholds`.

    Args:
        rules: a rule set with thresholds to learn.
        languages: language to a table with the signals of its texts, one row per text, in an order that depends on
            nothing but the texts.
    """
    schema = table("filter_thresholds").schema
    rows = []
    least = max(1, rules.settings["min_documents"])
    enough = {language: texts for language, texts in languages.items() if texts.num_rows >= least}
    base = enough.get(rules.learning.base)
    for language, texts in enough.items():
        for threshold, bound in rules.learned.items():
            values, others = (
                some and some[bound.signal].cast(pa.float64()).to_numpy() for some in (texts, base)
            )
            value, method = rules.learning.derive(threshold, bound, values, others)
            rows.append({
                "rule_set": rules.name, "language": language, "threshold": threshold, "signal": bound.signal,
                "value": value, "documents": texts.num_rows, "source": rules.learning.learns_from, "method": method,
            })
    return pa.Table.from_pylist(rows, schema)
