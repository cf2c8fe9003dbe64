import json
import re
import socket
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
import yaml
from helpers import memory, pipeline, synthetic
from servers import Server, binary, free_port, wait_for
from sink_messages import event, narration, person, reading, run_info, span, window

from affectstream.sinks import prometheus
from affectstream.stream.errors import SinkError, UsageError
from affectstream.stream.ledger import BUCKETS_S, Timings
from affectstream.stream.messages import SourceInfo

SERVICE = Path(__file__).resolve().parent.parent / "docs" / "service"
pytest.importorskip("prometheus_client")


def get(port, path, token=None, method="GET"):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", method=method)
    if token is not None:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def samples(text):
    found = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            name, value = line.rsplit(" ", 1)
            found[name] = float(value)
    return found


@pytest.fixture
def opened():
    made = []

    def make(run=None, now=lambda: 100.0, **options):
        config = prometheus.Config(port=0, **options)
        sink = prometheus.PrometheusSink(config, run or run_info(), now)
        sink.open()
        made.append(sink)
        return sink

    yield make
    for sink in made:
        sink.close()
        sink.close()


def test_what_was_delivered_can_be_asked(opened):
    clock = [100.0]
    sink = opened(now=lambda: clock[0])
    for message in (
        reading(0, [person()]),
        reading(1),
        window(25, [span(1), span(0, valence_mean=-0.25, people_mean=2.0)]),
        event(26, "arrival", 2),
        event(27, "spike", 2),
        event(28, "arrival", 3),
        narration(50),
    ):
        sink.write(message, None)
    clock[0] = 103.5
    sink.tick()
    found = samples(get(sink.port, "/metrics")[1])
    assert found['affectstream_readings_total{source="clip"}'] == 2
    assert found['affectstream_events_total{kind="arrival",source="clip"}'] == 2
    assert found['affectstream_narrations_total{source="clip"}'] == 1
    assert found['affectstream_valence{source="clip"}'] == -0.25
    assert found['affectstream_people{source="clip"}'] == 2
    assert found['affectstream_quadrant{quadrant="excited",source="clip"}'] == 1
    assert found['affectstream_quadrant{quadrant="sad",source="clip"}'] == 0
    assert found['affectstream_reading_silence_seconds{source="clip"}'] == 3.5
    assert found['affectstream_run_info{live="false",run="run-1"}'] == 1


def test_what_was_not_measured_is_absent(opened):
    sink = opened()
    sink.write(window(25, [span(0, valence_mean=None)]), None)
    found = samples(get(sink.port, "/metrics")[1])
    assert not any(name.startswith("affectstream_valence") for name in found)
    assert not any("silence" in name for name in found)


def test_ledger_and_steps_of_a_run_are_told(opened):
    run = run_info()
    timings = Timings()
    for duration_ms in (2.0, 20.0, 20.0, 60_000.0):
        timings.add("write", duration_ms)
    counts = {
        "source:clip": {"captured": 10, "inferred": 7, "overwritten": 2, "in_flight": 1},
        "sink:csv": {"offered": 5, "written": 5, "pending": 0},
    }
    run.health.take(counts, "sink-csv", {"cpu_s": 1.5}, timings.cumulative())
    found = samples(get(opened(run).port, "/metrics")[1])
    assert found['affectstream_frames_total{fate="overwritten",source="clip"}'] == 2
    assert found['affectstream_frames_in_flight{source="clip"}'] == 1
    assert found['affectstream_messages_total{fate="written",sink="csv"}'] == 5
    assert found['affectstream_cpu_seconds_total{stage="sink-csv"}'] == 1.5
    name = 'affectstream_step_seconds_bucket{le="%s",stage="sink-csv",step="write"}'
    wanted = {"0.001": 0, "0.0025": 1, "0.025": 3, "10.0": 3, "+Inf": 4}
    assert {edge: found[name % edge] for edge in wanted} == wanted
    total = found['affectstream_step_seconds_sum{stage="sink-csv",step="write"}']
    assert total == pytest.approx(60.042)
    assert sorted(BUCKETS_S) == list(BUCKETS_S)


def test_health_and_readiness(opened):
    run = run_info(sources=("clip", "door"))
    sink = opened(run)
    assert get(sink.port, "/health")[0] == 200
    sink.write(reading(0), None)
    status, text = get(sink.port, "/ready")
    assert (status, json.loads(text)["waiting_for"]) == (503, ["door"])
    sink.write(reading(0, source="door"), None)
    assert get(sink.port, "/ready")[0] == 200
    run.health.heard_s = 0.001
    status, text = get(sink.port, "/health")
    assert (status, json.loads(text)["healthy"]) == (503, False)


def test_cameras_that_come_go_and_are_lost(opened):
    run = run_info(sources=("clip", "door"), is_live=True)
    sink = opened(run)
    run.health.joined = (SourceInfo("yard", "yard.mp4"),)
    run.health.cameras = {"clip": "running", "door": "off", "yard": "running"}
    for source in ("clip", "yard"):
        sink.write(reading(0, source=source), None)
        sink.write(window(25, source=source), None)
    assert get(sink.port, "/ready")[0] == 200

    def found(name):
        told = samples(get(sink.port, "/metrics")[1])
        return {
            s: told.get(f'affectstream_{name}{{source="{s}"}}') for s in ("clip", "door", "yard")
        }

    assert found("valence") == {"clip": 0.4, "door": None, "yard": 0.4}
    assert found("source_up") == {"clip": 1, "door": 0, "yard": 1}
    sink.write(event(30, "source_state", 0, before="playing", after="stalled"), None)
    assert found("valence") == {"clip": None, "door": None, "yard": 0.4}
    assert found("source_up")["clip"] == 0
    sink.write(event(40, "source_state", 0, before="stalled", after="playing"), None)
    run.health.cameras |= {"yard": "removed"}
    assert found("source_up") == {"clip": 1, "door": 0, "yard": None}
    assert found("readings_total")["yard"] is None


def test_it_listens_on_loopback_of_version_6(opened):
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            pytest.skip("this machine has no ::1")
    sink = opened(address="::1")
    with socket.create_connection(("::1", sink.port), timeout=5):
        pass


def test_other_paths_methods_and_the_token(opened):
    sink = opened(token="CANARY-token")
    assert get(sink.port, "/metrics")[0] == 401
    assert get(sink.port, "/metrics", "wrong")[0] == 401
    assert get(sink.port, "/metrics", "CANARY-token")[0] == 200
    assert get(sink.port, "/health")[0] == 200
    assert get(sink.port, "/etc/passwd")[0] == 404
    assert get(sink.port, "/metrics", "CANARY-token", "POST")[0] == 405
    everything = get(sink.port, "/metrics", "CANARY-token")[1] + repr(sink._config)
    assert "CANARY" not in everything


@pytest.mark.parametrize("address", ["0.0.0.0", "192.168.1.2", "::", "example.org", ""])
def test_an_open_address_needs_a_token(address):
    with pytest.raises(UsageError, match="token"):
        prometheus.build(prometheus.Config(address=address), run_info())
    prometheus.build(prometheus.Config(address=address, token="x"), run_info())


def test_a_taken_port_is_told(opened):
    taken = opened().port
    with pytest.raises(SinkError, match=str(taken)):
        prometheus.build(prometheus.Config(port=taken), run_info()).open()


def test_a_run_feeds_its_metrics():
    port = free_port()
    held = memory(held=True)
    made = pipeline(
        [synthetic(frames=200)], ("held", held), sinks=[{"kind": "prometheus", "port": port}]
    )
    made.start()
    try:

        def measured():
            found = samples(get(port, "/metrics")[1])
            return found.get('affectstream_frames_total{fate="inferred",source="made"}')

        assert wait_for(measured) > 0
        assert get(port, "/health")[0] == 200
    finally:
        held.release()
        made.stop()
        made.join()


def queries(board):
    for panel in board["panels"]:
        for target in panel["targets"]:
            yield (
                panel["title"],
                target["expr"].replace("$source", ".*").replace("$__rate_interval", "5s"),
            )


def test_every_query_of_the_board_has_data_in_a_real_prometheus(opened, tmp_path):
    program = binary("prometheus")
    run = run_info(is_live=True)
    run = type(run)(**{**vars(run), "models": {"face": {"name": "f", "sha256": {"a": "0" * 64}}}})
    sink = opened(run)
    timings = Timings()
    config = yaml.safe_load((SERVICE / "prometheus.yml").read_text())
    config["global"]["scrape_interval"] = "300ms"
    config["scrape_configs"][0]["static_configs"][0]["targets"] = [f"127.0.0.1:{sink.port}"]
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(config))
    port = free_port()
    server = Server(
        [program, f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/db"]
        + [f"--web.listen-address=127.0.0.1:{port}"],
        port,
    )
    board = json.loads((SERVICE / "grafana-board.json").read_text())
    empty = dict(queries(board))
    assert len(empty) == len(board["panels"]) >= 12
    seq = [0]

    def all_answered():
        seq[0] += 1
        timings.add("write", 3.0)
        counts = {
            "source:clip": {"captured": seq[0], "inferred": seq[0], "in_flight": 0},
            "sink:csv": {"written": seq[0]},
        }
        run.health.take(counts, "sink-csv", {"cpu_s": seq[0] / 100}, timings.cumulative())
        sink.write(reading(seq[0], t_mono_ns=time.monotonic_ns()), None)
        sink.write(window(seq[0], [span(0, people_mean=1.0)]), None)
        for title, query in list(empty.items()):
            words = urllib.parse.urlencode({"query": query})
            status, text = get(port, f"/api/v1/query?{words}")
            result = json.loads(text)["data"]["result"] if status == 200 else []
            if any(sample["value"][1] != "NaN" for sample in result):
                del empty[title]
        return not empty

    def scraped():
        words = urllib.parse.urlencode({"query": 'affectstream_readings_total{source="clip"}'})
        status, text = get(port, f"/api/v1/query?{words}")
        result = json.loads(text)["data"]["result"] if status == 200 else []
        return bool(result) and float(result[0]["value"][1]) == seq[0]

    try:
        wait_for(all_answered, timeout_s=60, what=f"data for {list(empty)}")
        server.kill()
        assert get(sink.port, "/metrics")[0] == 200
        sink.write(reading(seq[0]), None)
        seq[0] += 1
        server.start()
        wait_for(scraped, timeout_s=60, what="the count that grew while Prometheus was away")
    finally:
        server.kill()


def test_every_metric_of_the_board_is_one_we_make(opened):
    run = run_info()
    board = json.loads((SERVICE / "grafana-board.json").read_text())
    told = get(opened(run).port, "/metrics")[1]
    made = set(re.findall(r"# TYPE (\w+)", told))
    for _, query in queries(board):
        for name in re.findall(r"affectstream_\w+", query):
            assert {name, name.removesuffix("_bucket")} & made, name
