"""Conditions, causes and treatments as articles; their evidence; and the one table of red flags."""

from conditions.models.article import Article, NewerEdit, article_url
from conditions.models.clue import ANSWERS, Clue, Question
from conditions.models.kind import Diagram, Kind
from conditions.models.old_address import OldAddress
from conditions.models.proxies import Cause, Condition, Treatment
from conditions.models.publishing import State
from conditions.models.red_flag import RedFlag, Tier, by_tier, red_flags_in_use
from conditions.models.sign_off import Amendment, SignOff, SignOffRefused
from conditions.models.source import Direction, ReadWhere, Source, SourceKind, Strength
from conditions.models.structure import MayHelp, Section
from conditions.models.synonym import Synonym

__all__ = [
    "ANSWERS",
    "Amendment",
    "Article",
    "Cause",
    "Clue",
    "Condition",
    "Diagram",
    "Direction",
    "Kind",
    "MayHelp",
    "NewerEdit",
    "OldAddress",
    "Question",
    "ReadWhere",
    "RedFlag",
    "Section",
    "SignOff",
    "SignOffRefused",
    "Source",
    "SourceKind",
    "State",
    "Strength",
    "Synonym",
    "Tier",
    "Treatment",
    "article_url",
    "by_tier",
    "red_flags_in_use",
]
