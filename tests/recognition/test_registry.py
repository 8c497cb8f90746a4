"""The registry that ships, a person's own beside it, and what happens when files are not right."""

from hashlib import sha256
from pathlib import Path

import pytest

from detections.recognition.errors import EngineError, ModelFileError, UnknownModelError
from detections.recognition.images import crop_plates
from detections.recognition.loading import EngineOptions, load_detector, load_models, load_reader
from detections.recognition.readers.fast_plate_ocr import FastPlateOcrReader
from detections.recognition.registry import SHIPPED_WEIGHTS, ModelFile, ModelKind, ModelRegistry
from tests.recognition.street import draw_street
from tests.recognition.tiny_models import write_detector, write_reader

ENTRY = """
licence = "AGPL-3.0"
source = "here"
training_data = "none"
accuracy = "not measured"
input = "any"
"""


@pytest.fixture
def models_dir(tmp_path: Path) -> Path:
    """A folder of a person's own models, described and sound."""
    detector = write_detector(tmp_path / "red.onnx", end_to_end=True)
    model, config = write_reader(tmp_path)
    files = {
        path.name: f'{{ name = "{path.name}", sha256 = "{digest(path)}" }}'
        for path in (detector, model, config)
    }
    (tmp_path / "registry.toml").write_text(
        f'[models.red]\nkind = "detector"\nfiles = [{files["red.onnx"]}]\n{ENTRY}'
        f'[models.strips]\nkind = "reader"\n'
        f"files = [{files['strips.onnx']}, {files['strips.yaml']}]\n{ENTRY}"
        f'[sets.own]\ndetector = "red"\nreader = "strips"\n'
    )
    return tmp_path


def digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


def test_shipped_models_are_sound() -> None:
    registry = ModelRegistry.load(SHIPPED_WEIGHTS)
    installed = [model for model in registry.models.values() if registry.is_installed(model)]
    assert installed
    for model in installed:
        assert all(path.parent == SHIPPED_WEIGHTS for path in registry.verified_paths(model))


def test_shipped_entries_are_complete() -> None:
    registry = ModelRegistry.load(SHIPPED_WEIGHTS)
    for model in registry.models.values():
        assert all(len(file.sha256) == 64 for file in model.files), model.name
        assert len(model.files) == (2 if model.kind is ModelKind.READER else 1), model.name
        assert model.kind is ModelKind.DETECTOR or model.alphabet, model.name
        for file in model.files:
            assert file.url or registry.locate(file), f"{model.name} can never be installed"
    for models in registry.sets.values():
        assert registry.model(models.detector).kind is ModelKind.DETECTOR
        assert registry.model(models.reader).kind is ModelKind.READER


def test_weights_stay_small() -> None:
    assert sum(path.stat().st_size for path in SHIPPED_WEIGHTS.iterdir()) < 25 * 2**20


def test_default_set_works_offline() -> None:
    registry = ModelRegistry.load(SHIPPED_WEIGHTS)
    detector, reader = load_models(registry)
    [plate, *_] = detector.detect([draw_street()])[0]
    assert plate.center == pytest.approx((570, 446), abs=15)
    assert plate.confidence > 0.25
    [reading] = reader.read(crop_plates(draw_street(), [plate]))
    assert len(reading.text) >= 4


def test_own_models_are_found_and_loaded(models_dir: Path) -> None:
    registry = ModelRegistry.load(models_dir)
    detector, reader = load_models(registry, "own", EngineOptions(input_size_px=320))
    assert detector.input_size_px == 320
    assert isinstance(reader, FastPlateOcrReader)


@pytest.mark.parametrize("engine", ["openvino", "onnxruntime"])
def test_engine_can_be_chosen(models_dir: Path, engine: str) -> None:
    options = EngineOptions(engine=engine)  # type: ignore[arg-type]  # the parameter is a str
    detector = load_detector(ModelRegistry.load(models_dir), "red", options)
    module = {"openvino": "openvino", "onnxruntime": "onnx"}[engine]
    assert type(detector.engine).__module__.endswith(f".{module}")  # type: ignore[attr-defined]


def test_gpu_worker_without_ultralytics_is_told_what_to_install(models_dir: Path) -> None:
    pytest.importorskip("openvino")
    try:
        import ultralytics  # noqa: F401, PLC0415  # only asked whether it is there
    except ImportError:
        with pytest.raises(EngineError, match=r"requirements/gpu\.txt"):
            load_detector(ModelRegistry.load(models_dir), "red", EngineOptions(device="cuda"))


@pytest.mark.parametrize(
    ("name", "message"),
    [("absent", "no model 'absent'. Choose one of: .*red"), ("", "no model ''")],
)
def test_unknown_model_is_refused(models_dir: Path, name: str, message: str) -> None:
    with pytest.raises(UnknownModelError, match=message):
        load_reader(ModelRegistry.load(models_dir), name)


def test_unknown_set_is_refused(models_dir: Path) -> None:
    with pytest.raises(UnknownModelError, match=r"no model set 'absent'\. Choose one of: default"):
        load_models(ModelRegistry.load(models_dir), "absent")


def test_model_of_the_other_kind_is_refused(models_dir: Path) -> None:
    with pytest.raises(ModelFileError, match="strips is a reader, and a detector is needed"):
        load_detector(ModelRegistry.load(models_dir), "strips")


def test_missing_file_names_the_command_that_fetches_it(models_dir: Path) -> None:
    (models_dir / "red.onnx").unlink()
    registry = ModelRegistry.load(models_dir)
    assert not registry.is_installed(registry.model("red"))
    with pytest.raises(ModelFileError, match=r"Run `manage\.py models pull red`"):
        load_detector(registry, "red")


def test_altered_file_is_refused(models_dir: Path) -> None:
    with (models_dir / "red.onnx").open("ab") as file:
        file.write(b"x")
    with pytest.raises(ModelFileError, match="is not the registered file of the model red"):
        load_detector(ModelRegistry.load(models_dir), "red")


@pytest.mark.parametrize(
    "content",
    [
        "not toml [",
        '[models.red]\nkind = "detector"\n',
        f'[models.red]\nkind = "oracle"\nfiles = []\n{ENTRY}',
        f'[models.red]\nkind = "reader"\nfiles = [{{ name = "a", colour = "red" }}]\n{ENTRY}',
        '[sets.own]\ndetector = "red"\n',
        "models = 3\n",
    ],
)
def test_malformed_registry_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "registry.toml").write_text(content)
    with pytest.raises(ModelFileError, match=r"registry\.toml is malformed"):
        ModelRegistry.load(tmp_path)


def test_registry_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    registry = tmp_path / "registry.toml"
    registry.symlink_to(tmp_path / "away.toml")
    with pytest.raises(ModelFileError, match=r"cannot be read: No such file.*Put a file there"):
        ModelRegistry.load(tmp_path)
    registry.unlink()
    registry.mkdir()
    with pytest.raises(ModelFileError, match=r"registry\.toml cannot be read: Is a directory"):
        ModelRegistry.load(tmp_path)
    registry.rmdir()
    assert "default" in ModelRegistry.load(tmp_path).sets
    assert "default" in ModelRegistry.load(tmp_path / "away").sets


A, B = ('{ name = "a.onnx", sha256 = "0" }', '{ name = "b.yaml", sha256 = "0" }')


def entry_of(kind: str, *files: str, more: str = "") -> str:
    return f'[models.red]\nkind = "{kind}"\nfiles = [{", ".join(files)}]\n{more}\n{ENTRY}'


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (entry_of("detector"), r"models\.red\.files must be one file"),
        (entry_of("detector", A, A), r"models\.red\.files must be one file"),
        (entry_of("detector", B, A), r"models\.red\.files must be one file"),
        (entry_of("reader", A), r"models\.red\.files must be two files"),
        (entry_of("reader", A, B, B), r"models\.red\.files must be two files"),
        (entry_of("reader", A, "3"), r"models\.red\.files must be a table"),
        (entry_of("detector", '{ name = 3, sha256 = "0" }'), r"files\.name must be a text"),
        (entry_of("detector", '{ name = "a" }'), r"models\.red\.files\.sha256 is missing"),
        (entry_of("oracle", A), r"models\.red\.kind must be one of: detector, reader"),
        (entry_of("detector", A, more="colour = 3"), r"models\.red\.colour is no key"),
        (entry_of("detector", A, more="alphabet = 3"), r"models\.red\.alphabet must be a text"),
        (entry_of("detector", A, more="trim = [0.1]"), r"models\.red\.trim must be two shares"),
        (entry_of("detector", A, more="trim = [nan, 0]"), r"models\.red\.trim must be a number"),
        (entry_of("detector", A, more="trim = 3"), r"models\.red\.trim must be a list"),
        (
            entry_of("reader", A, B, more="calibration.text.offset = nan"),
            r"models\.red\.calibration\.text\.offset must be a number",
        ),
        (
            entry_of("reader", A, B, more="calibration.text.offset = -1000"),
            r"models\.red\.calibration\.text: .* offset must be -100 to 100",
        ),
        (
            entry_of("reader", A, B, more="calibration.region = 1"),
            r"models\.red\.calibration\.region must be a table",
        ),
        ('[sets.own]\ndetector = ["a"]\nreader = "b"', r"sets\.own\.detector must be a text"),
        ("sets = 3", "sets must be a table"),
    ],
)
def test_malformed_entry_is_refused_by_model_and_key(
    tmp_path: Path, content: str, message: str
) -> None:
    (tmp_path / "registry.toml").write_text(content)
    with pytest.raises(ModelFileError, match=message):
        ModelRegistry.load(tmp_path)


@pytest.mark.parametrize(
    "name", ["../outside.bin", "/etc/hostname", "a/b.onnx", "..", ".", "", "a\\b", "a\0b"]
)
def test_no_name_leads_out_of_the_folder_of_models(name: str) -> None:
    with pytest.raises(ValueError, match="is no plain file name"):
        ModelFile(name=name, sha256="0")


def test_registry_that_leads_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    outside = '{ name = "../outside.bin", sha256 = "0" }'
    (tmp_path / "registry.toml").write_text(entry_of("detector", outside))
    with pytest.raises(
        ModelFileError, match=r"models\.red\.files: '\.\./outside\.bin' is no plain"
    ):
        ModelRegistry.load(tmp_path)


XML, WEIGHTS, OTHER = (
    f'{{ name = "{name}", sha256 = "0" }}' for name in ("a.xml", "a.bin", "b.bin")
)


@pytest.mark.parametrize("kind", ["detector", "vehicle_detector", "vehicle_classifier"])
@pytest.mark.parametrize(
    ("files", "is_whole"),
    [((XML, WEIGHTS), True), ((XML,), False), ((XML, OTHER), False), ((WEIGHTS, XML), False)],
)
def test_weights_of_an_xml_are_registered_with_it(
    tmp_path: Path, kind: str, files: tuple[str, ...], *, is_whole: bool
) -> None:
    (tmp_path / "registry.toml").write_text(entry_of(kind, *files))
    if is_whole:
        assert len(ModelRegistry.load(tmp_path).model("red").files) == 2
        return
    with pytest.raises(ModelFileError, match=r"after it the \.bin of an \.xml"):
        ModelRegistry.load(tmp_path)


@pytest.mark.parametrize(
    ("files", "is_whole"),
    [((XML, B, WEIGHTS), True), ((XML, B), False), ((XML, B, OTHER), False)],
)
def test_weights_of_a_reader_that_is_an_xml_are_registered_with_it(
    tmp_path: Path, files: tuple[str, ...], *, is_whole: bool
) -> None:
    (tmp_path / "registry.toml").write_text(entry_of("reader", *files))
    if is_whole:
        assert len(ModelRegistry.load(tmp_path).model("red").files) == 3
        return
    with pytest.raises(ModelFileError, match=r"after it the \.bin of an \.xml"):
        ModelRegistry.load(tmp_path)
