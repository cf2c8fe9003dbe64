import hashlib
import importlib
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
import yaml

from affectstream.models import zoo
from affectstream.models.base import LAYOUTS
from affectstream.stream.errors import ConfigError, ModelError
from affectstream.stream.messages import EMOTIONS

SCRIPT = Path(__file__).parent.parent / "scripts" / "update_manifest.py"
LISTED = zoo.listed()
ENTRIES = [entry for entry in LISTED if entry.way == "shipped"]
FILES = [(entry, part) for entry in ENTRIES for part in entry.files]


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch) -> Path:
    """A user's folder that holds nothing."""
    folder = tmp_path / "own"
    monkeypatch.setenv(zoo.ENVIRONMENT, str(folder))
    return folder


def label(value: object) -> str:
    return value.name if isinstance(value, zoo.Entry) else str(value)


@pytest.mark.parametrize("entry", ENTRIES, ids=label)
def test_every_model_is_whole_and_opens(entry):
    zoo.check(entry)


@pytest.mark.parametrize(("entry", "part"), FILES, ids=label)
def test_figures_are_current(entry, part):
    file = entry.files[part]
    data = zoo.path(entry, part).read_bytes()
    assert file.size_bytes == len(data)
    assert file.sha256 == hashlib.sha256(data).hexdigest()
    assert 0 < file.ms_1_thread < 1000


@pytest.mark.parametrize("entry", ENTRIES, ids=label)
def test_every_model_says_where_it_is_from(entry):
    assert entry.licence and entry.origin
    for part in entry.files:
        assert zoo.path(entry, part).with_suffix(".md").is_file()


@pytest.mark.parametrize("entry", LISTED, ids=label)
def test_every_model_fits_its_adapter(entry):
    adapter = importlib.import_module(f"affectstream.models.{entry.kind}")
    assert adapter.Config.model_config["extra"] == "forbid"
    assert entry.way == "shipped" or entry.origin_url.startswith("https://")
    assert bool(entry.labels) == (entry.job == "expression")
    assert set(entry.labels) <= set(EMOTIONS)
    assert (entry.layout in LAYOUTS) == (entry.job == "pose")


def test_names_are_unique():
    assert len({entry.name for entry in LISTED}) == len(LISTED)


def test_every_weight_file_is_listed():
    listed = {zoo.path(entry, part) for entry, part in FILES}
    assert listed == set(zoo.WEIGHTS.glob("*.onnx"))


@pytest.mark.parametrize("job", ["face", "mesh", "expression", "pose"])
def test_auto_picks_a_model_for_every_job(job):
    entry, why = zoo.pick(job)
    assert entry.job == job
    assert "best" in why
    assert zoo.pick(job, entry.name) == (entry, "asked for by name")


def test_names_that_other_modules_share():
    assert set(zoo.pick("expression").entry.labels) == set(EMOTIONS)
    assert zoo.pick("pose").entry.layout in LAYOUTS


def test_unknown_names_list_the_choices():
    with pytest.raises(ConfigError, match=r"auto, blazepose_full"):
        zoo.pick("pose", "blazepos")
    with pytest.raises(ConfigError, match="face_mesh"):
        zoo.pick("pose", "face_mesh")


@pytest.mark.parametrize(
    ("options", "words"),
    [({"min_scor": 0.5}, "blazeface.min_scor"), ({"min_score": 2}, "blazeface.min_score")],
)
def test_wrong_options_are_named(options, words):
    with pytest.raises(ConfigError, match=words):
        zoo.build(zoo.pick("face").entry, options)


@pytest.fixture
def copy(tmp_path) -> Path:
    """A manifest of its own with one small network."""
    entry = next(item for item in yaml.safe_load(zoo.MANIFEST.read_text()) if item["job"] == "mesh")
    spare = {**entry, "name": "spare", "files": {"mesh": {**entry["files"]["mesh"]}}}
    spare["files"]["mesh"]["path"] = "spare.onnx"
    manifest = tmp_path / "manifest.yaml"
    manifest.write_text(yaml.safe_dump([spare, entry], sort_keys=False))
    shutil.copy(zoo.WEIGHTS / "face_mesh.onnx", tmp_path)
    return manifest


def test_auto_takes_the_best_that_is_present(copy):
    assert zoo.pick("mesh", manifest=copy).entry.name == "face_mesh"
    with pytest.raises(ModelError, match="spare"):
        zoo.pick("mesh", "spare", copy)
    shutil.copy(copy.parent / "face_mesh.onnx", copy.parent / "spare.onnx")
    assert zoo.pick("mesh", manifest=copy).entry.name == "spare"


def test_no_model_present(copy):
    (copy.parent / "face_mesh.onnx").unlink()
    with pytest.raises(ModelError, match="no model for mesh"):
        zoo.pick("mesh", manifest=copy)


def test_a_changed_or_missing_file_is_told(copy):
    spare, mesh = zoo.models(copy)
    zoo.check(mesh, copy)
    with pytest.raises(ModelError, match=r"spare\.onnx"):
        zoo.check(spare, copy)
    target = copy.parent / "face_mesh.onnx"
    target.write_bytes(target.read_bytes() + b"\0")
    with pytest.raises(ModelError, match="sha256"):
        zoo.check(mesh, copy)


@pytest.mark.parametrize("text", ["{", "- {name: x}", "- 3", "models: []", "- {name: 1, wrong: 2}"])
def test_a_broken_manifest_is_told(tmp_path, text):
    manifest = tmp_path / "list.yaml"
    manifest.write_text(text)
    with pytest.raises(ModelError, match=r"list\.yaml"):
        zoo.models(manifest)
    with pytest.raises(ModelError, match=r"none\.yaml"):
        zoo.models(tmp_path / "none.yaml")


def run_script(manifest: Path, *options: str) -> int:
    command = [sys.executable, str(SCRIPT), "--manifest", str(manifest), *options]
    return subprocess.run(command, timeout=60).returncode


def test_the_script_refreshes_figures_and_keeps_the_rest(tmp_path):
    manifest = tmp_path / "manifest.yaml"
    shutil.copy(zoo.MANIFEST, manifest)
    shutil.copytree(zoo.WEIGHTS, tmp_path, dirs_exist_ok=True, ignore=lambda *_: ["manifest.yaml"])
    before = manifest.read_text()
    assert run_script(manifest, "--check") == 0
    mesh = zoo.pick("mesh").entry.files["mesh"]
    manifest.write_text(before.replace(mesh.sha256, "0" * 64).replace(str(mesh.size_bytes), "7"))
    assert run_script(manifest, "--check") == 1
    assert run_script(manifest) == 0
    assert manifest.read_text() == before


@pytest.mark.parametrize(
    ("variables", "folder"),
    [
        ({"AFFECTSTREAM_MODELS": "/far/nets"}, "/far/nets"),
        ({"AFFECTSTREAM_MODELS": "", "XDG_DATA_HOME": "/data"}, "/data/affectstream/models"),
        (
            {"AFFECTSTREAM_MODELS": "", "XDG_DATA_HOME": "", "HOME": "/home/me"},
            "/home/me/.local/share/affectstream/models",
        ),
    ],
)
@pytest.mark.skipif(sys.platform != "linux", reason="the platform's place differs")
def test_where_the_users_folder_lies(monkeypatch, variables, folder):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert zoo.user_folder() == Path(folder)


def test_what_is_not_here_says_how_to_get_it():
    with pytest.raises(ModelError, match="affectstream models fetch yunet"):
        zoo.pick("face", "yunet")
    with pytest.raises(ModelError, match="affectstream models export yolov8n-pose"):
        zoo.pick("pose", "yolov8n-pose")


def test_a_fetched_file_lies_in_the_users_folder(own_folder):
    yunet = zoo.find("yunet")
    assert not zoo.is_present(yunet)
    own_folder.mkdir()
    (own_folder / "face_detection_yunet_2023mar.onnx").write_bytes(b"x")
    assert zoo.is_present(yunet)
    assert zoo.pick("face", "yunet").why == "asked for by name"
    assert zoo.pick("face").entry.name == "blazeface_full_range"
    with pytest.raises(ModelError, match="sha256"):
        zoo.check(yunet)


def test_the_users_model_takes_the_place_of_the_listed_one(own_folder):
    mesh = next(item for item in yaml.safe_load(zoo.MANIFEST.read_text()) if item["job"] == "mesh")
    own_folder.mkdir()
    (own_folder / "models.yaml").write_text(
        yaml.safe_dump([{**mesh, "licence": "mine"}, {**mesh, "name": "other"}])
    )
    shutil.copy(zoo.WEIGHTS / "face_mesh.onnx", own_folder)
    found = [entry for entry in zoo.models() if entry.job == "mesh"]
    assert [(one.name, one.licence, one.way) for one in found] == [
        ("face_mesh", "mine", "added"),
        ("other", "Apache-2.0", "added"),
    ]
    assert len(zoo.models()) == len(LISTED) + 1
    zoo.check(found[1])


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "../evil"},
        {"kind": "os.path"},
        {"name": "a/b"},
        {"path": "../../x.onnx"},
        {"path": "/etc/x.onnx"},
        {"path": "x.pickle"},
        {"sha256": "deadbeef"},
    ],
    ids=str,
)
def test_a_list_cannot_name_what_lies_elsewhere(own_folder, change):
    mesh = next(item for item in yaml.safe_load(zoo.MANIFEST.read_text()) if item["job"] == "mesh")
    for key, value in change.items():
        (mesh if key in mesh else mesh["files"]["mesh"])[key] = value
    own_folder.mkdir()
    (own_folder / "models.yaml").write_text(yaml.safe_dump([mesh]))
    with pytest.raises(ModelError, match=r"models\.yaml"):
        zoo.models()


def test_an_unknown_adapter_is_told(own_folder):
    mesh = zoo.find("face_mesh")
    with pytest.raises(ModelError, match="no adapter of kind 'nothing'"):
        zoo.build(msgspec.structs.replace(mesh, kind="nothing"), {})
