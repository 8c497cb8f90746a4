"""Files of vehicles that somebody sent, and what each line of them would change."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, User
from lpr_project.common.models import TimestampedModel, uuid7


class VehicleImport(TimestampedModel):
    """A file of vehicles: checked first, shown, and then taken over as a whole or not at all."""

    class State(models.TextChoices):
        CHECKING = "checking", _("being checked")
        CHECKED = "checked", _("checked")
        APPLYING = "applying", _("being taken over")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    # Who said that it is to be taken over, which is not always who sent it.
    confirmed_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, related_name="+", editable=False
    )
    original_name = models.CharField(_("file"), max_length=200)
    stored_name = models.CharField(max_length=200, editable=False)
    sha256 = models.CharField(max_length=64, editable=False)
    size_bytes = models.BigIntegerField(editable=False)
    headers = models.JSONField(default=list, editable=False)
    # The field that each column fills, in the order of columns; empty leaves a column out.
    mapping = models.JSONField(_("columns"), default=list)
    state = models.CharField(
        _("state"), max_length=8, choices=State.choices, default=State.CHECKING
    )
    error = models.CharField(_("error"), max_length=500, blank=True)
    new_count = models.PositiveIntegerField(_("new"), default=0)
    changed_count = models.PositiveIntegerField(_("changed"), default=0)
    unchanged_count = models.PositiveIntegerField(_("unchanged"), default=0)
    wrong_count = models.PositiveIntegerField(_("wrong"), default=0)
    heartbeat_at = models.DateTimeField(null=True, editable=False)
    # How often a worker took it up: one that dies each time is not asked for ever.
    tries = models.PositiveSmallIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = _("import of vehicles")
        verbose_name_plural = _("imports of vehicles")
        ordering = ["-id"]
        indexes = [models.Index(fields=["organization", "-id"], name="vehicle_import")]

    def __str__(self) -> str:
        return self.original_name

    @property
    def is_running(self) -> bool:
        return self.state in {self.State.CHECKING, self.State.APPLYING}

    @property
    def may_be_applied(self) -> bool:
        """Whether there is something to do, and nothing that is wrong."""
        return (
            self.state == self.State.CHECKED
            and not self.wrong_count
            and bool(self.new_count or self.changed_count)
        )


class ImportLine(models.Model):
    """What one line of a file would change; `changes` holds before and after by field."""

    class Outcome(models.TextChoices):
        NEW = "new", _("new")
        CHANGED = "changed", _("changed")
        UNCHANGED = "unchanged", _("unchanged")
        WRONG = "wrong", _("wrong")

    vehicle_import = models.ForeignKey(
        VehicleImport, on_delete=models.CASCADE, related_name="lines"
    )
    line = models.PositiveIntegerField()
    outcome = models.CharField(max_length=9, choices=Outcome.choices)
    label = models.CharField(max_length=120, blank=True)
    changes = models.JSONField(default=dict)
    errors = models.JSONField(default=list)

    class Meta:
        ordering = ["line"]
        constraints = [
            models.UniqueConstraint(fields=["vehicle_import", "line"], name="import_line_unique")
        ]
        indexes = [
            models.Index(fields=["vehicle_import", "outcome", "line"], name="import_line_outcome")
        ]

    def __str__(self) -> str:
        return f"{self.line}: {self.outcome}"
