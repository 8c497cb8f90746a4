"""What people choose when they take rows or evidence away."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, User
from accounts.selectors import Stated, demand_on
from detections.models import Detection
from reports.models import Export
from reports.selectors import organizations_exported_by
from reports.services.columns import columns_of, default_columns

FORMATS = {
    Export.Kind.DETECTIONS: [
        (Export.Format.CSV, _("CSV, for Excel and any other program")),
        (Export.Format.XLSX, _("Excel workbook")),
        (Export.Format.GEO_JSON, _("GeoJSON, for maps")),
        (Export.Format.JSON_LINES, _("JSON lines, for programs")),
    ],
    Export.Kind.AUDIT_TRAIL: [
        (Export.Format.CSV, _("CSV, for Excel and any other program")),
        (Export.Format.XLSX, _("Excel workbook")),
        (Export.Format.JSON_LINES, _("JSON lines, for programs")),
    ],
}


class _TakeAwayForm(forms.Form):
    """From which organization, and why."""

    organization = forms.ModelChoiceField(
        Organization.objects.none(), label=_("Organization"), empty_label=None
    )
    reason = forms.CharField(label=_("Reason"), required=False, max_length=300)
    case_number = forms.CharField(label=_("Case number"), required=False, max_length=60)

    def __init__(self, data: Any = None, *, user: User, kind: Export.Kind, stated: Stated) -> None:
        super().__init__(data, initial=stated._asdict())
        if reasons := demand_on(user).reasons:
            listed = [("", _("Choose a reason")), *((text, text) for text in reasons)]
            self.fields["reason"].widget = forms.Select(choices=listed)
        allowed = organizations_exported_by(user, kind)
        field = self.fields["organization"]
        field.queryset = allowed  # type: ignore[attr-defined]  # a field of the class above
        first_two = list(allowed[:2])
        self.may_export = bool(first_two)
        if len(first_two) == 1:
            # There is nothing to choose.
            del self.fields["organization"]


class ExportForm(_TakeAwayForm):
    """Format and columns of a table."""

    format = forms.ChoiceField(label=_("Format"), widget=forms.RadioSelect)
    columns = forms.MultipleChoiceField(
        label=_("Columns"), widget=forms.CheckboxSelectMultiple, required=False
    )
    field_order = ["format", "columns", "organization", "reason", "case_number"]

    def __init__(self, data: Any = None, *, user: User, kind: Export.Kind, stated: Stated) -> None:
        super().__init__(data, user=user, kind=kind, stated=stated)
        formats, columns = self.fields["format"], self.fields["columns"]
        formats.choices = FORMATS[kind]  # type: ignore[attr-defined]  # a choice
        formats.initial = Export.Format.CSV
        columns.choices = [  # type: ignore[attr-defined]  # a choice
            (name, column.label) for name, column in columns_of(kind).items()
        ]
        columns.initial = default_columns(kind)


class EvidenceForm(_TakeAwayForm):
    """Which detections go into an evidence pack."""

    detections = forms.MultipleChoiceField(
        label=_("Detections"), widget=forms.CheckboxSelectMultiple
    )
    field_order = ["detections", "organization", "reason", "case_number"]

    def __init__(
        self,
        data: Any = None,
        *,
        user: User,
        offered: Sequence[Detection],
        stated: Stated,
    ) -> None:
        super().__init__(data, user=user, kind=Export.Kind.EVIDENCE, stated=stated)
        self.fields["reason"].required = True
        chosen = self.fields["detections"]
        chosen.choices = [(str(row.pk), str(row.pk)) for row in offered]  # type: ignore[attr-defined]  # a choice
        # A pack holds what one organization recorded: that of the newest, unless told otherwise.
        first = offered[0].organization_id if offered else None
        self.initial["organization"] = first
        chosen.initial = [str(row.pk) for row in offered if row.organization_id == first]
