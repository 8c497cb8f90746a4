"""Photographed crops and composed scenes: repeatable and labelled where the plates are."""

import numpy as np
import pytest

from training.layouts import LAYOUTS
from training.photos import infrared, photograph, rained, render_crop
from training.plates import choose_layout, draw_plate
from training.render_plates import SLOTS, render_shard
from training.scenes import Scene, compose_scene, street


def test_render_crop_same_seed_renders_the_same(fonts: None) -> None:
    first, second = (render_crop(np.random.default_rng(5)) for _ in range(2))
    assert first.text == second.text
    np.testing.assert_array_equal(first.picture, second.picture)
    np.testing.assert_array_equal(first.centers, second.centers)


def test_render_crop_shows_every_character(fonts: None) -> None:
    random = np.random.default_rng(6)
    for _ in range(50):
        crop = render_crop(random)
        assert crop.picture.dtype == np.uint8
        assert crop.picture.shape[2] == 3
        assert min(crop.picture.shape[:2]) >= 10
        assert crop.centers.shape == (len(crop.text), 2)
        assert (crop.centers > -0.05).all()
        assert (crop.centers < 1.05).all()


def test_rain_hides_a_part_and_leaves_the_rest() -> None:
    dark = np.full((60, 180, 3), 40, np.float32)
    dark[20:40, ::12] = 200
    for seed in range(20):
        wet = rained(dark, np.random.default_rng(seed))
        changed = (np.abs(wet - dark).max(axis=2) > 2).mean()
        assert 0.005 < changed < 0.6


PLATE = np.array([[30, 20], [150, 20], [150, 60], [30, 60]], np.float32)


@pytest.mark.parametrize("ground", [(236, 238, 236), (240, 196, 40), (24, 52, 130)])
def test_infrared_shows_a_bright_plate_with_dark_letters_on_a_dark_car(
    ground: tuple[int, int, int],
) -> None:
    crop = np.full((80, 180, 3), 200, np.float32)
    crop[20:60, 30:150] = ground
    letters = np.zeros((80, 180), bool)
    letters[30:50, 40:140:12] = letters[30:50, 41:140:12] = True
    crop[letters] = 250 if sum(ground) < 300 else 20
    bodies, grounds, inks = [], [], []
    for seed in range(30):
        seen = infrared(crop, PLATE, np.random.default_rng(seed))
        assert (np.ptp(seen, axis=2) == 0).all()
        bodies.append(seen[2:15].mean())
        grounds.append(seen[22:28, 35:145].mean())
        inks.append(seen[letters].mean())
    is_dark_on_bright = np.array(grounds) > np.array(inks)
    assert is_dark_on_bright.mean() > 0.4
    if sum(ground) > 300:
        assert is_dark_on_bright.all()
    assert (np.array(bodies) < np.maximum(grounds, inks)).all()
    assert np.mean(bodies) < 40


def test_photograph_of_a_far_plate_shows_it_in_few_rows(fonts: None) -> None:
    random = np.random.default_rng(7)
    for _ in range(30):
        crop = photograph(draw_plate(choose_layout(random), random), random, is_far=True)
        assert 10 <= crop.picture.shape[0] <= 3 * 26
        assert crop.centers.shape == (len(crop.text), 2)


def test_render_shard_of_far_plates_stands_beside_the_others(
    fonts: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("shards")
    paths = [render_shard(folder, 1, 2, plates=4, is_far=is_far) for is_far in (False, True)]
    assert [path.name for path in paths] == ["plates-1-0002.npz", "far-1-0002.npz"]
    near, far = (np.load(path)["pictures"] for path in paths)
    assert not np.array_equal(near, far)


def test_render_shard_of_some_layouts_stands_beside_the_others(
    fonts: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("shards")
    some = [layout for layout in LAYOUTS if layout.name in {"brazil", "mercosur"}]
    paths = [render_shard(folder, 1, 2, plates=2, layouts=only) for only in (LAYOUTS, some)]
    assert [path.name for path in paths] == [
        "plates-1-0002.npz",
        "plates-brazil+mercosur-1-0002.npz",
    ]


def test_render_shard_repeats_and_is_left_alone(
    fonts: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folders = [tmp_path_factory.mktemp("shards") for _ in range(2)]
    shards = [np.load(render_shard(folder, 1, 2, plates=4)) for folder in folders]
    for name, shape in {
        "pictures": (4, 64, 128, 3),
        "labels": (4, SLOTS),
        "regions": (4,),
        "centers": (4, SLOTS, 2),
    }.items():
        assert shards[0][name].shape == shape
        np.testing.assert_array_equal(shards[0][name], shards[1][name])
    before = next(folders[0].iterdir()).stat().st_mtime_ns
    assert render_shard(folders[0], 1, 2, plates=4).stat().st_mtime_ns == before


@pytest.mark.parametrize("seed", range(8))
def test_compose_scene_boxes_lie_in_the_picture_and_repeat(seed: int, fonts: None) -> None:
    first, second = (compose_scene(None, np.random.default_rng(seed)) for _ in range(2))
    np.testing.assert_array_equal(first.picture, second.picture)
    height, width = first.picture.shape[:2]
    assert first.boxes.shape[1] == 4
    assert (first.boxes[:, :2] >= 0).all()
    assert (first.boxes[:, 2:] <= (width + 2, height + 2)).all()
    assert (first.boxes[:, 2:] > first.boxes[:, :2]).all()


def test_compose_scene_keeps_the_labelled_plates(fonts: None) -> None:
    base = Scene(
        picture=np.full((240, 320, 3), 90, np.uint8),
        boxes=np.array([[100, 100, 160, 120]], np.float32),
    )
    scene = compose_scene(base, np.random.default_rng(2))
    np.testing.assert_array_equal(scene.boxes[0], base.boxes[0])
    assert (base.picture == 90).all()


def test_compose_scene_puts_most_plates_of_a_street_on_its_vehicles(fonts: None) -> None:
    plates, mounted = 0, 0
    for seed in range(30):
        _, mounts = street(512, np.random.default_rng(seed))
        scene = compose_scene(None, np.random.default_rng(seed))
        middles = (scene.boxes[:, :2] + scene.boxes[:, 2:]) / 2
        for x, y in middles:
            plates += 1
            mounted += any(
                abs(x - mount.x) < mount.width / 2 and abs(y - mount.y) < mount.width / 2
                for mount in mounts
            )
    assert plates > 20
    assert mounted / plates > 0.6
