"""Networks of the user's own: taken when they fit, refused by name when they do not."""

import hashlib
import json

import numpy as np
import pytest

pytest.importorskip("onnx")
import onnx  # noqa: E402
import stand_ins  # noqa: E402
from click.testing import CliRunner  # noqa: E402

from affectstream.models import added, trial, zoo  # noqa: E402
from affectstream.models.added import Wish, add  # noqa: E402
from affectstream.stream.cli import main  # noqa: E402
from affectstream.stream.errors import ConfigError, ModelError  # noqa: E402
from affectstream.stream.messages import EMOTIONS, Face  # noqa: E402

FACE = Face((80.0, 50.0, 170.0, 160.0), 0.9)
IMAGE = np.random.default_rng(1).integers(0, 256, (240, 320, 3), np.uint8)
FOUR = ("anger", "happiness", "neutral", "sadness")


@pytest.fixture(autouse=True)
def own(tmp_path, monkeypatch):
    folder = tmp_path / "own"
    monkeypatch.setenv(zoo.ENVIRONMENT, str(folder))
    return folder


def left(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_an_expression_net_is_added_listed_and_run(tmp_path, own):
    file = tmp_path / "mine.onnx"
    stand_ins.classifier(file, ("n", 1, 64, 64), 4, ("grey", "probabilities"))
    entry = add(file, Wish("expression", labels=FOUR, licence="MIT"))
    assert left(own) == ["mine.onnx", "models.yaml"]
    ((_, listed),) = entry.files.items()
    assert listed.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert listed.size_bytes == file.stat().st_size
    assert listed.ms_1_thread > 0
    assert zoo.find("mine") == entry
    assert zoo.pick("expression", "mine").entry == entry
    assert zoo.pick("expression").entry.name == "expression", "ours goes before what is unmeasured"
    zoo.check(entry)
    (read,) = zoo.build(entry, {}).read(IMAGE, [FACE])
    assert [read.emotions[EMOTIONS.index(name)] == 0 for name in ("fear", "contempt")] == [True] * 2


@pytest.mark.parametrize(
    ("kind", "shape", "columns", "name", "scale"),
    [
        ("expression", ("n", 3, 48, 48), 4, "input", 1 / 255),
        ("emotieff", ("n", 3, 224, 224), 6, "input", 1 / 255 / 0.229),
        ("emotieff", (1, 3, 112, 112), 6, "input", 2 / 255),
        ("mobilefacenet", (1, 3, 112, 112), 4, "data", 2 / 255),
    ],
)
def test_kinds_are_fed_as_the_listed_model_nearest_in_size(
    tmp_path, kind, shape, columns, name, scale
):
    file = tmp_path / "net.onnx"
    stand_ins.classifier(file, shape, columns, (name, "scores"))
    fed = add(file, Wish("expression", "other", kind, FOUR)).files["expression"].input
    first = fed.scale[0] if isinstance(fed.scale, tuple) else fed.scale
    assert (fed.name, fed.shape[1:], fed.colour) == (name, shape[1:], "RGB")
    assert first == pytest.approx(scale)


@pytest.mark.parametrize(
    ("job", "kind", "shape", "outputs"),
    [
        ("pose", "", [1, 3, 320, 320], {"output0": [1, 56, 2100]}),
        ("pose", "yolo_pose", [1, 3, 320, 480], {"found": [1, 300, 57]}),
        (
            "face",
            "yunet",
            [1, 3, 64, 64],
            {
                f"{part}_{stride}": [1, (64 // stride) ** 2, width]
                for part, width in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10))
                for stride in (8, 16, 32)
            },
        ),
    ],
)
def test_detectors_are_added(tmp_path, job, kind, shape, outputs):
    file = tmp_path / "net.onnx"
    stand_ins.constant(file, shape, outputs)
    entry = add(file, Wish(job, kind=kind))
    adapter = zoo.build(entry, {})
    found = adapter.detect(IMAGE) if job == "face" else adapter.estimate(IMAGE, (), True)
    assert found == []
    assert entry.licence == "not told"


def test_a_file_says_itself_what_it_is(tmp_path):
    file = tmp_path / "net.onnx"
    stand_ins.constant(file, [1, 3, 320, 320], {"output0": [1, 56, 2100]})
    model = onnx.load(file)
    told = {"job": "pose", "kind": "yolo_pose", "licence": "AGPL-3.0", "origin": "elsewhere"}
    onnx.helper.set_model_props(model, {added.METADATA: json.dumps(told)})
    onnx.save(model, file)
    entry = add(file, Wish())
    assert (entry.job, entry.licence, entry.origin) == ("pose", "AGPL-3.0", "elsewhere")


def zeros(path, shape, outputs):
    stand_ins.constant(path, shape, outputs)


def external(path):
    stand_ins.classifier(path, ("n", 1, 48, 48), 4)
    model = onnx.load(path)
    onnx.save(model, path, save_as_external_data=True, location="w.bin", size_threshold=0)


REFUSED = {
    "external data": (external, "another file"),
    "foreign operators": (
        lambda path: stand_ins.constant(path, ["n", 1, 48, 48], {"y": [1, 4]}, "odd.ops"),
        "odd.ops",
    ),
    "noise": (lambda path: path.write_bytes(np.random.default_rng(2).bytes(3000)), "net.onnx"),
    "empty": (lambda path: path.write_bytes(b""), "no graph"),
    "two channels": (lambda path: zeros(path, ["n", 2, 48, 48], {"y": [1, 4]}), "[n, 1 or 3"),
    "a flat input": (lambda path: zeros(path, ["n", 48], {"y": [1, 4]}), "[n, 1 or 3"),
    "not square": (lambda path: zeros(path, ["n", 1, 48, 64], {"y": [1, 4]}), "not square"),
    "more classes": (lambda path: zeros(path, ["n", 1, 48, 48], {"y": [1, 5]}), "'n', 4]"),
    "a map": (lambda path: zeros(path, ["n", 1, 48, 48], {"y": [1, 4, 4]}), "'n', 4]"),
    "a bomb": (stand_ins.bomb, "net.onnx"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_bad_files_are_refused_by_name_and_leave_nothing(tmp_path, own, name):
    make, word = REFUSED[name]
    file = tmp_path / "net.onnx"
    make(file)
    labels = EMOTIONS if name == "a bomb" else FOUR
    with pytest.raises(ModelError) as caught:
        add(file, Wish("expression", name="called_otherwise", labels=labels))
    assert str(file) in str(caught.value) and word in str(caught.value)
    assert left(own) == []


def test_a_net_that_takes_one_picture_at_a_time_reads_several_faces(tmp_path):
    file = tmp_path / "mine.onnx"
    stand_ins.classifier(file, (1, 1, 48, 48), 4)
    other = Face((200.0, 20.0, 300.0, 130.0), 0.9)
    adapter = zoo.build(add(file, Wish("expression", labels=FOUR)), {})
    both = adapter.read(IMAGE, [FACE, other, FACE])
    assert both == [adapter.read(IMAGE, [face])[0] for face in (FACE, other, FACE)]


def test_logits_become_probabilities(tmp_path):
    """The bare sums of a linear net, and the same behind a softmax, read alike."""
    read = {}
    for name, ending in (("bare", "Identity"), ("soft", "Softmax")):
        file = tmp_path / f"{name}.onnx"
        stand_ins.classifier(file, ("n", 3, 48, 48), 4, ending=ending)
        adapter = zoo.build(add(file, Wish("expression", labels=FOUR)), {})
        (face,) = adapter.read(IMAGE, [FACE])
        read[name] = face.emotions
        assert min(face.emotions) >= 0 and sum(face.emotions) == pytest.approx(1)
    assert read["bare"] == pytest.approx(read["soft"], abs=1e-6)
    assert max(read["bare"]) - min(read["bare"]) > 0.01, "the net answers, it is not flat"


def test_wrong_people_are_refused(tmp_path, own):
    file = tmp_path / "net.onnx"
    stand_ins.constant(file, [1, 3, 320, 320], {"output0": [1, 84, 2100]})
    with pytest.raises(ModelError, match="no people with 17"):
        add(file, Wish("pose"))
    assert left(own) == []


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        (Wish(), "--job: one of"),
        (Wish("smell"), "no job 'smell'"),
        (Wish("pose", kind="blazepose"), "no kind 'blazepose'"),
        (Wish("pose", kind="yunet"), "there are: yolo_pose"),
        (Wish("expression"), "--labels"),
        (Wish("expression", labels=("anger", "anger")), "--labels"),
        (Wish("expression", labels=("happy",)), "no label 'happy'"),
        (Wish("expression", "../x", labels=FOUR), "no name"),
        (Wish("expression", "face_mesh", labels=FOUR), "already"),
    ],
    ids=str,
)
def test_wishes_that_make_no_sense(tmp_path, own, wish, words):
    file = tmp_path / "net.onnx"
    stand_ins.classifier(file, ("n", 1, 48, 48), 4)
    with pytest.raises(ConfigError, match=words):
        add(file, wish)
    assert left(own) == []


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ModelError, match=r"gone\.onnx"):
        add(tmp_path / "gone.onnx", Wish("pose"))


def test_the_trial_gives_the_signature(tmp_path):
    file = tmp_path / "net.onnx"
    stand_ins.classifier(file, ("n", 1, 48, 48), 4, metadata={"author": "me"})
    assert trial.inspect(file) == (
        {"input": ["n", 1, 48, 48]},
        {"output": ["n", 4]},
        {"author": "me"},
    )


def test_the_commands(tmp_path, own):
    file = tmp_path / "mine.onnx"
    stand_ins.classifier(file, ("n", 1, 48, 48), 4)
    run = CliRunner().invoke
    done = run(
        main, ["models", "add", str(file), "--job", "expression", "--labels", ",".join(FOUR)]
    )
    assert done.exit_code == 0, done.output
    assert "--model expression=mine" in done.output
    listing = run(main, ["models", "list"]).output
    row = next(line for line in listing.splitlines() if " mine " in line)
    assert "yes" in row and "not told" in row
    assert "AGPL-3.0" in listing and "must offer its own source" in listing
    assert str(own) in listing
    assert "mine: sha256 and shapes as listed" in run(main, ["models", "check"]).output
    (own / "mine.onnx").write_bytes(b"changed")
    assert run(main, ["models", "check", "mine"]).exit_code == 3
    assert run(main, ["models", "check", "yunet"]).exit_code == 3
    assert run(main, ["models", "check", "nobody"]).exit_code == 2
    assert run(main, ["models", "fetch", "face_mesh"]).exit_code == 2
    assert run(main, ["models", "add", str(file), "--job", "expression"]).exit_code == 2
    told = run(main, ["models", "export", "yolov8n-pose", "--int8"])
    assert told.exit_code == 2 and "--calibrate" in told.output
