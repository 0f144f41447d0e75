"""What rule sets need and what is done with them: signals, lists of URLs, learned thresholds, judgement.

Not here: published rule sets (`methods/filters/`) and tables (`stages/`).
"""
