"""Proof: what can be shown of a table from tables and logs alone, whoever wrote them and however.

Belongs here: whether every row leads back to a record and to evidence and its licence is what the evidence says
(`examination`, `terms`), if need be through the documents that it was made of (`derivation`), and the audit that
reports all of it. Does not: whose commits a table is made of (`lake/custody.py`), how rows and licences are made (the
stages, `licenses/resolve.py`), nor what is done when a proof fails (`assets/`). No stage is called here: the rules of a
resolver are asked as rules, beside laws that do not depend on them.
"""
