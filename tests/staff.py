"""People of the clinic's staff, for tests."""

from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.models import Group, User

PASSWORD = "correct horse battery staple"


def make_staff(role: str, username: str = "") -> User:
    """A person with this role, signing in with PASSWORD. Named like the role unless told otherwise.

    Who is there already is returned as found. `role` is the name of a group: reception, clinician, editor,
    manager.
    """
    user, is_new = User.objects.get_or_create(username=username or role, defaults={"is_staff": True})
    if is_new:
        # One round instead of a million: a test should not wait for what keeps guessers waiting.
        user.password = PBKDF2PasswordHasher().encode(PASSWORD, "salt for tests", iterations=1)
        user.save()
        user.groups.add(Group.objects.get(name=role))
    return user
