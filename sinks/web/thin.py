"""The picture over WebRTC, for thin links: small, and never above a bit rate. By aiortc (BSD-3).

No server of others is asked for the way (no STUN, no TURN): it works where the page and this
machine reach each other by UDP. Candidates by mDNS names are left out, so that nothing is asked of
the network; the page's own checks say where it is.
"""

from __future__ import annotations

import asyncio
import fractions

from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.codecs import vpx
from aiortc.mediastreams import MediaStreamError
from av.video.frame import VideoFrame

from .pictures import Pictures

WIDTH_PX = 640
RATE_HZ = 12.0
BIT_RATE = 300_000
"""Bits a second of a picture. Our choice: a link of half a megabit is left room for the rest."""
MOST_PEERS = 8
CONNECT_S = 15.0
_CLOCK_HZ = 90_000
"""Of video in RTP. Source: RFC 7741."""

# aiortc has no other place for the limit of its encoder.
vpx.DEFAULT_BITRATE = vpx.MAX_BITRATE = BIT_RATE
vpx.MIN_BITRATE = min(vpx.MIN_BITRATE, BIT_RATE)


class Thin:
    """Sends pictures to peers; lives in the server's loop."""

    def __init__(self, pictures: Pictures) -> None:
        """Take where pictures come from."""
        self._pictures = pictures
        self._peers: set[RTCPeerConnection] = set()

    async def answer(self, source: str, offer_sdp: str, blurred: bool) -> str:
        """Return the answer to a page's offer. Raises: ValueError for what is no offer."""
        if len(self._peers) >= MOST_PEERS:
            raise ValueError(f"{MOST_PEERS} pages are served already")
        peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._peers.add(peer)

        @peer.on("connectionstatechange")
        async def on_change() -> None:
            if peer.connectionState in ("failed", "closed"):
                await self._end(peer)

        try:
            peer.addTrack(_Track(self._pictures, source, blurred))
            offer = RTCSessionDescription(without_names(offer_sdp), "offer")
            await peer.setRemoteDescription(offer)
            await peer.setLocalDescription(await peer.createAnswer())
        except Exception as error:  # What a stranger wrote may fail in many ways.
            await self._end(peer)
            raise ValueError(f"no offer: {type(error).__name__}") from None
        asyncio.get_running_loop().call_later(CONNECT_S, self._give_up, peer)
        return str(peer.localDescription.sdp)

    async def close(self) -> None:
        """End every connection."""
        await asyncio.gather(*(self._end(peer) for peer in list(self._peers)))

    def _give_up(self, peer: RTCPeerConnection) -> None:
        if peer in self._peers and peer.connectionState != "connected":
            asyncio.get_running_loop().create_task(self._end(peer))

    async def _end(self, peer: RTCPeerConnection) -> None:
        if peer in self._peers:
            self._peers.discard(peer)
            await peer.close()


class _Track(MediaStreamTrack):
    kind = "video"

    def __init__(self, pictures: Pictures, source: str, blurred: bool) -> None:
        super().__init__()
        self._pictures = pictures
        self._wanted = (source, blurred)
        self._after = -1
        self._start_s = self._due_s = asyncio.get_running_loop().time()

    async def recv(self) -> VideoFrame:
        """Return the newest picture, no more often than `RATE_HZ`."""
        source, blurred = self._wanted
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(max(0.0, self._due_s - loop.time()))
            sight = await self._pictures.newer(source, self._after)
            if sight is None:
                self.stop()
                raise MediaStreamError
            self._after = sight.reading.seq
            image = await self._pictures.image(source, sight, WIDTH_PX, blurred)
            if image is not None:
                break
        now_s = loop.time()
        self._due_s = max(self._due_s + 1 / RATE_HZ, now_s)
        frame = VideoFrame.from_ndarray(image, format="bgr24")
        frame.pts = round((now_s - self._start_s) * _CLOCK_HZ)
        frame.time_base = fractions.Fraction(1, _CLOCK_HZ)
        return frame


def without_names(sdp: str) -> str:
    """Return an offer without candidates that only a name on the network tells."""
    lines = sdp.splitlines()
    kept = [one for one in lines if not (one.startswith("a=candidate:") and ".local " in one)]
    kept = [one for one in kept if one != "a=end-of-candidates"]
    return "\r\n".join(kept) + "\r\n"
