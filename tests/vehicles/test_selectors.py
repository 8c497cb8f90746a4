"""Who sees which plates."""

from django.db import connection

from accounts.models import Organization, User
from tests.vehicles.factories import make_plate
from vehicles.selectors import SEARCH_MOST_MS, in_bounded_time, plates_visible_to


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


def test_only_a_page_of_the_newest_is_joined_without_hashes(db: None) -> None:
    assert SEARCH_MOST_MS == "1500"  # the tests have more, see there
    with in_bounded_time():
        assert (_setting("statement_timeout"), _setting("enable_hashjoin")) == ("30s", "on")
    with in_bounded_time(page_of_newest=True):
        assert (_setting("statement_timeout"), _setting("enable_hashjoin")) == ("30s", "off")
    # The transaction goes on, as that of a test or of a request that does more.
    assert (_setting("statement_timeout"), _setting("enable_hashjoin")) == ("0", "on")


def _setting(name: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SHOW {name}")
        (value,) = cursor.fetchone()
    return str(value)
