"""Mail that is committed with the change that caused it, then delivered. The only caller of SMTP.

    queue(queued(emails.received, topic="request:12", request_id=12))

The row holds which function writes the mail, and from what. `deliver_next` calls that function when it delivers.
Each mail is delivered at least once: when a worker dies after the mail server has taken a mail and before that is
committed, it goes out again with the same Message-ID.
"""

import inspect
import json
import logging
import random
import traceback
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr
from pathlib import Path
from typing import Any, Self, TypeVar

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.validators import validate_email
from django.db import OperationalError, connection, transaction
from django.db.models.functions import Now
from django.template import Context, engines
from django.utils import translation
from django.utils.module_loading import import_string

from clinic.mail_failures import Failure, failure_of
from clinic.models import ClinicProfile, OutgoingMail

FIRST_WAIT = timedelta(seconds=30)  # doubled after each attempt
LONGEST_WAIT = timedelta(minutes=15)
LEAST_OF_A_WAIT = 0.75  # so that mails which failed together do not come back together
MOST_ATTEMPTS = 225  # with these waits, 48 hours

logger = logging.getLogger(__name__)
dice = random.SystemRandom()
_titles: dict[str, str] = {}


class NothingToSend(Exception):
    """Raised by a function that writes a mail when there is nobody to write to, or no reason to any more."""


Writer = TypeVar("Writer", bound=Callable[..., "Message"])


@dataclass
class Message:
    """One mail to one person. The subject names nobody and nothing about health: locked screens show it."""

    to: str
    subject: str
    text: str
    html: str

    def __post_init__(self) -> None:
        """Translate what is lazy while the writer's language is on, and let no line break into the head."""
        self.subject = " ".join(str(self.subject).split())
        self.text, self.html = str(self.text), str(self.html)

    @classmethod
    def from_templates(cls, name: str, to: str, subject: str, **values: Any) -> Self:
        """Written by the templates `name`.txt and `name`.html, which know `values` and `clinic`, the profile.

        The plain text is text: nothing in it is escaped. One query.
        """
        known = {"clinic": ClinicProfile.objects.current(), **values}
        engine = engines["django"]
        text = engine.get_template(f"{name}.txt").template.render(Context(known, autoescape=False))  # type: ignore[attr-defined]
        html = engine.get_template(f"{name}.html").render(known)
        return cls(to, subject, text.strip() + "\n", html)


def titled(title: str) -> Callable[[Writer], Writer]:
    """Beside a function that writes a mail: what that mail tells, in a few plain words for the staff."""

    def keep(function: Writer) -> Writer:
        _titles[_path_of(function)] = title
        return function

    return keep


def title_of(mail: OutgoingMail) -> str:
    """The words beside its function. The dotted path, where there are none or the function is gone."""
    with suppress(ImportError):
        import_string(mail.function)  # or its words would not be there yet
    return _titles.get(mail.function, mail.function)


def queued(function: Callable[..., Message], topic: str = "", **arguments: Any) -> OutgoingMail:
    """The unsaved row of a mail that `function` will write from `arguments`. Hand it to `queue`.

    `function` is called at each attempt, in a worker: it reads what is true by then, chooses its language itself,
    and raises NothingToSend when the mail makes no sense any more. `arguments` are numbers and text that JSON
    keeps, such as ids and times in ISO form; never a name, an address or a secret. `topic` is what the mail is
    about, such as request:12.

    Raises ValueError for a function that cannot be found again by its dotted path, TypeError for arguments that
    it does not take or that JSON would change.
    """
    path = _path_of(function)
    try:
        is_found = import_string(path) is function
    except ImportError:
        is_found = False
    if not is_found:
        raise ValueError(f"{path} cannot be imported: a mail needs a function at the top of a module")
    inspect.signature(function).bind(**arguments)
    if json.loads(json.dumps(arguments)) != arguments:
        raise TypeError(f"{path}: JSON would change the arguments")
    return OutgoingMail(function=path, topic=topic, arguments=arguments)


def queue(*mails: OutgoingMail) -> None:
    """Put mails in the outbox: one INSERT, committed or rolled back with the change that caused them. Each is due
    at once, by the database's clock, and knows its id then.

    Raises TransactionManagementError outside a transaction.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("A mail is queued in the transaction of its cause.")
    if not mails:
        return
    values: list[Any] = []
    for mail in mails:
        values += (mail.message_id, mail.function, mail.topic, json.dumps(mail.arguments))
        values += (mail.attempts, mail.failure)
    with connection.cursor() as cursor:
        cursor.execute(
            # By hand, for each patient who sends waits for it: bulk_create takes longer to compose such a statement
            # than the database to run it. Only the number of rows is put into the text.
            f"""
            INSERT INTO clinic_outgoingmail (message_id, function, topic, arguments, attempts, failure)
            VALUES {", ".join(["(%s, %s, %s, %s, %s, %s)"] * len(mails))}
            RETURNING id
            """,  # noqa: S608
            values,
        )
        for mail, (pk,) in zip(mails, cursor.fetchall(), strict=True):
            mail.pk, mail._state.adding, mail._state.db = pk, False, connection.alias


def written(mail: OutgoingMail) -> Message:
    """The mail as its function writes it now. Raises NothingToSend, and whatever that function raises."""
    function: Callable[..., Message] = import_string(mail.function)
    # A statement of the function's that fails must not take the caller's transaction with it.
    with transaction.atomic(), translation.override(settings.LANGUAGE_CODE):
        message = function(**mail.arguments)
    if not isinstance(message, Message):
        raise TypeError("it did not return a Message")
    return message


def deliver_next(now: datetime | None = None) -> bool:
    """Try the mail that has been due for longest at `now` (by default, now by the database's clock).

    False when none is due, or all that are due are in other workers' hands. The row is locked while the mail
    server talks; what came of it is committed at the end, so a worker that dies leaves the mail as it was.
    A mail that fails is put off and the next call takes another one. Raises what the database raises.
    """
    with transaction.atomic():
        mail = OutgoingMail.objects.due(now).select_for_update(skip_locked=True).first()
        if mail is None:
            return False
        mail.attempts += 1
        outcome = _outcome_of_an_attempt(mail, now or Now())
        OutgoingMail.objects.filter(pk=mail.pk).update(attempts=mail.attempts, **outcome)
    return True


def try_again(mail: OutgoingMail) -> bool:
    """Put a mail that failed back among those due, with all its attempts. False when it has not failed, as when
    somebody else was first."""
    failed = OutgoingMail.objects.failed().filter(pk=mail.pk)
    return failed.update(failed_at=None, attempts=0, next_attempt_at=Now()) == 1


def _path_of(function: Callable[..., Message]) -> str:
    return f"{function.__module__}.{function.__qualname__}"


def _outcome_of_an_attempt(mail: OutgoingMail, now: datetime | Now) -> dict[str, Any]:
    """Write the mail and send it; what there is to note on its row, other than the count of attempts."""
    try:
        message = written(mail)
    except NothingToSend:
        return {"dropped_at": now, "failure": ""}
    except Exception as error:
        if not connection.is_usable():
            raise OperationalError("the database went away while a mail was written") from error
        logger.error("Mail %s: %s raised %s", mail.message_id, mail.function, _place_of(error))
        return _put_off(mail, now, Failure("It could not be written. The log says where."))
    try:
        _send(message, mail)
    except Exception as error:
        failure = failure_of(error, message.to)
        if failure.is_final:
            logger.error("Mail %s was refused: %s", mail.message_id, type(error).__name__)
            return {"failed_at": now, "failure": failure.text}
        logger.warning("Mail %s did not go out: %s", mail.message_id, type(error).__name__)
        return _put_off(mail, now, failure)
    return {"sent_at": now, "failure": ""}


def _send(message: Message, mail: OutgoingMail) -> None:
    """One SMTP conversation. Returns when the mail server has taken the message; else raises what went wrong,
    for `failure_of` to read."""
    validate_email(message.to)
    host = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    with closing(get_connection()) as server:  # also one that refuses us after its greeting
        EmailMultiAlternatives(
            subject=message.subject,
            body=message.text,
            to=[message.to],
            alternatives=[(message.html, "text/html")],
            headers={"Message-ID": f"<{mail.message_id}@{host}>", "Auto-Submitted": "auto-generated"},
            connection=server,
        ).send()


def _put_off(mail: OutgoingMail, now: datetime | Now, failure: Failure) -> dict[str, Any]:
    """Until later; after two days for good, for the staff to see."""
    if mail.attempts >= MOST_ATTEMPTS:
        logger.error("Mail %s is given up after %s attempts", mail.message_id, mail.attempts)
        return {"failed_at": now, "failure": failure.text}
    # The exponent is capped, for the wait would not fit into a timedelta any more.
    wait = min(FIRST_WAIT * 2 ** min(mail.attempts - 1, 10), LONGEST_WAIT)
    return {"next_attempt_at": now + wait * dice.uniform(LEAST_OF_A_WAIT, 1), "failure": failure.text}


def _place_of(error: Exception) -> str:
    """What kind of error, and where: never its text, which may hold what a patient wrote."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{type(error).__name__} at " + " < ".join(
        f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames[-5:])
    )
