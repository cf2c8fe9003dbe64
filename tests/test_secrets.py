"""Passwords are struck out of whatever is written, however a URL holds them."""

import io
import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest

from affectstream.stream.errors import ConfigError
from affectstream.stream.secrets import (
    SecretUrl,
    hide_in_arguments,
    learn,
    scrub,
    scrubbed,
)

CANARY = "CANARY"

URLS = [
    # what a user writes, as it is shown, as FFmpeg gets it
    (
        "rtsp://u:CANARY1@h/x",
        "rtsp://u:***@h/x",
        "rtsp://u:CANARY1@h/x",
    ),
    (
        "RTSP://u:CANARY-p@ss%@h:8554/x?a=b",
        "rtsp://u:***@h:8554/x?a=b",
        "rtsp://u:CANARY-p%40ss%25@h:8554/x?a=b",
    ),
    (
        "rtsp://u.v:CANARY%40%2F@h/x",
        "rtsp://u.v:***@h/x",
        "rtsp://u.v:CANARY%40%2F@h/x",
    ),
    (
        "rtsp://u:CANARY/2#?@h/x",
        "rtsp://u:***@h/x",
        "rtsp://u:CANARY%2F2%23%3F@h/x",
    ),
    (
        "rtsp://u:CANARY@s%/2@h/x@y",
        "rtsp://u:***@h/x@y",
        "rtsp://u:CANARY%40s%25%2F2@h/x@y",
    ),
    (
        "rtsp://u:CANARY:colon@h/x",
        "rtsp://u:***@h/x",
        "rtsp://u:CANARY%3Acolon@h/x",
    ),
    (
        "rtsp://u%40v:CANARY@[::1]:554",
        "rtsp://u%40v:***@[::1]:554",
        "rtsp://u%40v:CANARY@[::1]:554",
    ),
    ("rtsp://u:@h/x", "rtsp://u@h/x", "rtsp://u@h/x"),
    ("rtsp://u@h/x", "rtsp://u@h/x", "rtsp://u@h/x"),
    ("rtsp://h/x@y", "rtsp://h/x@y", "rtsp://h/x@y"),
    ("rtsp://h:554/x:y@z", "rtsp://h:554/x:y@z", "rtsp://h:554/x:y@z"),
    (
        "rtsp://h/x?user=u&password=CANARY9",
        "rtsp://h/x?user=u&password=***",
        "rtsp://h/x?user=u&password=CANARY9",
    ),
    (
        "rtsps://u:CANARYé@h/x",
        "rtsps://u:***@h/x",
        "rtsps://u:CANARY%C3%A9@h/x",
    ),
]


@pytest.mark.parametrize("text, shown, whole", URLS, ids=[row[0] for row in URLS])
def test_a_url_shows_itself_without_its_password(text: str, shown: str, whole: str) -> None:
    url = SecretUrl.parse(text)
    assert str(url) == shown
    assert repr(url) == f"SecretUrl({shown!r})"
    assert url.reveal() == whole
    assert CANARY not in f"{url} {url!r} {[url]} { ({'a': url}) }"
    assert CANARY not in scrub(text)
    assert SecretUrl.parse(url.reveal()) == url


REFUSED = [
    ("rtsp://u:CANARYx@h:port/x", "no host, or a port that is no number"),
    ("rtsp://u:CANARYx@/x", "no host, or a port"),
    ("rtsp://", "no host, or a port"),
    ("no url", "no URL"),
    ("rtsp://u:{HOME}@h/x", "begins with AFFECTSTREAM_"),
    ("rtsp://u:{AFFECTSTREAM_NOWHERE}@h/x", "set AFFECTSTREAM_NOWHERE, or AFFECTSTREAM_NOWHERE_F"),
]


@pytest.mark.parametrize("text, words", REFUSED, ids=[row[0] for row in REFUSED])
def test_a_bad_url_is_refused_without_telling_the_password(text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        SecretUrl.parse(text)
    assert CANARY not in str(caught.value)


def test_a_password_may_lie_in_the_environment_or_in_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AFFECTSTREAM_DOOR", "CANARY-é%41")
    url = SecretUrl.parse("rtsp://u:{AFFECTSTREAM_DOOR}@h/x")
    assert url.reveal() == "rtsp://u:CANARY-%C3%A9%2541@h/x", "it is taken as it is"
    monkeypatch.delenv("AFFECTSTREAM_DOOR")
    (tmp_path / "door").write_text("CANARY-file\n")
    monkeypatch.setenv("AFFECTSTREAM_DOOR_FILE", str(tmp_path / "door"))
    assert "CANARY-file@" in SecretUrl.parse("rtsp://u:{AFFECTSTREAM_DOOR}@h/x").reveal()
    monkeypatch.setenv("AFFECTSTREAM_DOOR_FILE", str(tmp_path / "none"))
    with pytest.raises(ConfigError, match="cannot be read"):
        SecretUrl.parse("rtsp://u:{AFFECTSTREAM_DOOR}@h/x")


def test_what_was_learnt_is_struck_out_in_every_form() -> None:
    SecretUrl.parse("rtsp://admin:CANARY\"p@ss'é@h/x")
    login = "YWRtaW46Q0FOQVJZInBAc3Mnw6k="
    said = {
        "plain": "password CANARY\"p@ss'é was wrong",
        "url": "at rtsp://admin:CANARY%22p%40ss%27%C3%A9@h/x",
        "header": f"Authorization: Basic {login}",
        "list": ["CANARY\"p@ss'é", 7, None, ("CANARY\"p@ss'é",)],
    }
    clean = json.dumps(scrubbed(said), ensure_ascii=False)
    assert CANARY not in clean and login not in clean and "***" in clean
    assert scrubbed({"frames": 3, "ok": True}) == {"frames": 3, "ok": True}


NEVER_LEARNT = [
    ("see rtsp://a:CANARY@h/x and rtsp://b:CANARY2@i", "see rtsp://a:***@h/x and rtsp://b:***@i"),
    ("GET http://h/?a=1&pwd=CANARY&b=2", "GET http://h/?a=1&pwd=***&b=2"),
    ("at 12:30 mail a@b.c, see http://h:80/x", "at 12:30 mail a@b.c, see http://h:80/x"),
]


@pytest.mark.parametrize("text, wanted", NEVER_LEARNT)
def test_a_url_that_was_never_learnt_is_cleaned_too(text: str, wanted: str) -> None:
    assert scrub(text) == wanted


def test_a_password_that_is_a_word_takes_no_other_word_away() -> None:
    SecretUrl.parse("rtsp://u:vide@h/x")
    assert scrub("the password vide, a video; rtsp://u:vide@h") == (
        "the password ***, a video; rtsp://u:***@h"
    )


def test_a_short_password_takes_no_word_away() -> None:
    url = SecretUrl.parse("rtsp://admin:a@h/x")
    assert scrub("a frame at rtsp://admin:a@h/x") == "a frame at rtsp://admin:***@h/x"
    assert str(url) == "rtsp://admin:***@h/x"


def test_log_records_are_clean_with_their_tracebacks() -> None:
    learn("CANARY-in-a-log")
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    log = logging.getLogger("affectstream.test")
    log.addHandler(handler)
    try:
        log.error("cannot open %s (%d)", "CANARY-in-a-log", 5)
        log.error("%d %d", "CANARY-in-a-log")
        try:
            raise OSError("rtsp://u:CANARY-in-a-log@h/x")
        except OSError:
            log.exception("failed")
    finally:
        log.removeHandler(handler)
    assert "cannot open *** (5)" in out.getvalue()
    assert "OSError: rtsp://u:***@h/x" in out.getvalue()
    assert CANARY not in out.getvalue()


def test_tracebacks_that_nobody_catches_are_clean() -> None:
    program = """
import threading
from affectstream.stream.secrets import SecretUrl
url = SecretUrl.parse("rtsp://u:CANARY-trace@h/x")
def fail():
    raise OSError(url.reveal())
thread = threading.Thread(target=fail)
thread.start()
thread.join()
fail()
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert ended.returncode == 1
    assert ended.stderr.count("OSError: rtsp://u:***@h/x") == 2
    assert "trace@" not in ended.stderr


def test_arguments_are_handed_on_without_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    given = ["run", "rtsp://u:CANARY%40x@h/x", "a.mp4", "rtsp://u@h", "rtsp://v:{AFFECTSTREAM_D}@h"]
    hidden, held = hide_in_arguments(given)
    assert hidden == ["run", "rtsp://u:{AFFECTSTREAM_ARGUMENT_1}@h/x", *given[2:]]
    for name, value in held.items():
        monkeypatch.setenv(name, value)
    assert SecretUrl.parse(hidden[1]).reveal() == given[1]
