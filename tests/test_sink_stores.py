import ast
import io
import pickle
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from helpers import memory, pipeline, synthetic
from servers import PostgresServer, wait_for
from sink_messages import body, event, narration, person, reading, run_info, span, window, write_all

from affectstream.sinks import parquet, postgres, sqlite
from affectstream.sinks import pickle as pickle_sink
from affectstream.sinks._backlog import Backlog, Courier, Unreachable
from affectstream.sinks._rows import COLUMNS
from affectstream.sinks._schema import schema_text, store_tables
from affectstream.sinks.csv import header, stored_line
from affectstream.sinks.web.store import Store
from affectstream.stream import tables
from affectstream.stream.config import RunConfig
from affectstream.stream.errors import SinkError, UsageError
from affectstream.stream.export import export
from affectstream.stream.runs import Run

ROOT = Path(__file__).resolve().parent.parent
RUN_TABLES = "run sources readings windows events narrations".split()
MESSAGES = [
    reading(0, [person(1, body=body()), person(2)]),
    reading(1),
    reading(2, valid=False, reason="decode_error"),
    event(2, "spike", 1, before="0.1", after="0.9"),
    event(2, "arrival", 2),
    window(25, [span(1), span(0, valence_mean=None)]),
    window(25, [span(1), span(0)], final=True),
    narration(50, text='It\'s 50 % "calm", \\ über\tall.', facts={"people": 2}),
]


def stored(folder, table):
    columns = ", ".join(COLUMNS[table])
    order = ", ".join(store_tables()[table].key)
    with closing(sqlite3.connect(folder / "run.db")) as connection:
        return connection.execute(f"SELECT {columns} FROM {table} ORDER BY {order}").fetchall()


def parts_of(folder, table):
    pq = pytest.importorskip("pyarrow.parquet")
    rows = []
    for part in sorted((folder / "parquet" / table).iterdir()):
        content = pq.read_table(part)
        assert content.column_names == list(COLUMNS[table])
        rows += [tuple(row.values()) for row in content.to_pylist()]
    return rows


class Plain(pickle.Unpickler):
    def find_class(self, module, name):
        raise AssertionError(f"{module}.{name} in a pickle of plain values")


def pickled(folder):
    file = io.BytesIO((folder / "run.pickle").read_bytes())
    found = {name: [] for name in RUN_TABLES}
    while file.tell() < len(file.getvalue()):
        chunk = Plain(file).load()
        assert chunk["columns"] == COLUMNS[chunk["table"]]
        found[chunk["table"]] += chunk["rows"]
    return found


def in_order(table, rows):
    places = [COLUMNS[table].index(name) for name in store_tables()[table].key]
    return sorted(rows, key=lambda row: [row[place] for place in places])


@pytest.fixture(scope="module")
def server():
    pytest.importorskip("psycopg")
    running = PostgresServer()
    yield running
    running.remove()


def pg(server, folder, run_id="run-1", **options):
    config = postgres.Config(dsn=server.dsn, **options)
    run = run_info(folder)
    return postgres.build(config, type(run)(run_id, *list(vars(run).values())[1:]))


def pg_rows(server, table, run_id="run-1"):
    from affectstream.sinks._pg import Postgres

    connection = Postgres(server.dsn, run_id)
    try:
        return connection.rows(table)
    finally:
        connection.close()


def test_the_schema_as_data_is_the_schema_of_sqlite():
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(schema_text())
        for table in store_tables().values():
            info = connection.execute(f"PRAGMA table_info({table.name})").fetchall()
            found = [(row[1], row[2], bool(row[3] or row[5])) for row in info]
            assert [(c.name, c.type, c.is_required) for c in table.columns] == found
            keys = [row[1] for row in sorted(info, key=lambda row: row[5]) if row[5]]
            assert list(table.key) == keys
        for table, columns in COLUMNS.items():
            assert tuple(c.name for c in store_tables()[table].columns) == columns


def test_a_store_of_version_1_is_read_and_brought_up(tmp_path):
    write_all(sqlite.build(sqlite.Config(), run_info(tmp_path)), MESSAGES)
    with closing(sqlite3.connect(tmp_path / "run.db")) as old:
        old.executescript(
            "DROP TABLE deletions; ALTER TABLE readings DROP gesture_energy;"
            "ALTER TABLE readings DROP mouth_lift;"
            "PRAGMA user_version = 1;"
        )
    before = Run(tmp_path).readings()
    assert len(before) == 4 and before[["gesture_energy", "mouth_lift"]].isna().all(axis=None)
    kept = Store(tmp_path / "run.db")
    assert kept.meta()["keypoint_layout"] == "blazepose33"
    assert [one["seq"] for one in kept.readings("clip", 0, 10)] == [0, 1, 2]
    assert kept.history("clip", 0, 10)["windows"]
    assert export(Run(tmp_path), "json", tmp_path)["readings"] == 4
    sqlite.write_ledger(tmp_path / "run.db", [("source", "clip", "captured", 3)])
    with closing(sqlite3.connect(tmp_path / "run.db")) as brought:
        assert brought.execute("PRAGMA user_version").fetchone() == (tables.SCHEMA_VERSION,)
        assert brought.execute("SELECT count(*) FROM deletions").fetchone() == (0,)
    assert Run(tmp_path).readings().equals(before)
    assert [row[1] for row in stored(tmp_path, "readings")] == [0, 0, 1, 2]


def test_all_stores_hold_the_same_rows(server, tmp_path):
    run = run_info(tmp_path)
    write_all(sqlite.build(sqlite.Config(), run), MESSAGES)
    write_all(parquet.build(parquet.Config(part_rows=2), run), MESSAGES)
    write_all(pickle_sink.build(pickle_sink.Config(), run), MESSAGES)
    write_all(pg(server, tmp_path), MESSAGES)
    loaded = pickled(tmp_path)
    for table in RUN_TABLES:
        rows = stored(tmp_path, table)
        assert rows
        assert in_order(table, parts_of(tmp_path, table)) == rows
        assert in_order(table, loaded[table]) == rows
        assert pg_rows(server, table) == rows


def test_a_whole_run_is_the_same_in_all_stores(server, tmp_path):
    config = {"dsn": server.dsn}
    made = pipeline(
        [synthetic(frames=60)],
        out=tmp_path / "run",
        sinks=[{"kind": "parquet"}, {"kind": "pickle"}, {"kind": "postgres", **config}],
    )
    made.start().join()
    folder = tmp_path / "run"
    for table in RUN_TABLES:
        rows = stored(folder, table)
        assert rows or table in ("events", "narrations")
        assert in_order(table, parts_of(folder, table)) == rows
        assert in_order(table, pickled(folder)[table]) == rows
        assert pg_rows(server, table, made.run.run_id) == rows
        if table in ("readings", "windows", "events"):
            layout = made.run.keypoint_layout
            lines = sorted(stored_line(table, row, layout) for row in rows)
            text = (folder / f"{table}.csv").read_text()
            assert sorted(text.removeprefix(header(table, layout)).splitlines(True)) == lines
    assert not (folder / "postgres.spill").exists()
    said = "".join(p.read_bytes().decode("latin1") for p in folder.rglob("*") if p.is_file())
    assert "CANARY" not in said


def test_a_killed_server_leaves_the_run_and_its_other_sinks_alone(server, tmp_path):
    options = {"dsn": server.dsn, "batch_rows": 10, "grace_s": 60}
    gate = memory(held=True)
    made = pipeline(
        [synthetic(frames=400)],
        ("gate", gate),
        out=tmp_path / "run",
        sinks=[{"kind": "parquet"}, {"kind": "postgres", **options}],
    )
    made.start()
    run_id, folder = made.run.run_id, tmp_path / "run"
    try:
        wait_for(lambda: pg_rows(server, "run", run_id), what="the first rows")
        server.kill()
        gate.release()
        lines = folder / "readings.csv"
        wait_for(
            lambda: len(lines.read_text().splitlines()) > 300,
            what="the rows of the run",
            timeout_s=60,
        )
    finally:
        gate.release()
        server.start()
        server.wait_ready()
    summary = made.join()
    folder, run_id = tmp_path / "run", made.run.run_id
    assert summary.status == "done"
    assert len(lines.read_text().splitlines()) == 1 + 2 * 400
    for table in RUN_TABLES:
        rows = stored(folder, table)
        assert in_order(table, parts_of(folder, table)) == rows
        assert pg_rows(server, table, run_id) == rows
    for scope, counts in summary.ledger.items():
        if scope.startswith("sink:"):
            assert (counts["offered"], counts["pending"]) == (counts["written"], 0)


def test_units_travel_with_the_columns(server, tmp_path):
    import psycopg

    write_all(parquet.build(parquet.Config(), run_info(tmp_path)), MESSAGES)
    pq = pytest.importorskip("pyarrow.parquet")
    schema = pq.read_schema(tmp_path / "parquet/readings/readings-000001.parquet")
    assert schema.field("movement").metadata == {b"meaning": b"torso lengths per second"}
    assert schema.metadata[b"schema_version"] == str(tables.SCHEMA_VERSION).encode()
    write_all(pg(server, tmp_path, "units"), MESSAGES)
    with psycopg.connect(server.dsn) as connection:
        said = connection.execute(
            "SELECT col_description('affectstream.readings'::regclass, attnum) FROM pg_attribute "
            "WHERE attrelid = 'affectstream.readings'::regclass AND attname = 'movement'"
        ).fetchone()
    assert said == ("torso lengths per second",)


def test_a_part_is_rolled_by_rows_and_by_time(tmp_path):
    pytest.importorskip("pyarrow")
    clock = [0.0]
    config = parquet.Config(part_s=10, part_rows=3)
    sink = parquet.ParquetSink(config, run_info(tmp_path), now=lambda: clock[0])
    sink.open()
    names = lambda: sorted(p.name for p in (tmp_path / "parquet/readings").iterdir())  # noqa: E731
    for seq in range(4):
        sink.write(reading(seq), None)
    assert names() == ["readings-000001.parquet"]
    clock[0] = 9.9
    sink.tick()
    assert len(names()) == 1
    clock[0] = 10.0
    sink.tick()
    assert names() == ["readings-000001.parquet", "readings-000002.parquet"]
    sink.close()
    sink.close()
    assert [row[1] for row in parts_of(tmp_path, "readings")] == [0, 1, 2, 3]


CHILD = """
import os, signal, sys
sys.path.insert(0, sys.argv[2])
from sink_messages import person, reading, run_info
from affectstream.sinks import parquet, pickle
sinks = [
    parquet.build(parquet.Config(part_rows=40), run_info(sys.argv[1])),
    pickle.build(pickle.Config(), run_info(sys.argv[1])),
]
for sink in sinks:
    sink.open()
    for seq in range(100):
        sink.write(reading(seq, [person()]), None)
    sink.tick()
    sink.write(reading(100), None)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_is_visible_after_a_kill_is_complete(tmp_path):
    pytest.importorskip("pyarrow")
    arguments = [sys.executable, "-c", CHILD, str(tmp_path), str(Path(__file__).parent)]
    assert subprocess.run(arguments, check=False).returncode == -signal.SIGKILL
    assert [row[1] for row in parts_of(tmp_path, "readings")] == list(range(80))
    assert [row[1] for row in pickled(tmp_path)["readings"]] == list(range(100))


def test_no_pickle_is_ever_loaded():
    for path in (p for room in ("stream", "models", "sinks") for p in (ROOT / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute):
                assert node.attr not in ("Unpickler", "recv_pyobj", "send_pyobj"), path
                owner = getattr(node.value, "id", "")
                assert (owner, node.attr) not in (("pickle", "load"), ("pickle", "loads")), path
            elif isinstance(node, ast.ImportFrom):
                assert node.module != "pickle", path


@pytest.mark.parametrize("module", [parquet, pickle_sink, postgres])
def test_a_folder_is_needed(module):
    if module is not pickle_sink:
        pytest.importorskip("pyarrow" if module is parquet else "psycopg")
    with pytest.raises(UsageError, match="--out"):
        module.build(module.Config(), run_info(None))


def test_a_killed_server_costs_no_row_and_doubles_none(server, tmp_path):
    sink = pg(server, tmp_path, "killed", batch_rows=5, grace_s=300)
    sink.open()
    for seq in range(50):
        sink.write(reading(seq, [person()]), None)
    wait_for(lambda: len(pg_rows(server, "readings", "killed")) >= 20)
    server.kill()
    for seq in range(50, 2000):
        sink.write(reading(seq, [person()]), None)
    assert (tmp_path / "postgres.spill").exists()
    server.start()
    server.wait_ready()
    for seq in range(2000, 2100):
        sink.write(reading(seq, [person()]), None)
    sink.close()
    assert [row[1] for row in pg_rows(server, "readings", "killed")] == list(range(2100))
    assert not (tmp_path / "postgres.spill").exists()


def test_a_server_that_stands_still_holds_nobody_up(server, tmp_path):
    sink = pg(server, tmp_path, "frozen", batch_rows=5, grace_s=300)
    sink.open()
    server.freeze()
    try:
        for seq in range(1000):
            sink.write(reading(seq), None)
        sink.tick()
    finally:
        server.freeze(False)
    sink.close()
    assert len(pg_rows(server, "readings", "frozen")) == 1000


def test_a_server_that_stays_away_is_told_with_the_remedy(server, tmp_path):
    sink = pg(server, tmp_path, "away", batch_rows=1, grace_s=0.1)
    sink.open()
    server.kill()
    try:
        for seq in range(200):
            sink.write(reading(seq), None)
        with pytest.raises(SinkError, match="runs export RUN --to postgres"):
            sink.close()
        sink.close()
    finally:
        server.start()
        server.wait_ready()


@pytest.mark.parametrize(
    ("dsn", "words"),
    [
        ("postgresql://tester:CANARY@127.0.0.1:{port}/postgres", "password authentication"),
        ("postgresql://tester:CANARY-pass@127.0.0.1:{port}/nobase", "does not exist"),
        ("postgresql://tester:CANARY@127.0.0.1:1/postgres", "refused"),
    ],
)
def test_a_wrong_address_is_told_and_tried_again(server, tmp_path, dsn, words, caplog):
    """A monitor that comes up before its database cannot tell a wrong word from an early one."""
    config = postgres.Config(dsn=dsn.format(port=server.port), grace_s=0.1)
    run = run_info(tmp_path)
    sink = postgres.build(config, run)
    sink.open()
    sink.write(reading(0), None)
    sink.tick()
    wait_for(lambda: words in run.health.servers.get("postgres", ""))
    with pytest.raises(SinkError, match="runs export RUN --to postgres"):
        sink.close()
    assert words in caplog.text and "what comes meanwhile waits" in caplog.text
    assert "CANARY" not in caplog.text + repr(config)


def test_a_connection_text_that_is_none_is_told_at_once(tmp_path):
    pytest.importorskip("psycopg")
    config = postgres.Config(dsn="postgres//CANARY:x")
    with pytest.raises(SinkError, match="cannot be read") as caught:
        postgres.build(config, run_info(tmp_path))
    assert "CANARY" not in str(caught.value)


def test_a_server_that_comes_after_the_run_gets_every_row_once(server, tmp_path, caplog):
    run = replace(run_info(tmp_path), run_id="early")
    server.kill()
    sink = postgres.build(postgres.Config(dsn=server.dsn, batch_rows=5, grace_s=60), run)
    try:
        sink.open()
        for seq in range(1000):
            sink.write(reading(seq, [person()]), None)
        wait_for(lambda: run.health.servers.get("postgres"))
    finally:
        server.start()
        server.wait_ready()
    for seq in range(1000, 1100):
        sink.write(reading(seq, [person()]), None)
    sink.close()
    assert [row[1] for row in pg_rows(server, "readings", "early")] == list(range(1100))
    assert run.health.servers == {"postgres": ""} and "reachable again" in caplog.text
    assert not (tmp_path / "postgres.spill").exists()


def test_a_later_schema_in_the_server_is_refused(server, tmp_path):
    import psycopg

    write_all(pg(server, tmp_path, "later"), [])
    with psycopg.connect(server.dsn) as connection:
        connection.execute("INSERT INTO affectstream.schema_version VALUES (99)")
    try:
        sink = pg(server, tmp_path, "later")
        sink.open()

        with pytest.raises(SinkError, match="schema 99"):
            wait_for(sink.tick)
        with pytest.raises(SinkError, match="schema 99"):
            sink.close()
    finally:
        with psycopg.connect(server.dsn) as connection:
            connection.execute("DELETE FROM affectstream.schema_version WHERE version = 99")


def test_a_server_of_version_1_gets_what_it_lacks(server, tmp_path):
    import psycopg

    write_all(pg(server, tmp_path, "old"), MESSAGES)
    with psycopg.connect(server.dsn) as connection:
        connection.execute("DROP TABLE affectstream.deletions")
        connection.execute("ALTER TABLE affectstream.readings DROP COLUMN gesture_energy")
        connection.execute("DELETE FROM affectstream.schema_version WHERE version > 1")
    write_all(pg(server, tmp_path, "old"), MESSAGES)
    with psycopg.connect(server.dsn) as connection:
        assert connection.execute("SELECT count(*) FROM affectstream.deletions").fetchone() == (0,)
    assert len(pg_rows(server, "readings", "old")) == 4


def test_a_backlog_keeps_order_through_the_disk_and_has_a_limit(tmp_path):
    backlog = Backlog(tmp_path / "spill", in_memory=3, limit_bytes=50)
    sent = [b"%05d" % number for number in range(13)]
    assert all(backlog.put(payload) for payload in sent)
    assert not backlog.put(b"too much")
    got = []
    while (payload := backlog.first(0)) is not None:
        got.append(payload)
        backlog.drop_first()
    assert got == sent
    assert backlog.put(b"room again")
    backlog.drop_first()
    backlog.close()
    assert not (tmp_path / "spill").exists()


def test_a_courier_asks_again_and_stops_at_a_refusal(tmp_path):
    answers = [Unreachable("away"), None, ValueError("bad rows")]
    tried = []

    def send(payload):
        tried.append(payload)
        if (answer := answers.pop(0)) is not None:
            raise answer

    backlog = Backlog(tmp_path / "spill")
    courier = Courier("test", backlog, send)
    backlog.put(b"a")
    backlog.put(b"b")
    wait_for(lambda: courier.error)
    assert courier.close(1) == 1
    assert tried == [b"a", b"a", b"b"]


def test_secrets_of_sinks_are_not_in_the_record_of_a_run():
    from affectstream.stream.prepare import shown

    config = RunConfig(sinks=[{"kind": "postgres", "dsn": "postgresql://a:CANARY@h/d"}, "csv"])
    assert "CANARY" not in str(shown(config))
    assert shown(config)["sinks"][0]["kind"] == "postgres"
