"""Who sees which plates."""

from accounts.models import Organization, User
from tests.vehicles.factories import make_plate
from vehicles.selectors import plates_visible_to


def test_plates_visible_to_shows_members_their_organizations_plates(
    organization: Organization, other_organization: Organization, operator: User, outsider: User
) -> None:
    ours, theirs = make_plate(organization), make_plate(other_organization)

    assert list(plates_visible_to(operator)) == [ours]
    assert list(plates_visible_to(outsider)) == [theirs]


def test_plates_visible_to_hides_plates_from_a_viewer(
    organization: Organization, viewer: User
) -> None:
    make_plate(organization)

    assert not plates_visible_to(viewer).exists()
