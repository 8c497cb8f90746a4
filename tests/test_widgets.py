"""Fields of forms that are written out say what Django's own templates say."""

import re
from datetime import date
from typing import Any

import pytest
from django import forms
from django.forms.renderers import TemplatesSetting
from django.utils import translation
from django.utils.safestring import mark_safe

from lpr_project.common.widgets import WrittenOut

EVIL = "\"><script>alert('1')</script>&amp;"
CHOICES: Any = [
    ("", "Any"),
    ("a", EVIL),
    (EVIL, mark_safe("<b>bold</b>")),
    (1234, 1234),
    ("A group <1>", [("th", "ไทย"), ("de", "Ä & ö")]),
]
WIDGETS = [
    forms.TextInput(attrs={"maxlength": 64, "required": True, "disabled": False, "title": EVIL}),
    forms.NumberInput(attrs={"step": "any", "min": 0, "max": 1234567}),
    forms.HiddenInput(),
    forms.PasswordInput(render_value=True),
    forms.EmailInput(),
    forms.URLInput(),
    forms.DateInput(),
    forms.CheckboxInput(),
    forms.Select(choices=CHOICES, attrs={"data-value": EVIL}),
    forms.SelectMultiple(choices=CHOICES, attrs={"size": 4}),
    forms.NullBooleanSelect(),
    forms.CheckboxSelectMultiple(choices=CHOICES, attrs={"id": "id_boxes"}),
    forms.RadioSelect(choices=CHOICES),
]


@pytest.mark.parametrize("language", ["en", "th"])
@pytest.mark.parametrize("value", [None, "", "a", EVIL, 1234, 0.5, True, date(2026, 11, 28)])
@pytest.mark.parametrize("widget", WIDGETS, ids=lambda widget: type(widget).__name__)
def test_written_out_field_is_what_the_template_gives(
    widget: forms.Widget, value: object, language: str
) -> None:
    asked = [value] if getattr(widget, "allow_multiple_selected", False) else value
    attributes = {"id": "id_field"}
    with translation.override(language):
        ours = widget.render("field", asked, attributes, WrittenOut())
        theirs = widget.render("field", asked, attributes, TemplatesSetting())

    assert _spaced(ours) == _spaced(theirs)


def _spaced(text: str) -> str:
    """Without the lines that templates break between tags."""
    return re.sub(r"\s*([<>])\s*", r"\1", re.sub(r"\s+", " ", text))


def test_other_widgets_keep_their_templates() -> None:
    widget = forms.Textarea()

    assert widget.render("a", "<", {}, WrittenOut()) == widget.render(
        "a", "<", {}, TemplatesSetting()
    )
