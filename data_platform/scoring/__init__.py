"""Models that say something about a document: how they are loaded, fed and published.

What belongs here: scorers (`protocol.Scorer`; one module each), how texts become batches (`batching.py`), where a
model runs (`placement.py`), the labelled texts that scorers are trained on (`labels.py`) and published models
(`models.py`). What does not: the table of scores (`annotate/`), rules over signals (`filters/`), and training of
language models (`proxy/`).
"""
