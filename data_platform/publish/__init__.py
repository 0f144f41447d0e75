"""What leaves the house: exports, cards, notices, events about lineage."""
