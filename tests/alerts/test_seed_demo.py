"""The demonstration has a list that its camera's clip hits, so that an alert arrives."""

from accounts.models import Organization, User
from alerts.management.commands.seed_demo import WANTED, Command
from alerts.models import Watchlist
from alerts.selectors.watchlists import hits_visible_to
from cameras.models import Camera
from cameras.streams.demo.clip import demo_passings
from tests.alerts.factories import see


def test_one_plate_of_the_clip_is_wanted_and_its_hit_is_for_operators(
    organization: Organization, camera: Camera, operator: User
) -> None:
    plates = {passing.plate for passing in demo_passings()}
    assert WANTED.replace(" ", "") in plates
    for _ in range(2):
        Command()._demonstration_list(organization)
    assert Watchlist.objects.count() == 1

    hits = [hit for plate in plates for hit in see(camera, plate)[1]]
    assert [hit.number for hit in hits] == [WANTED.replace(" ", "")]
    assert hits_visible_to(operator).get() == hits[0]
