"""Times and numbers in words, the same wherever a person reads them."""

from __future__ import annotations

from ...stream.messages import Event


def clock(seconds: float) -> str:
    """Return media time as m:ss, or h:mm:ss from one hour on."""
    whole = round(seconds)
    minutes, rest = divmod(abs(whole), 60)
    hours, minutes = divmod(minutes, 60)
    sign = "-" if whole < 0 else ""
    return f"{sign}{hours}:{minutes:02}:{rest:02}" if hours else f"{sign}{minutes}:{rest:02}"


def signed(value: float | None) -> str:
    """Return a number with its sign and two decimals; a dash where it was not measured."""
    return "-" if value is None else f"{value:+z.2f}"


def printable(text: str) -> str:
    """Return a text as one line without anything a terminal would obey."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def camera_words(event: Event) -> str:
    """Return in words how a camera is, from a `source_state` event."""
    words = f"camera {event.after.replace('_', ' ')}"
    return f"{words}: {event.detail}" if event.detail else words
