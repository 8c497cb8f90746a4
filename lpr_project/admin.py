"""Staff pages of other packages' models in our own dress, and the choice of model sets."""

from typing import Any

from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    PeriodicTasks,
    SolarSchedule,
)
from unfold.widgets import UnfoldAdminSelectWidget

from accounts.models import AuditEvent, User
from accounts.services import audit_change, record_audit_event
from cameras.admin.cameras import CameraAdmin
from cameras.models import Camera
from detections.errors import ModelsUnknownError
from detections.selectors.models import model_registry
from lpr_project.celery import app
from lpr_project.common.admin import ReadOnlyModelAdmin, ScopedModelAdmin, person

admin.site.unregister(
    [
        Authenticator,
        Camera,
        ClockedSchedule,
        CrontabSchedule,
        IntervalSchedule,
        PeriodicTask,
        SolarSchedule,
    ]
)


@admin.register(Camera)
class CameraWithModelsAdmin(CameraAdmin):
    """The camera's page, with the model sets that are known above cameras."""

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name != "model_set":
            return super().formfield_for_dbfield(db_field, request, **kwargs)
        try:
            names = sorted(model_registry().sets)
        except ModelsUnknownError as error:
            # The name is left as it is, and everything else can still be changed.
            return super().formfield_for_dbfield(
                db_field, request, **{**kwargs, "help_text": error.message}
            )
        return forms.ChoiceField(
            label=capfirst(db_field.verbose_name),
            choices=[(name, name) for name in names],
            initial=db_field.default,
            widget=UnfoldAdminSelectWidget(),
            help_text=_(
                "A detector and a reader. The command manage.py models list describes them."
            ),
        )


@admin.register(Authenticator)
class AuthenticatorAdmin(ReadOnlyModelAdmin[Any]):
    """Second factors: which people have one; a lost one is removed, its secret never shown."""

    list_display = ["user", "type", "created_at", "last_used_at"]
    list_filter = ["type"]
    list_select_related = ["user"]
    search_fields = ["user__email"]
    ordering = ["user__email", "type"]
    fields = ["user", "type", "created_at", "last_used_at"]

    def readable(self, user: User) -> Any:
        factors = Authenticator.objects.all()
        return factors if user.is_superuser else factors.none()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return isinstance(request.user, User) and request.user.is_superuser

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        record_audit_event(
            action=AuditEvent.Action.REVOKED,
            actor=person(request),
            target=obj,
            target_label=obj.user.email,
        )
        super().delete_model(request, obj)


class SuperuserModelAdmin(ScopedModelAdmin[Any]):
    """What concerns the whole server."""

    def readable(self, user: User) -> Any:
        rows = self.model._default_manager.all()  # noqa: SLF001  # Django's public name
        return rows if user.is_superuser else rows.none()

    def writable(self, user: User) -> Any:
        return self.readable(user)

    def save_model(
        self, request: HttpRequest, obj: Any, form: forms.ModelForm[Any], change: bool
    ) -> None:
        super().save_model(request, obj, form, change)
        if change:
            audit_change(target=obj, actor=person(request), changed=form.changed_data)
        else:
            record_audit_event(action=AuditEvent.Action.CREATED, actor=person(request), target=obj)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        record_audit_event(action=AuditEvent.Action.DELETED, actor=person(request), target=obj)
        super().delete_model(request, obj)


def _task_choices() -> list[tuple[str, str]]:
    app.loader.import_default_modules()
    return [(name, name) for name in sorted(app.tasks) if not name.startswith("celery.")]


class PeriodicTaskForm(forms.ModelForm[Any]):
    """A task of ours and when it runs."""

    task = forms.ChoiceField(
        label=_("Task"), choices=_task_choices, widget=UnfoldAdminSelectWidget()
    )

    class Meta:
        model = PeriodicTask
        fields = ["name", "task"]


@admin.register(PeriodicTask)
class PeriodicTaskAdmin(SuperuserModelAdmin):
    """What runs by the clock; the product's own come back at every start."""

    form = PeriodicTaskForm
    list_display = ["name", "task", "enabled", "scheduler", "last_run_at", "total_run_count"]
    list_filter = ["enabled"]
    list_select_related = ["interval", "crontab", "solar", "clocked"]
    search_fields = ["name", "task"]
    ordering = ["name"]
    actions = ["enable", "disable"]
    readonly_fields = ["last_run_at", "total_run_count"]
    fieldsets = [
        (None, {"fields": ["name", "task", "enabled", "description"]}),
        (
            _("When"),
            {"fields": ["interval", "crontab", "solar", "clocked", "one_off", "start_time"]},
        ),
        (_("How"), {"fields": ["args", "kwargs", "queue", "expire_seconds"]}),
        (_("So far"), {"fields": ["last_run_at", "total_run_count"]}),
    ]

    @admin.action(description=_("Switch on"), permissions=["change"])
    def enable(self, request: HttpRequest, tasks: QuerySet[Any]) -> None:
        self._switch(request, tasks, enabled=True)

    @admin.action(description=_("Switch off"), permissions=["change"])
    def disable(self, request: HttpRequest, tasks: QuerySet[Any]) -> None:
        self._switch(request, tasks, enabled=False)

    def _switch(self, request: HttpRequest, tasks: QuerySet[Any], *, enabled: bool) -> None:
        chosen = list(tasks)
        for task in chosen:
            task.enabled = enabled
            task.save(update_fields=["enabled"])
            audit_change(target=task, actor=person(request), changed=["enabled"])
        PeriodicTasks.update_changed()
        self.message_user(request, _("Schedules changed: %d.") % len(chosen), messages.SUCCESS)


@admin.register(ClockedSchedule, CrontabSchedule, IntervalSchedule, SolarSchedule)
class ScheduleAdmin(SuperuserModelAdmin):
    """A time or rhythm that periodic tasks point at."""

    list_display = ["__str__"]
    search_fields = ["pk"]
