"""The part of a recipe that says how licences are decided."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from data_platform.core.settings import Part


class Licenses(Part):
    """How licences are decided, and what is heard on the way."""

    resolver: Literal["resolve@1", "resolve@2"] = Field(
        default="resolve@2", description="Version of the rules by which evidence is decided."
    )
    rulings: str | None = Field(
        default=None, description="YAML file of rulings by people, with author, date and reason each."
    )
    known_sources: str | None = Field(
        default=None, description="Data Provenance Collection, its folder or a tar archive of it, for `known_as`."
    )
    training_agents: tuple[str, ...] = Field(
        default=(
            "GPTBot", "ClaudeBot", "anthropic-ai", "Claude-Web", "CCBot", "Google-Extended", "Applebot-Extended",
            "Bytespider", "meta-externalagent", "FacebookBot", "cohere-ai", "cohere-training-data-crawler", "Amazonbot",
            "Diffbot", "omgili", "omgilibot", "Webzio-Extended", "AI2Bot", "PanguBot", "Timpibot", "DeepSeekBot",
            "Google-CloudVertexBot", "Kangaroo Bot", "ICC-Crawler", "img2dataset", "SBIntuitionsBot",
            "VelenPublicWebCrawler",
        ),
        description="Crawlers that gather texts to train models: a page that robots.txt closes to one of them is "
        "reserved. After Longpre et al. 2024 (Consent in Crisis) and https://github.com/ai-robots-txt/ai.robots.txt.",
    )
