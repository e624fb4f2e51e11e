"""Functions that write mail, as those of an app do, for the tests of the outbox."""

from django.db import connection
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from clinic.models import ClinicProfile
from clinic.outbox import Message, NothingToSend


def hello(number: int = 1, to: str = "") -> Message:
    """To a reader of its own for each number."""
    reader = to or f"reader{number}@mail.example"
    return Message(reader, f"Number {number}", f"Hello {number}.\n", f"<p>Hello {number}.</p>")


def from_profile() -> Message:
    """What is true when it is written."""
    name = ClinicProfile.objects.get().name
    return Message("reader@mail.example", "A message", name, name)


def plain(text: str) -> Message:
    """By the base templates."""
    return Message.from_templates("mail/base", "reader@mail.example", "A message", text=text)


def nothing() -> Message:
    """Nobody is left to write to."""
    raise NothingToSend


def broken(name: str = "Ana Lopez") -> Message:
    """Raises an error whose text names a patient."""
    raise KeyError(name)


def broken_statement() -> Message:
    """Raises in the database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 / 0")
    return hello()


def not_a_message() -> Message:
    """Forgets to return one."""
    return None  # type: ignore[return-value]


def in_spanish() -> Message:
    """In the reader's language, lazily."""
    with translation.override("es"):
        return Message("reader@mail.example", _("Yes"), _("No"), _("No"))  # type: ignore[arg-type]


def language_around() -> Message:
    """Which language it finds."""
    return Message("reader@mail.example", translation.get_language(), str(timezone.now()), "")
