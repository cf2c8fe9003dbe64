"""Take pictures of every view of the live page, in both themes, from the packaged demo clip.

    python scripts/make_page_pictures.py                  # into runs/page-pictures/
    python scripts/make_page_pictures.py --readme         # and docs/page.png, for the README
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
    page.wait_for_function(script, arg=frames, timeout=90_000)


def live(page: Page) -> None:
    """Wait for people, charts and the first words."""
    painted(page, 60)
    page.wait_for_selector(".told time", timeout=90_000)


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
    parser.add_argument("views", nargs="*", help="live, window, keys, german, wall, finished")
    parser.add_argument("--readme", action="store_true", help="make docs/page.png too")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    wanted = set(options.views or ("live", "window", "keys", "german", "wall", "finished"))
    with tempfile.TemporaryDirectory() as scratch:
        _take_live(options.folder, wanted, Path(scratch))
        if "wall" in wanted:
            _take_wall(options.folder, Path(scratch))
        if "finished" in wanted or options.readme:
            _take_finished(options.folder, Path(scratch), options.readme)
    return 0


def _take_live(folder: Path, wanted: set[str], scratch: Path) -> None:
    views = {"live": live, "window": window, "keys": keys, "german": live}
    if not wanted & set(views):
        return
    run = ["run", str(CLIP), "--loop", "--live", "--quiet", "--narrate", "6", "--window", "6"]
    with served(*run, "--out", str(scratch / "live"), "--web", "0") as url:
        for name, prepare in views.items():
            if name in wanted:
                shoot(url, folder, name, prepare, "de" if name == "german" else "en")


def _take_wall(folder: Path, scratch: Path) -> None:
    clips = [scratch / f"{name}.mp4" for name in ("door", "hall", "kitchen", "lounge")]
    for clip in clips:
        shutil.copy(CLIP, clip)
    run = ["run", *map(str, clips), "--loop", "--live", "--quiet", "--model", "pose=none"]
    with served(*run, "--web", "0") as url:
        shoot(url, folder, "wall", wall)


def _take_finished(folder: Path, scratch: Path, readme: bool) -> None:
    out = str(scratch / "finished")
    run = ["run", str(CLIP), "--out", out, "--speed", "max", "--quiet", "--narrate", "5"]
    subprocess.run([*COMMAND, *run, "--window", "4"], check=True)
    with served("view", out, "--web", "0") as url:
        made = shoot(url, folder, "finished", finished)
    if readme:
        picture = cv2.imread(str(made[0]))
        height = round(picture.shape[0] * README_PX / picture.shape[1])
        small = cv2.resize(picture, (README_PX, height), interpolation=cv2.INTER_AREA)
        target = ROOT / "docs" / "page.jpg"
        cv2.imwrite(str(target), small, (cv2.IMWRITE_JPEG_QUALITY, 86))
        print(target, target.stat().st_size, "bytes")


if __name__ == "__main__":
    sys.exit(main())
