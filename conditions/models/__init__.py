"""Conditions, causes and treatments as articles; their evidence; and the one table of red flags."""

from conditions.models.article import (
    Article,
    Cause,
    Condition,
    Diagram,
    Kind,
    MayHelp,
    Section,
    Treatment,
    article_url,
)
from conditions.models.red_flag import RedFlag, Tier, by_tier
from conditions.models.source import Direction, ReadWhere, Source, SourceKind, Strength

__all__ = [
    "Article",
    "Cause",
    "Condition",
    "Diagram",
    "Direction",
    "Kind",
    "MayHelp",
    "ReadWhere",
    "RedFlag",
    "Section",
    "Source",
    "SourceKind",
    "Strength",
    "Tier",
    "Treatment",
    "article_url",
    "by_tier",
]
