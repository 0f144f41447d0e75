"""Which stages of filtering a recipe has: those that measure, learn and judge."""

from __future__ import annotations

from data_platform.filtering.chosen import learning_rule_sets
from data_platform.filtering.languages import check_languages
from data_platform.run.recipe import Recipe
from data_platform.run.stage import Stage
from data_platform.stages.filter_stop_words import FILTER_STOP_WORDS, stop_word_settings
from data_platform.stages.filter_thresholds import thresholds_stage
from data_platform.stages.filter_verdicts import verdicts_stage
from data_platform.stages.language_signals import LANGUAGE_SIGNALS
from data_platform.stages.quality_signals import QUALITY_SIGNALS


def judging_stages(recipe: Recipe) -> list[Stage]:
    """The stages up to the verdicts. Those that learn are there if rule sets of the recipe learn something.

    Raises:
        RuleSetError: if a rule set or threshold of the recipe does not exist, or lacks what it is to learn from.
        UnknownLanguage: if the recipe names a language that its model does not know.
    """
    check_languages(recipe.language, recipe.filters)
    learning, read = [], []
    if learning_rule_sets(recipe.filters):
        learning.append(thresholds_stage(recipe))
        read.append("filter_thresholds")
    if stop_word_settings(recipe.filters):
        learning += [FILTER_STOP_WORDS, LANGUAGE_SIGNALS]
        read.append("language_signals")  # the stop words are in them
    return [QUALITY_SIGNALS, *learning, verdicts_stage(recipe, read)]
