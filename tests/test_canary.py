"""Credentials given to every sink appear in nothing that a run writes, prints or sends."""

import json
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
import yaml
from servers import MosquittoServer, PostgresServer, free_port, wait_for
from test_sink_alerts import Receiver

CANARY = "CANARY-p@ss%"


@pytest.mark.parametrize("is_fine", [True, False])
def test_no_credential_leaks_from_a_run(is_fine, tmp_path):
    for module in ("psycopg", "paho.mqtt.client", "prometheus_client"):
        pytest.importorskip(module)

    postgres, broker, web, port = PostgresServer(), MosquittoServer(), Receiver(), free_port()
    dead = free_port()
    try:
        hook = f"{web.url}?key={CANARY}" if is_fine else f"http://127.0.0.1:{dead}/{CANARY}"
        config = {
            "models": {"pose": "none", "face": "none"},
            "sinks": [
                {"kind": "postgres", "dsn": postgres.dsn.replace("CANARY-pass", "{}")},
                {"kind": "mqtt", "port": broker.port, "username": "u", "password": CANARY},
                {"kind": "prometheus", "port": port, "token": CANARY},
                {"kind": "webhook", "url": hook, "secret": CANARY, "kinds": ["window"]}
                | {"grace_s": 1},
                {
                    "kind": "alerts",
                    "rules": [{"name": "r", "when": "n >= 0"}],
                    "to": [{"to": "webhook", "url": hook, "secret": CANARY}],
                    "grace_s": 1,
                },
            ],
        }
        config["sinks"][0]["dsn"] = config["sinks"][0]["dsn"].format(
            "CANARY-pass" if is_fine else "CANARY-wrong"
        )
        (tmp_path / "my.yaml").write_text(yaml.safe_dump(config))
        out = tmp_path / "out"
        clip = str(Path(__file__).parent.parent / "configs" / "demo.mp4")
        words = ["run", clip, "--config", tmp_path / "my.yaml", "--out", out, "--limit", "30"]
        run = subprocess.Popen(
            [sys.executable, "-m", "affectstream.stream", *words, "--quiet", "--log", "json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        metrics = ""
        if is_fine:

            def asked():
                request = urllib.request.Request(f"http://127.0.0.1:{port}/metrics")
                request.add_header("Authorization", f"Bearer {CANARY}")
                try:
                    with urllib.request.urlopen(request, timeout=2) as answer:
                        return answer.read().decode()
                except OSError:
                    return ""

            metrics = wait_for(asked, what="the metrics")
        told = run.communicate(timeout=240)[0]
        records = [json.loads(line) for line in told.splitlines()]
        assert all({"time", "level", "text"} <= record.keys() for record in records)
        assert any(record["text"].startswith("networks: ") for record in records)
        assert (run.returncode == 0) is is_fine, told
        files = b"".join(p.read_bytes() for p in out.rglob("*") if p.is_file())
        bodies = b"".join(body for _, body in web.got)
        for text in (told, metrics, files.decode("latin1"), bodies.decode()):
            assert "CANARY" not in text
        assert "postgres: " in told or is_fine, told
        if is_fine:
            shown = json.loads((out / "run.json").read_text())["config"]["sinks"]
            assert shown[1]["password"] == "**********"
    finally:
        web.close()
        broker.kill()
        postgres.remove()
