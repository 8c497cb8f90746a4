"""The camera's form: a password that is written and never read, and fields set by pointing."""

from pathlib import Path
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminPasswordWidget

from cameras.admin.widgets import (
    ActiveHoursWidget,
    AreaEditorWidget,
    AreasWidget,
    PositionField,
)
from cameras.models import TYPE_AGAIN, Camera
from cameras.services import check_model_set
from lpr_project.common.admin import OneOrganizationForm, module
from lpr_project.common.errors import LprError


class SourceForm(forms.ModelForm[Camera]):
    """The part of a camera's form that says where pictures come from; enough to test it."""

    source_password = forms.CharField(
        label=_("Password"),
        required=False,
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text=_("Kept encrypted and never shown again. Leave empty to keep the stored one."),
    )

    class Meta:
        model = Camera
        fields = [
            "source_kind",
            "source_url",
            "source_username",
            "source_password",
            "analyse_fps",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The stored password is neither rendered nor what an empty field is compared with.
        self.initial["source_password"] = ""

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        if "source_password" in cleaned:
            cleaned["source_password"] = self._password(cleaned)
        return cleaned

    def _password(self, cleaned: dict[str, Any]) -> str:
        """The new password, or the stored one where it goes to the device that it was typed for."""
        typed, stored = cleaned["source_password"], self.instance.source_password
        if typed or not stored or not cleaned.get("source_username"):
            return typed if cleaned.get("source_username") else ""
        if not self.instance.trusts(
            url=cleaned.get("source_url", ""), username=cleaned["source_username"]
        ):
            self.add_error("source_password", TYPE_AGAIN)
        return stored


class CameraForm(SourceForm, OneOrganizationForm[Camera]):
    """Everything that a person sets about a camera."""

    # Set by the page for each request.
    neighbours: tuple[dict[str, Any], ...] = ()
    picture_urls: tuple[str, ...] = ()
    # The short name of the organization, where it can only be one.
    short_name = ""
    point = PositionField(label=_("Position"), required=False)

    class Media:
        css = {"all": ["admin_lpr/widgets.css"]}
        js = [module("admin_lpr/connection_test.js")]

    class Meta:
        model = Camera
        fields = "__all__"  # noqa: DJ007  # the admin's fieldsets name them
        widgets = {
            "include_areas": AreaEditorWidget,
            "exclude_areas": AreasWidget,
            "active_hours": ActiveHoursWidget,
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "source_url" in self.fields:
            self.fields["source_url"].help_text = _(
                "rtsp://host:554/stream, http://…, /dev/video0, or a file or folder that lies in "
                "%(folder)s on the server, written from there on; no password here."
            ) % {"folder": self._folder()}
        self._keep_own_model_set()
        if "point" in self.fields:  # absent where the page is only to be read
            self.fields["point"].widget.neighbours = self.neighbours
        if "include_areas" in self.fields:
            self.fields["include_areas"].widget.picture_urls = self.picture_urls

    def _keep_own_model_set(self) -> None:
        """Offer what the camera is set to, too, though nobody knows that set any more."""
        field = self.fields.get("model_set")
        own = self.instance.model_set
        if isinstance(field, forms.ChoiceField):
            known: Any = field.choices
            field.choices = list({**dict(known), own: own}.items())

    def clean_model_set(self) -> str:
        """Refuse other models that cannot work; those that the camera has are left as they are."""
        name: str = self.cleaned_data["model_set"]
        if name != self.initial.get("model_set", self.instance.model_set):
            try:
                check_model_set(name)
            except LprError as error:
                raise forms.ValidationError(error.message) from error
        return name

    def _folder(self) -> str:
        name = self.short_name or _("<short name of the organization>")
        return f"{Path(settings.SOURCES_DIR).name}/cameras/{name}/"
