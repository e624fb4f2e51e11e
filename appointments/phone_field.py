"""A phone number as it is typed, on its way from the form to the database."""

from functools import cached_property
from typing import Any

from phonenumber_field.formfields import PhoneNumberField
from phonenumber_field.phonenumber import PhoneNumber


class TypedNumber(PhoneNumber):
    """A number that is examined once, and written out once in each format: a request that is sent asks for both
    about ten times, and each takes long. It must not be changed once it was asked."""

    @cached_property
    def _is_valid(self) -> bool:
        return bool(super().is_valid())

    @cached_property
    def _written(self) -> dict[int, str]:
        return {}

    def is_valid(self) -> bool:
        """Whether such a number can exist."""
        return self._is_valid

    def format_as(self, format: int) -> str:
        """The number in this format of `phonenumbers.PhoneNumberFormat`."""
        if format not in self._written:
            self._written[format] = super().format_as(format)
        return self._written[format]


class TypedNumberField(PhoneNumberField):
    """Any way of writing a phone number. Gives a TypedNumber, or "" where nothing was typed."""

    def to_python(self, value: Any) -> TypedNumber | str:
        """The number in `value`, valid or not."""
        parsed = super().to_python(value)
        if not isinstance(parsed, PhoneNumber):
            return str(parsed)
        number = TypedNumber()
        number.merge_from(parsed)
        return number
