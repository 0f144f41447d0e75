"""Tables for people, made of committed tables: what filters, edits and deduplication did."""
