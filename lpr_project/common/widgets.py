"""Fields of forms, written out at once where Django renders a template for each option.

A page with a list of provinces and one of cameras spends 20 ms on its 300 options otherwise. The
text is the same but for line breaks; widgets of other packages keep their templates.
"""

from collections.abc import Callable, Mapping
from typing import Any

from django.forms.renderers import TemplatesSetting
from django.http import HttpRequest
from django.utils.formats import localize
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString

_FOLDER = "django/forms/widgets"


class WrittenOut(TemplatesSetting):
    """Writes Django's own lists and inputs itself, and leaves the rest to templates."""

    def render(
        self, template_name: str, context: dict[str, Any], request: HttpRequest | None = None
    ) -> SafeString:
        write = _WRITERS.get(template_name)
        if write is None:
            return SafeString(super().render(template_name, context, request=request))
        return SafeString(write(context["widget"]))  # each part is escaped below


def _attributes(attributes: Mapping[str, Any]) -> str:
    written = []
    for name, value in attributes.items():
        if value is True:
            written.append(f" {conditional_escape(name)}")
        elif value is not False:
            written.append(f' {conditional_escape(name)}="{_text(value)}"')
    return "".join(written)


def _text(value: Any) -> str:
    """A value as the template's `stringformat:'s'` writes it: never in the form of a language."""
    return conditional_escape(value if isinstance(value, SafeString) else str(value))


def _label(value: Any) -> str:
    return conditional_escape(localize(value))


def _input(widget: Mapping[str, Any]) -> str:
    value = "" if widget["value"] is None else f' value="{_text(widget["value"])}"'
    kind, name = conditional_escape(widget["type"]), conditional_escape(widget["name"])
    return f'<input type="{kind}" name="{name}"{value}{_attributes(widget["attrs"])}>'


def _box(widget: Mapping[str, Any]) -> str:
    if not widget.get("wrap_label"):
        return _input(widget)
    shown_for = widget["attrs"].get("id")
    target = f' for="{conditional_escape(shown_for)}"' if shown_for else ""
    return f"<label{target}>{_input(widget)} {_label(widget['label'])}</label>"


def _select(widget: Mapping[str, Any]) -> str:
    head = f'<select name="{conditional_escape(widget["name"])}"{_attributes(widget["attrs"])}>'
    groups = []
    for name, options, _index in widget["optgroups"]:
        listed = "".join(f"\n  {_option(option)}" for option in options)
        label = f'\n  <optgroup label="{_label(name)}">' if name else ""
        groups.append(f"{label}{listed}\n  </optgroup>" if name else listed)
    return f"{head}{''.join(groups)}\n</select>"


def _option(option: Mapping[str, Any]) -> str:
    written = f'<option value="{_text(option["value"])}"{_attributes(option["attrs"])}>'
    return f"{written}{_label(option['label'])}</option>"


_INPUTS = ("text", "number", "email", "url", "color", "search", "tel", "password", "hidden", "date")
_WRITERS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    f"{_FOLDER}/select.html": _select,
    f"{_FOLDER}/checkbox.html": _input,
    f"{_FOLDER}/checkbox_option.html": _box,
    f"{_FOLDER}/radio_option.html": _box,
    f"{_FOLDER}/input.html": _input,
    **{f"{_FOLDER}/{kind}.html": _input for kind in _INPUTS},
}
