"""A small camera in pure Python: H.264 or H.265 over RTSP, with faults that a test switches on.

Runs in threads of the test (`Camera`), or as a process of its own that can be killed or frozen
(`camera_process`). RTP goes interleaved over TCP. Written from RFC 2326, 3550, 6184 and 7798.
"""

import base64
import hashlib
import os
import re
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Literal

import av
import numpy as np

Behaviour = Literal["play", "stall", "silent", "refuse", "noise", "garbage", "no_describe"]
"""`stall` sends no more pictures, `silent` accepts and never answers, `noise` answers no RTSP,
`garbage` sends RTP whose payload is random, `no_describe` knows no such stream."""

TICKS_HZ = 90_000
NTP_EPOCH_S = 2_208_988_800
REALM = "camera"


@dataclass(frozen=True)
class Clip:
    """Access units in the order of decoding, each a list of NAL units without start codes.

    The first is a key frame; `ticks` are the times of all of them, and at last of the end.
    """

    codec: str
    units: list[list[bytes]]
    ticks: list[int]

    def at(self, number: int) -> int:
        loops, place = divmod(number, len(self.units))
        return loops * self.ticks[-1] + self.ticks[place]


def encode(
    codec: str = "h264",
    size: tuple[int, int] = (160, 120),
    frames: int = 20,
    gop: int = 5,
    noise: bool = False,
) -> Clip:
    """Picture k of a clip is flat, of the grey level `40 + 8 * k`, or noise that moves."""
    encoder = av.CodecContext.create("libx264" if codec == "h264" else "libx265", "w")
    encoder.width, encoder.height, encoder.pix_fmt = *size, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, 25), Fraction(25)
    quiet = f"keyint={gop}:min-keyint={gop}:scenecut=0:repeat-headers=1:bframes=0"
    key = "x264-params" if codec == "h264" else "x265-params"
    encoder.options = {
        "preset": "ultrafast",
        "tune": "zerolatency",
        key: quiet + (":log-level=none" if codec != "h264" else ""),
    }
    packets = []
    for k in range(frames):
        image = np.full((size[1], size[0], 3), 40 + 8 * k, np.uint8)
        if noise:
            image = np.random.default_rng(k).integers(0, 256, image.shape, np.uint8)
        frame = av.VideoFrame.from_ndarray(image, format="bgr24").reformat(format="yuv420p")
        frame.pts = k
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    units = [split(bytes(packet)) for packet in packets]
    return Clip(codec, units, [k * TICKS_HZ // 25 for k in range(frames + 1)])


def from_file(path: Path) -> Clip:
    """Take the access units of an H.264 file as they are."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        convert = av.BitStreamFilterContext("h264_mp4toannexb", stream)
        packets = [out for packet in container.demux(stream) for out in convert.filter(packet)]
        ticks = [int(out.pts * stream.time_base * TICKS_HZ) for out in packets]
        end = int(stream.duration * stream.time_base * TICKS_HZ)
    return Clip("h264", [split(bytes(out)) for out in packets], [*ticks, end])


def split(unit: bytes) -> list[bytes]:
    return [nal for nal in re.split(b"\x00\x00\x00?\x01", unit) if nal]


def payloads(codec: str, nal: bytes, most: int = 1200) -> list[bytes]:
    """Return a NAL unit as the payloads of RTP packets."""
    if len(nal) <= most:
        return [nal]
    head = 1 if codec == "h264" else 2
    parts = [nal[at : at + most] for at in range(head, len(nal), most)]
    out = []
    for k, part in enumerate(parts):
        edge = (0x80 if k == 0 else 0) | (0x40 if k == len(parts) - 1 else 0)
        if codec == "h264":
            lead = bytes([nal[0] & 0xE0 | 28, edge | nal[0] & 0x1F])
        else:
            lead = bytes([nal[0] & 0x81 | 49 << 1, nal[1], edge | nal[0] >> 1 & 0x3F])
        out.append(lead + part)
    return out


@dataclass
class Camera:
    """The switches of a camera; a test sets them while it runs."""

    clip: Clip
    behaviour: Behaviour = "play"
    user: str = ""
    password: str = ""
    basic: bool = False
    rate_hz: float = 25.0
    declared_hz: str = ""
    ticks: Callable[[int], int] | None = None
    """The stamp of each access unit, else that of the clip."""
    certificate: tuple[Path, Path] | None = None
    """Talk over TLS: the certificate and its key."""
    wall_s: float | None = None
    """Wall time of the first picture, told in sender reports; None: no reports."""
    lose: Callable[[int, int], bool] = lambda unit, part: False
    """Which packets of which access unit the network loses."""

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self._change = threading.Condition()
        self._sent = 0
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._threads: list[threading.Thread] = []
        self._clients: list[socket.socket] = []
        self.accepted = self.played = 0
        self.requests: list[str] = []

    def url(self, login: str = "", path: str = "/clip") -> str:
        scheme = "rtsps" if self.certificate else "rtsp"
        return f"{scheme}://{login + '@' if login else ''}127.0.0.1:{self.port}{path}"

    def __enter__(self) -> "Camera":
        self._listener.listen(32)
        self._begin(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        with socket.socket() as knock:
            knock.connect_ex(("127.0.0.1", self.port))
        self.hang_up()
        for thread in self._threads:
            thread.join(10)
        self._listener.close()

    def wait_for(self, more: int) -> None:
        """Wait until so many further pictures were sent."""
        with self._change:
            end = self._sent + more
            assert self._change.wait_for(lambda: self._sent >= end, 30)

    def hang_up(self) -> None:
        """Close every connection."""
        for client in self._clients:
            try:
                client.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _begin(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, name="camera")
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            client, _ = self._listener.accept()
            if self._stop.is_set():
                client.close()
                return
            self.accepted += 1
            if self.behaviour == "refuse":
                client.close()
                continue
            self._clients.append(client)
            self._begin(self._serve, client)

    def _serve(self, client: socket.socket) -> None:
        try:
            if self.certificate:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(*self.certificate)
                client = context.wrap_socket(client, server_side=True)
            with client:
                self._talk(client, client.makefile("rb"))
        except (OSError, ValueError):
            pass

    def _talk(self, client: socket.socket, asked: BytesIO) -> None:
        while not self._stop.is_set():
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                line = asked.readline()
                if not line:
                    return
                head += line
            if self.behaviour == "silent":
                self._stop.wait()
                return
            if self.behaviour == "noise":
                client.sendall(os.urandom(4096))
                continue
            method, target = head.split(b" ", 2)[:2]
            self.requests.append(head.decode("latin-1"))
            fields = dict(re.findall(rb"(?m)^([\w-]+):\s*(.*?)\r$", head))
            status, more, body = self._answer(method.decode(), target.decode(), fields)
            lines = [f"RTSP/1.0 {status}", f"CSeq: {fields[b'CSeq'].decode()}", *more]
            if body:
                lines += ["Content-Type: application/sdp", f"Content-Length: {len(body)}"]
            client.sendall(("\r\n".join(lines) + "\r\n\r\n" + body).encode())
            if method == b"PLAY" and status == "200 OK":
                self.played += 1
                self._play(client)
                return

    def _answer(
        self, method: str, target: str, fields: dict[bytes, bytes]
    ) -> tuple[str, list[str], str]:
        if method == "OPTIONS":
            return "200 OK", ["Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN"], ""
        if self.user and not self._knows(method, target, fields.get(b"Authorization", b"")):
            ask = f'Basic realm="{REALM}"' if self.basic else f'Digest realm="{REALM}", nonce="n1"'
            return "401 Unauthorized", [f"WWW-Authenticate: {ask}"], ""
        if method == "DESCRIBE":
            if self.behaviour == "no_describe":
                return "404 Not Found", [], ""
            return "200 OK", [f"Content-Base: {target}/"], self._sdp()
        if method == "SETUP":
            if b"TCP" not in fields.get(b"Transport", b""):
                return "461 Unsupported Transport", [], ""
            transport = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1;ssrc=00001234"
            return "200 OK", [transport, "Session: 77"], ""
        return "200 OK", ["Session: 77"], ""

    def _knows(self, method: str, target: str, said: bytes) -> bool:
        if self.basic:
            wanted = base64.b64encode(f"{self.user}:{self.password}".encode())
            return said == b"Basic " + wanted
        given = dict(re.findall(rb'(\w+)="([^"]*)"', said))

        def digest(text: str) -> str:
            return hashlib.md5(text.encode()).hexdigest()

        secret = digest(f"{self.user}:{REALM}:{self.password}")
        asked = digest(f"{method}:{given.get(b'uri', b'').decode()}")
        return given.get(b"response", b"").decode() == digest(f"{secret}:n1:{asked}")

    def _sdp(self) -> str:
        name = "H264" if self.clip.codec == "h264" else "H265"
        lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=clip", "t=0 0", "m=video 0 RTP/AVP 96"]
        lines += [f"a=rtpmap:96 {name}/{TICKS_HZ}"]
        if name == "H264":
            lines.append("a=fmtp:96 packetization-mode=1")
        if self.declared_hz:
            lines.append(f"a=framerate:{self.declared_hz}")
        return "\r\n".join([*lines, "a=control:track1", ""])

    def _play(self, client: socket.socket) -> None:
        clip, number, start_s = self.clip, 0, time.monotonic()
        sequence = 0
        while not self._stop.is_set():
            if self.behaviour == "stall":
                if self._stop.wait(0.02):
                    return
                continue
            ticks = (self.ticks or clip.at)(number) & 0xFFFFFFFF
            if self.wall_s is not None and number % 5 == 0:
                client.sendall(self._sender_report(number, ticks))
            nals = clip.units[number % len(clip.units)]
            parts = [part for nal in nals for part in payloads(clip.codec, nal)]
            if self.behaviour == "garbage":
                parts = [os.urandom(len(part)) for part in parts]
            packets = b""
            for k, part in enumerate(parts):
                last = 0x80 if k == len(parts) - 1 else 0
                head = struct.pack(">BBHII", 0x80, last | 96, sequence & 0xFFFF, ticks, 0x1234)
                sequence += 1
                if not self.lose(number, k):
                    packets += b"$\0" + struct.pack(">H", 12 + len(part)) + head + part
            client.sendall(packets)
            number += 1
            with self._change:
                self._sent = number
                self._change.notify_all()
            if self._stop.wait(max(0.0, start_s + number / self.rate_hz - time.monotonic())):
                return

    def _sender_report(self, number: int, ticks: int) -> bytes:
        assert self.wall_s is not None
        ntp = self.wall_s + number / self.rate_hz + NTP_EPOCH_S
        whole = int(ntp)
        body = struct.pack(
            ">BBHIIIIII", 0x80, 200, 6, 0x1234, whole, int((ntp - whole) * 2**32), ticks, 0, 0
        )
        return b"$\1" + struct.pack(">H", len(body)) + body


@contextmanager
def camera_process(*arguments: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """Run a camera in a process of its own; yield it and its URL."""
    child = subprocess.Popen(
        [sys.executable, __file__, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdin is not None and child.stdout is not None
    try:
        yield child, child.stdout.readline().strip()
    finally:
        child.kill()
        child.stdin.close()
        child.stdout.close()
        child.wait()


if __name__ == "__main__":
    with Camera(encode()) as camera:
        print(camera.url(), flush=True)
        sys.stdin.read()
