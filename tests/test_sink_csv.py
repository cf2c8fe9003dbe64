import csv
import os
import resource
import signal
import subprocess
import sys

import pytest
from sink_messages import (
    body,
    event,
    narration,
    person,
    reading,
    run_info,
    span,
    window,
    write_all,
)

from affectstream.sinks import csv as csv_sink
from affectstream.stream import tables
from affectstream.stream.errors import SinkError, UsageError
from affectstream.stream.messages import Person


def make(folder, **fields):
    return csv_sink.build(csv_sink.Config(), run_info(folder, **fields))


def rows_of(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_no_folder_is_a_wrong_use():
    with pytest.raises(UsageError, match="--out"):
        make(None)


def test_headers_without_any_message(tmp_path):
    write_all(make(tmp_path, layout="coco17"), [])
    columns = tables.READING_COLUMNS + tables.keypoint_columns("coco17")
    assert (tmp_path / "readings.csv").read_bytes() == (",".join(columns) + "\n").encode()
    windows = (tmp_path / "windows.csv").read_text()
    assert windows == ",".join(tables.WINDOW_COLUMNS) + "\n"
    assert (tmp_path / "events.csv").read_text() == ",".join(tables.EVENT_COLUMNS) + "\n"


@pytest.mark.parametrize("layout", ["coco17", "blazepose33", ""])
def test_every_line_has_every_column(tmp_path, layout):
    people = [
        person(1, body=body(layout) if layout else None),
        person(2),
        Person(3, body=body(layout) if layout else None),
    ]
    write_all(make(tmp_path, layout=layout), [reading(0, people), reading(1), reading(2, people)])
    with (tmp_path / "readings.csv").open(newline="") as file:
        lines = list(csv.reader(file))
    columns = len(tables.READING_COLUMNS) + len(tables.keypoint_columns(layout))
    assert {len(line) for line in lines} == {columns}
    assert [(line[1], line[3]) for line in lines[1:]] == [
        *(("0", "1"), ("0", "2"), ("0", "3")),
        ("1", ""),
        *(("2", "1"), ("2", "2"), ("2", "3")),
    ]


def test_fixed_decimals_and_empty_cells(tmp_path):
    messages = [reading(3, [person(1, 1 / 3, -1e-6, body=body())], pts_s=0.1)]
    write_all(make(tmp_path), messages)
    (row,) = rows_of(tmp_path / "readings.csv")
    assert row["timestamp"] == "0.100000"
    assert (row["face_x1"], row["face_score"]) == ("100.00", "0.9100")
    assert (row["valence"], row["arousal"], row["arousal_01"]) == ("0.3333", "0.0000", "0.5000")
    assert (row["kp_nose_x"], row["kp_nose_v"]) == ("150.00", "0.9000")
    assert row["kp_left_eye_inner_z"] == "-6.50"


@pytest.mark.parametrize(("layout", "z"), [("coco17", ""), ("blazepose33", "-3.25")])
def test_depth_is_empty_where_the_layout_has_none(tmp_path, layout, z):
    write_all(make(tmp_path, layout=layout), [reading(0, [person(1, body=body(layout))])])
    assert rows_of(tmp_path / "readings.csv")[0]["kp_nose_z"] == z


def test_a_body_of_another_layout_leaves_the_keypoints_empty(tmp_path):
    write_all(make(tmp_path), [reading(0, [person(1, body=body("coco17"))])])
    row = rows_of(tmp_path / "readings.csv")[0]
    assert {row[column] for column in tables.keypoint_columns("blazepose33")} == {""}


def test_a_keypoint_that_is_not_finite_is_empty(tmp_path):
    points = ((float("nan"), float("-inf"), 1.0, 0.5), *body().keypoints[1:])
    broken = Person(1, body=type(body())((0, 0, 1, 1), 0.5, "blazepose33", points))
    write_all(make(tmp_path), [reading(0, [broken])])
    row = rows_of(tmp_path / "readings.csv")[0]
    assert [row[f"kp_nose_{axis}"] for axis in "xyzv"] == ["", "", "1.00", "0.5000"]


def test_windows_and_events(tmp_path):
    messages = [
        event(5, "spike", 2, before="-0.3100", after="0.42"),
        window(25, [span(2), span(0, arousal_sd=None)], pts_s=1.0),
        event(30, "departure", 0),
        narration(),
    ]
    write_all(make(tmp_path), messages)
    windows = rows_of(tmp_path / "windows.csv")
    assert [row["person"] for row in windows] == ["2", "group"]
    assert windows[0]["valence_slope_per_s"] == "-0.0100"
    assert windows[1]["arousal_sd"] == ""
    events = (tmp_path / "events.csv").read_text().splitlines()
    assert events[1] == "clip,5,0.200000,2,spike,-0.3100,0.42"
    assert events[2] == "clip,30,1.200000,group,departure,,"


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("standing", "standing"),
        ("=1+1", "'=1+1"),
        ("@cmd", "'@cmd"),
        ("-2+3", "'-2+3"),
        ("-0.31", "-0.31"),
        ("+4", "+4"),
        ("\tx", "'\tx"),
        ("\rx", '"\'\rx"'),
        ("＝SUM(A1)", "'＝SUM(A1)"),
        ('=A,"b"', '"\'=A,""b"""'),
        ("two\nlines", '"two\nlines"'),
        ("", ""),
    ],
)
def test_text_cells(text, cell):
    assert csv_sink.text_cell(text) == cell


def test_lines_end_with_a_bare_newline(tmp_path):
    write_all(make(tmp_path), [reading(0, [person()]), window(), event()])
    for name in ("readings", "windows", "events"):
        assert b"\r" not in (tmp_path / f"{name}.csv").read_bytes()


def test_tick_makes_rows_visible(tmp_path):
    sink = make(tmp_path)
    sink.open()
    sink.write(reading(0, [person()]), None)
    sink.tick()
    assert len(rows_of(tmp_path / "readings.csv")) == 1
    sink.close()
    sink.close()


CHILD = """
import os, signal, sys
sys.path.insert(0, sys.argv[2])
from sink_messages import person, reading, run_info
from affectstream.sinks import csv as csv_sink
sink = csv_sink.build(csv_sink.Config(), run_info(sys.argv[1]))
sink.open()
for seq in range(100):
    sink.write(reading(seq, [person()]), None)
sink.tick()
for seq in range(100, 150):
    sink.write(reading(seq, [person()]), None)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_was_ticked_survives_a_kill(tmp_path):
    child = subprocess.run(
        [sys.executable, "-c", CHILD, str(tmp_path), os.path.dirname(__file__)], check=False
    )
    assert child.returncode == -signal.SIGKILL
    frames = [int(row["frame"]) for row in rows_of(tmp_path / "readings.csv")]
    assert frames == list(range(100))


@pytest.fixture
def small_files():
    """Let no file grow past 20,000 bytes: a disk that fills up."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    signal.signal(signal.SIGXFSZ, before)


def test_a_full_disk_is_told_and_leaves_whole_lines(tmp_path, small_files):
    sink = make(tmp_path)
    sink.open()
    with pytest.raises(SinkError, match="readings.csv"):
        for seq in range(1000):
            sink.write(reading(seq, [person(1, body=body())]), None)
            sink.tick()
    sink.close()
    text = (tmp_path / "readings.csv").read_text()
    assert text.endswith("\n")
    rows = rows_of(tmp_path / "readings.csv")
    assert [int(row["frame"]) for row in rows] == list(range(len(rows)))
    assert len(rows) > 3


def test_a_folder_that_is_gone_is_told(tmp_path):
    with pytest.raises(SinkError, match="readings.csv"):
        make(tmp_path / "nowhere").open()
