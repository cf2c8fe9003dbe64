import json

import pandas as pd
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
from affectstream.sinks import sqlite
from affectstream.stream.messages import Person
from affectstream.stream.runs import NotARunError, Run

MESSAGES = [
    reading(0, [person(1, body=body()), person(2), Person(11, body=body())]),
    reading(1),
    reading(2, valid=False, reason="decode_error"),
    event(2, "spike", 1, before="0.1", after="0.9"),
    event(2, "arrival", 2),
    window(25, [span(1), span(12), span(0, valence_mean=None)]),
    window(30, [span(1), span(0)], final=True),
    narration(50, facts={"people": 2}),
]


@pytest.fixture
def folder(tmp_path):
    run = run_info(tmp_path)
    write_all(sqlite.build(sqlite.Config(), run), MESSAGES)
    write_all(csv_sink.build(csv_sink.Config(), run), MESSAGES)
    sqlite.write_ledger(tmp_path / "run.db", [("source", "clip", "captured", 3)])
    (tmp_path / "run.json").write_text(json.dumps({"status": "done"}))
    return tmp_path


@pytest.mark.parametrize("table", ["readings", "windows", "events"])
def test_the_store_and_the_csv_hold_the_same(folder, table):
    stored = getattr(Run(folder), table)()
    text = pd.read_csv(
        folder / f"{table}.csv", dtype=dict.fromkeys(("person", "before", "after"), "str")
    )
    assert list(stored.columns) == list(text.columns)
    stored["person"] = stored["person"].astype("str").where(stored["person"].notna())
    pd.testing.assert_frame_equal(stored, text, check_dtype=False, check_exact=True)


def test_types_and_missing_values(folder):
    run = Run(folder)
    readings = run.readings()
    assert readings["person"].dtype == "Int64"
    assert readings["person"].isna().tolist() == [False, False, False, True, True]
    assert readings["valence"].dtype == float
    assert readings["kp_nose_x"].isna().tolist() == [False, True, False, True, True]
    assert run.windows()["person"].tolist() == ["1", "12", "group", "1", "group"]


def test_narrations_ledger_sources_and_summary(folder):
    run = Run(folder)
    told = run.narrations()
    assert told.loc[0, "facts"] == {"people": 2}
    assert bool(told.loc[0, "grounded"]) is True
    assert run.ledger().to_numpy().tolist() == [["source", "clip", "captured", 3]]
    assert run.sources()["source"].tolist() == ["clip"]
    assert run.summary() == {"status": "done"}
    assert run.meta["window_s"] == 10.0


def test_one_source_of_several(tmp_path):
    run = run_info(tmp_path, sources=("a", "b"))
    messages = [reading(0, source="a"), reading(0, source="b"), reading(1, source="b")]
    write_all(sqlite.build(sqlite.Config(), run), messages)
    assert Run(tmp_path).readings("b")["frame"].tolist() == [0, 1]


def test_a_run_without_rows(tmp_path):
    write_all(sqlite.build(sqlite.Config(), run_info(tmp_path)), [])
    run = Run(tmp_path)
    for table in (run.readings(), run.windows(), run.events(), run.narrations(), run.ledger()):
        assert len(table) == 0
    assert run.summary() == {}


def test_a_run_that_still_goes_on_can_be_read(tmp_path):
    sink = sqlite.build(sqlite.Config(), run_info(tmp_path))
    sink.open()
    sink.write(reading(0), None)
    sink.tick()
    run = Run(tmp_path)
    assert len(run.readings()) == 1
    sink.write(reading(1), None)
    sink.tick()
    assert len(run.readings()) == 2
    sink.close()
    assert len(run.readings()) == 2


def test_reading_leaves_the_folder_as_it_was(folder):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    run = Run(folder)
    run.readings()
    run.ledger()
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "no run.db"),
        (b"", "schema 0"),
        (b"this is no database at all" * 100, "cannot be read"),
    ],
)
def test_a_folder_that_is_no_run(tmp_path, content, words):
    if content is not None:
        (tmp_path / "run.db").write_bytes(content)
    with pytest.raises(NotARunError, match=words):
        Run(tmp_path)


@pytest.mark.parametrize("text", ["{", "[1]"])
def test_a_broken_summary_is_told(folder, text):
    (folder / "run.json").write_text(text)
    with pytest.raises(NotARunError, match="run.json"):
        Run(folder).summary()
