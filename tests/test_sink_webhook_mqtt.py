import json
import threading

import pytest
from servers import MosquittoServer, wait_for
from sink_messages import event, narration, reading, run_info, span, window, write_all
from test_sink_alerts import receiver  # noqa: F401

from affectstream.sinks import mqtt, webhook
from affectstream.sinks._mqtt import MqttLink
from affectstream.stream.errors import UsageError
from affectstream.stream.messages import SourceInfo

MESSAGES = [
    reading(0),
    window(25, [span(1), span(0, people_mean=1.5)]),
    event(26, "arrival", 2),
    narration(50, text="word " * 100),
]


# Webhook


def hook(folder, url, **options):
    return webhook.build(webhook.Config(url=url, **options), run_info(folder))


def test_events_and_narrations_are_posted_in_order_with_an_identity(tmp_path, receiver):  # noqa: F811
    web = receiver()
    write_all(hook(tmp_path, web.url, secret="CANARY"), [*MESSAGES, event(27, "arrival", 3)])
    bodies = [json.loads(body) for _, body in web.got]
    assert [(b["topic"], b["seq"]) for b in bodies] == [
        ("clip/event", 0),
        ("clip/narration", 0),
        ("clip/event", 1),
    ]
    assert [headers["Idempotency-Key"] for headers, _ in web.got] == [
        "run-1-clip/event-0",
        "run-1-clip/narration-0",
        "run-1-clip/event-1",
    ]
    assert all("CANARY" not in str(got) for got in web.got)
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_fails_is_asked_again_with_the_same_identity(tmp_path, receiver, caplog):  # noqa: F811
    web = receiver(503, 404)
    sink = hook(tmp_path, web.url, grace_s=20)
    write_all(sink, MESSAGES)
    keys = [headers["Idempotency-Key"] for headers, _ in web.got]
    assert keys == ["run-1-clip/event-0"] * 2 + ["run-1-clip/narration-0"]
    assert sink.refused == 1 and "1 refused" in caplog.text
    assert "CANARY" not in caplog.text


def test_a_server_that_is_away_holds_nobody_up_and_leaves_no_file(tmp_path, caplog):
    sink = hook(tmp_path, "http://127.0.0.1:1/", grace_s=0)
    write_all(sink, [event(n, "arrival", n) for n in range(500)])
    assert "500 not sent" in caplog.text
    assert list(tmp_path.iterdir()) == []


def test_without_a_folder_it_works_too(receiver):  # noqa: F811
    web = receiver()
    write_all(hook(None, web.url), MESSAGES)
    assert len(web.got) == 2


def test_plain_http_to_others_must_be_allowed(tmp_path):
    with pytest.raises(UsageError, match="allow_http") as caught:
        hook(tmp_path, "http://example.org/CANARY")
    assert "CANARY" not in str(caught.value)
    hook(tmp_path, "http://example.org/CANARY", allow_http=True)


# MQTT


class Hearing:
    """A client that keeps the last message of every topic, and all in order."""

    def __init__(self, server, clean=True):
        paho = pytest.importorskip("paho.mqtt.client")
        self.last, self.all = {}, []
        self.ready = threading.Event()
        self.client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        self.client.on_connect = lambda c, *_: c.subscribe("#", qos=1)
        self.client.on_subscribe = lambda *_: self.ready.set()
        self.client.on_message = self.take
        self.client.connect("127.0.0.1", server.port)
        self.client.loop_start()
        assert self.ready.wait(10)

    def take(self, client, data, message):
        self.last[message.topic] = message.payload.decode()
        self.all.append(message.topic)

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture(scope="module")
def broker():
    pytest.importorskip("paho.mqtt.client")
    running = MosquittoServer()
    yield running
    running.kill()


@pytest.fixture
def hearing(broker):
    made = Hearing(broker)
    yield made
    made.close()


def sink_to(broker, **options):
    return mqtt.build(mqtt.Config(port=broker.port, **options), run_info(sources=("clip", "door")))


def test_states_events_and_narrations(broker, hearing):
    sink = sink_to(broker)
    sink.open()
    wait_for(lambda: hearing.last.get("affectstream/status") == "online")
    for message in MESSAGES:
        sink.write(message, None)
    wait_for(lambda: "affectstream/clip/narration" in hearing.last)
    state = json.loads(hearing.last["affectstream/clip/state"])
    assert state == {
        "timestamp": 1.0,
        "valence": 0.4,
        "arousal": 0.2,
        "quadrant": "excited",
        "people": 1.5,
    }
    assert json.loads(hearing.last["affectstream/clip/event"])["kind"] == "arrival"
    sink.close()
    sink.close()
    wait_for(lambda: hearing.last["affectstream/status"] == "offline")


def test_home_assistant_finds_every_sensor_of_every_camera(broker, hearing):
    sink = sink_to(broker, base="home/affect")
    sink.open()
    configs = wait_for(
        lambda: (
            sink.tick()
            or len(
                c := {
                    t: json.loads(p)
                    for t, p in hearing.last.items()
                    if t.endswith("config") and "home/affect" in p
                }
            )
            == 10
            and c
        )  # fmt: skip
    )
    sink.close()
    names = {t.split("/")[2] + "/" + t.split("/")[3] for t in configs}
    assert "affectstream_door/quadrant" in names
    assert len({c["unique_id"] for c in configs.values()}) == 10
    for topic, config in configs.items():
        assert topic.startswith("homeassistant/sensor/affectstream_")
        source, field = topic.split("/")[2].removeprefix("affectstream_"), topic.split("/")[3]
        topics = [one["topic"] for one in config["availability"]]
        assert topics == ["home/affect/status", f"home/affect/{source}/status"]
        assert config["availability_mode"] == "all"
        if field == "narration":
            assert "[:255]" in config["value_template"]
        else:
            assert config["value_template"] == f"{{{{ value_json.{field} }}}}"
            assert config["state_topic"].endswith("/state")


def test_a_camera_that_is_lost_paused_or_joins_is_told(broker, hearing):
    run = run_info(sources=("clip", "door"), is_live=True)
    sink = mqtt.build(mqtt.Config(port=broker.port, base="yard"), run)
    sink.open()

    def told(**wanted):
        def agrees():
            sink.tick()
            return all(hearing.last.get(f"yard/{k}/status") == v for k, v in wanted.items())

        wait_for(agrees, what=str(wanted))

    told(clip="online", door="online")
    sink.write(event(5, "source_state", 0, source="door", before="playing", after="stalled"), None)
    told(clip="online", door="offline")
    sink.write(event(9, "source_state", 0, source="door", before="stalled", after="playing"), None)
    told(clip="online", door="online")
    yard = SourceInfo("yard", "yard.mp4")
    run.health.joined = (yard,)
    run.health.cameras = {"clip": "paused", "door": "running", "yard": "running"}
    told(clip="offline", door="online", yard="online")
    introduced = "homeassistant/sensor/affectstream_yard/valence/config"
    wait_for(lambda: hearing.last.get(introduced))
    sink.write(window(25, source="yard"), None)
    run.health.cameras = {"clip": "running", "door": "failed", "yard": "removed"}
    told(clip="online", door="offline", yard="")
    wait_for(lambda: hearing.last[introduced] == "" and hearing.last["yard/yard/state"] == "")
    sink.close()


def test_a_state_is_retained_for_who_comes_later(broker):
    sink = sink_to(broker)
    sink.open()
    sink.write(MESSAGES[1], None)
    sink.close()
    later = Hearing(broker)
    wait_for(lambda: "affectstream/clip/state" in later.last)
    assert later.last["affectstream/status"] == "offline"
    later.close()


def test_a_process_that_dies_is_reported_by_the_last_will(broker, hearing):
    sink = sink_to(broker)
    sink.open()
    wait_for(lambda: hearing.last.get("affectstream/status") == "online")
    hearing.last.clear()
    sink._link._client._sock_close()
    wait_for(lambda: hearing.last.get("affectstream/status") == "offline")
    sink.close()


def test_a_broker_that_comes_back_is_told_everything_again():
    pytest.importorskip("paho.mqtt.client")
    server = MosquittoServer()
    sink = sink_to(server)
    sink.open()
    server.kill()
    for message in MESSAGES * 50:
        sink.write(message, None)
    server.start()
    hearing = Hearing(server)

    def told():
        sink.tick()
        sink.write(MESSAGES[1], None)
        return (
            "affectstream/clip/state" in hearing.last
            and hearing.last.get("affectstream/status") == "online"
            and sum(topic.endswith("config") for topic in hearing.last) == 10
        )

    try:
        wait_for(told)
        assert hearing.all.count("affectstream/clip/narration") == 0
    finally:
        sink.close()
        hearing.close()
        server.kill()


def test_a_broker_that_comes_after_the_run_is_waited_for(caplog):
    pytest.importorskip("paho.mqtt.client")
    server = MosquittoServer()
    server.kill()
    run = run_info()
    config = mqtt.Config(port=server.port, password="CANARY", username="u")
    sink = mqtt.build(config, run)
    sink.open()
    hearing = None

    def is_away():
        sink.write(MESSAGES[1], None)
        sink.tick()
        return "cannot be reached" in run.health.servers.get("mqtt", "")

    def is_there():
        sink.tick()
        sink.write(MESSAGES[1], None)
        return (
            run.health.servers["mqtt"] == ""
            and "affectstream/clip/state" in hearing.last
            and sum(topic.endswith("config") for topic in hearing.last) == 5
        )

    try:
        wait_for(is_away)
        server.start()
        hearing = Hearing(server)
        wait_for(is_there)
    finally:
        sink.close()
        if hearing is not None:
            hearing.close()
        server.kill()
    assert f"mqtt: 127.0.0.1:{server.port}: the broker cannot be reached" in caplog.text
    assert f"mqtt: 127.0.0.1:{server.port}: reachable" in caplog.text
    assert "CANARY" not in caplog.text + repr(config)


def test_a_run_whose_broker_never_comes_ends_all_the_same():
    pytest.importorskip("paho.mqtt.client")
    sink = mqtt.build(mqtt.Config(port=1), run_info())
    sink.open()
    sink.tick()
    sink.close()
    sink.close()


@pytest.mark.parametrize("options", [{"base": "a/#"}, {"base": ""}, {"discovery": "a +"}])
def test_wrong_topics_are_refused(options):
    with pytest.raises(ValueError, match="topic"):
        mqtt.Config(**options)


def test_closing_a_link_that_never_connected_does_nothing():
    pytest.importorskip("paho.mqtt.client")
    MqttLink(mqtt.Config(), "x").close()
