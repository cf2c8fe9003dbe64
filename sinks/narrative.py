"""`narration.jsonl` for programs and `narrative.md` for people."""

from __future__ import annotations

import re

import msgspec

from ..stream import tables
from ..stream.messages import Delivery, Frame, Narration
from ._lines import LineFile, folder_of
from ._look.words import clock
from .base import Policy, RunInfo, SinkConfig

CHECKED = {
    True: "",
    False: ", not checked against the numbers",
    "fallback": " did not pass the check: told by the grounded narrator",
}
_MARKUP = re.compile(r"[\\`*_\[\]<>#|]")


class Config(SinkConfig):
    """Nothing to choose."""


def plain_markdown(text: str) -> str:
    """Return a text as one line in which Markdown and HTML find nothing to format."""
    return _MARKUP.sub(r"\\\g<0>", " ".join(text.split())).replace("&", "&amp;")


class NarrativeSink:
    """Every narration, in both files, flushed about once a second."""

    policy: Policy = "every"
    wants_readings = False
    wants_frames = False

    def __init__(self, run: RunInfo) -> None:
        """Take the folder and the sources of the run."""
        self._folder = folder_of(run, "narrative")
        self._run = run
        self._told_until_s: dict[str, tuple[int, float]] = {}
        self._files: tuple[LineFile, ...] = ()

    def open(self) -> None:
        """Create both files, the readable one with its title. Raises: SinkError."""
        lines = LineFile(self._folder / "narration.jsonl")
        self._files = (lines,)
        self._files = (lines, LineFile(self._folder / "narrative.md", self._title()))

    def write(self, message: Delivery, frame: Frame | None) -> None:
        """Add a narration; everything else passes. Raises: SinkError."""
        if not isinstance(message, Narration):
            return
        lines, story = self._files
        lines.append(_json_line(message))
        story.append(self._section(message))

    def tick(self) -> None:
        """Write what has gathered. Raises: SinkError."""
        for file in self._files:
            file.flush()

    def close(self) -> None:
        """Complete the files. Raises: SinkError."""
        files, self._files = self._files, ()
        for file in files:
            file.close()

    def _title(self) -> str:
        sources = ", ".join(plain_markdown(source.source_id) for source in self._run.sources)
        return (
            f"# What could be seen in {sources or 'the picture'}\n\n"
            f"How people look and move, over the last {self._run.window_s:g} seconds each time. "
            "An expression is not a feeling.\n"
        )

    def _section(self, narration: Narration) -> str:
        epoch, start_s = self._told_until_s.get(narration.source_id, (narration.epoch, 0.0))
        if epoch != narration.epoch:
            start_s = 0.0
        self._told_until_s[narration.source_id] = narration.epoch, narration.pts_s
        if narration.kind == "story":
            start_s = float(narration.facts.get("from_s", 0.0))
        source = ""
        if len(self._run.sources) > 1:
            source = f", {plain_markdown(narration.source_id)}"
        times = f"{clock(min(start_s, narration.pts_s))} to {clock(narration.pts_s)}"
        if narration.gap:
            words = f"*No narration: {plain_markdown(narration.gap)}.*"
        else:
            engine = f"*{plain_markdown(narration.engine)}{CHECKED[narration.grounded]}*"
            words = f"{plain_markdown(narration.text)}\n\n{engine}"
        head = "The whole: " if narration.kind == "story" else ""
        return f"\n## {head}{times}{source}\n\n{words}\n"


def _json_line(narration: Narration) -> str:
    row: dict[str, object] = dict(
        zip(tables.NARRATION_COLUMNS, tables.narration_row(narration), strict=True)
    )
    row["grounded"] = narration.grounded
    row["faults"] = list(narration.faults)
    rest = {
        "epoch": narration.epoch,
        "t_wall_ns": narration.t_wall_ns,
        "facts": narration.facts,
    }
    return msgspec.json.encode(row | rest).decode() + "\n"


def build(config: Config, run: RunInfo) -> NarrativeSink:
    """Return the sink. Raises: UsageError where the run has no folder."""
    return NarrativeSink(run)
