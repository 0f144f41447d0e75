"""Credits: who made a text, what it is called, where it is from, and the notices that have to stay with it.

Read are the fields of rows (`rows`), pages (`pages`), heads of files (`files`), and what the files of the folders above
say: LICENSE, NOTICE, AUTHORS and manifests (`manifests`, `trees`). `collect` gathers it per record, and `attribution`
says it on one line. Names of people are kept for credit alone, and never logged.

Belongs here: what licences ask to be kept. Does not: which licence a text is under (`licenses/`), how credit is given
in a publication (`publish/notice.py`).
"""
