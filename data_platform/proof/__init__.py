"""Proof: what can be shown of a table from tables and logs alone, whoever wrote them and however.

Belongs here: whose commits a table is made of (`custody`), whether every row leads back to a record and to evidence
(`chain`), whether its licence is what the evidence says (`terms`), and the audit that reports all of it. Does not: how
rows and licences are made (the stages, `licenses.resolve`), nor what is done when a proof fails (`assets`). What is
examined here was written by code that is not called here.
"""
