"""Small language models trained here: as scorers, and to compare data before a large model is paid for.

What belongs here: tokenizers and models that are trained in the platform, and the one way to train them
(`protocol.LanguageModelTrainer`). What does not: reading text with a trained model (`scoring/`), publishing its files
(`scoring/models.py`), and the methods that decide over data by proxy models (`mix/`, `select/`).
"""
