import json
import sqlite3
import time
from contextlib import closing

import psycopg
import pytest
from click.testing import CliRunner
from sink_messages import body, event, narration, person, reading, run_info, span, window, write_all
from test_sink_stores import RUN_TABLES, pg, pg_rows, server, stored  # noqa: F401

from affectstream.sinks import csv as csv_sink
from affectstream.sinks import parquet, postgres, sqlite
from affectstream.stream.bus import Bus
from affectstream.stream.cli import main
from affectstream.stream.control import ControlSocket
from affectstream.stream.errors import UsageError
from affectstream.stream.export import export
from affectstream.stream.prepare import OURS
from affectstream.stream.query import query
from affectstream.stream.runs import Run
from affectstream.stream.shelf import prune, runs_below

DAY_S = 86400.0


def messages(source="clip"):
    yield reading(0, [person(1, body=body()), person(2), person(3)], source=source)
    yield reading(1, source=source)
    yield reading(2, valid=False, reason="decode_error", source=source)
    yield event(2, "spike", 1, before="0.1", after="-0.9", source=source)
    yield event(2, "arrival", 2, source=source)
    for second in range(1, 60):
        yield reading(second * 25, [person(1, valence=second / 100)], source=source)
        yield window(second * 25, [span(1), span(0, valence_mean=None)], source=source)
    yield window(1500, [span(1), span(0)], final=True, source=source)
    yield narration(50, text="Anna smiles.", source=source)


@pytest.fixture
def folder(tmp_path):
    run = run_info(tmp_path / "runs" / "one", sources=("clip", "door"))
    run.folder.mkdir(parents=True)
    told = [*messages(), *messages("door")]
    for module in (sqlite, csv_sink):
        write_all(module.build(module.Config(), run), told)
    sqlite.write_ledger(run.folder / "run.db", [("source", "clip", "captured", 3)])
    (run.folder / "run.json").write_text(json.dumps({"status": "done"}))
    return run.folder


def affectstream(*words, code=0, typed=None, **environment):
    done = CliRunner().invoke(main, [str(word) for word in words], input=typed, env=environment)
    assert done.exit_code == code, done.output + str(done.exception)
    return done.output


def test_exported_csv_has_the_bytes_of_the_live_one(folder, tmp_path):
    counts = export(Run(folder), "csv", tmp_path / "again")
    assert counts["readings"] == 2 * 64
    for name in ("readings", "windows", "events"):
        again = (tmp_path / "again" / f"{name}.csv").read_bytes()
        assert again == (folder / f"{name}.csv").read_bytes()


def test_exported_parquet_and_postgres_hold_the_rows_of_the_store(folder, server, monkeypatch):  # noqa: F811
    from test_sink_stores import in_order, parts_of

    affectstream("runs", "export", folder, "--to", "parquet")
    for _ in range(2):
        affectstream("runs", "export", folder, "--to", "postgres", AFFECTSTREAM_POSTGRES=server.dsn)
    for table in (*RUN_TABLES, "ledger"):
        rows = stored(folder, table)
        assert in_order(table, parts_of(folder, table)) == rows
        assert pg_rows(server, table) == rows


def test_exported_json_holds_objects(folder, tmp_path):
    export(Run(folder), "json", tmp_path)
    first = json.loads((tmp_path / "readings.jsonl").read_text().splitlines()[0])
    assert first["person"] == 1
    assert len(first["keypoints"]) == 33
    told = json.loads((tmp_path / "narrations.jsonl").read_text().splitlines()[0])
    assert told["facts"] == {"people": 1}


SQL = "SELECT source, count(*) AS n, round(avg(valence), 3) FROM readings GROUP BY 1 ORDER BY 1"


def test_one_question_has_one_answer_over_every_store(folder, server):  # noqa: F811
    export(Run(folder), "parquet", None)
    told = [*messages(), *messages("door")]
    run = run_info(folder, sources=("clip", "door"))
    write_all(postgres.build(postgres.Config(dsn=server.dsn), run), told)
    answers = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AFFECTSTREAM_POSTGRES", server.dsn)
        for store in ("sqlite", "parquet", "csv", "postgres"):
            answers[store] = query(str(folder), SQL, store)
    assert answers["sqlite"][1][0][:2] == ("clip", 64)
    assert all(answer == answers["sqlite"] for answer in answers.values())


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("SELECT * FROM nothing", "tables: run, sources"),
        ("SELEC 1", "syntax"),
        ("COPY (SELECT 1) TO '{folder}/stolen.csv'", "disabled"),
        ("SELECT * FROM read_csv('/etc/passwd')", "disabled"),
        ("ATTACH '{folder}/run.db' AS d (TYPE sqlite)", "disabled|not allowed|extension"),
        ("SET enable_external_access = true", "configuration|Cannot"),
    ],
)
def test_a_question_reads_the_run_and_nothing_else(folder, statement, words):
    before = sorted(path.name for path in folder.iterdir())
    with pytest.raises(UsageError, match=words):
        query(str(folder), statement.format(folder=folder))
    assert sorted(path.name for path in folder.iterdir()) == before


def test_a_question_to_no_run_is_told(tmp_path):
    assert "no such run" in affectstream("query", tmp_path / "nowhere", "SELECT 1", code=2)


def test_query_prints_columns_csv_and_json(folder):
    table = affectstream("query", folder, SQL)
    assert table.splitlines()[0].split()[:2] == ["source", "n"]
    assert affectstream("query", folder, SQL, "--format", "csv").startswith("source,n,")
    row = json.loads(affectstream("query", folder, SQL, "--format", "json").splitlines()[1])
    assert row["source"] == "door"
    assert "no run.db" in affectstream("query", folder.parent, SQL, code=2)


def test_list_and_show(folder):
    listed = affectstream("runs", "list", folder.parent)
    assert str(folder) in listed and "done" in listed and "clip, door" in listed
    shown = affectstream("runs", "show", folder)
    assert "rows: readings 128, windows 240" in shown
    assert "no such folder" in affectstream("runs", "list", folder / "nowhere", code=2)
    (folder.parent / "broken").mkdir()
    (folder.parent / "broken" / "run.db").write_bytes(b"no database" * 500)
    assert "cannot be read" in affectstream("runs", "list", folder.parent)


def test_a_run_is_deleted_with_a_proof_and_nothing_of_others(folder):
    (folder / "mine.txt").write_text("not ours")
    affectstream("runs", "delete", folder, typed="n\n", code=2)
    assert (folder / "run.db").exists()
    affectstream("runs", "delete", folder, "--yes")
    assert [path.name for path in folder.iterdir()] == ["mine.txt"]
    proof = json.loads((folder.parent / "deletions.jsonl").read_text())
    assert proof["run_id"] == "run-1"
    assert set(proof["files"]) >= {"run.db", "readings.csv"}


def test_a_stretch_is_gone_from_every_byte_of_the_store(folder):
    export(Run(folder), "parquet", None)
    (folder / "narrative.md").write_text("Anna smiles.")
    words = ["--source", "door", "--from", "0", "--to", "30", "--yes"]
    affectstream("runs", "delete", folder, *words)
    run = Run(folder)
    assert run.readings("door")["timestamp"].min() > 30
    assert len(run.readings("clip")) == 64
    assert run.windows("door")["timestamp"].min() > 40
    assert run.narrations("door").empty and not run.narrations("clip").empty
    with closing(sqlite3.connect(folder / "run.db")) as store:
        noted = dict(store.execute("SELECT table_name, row_count FROM deletions").fetchall())
    assert noted["readings"] == 35
    asked = "SELECT row_count FROM deletions WHERE table_name = 'readings'"
    assert affectstream("query", folder, asked, "--format", "csv") == "row_count\n35\n"
    assert sorted(path.name for path in folder.iterdir()) == ["run.db", "run.json"]
    affectstream("runs", "delete", folder, "--source", "clip", "--yes")
    assert b"Anna" not in (folder / "run.db").read_bytes()
    assert "no source" in affectstream(
        "runs", "delete", folder, "--source", "nobody", "--yes", code=2
    )


def test_retention_by_age_and_size(tmp_path):
    import os

    for number, age in enumerate((40, 20, 1)):
        run = run_info(tmp_path / str(number))
        run.folder.mkdir()
        write_all(sqlite.build(sqlite.Config(), run), [reading(0)])
        (run.folder / "run.json").write_text('{"status": "done"}')
        (run.folder / "overlay.mp4").write_bytes(b"x" * 1000)
        for path in run.folder.iterdir():
            os.utime(path, (1e9 - age * DAY_S,) * 2)
    left = lambda: [path.name for path in runs_below(tmp_path)]  # noqa: E731
    films = lambda: [path.parent.name for path in sorted(tmp_path.glob("*/overlay.mp4"))]  # noqa: E731
    prune(tmp_path, {"rows": "30d", "pictures": "1.5d"}, 1e9)
    assert (left(), films()) == (["1", "2"], ["2"])
    prune(tmp_path, {"all": "100KB"}, 1e9)
    assert left() == ["2"]
    lines = (tmp_path / "deletions.jsonl").read_text().splitlines()
    assert [json.loads(line)["why"] for line in lines] == [
        "retention: rows 30d",
        "retention: pictures 1.5d",
        "retention: all 100KB",
    ]


@pytest.mark.parametrize("text", ["rows", "rows=old", "faces=30d", "rows=5"])
def test_a_wrong_limit_is_told(tmp_path, text):
    assert "--keep" in affectstream("runs", "prune", tmp_path, "--keep", text, code=2)


def test_a_run_that_goes_on_is_left_alone(folder):
    (folder / "run.json").write_text('{"status": "running"}')
    assert prune(folder.parent, {"all": "1KB"}, time.time()) == []


@pytest.fixture
def going_on(folder):
    """The folder of a run that has been silent for long, with its control socket."""
    import os

    bus = Bus()
    control = ControlSocket(bus, "silent", folder)
    (folder / "run.json").write_text('{"status": "running"}')
    for path in folder.iterdir():
        os.utime(path, (1e9, 1e9))
    yield folder
    control.close()
    control.leave()
    bus.shut()


def test_a_run_that_is_silent_and_goes_on_is_left_alone_too(going_on):
    assert prune(going_on.parent, {"all": "1d", "rows": "1KB"}, 2e9) == []
    for words in ((), ("--from", "1")):
        told = affectstream("runs", "delete", going_on, *words, "--yes", code=2)
        assert "goes on" in told
    assert (going_on / "run.db").exists() and (going_on / "readings.csv").exists()


def test_everything_a_run_leaves_is_taken_with_it(folder):
    for pattern in OURS:
        path = folder / pattern.replace("*", "x")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    affectstream("runs", "delete", folder, "--yes")
    assert not folder.exists()


def test_a_snapshot_is_a_picture(folder):
    (folder / "snapshot-20261128-120000.png").write_bytes(b"x")
    proofs = prune(folder.parent, {"pictures": "1s"}, 2e10)
    assert [list(proof["files"]) for proof in proofs] == [["snapshot-20261128-120000.png"]]
    assert (folder / "run.db").exists()


def store_aged(running, spill, run_id, ages_s, now_s):
    """Store a run whose readings are so old; windows and words fall on the same moments."""
    sink = pg(running, spill, run_id, grace_s=60)
    told = []
    for number, age_s in enumerate(ages_s):
        at = {"t_wall_ns": int((now_s - age_s) * 1e9)}
        told += [reading(25 * number, [person()], **at), window(25 * number)]
        told += [event(25 * number), narration(25 * number)]
    write_all(sink, told)


def left_on(running, run_id):
    return {t: len(pg_rows(running, t, run_id)) for t in ("readings", "windows", "events")}


def test_rows_in_a_server_go_by_age_or_by_run_with_a_proof(folder, server, tmp_path, monkeypatch):  # noqa: F811
    now_s = time.time()
    store_aged(server, tmp_path, "aged", [3 * DAY_S, 2 * DAY_S, 60.0], now_s)
    store_aged(server, tmp_path, "young", [120.0, 60.0], now_s)
    monkeypatch.setenv("AFFECTSTREAM_POSTGRES", server.dsn)
    told = affectstream("runs", "prune", tmp_path / "none", "--keep", "rows=1d", "--server")
    assert "server: aged: windows 4, events 2, narrations 2, readings 2" in told
    assert left_on(server, "aged") == {"readings": 1, "windows": 2, "events": 1}
    assert left_on(server, "young") == {"readings": 2, "windows": 4, "events": 2}
    assert affectstream("runs", "prune", tmp_path, "--keep", "rows=1d", "--server") == ""
    export(Run(folder), "postgres", None)
    told = affectstream("runs", "delete", folder, "--server", "--yes")
    assert "server: deleted windows 240, events 4, narrations 2, readings 128" in told
    assert left_on(server, "run-1") == {"readings": 0, "windows": 0, "events": 0}
    assert pg_rows(server, "run", "run-1") == [] and not folder.exists()
    assert len(pg_rows(server, "run", "young")) == 8
    with closing(psycopg.connect(server.dsn)) as connection:
        proof = connection.execute(
            "SELECT run_id, table_name, row_count, from_s, to_s FROM affectstream.deletions "
            "WHERE table_name = 'readings' AND run_id IN ('aged', 'young')"
        ).fetchall()
    assert proof == [("aged", "readings", 2, 0.0, 1.0)]
    asked = "SELECT table_name, row_count FROM deletions WHERE row_count = 4"
    told = affectstream("query", "aged", asked, "--from", "postgres", "--format", "csv")
    assert told == "table_name,row_count\nwindows,4\n"


def test_a_server_is_pruned_by_age_only_and_a_run_in_it_whole(folder, tmp_path):
    words = ("runs", "prune", tmp_path, "--keep", "rows=1GB", "--server")
    assert "by age" in affectstream(*words, code=2)
    words = ("runs", "delete", folder, "--server", "--from", "1", "--yes")
    assert "whole" in affectstream(*words, code=2)
    away = {"AFFECTSTREAM_POSTGRES": "postgresql://u:CANARY@127.0.0.1:1/x"}
    told = affectstream("runs", "delete", folder, "--server", "--yes", code=5, **away)
    assert "AFFECTSTREAM_POSTGRES" in told and "CANARY" not in told
    assert (folder / "run.db").exists()


def test_parts_of_an_earlier_export_do_not_stay(folder):
    write_all(parquet.build(parquet.Config(part_rows=1), run_info(folder)), list(messages()))
    export(Run(folder), "parquet", None)
    assert len(list((folder / "parquet" / "readings").iterdir())) == 1
