"""SPDX expressions: names of licences, their normal form, tiers, the algebra of combining, classes of corpora.

Not here: where a licence was seen and who is believed (`licenses/`).
"""
