"""The trail of every change of lists and entries, written by the database itself."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, User
from alerts.models.watchlists import Watchlist


class ListChange(models.Model):
    """One change of a list, an entry, a list's places or its grants: what was and what is.

    Triggers write it for whatever changes the tables: pages, programs, imports and SQL by hand.
    An update holds the changed fields only, `before` and `after`; other changes the whole row. The
    database refuses to change or delete it.
    """

    class Subject(models.TextChoices):
        LIST = "list", _("list")
        ENTRY = "entry", _("entry")
        CAMERA = "camera", _("camera of the list")
        GROUP = "group", _("camera group of the list")
        GRANT = "grant", _("access of a person")

    class Operation(models.TextChoices):
        INSERT = "INSERT", _("added")
        UPDATE = "UPDATE", _("changed")
        DELETE = "DELETE", _("deleted")

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(_("at"))
    organization = models.ForeignKey(
        Organization,
        on_delete=models.DO_NOTHING,
        null=True,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    watchlist = models.ForeignKey(
        Watchlist,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="changes",
    )
    subject = models.CharField(max_length=6, choices=Subject.choices)
    subject_id = models.CharField(max_length=36)
    operation = models.CharField(max_length=6, choices=Operation.choices)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    # A removed person's changes stay readable: the label is kept beside the key.
    actor = models.ForeignKey(
        User,
        on_delete=models.DO_NOTHING,
        null=True,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    actor_label = models.CharField(_("by"), max_length=254)
    reason = models.CharField(_("reason"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("change of a list")
        verbose_name_plural = _("changes of lists")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["watchlist", "-id"], name="list_change_newest"),
            models.Index(fields=["subject_id", "-id"], name="list_change_of_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.get_subject_display()} {self.get_operation_display()}"
