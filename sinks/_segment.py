"""A film of packets as they came: an MP4 in fragments of a second, Matroska for what MP4 refuses.

Each fragment is complete by itself and written through at once, so that a kill costs the last
second at most, whatever the distance of key frames.
"""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

import av
from av.error import FFmpegError
from av.video.stream import VideoStream

from ._reel import Encoded

FRAGMENT_US = 1_000_000
MP4 = {"movflags": "empty_moov+default_base_moof", "frag_duration": str(FRAGMENT_US)}
MATROSKA = {"cluster_time_limit": str(FRAGMENT_US // 1000)}
LONGEST_GAP_S = 10.0
"""A longer gap in the stamps is a jump of the camera's clock, and begins another file."""


class Segment:
    """One file; its first packet is a key frame and begins at 0.

    `began_s` and `ended_s` are the first and last packet's time on the recording's clock.
    """

    def __init__(self, folder: Path, source_id: str, first: Encoded) -> None:
        """Create the file. Raises: OSError where it cannot be, ValueError for no known codec."""
        self.form = first.form
        self.began_s = self.ended_s = first.at_s
        self.t_wall_ns = first.t_wall_ns
        self.packets = self.bytes = 0
        self._zero = self._last_dts = first.dts
        self._number = first.number - 1
        moment = datetime.fromtimestamp(first.t_wall_ns / 1e9, UTC)
        stem = f"{source_id}-{moment:%Y%m%dT%H%M%S}.{moment.microsecond // 1000:03}Z"
        same = len(list(folder.glob(f"{stem}*")))
        stem += f"-{same + 1}" if same else ""
        with av.open(io.BytesIO(first.form.head), format="nut") as head:
            template = head.streams.video[0]
            self._create(folder / f"{stem}.mp4", template)

    def _create(self, path: Path, template: VideoStream) -> None:
        try:
            self._open(path, "mp4", MP4, template)
        except ValueError:
            path.unlink(missing_ok=True)
            self._open(path.with_suffix(".mkv"), "matroska", MATROSKA, template)

    def _open(self, path: Path, form: str, options: dict[str, str], template: VideoStream) -> None:
        self.path = path
        self._container = av.open(
            str(path), "w", format=form, options={"flush_packets": "1", **options}
        )
        try:
            self._stream = self._container.add_stream_from_template(template)
            self._container.start_encoding()
        except (FFmpegError, ValueError) as error:
            self._container.close()
            raise ValueError(str(error)) from None

    def follows(self, encoded: Encoded) -> bool:
        """Tell whether a packet goes on where this file stands."""
        gap_s = (encoded.dts - self._last_dts) * float(self.form.time_base)
        return (
            encoded.form is self.form
            and encoded.number == self._number + 1
            and abs(gap_s) <= LONGEST_GAP_S
        )

    def add(self, encoded: Encoded) -> None:
        """Write a packet. Raises: OSError.

        A stamp of decoding that does not rise, which no file may hold, is set behind the last.
        """
        packet = encoded.packet()
        dts = encoded.dts
        if self.packets:
            dts = max(dts, self._last_dts + 1)
        packet.dts, packet.pts = dts - self._zero, max(dts, encoded.pts) - self._zero
        packet.stream = self._stream
        self._container.mux_one(packet)
        self._last_dts, self._number, self.ended_s = dts, encoded.number, encoded.at_s
        self.packets += 1
        self.bytes += len(encoded.data)

    def close(self) -> None:
        """Complete the file. Raises: OSError."""
        self._container.close()
