"""A typed phone number says what the library's own says, and is examined once."""

import json

import phonenumbers
import pytest
from django.conf import LazySettings
from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.test import Client
from phonenumber_field.modelfields import PhoneNumberField
from phonenumber_field.phonenumber import PhoneNumber, to_python

from appointments.models import AppointmentRequest
from appointments.phone_field import TypedNumber, TypedNumberField
from tests.appointments.patients import sent

TYPED = [
    "(424) 555-0134",
    "424 555 0134 ext. 7",
    "+44 20 7946 0018",
    "+39 06 698 12345",
    "1",
    "+1 999 999 9999",
    "x",
]


@pytest.mark.parametrize("typed", TYPED)
def test_typed_number_says_what_the_library_says(typed: str) -> None:
    ours, theirs = TypedNumberField().to_python(typed), to_python(typed)
    assert isinstance(ours, TypedNumber)
    for _ in range(2):  # the first answers are kept
        assert ours.is_valid() == theirs.is_valid()
        assert (str(ours), len(ours), bool(ours)) == (str(theirs), len(theirs), bool(theirs))
        assert [ours.format_as(form) for form in range(4)] == [theirs.format_as(form) for form in range(4)]
        assert PhoneNumberField().get_prep_value(ours) == PhoneNumberField().get_prep_value(theirs)
        assert json.dumps(ours, cls=DjangoJSONEncoder, default=str) == json.dumps(str(theirs))
        assert ours == theirs and theirs == ours and hash(ours) == hash(theirs)
    assert ours.raw_input == theirs.raw_input
    assert isinstance(AppointmentRequest(phone=ours).phone, TypedNumber)


@pytest.mark.parametrize("typed", ["1", "+1 999 999 9999", "x"])
def test_typed_number_that_cannot_exist_is_refused(typed: str) -> None:
    with pytest.raises(ValidationError) as refused:
        TypedNumberField().clean(typed)
    assert [error.code for error in refused.value.error_list] == ["invalid"]


def test_nothing_typed_is_no_number() -> None:
    assert TypedNumberField(required=False).clean("") == TypedNumberField(required=False).clean(None) == ""


@pytest.mark.django_db
def test_number_is_examined_once_when_a_request_is_sent(
    clinic_data: None, client: Client, monkeypatch: pytest.MonkeyPatch, settings: LazySettings
) -> None:
    settings.SENDING_IS_LIMITED = True
    examined: list[PhoneNumber] = []
    is_valid = phonenumbers.is_valid_number

    def spied(number: PhoneNumber) -> bool:
        examined.append(number)
        return bool(is_valid(number))

    with monkeypatch.context() as spying:
        spying.setattr(phonenumbers, "is_valid_number", spied)
        kept = sent(client, "fever", phone="424 555 0134 ext. 7")
    assert len(examined) == 1
    assert kept.phone == PhoneNumber.from_string("+1 424 555 0134 ext. 7")
