"""Take pictures of every view of the live page, in both themes, from the packaged demo clip.

    python scripts/make_page_pictures.py                  # into runs/page-pictures/
    python scripts/make_page_pictures.py --readme         # and docs/page.jpg, docs/summary.jpg
    python scripts/make_page_pictures.py FOLDER VIEW...   # only these views

Needs `affectstream[cpu,web]`, playwright and Chromium (`apt-get install chromium`).
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
CLIP = ROOT / "configs" / "demo.mp4"
CHROMIUM = "/usr/bin/chromium"
SIZES = {"desktop": (1440, 1000), "phone": (390, 844)}
THEMES = ("dark", "light")
VIEWS = (
    *("live", "window", "mesh", "keys", "german", "wall"),
    *("finished", "finished-wall", "past"),
)
WAIT_MS = 300_000
README_PX = 1200
README_AT_S = 17.0
COMMAND = [sys.executable, "-m", "affectstream.stream"]


@contextmanager
def served(*arguments: str) -> Iterator[str]:
    """Run affectstream with these arguments; yield the address of its page."""
    process = subprocess.Popen([*COMMAND, *arguments], stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        lines = iter(process.stderr.readline, "")
        found = next((line for line in lines if line.startswith("page: ")), None)
        if found is None:
            raise SystemExit(f"affectstream {' '.join(arguments)} showed no page")
        yield found.removeprefix("page: ").strip()
    finally:
        process.terminate()
        process.communicate(timeout=30)


def painted(page: Page, frames: int) -> None:
    """Wait until the picture has moved so often."""
    script = "n => Number(document.querySelector('.frame')?.dataset.painted ?? 0) >= n"
    page.wait_for_function(script, arg=frames, timeout=WAIT_MS)


def settled(page: Page) -> None:
    """Wait for the pictures of a moment that was jumped to."""
    page.wait_for_timeout(500)
    page.wait_for_function("() => !document.querySelector('.picture.old')", timeout=WAIT_MS)


def live(page: Page) -> None:
    """Wait for people, charts and the first words."""
    painted(page, 60)
    page.wait_for_selector(".told .when", timeout=WAIT_MS)


def wall(page: Page) -> None:
    """Wait for four moving tiles."""
    painted(page, 20)
    page.wait_for_timeout(3000)


def finished(page: Page) -> None:
    """Wind to a moment with people in it, and point at another in the timeline."""
    page.wait_for_selector(".told button")
    page.locator(".scrub").fill("15")
    page.wait_for_selector(".person")
    page.wait_for_timeout(800)
    box = page.locator(".plots").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.55, box["y"] + 60)
    page.wait_for_timeout(300)


def window(page: Page) -> None:
    """Show the last seconds, with landmarks and blurred faces."""
    painted(page, 60)
    for key in "rmu":
        page.keyboard.press(key)
    painted(page, 300)


def mesh(page: Page) -> None:
    """Show the face mesh alone."""
    painted(page, 60)
    for key in "fs":
        page.keyboard.press(key)
    painted(page, 120)


def past(page: Page) -> None:
    """Look back at a moment of a replay that goes on."""
    page.wait_for_selector(".told button", timeout=WAIT_MS)
    page.wait_for_function(
        "() => Number(document.querySelector('.plots').ariaValueMax) > 20", timeout=WAIT_MS
    )
    box = page.locator(".u-over").first.bounding_box()
    assert box is not None
    end_s = float(page.locator(".plots").get_attribute("aria-valuemax") or "nan")
    page.mouse.click(box["x"] + box["width"] * 15 / end_s, box["y"] + 20)
    page.wait_for_selector(".person")
    settled(page)


def finished_wall(page: Page) -> None:
    """Wind all tiles to a moment."""
    page.locator(".scrub").fill("15")
    settled(page)


def keys(page: Page) -> None:
    """Open the list of keys."""
    painted(page, 20)
    page.keyboard.press("?")


def shoot(
    url: str, folder: Path, name: str, prepare: Callable[[Page], None], language: str = "en"
) -> list[Path]:
    """Take a picture per theme and size."""
    made = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for theme in THEMES:
            for size, (width, height) in SIZES.items():
                context = browser.new_context(
                    viewport={"width": width, "height": height},
                    color_scheme=theme,  # type: ignore[arg-type]
                    locale=language,
                    device_scale_factor=1,
                )
                page = context.new_page()
                page.goto(url)
                prepare(page)
                path = folder / f"{name}-{size}-{theme}.png"
                page.screenshot(path=path, full_page=size == "phone")
                made.append(path)
                print(path)
                context.close()
        browser.close()
    return made


def main() -> int:
    """Run the command line; return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", default=ROOT / "runs" / "page-pictures")
    parser.add_argument("views", nargs="*", help="by default all: " + ", ".join(VIEWS))
    parser.add_argument(
        "--readme", action="store_true", help="make docs/page.jpg and docs/summary.jpg too"
    )
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    wanted = set(options.views or VIEWS)
    with tempfile.TemporaryDirectory() as scratch:
        _take_live(options.folder, wanted, Path(scratch))
        if "wall" in wanted:
            _take_wall(options.folder, Path(scratch))
        if "finished-wall" in wanted:
            _take_finished_wall(options.folder, Path(scratch))
        if "past" in wanted:
            run = ["run", str(CLIP), "--loop", "--quiet", "--narrate", "5", "--window", "4"]
            with served(*run, "--out", str(Path(scratch) / "past"), "--web", "0") as url:
                shoot(url, options.folder, "past", past)
        if "finished" in wanted or options.readme:
            _take_finished(options.folder, Path(scratch), options.readme)
    return 0


def _take_live(folder: Path, wanted: set[str], scratch: Path) -> None:
    views = {"live": live, "window": window, "mesh": mesh, "keys": keys, "german": live}
    if not wanted & set(views):
        return
    run = ["run", str(CLIP), "--loop", "--live", "--quiet", "--narrate", "6", "--window", "6"]
    with served(*run, "--out", str(scratch / "live"), "--web", "0") as url:
        for name, prepare in views.items():
            if name in wanted:
                shoot(url, folder, name, prepare, "de" if name == "german" else "en")


def _clips(scratch: Path) -> list[str]:
    clips = [scratch / f"{name}.mp4" for name in ("door", "hall", "kitchen", "lounge")]
    for clip in clips:
        shutil.copy(CLIP, clip)
    return [str(clip) for clip in clips]


def _take_finished_wall(folder: Path, scratch: Path) -> None:
    out = str(scratch / "many")
    run = ["run", *_clips(scratch), "--out", out, "--speed", "max", "--quiet"]
    subprocess.run([*COMMAND, *run, "--model", "pose=none", "--window", "4"], check=True)
    with served("view", out, "--web", "0") as url:
        shoot(url, folder, "finished-wall", finished_wall)


def _take_wall(folder: Path, scratch: Path) -> None:
    run = ["run", *_clips(scratch), "--loop", "--live", "--quiet", "--model", "pose=none"]
    with served(*run, "--web", "0") as url:
        shoot(url, folder, "wall", wall)


def _take_finished(folder: Path, scratch: Path, readme: bool) -> None:
    out = str(scratch / "finished")
    run = ["run", str(CLIP), "--out", out, "--speed", "max", "--quiet", "--narrate", "5"]
    subprocess.run([*COMMAND, *run, "--window", "4"], check=True)
    with served("view", out, "--web", "0") as url:
        made = shoot(url, folder, "finished", finished)
    if readme:
        summary = folder / "summary.png"
        subprocess.run([*COMMAND, "plot", out, "--to", str(summary)], check=True)
        for picture, name in ((made[0], "page"), (summary, "summary")):
            keep(picture, ROOT / "docs" / f"{name}.jpg")


def keep(picture: Path, target: Path) -> None:
    """Write a smaller copy for the documents."""
    image = cv2.imread(str(picture))
    height = round(image.shape[0] * README_PX / image.shape[1])
    small = cv2.resize(image, (README_PX, height), interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(target), small, (cv2.IMWRITE_JPEG_QUALITY, 86))
    print(target, target.stat().st_size, "bytes")


if __name__ == "__main__":
    sys.exit(main())
