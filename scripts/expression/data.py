"""FER+ faces and votes: reading, the label rules and the split.

Source: Barsoum et al. 2016, arXiv 1608.01041, and github.com/microsoft/FERPlus (MIT), which
holds the votes and the reference rules. The pictures are FER2013, meant for research.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

LABELS = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt")
UNLABELLED = -1
NOISE_VOTES = 1

Faces = NDArray[np.uint8]
Votes = NDArray[np.uint8]
Probabilities = NDArray[np.float32]
Classes = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Labelled:
    """Faces Nx48x48 grey 0..255 with soft labels Nx8 and majority classes N (-1: none)."""

    faces: Faces
    soft: Probabilities
    majority: Classes

    def take(self, rows: NDArray[np.int64]) -> Labelled:
        """Return the given rows."""
        return Labelled(self.faces[rows], self.soft[rows], self.majority[rows])


def denoise(votes: Votes) -> NDArray[np.int64]:
    """Return votes Nx10 with every lone vote set to zero (the paper's outlier rule)."""
    counts = votes.astype(np.int64)
    counts[counts <= NOISE_VOTES] = 0
    return counts


def soft_labels(votes: Votes) -> tuple[Probabilities, NDArray[np.bool_]]:
    """Return votes as a distribution over the 8 emotions and which rows are usable.

    A row is usable when some emotion has more votes than both ``unknown`` and ``not-a-face``;
    the other rows are zero.
    """
    counts = denoise(votes)
    emotions, others = counts[:, : len(LABELS)], counts[:, len(LABELS) :]
    usable = emotions.max(axis=1) > others.max(axis=1)
    totals = np.maximum(emotions.sum(axis=1, keepdims=True), 1)
    soft = np.where(usable[:, None], emotions / totals, 0.0)
    return soft.astype(np.float32), usable


def majority_classes(votes: Votes) -> Classes:
    """Return the class that more than half of the denoised votes name, else -1.

    ``unknown`` and ``not-a-face`` count among the votes and give -1.
    Source: mode ``majority`` of FERPlus ``src/ferplus.py``.
    """
    counts = denoise(votes)
    winner = counts.argmax(axis=1)
    clear = (2 * counts.max(axis=1) > counts.sum(axis=1)) & (winner < len(LABELS))
    return np.where(clear, winner, UNLABELLED).astype(np.int64)


def read_part(data_dir: Path, part: str) -> tuple[Faces, Votes]:
    """Read faces and votes of ``train`` or ``valid`` from ``data_dir/data/ferplus``.

    Raises:
        FileNotFoundError: where the part is absent.
    """
    with np.load(
        data_dir / "data" / "ferplus" / f"ferplus_{part}.npz", allow_pickle=False
    ) as part_:
        return part_["x"], part_["votes"]


def label(faces: Faces, votes: Votes) -> Labelled:
    """Return the usable faces with both kinds of label."""
    soft, usable = soft_labels(votes)
    return Labelled(faces[usable], soft[usable], majority_classes(votes)[usable])


def without_repeats(part: Labelled, elsewhere: Faces) -> Labelled:
    """Return ``part`` without pictures repeated in it or byte for byte present ``elsewhere``.

    FER2013 holds the same picture several times, also across the official parts.
    """
    seen = {face.tobytes() for face in elsewhere}
    rows = []
    for row, face in enumerate(part.faces):
        pixels = face.tobytes()
        if pixels not in seen:
            seen.add(pixels)
            rows.append(row)
    return part.take(np.array(rows, np.int64))


def split_held(part: Labelled, fraction: float, seed: int) -> tuple[Labelled, Labelled]:
    """Return (fitting, held): a seeded random ``fraction`` of ``part`` is held."""
    order = np.random.default_rng(seed).permutation(len(part.faces)).astype(np.int64)
    held = round(fraction * len(order))
    return part.take(np.sort(order[held:])), part.take(np.sort(order[:held]))


def load_training(data_dir: Path, fraction: float, seed: int) -> tuple[Labelled, Labelled]:
    """Return (fitting, held) of the ``train`` part, without repeats of itself or of ``valid``."""
    valid_faces, _ = read_part(data_dir, "valid")
    return split_held(
        without_repeats(label(*read_part(data_dir, "train")), valid_faces), fraction, seed
    )
