"""The window itself, by SDL (pygame-ce). All of it belongs to one thread; macOS: the main one."""

from __future__ import annotations

import os
import sys
from typing import Protocol

import cv2
import numpy as np

from ...stream.errors import MissingExtraError, UsageError
from ...stream.messages import Image

Size = tuple[int, int]
"""Width and height in px."""

_LEAST_PX = (320, 200)
_UNSEEN = ("offscreen", "dummy", "evdev")
"""What SDL takes where it finds no display. Source: SDL 2, `src/video`."""

NO_DISPLAY = (
    "there is no display to show a window on; log in at the screen (or by ssh -X), or leave "
    "--show away and keep a film by --sink video --out DIR"
)


class Screen(Protocol):
    """A window; what a test puts in its place."""

    def desktop_px(self) -> Size:
        """Return the size of the screen it stands on."""
        ...

    def open(self, title: str, size: Size) -> None:
        """Show it."""
        ...

    def size_px(self) -> Size:
        """Return the size it has."""
        ...

    def keys(self) -> list[str]:
        """Return what was pressed since: a letter, `space`, or `close` for the window's cross."""
        ...

    def show(self, canvas_bgr: Image) -> None:
        """Show a picture of the size it has."""
        ...

    def close(self) -> None:
        """Take it away; may be called twice."""
        ...


class SDLScreen:
    """A window by pygame-ce."""

    def __init__(self) -> None:
        """Look for a display. Raises: MissingExtraError, UsageError."""
        os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
        # Through a software OpenGL a picture takes 9.8 ms instead of 0.03 (measured, 1280x720).
        os.environ.setdefault("SDL_FRAMEBUFFER_ACCELERATION", "0")
        asked = os.environ.get("SDL_VIDEODRIVER")
        has_server = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
        if sys.platform == "linux" and not has_server and not asked:
            raise UsageError(NO_DISPLAY)
        try:
            import pygame
        except ImportError:
            raise MissingExtraError("the window of --show", "show") from None
        self._pygame = pygame
        try:
            pygame.display.init()
        except pygame.error as error:
            raise UsageError(f"{NO_DISPLAY} ({error})") from None
        if not asked and pygame.display.get_driver() in _UNSEEN:
            pygame.display.quit()
            raise UsageError(NO_DISPLAY)

    def desktop_px(self) -> Size:
        """Return the size of the first screen."""
        return self._pygame.display.get_desktop_sizes()[0]

    def open(self, title: str, size: Size) -> None:
        """Show the window; it can be resized."""
        self._pygame.display.set_mode(size, self._pygame.RESIZABLE)
        self._pygame.display.set_caption(title)

    def size_px(self) -> Size:
        """Return the size that the window has."""
        return self._pygame.display.get_window_size()

    def keys(self) -> list[str]:
        """Return the keys pressed since, by name."""
        pygame = self._pygame
        found = []
        for event in pygame.event.get():
            if event.type == pygame.QUIT:
                found.append("close")
            elif event.type == pygame.KEYDOWN:
                found.append(pygame.key.name(event.key))
        return found

    def show(self, canvas_bgr: Image) -> None:
        """Show a picture; one of another size (the window is being resized) waits for the next."""
        surface = self._pygame.display.get_surface()
        height, width = canvas_bgr.shape[:2]
        if surface is None or surface.get_size() != (width, height):
            return
        if surface.get_bitsize() == 32 and surface.get_masks()[:3] == (0xFF0000, 0xFF00, 0xFF):
            pixels = np.asarray(surface.get_view("2")).T.view(np.uint8)
            cv2.cvtColor(canvas_bgr, cv2.COLOR_BGR2BGRA, dst=pixels.reshape(height, width, 4))
        else:
            picture = self._pygame.image.frombuffer(canvas_bgr.tobytes(), (width, height), "BGR")
            surface.blit(picture, (0, 0))
        self._pygame.display.flip()

    def close(self) -> None:
        """Take the window away."""
        self._pygame.display.quit()


def window_size(pictures: Size, extra_px: int, desktop: Size) -> Size:
    """Return the size for pictures that together have that size: within most of the screen."""
    room = (0.9 * desktop[0], 0.85 * desktop[1] - extra_px)
    scale = min(1.0, room[0] / pictures[0], room[1] / pictures[1])
    width, height = round(pictures[0] * scale), round(pictures[1] * scale) + extra_px
    return max(_LEAST_PX[0], width), max(_LEAST_PX[1], height)
