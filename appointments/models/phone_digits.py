"""The digits of a phone number as the database keeps it: tel:+1-424-555-0134;ext=12 is 14245550134."""

from django.db.models import CharField, F, Func, Value
from django.db.models.functions import Right

LAST_DIGITS = 7  # what people say of a number who leave out its area


class Digits(Func):
    """All digits of a stored number with its country, without its extension."""

    function = "translate"
    output_field = CharField()

    def __init__(self, field: str) -> None:
        whole = Func(F(field), Value(";"), Value(1), function="split_part", output_field=CharField())
        super().__init__(whole, Value("tel:+- .()"), Value(""))


def last_digits(field: str) -> Right:
    """The last LAST_DIGITS digits of a stored number: what the index of phone numbers keeps."""
    return Right(Digits(field), LAST_DIGITS)
