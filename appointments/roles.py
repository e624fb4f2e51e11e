"""Which roles a signed-in person acts under. The groups and their permissions are made by migration 0002."""

from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model
from django.db.models import Q

from appointments.lifecycle import STAFF_ROLES, TRIAGE, Role

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User
    from django.db.models import QuerySet


def roles_of(user: "User | AnonymousUser") -> frozenset[Role]:
    """The staff roles whose groups `user` belongs to. A superuser has all of them. At most one query a request."""
    if not user.is_active or not user.is_staff:
        return frozenset()
    if user.is_superuser:
        return STAFF_ROLES
    if not hasattr(user, "_role_names"):
        user._role_names = frozenset(user.groups.values_list("name", flat=True))  # type: ignore[attr-defined]
    return frozenset(role for role in STAFF_ROLES if role in user._role_names)  # type: ignore[attr-defined]


def name_of(user: "User") -> str:
    """How a staff member is called on staff pages."""
    return user.get_full_name() or user.get_username()


def who_triages() -> "QuerySet[User]":
    """Those of the staff whose work a request can be, by name."""
    fit = Q(groups__name__in=TRIAGE) | Q(is_superuser=True)
    people = get_user_model().objects.filter(fit, is_active=True, is_staff=True)
    return people.order_by("last_name", "first_name", "username").distinct()


def clinicians() -> "QuerySet[User]":
    """Whoever sees patients: the clinicians who can sign in, by name."""
    people = get_user_model().objects.filter(is_active=True, is_staff=True, groups__name=Role.CLINICIAN)
    return people.order_by("last_name", "first_name", "username")
