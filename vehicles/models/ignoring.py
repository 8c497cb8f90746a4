"""Plates of which nothing at all is kept."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, User
from lpr_project.common.models import uuid7


class IgnoredPlate(models.Model):
    """A registration that an organization never stores: staff, residents, a judge's order.

    Empty country or province: whatever was read of them.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="ignored_plates"
    )
    number = models.CharField(_("number"), max_length=16)
    country = models.CharField(_("country"), max_length=2, blank=True)
    province = models.CharField(_("province"), max_length=6, blank=True)
    reason = models.CharField(_("reason"), max_length=300)
    until = models.DateTimeField(
        _("until"), null=True, blank=True, help_text=_("Empty: until somebody takes it off.")
    )
    created_at = models.DateTimeField(_("added"), auto_now_add=True)
    created_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, related_name="+", editable=False
    )

    class Meta:
        verbose_name = _("ignored plate")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "number", "country", "province"],
                name="ignored_plate_unique",
                violation_error_message=_("This plate is ignored already."),
            )
        ]

    def __str__(self) -> str:
        return " ".join(filter(None, (self.number, self.province or self.country)))
