"""How the staff sign in."""

from typing import Any

from django.contrib.admin.forms import AdminAuthenticationForm


class StaffSignInForm(AdminAuthenticationForm):
    """The stock form in the words of the other forms here."""

    error_messages = {
        **AdminAuthenticationForm.error_messages,
        "invalid_login": "This is not the username and password of a member of staff. Type both again, "
        "with the same capital letters as always.",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
