"""What a patient may answer. Each question is one that the staff use; `appointments.forms` says why it is asked."""

from collections.abc import Collection, Iterator
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import CharField, TextChoices
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from clinic.models import Weekday


class Duration(TextChoices):
    """For how long the problem has been there. Acute and chronic as in the fact sheets: 4 and 12 weeks."""

    UNDER_2_WEEKS = "under_2_weeks", _("Less than 2 weeks")
    UNDER_6_WEEKS = "under_6_weeks", _("2 to 6 weeks")
    UNDER_12_WEEKS = "under_12_weeks", _("6 to 12 weeks")
    OVER_12_WEEKS = "over_12_weeks", _("More than 12 weeks")
    UNSURE = "unsure", _("I am not sure")


class WalkingDistance(TextChoices):
    """How far the patient walks before the pain makes them stop."""

    FEW_STEPS = "few_steps", _("A few steps")
    ONE_BLOCK = "one_block", _("About one block")
    SEVERAL_BLOCKS = "several_blocks", _("Several blocks")
    MILE_OR_MORE = "mile_or_more", _("A mile or more")
    NEVER_STOPS = "never_stops", _("It does not make me stop")
    UNSURE = "unsure", _("I am not sure")


class EasedBy(TextChoices):
    """What makes the pain from walking better."""

    SITTING = "sitting", _("Sitting down")
    LEANING = "leaning", _("Leaning forward, such as on a shopping cart")
    STANDING_STILL = "standing_still", _("Standing still")
    LYING = "lying", _("Lying down")
    NOTHING = "nothing", _("Nothing helps")
    UNSURE = "unsure", _("I am not sure")


class LegsAffected(TextChoices):
    """Whether the legs hurt too."""

    NONE = "none", _("No leg, only my back")
    ONE = "one", _("One leg")
    BOTH = "both", _("Both legs")
    UNSURE = "unsure", _("I am not sure")


class Numbness(TextChoices):
    """Loss of feeling or strength in a leg or foot."""

    NEITHER = "neither", _("Neither")
    NUMBNESS = "numbness", _("Numbness or tingling")
    WEAKNESS = "weakness", _("Weakness")
    BOTH = "both", _("Both")
    UNSURE = "unsure", _("I am not sure")


class Course(TextChoices):
    """Where it is heading."""

    BETTER = "better", _("Getting better")
    SAME = "same", _("Staying the same")
    WORSE = "worse", _("Getting worse")
    UNSURE = "unsure", _("I am not sure")


class SeenBefore(TextChoices):
    """Whether somebody has already looked at this problem."""

    NO = "no", _("No")
    HERE = "here", _("Yes, at this clinic")
    ELSEWHERE = "elsewhere", _("Yes, somewhere else")


class RecordKind(TextChoices):
    """What the patient has in hand of this problem."""

    MRI_OR_CT = "mri_or_ct", _("MRI or CT scan")
    XRAY = "xray", _("X-ray")
    LETTER = "letter", _("Letter from a doctor")


class PatientHistory(TextChoices):
    """Whether the clinic has a chart already."""

    NEW = "new", _("No, I am new")
    RETURNING = "returning", _("Yes")
    UNSURE = "unsure", _("I am not sure")


class SpokenLanguage(TextChoices):
    """The language to talk in."""

    ENGLISH = "en", _("English")
    SPANISH = "es", _("Spanish")
    OTHER = "other", _("Another language")


class AccessNeed(TextChoices):
    """What the clinic gets ready for."""

    HEARING = "hearing", _("I have trouble hearing")
    SIGHT = "sight", _("I have trouble seeing")
    MOBILITY = "mobility", _("I use a wheelchair or a walker, or I cannot climb stairs")


class PreferredContact(TextChoices):
    """How the patient wants to be reached."""

    PHONE = "phone", _("Phone call")
    EMAIL = "email", _("Email")
    TEXT = "text", _("Text message")


class PartOfDay(TextChoices):
    """Parts of a day, for when a call or an appointment would suit."""

    MORNING = "morning", _("Morning")
    MIDDAY = "midday", _("Around noon")
    AFTERNOON = "afternoon", _("Afternoon")


class ShortNotice(TextChoices):
    """How soon the patient could come when a time frees up."""

    SAME_DAY = "same_day", _("On the same day")
    NEXT_DAY = "next_day", _("On the next day")
    FEW_DAYS = "few_days", _("I need a few days")


class Language(TextChoices):
    """The languages of the pages and mails of a request."""

    ENGLISH = "en", "English"
    SPANISH = "es", "Español"


class RequestSource(TextChoices):
    """How a request came in."""

    WEB = "web", "Web form"
    PHONE = "phone", "Phone"
    WALK_IN = "walk_in", "Walk-in"


def window(weekday: int, part: str) -> str:
    """The name of a part of a weekday (0 is Monday), such as 0-morning."""
    return f"{weekday}-{part}"


def by_day(windows: Collection[str]) -> Iterator[tuple[str, list[str]]]:
    """The parts of each weekday that are among `windows`, in words: the day, and its parts."""
    for day, label in Weekday.choices:
        parts = [str(part.label) for part in PartOfDay if window(day, part) in windows]
        if parts:
            yield str(label), parts


# A part of a weekday in which an appointment would suit.
WINDOWS = [
    (window(day, part), format_lazy("{} {}", day_label, part_label))
    for day, day_label in Weekday.choices
    for part, part_label in PartOfDay.choices
]


def choice(choices: type[TextChoices], verbose_name: str, **options: Any) -> CharField:
    """One answer out of a list that fits into 20 characters; "" where the question was left empty."""
    return CharField(verbose_name, max_length=20, choices=choices, blank=True, default="", **options)


def several(choices: Any, verbose_name: str) -> ArrayField:
    """Several answers out of a list; an empty list where the question was left empty."""
    return ArrayField(
        CharField(max_length=20, choices=choices), verbose_name=verbose_name, default=list, blank=True
    )
