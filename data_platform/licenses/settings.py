"""The part of a recipe that says how licences are decided."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from data_platform.core.settings import LocalPath, Part


class Copies(Part):
    """What a free copy of a text amounts to beside one that is restricted."""

    beside_restricted: Literal["origin", "restricted", "free"] = Field(
        default="origin", description="origin: a free copy beside a restricted one is restricted, unless the registry, "
        "its host or its date show that it is the origin. restricted: it always is. free: each copy has its own "
        "licence."
    )
    origin_hosts: tuple[Annotated[str, Field(min_length=1)], ...] = Field(
        default=(), description="Hosts, with those below them, that publish texts of their own: a copy found there is "
        "the origin of copies found elsewhere."
    )
    origin_days: int = Field(
        default=30, ge=1, description="Days by which a copy must have been captured before all restricted ones to be "
        "their origin."
    )


class Licenses(Part):
    """How licences are decided, and what is heard on the way."""

    resolver: Literal["resolve@1", "resolve@2", "resolve@3"] = Field(
        default="resolve@3", description="Version of the rules by which evidence is decided."
    )
    rulings: LocalPath | None = Field(
        default=None, description="YAML file of rulings by people, with author, date and reason each."
    )
    known_sources: LocalPath | None = Field(
        default=None, description="Data Provenance Collection, its folder or a tar archive of it, for `known_as`."
    )
    copies: Copies = Field(default_factory=Copies)
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
