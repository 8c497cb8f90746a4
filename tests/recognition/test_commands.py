"""`manage.py read`, `evaluate_recognition` and `models`, as a person types them; no database."""

import json
from hashlib import sha256
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from django.core.management import CommandError, call_command
from onnx import numpy_helper
from pytest_django import Settings

from detections.recognition.images import encode_picture
from detections.recognition.types import Frame
from tests.cameras.clips import write_clip
from tests.recognition.scenes import passing_by, put_plate, road
from tests.recognition.test_registry import ENTRY
from tests.recognition.tiny_models import write_detector, write_reader


@pytest.fixture(autouse=True)
def models_dir(tmp_path: Path, settings: Settings) -> Path:
    """Tiny models as a person's own, in a set called `tiny`."""
    folder = tmp_path / "models"
    folder.mkdir()
    detector = write_detector(folder / "red.onnx", end_to_end=True)
    files = [
        f'{{ name = "{path.name}", sha256 = "{sha256(path.read_bytes()).hexdigest()}" }}'
        for path in (detector, *write_reader(folder))
    ]
    (folder / "registry.toml").write_text(
        f'[models.red]\nkind = "detector"\nfiles = [{files[0]}]\n{ENTRY}'
        f'[models.strips]\nkind = "reader"\nfiles = [{files[1]}, {files[2]}]\n'
        f'alphabet = "RGB"\n{ENTRY}'
        '[sets.tiny]\ndetector = "red"\nreader = "strips"\n'
    )
    settings.MODELS_DIR = folder
    return folder


def picture(path: Path, frame: Frame) -> Path:
    path.write_bytes(encode_picture(frame, codec="jpeg", quality=100))
    return path


def run(*arguments: object) -> list[dict[str, Any]]:
    """The JSON objects that a command prints, one a line."""
    out = StringIO()
    call_command(*map(str, arguments), stdout=out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_read_prints_the_plates_of_a_picture(tmp_path: Path) -> None:
    path = picture(tmp_path / "a.jpg", put_plate(road(), "RRRR", 200, 120))
    [answer] = run("read", path, "--json", "--model-set", "tiny")
    assert answer["file"] == str(path)
    [plate] = answer["plates"]
    assert plate.keys() == {"text", "country", "province", "confidence", "outcome", "box"}
    assert plate["text"] == "RRRR"
    assert plate["box"] == pytest.approx([200, 120, 80, 24], abs=2)


def test_read_prints_the_vehicles_of_a_video(tmp_path: Path) -> None:
    frames = [frame.picture for frame in passing_by("RRRR")]
    path = write_clip(tmp_path / "clip.mp4", frames, fps=10, pixel_format="yuv444p")
    [answer] = run("read", path, "--json", "--model-set", "tiny")
    [vehicle] = answer["detections"]
    assert vehicle.keys() == {
        "text",
        "country",
        "province",
        "confidence",
        "outcome",
        "frames_agreed",
        "first_seen_s",
        "last_seen_s",
    }
    assert vehicle["text"] == "RRRR"
    assert vehicle["frames_agreed"] >= 2
    assert 0.9 <= vehicle["first_seen_s"] < vehicle["last_seen_s"] <= 3.1


def test_read_goes_on_after_a_bad_file(tmp_path: Path) -> None:
    good = picture(tmp_path / "good.jpg", put_plate(road(), "RRRR", 200, 120))
    bad = {"empty.jpg": b"", "cut.jpg": good.read_bytes()[:2000], "text.mp4": b"no video" * 100}
    for name, content in bad.items():
        (tmp_path / name).write_bytes(content)
    files = [*(tmp_path / name for name in bad), tmp_path / "absent.png", good]
    out, err = StringIO(), StringIO()
    with pytest.raises(CommandError, match="4 of 5 files could not be read"):
        call_command(
            "read", *map(str, files), "--json", "--model-set", "tiny", stdout=out, stderr=err
        )
    assert json.loads(out.getvalue())["file"] == str(good)
    told = err.getvalue()
    assert "empty.jpg: The file is empty." in told
    assert "cut.jpg: The picture is damaged or cut off." in told
    assert "text.mp4: " in told
    assert "absent.png: Cannot read the file: No such file" in told


def test_read_prints_a_table_for_people(tmp_path: Path) -> None:
    seen = picture(tmp_path / "seen.jpg", put_plate(road(), "RRRR", 200, 120))
    unseen = picture(tmp_path / "unseen.jpg", road())
    out = StringIO()
    call_command("read", str(seen), str(unseen), "--model-set", "tiny", stdout=out)
    lines = out.getvalue().splitlines()
    assert "RRRR" in lines[1]
    assert lines[2] == f"{unseen}: no plates"


def test_read_with_an_unknown_set_says_which_there_are(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"no model set 'absent'\. Choose one of: .*tiny"):
        call_command("read", str(tmp_path / "a.jpg"), "--model-set", "absent")


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    (tmp_path / "road").mkdir()
    picture(tmp_path / "road" / "a.jpg", put_plate(road(), "RRRR", 200, 120))
    lines = [
        {"image": "road/a.jpg", "plates": [{"bbox": [200, 120, 80, 24], "text": "RRRR"}]},
        {"image": "road/absent.jpg", "plates": []},
    ]
    path = tmp_path / "labels.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)))
    return path


def test_evaluation_goes_on_after_a_missing_picture(labels: Path) -> None:
    out, err = StringIO(), StringIO()
    with pytest.raises(CommandError, match="1 pictures could not be measured"):
        call_command(
            "evaluate_recognition",
            str(labels),
            "--json",
            "--model-set",
            "tiny",
            stdout=out,
            stderr=err,
        )
    result = json.loads(out.getvalue())
    [measured] = result["sets"]
    folder = measured["folders"]["road"]
    assert folder["found_iou_50"]["count"] == folder["exact"]["count"] == 1
    assert folder["ms_p50"] > 0
    assert measured["models"].keys() == {"red", "strips"}
    assert "absent.jpg" in err.getvalue()


def test_evaluation_prints_a_table_for_people(labels: Path) -> None:
    labels.write_text(labels.read_text().splitlines()[0])
    out = StringIO()
    call_command("evaluate_recognition", str(labels), "--model-set", "tiny", stdout=out)
    head, row, *_ = out.getvalue().splitlines()
    assert head.split()[:3] == ["folder", "set", "plates"]
    assert row.split()[:4] == ["road", "tiny", "1", "100.0"]


def test_evaluation_compares_sets_on_one_page(
    labels: Path, tmp_path: Path, models_dir: Path
) -> None:
    labels.write_text(labels.read_text().splitlines()[0])
    with (models_dir / "registry.toml").open("a") as registry:
        registry.write('[sets.twin]\ndetector = "red"\nreader = "strips"\n')
    page = tmp_path / "measured.md"
    [result] = run(
        *("evaluate_recognition", labels, "--json", "--folder", "road", "--write", page),
        *("--model-set", "tiny", "--model-set", "twin"),
    )
    assert [each["model_set"] for each in result["sets"]] == ["tiny", "twin"]
    text = page.read_text()
    assert "| road | 1 | 100.0 (21-100) | 100.0 (21-100) | - | 100.0 (21-100) |" in text
    for digest in result["sets"][0]["models"].values():
        assert digest[:12] in text
    assert result["hardware"] in text


def test_evaluation_fails_where_only_the_second_set_does(
    labels: Path, tmp_path: Path, models_dir: Path
) -> None:
    """Its reader divides by nothing, and so answers no numbers."""
    labels.write_text(labels.read_text().splitlines()[0])
    torn = onnx.load(models_dir / "strips.onnx")
    for constant in torn.graph.initializer:
        if constant.name == "white":
            constant.CopyFrom(numpy_helper.from_array(np.array(0, np.float32), "white"))
    onnx.save(torn, models_dir / "torn.onnx")
    files = ", ".join(
        f'{{ name = "{name}", sha256 = "{sha256((models_dir / name).read_bytes()).hexdigest()}" }}'
        for name in ("torn.onnx", "strips.yaml")
    )
    with (models_dir / "registry.toml").open("a") as registry:
        registry.write(
            f'[models.torn]\nkind = "reader"\nfiles = [{files}]\n{ENTRY}'
            '[sets.second]\ndetector = "red"\nreader = "torn"\n'
        )
    out, page = StringIO(), tmp_path / "measured.md"
    with pytest.raises(CommandError, match=r"1 pictures could not .* \(tiny 0, second 1\)"):
        call_command(
            *("evaluate_recognition", str(labels), "--json", "--write", str(page)),
            *("--model-set", "tiny", "--model-set", "second"),
            stdout=out,
            stderr=StringIO(),
        )
    assert [each["unmeasured_pictures"] for each in json.loads(out.getvalue())["sets"]] == [0, 1]
    assert "| road | 1 | 100.0 (21-100) | 100.0 (21-100) | - | - | - | - |" in page.read_text()


def test_evaluation_of_an_unknown_folder_says_which_there_are(labels: Path) -> None:
    with pytest.raises(CommandError, match="Choose one of: road"):
        run("evaluate_recognition", labels, "--folder", "river", "--model-set", "tiny")


def test_models_are_listed() -> None:
    listed = {model["name"]: model for model in run("models", "list", "--json")}
    assert listed["red"]["installed"]
    assert listed["red"]["sets"] == ["tiny"]
    assert not listed["cct-s-v2-global"]["installed"]
    out = StringIO()
    call_command("models", "list", stdout=out)
    assert "red (detector, AGPL-3.0): installed" in out.getvalue()


def test_models_are_verified(models_dir: Path) -> None:
    out, err = StringIO(), StringIO()
    call_command("models", "verify", "red", stdout=out)
    assert "red: sound" in out.getvalue()
    (models_dir / "red.onnx").write_bytes(b"altered")
    with pytest.raises(CommandError, match="1 of 2 models failed"):
        call_command("models", "verify", "red", "strips", stdout=out, stderr=err)
    assert "is not the registered file of the model red" in err.getvalue()


def test_pulling_an_unknown_model_fails(models_dir: Path) -> None:
    out, err = StringIO(), StringIO()
    with pytest.raises(CommandError, match="1 of 2 models failed"):
        call_command("models", "pull", "red", "absent", stdout=out, stderr=err)
    assert "red: already installed" in out.getvalue()
    assert "There is no model 'absent'" in err.getvalue()
