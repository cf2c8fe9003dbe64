"""The control socket of a run: found by its owner alone, answered by the supervisor.

Every run has a socket and a card beside it in one private folder (mode 0700, the owner checked):
`RUN_ID` is the ipc socket, `RUN_ID.json` says which process and which folder of results it is.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import msgspec

from .bus import Bus, Socket, offer, poll, receive, receive_from, send_to
from .errors import UsageError
from .status import Answer, Ask

TIMEOUT_S = 5.0
_encode = msgspec.msgpack.Encoder().encode
_decode_ask = msgspec.msgpack.Decoder(Ask).decode
_decode_answer = msgspec.msgpack.Decoder(Answer).decode


@dataclass(frozen=True)
class Card:
    """A run that can be spoken to."""

    run_id: str
    pid: int
    out: str
    endpoint: str


def private_folder() -> Path:
    """Return the folder of the control sockets, made if it is absent.

    Raises: UsageError where another user could reach into it.
    """
    base = os.environ.get("XDG_RUNTIME_DIR") or ""
    if base and os.access(base, os.W_OK):
        folder = Path(base) / "affectstream"
    else:
        folder = Path(tempfile.gettempdir()) / f"affectstream-{os.getuid()}"
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise UsageError(
            f"{folder}: must be a folder of yours that nobody else may enter: chmod 700 it, or "
            "set XDG_RUNTIME_DIR"
        )
    return folder


def running() -> list[Card]:
    """Return the runs of this user that are alive; what dead ones left is cleared away."""
    cards = []
    for path in sorted(private_folder().glob("*.json")):
        try:
            card = Card(**json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            continue
        if _is_alive(card.pid):
            cards.append(card)
        else:
            _clear(path)
    return cards


def find(run: Path | None) -> Card:
    """Return the run with this folder of results, or the only one. Raises: UsageError."""
    cards = running()
    if run is not None:
        wanted = str(run.resolve())
        for card in cards:
            if card.out == wanted:
                return card
        raise UsageError(f"no run writes to {run} at the moment{_listed(cards)}")
    if not cards:
        raise UsageError("no run is going on; start one by affectstream run")
    if len(cards) > 1:
        raise UsageError(f"several runs are going on; name one by --run DIR{_listed(cards)}")
    return cards[0]


def ask(endpoint: str, question: Ask, timeout_s: float = TIMEOUT_S) -> Answer:
    """Send a command to a run and return its answer. Raises: UsageError when none comes."""
    bus = Bus()
    try:
        socket = bus.socket("dealer", "ctl", connect=endpoint)
        end_s = time.monotonic() + timeout_s
        is_sent = False
        while (rest_s := end_s - time.monotonic()) > 0:
            is_sent = is_sent or offer(socket, _encode(question))
            poll([socket], min(rest_s, 0.2))
            answer = receive(socket)
            if answer is not None:
                return _decode_answer(answer)
        raise UsageError(f"the run did not answer within {timeout_s:g} s; it may be ending")
    finally:
        bus.shut()


class ControlSocket:
    """The run's end, made and used in the supervisor's thread. Absent where there is no ipc."""

    def __init__(self, bus: Bus, run_id: str, out: Path | None) -> None:
        """Bind and leave the card. Raises: UsageError."""
        self._bus = bus
        self._card: Path | None = None
        self._socket: Socket | None = None
        if os.name == "nt":
            return
        folder = private_folder()
        running()
        self._socket = bus.socket("router", "ctl", bind=f"ipc://{folder / run_id}")
        where = "" if out is None else str(out.resolve())
        card = Card(run_id, os.getpid(), where, f"ipc://{folder / run_id}")
        draft = folder / f"{run_id}.part"
        draft.write_text(json.dumps(card.__dict__), encoding="utf-8")
        self._card = draft.replace(folder / f"{run_id}.json")

    @property
    def sockets(self) -> list[Socket]:
        """What to wait on for the next command."""
        return [] if self._socket is None else [self._socket]

    def next(self) -> tuple[bytes, Ask] | None:
        """Return a command and whom to answer, or None; what makes no sense is answered here."""
        while self._socket is not None:
            got = receive_from(self._socket)
            if got is None:
                return None
            try:
                return got[0], _decode_ask(got[1])
            except msgspec.DecodeError as error:
                self.answer(got[0], Answer(False, f"not a command of this version: {error}"))
        return None

    def answer(self, peer: bytes, answer: Answer) -> None:
        """Answer a command; a peer that has gone is none."""
        if self._socket is not None:
            send_to(self._socket, peer, _encode(answer))

    def close(self) -> None:
        """Close the socket; the card stays until the run is over."""
        if self._socket is not None:
            self._bus.close(self._socket)
            self._socket = None

    def leave(self) -> None:
        """Take the card away."""
        if self._card is not None:
            _clear(self._card)
            self._card = None


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _clear(card: Path) -> None:
    for path in (card, card.with_suffix("")):
        with contextlib.suppress(OSError):
            path.unlink()


def _listed(cards: list[Card]) -> str:
    if not cards:
        return "; no run is going on"
    return ": " + ", ".join(card.out or f"process {card.pid}, without --out" for card in cards)
