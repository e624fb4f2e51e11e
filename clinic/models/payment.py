"""How patients may pay, as the staff keep the list."""

from typing import Self

from django.db import models
from django.utils.translation import get_language


class PaymentOptionQuerySet(models.QuerySet["PaymentOption"]):
    """Words about ways to pay."""

    def offered(self) -> Self:
        """Those that the form lists now, in its order."""
        return self.filter(is_offered=True).order_by("position", "id")


class PaymentOption(models.Model):
    """One way to pay. Never deleted once a request names it: taken off the form instead."""

    PUBLIC_FIELDS = ("id", "name", "name_es", "position", "is_offered")
    PRIVATE_FIELDS = ()

    name = models.CharField(max_length=80, unique=True)
    name_es = models.CharField("name in Spanish", max_length=80)
    position = models.PositiveSmallIntegerField(default=0)
    is_offered = models.BooleanField("on the form", default=True)

    objects = PaymentOptionQuerySet.as_manager()

    class Meta:
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.name

    @property
    def local_name(self) -> str:
        """The name in the language of the page."""
        return self.name_es if (get_language() or "").startswith("es") else self.name
