import math

import msgspec
import pytest
from sink_messages import emotions, face, person, reading, span, window

from affectstream.stream import tables
from affectstream.stream.messages import MESH_MEASURES


def cells(row, columns=tables.READING_COLUMNS):
    return dict(zip(columns, row, strict=True))


def test_the_columns_are_those_of_the_documentation():
    assert ",".join(tables.READING_COLUMNS) == (
        "source,frame,timestamp,person,face_x1,face_y1,face_x2,face_y2,face_score,"
        "neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,emotion,"
        "valence,arousal,valence_01,arousal_01,quadrant,affect_source,movement,posture,body_score,"
        "yaw_deg,pitch_deg,roll_deg,quality,quality_reason,valence_sd,arousal_sd,"
        "emotion_steady,valence_steady,arousal_steady,"
        "neutral_steady,happiness_steady,surprise_steady,sadness_steady,anger_steady,"
        "disgust_steady,fear_steady,contempt_steady,posture_confidence,gesture_energy,"
        "valence_rest,arousal_rest,"
        "mouth_open,mouth_width,mouth_lift,lip_raise,eye_open,brow_inner,brow_outer,brow_gap"
    )
    assert ",".join(tables.WINDOW_COLUMNS) == (
        "source,timestamp,person,n,coverage,valence_mean,valence_sd,valence_slope_per_s,"
        "arousal_mean,arousal_sd,arousal_slope_per_s,quadrant,emotion,movement,"
        "people_mean,share_positive,near_share,facing_share,synchrony"
    )


@pytest.mark.parametrize(
    ("layout", "count", "first"), [("coco17", 68, "kp_nose_x"), ("blazepose33", 132, "kp_nose_x")]
)
def test_keypoint_columns(layout, count, first):
    columns = tables.keypoint_columns(layout)
    assert len(columns) == count
    assert columns[:4] == (first, "kp_nose_y", "kp_nose_z", "kp_nose_v")


def test_no_layout_no_keypoint_columns():
    assert tables.keypoint_columns("") == ()


def test_a_frame_without_people_has_one_row():
    (row,) = tables.reading_rows(reading(7, pts_s=0.28))
    assert row[:3] == ("clip", 7, 0.28)
    assert set(row[3:]) == {None}


def test_a_person_in_full():
    (row,) = tables.reading_rows(reading(0, [person(3, 0.5, -0.25)]))
    found = cells(row)
    assert found["person"] == 3
    assert found["emotion"] == "happiness"
    assert (found["valence_01"], found["arousal_01"]) == (0.75, 0.375)
    assert found["quadrant"] == "calm"
    assert found["body_score"] is None


def test_mesh_measures_are_rounded_or_not_measured():
    measured = (0.12344, -0.5, *(0.25,) * 5, math.nan)
    with_mesh = msgspec.structs.replace(face(), mesh_measures=measured)
    rows = tables.reading_rows(reading(0, [person(face=with_mesh), person(2)]))
    found = [[cells(row)[name] for name in MESH_MEASURES] for row in rows]
    assert found == [[0.1234, -0.5, *[0.25] * 5, None], [None] * 8]


@pytest.mark.parametrize(
    "broken",
    [
        person(face=None, valence=None, arousal=None),
        person(face=face(emotions=None), valence=None, arousal=None),
        person(valence=math.nan),
        person(arousal=math.inf),
        person(face=face(emotions=(math.nan,) * 8), movement=math.nan),
        person(valence=0.2, arousal=None),
    ],
)
def test_what_was_not_measured_is_none_and_never_nan(broken):
    (row,) = tables.reading_rows(reading(0, [broken]))
    assert not [cell for cell in row if isinstance(cell, float) and not math.isfinite(cell)]
    assert None in row


@pytest.mark.parametrize(
    ("value", "digits", "expected"),
    [(None, 2, None), (math.nan, 2, None), (-math.inf, 2, None), (1.005, 1, 1.0), (-1e-9, 4, 0.0)],
)
def test_rounded(value, digits, expected):
    result = tables.rounded(value, digits)
    assert result == expected
    assert str(result) == str(expected)


def test_the_strongest_emotion_is_the_first_of_equals():
    assert tables.strongest_emotion((0.125,) * 8) == "neutral"
    assert tables.strongest_emotion(emotions("fear")) == "fear"


def test_window_rows_keep_the_order_of_the_spans():
    rows = tables.window_rows(window(spans=[span(1), span(4), span(0, valence_sd=None)]))
    assert [row[2] for row in rows] == [1, 4, 0]
    assert cells(rows[2], tables.WINDOW_COLUMNS)["valence_sd"] is None
