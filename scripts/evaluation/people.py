"""Whether people keep their identity: filmed, made of boxes, and made of pixels."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from affectstream.models.tracking import Tracker

from .cutouts import SCENES, Shot, shoot, sprites
from .identity import alone, bodies, follow
from .parts import Measured, SkippedError, clip
from .watch import Film, watch, watch_file

WALKING = "intel_one-by-one-person-detection.mp4"
PASSAGES_S = (
    (5.5, 20.0),
    (22.0, 45.5),
    (49.5, 70.5),
    (73.5, 87.5),
    (91.5, 120.8),
    (122.8, 136.5),
)
"""When somebody is in that clip, each another; read off its pictures by eye."""

SEEDS = range(2)
ANGLES_DEG = (180.0, 90.0, 30.0)
HEIGHTS_PER_S = (0.3, 0.8)
HIDDEN_S = (0.5, 1.0, 2.0)


def walking(data: Path) -> Measured:
    """Return switches, and the share (%) of looked-at frames in which the walker was measured."""
    readings = watch_file(clip(data, WALKING), pose_stride=2)
    found = alone([one for one in readings if one.seq % 2 == 0], PASSAGES_S)
    return {"walking_switches": found.switches, "walking_seen": 100 * found.seen}


def made(_: Path) -> Measured:
    """Return how the tracker does on made detections of known owners.

    `made_crossings` and `made_hidden` are the shares (%) of crossings and occlusions (up to 2 s)
    of two people without a switch; `made_crowd_switches` the switches a minute among five.
    """
    tracks = _made_tracks()
    crowds = [one for seed in SEEDS for one in _mixups(tracks, tracks.five_walking(seed), 1)]
    minutes = len(crowds) * tracks.five_walking(0).seconds / 60
    return {
        "made_crossings": _clean(tracks, _crossings(tracks)),
        "made_hidden": _clean(tracks, _hidden(tracks)),
        "made_crowd_switches": sum(one.switches for one in crowds) / minutes,
    }


def cutouts(data: Path) -> Measured:
    """Return switches in scenes of people cut from the walking clip, and the share (%) seen."""
    cut = sprites(clip(data, WALKING))
    switches = 0
    seen: list[float] = []
    for scene in SCENES:
        shots: list[Shot] = list(shoot(scene, cut))
        readings = watch(Film((shot.pts_s, shot.image_bgr) for shot in shots))
        looked = [(s, r) for s, r in zip(shots, readings, strict=True) if r.seq % 2 == 0]
        found = follow((shot.visible, bodies(reading)) for shot, reading in looked)
        switches, seen = switches + found.switches, [*seen, found.seen]
    return {"cutouts_switches": switches, "cutouts_seen": 100 * sum(seen) / len(seen)}


def _crossings(tracks: ModuleType) -> list[Any]:
    return [tracks.crossing(angle, pace) for angle in ANGLES_DEG for pace in HEIGHTS_PER_S]


def _hidden(tracks: ModuleType) -> list[Any]:
    makers = tracks.behind_a_stander, tracks.behind_a_pillar, tracks.turning_back
    return [make(hidden_s) for make in makers for hidden_s in HIDDEN_S]


def _clean(tracks: ModuleType, scenes: list[Any]) -> float:
    """Return the share (%) of scenes without a switch, over all frame rates and seeds."""
    clean = [one.switches == 0 for scene in scenes for one in _mixups(tracks, scene)]
    return 100 * float(np.mean(clean))


def _mixups(tracks: ModuleType, scene: Any, seeds: int = len(SEEDS)) -> list[Any]:
    """Follow one scene at every frame rate, with so many seeds each."""
    return [
        tracks.count(Tracker(), tracks.film(scene, rate, seed))
        for rate in tracks.RATES
        for seed in range(seeds)
    ]


def _made_tracks() -> ModuleType:
    """Return the module of made tracks, which lies among the tests."""
    folder = Path(__file__).resolve().parents[2] / "tests"
    if not (folder / "made_tracks.py").is_file():
        raise SkippedError("tests/made_tracks.py is absent")
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
    return importlib.import_module("made_tracks")
