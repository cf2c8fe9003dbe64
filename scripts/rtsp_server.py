"""Serves clips over RTSP as a camera would: looped, never re-encoded, with their own timestamps.

    scripts/rtsp_server clip.mp4                        rtsp://127.0.0.1:8554/clip
    scripts/rtsp_server door=a.mp4 yard=b.mkv           two cameras
    AFFECTSTREAM_RTSP_PASSWORD=... scripts/rtsp_server --user admin clip.mp4

H.264 and H.265, over TCP and UDP, from any file that GStreamer can open. It needs GStreamer's RTSP
server and its Python bindings and nothing else; `scripts/rtsp_server` says how to get them.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gi

for _name in ("Gst", "GstApp", "GstRtsp", "GstRtspServer"):
    gi.require_version(_name, "1.0")
from gi.repository import GLib, Gst, GstApp, GstRtsp, GstRtspServer  # noqa: E402

PASSWORD = "AFFECTSTREAM_RTSP_PASSWORD"
CODECS = {"video/x-h264": "h264", "video/x-h265": "h265"}
READ_S = 60
ROLE = "viewer"


class ServerError(Exception):
    """A clip cannot be served; the text names the remedy."""


@dataclass(frozen=True)
class Clip:
    """Access units in the order of decoding, with presentation and decoding times in ns."""

    codec: str
    caps: str
    units: list[tuple[bytes, int, int]]
    duration_ns: int


def read_clip(path: Path) -> Clip:
    """Take the access units of a file as they are. Raises: ServerError."""
    if not path.is_file():
        raise ServerError(f"{path}: no such file")
    wanted = ";".join(f"{name},stream-format=byte-stream,alignment=au" for name in CODECS)
    pipeline = Gst.parse_launch(
        f'filesrc name=file ! parsebin name=parse appsink name=out sync=false caps="{wanted}"'
    )
    pipeline.get_by_name("file").set_property("location", str(path))
    sink: GstApp.AppSink = pipeline.get_by_name("out")

    def link(_: Any, pad: Gst.Pad) -> None:
        name = pad.query_caps(None).get_structure(0).get_name()
        if name in CODECS and not sink.get_static_pad("sink").is_linked():
            parser = Gst.ElementFactory.make(f"{CODECS[name]}parse")
            # Parameter sets in front of each key frame let a viewer join at any of them. The
            # payloader would put them in front of each slice, which tears a picture in two.
            parser.set_property("config-interval", -1)
            pipeline.add(parser)
            parser.sync_state_with_parent()
            pad.link(parser.get_static_pad("sink"))
            parser.link(sink)

    pipeline.get_by_name("parse").connect("pad-added", link)
    pipeline.set_state(Gst.State.PLAYING)
    units, caps, end_ns = [], None, 0
    try:
        while (sample := _next_sample(pipeline, sink)) is not None:
            buffer = sample.get_buffer()
            caps = caps or sample.get_caps()
            pts = buffer.pts if buffer.pts != Gst.CLOCK_TIME_NONE else end_ns
            dts = buffer.dts if buffer.dts != Gst.CLOCK_TIME_NONE else pts
            units.append((buffer.extract_dup(0, buffer.get_size()), pts, dts))
            lasts = buffer.duration if buffer.duration != Gst.CLOCK_TIME_NONE else Gst.SECOND // 25
            end_ns = max(end_ns, pts + lasts)
    finally:
        pipeline.set_state(Gst.State.NULL)
    if caps is None:
        raise ServerError(
            f"{path}: no H.264 or H.265 in it; convert it: ffmpeg -i IN -c:v libx264 -bf 0 OUT.mp4"
        )
    first_ns = min(dts for _, _, dts in units)
    moved = [(data, pts - first_ns, dts - first_ns) for data, pts, dts in units]
    codec = CODECS[caps.get_structure(0).get_name()]
    # From the first picture to the end of the last: decoding starts earlier where it reorders.
    return Clip(codec, caps.to_string(), moved, end_ns - min(pts for _, pts, _ in units))


def _next_sample(pipeline: Gst.Pipeline, sink: GstApp.AppSink) -> Gst.Sample | None:
    """Return the next unit; None at the end, or where nothing of the file is for the sink."""
    failed = Gst.MessageType.ERROR | Gst.MessageType.EOS
    for _ in range(READ_S * 10):
        sample = sink.try_pull_sample(Gst.SECOND // 10)
        if sample is not None:
            return sample
        if sink.is_eos() or pipeline.get_bus().pop_filtered(failed) is not None:
            return None
    return None


class Feeder:
    """Hands the units of a clip to one media, each at its time, for ever."""

    def __init__(self, clip: Clip, source: GstApp.AppSrc) -> None:
        """Begin at once."""
        self._clip = clip
        self._source = source
        self._number = 0
        self._zero_ns = time.monotonic_ns()
        self.is_wanted = True
        GLib.idle_add(self._feed)

    def _feed(self) -> bool:
        """Push what is due, and come back when the next is."""
        clip = self._clip
        while self.is_wanted:
            loops, place = divmod(self._number, len(clip.units))
            data, pts, dts = clip.units[place]
            ahead_ns = loops * clip.duration_ns
            early_ns = self._zero_ns + ahead_ns + dts - time.monotonic_ns()
            if early_ns > 0:
                GLib.timeout_add(early_ns // 1_000_000 + 1, self._feed)
                break
            buffer = Gst.Buffer.new_wrapped(data)
            buffer.pts, buffer.dts = ahead_ns + pts, ahead_ns + dts
            self._number += 1
            if self._source.emit("push-buffer", buffer) != Gst.FlowReturn.OK:
                break
        return False


def mount(server: GstRtspServer.RTSPServer, name: str, clip: Clip, *, is_guarded: bool) -> None:
    """Offer a clip under `/name`; all viewers share one run of it, as with a camera."""
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_shared(True)
    factory.set_latency(0)
    factory.set_launch(
        f"( appsrc name=source is-live=true format=time ! {clip.codec}parse ! "
        f"rtp{clip.codec}pay name=pay0 pt=96 )"
    )

    def configure(_: Any, media: GstRtspServer.RTSPMedia) -> None:
        source = media.get_element().get_by_name("source")
        source.set_property("caps", Gst.Caps.from_string(clip.caps))
        feeder = Feeder(clip, source)
        media.connect("unprepared", lambda *_: setattr(feeder, "is_wanted", False))

    factory.connect("media-configure", configure)
    if is_guarded:
        permissions = GstRtspServer.RTSPPermissions()
        for right in ("media.factory.access", "media.factory.construct"):
            permissions.add_permission_for_role(ROLE, right, True)
        factory.set_permissions(permissions)
    server.get_mount_points().add_factory(f"/{name}", factory)


def guard(server: GstRtspServer.RTSPServer, user: str, password: str) -> None:
    """Ask every viewer for user and password, by digest."""
    auth = GstRtspServer.RTSPAuth()
    auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", ROLE)
    auth.add_digest(user, password, token)
    server.set_auth(auth)


def main() -> int:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("clips", nargs="+", metavar="[NAME=]FILE", help="a clip, and its path")
    parser.add_argument(
        "--host", default="127.0.0.1", help="where to listen (default: this machine)"
    )
    parser.add_argument("--port", default=8554, type=int, help="0 takes a free one (default 8554)")
    parser.add_argument("--user", help=f"ask for this user and the password in ${PASSWORD}")
    given = parser.parse_args()
    password = os.environ.get(PASSWORD, "")
    if given.user and not password:
        parser.error(f"--user needs the password in the environment variable {PASSWORD}")
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address(given.host)
    server.set_service(str(given.port))
    names = []
    for text in given.clips:
        name, _, file = text.rpartition("=")
        path = Path(file)
        names.append(name or path.stem)
        mount(server, names[-1], read_clip(path), is_guarded=bool(given.user))
    if given.user:
        guard(server, given.user, password)
    if not server.attach(None):
        raise ServerError(f"{given.host}:{given.port} cannot be used: take another --port")
    login = f"{given.user}:PASSWORD@" if given.user else ""
    for name in names:
        print(f"rtsp://{login}{given.host}:{server.get_bound_port()}/{name}", flush=True)
    print("ready; Ctrl-C ends", flush=True)
    GLib.MainLoop().run()
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ServerError as problem:
        sys.exit(f"rtsp_server: {problem}")
    except KeyboardInterrupt:
        sys.exit(0)
