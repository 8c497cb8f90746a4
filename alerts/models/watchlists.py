"""Watchlists: what is looked for, where and when, how strictly, and who may see it."""

from django.contrib.gis.db import models as gis
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, Role, User
from cameras.models import Camera, CameraGroup, validate_active_hours
from detections.models import Detection
from lpr_project.common.models import TimestampedModel, uuid7

EDITS_MOST = 2
ENTRY_DAYS_MOST = 36_500
DEFAULT_COLOR = "#d9822b"
READERS = [Role.MANAGER, Role.OPERATOR, Role.ANALYST, Role.AUDITOR]


def default_readers() -> list[str]:
    """Who sees a list and its hits where nobody said otherwise: all but viewers."""
    return [str(role) for role in READERS]


def default_entry_readers() -> list[str]:
    """Who sees entries, with their reasons and case numbers, where nobody said otherwise."""
    return [str(Role.MANAGER), str(Role.OPERATOR), str(Role.AUDITOR)]


class Agreement(models.TextChoices):
    """How far a country or province must be the entry's; an entry that names none fits all."""

    REQUIRED = "required", _("must agree")
    IF_KNOWN = "if_known", _("must agree where it was read")
    IGNORED = "ignored", _("does not matter")


class Watchlist(TimestampedModel):
    """Plates that somebody looks for, with the rules by which they are found and shown."""

    class Category(models.TextChoices):
        STOLEN = "stolen", _("stolen")
        WANTED = "wanted", _("wanted")
        VIP = "vip", _("VIP")
        STAFF = "staff", _("staff")
        BANNED = "banned", _("banned")
        PERMITTED = "permitted", _("permitted")
        OF_INTEREST = "of_interest", _("of interest")
        OWN = "own", _("own vehicles")

    class Sound(models.TextChoices):
        NONE = "none", _("none")
        CHIME = "chime", _("chime")
        ALARM = "alarm", _("alarm")
        SIREN = "siren", _("siren")

    class Match(models.TextChoices):
        EXACT = "exact", _("exactly as written")
        CONFUSABLE = "confusable", _("letters that look alike count as the same")
        EDITS = "edits", _("some letters may be wrong, missing or added")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="watchlists"
    )
    name = models.CharField(_("name"), max_length=120)
    description = models.CharField(_("description"), max_length=500, blank=True)
    category = models.CharField(
        _("category"), max_length=12, choices=Category.choices, default=Category.OF_INTEREST
    )
    priority = models.PositiveSmallIntegerField(
        _("priority"),
        default=50,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
        help_text=_("0 to 100; the highest is shown first."),
    )
    color = models.CharField(
        _("colour"),
        max_length=7,
        default=DEFAULT_COLOR,
        validators=[RegexValidator(r"^#[0-9a-fA-F]{6}$", _("Write it as #rrggbb."))],
    )
    sound = models.CharField(_("sound"), max_length=8, choices=Sound.choices, default=Sound.CHIME)
    owner = models.ForeignKey(
        User,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("owner"),
        help_text=_("Answers for the list; sees and changes all of it."),
    )
    is_active = models.BooleanField(_("active"), default=True)
    is_archived = models.BooleanField(_("archived"), default=False, editable=False)

    list_roles = ArrayField(
        models.CharField(max_length=8, choices=Role.choices),
        verbose_name=_("roles that see the list"),
        default=default_readers,
        blank=True,
        help_text=_("Its name, rules and how many entries it has."),
    )
    entry_roles = ArrayField(
        models.CharField(max_length=8, choices=Role.choices),
        verbose_name=_("roles that see the entries"),
        default=default_entry_readers,
        blank=True,
        help_text=_("Plates, reasons and case numbers."),
    )
    hit_roles = ArrayField(
        models.CharField(max_length=8, choices=Role.choices),
        verbose_name=_("roles that see the hits"),
        default=default_readers,
        blank=True,
        help_text=_("Each only at cameras that the person may see."),
    )

    match = models.CharField(
        _("numbers must agree"), max_length=10, choices=Match.choices, default=Match.CONFUSABLE
    )
    edits_most = models.PositiveSmallIntegerField(
        _("letters that may be wrong"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(EDITS_MOST)],
        help_text=_("Beside those that look alike. Numbers of less than 7 letters: one at most."),
    )
    country_rule = models.CharField(
        _("country"), max_length=8, choices=Agreement.choices, default=Agreement.IF_KNOWN
    )
    province_rule = models.CharField(
        _("province"), max_length=8, choices=Agreement.choices, default=Agreement.IF_KNOWN
    )

    active_hours = models.JSONField(
        _("active hours"), default=list, blank=True, validators=[validate_active_hours]
    )
    # Cameras, groups and area name places together: a camera in any of them counts.
    cameras = models.ManyToManyField(
        Camera, blank=True, related_name="+", verbose_name=_("cameras")
    )
    camera_groups = models.ManyToManyField(
        CameraGroup, blank=True, related_name="+", verbose_name=_("camera groups")
    )
    area = gis.MultiPolygonField(_("area"), srid=4326, null=True, blank=True)
    directions = ArrayField(
        models.CharField(max_length=12, choices=Detection.Direction.choices),
        verbose_name=_("directions"),
        default=list,
        blank=True,
        help_text=_("None chosen: all, also where the direction is unknown."),
    )

    entry_days = models.PositiveIntegerField(
        _("entries end after, days"),
        default=30,
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(ENTRY_DAYS_MOST)],
        help_text=_("For entries that do not say so themselves. Empty: they do not end."),
    )
    reminder_days = models.PositiveSmallIntegerField(
        _("reminded before, days"), default=3, help_text=_("0: nobody is reminded.")
    )

    class Meta:
        verbose_name = _("watchlist")
        ordering = ["-priority", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "name"],
                condition=models.Q(is_archived=False),
                name="watchlist_name_unique",
                violation_error_message=_("There is a list of this name already."),
            ),
            models.CheckConstraint(
                condition=models.Q(priority__lte=100), name="watchlist_priority_bounded"
            ),
            models.CheckConstraint(
                condition=models.Q(edits_most__range=(1, EDITS_MOST)),
                name="watchlist_edits_bounded",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.owner_id is None or self.organization_id is None:
            return  # the field says itself what it lacks
        members = self.organization.memberships
        if not members.filter(user_id=self.owner_id).exists():
            raise ValidationError({"owner": _("The owner must be a member of the organization.")})


class WatchlistGrant(TimestampedModel):
    """One person sees a list, its entries or its hits, whatever the person's role."""

    class Sees(models.TextChoices):
        LIST = "list", _("the list")
        ENTRIES = "entries", _("the list and its entries")
        HITS = "hits", _("its hits")

    watchlist = models.ForeignKey(Watchlist, on_delete=models.CASCADE, related_name="grants")
    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="+", verbose_name=_("person")
    )
    sees = models.CharField(_("sees"), max_length=8, choices=Sees.choices)

    class Meta:
        verbose_name = _("access of a person")
        verbose_name_plural = _("access of persons")
        constraints = [
            models.UniqueConstraint(
                fields=["watchlist", "user", "sees"], name="watchlist_grant_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.get_sees_display()}"

    def clean(self) -> None:
        if not self.watchlist.organization.memberships.filter(user_id=self.user_id).exists():
            raise ValidationError({"user": _("Only members of the organization.")})
