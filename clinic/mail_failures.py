"""What it means when a mail does not go out: whether to try again, and what the staff are told."""

import re
import smtplib
from dataclasses import dataclass

from django.core.exceptions import ValidationError

LONGEST_TEXT = 300
OUR_FAULT = {530, 534, 535, 538}  # RFC 4954: we have not signed in as the server wants it


@dataclass(frozen=True)
class Failure:
    """Why a mail did not go out, in words without its address, and whether trying again is of no use."""

    text: str
    is_final: bool = False


def failure_of(error: Exception, address: str) -> Failure:
    """What an error means that was raised while a mail was sent to `address`.

    Final is only what is wrong with the mail or with its reader's address: RFC 5321, section 4.2.1, codes from 500
    in answer to RCPT or to the message. The same codes in answer to our greeting, our password or our own
    address, and any broken connection, are for the operator to mend, so the mail waits for that.
    """
    match error:
        case ValidationError():
            return Failure("The address is not one that mail can be sent to.", is_final=True)
        case smtplib.SMTPRecipientsRefused():
            code, answer = next(iter(error.recipients.values()))
            return Failure(_answer(code, answer, address), is_final=_is_permanent(code))
        case smtplib.SMTPDataError():
            is_final = _is_permanent(error.smtp_code)
            return Failure(_answer(error.smtp_code, error.smtp_error, address), is_final)
        case smtplib.SMTPResponseException():
            return Failure(_answer(error.smtp_code, error.smtp_error, address))
        case OSError() if error.strerror:
            return Failure(f"The mail server could not be reached: {error.strerror}."[:LONGEST_TEXT])
        case _:
            return Failure(f"The mail could not be handed over: {type(error).__name__}."[:LONGEST_TEXT])


def _is_permanent(code: int) -> bool:
    return 500 <= code < 600 and code not in OUR_FAULT


def _answer(code: int, answer: bytes | str, address: str) -> str:
    """What the server said, on one line, without the reader's address or any other."""
    text = answer.decode(errors="replace") if isinstance(answer, bytes) else answer
    text = "".join(character if character.isprintable() else " " for character in text)
    text = re.sub(r"<?[^\s<>@,;:]+@[^\s<>@,;]+>?", "(address)", text)
    name = address.rpartition("@")[0]
    text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "(address)", text, flags=re.IGNORECASE) if name else text
    return f"The mail server answered {code} {' '.join(text.split())}"[:LONGEST_TEXT]
