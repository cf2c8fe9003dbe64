import json
import os
import shutil
import stat
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest
import zmq
import zmq.auth
from click.testing import CliRunner
from servers import free_port, wait_for
from sink_messages import body, event, narration, person, reading, run_info, window

from affectstream.sinks import _wire, zmq_pub
from affectstream.stream.cli import main
from affectstream.stream.errors import SinkError, UsageError
from affectstream.stream.messages import End, SourceInfo

ROOT = Path(__file__).resolve().parent.parent
CLIENTS = ROOT / "docs" / "clients"
MESSAGES = [
    reading(0, [person(1, body=body())]),
    reading(1),
    window(25),
    event(26, "spike", 1, before="0.1", after="0.9"),
    narration(50),
]


OPENED = []


def opened(**options):
    options.setdefault("address", "tcp://127.0.0.1:*")
    sink = zmq_pub.build(zmq_pub.Config(**options), run_info())
    OPENED.append(sink)
    sink.open()
    return sink


@pytest.fixture(autouse=True)
def all_closed():
    yield
    while OPENED:
        OPENED.pop().close()


class Listener:
    def __init__(self, address, *topics, keys=None):
        self.context = zmq.Context()
        self.socket = self.context.socket(zmq.SUB)
        if keys is not None:
            server, own = keys
            self.socket.curve_serverkey = zmq.auth.load_certificate(server)[0]
            public, secret = zmq.auth.load_certificate(own)
            self.socket.curve_publickey, self.socket.curve_secretkey = public, secret
        for topic in topics or ("",):
            self.socket.setsockopt_string(zmq.SUBSCRIBE, topic)
        self.socket.connect(address)
        self.got = []

    def take(self):
        while self.socket.poll(0):
            topic, _, payload = self.socket.recv().partition(b" ")
            self.got.append((topic.decode(), payload))
        return self.got

    def envelopes(self):
        return [json.loads(payload) for _, payload in self.got]

    def close(self):
        self.context.destroy(linger=0)


@pytest.fixture
def listening():
    made = []

    def listen(*args, **options):
        made.append(Listener(*args, **options))
        return made[-1]

    yield listen
    for listener in made:
        listener.close()


def joined(sink, listener):
    """Wait until a listener hears the heartbeat."""
    wait_for(lambda: (sink.tick(), listener.take())[1], what="the heartbeat")
    listener.got.clear()


def test_topics_numbers_and_contents(listening):
    sink = opened()
    listener = listening(sink.address)
    joined(sink, listener)
    for message in MESSAGES:
        sink.write(message, None)
    sink.write(End("aggregate"), None)
    sink.close()
    sink.close()
    wait_for(lambda: any(b"ended" in payload for _, payload in listener.take()), what="the end")
    told = [e for e in listener.envelopes() if e["topic"] != _wire.HEARTBEAT_TOPIC]
    assert [(e["topic"], e["seq"]) for e in told] == [
        ("clip/reading", 0),
        ("clip/reading", 1),
        ("clip/window", 0),
        ("clip/event", 0),
        ("clip/narration", 0),
    ]
    assert told[0]["data"]["people"][0]["valence"] == 0.5
    last = listener.envelopes()[-1]["data"]
    assert last["state"] == "ended" and last["seqs"]["clip/reading"] == 1
    assert len({payload for _, payload in listener.got}) == len(listener.got)


def test_the_heartbeat_names_the_cameras_there_are(listening):
    sink = opened()
    sink._run.health.joined = (SourceInfo("yard", "yard.mp4"), SourceInfo("door", "door.mp4"))
    sink._run.health.cameras = {"clip": "running", "yard": "running", "door": "removed"}
    listener = listening(sink.address)
    wait_for(lambda: (sink.tick(), listener.take())[1], what="the heartbeat")
    assert listener.envelopes()[-1]["data"]["sources"] == ["clip", "yard"]
    sink.close()


def test_every_message_follows_the_schema_in_the_docs(listening):
    validator = pytest.importorskip("jsonschema").Draft202012Validator
    sys.path.insert(0, str(ROOT / "scripts"))
    try:
        from update_message_schema import PATH, text
    finally:
        sys.path.remove(str(ROOT / "scripts"))
    assert PATH.read_text() == text(), "run: python scripts/update_message_schema.py"
    schema = validator(json.loads(PATH.read_text()))
    sequence = _wire.Sequence("run-1")
    beat = _wire.Heartbeat(1, "running", ("clip",), {"clip/reading": 3})
    for message in [*MESSAGES, beat]:
        schema.validate(json.loads(msgspec.json.encode(sequence.wrap("clip/x", message))))
    with pytest.raises(Exception, match="is not valid|required"):
        schema.validate({"v": 1, "run": "r", "topic": "t", "seq": 0, "data": {"type": "Other"}})


def test_msgpack_holds_the_same(listening):
    sink = opened(encoding="msgpack", kinds=("window",))
    listener = listening(sink.address, "clip/")
    other = listening(sink.address)
    joined(sink, other)
    sink.write(MESSAGES[0], None)
    sink.write(MESSAGES[2], None)
    sink.close()
    wait_for(listener.take)
    (topic, payload), *more = listener.got
    assert (topic, more) == ("clip/window", [])
    assert msgspec.msgpack.decode(payload, type=_wire.Envelope).data == MESSAGES[2]


def test_a_late_joiner_gets_the_last_value_of_its_topics(listening):
    sink = opened()
    for message in MESSAGES:
        sink.write(message, None)
    late = listening(sink.address, "clip/window", "clip/reading")
    wait_for(lambda: (sink.tick(), len(late.take()) >= 2)[1])
    assert {(e["topic"], e["seq"]) for e in late.envelopes()} == {
        ("clip/window", 0),
        ("clip/reading", 1),
    }
    sink.close()


def test_a_subscriber_that_stalls_harms_nobody(listening):
    sink = opened(capacity=10)
    stalled = listening(sink.address)
    stalled.socket.setsockopt(zmq.RCVHWM, 1)
    good = listening(sink.address)
    joined(sink, good)
    start_s = time.monotonic()
    big = [person(number, body=body()) for number in range(1, 5)]
    for seq in range(3000):
        sink.write(reading(seq, big), None)
        if seq % 5 == 0:
            good.take() if good.socket.poll(200) else None
    assert time.monotonic() - start_s < 60
    seqs = [e["seq"] for e in good.envelopes() if e["topic"] == "clip/reading"]
    assert len(seqs) > 1000 and seqs == sorted(set(seqs))
    sink.close()


@pytest.mark.parametrize(
    ("address", "is_fine"),
    [
        ("tcp://127.0.0.1:5599", True),
        ("tcp://localhost:5599", True),
        ("tcp://[::1]:5599", True),
        ("ipc:///tmp/x", True),
        ("tcp://0.0.0.0:5599", False),
        ("tcp://*:5599", False),
        ("tcp://192.168.1.5:5599", False),
        ("tcp://example.org:5599", False),
        ("tcp://127.0.0.1", False),
        ("udp://127.0.0.1:5599", False),
        ("", False),
        ("tcp://127.0.0.1:port", False),
    ],
)
def test_only_loopback_without_keys(address, is_fine):
    config = zmq_pub.Config(address=address)
    if is_fine:
        zmq_pub.build(config, run_info())
    else:
        with pytest.raises(UsageError, match="zmq_pub"):
            zmq_pub.build(config, run_info())


def test_an_open_address_ends_the_command_with_code_2(tmp_path):
    (tmp_path / "my.yaml").write_text(
        "sinks: [{kind: zmq_pub, address: 'tcp://0.0.0.0:5599'}]\nmodels: {pose: none}\n"
    )
    clip = ROOT / "configs" / "demo.mp4"
    done = CliRunner().invoke(main, ["run", str(clip), "--config", str(tmp_path / "my.yaml")])
    assert done.exit_code == 2
    assert "affectstream keys new" in done.output


@pytest.fixture
def keys(tmp_path):
    folder = tmp_path / "keys"
    for words in ([], ["--client", "wall"], ["--client", "stranger"]):
        done = CliRunner().invoke(main, ["keys", "new", str(folder), *words])
        assert done.exit_code == 0, done.output
        assert "CURVE" not in done.output
    (folder / "clients" / "stranger.key").unlink()
    return folder


def test_keys_are_for_their_owner_alone_and_are_not_overwritten(keys):
    for path in keys.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    again = CliRunner().invoke(main, ["keys", "new", str(keys)])
    assert again.exit_code == 2 and "exists" in again.output
    bad = CliRunner().invoke(main, ["keys", "new", str(keys), "--client", "../x"])
    assert bad.exit_code == 2


def test_only_known_keys_are_let_in_and_refusals_are_counted(keys, listening, caplog):
    sink = opened(keys=keys)
    server = keys / "server.key"
    good = listening(sink.address, keys=(server, keys / "clients" / "wall.key_secret"))
    stranger = listening(sink.address, keys=(server, keys / "clients" / "stranger.key_secret"))
    without = listening(sink.address)
    joined(sink, good)
    wait_for(lambda: (sink.tick(), sink._out.refused >= 2)[1], what="two refusals")
    sink.write(MESSAGES[2], None)
    wait_for(good.take)
    assert stranger.take() == [] and without.take() == []
    assert "refused" in caplog.text
    sink.tick()
    wait_for(
        lambda: any(e["data"].get("refused", 0) >= 2 for e in good.take() and good.envelopes())
    )
    sink.close()


def test_a_taken_address_and_missing_keys_are_told(tmp_path):
    sink = opened()
    with pytest.raises(SinkError, match="zmq_pub: tcp"):
        opened(address=sink.address)
    sink.close()
    with pytest.raises(SinkError, match="zmq_pub"):
        opened(keys=tmp_path)


def test_a_live_ipc_path_is_not_taken_over(tmp_path, listening):
    address = f"ipc://{tmp_path}/pub"
    sink = opened(address=address)
    assert stat.S_IMODE(os.stat(tmp_path / "pub").st_mode) == 0o600
    with pytest.raises(SinkError, match="another run"):
        opened(address=address)
    listener = listening(address)
    joined(sink, listener)
    sink.close()
    opened(address=address).close()


@pytest.mark.parametrize("language", ["python", "python with keys", "node"])
def test_the_clients_of_the_docs_run(language, tmp_path, request):
    if language == "python with keys":
        keys = request.getfixturevalue("keys")
        sink, handed = opened(keys=keys), ("server.key", "clients/wall.key_secret")
    else:
        sink, handed = opened(), ()
    port = sink.address.rpartition(":")[2]
    if language != "node":
        command = [sys.executable, CLIENTS / "listen.py", sink.address, "clip/window"]
        command += [keys / name for name in handed]
    else:
        if shutil.which("node") is None:
            pytest.skip("node is not installed")
        command = ["node", CLIENTS / "listen.js", "127.0.0.1", port, "clip/window"]
    said = tmp_path / "said"
    with open(said, "wb") as file:
        client = subprocess.Popen(command, stdout=file)
    try:
        wait_for(lambda: (sink.tick(), said.read_bytes())[1], what="the client")
        for number in range(300):
            sink.write(window(25 * number, source="clip"), None)
            sink.write(window(25 * number, source="door"), None)
        sink.close()
        client.wait(20)
    finally:
        client.kill()
        client.wait()
    rest = said.read_text()
    lines = [line.split() for line in rest.splitlines()]
    windows = [int(line[1]) for line in lines if line[0] == "clip/window"]
    assert windows == list(range(300))
    assert {line[0] for line in lines} == {"clip/window", "affectstream/heartbeat"}
    assert client.returncode == 0


def test_a_client_that_hears_nothing_says_so():
    address = f"tcp://127.0.0.1:{free_port()}"
    done = subprocess.run(
        [sys.executable, CLIENTS / "listen.py", address], capture_output=True, text=True
    )
    assert done.returncode == 1 and "nobody publishes there" in done.stderr


def test_clients_are_short():
    for path in CLIENTS.iterdir():
        lines = path.read_text().splitlines()
        assert len(lines) <= 30 and max(map(len, lines)) <= 100
