"""Licences: what is seen about them, how it is read, and what it amounts to per document.

Evidence comes first and is kept in full (`evidence`, with one module per detector: pages in `html` with `jsonld`,
`prose` and `place`, their `headers`, the files of their sites in `site_files` with `robots_txt` and `rsl`, code in
`file_header`, `license_text` and `distribution`, people in `registry` and `manual`); a versioned `resolve` decides
later, from evidence alone. Belongs here: everything that says what may be done with a text. Does not: statements as
SPDX expressions and their tiers (`spdx/`), which tiers a mixture admits (the recipe and `mixing/`), which copy of a
text stays (`duplicates/`).

"Uncertain" is never "free": what cannot be read is `LicenseRef-unknown`, tier 4.
"""
