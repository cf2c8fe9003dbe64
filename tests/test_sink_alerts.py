import hashlib
import hmac
import json
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner
from servers import MosquittoServer, binary, wait_for
from sink_messages import event, run_info, span, window, write_all

from affectstream.sinks import alerts, sqlite
from affectstream.sinks._backlog import Unreachable
from affectstream.sinks._channels import MqttChannel, Sender, WebhookChannel
from affectstream.sinks._rules import MAX_LENGTH, parse
from affectstream.sinks._watch import Watch
from affectstream.stream.cli import main
from affectstream.stream.config import explain
from affectstream.stream.errors import SinkError, UsageError

SECOND_NS = 10**9


def series(text, who=0, coverage=0.8, **fields):
    """A window a second: each word is a valence, `-` an unmeasured one."""
    for second, word in enumerate(text.split()):
        valence = None if word == "-" else float(word)
        spans = (span(who, valence_mean=valence, coverage=coverage, **fields),)
        yield window(second * 25, spans=spans)


def fired(condition, messages):
    watch = Watch(parse(condition))
    return [(round(m.pts_s), hit.person) for m in messages for hit in watch.take(m)]


# seconds            0    1    2    3    4    5    6    7
LOW = "              0.5 -0.5 -0.5 -0.5 -0.5  0.5 -0.5 -0.5"
GAP = "              0.5 -0.5 -0.5  -   -0.5 -0.5 -0.5 -0.5"


@pytest.mark.parametrize(
    ("condition", "text", "seconds"),
    [
        ("valence < -0.4", LOW, [1, 6]),
        ("group.valence < -0.4 for 2s", LOW, [3]),
        ("group.valence < -0.4 for 2s", GAP, [6]),
        ("group.valence < -0.4 for 0.05m and coverage > 0.6", LOW, [4]),
        ("group.valence < -0.4 and coverage > 0.9", LOW, []),
        ("not valence < -0.4", LOW, [0, 5]),
        ("not valence < -0.4", "- - 0.5", [2]),
        ("valence < -0.4 or valence >= 0.5", LOW, [0]),
        ("valence < -0.4 or coverage > 0.5", GAP, [0]),
        ("(valence < -0.4 or valence > 0.9) and n == 20", LOW, [1, 6]),
        ("-0.4 > valence", LOW, [1, 6]),
        ("quadrant == 'excited' for 3s", LOW, [3]),
        ('emotion != "happiness"', LOW, []),
        ("synchrony > 0", LOW, []),
        ("(valence < -0.4 for 1s) for 1s", LOW, [3]),
    ],
)
def test_conditions(condition, text, seconds):
    assert [second for second, _ in fired(condition, series(text))] == seconds


def test_anyone_is_followed_person_by_person():
    told = [
        window(s * 25, spans=[span(p, valence_mean=v) for p, v in people.items()])
        for s, people in enumerate(
            [{1: -0.5, 0: 0.1}, {1: -0.5, 2: -0.5, 0: 0}, {2: -0.5, 0: 0}, {1: -0.5, 2: 0.5, 0: 0}]
        )
    ]
    assert fired("anyone.valence < -0.4", told) == [(0, 1), (1, 2), (3, 1)]
    assert fired("anyone.valence < -0.4 for 1s", told) == [(1, 1), (2, 2)]
    assert fired("anyone.valence < -0.4 and valence < 0.05", told) == [(1, 1), (1, 2), (3, 1)]


def test_events_and_epochs():
    told = [window(0), event(1, "spike", 2), event(2, "arrival", 3), event(3, "arrival", 4)]
    assert fired("event == 'arrival'", told) == [(0, 0), (0, 0)]
    assert fired("event == 'arrival' and valence > 0.3", told) == [(0, 0), (0, 0)]
    low = list(series("-0.5 -0.5"))
    again = [window(s * 25, spans=[span(0, valence_mean=-0.5)], epoch=1) for s in range(3)]
    assert fired("valence < 0 for 1s", low + again) == [(1, 0), (1, 0)]


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("grop.valence < 0", "did you mean group.valence"),
        ("valence <", "it ends there"),
        ("valence < 0 for", "duration"),
        ("valence < 0 for 20", "duration"),
        ("valence", "expected one of"),
        ("(valence < 0", "it ends there"),
        ("valence < 0 0", "expected `and`"),
        ("1 < 2", "needs a name"),
        ("quadrant < 'sad'", "== and !="),
        ("quadrant == 'angri'", "did you mean angry"),
        ("anyone.emotion != 'joy'", "there are: neutral, happiness"),
        ("event == 'arival'", "did you mean arrival"),
        ("'left' == event", "there are: arrival, departure"),
        ("quadrant == 1", "number"),
        ("valence == 'sad'", "number"),
        ("__import__('os').system('true')", "no name|cannot be read"),
        ("valence.__class__ == 1", "no name|cannot be read"),
        ("valence < 0 and\nexec", "no name exec"),
        ("", "it ends there"),
        ("(" * 50 + "valence < 0" + ")" * 50, "brackets"),
        ("not " * 50 + "valence < 0", "brackets"),
        ("v" * (MAX_LENGTH + 1), "characters"),
        ("valence < 0; valence", "cannot be read"),
        ("valence < 1e999", "expected|cannot be read"),
    ],
)
def test_what_is_no_condition_is_told(condition, words):
    with pytest.raises(ValueError, match=words):
        parse(condition)


# The sink


class Receiver:
    """A web server that answers as it is told and keeps what it gets."""

    def __init__(self, *answers):
        self.got, self.answers = [], list(answers)
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                owner.got.append((dict(self.headers), body))
                answer = owner.answers.pop(0) if owner.answers else 200
                self.send_response(answer)
                if answer == 302:
                    self.send_header("Location", "http://127.0.0.1:1/")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/CANARY-path"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def receiver():
    made = []

    def make(*answers):
        made.append(Receiver(*answers))
        return made[-1]

    yield make
    for one in made:
        one.close()


RULE = {"name": "unhappy", "when": "valence < -0.4 for 2s", "every_s": 0}


def config(*to, rule=None, **options):
    return alerts.Config(rules=[{**RULE, **(rule or {})}], to=list(to), **options)


def states(folder, columns="state", order="changed_ns"):
    with closing(sqlite3.connect(folder / "alerts.db")) as store:
        rows = store.execute(f"SELECT {columns} FROM deliveries ORDER BY {order}").fetchall()
    return [row[0] if len(row) == 1 else row for row in rows]


def test_an_alert_is_signed_and_arrives_once(tmp_path, receiver):
    web = receiver()
    to = {"to": "webhook", "url": web.url, "secret": "CANARY-secret"}
    write_all(alerts.build(config(to), run_info(tmp_path)), series(LOW))
    ((headers, body),) = web.got
    told = json.loads(body)
    assert told["text"] == "unhappy: clip at 0:03: group.valence -0.50"
    assert headers["Idempotency-Key"] == told["id"]
    stamp, value = (
        part[part.index("=") + 1 :] for part in headers["X-Affectstream-Signature"].split(",")
    )
    wanted = hmac.new(b"CANARY-secret", f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(wanted, value)
    assert states(tmp_path, "state, tries") == [("sent", 1)]
    assert b"CANARY" not in (tmp_path / "alerts.db").read_bytes()


def test_the_same_id_on_every_try(tmp_path, receiver):
    web = receiver(500, 429)
    to = {"to": "webhook", "url": web.url}
    write_all(alerts.build(config(to, grace_s=30), run_info(tmp_path)), series(LOW))
    assert len({headers["Idempotency-Key"] for headers, _ in web.got}) == 1
    assert len(web.got) == 3
    assert states(tmp_path, "state, tries") == [("sent", 3)]


@pytest.mark.parametrize("answer", [400, 404, 302])
def test_a_refusal_is_not_repeated_and_no_redirect_is_followed(tmp_path, receiver, answer, caplog):
    web = receiver(answer)
    write_all(
        alerts.build(config({"to": "webhook", "url": web.url}), run_info(tmp_path)), series(LOW)
    )
    assert len(web.got) == 1
    assert states(tmp_path, "state, error") == [("refused", f"the server answers {answer}")]
    assert "CANARY" not in caplog.text


def test_committed_before_sent_and_sent_by_the_next_run_or_expired(tmp_path, receiver):
    web = receiver()
    now = [1_000 * SECOND_NS]
    to = {"to": "webhook", "url": "http://127.0.0.1:1/"}
    store = tmp_path / "alerts.db"
    made = config(to, store=store, grace_s=0)
    write_all(alerts.AlertsSink(made, run_info(), lambda: now[0]), series(LOW))
    assert states(tmp_path) == ["pending"]
    now[0] += 30 * SECOND_NS
    later = config({"to": "webhook", "url": web.url}, store=store)
    write_all(alerts.AlertsSink(later, run_info(), lambda: now[0]), [])
    assert states(tmp_path) == ["sent"]
    write_all(alerts.AlertsSink(made, run_info(), lambda: now[0]), series(LOW))
    now[0] += 61 * SECOND_NS
    write_all(alerts.AlertsSink(later, run_info(), lambda: now[0]), [])
    assert states(tmp_path) == ["sent", "expired"]
    assert len(web.got) == 1


CHILD = """
import os, signal, sys
sys.path.insert(0, sys.argv[2])
from test_sink_alerts import LOW, config, series
from sink_messages import run_info
from affectstream.sinks import alerts
sink = alerts.build(config({"to": "webhook", "url": "http://127.0.0.1:1/"}), run_info(sys.argv[1]))
sink.open()
for message in series(LOW):
    sink.write(message, None)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_an_alert_survives_a_kill(tmp_path):
    command = [sys.executable, "-c", CHILD, str(tmp_path), str(Path(__file__).parent)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    assert states(tmp_path) == ["pending"]


@pytest.mark.parametrize(
    ("rule", "wanted"),
    [
        ({"every_s": 3600, "when": "valence < -0.4"}, ["limited", "sent"]),
        ({"every_s": 0, "when": "valence < -0.4"}, ["sent", "sent"]),
        ({"quiet": "00:00-23:59"}, ["quiet"]),
        ({"sources": ["door"]}, []),
        ({"sources": ["clip"]}, ["sent"]),
    ],
)
def test_limits_quiet_hours_and_cameras(tmp_path, receiver, rule, wanted):
    import time

    noon_ns = int(time.mktime((2026, 6, 1, 12, 0, 0, 0, 0, -1))) * SECOND_NS
    to = {"to": "webhook", "url": receiver().url}
    made = alerts.AlertsSink(config(to, rule=rule), run_info(tmp_path), lambda: noon_ns)
    write_all(made, series(LOW))
    assert states(tmp_path, order="state") == wanted


@pytest.mark.parametrize(
    ("quiet", "hour", "is_quiet"),
    [("22:00-07:00", 23, True), ("22:00-07:00", 7, False), ("22:00-07:00", 6, True),
     ("12:00-13:00", 12, True), ("12:00-13:00", 13, False), (None, 12, False)],
)  # fmt: skip
def test_quiet_hours_wrap_around_midnight(quiet, hour, is_quiet):
    import time

    rule = alerts.RuleConfig(name="r", when="valence < 0", quiet=quiet)
    assert rule.is_quiet(time.mktime((2026, 6, 1, hour, 0, 0, 0, 0, -1))) is is_quiet


def test_a_receiver_that_hangs_holds_nobody_up(tmp_path):
    import socket
    import time

    with socket.create_server(("127.0.0.1", 0)) as deaf:
        to = {"to": "webhook", "url": f"http://127.0.0.1:{deaf.getsockname()[1]}/"}
        sink = alerts.build(config(to, grace_s=0), run_info(tmp_path))
        sink.open()
        start_s = time.monotonic()
        for message in list(series(LOW)) * 20:
            sink.write(message, None)
        assert time.monotonic() - start_s < 4
        sink.close()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"rules": [{**RULE, "when": "valense < 0"}]}, "did you mean"),
        ({"rules": [RULE, RULE]}, "same name"),
        ({"rules": [{**RULE, "quiet": "10-7"}]}, "22:00-07:00"),
        ({"rules": [{**RULE, "name": "a/b"}]}, "name"),
        ({"to": [{"to": "pager", "secret": "CANARY"}]}, "pager|tag"),
        ({"to": [{"to": "webhook", "url": {"CANARY": 1}}]}, "url"),
        ({"to": [{"to": "webhook", "url": 7, "secret": "CANARY"}]}, "url"),
    ],
)
def test_a_wrong_configuration_is_told_without_secrets(options, words):
    from pydantic import ValidationError

    with pytest.raises(ValidationError, match=words) as caught:
        alerts.Config(**options)
    assert "CANARY" not in explain(caught.value, alerts.Config, "alerts")


@pytest.mark.parametrize("url", ["http://example.org/x", "ftp://x/", "https://", "example.org"])
def test_an_open_or_broken_address_is_refused(tmp_path, url):
    with pytest.raises(UsageError, match="webhook"):
        alerts.build(config({"to": "webhook", "url": url}), run_info(tmp_path))


def test_a_folder_or_a_store_is_needed(tmp_path):
    with pytest.raises(UsageError, match="--out"):
        alerts.build(config(), run_info(None))
    sink = alerts.build(config(store=tmp_path / "no" / "alerts.db"), run_info(None))
    with pytest.raises(SinkError, match="alerts.db"):
        sink.open()


def test_the_log_channel(tmp_path, caplog):
    write_all(alerts.build(config({"to": "log"}), run_info(tmp_path)), series(LOW))
    assert "alert: unhappy: clip at 0:03" in caplog.text


def test_the_desktop_channel_hands_over_words_and_no_options(tmp_path, monkeypatch):
    program = tmp_path / "notify-send"
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {tmp_path}/told\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    write_all(alerts.build(config({"to": "desktop"}), run_info(tmp_path)), series(LOW))
    told = (tmp_path / "told").read_text().splitlines()
    assert told[1:3] == ["--", "unhappy"] and told[3].startswith("unhappy: clip at 0:03")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(UsageError, match="notify-send"):
        alerts.build(config({"to": "desktop"}), run_info(tmp_path))


DESKTOP = """
import subprocess, sys
sys.path.insert(0, sys.argv[2])
from servers import wait_for
from sink_messages import run_info, write_all
from test_sink_alerts import LOW, config, series
from affectstream.sinks import alerts
with open(sys.argv[1] + "/shown", "wb") as shown:
    dunst = subprocess.Popen(["dunst", "-print"], stdout=shown, stderr=subprocess.DEVNULL)
try:
    asked = ["gdbus", "wait", "--session", "--timeout", "30", "org.freedesktop.Notifications"]
    subprocess.run(asked, check=True)
    sink = alerts.build(config({"to": "desktop"}, grace_s=60), run_info(sys.argv[1]))
    write_all(sink, series(LOW))
    wait_for(lambda: "unhappy" in open(sys.argv[1] + "/shown").read(), what="the notification")
finally:
    dunst.kill()
    dunst.wait()
"""


def test_a_real_desktop_shows_it(tmp_path):
    for name in ("notify-send", "dunst", "dbus-run-session", "gdbus"):
        binary(name)
    command = [binary("xvfb-run"), "-a", "dbus-run-session", "--", sys.executable, "-c", DESKTOP]
    done = subprocess.run(
        [*command, str(tmp_path), str(Path(__file__).parent)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "body: 'unhappy: clip at 0:03: group.valence -0.50" in (tmp_path / "shown").read_text()
    assert states(tmp_path) == ["sent"]


def test_what_came_too_late_is_not_published(broker_of_a_test):
    channel = MqttChannel(to="mqtt", port=broker_of_a_test.port)
    sender = Sender(channel, "run-1")
    with pytest.raises(Unreachable, match="too late"):
        sender.send({"id": "1", "rule": "unhappy"}, lambda: 0.0)
    sender.send({"id": "2", "rule": "unhappy"}, lambda: 60.0)
    sender.close()


def test_a_post_is_given_what_is_left_of_its_time():
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(5)
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        sender = Sender(WebhookChannel(to="webhook", url=url), "run-1")
        took_s = []
        for left_s in (0.0, 60.0):
            began_s = time.monotonic()
            with pytest.raises(Unreachable):
                sender.send({"id": "1", "rule": "unhappy"}, lambda left_s=left_s: left_s)
            took_s.append(time.monotonic() - began_s)
    assert took_s[0] < took_s[1]


@pytest.fixture
def broker_of_a_test():
    pytest.importorskip("paho.mqtt.client")
    server = MosquittoServer()
    yield server
    server.kill()


def test_a_broker_that_was_away_gets_no_late_alert(tmp_path):
    mqtt = pytest.importorskip("paho.mqtt.client")
    server = MosquittoServer()
    try:
        heard = []
        client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, clean_session=False, client_id="t")
        client.on_message = lambda c, d, message: heard.append(json.loads(message.payload)["id"])
        subscribed = []
        client.on_connect = lambda c, *_: c.subscribe("affectstream/alerts/#", qos=1)
        client.on_subscribe = lambda *_: subscribed.append(1)
        client.connect("127.0.0.1", server.port)
        client.loop_start()
        wait_for(lambda: subscribed)
        to = {"to": "mqtt", "port": server.port}
        made = config(to, rule={"when": "valence < -0.4"}, grace_s=60)
        now = [1_000 * SECOND_NS]
        sink = alerts.AlertsSink(made, run_info(tmp_path), lambda: now[0])
        sink.open()
        low, high = list(series("-0.5 0.5"))
        sink.write(low, None)
        wait_for(lambda: len(heard) == 1)
        server.kill()
        sink.write(high, None)
        sink.write(low, None)
        now[0] += 61 * SECOND_NS
        wait_for(lambda: "expired" in states(tmp_path), 60, what="the end of the alert")
        server.start()
        wait_for(lambda: len(subscribed) == 2)
        sink.write(high, None)
        sink.write(low, None)
        sink.close()
        wait_for(lambda: len(heard) >= 2)
        assert states(tmp_path) == ["sent", "expired", "sent"]
        assert len(heard) == len(set(heard)) == 2
    finally:
        client.disconnect()
        client.loop_stop()
        server.kill()


# The rehearsal


@pytest.fixture
def folder(tmp_path):
    write_all(
        sqlite.build(sqlite.Config(), run_info(tmp_path)),
        [*series(LOW), event(3, "arrival", 2)],
    )
    return tmp_path


def test_alerts_test_shows_when_a_rule_would_have_fired(folder):
    done = CliRunner().invoke(main, ["alerts", "test", "valence < -0.4", str(folder)])
    assert done.output.splitlines() == [
        "rule: clip at 0:01: group.valence -0.50",
        "rule: clip at 0:06: group.valence -0.50 (held back: within 60 s)",
        "1 alerts, 1 held back: valence < -0.4",
    ]
    done = CliRunner().invoke(main, ["alerts", "test", "event == 'arrival'", str(folder)])
    assert done.output.startswith("rule: clip at 0:00: event arrival")


def test_alerts_test_takes_a_rule_by_name(folder):
    file = folder / "my.yaml"
    file.write_text(
        "sinks:\n  - kind: alerts\n    rules:\n"
        "      - {name: unhappy, when: valence < -0.4 for 2s, every_s: 0}\n"
    )
    words = ["alerts", "test", "unhappy", str(folder), "--config", str(file)]
    done = CliRunner().invoke(main, words)
    assert done.output.splitlines()[0] == "unhappy: clip at 0:03: group.valence -0.50"
    words[2] = "happy"
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 2 and "there are: unhappy" in done.output
    done = CliRunner().invoke(main, ["alerts", "test", "valence <", str(folder)])
    assert done.exit_code == 2 and "it ends there" in done.output
