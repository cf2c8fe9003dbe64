"""One smooth story of a video: an opening, its chapters with what joins them, and a close.

The sentences about people are the narrator's, from the facts of each chapter; those between are
made here from times and counts. Nothing is said that a table does not hold.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ..models.facts import clock
from ..models.tongues.en import FIRST_LOOK, QUADRANT_WORDS
from ..sinks._look.palette import EMOJI
from ..sinks._look.words import signed
from ..sinks.narrative import plain_markdown
from ..stream.messages import GROUP, Span
from .curve import CHANGING, NOBODY, UNREAD, Chapter, Curve
from .results import SCALED, per_frame
from .telling import Told

FIRST = {NOBODY: "At first nobody is in view.", UNREAD: "", CHANGING: "It begins unsettled."}
TURNS = (
    "At {clock} the mood turns {word}.",
    "From {clock} on the look is {word}.",
    "Then, at {clock}, things become {word}.",
    "At {clock} it changes again, to {word}.",
)
GAPS = {
    NOBODY: ("At {clock} the picture empties.", "From {clock} on nobody is in view."),
    UNREAD: ("At {clock} the scene changes.", "From {clock} on no face can be read."),
    CHANGING: ("From {clock} on nothing stays for long.", "At {clock} things become unsettled."),
}
STAYS = ("This goes on for {seconds}.", "It lasts {seconds}.", "So it stays for {seconds}.")


def tale(
    title: str, table: pd.DataFrame, curve: Curve, chapters: Sequence[Chapter], told: Sequence[Told]
) -> str:
    """Return the story as Markdown, with a table of the chapters' numbers behind it."""
    parts = [f"# The story of {plain_markdown(title)}", _opening(table, curve)]
    for number, (chapter, said) in enumerate(zip(chapters, told, strict=True)):
        parts.append(plain_markdown(_chapter(number, chapter, said, len(chapters))))
    parts += [_close(table, curve, chapters), "## The numbers behind it", _numbers(chapters, told)]
    parts.append(
        "*Valence and arousal of all people together, on a scale of −1 to 1, with the standard "
        "deviation within the chapter; movement in torso lengths per second. Made from the "
        "measured numbers alone; it tells how people look, and an expression is not a feeling.*"
    )
    return "\n\n".join(parts) + "\n"


def _opening(table: pd.DataFrame, curve: Curve) -> str:
    people = int(table["person"].nunique())
    if not people:
        return f"The recording lasts {seconds(curve.end_s)}. Nobody is seen in it."
    share = float((curve.people > 0).mean())
    most = int(curve.people.max())
    who = "One person is" if people == 1 else f"{people} people are"
    at_once = "" if people == 1 else f", {'one' if most == 1 else most} at a time at most"
    return (
        f"The recording lasts {seconds(curve.end_s)}. {who} seen in it{at_once}; "
        f"somebody is in view for {_share(share)}."
    )


def _chapter(number: int, chapter: Chapter, said: Told, count: int) -> str:
    """Return how a chapter begins, what is seen in it, and how long it lasts."""
    word = QUADRANT_WORDS.get(chapter.mood, "")
    if number == 0:
        begin = FIRST.get(chapter.mood, f"It begins {word}.")
    else:
        options = GAPS.get(chapter.mood, TURNS)
        begin = options[(number - 1) % len(options)].format(clock=clock(chapter.start_s), word=word)
    text = "" if chapter.mood == NOBODY else said.text
    for words in FIRST_LOOK if number == 0 else ():
        text = text.replace(f" {words}", "")
    lasts = STAYS[number % len(STAYS)].format(seconds=seconds(chapter.end_s - chapter.start_s))
    is_long = count > 1 and chapter.end_s - chapter.start_s >= 5
    return " ".join(part for part in (begin, text, lasts if is_long else "") if part)


def _close(table: pd.DataFrame, curve: Curve, chapters: Sequence[Chapter]) -> str:
    """Return the whole in two or three sentences, and the ratings beside it."""
    frames = per_frame(table)
    means = [frames[name].mean() for name in SCALED]
    sentences = []
    if np.isfinite(means).all():
        sentences.append(
            f"Over the whole recording valence averages {signed(means[0])} and arousal "
            f"{signed(means[1])}."
        )
        sentences += _longest(chapters)
        sentences += _widest_turn(curve)
    for name in SCALED:
        rated = frames[f"rating_{name}"]
        both = frames[rated.notna() & frames[name].notna()]
        if len(both):
            same = (both[name] * both[f"rating_{name}"] > 0).mean()
            sentences.append(
                f"The ratings of {name} average {signed(rated.mean())}; rating and measurement "
                f"have the same sign in {same:.0%} of the frames that have both."
            )
    return " ".join(sentences) or "No expression could be read, so there is no mood to sum up."


def _longest(chapters: Sequence[Chapter]) -> list[str]:
    lengths: dict[str, float] = {}
    for chapter in chapters:
        lengths[chapter.mood] = lengths.get(chapter.mood, 0.0) + chapter.end_s - chapter.start_s
    mood = max(lengths, key=lambda one: lengths[one])
    if mood not in QUADRANT_WORDS or len(lengths) < 2:
        return []
    return [f"Most of the time, {seconds(lengths[mood])}, the look is {QUADRANT_WORDS[mood]}."]


def _widest_turn(curve: Curve, over_s: float = 2.0) -> list[str]:
    """Name the two seconds in which the curve moves farthest."""
    after = np.searchsorted(curve.time_s, curve.time_s + over_s)
    rows = np.flatnonzero(after < len(curve.time_s))
    step = np.hypot(
        curve.valence[after[rows]] - curve.valence[rows],
        curve.arousal[after[rows]] - curve.arousal[rows],
    )
    if not np.isfinite(step).any() or np.nanmax(step) < 0.3:
        return ["There is no sharp turn in it."]
    row = int(rows[int(np.nanargmax(step))])
    change = [getattr(curve, name)[after[row]] - getattr(curve, name)[row] for name in SCALED]
    return [
        f"The sharpest turn comes around {clock(float(curve.time_s[row]) + over_s / 2)}: within "
        f"two seconds valence changes by {signed(change[0])} and arousal by {signed(change[1])}."
    ]


def _numbers(chapters: Sequence[Chapter], told: Sequence[Told]) -> str:
    lines = [
        "| from | to | mood | valence | arousal | movement | people |",
        "|---:|---:|:---|---:|---:|---:|---:|",
    ]
    for chapter, said in zip(chapters, told, strict=True):
        group = next(span for span in said.window.spans if span.person == GROUP)
        people = len(said.window.spans) - 1
        mood = f"{EMOJI.get(chapter.mood, '')} {chapter.mood}".strip()
        cells = (
            f"{chapter.start_s:.1f} s",
            f"{chapter.end_s:.1f} s",
            mood,
            _spread(group, "valence"),
            _spread(group, "arousal"),
            "–" if group.movement is None else f"{group.movement:.2f}",
            str(people),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _spread(span: Span, name: str) -> str:
    mean, sd = getattr(span, f"{name}_mean"), getattr(span, f"{name}_sd")
    if mean is None:
        return "–"
    return signed(mean) if sd is None else f"{signed(mean)} ± {sd:.2f}"


def seconds(length_s: float) -> str:
    """Return a length of time in words: `4 seconds`, `2 minutes and 5 seconds`."""
    whole = max(1, round(length_s))
    minutes, rest = divmod(whole, 60)
    words = [
        f"{count} {unit}{'' if count == 1 else 's'}"
        for count, unit in ((minutes, "minute"), (rest, "second"))
        if count
    ]
    return " and ".join(words)


def _share(share: float) -> str:
    return "all of it" if share > 0.995 else f"{share:.0%} of it"
