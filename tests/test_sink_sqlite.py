import math
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing

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

from affectstream.sinks import sqlite
from affectstream.stream import tables
from affectstream.stream.errors import SinkError, UsageError
from affectstream.stream.messages import Person


def make(folder, **fields):
    return sqlite.build(sqlite.Config(), run_info(folder, **fields))


def rows_of(folder, statement):
    with closing(sqlite3.connect(folder / "run.db")) as connection:
        return connection.execute(statement).fetchall()


MESSAGES = [
    reading(0, [person(1, body=body()), person(2)]),
    reading(1),
    reading(2, valid=False, reason="decode_error"),
    event(2, "spike", 1, before="0.1", after="0.9"),
    event(2, "arrival", 2),
    window(25, [span(1), span(0, valence_mean=None)]),
    window(25, [span(1), span(0)], final=True),
    narration(50, facts={"people": 2}),
]
TABLES = "run sources readings windows events narrations ledger".split()


def test_no_folder_is_a_wrong_use():
    with pytest.raises(UsageError, match="--out"):
        make(None)


def test_the_schema_has_its_version_twice(tmp_path):
    write_all(make(tmp_path), [])
    assert rows_of(tmp_path, "PRAGMA user_version") == [(tables.SCHEMA_VERSION,)]
    stated = rows_of(tmp_path, "SELECT value FROM run WHERE key = 'schema_version'")
    assert stated == [(str(tables.SCHEMA_VERSION),)]
    names = {row[0] for row in rows_of(tmp_path, "SELECT name FROM sqlite_master")}
    assert set(TABLES) <= names


def test_every_message_has_its_rows(tmp_path):
    write_all(make(tmp_path), MESSAGES)
    frames = rows_of(tmp_path, "SELECT frame, person, invalid FROM readings ORDER BY frame, person")
    assert frames == [(0, 1, None), (0, 2, None), (1, 0, None), (2, 0, "decode_error")]
    counts = {name: rows_of(tmp_path, f"SELECT count(*) FROM {name}")[0][0] for name in TABLES}
    assert counts["windows"] == 4
    assert counts["events"] == 2
    assert counts["narrations"] == 1
    assert rows_of(tmp_path, "SELECT facts FROM narrations") == [('{"people":2}',)]


def test_what_is_written_twice_is_kept_once(tmp_path):
    write_all(make(tmp_path), MESSAGES)
    before = [rows_of(tmp_path, f"SELECT count(*) FROM {name}") for name in TABLES]
    write_all(make(tmp_path), MESSAGES)
    assert [rows_of(tmp_path, f"SELECT count(*) FROM {name}") for name in TABLES] == before


def test_keypoints_are_json_with_nulls(tmp_path):
    points = ((math.nan, -math.inf, math.inf, 0.5), *body().keypoints[1:])
    broken = Person(1, body=type(body())((0, 0, 1, 1), 0.5, "blazepose33", points))
    write_all(make(tmp_path), [reading(0, [broken])])
    found = rows_of(
        tmp_path, "SELECT keypoints ->> '$[0]', json_array_length(keypoints) FROM readings"
    )
    assert found == [("[null,null,null,0.5000]", 33)] or found == [("[null,null,null,0.5]", 33)]


def test_rows_are_there_for_others_after_tick(tmp_path):
    sink = make(tmp_path)
    sink.open()
    sink.write(reading(0), None)
    assert rows_of(tmp_path, "SELECT count(*) FROM readings") == [(0,)]
    sink.tick()
    assert rows_of(tmp_path, "SELECT count(*) FROM readings") == [(1,)]
    sink.close()
    sink.close()


def test_a_thousand_rows_are_committed_without_tick(tmp_path):
    sink = make(tmp_path)
    sink.open()
    for seq in range(sqlite.COMMIT_ROWS + 5):
        sink.write(reading(seq), None)
    assert rows_of(tmp_path, "SELECT count(*) FROM readings") == [(sqlite.COMMIT_ROWS,)]
    sink.close()


def test_a_clean_end_leaves_one_file(tmp_path):
    write_all(make(tmp_path), MESSAGES)
    sqlite.write_ledger(tmp_path / "run.db", [("source", "clip", "captured", 3)])
    assert os.listdir(tmp_path) == ["run.db"]
    rows = rows_of(tmp_path, "SELECT * FROM ledger")
    assert rows == [("source", "clip", "captured", 3)]


CHILD = """
import os, signal, sys
sys.path.insert(0, sys.argv[2])
from sink_messages import person, reading, run_info
from affectstream.sinks import sqlite
sink = sqlite.build(sqlite.Config(), run_info(sys.argv[1]))
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
    frames = rows_of(tmp_path, "SELECT frame FROM readings ORDER BY frame")
    assert frames == [(seq,) for seq in range(100)]
    assert rows_of(tmp_path, "PRAGMA integrity_check") == [("ok",)]


def test_another_schema_is_refused(tmp_path):
    with closing(sqlite3.connect(tmp_path / "run.db")) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(SinkError, match="schema 99"):
        make(tmp_path).open()


@pytest.mark.parametrize("broken", ["nowhere", "garbage"])
def test_a_store_that_cannot_be_opened_is_told(tmp_path, broken):
    if broken == "garbage":
        (tmp_path / "run.db").write_bytes(b"no database" * 1000)
        folder = tmp_path
    else:
        folder = tmp_path / "nowhere"
    with pytest.raises(SinkError, match="run.db"):
        make(folder).open()
    with pytest.raises(SinkError, match="run.db"):
        sqlite.write_ledger(folder / "run.db", [])
