"""Measure the live page: its age from capture to paint, its load, and what clients cost the run.

    python scripts/measure_page.py            # about a minute and a half, alone on the machine

One source of 1280 x 720 at 25 pictures a second, made from the demo clip, live; first without a
page, then with Chromium looking, then with four reading clients and one that never reads. Needs
`affectstream[cpu,web]`, playwright and /usr/bin/chromium.
"""

from __future__ import annotations

import json
import socket
import sys
import tempfile
import threading
import time
import urllib.request
from fractions import Fraction
from pathlib import Path

import av
import cv2
from make_page_pictures import CHROMIUM, CLIP, served
from playwright.sync_api import sync_playwright
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

SPAN_S = 15.0
SIZE_PX = (1280, 720)
RATE_HZ = 25


def widen(target: Path) -> None:
    """Write the demo clip at 1280 x 720."""
    with av.open(str(CLIP)) as source, av.open(str(target), "w") as out:
        stream = out.add_stream("libx264", rate=RATE_HZ, options={"preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = *SIZE_PX, "yuv420p"
        for k, frame in enumerate(source.decode(video=0)):
            picture = cv2.resize(frame.to_ndarray(format="bgr24"), SIZE_PX)
            made = av.VideoFrame.from_ndarray(picture, "bgr24")
            made.pts, made.time_base = k, Fraction(1, RATE_HZ)
            out.mux(stream.encode(made))
        out.mux(stream.encode(None))


def counts(url: str) -> dict[str, int]:
    """Return the ledger of the source."""
    with urllib.request.urlopen(url + "api/hello") as answer:
        (state,) = json.load(answer)["health"]["sources"].values()
    return dict(state["frames"])


def rate(url: str) -> float:
    """Return the readings a second over a span."""
    before, start_s = counts(url), time.monotonic()
    time.sleep(SPAN_S)
    after = counts(url)
    return (after["inferred"] - before["inferred"]) / (time.monotonic() - start_s)


def look(url: str) -> None:
    """Have Chromium look, and print what it saw."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(url)
        page.wait_for_selector(".frame[data-painted]")
        load = page.evaluate(
            "() => { const n = performance.getEntriesByType('navigation')[0];"
            " const p = performance.getEntriesByName('first-contentful-paint')[0];"
            " return [n.loadEventEnd, p ? p.startTime : -1]; }"
        )
        print(f"page: load event {load[0]:.0f} ms, first paint {load[1]:.0f} ms", flush=True)
        painted = "() => Number(document.querySelector('.frame').dataset.painted)"
        before, start_s = page.evaluate(painted), time.monotonic()
        run_hz = rate(url)
        shown_hz = (page.evaluate(painted) - before) / (time.monotonic() - start_s)
        age_ms = float(page.locator(".frame").get_attribute("data-age") or "nan")
        print(
            f"with Chromium: run {run_hz:.1f}/s, shown {shown_hz:.1f}/s, "
            f"capture to paint p95 {age_ms:.0f} ms",
            flush=True,
        )
        browser.close()


def client(url: str, stop: threading.Event) -> None:
    """Ask for one picture after another."""
    with connect(url.replace("http", "ws") + "live", max_size=None) as page:
        after, source = -1, "wide"
        try:
            while not stop.is_set():
                page.send(json.dumps({"source": source, "after": after, "width": 1280}))
                while not isinstance(message := page.recv(timeout=20), bytes):
                    pass
                length = int.from_bytes(message[:4], "big")
                after = json.loads(message[4 : 4 + length])["seq"]
        except (ConnectionClosed, TimeoutError):
            return


def crowd(url: str) -> None:
    """Have four clients read and one sleep, and print the run's rate."""
    stop = threading.Event()
    threads = [threading.Thread(target=client, args=(url, stop)) for _ in range(4)]
    for thread in threads:
        thread.start()
    host, port = url.removeprefix("http://").rstrip("/").split(":")
    asleep = socket.create_connection((host, int(port)))
    asleep.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    address = url.replace("http", "ws") + "live"
    with connect(address, sock=asleep, max_queue=1, close_timeout=0.1) as sleeper:
        sleeper.send(json.dumps({"source": "wide", "after": -1, "width": 1280}))
        print(f"with five clients, one asleep: run {rate(url):.1f}/s", flush=True)
    stop.set()
    for thread in threads:
        thread.join()


def main() -> int:
    """Run the command line; return its exit code."""
    with tempfile.TemporaryDirectory() as scratch:
        clip = Path(scratch) / "wide.mp4"
        widen(clip)
        with served("run", str(clip), "--loop", "--live", "--quiet", "--web", "0") as url:
            time.sleep(4)
            print(f"without a page: run {rate(url):.1f}/s", flush=True)
            crowd(url)
            look(url)
    return 0


if __name__ == "__main__":
    sys.exit(main())
