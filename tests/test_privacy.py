import json
import logging
import sys

import cv2
import numpy as np
import pytest
from click.testing import CliRunner
from helpers import memory, pipeline, synthetic
from sink_messages import body, face, frame, person, reading

from affectstream.sinks._look.blur import Blur, head_box
from affectstream.stream.cli import main
from affectstream.stream.config import RunConfig
from affectstream.stream.errors import ConfigError, PolicyError
from affectstream.stream.kinds import kinds
from affectstream.stream.logs import JsonLines
from affectstream.stream.messages import Person
from affectstream.stream.pipeline import Pipeline
from affectstream.stream.purpose import SINKS, check_purpose, notice, report, sign

BOX = (100.0, 80.0, 180.0, 190.0)
WAYS = ("blur", "pixelate", "silhouette")


def noise():
    picture = np.random.default_rng(1).integers(0, 256, (480, 640, 3), np.uint8)
    picture.flags.writeable = False
    return picture


def changed(before, after):
    return np.any(before != after, axis=2)


def detail(picture, box):
    """How much two neighbouring pixels differ: what a blur takes away."""
    x1, y1, x2, y2 = map(int, box)
    return float(np.abs(np.diff(picture[y1:y2, x1:x2].astype(int), axis=1)).mean())


@pytest.mark.parametrize("way", ["blur", "pixelate"])
def test_a_face_loses_its_detail_and_the_rest_stays(way):
    picture = noise()
    hidden = Blur(way, finds_faces=True).hide(picture, reading(0, [person(face=face(BOX))]))
    assert detail(hidden, BOX) < detail(picture, BOX) / 5
    assert not changed(picture, hidden)[300:, 300:].any()
    assert not hidden.flags.writeable


@pytest.mark.parametrize("way", ["blur", "pixelate"])
@pytest.mark.parametrize(
    ("seen", "finds_faces"),
    [
        (None, True),
        (reading(0, valid=False, reason="infer_error"), True),
        (reading(0, [person()]), False),
        (reading(0), False),
    ],
)
def test_what_nobody_has_looked_at_is_covered_as_a_whole(way, seen, finds_faces):
    picture = noise()
    hidden = Blur(way, finds_faces=finds_faces).hide(picture, seen)
    whole = (0, 0, 640, 480)
    assert detail(hidden, whole) < detail(picture, whole) / 5
    assert changed(picture, hidden).mean() > 0.9


@pytest.mark.parametrize("seen", [None, reading(0), reading(0, [person(body=body())])])
def test_a_silhouette_holds_no_pixel_of_the_picture(seen):
    first = Blur("silhouette", finds_faces=True).hide(noise(), seen)
    second = Blur("silhouette", finds_faces=True).hide(np.zeros_like(noise()), seen)
    assert np.array_equal(first, second)


def test_none_hands_the_picture_on():
    picture = noise()
    assert Blur("none", finds_faces=True).hide(picture, None) is picture


@pytest.mark.parametrize(("later_s", "is_covered"), [(0.5, True), (1.0, True), (1.1, False)])
def test_a_head_that_was_lost_stays_covered_for_a_second(later_s, is_covered):
    blur = Blur("blur", finds_faces=True)
    blur.hide(noise(), reading(0, [person(face=face(BOX))]))
    hidden = blur.hide(noise(), reading(1, pts_s=later_s))
    assert changed(noise(), hidden)[100:150, 120:160].all() == is_covered


def test_an_older_box_covers_more():
    blur = Blur("blur", finds_faces=True)
    at_once = changed(noise(), blur.hide(noise(), reading(0, [person(face=face(BOX))]))).sum()
    later = changed(noise(), blur.hide(noise(), reading(1, pts_s=0.8))).sum()
    assert later > 1.5 * at_once


@pytest.mark.parametrize("layout", ["blazepose33", "coco17"])
@pytest.mark.parametrize("visibility", [0.9, 0.0])
def test_a_body_without_a_face_has_its_head_covered(layout, visibility):
    box = head_box(Person(1, body=body(layout, visibility=visibility)))
    assert box is not None and box[2] > box[0] and box[3] > box[1]
    assert box[1] < 60 + 0.3 * 410
    assert head_box(Person(1)) is None


@pytest.mark.parametrize("box", [(-50, -50, 10, 10), (630, 470, 900, 900), (700, 500, 720, 520)])
def test_boxes_at_and_beyond_the_edge(box):
    Blur("blur", finds_faces=True).hide(noise(), reading(0, [person(face=face(box))]))


def test_every_sink_gets_hidden_pictures_only():
    sink = memory(wants_frames=True)
    made = pipeline([synthetic(frames=10)], ("kept", sink), privacy="silhouette")
    made.start().join()
    pictures = [frame.image_bgr for frame in sink.frames if frame is not None]
    assert len(pictures) == 10
    grey = [picture.min() >= 40 and not np.ptp(picture, axis=2).any() for picture in pictures]
    assert all(grey)


@pytest.fixture(scope="module")
def yunet(test_data):
    path = test_data / "models" / "yunet_2023mar_dyn.onnx"

    def find(picture):
        height, width = picture.shape[:2]
        detector = cv2.FaceDetectorYN.create(str(path), "", (width, height), 0.7)
        found = detector.detect(np.ascontiguousarray(picture))[1]
        return [] if found is None else [tuple(face[:4]) for face in found]

    return find


CLIPS = ("pyfeat_single_face.mp4", "intel_walk.mkv", "intel_hungry.mkv")


@pytest.fixture(scope="module")
def filmed(clips):
    """Frames of real people with what was measured in them."""
    found = []
    for name in CLIPS:
        sink = memory(wants_frames=True)
        config = RunConfig(sources=[str(clips / name)], speed="max", limit_frames=120)
        Pipeline(config, sinks=[("kept", sink)]).start().join()
        pairs = zip(sink.frames, sink.messages, strict=True)
        found.append([pair for pair in pairs if pair[0] is not None])
    return found


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_another_detector_finds_no_face_in_200_hidden_frames(filmed, yunet, way):
    plain = still_there = 0
    for clip in filmed:
        blur = Blur(way, finds_faces=True)
        for shot, seen in clip:
            hidden = blur.hide(shot.image_bgr, seen)
            faces = yunet(shot.image_bgr)
            if faces:
                plain += 1
                found = yunet(hidden)
                still_there += any(is_same(face, other) for face in faces for other in found)
    assert plain >= 200
    assert still_there == 0, f"{still_there} of {plain}"


def is_same(face, found):
    """Whether the middle of what was found lies in a face of the plain picture; a fist does not."""
    x, y = found[0] + found[2] / 2, found[1] + found[3] / 2
    return face[0] <= x <= face[0] + face[2] and face[1] <= y <= face[1] + face[3]


# Purpose


@pytest.mark.parametrize("purpose", ["workplace", "education"])
def test_emotions_at_work_and_in_education_are_refused(purpose, caplog):
    config = RunConfig(purpose=purpose)
    with pytest.raises(PolicyError, match=r"5\(1\)\(f\)"):
        check_purpose(config)
    with pytest.raises(PolicyError):
        pipeline([synthetic(frames=1)], purpose=purpose)
    check_purpose(RunConfig(purpose=purpose, models={"expression": "none"}))
    reason = {"purpose_exception": "medical", "purpose_reason": "pain after surgery, study 7"}
    check_purpose(RunConfig(purpose=purpose, **reason))
    assert "pain after surgery" in caplog.text


def test_an_exception_needs_its_reason():
    with pytest.raises(ConfigError, match="purpose_reason"):
        check_purpose(RunConfig(purpose="workplace", purpose_exception="safety"))


def test_the_refusal_has_exit_code_4(tmp_path):
    (tmp_path / "my.yaml").write_text("purpose: education\n")
    words = ["run", "clip.mp4", "--config", str(tmp_path / "my.yaml")]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 4 and "AI Act" in done.output
    words = ["privacy", "report", "--config", str(tmp_path / "my.yaml")]
    assert CliRunner().invoke(main, words).exit_code == 4


def test_a_data_sheet_says_what_leaves():
    config = RunConfig(
        out="runs/x", sources=["rtsp://a:CANARY@h/1"], privacy="blur", sinks=["video", "mqtt"]
    )
    text = report(config, ("csv", "sqlite"))
    assert "| `mqtt` | the group's numbers" in text and "| `csv` |" in text
    assert "to video, privacy `blur`" in text and "**Original stream:** not recorded" in text
    assert "recorded around events" in report(RunConfig(record="events"), ())
    assert "CANARY" not in text
    assert "50(3)" in text
    bare = report(RunConfig(models={"expression": "none"}), ())
    assert "No expression" in bare and "arousal" not in bare.partition("Pictures go")[0]


def test_a_data_sheet_counts_cameras_and_names_the_exception():
    cameras = [
        {"name": "Front", "url": "rtsp://a:CANARY@h/1", "privacy": True},
        {"name": "Yard", "path": "yard.mp4"},
    ]
    text = report(
        RunConfig(
            cameras=cameras,
            sinks=["show", "web"],
            purpose="workplace",
            purpose_exception="safety",
            purpose_reason="drivers falling asleep",
        ),
        (),
    )
    assert "0 sources and 2 cameras" in text and "people are hidden of 1 cameras" in text
    assert "declared is safety" in text and "drivers falling asleep" in text
    assert "CANARY" not in text


def test_a_data_sheet_knows_every_sink():
    assert set(SINKS) == set(kinds("sinks"))


def test_notice_and_sign(tmp_path):
    done = CliRunner().invoke(main, ["privacy", "notice"])
    assert done.output == notice() and "Nobody is identified" in done.output
    path = tmp_path / "sign.svg"
    assert CliRunner().invoke(main, ["privacy", "notice", "--sign", str(path)]).exit_code == 0
    assert path.read_text() == sign() and path.read_text().startswith("<svg")
    missing = CliRunner().invoke(main, ["privacy", "notice", "--sign", str(tmp_path / "a" / "b")])
    assert missing.exit_code == 2


def test_no_table_holds_a_face_embedding():
    from affectstream.sinks._schema import store_tables

    names = {column.name for table in store_tables().values() for column in table.columns}
    assert not {name for name in names if "embed" in name or "feature" in name}


# Logs


def test_a_log_record_as_json():
    try:
        raise ValueError("wrong")
    except ValueError:
        error = sys.exc_info()
    record = logging.LogRecord("a.b", logging.WARNING, "", 1, "%d lost\nrows", (3,), error)
    line = JsonLines().format(record)
    told = json.loads(line)
    assert "\n" not in line
    assert (told["level"], told["text"], told["error"]) == (
        "warning",
        "3 lost\nrows",
        "ValueError: wrong",
    )


def test_an_unknown_form_of_log_is_told():
    done = CliRunner().invoke(main, ["run", "clip.mp4", "--log", "xml"])
    assert done.exit_code == 2 and "plain, json" in done.output


def test_a_frame_for_a_sink_is_its_own_copy():
    before = frame(0)
    hidden = Blur("blur", finds_faces=False).hide(before.image_bgr, None)
    assert hidden is not before.image_bgr
