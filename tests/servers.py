"""Real servers from the system's packages, each in a folder of its own and on a free port."""

import glob
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(condition, timeout_s=20.0, what="a server"):
    end_s = time.monotonic() + timeout_s
    while time.monotonic() < end_s:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"{what} did not come in {timeout_s:g} s")


def listens(port):
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def binary(*names):
    for name in names:
        found = shutil.which(name) or next(iter(sorted(glob.glob(name), reverse=True)), None)
        if found:
            return found
    pytest.skip(f"{names[0]} is not installed (apt-get install it)")


class Server:
    """A child process that can be killed and started again."""

    def __init__(self, command, port, **options):
        self.command, self.port, self.options = command, port, options
        self.process = None
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **self.options
        )
        wait_for(lambda: listens(self.port), what=self.command[0])

    def kill(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)


class PostgresServer(Server):
    """PostgreSQL; it refuses to run as root, so root runs it as `postgres` or `nobody`."""

    def __init__(self):
        initdb = binary("/usr/lib/postgresql/*/bin/initdb", "initdb")
        self.folder = Path(tempfile.mkdtemp(prefix="pg-"))
        options = {}
        if os.getuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(self.folder, user.pw_uid, user.pw_gid)
            options = {"user": user.pw_uid, "group": user.pw_gid, "cwd": self.folder}
        password = self.folder / "password"
        password.write_text("CANARY-pass")
        password.chmod(0o644)
        data = self.folder / "data"
        subprocess.run(
            [initdb, "-D", data, "-U", "tester", "-A", "scram-sha-256", "--no-sync"]
            + [f"--pwfile={password}", "--no-locale", "-E", "UTF8"],
            check=True,
            capture_output=True,
            **options,
        )
        port = free_port()
        postgres = Path(initdb).with_name("postgres")
        settings = ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]
        super().__init__([postgres, "-D", data, "-p", str(port), *settings], port, **options)
        self.dsn = f"postgresql://tester:CANARY-pass@127.0.0.1:{port}/postgres"
        self.wait_ready()

    def start(self):
        pid = self.folder / "data" / "postmaster.pid"
        pid.unlink(missing_ok=True)
        super().start()

    def children(self):
        told = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(self.process.pid)], capture_output=True, text=True
        )
        return told.stdout.split()

    def freeze(self, frozen=True):
        for pid in [self.process.pid, *map(int, self.children())]:
            os.kill(pid, signal.SIGSTOP if frozen else signal.SIGCONT)

    def kill(self):
        children = self.children()
        super().kill()
        for child in children:
            try:
                os.kill(int(child), signal.SIGKILL)
            except ProcessLookupError:
                pass
        wait_for(lambda: not any(Path(f"/proc/{c}").exists() for c in children), what="the end")

    def wait_ready(self):
        import psycopg

        def ready():
            try:
                psycopg.connect(self.dsn).close()
                return True
            except psycopg.OperationalError:
                return False

        wait_for(ready, what="postgres")

    def remove(self):
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


class MosquittoServer(Server):
    """An MQTT broker without accounts, on loopback."""

    def __init__(self):
        mosquitto = binary("mosquitto", "/usr/sbin/mosquitto")
        port = free_port()
        super().__init__([mosquitto, "-p", str(port)], port)
