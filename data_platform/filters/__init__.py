"""Heuristic filters: signals are measured once, published rule sets are expressions over them.

Here belongs what says of a document that it is not worth training on by counting its characters, words and lines:
`signals` measures, `rule_set` says what a rule is, one module per published set holds its rules and thresholds, `rules`
finds a set by name and turns signals into verdicts. Not here: models (`scoring/`), licences, language, duplicates, and
the dropping of rows, which is the stage's.

A new rule set is a new module with one `RuleSet` and one line in `rules.RULE_SETS`; a new signal is a column in
`columns.py`, a count in `text/kernels.py` and a formula in `signals.py`.
"""
