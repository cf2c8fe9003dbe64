"""What a user of a fitted head must know, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..results import SCALE
from .nested import Outside
from .table import STEP_S, Video


def card_of(
    about: Mapping[str, Any],
    rows: Sequence[Mapping[str, Any]],
    videos: Sequence[Video],
    found: Sequence[Outside],
    normalised_by: str,
) -> str:
    """Return the card as Markdown."""
    lines = [
        "# A head for valence and arousal, fitted to ratings",
        "",
        f"Fitted: {about['kind']}. Chosen among ridge regressions and small networks, with the "
        "rater's lag and the last scale, inside a nested cross-validation.",
        "",
        f"From: {len(videos)} rated videos in {about['groups']} groups, "
        f"{sum(len(video.time_s) for video in videos)} rows, one each {STEP_S:g} s of a person. "
        f"The ratings come {about['lag_s']:g} s after what they are about, on average of what was "
        "chosen; the head is not late by that.",
        "",
        *_normalised(normalised_by),
        "## On groups it was not fitted to",
        "",
        "| | head | CCC | 95 % interval | p | Pearson | RMSE | same sign |",
        "|:--|:--|--:|:--|--:|--:|--:|--:|",
    ]
    for row in rows:
        lines.append(
            f"| {row['dimension']} | {row['head']} | {row['ccc']:.3f} | {row['ccc_low']:.3f} to "
            f"{row['ccc_high']:.3f} | {_p(row['p'])} | {row['pearson']:.3f} | {row['rmse']:.3f} | "
            f"{row['sign_agreement']:.0%} |"
        )
    lines += [
        "",
        "`derived` is what the pipeline says without a fitted head, against the same ratings at "
        "the same lag; then at the lag that suits it best. The intervals come from resampling "
        "groups; p says how often the ratings of other groups agree as well. Chosen in the outer "
        "folds: "
        + "; ".join(
            f"{name}: {_counted(outside)}"
            for name, outside in zip(("valence", "arousal"), found, strict=True)
        )
        + ".",
        "",
        "## What it is not",
        "",
        "It repeats what these raters saw in these people under these cameras; elsewhere it may be "
        "wrong and will not say so. Check it with `affectstream dataset evaluate` on ratings of "
        "your own. It reads looks, not feelings, and is no ground for decisions about people.",
        "",
    ]
    return "\n".join(lines)


def _normalised(by: str) -> list[str]:
    if by == SCALE:
        return []
    return [
        f"The ratings were normalised by {by} before: what the head says is a place between the "
        f"lowest and the highest ratings of the {by}, not one on the raters' scale.",
        "",
    ]


def _p(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.3f}"


def _counted(outside: Outside) -> str:
    counts = Counter(choice.words for choice in outside.choices)
    return ", ".join(
        f"{words} {number} time{'s' * (number > 1)}" for words, number in counts.most_common()
    )
