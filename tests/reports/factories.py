"""Exports for tests, asked for and made by the services that make the real ones."""

from typing import Any

from django.core.files.storage import storages

from accounts.models import User
from reports.models import Export
from reports.services.exports import Wanted, create_export
from reports.services.making import make_export


def ask_export(user: User, **fields: Any) -> Export:
    defaults: dict[str, Any] = {"kind": Export.Kind.DETECTIONS, "format": Export.Format.CSV}
    return create_export(user=user, wanted=Wanted(**{**defaults, **fields}))


def made_file(export: Export) -> bytes:
    """The file of an export, which is made where it is not yet."""
    make_export(export.pk)
    export.refresh_from_db()
    assert export.state == Export.State.DONE, export.error
    with storages["exports"].open(export.stored_name) as stored:
        return bytes(stored.read())
