"""Which roles a signed-in person acts under. The groups and their permissions are made by migration 0002."""

from typing import TYPE_CHECKING

from appointments.lifecycle import STAFF_ROLES, Role

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User


def roles_of(user: "User | AnonymousUser") -> frozenset[Role]:
    """The staff roles whose groups `user` belongs to. A superuser has all of them. At most one query a request."""
    if not user.is_active or not user.is_staff:
        return frozenset()
    if user.is_superuser:
        return STAFF_ROLES
    if not hasattr(user, "_role_names"):
        user._role_names = frozenset(user.groups.values_list("name", flat=True))  # type: ignore[attr-defined]
    return frozenset(role for role in STAFF_ROLES if role in user._role_names)  # type: ignore[attr-defined]
