"""What a patient may do with a request that was sent."""

from django import forms

from appointments.forms.layout import form_helper


class WithdrawForm(forms.Form):
    """The patient takes the request back, and says so twice: by opening this part and by the box."""

    is_sure = forms.BooleanField(
        label="Yes, I no longer want an appointment",
        error_messages={"required": "Tick the box if you want to withdraw your request"},
    )
    helper = form_helper("is_sure")
