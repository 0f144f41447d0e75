"""Branches: one crawl sorted into domains (general text, code, mathematics, questions and answers, or any other).

Belongs here: what speaks for a domain, the classifiers that decide, the labels they learn from, and the tables that
come out. Does not: the rules that a branch's documents must satisfy afterwards (`filtering/`), how formulas and code
survive extraction (`extract/`), weights by domain (`mixing/`).

The method is RedStone's (Chang et al. 2024, arXiv:2412.03398): extraction that keeps the markup of a domain, then
rules and classifiers per domain, and a new domain by configuration. The two classifiers of a branch are those of
InfiMM-WebMath-40B (Han et al. 2024, arXiv:2409.12568): the first for recall, the second for precision.
"""
