"""Takes an erased plate out of what alerts keep about it."""

from django.db import transaction
from django.utils.translation import gettext as _

from alerts.models import Alert, Delivery, Hit
from vehicles.models import Plate


@transaction.atomic
def erase_plate(*, plate: Plate) -> int:
    """Take a plate out of hits, alerts and messages that told of it; gives how many rows it was.

    They stay as events without a number. Entries of watchlists are orders of their own and stay.
    """
    same = {
        "organization": plate.organization_id,
        "number": plate.number,
        "country": plate.country,
        "province": plate.province,
    }
    alerts = Alert.objects.filter(**same)
    told = Delivery.objects.filter(alert__in=alerts).exclude(state=Delivery.State.PENDING)
    carrying = Delivery.objects.filter(pk__in=told.values("carried_by"))
    rows = carrying.update(content={}) + told.update(content={})
    rows += Hit.objects.filter(**same).update(
        number="", country="", province="", entry_number="", entry_said={}
    )
    return rows + alerts.update(title=_("erased"), number="", country="", province="", facts={})
