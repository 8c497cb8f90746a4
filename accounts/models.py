"""People, organizations, roles, API keys and the append-only audit trail."""

from typing import ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.contrib.auth.base_user import BaseUserManager
from django.contrib.auth.models import AbstractUser, Group
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import OpClass
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from lpr_project.common.models import TimestampedModel, uuid7

# An hour to ten years.
RETENTION_LIMITS = (MinValueValidator(1), MaxValueValidator(87_660))


class UserManager(BaseUserManager["User"]):
    """Makes people, who log in by e-mail."""

    use_in_migrations = True

    def create_user(self, email: str, password: str | None = None, **fields: object) -> "User":
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.full_clean(exclude=["password"])
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: object) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractUser):
    """A person who logs in by e-mail, or the account behind an API key."""

    class Kind(models.TextChoices):
        PERSON = "person", _("person")
        SERVICE = "service", _("service")

    username = None  # type: ignore[assignment]  # people are known by their e-mail
    email = models.EmailField(_("e-mail"), unique=True)
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.PERSON, editable=False)
    display_name = models.CharField(_("name"), max_length=120, blank=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = UserManager()  # type: ignore[assignment,misc]  # no username: AbstractUser's manager does not fit

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_case_insensitive")]

    def __str__(self) -> str:
        return self.display_name or self.email


class Organization(TimestampedModel):
    """A tenant: every other row belongs to one."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    slug = models.SlugField(max_length=60, unique=True)
    time_zone = models.CharField(_("time zone"), max_length=64, default="Asia/Bangkok")
    retention_hours = models.PositiveIntegerField(
        _("retention, hours"),
        default=720,
        validators=RETENTION_LIMITS,
        help_text=_(
            "How long detections are kept where neither their camera nor its purpose says "
            "otherwise; 720 hours are 30 days."
        ),
    )
    hit_retention_hours = models.PositiveIntegerField(
        _("retention of hits, hours"),
        null=True,
        blank=True,
        validators=RETENTION_LIMITS,
        help_text=_(
            "How long detections are kept that matched a watchlist, if that is longer; "
            "empty: as long as others. 8760 hours are a year."
        ),
    )
    review_sample_rate = models.FloatField(
        _("share reviewed by chance"),
        default=0.005,
        validators=[MinValueValidator(0.0), MaxValueValidator(1.0)],
        help_text=_(
            "Of all detections, 0 to 1: people look at these whatever their confidence, so that "
            "accuracy is known and not guessed from what was corrected."
        ),
    )
    allows_training = models.BooleanField(
        _("pictures may train models"),
        default=False,
        help_text=_(
            "Reviewed pictures of this organization may be exported to train recognition models."
        ),
    )
    demands_reason = models.BooleanField(
        _("a reason must be stated"),
        default=False,
        help_text=_(
            "Who searches, exports or opens a detection says why, from this organization's list."
        ),
    )
    demands_case_number = models.BooleanField(
        _("a case number must be stated"),
        default=False,
        help_text=_("Who searches, exports or opens a detection names the case it is for."),
    )
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("organization")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def clean(self) -> None:
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            message = _("There is no time zone of this name; Asia/Bangkok is one.")
            raise ValidationError({"time_zone": message}) from error


class AccessReason(models.Model):
    """One of the reasons for which members of an organization may look somebody up."""

    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="access_reasons"
    )
    text = models.CharField(_("reason"), max_length=120)
    is_active = models.BooleanField(
        _("offered"), default=True, help_text=_("Off: it stays in the trail, and is not offered.")
    )

    class Meta:
        verbose_name = _("reason for access")
        verbose_name_plural = _("reasons for access")
        ordering = ["text"]
        constraints = [
            models.UniqueConstraint("organization", Lower("text"), name="access_reason_unique")
        ]

    def __str__(self) -> str:
        return self.text


class Role(models.TextChoices):
    """What a member does in an organization. A viewer sees only what was granted to it."""

    OWNER = "owner", _("owner")
    MANAGER = "manager", _("manager")
    OPERATOR = "operator", _("operator")
    ANALYST = "analyst", _("analyst")
    AUDITOR = "auditor", _("auditor")
    VIEWER = "viewer", _("viewer")


_MANAGED = (
    "accounts.{}_membership",
    "accounts.{}_apikey",
    "accounts.{}_accessreason",
    "cameras.{}_camera",
    "cameras.{}_cameragroup",
    "detections.{}_upload",
    "vehicles.{}_vehicle",
    "vehicles.{}_tag",
    "vehicles.{}_customfield",
    "vehicles.{}_ignoredplate",
    "vehicles.{}_lookupsource",
    "cameras.{}_purposeretention",
    "alerts.{}_endpoint",
    "alerts.{}_messagetemplate",
    "alerts.{}_escalationpolicy",
    "alerts.{}_escalationstep",
    "alerts.{}_delivery",
)
_KEEPING = ("detections.view_legalhold", "detections.view_deletioncertificate")
_EVIDENCE = (
    "detections.view_detection",
    "detections.view_funnelhour",
    "detections.view_reviewentry",
    "detections.view_correctionbatch",
    "detections.view_correctionrule",
    "detections.view_cameraaccuracy",
    "vehicles.view_plate",
    "vehicles.view_vehicle",
    "vehicles.view_tenure",
    "vehicles.view_vehicleimport",
    "vehicles.view_lookupresult",
    "vehicles.view_platestatusentry",
    "cameras.view_camera",
    "cameras.view_camerastatus",
)
_TAKEN_AWAY = ("reports.view_export",)
# Which of them is shown, the audience of each list says.
_LISTS = (
    "alerts.view_watchlist",
    "alerts.view_entry",
    "alerts.view_hit",
    "alerts.view_feed",
    "alerts.view_feedrun",
)
# Model permissions of a role's group. They open admin pages; which rows are shown is decided by
# the organization and by guardian's permissions on single cameras.
ROLE_PERMISSIONS: dict[Role, tuple[str, ...]] = {
    Role.OWNER: (
        *(name.format(verb) for name in _MANAGED for verb in ("view", "add", "change", "delete")),
        *_EVIDENCE,
        *_KEEPING,
        *_TAKEN_AWAY,
        *_LISTS,
        "accounts.view_auditevent",
        "accounts.view_organization",
        "accounts.change_organization",
    ),
    Role.MANAGER: (
        *(name.format(verb) for name in _MANAGED for verb in ("view", "add", "change", "delete")),
        *_EVIDENCE,
        *_KEEPING,
        *_TAKEN_AWAY,
        *_LISTS,
        "accounts.view_organization",
    ),
    Role.OPERATOR: (*_EVIDENCE, "detections.view_upload", "detections.add_upload"),
    Role.ANALYST: _EVIDENCE,
    Role.AUDITOR: (
        *_EVIDENCE,
        *_KEEPING,
        *_TAKEN_AWAY,
        *_LISTS,
        "accounts.view_auditevent",
        "accounts.view_organization",
        "accounts.view_membership",
        "accounts.view_apikey",
        "accounts.view_accessreason",
        "cameras.view_cameragroup",
        "detections.view_upload",
        "vehicles.view_tag",
        "vehicles.view_customfield",
        "vehicles.view_ignoredplate",
    ),
    Role.VIEWER: (),
}


class RoleGroup(models.Model):
    """The Django group that stands for one role of one organization and holds its permissions."""

    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="role_groups"
    )
    role = models.CharField(max_length=8, choices=Role.choices)
    group = models.OneToOneField(Group, on_delete=models.CASCADE, related_name="role_group")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "role"], name="role_group_unique")
        ]

    def __str__(self) -> str:
        return f"{self.organization}: {self.get_role_display()}"


class Membership(TimestampedModel):
    """A person's role in an organization."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="memberships"
    )
    role = models.CharField(_("role"), max_length=8, choices=Role.choices)

    class Meta:
        verbose_name = _("membership")
        constraints = [
            models.UniqueConstraint(fields=["user", "organization"], name="membership_unique")
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.get_role_display()} of {self.organization}"


class Scope(models.TextChoices):
    """What an API key may be used for, at most; its role limits it further."""

    CAMERAS_READ = "cameras:read", _("see cameras")
    CAMERAS_WRITE = "cameras:write", _("change cameras")
    DETECTIONS_READ = "detections:read", _("see detections and plates")
    DETECTIONS_WRITE = "detections:write", _("send detections and uploads")
    DETECTIONS_REVIEW = "detections:review", _("review and correct detections")
    VEHICLES_READ = "vehicles:read", _("see vehicles")
    VEHICLES_WRITE = "vehicles:write", _("change vehicles and plates")
    DETECTIONS_EXPORT = "detections:export", _("export detections and make evidence packs")
    WATCHLISTS_READ = "watchlists:read", _("see watchlists, entries and hits")
    WATCHLISTS_WRITE = "watchlists:write", _("change watchlists, entries and feeds")
    MODELS_READ = "models:read", _("see recognition models")
    ALERTS_READ = "alerts:read", _("see alerts")
    ALERTS_WRITE = "alerts:write", _("answer alerts")
    ALERTS_MANAGE = "alerts:manage", _("set up rules, escalation and recipients")


class ApiKey(models.Model):
    """A program's way in: shown once, kept as a hash, limited by scopes and time.

    The key acts as a service account of its own, so that roles and grants on single cameras hold
    for programs exactly as for people.
    """

    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="api_keys"
    )
    user = models.OneToOneField(
        User, on_delete=models.CASCADE, related_name="api_key", editable=False
    )
    name = models.CharField(_("name"), max_length=80)
    prefix = models.CharField(
        max_length=12, unique=True, editable=False, validators=[RegexValidator(r"^[a-z0-9]{12}$")]
    )
    secret_sha256 = models.CharField(max_length=64, editable=False)
    scopes = ArrayField(
        models.CharField(max_length=20, choices=Scope.choices), verbose_name=_("scopes")
    )
    expires_at = models.DateTimeField(_("expires"))
    revoked_at = models.DateTimeField(_("revoked"), null=True, editable=False)
    last_used_at = models.DateTimeField(_("last used"), null=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True, editable=False)
    created_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, related_name="+", editable=False
    )

    class Meta:
        verbose_name = _("API key")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @property
    def is_usable(self) -> bool:
        return self.revoked_at is None and timezone.now() < self.expires_at


class AuditEvent(models.Model):
    """Who did or saw what, from where and why. The database refuses to change or delete a row."""

    class Action(models.TextChoices):
        LOGGED_IN = "logged_in", _("logged in")
        LOGIN_FAILED = "login_failed", _("log-in failed")
        LOGGED_OUT = "logged_out", _("logged out")
        CREATED = "created", _("created")
        CHANGED = "changed", _("changed")
        DELETED = "deleted", _("deleted")
        VIEWED = "viewed", _("viewed")
        SEARCHED = "searched", _("searched")
        EXPORTED = "exported", _("exported")
        TESTED = "tested", _("tested connection")
        UPLOADED = "uploaded", _("uploaded")
        GRANTED = "granted", _("granted access")
        REVOKED = "revoked", _("revoked access")
        REVIEWED = "reviewed", _("reviewed")
        LOOKED_UP = "looked_up", _("looked up")
        IMPORTED = "imported", _("imported")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    at = models.DateTimeField(default=timezone.now, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.DO_NOTHING, null=True, db_constraint=False, related_name="+"
    )
    # A removed person's events stay readable: the label is kept beside the key.
    actor = models.ForeignKey(
        User, on_delete=models.DO_NOTHING, null=True, db_constraint=False, related_name="+"
    )
    actor_label = models.CharField(max_length=254)
    action = models.CharField(max_length=16, choices=Action.choices)
    target_type = models.CharField(max_length=60, blank=True)
    target_id = models.CharField(max_length=64, blank=True)
    target_label = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    case_number = models.CharField(max_length=60, blank=True)
    ip_address = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=300, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    detail = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("audit event")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["organization", "-id"], name="audit_by_organization"),
            models.Index(fields=["actor", "-id"], name="audit_by_actor"),
            models.Index(fields=["target_type", "target_id", "-id"], name="audit_by_target"),
            # A number finds who searched for it and who opened a detection of it.
            models.Index(
                F("organization"),
                OpClass("target_label", name="text_pattern_ops"),
                F("id").desc(),
                name="audit_by_label",
            ),
            # The report of unusual use reads these alone.
            models.Index(
                fields=["organization", "id"],
                name="audit_looks",
                include=["actor", "action", "target_label"],
                condition=models.Q(action__in=("searched", "viewed", "exported")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.actor_label} {self.action} {self.target_label}"
