"""Measure the expression net behind the live path's detector, mesh and aligned crop.

Usage: ``python scripts/measure_live_expression.py --data DIR`` where ``DIR/data/ferplus`` holds
``ferplus_valid.npz``. Every picture is enlarged and put in the middle of a grey frame, the live
path reads it, and its answer is compared with the net's answer to the picture as it is. Then the
detector's box is scaled and shifted at random, and the change of valence is measured: through the
mesh, which finds the face again, and without it, where the box alone frames the face.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import msgspec
import numpy as np
from expression.data import LABELS, UNLABELLED, label, read_part
from numpy.typing import NDArray

from affectstream.models import affect, zoo
from affectstream.models.base import ExpressionModel, FaceDetector, FaceMesh
from affectstream.models.expression import BOX_SIDE
from affectstream.stream.messages import EMOTIONS, Face

SIDE_PX, FRAME_PX, GREY = 240, (480, 640), 110
SCALE, SHIFT = 0.15, 0.08
JITTERS = 4
"""Random boxes per face."""

Emotions = tuple[float, ...]
Image = NDArray[np.uint8]


class Networks(NamedTuple):
    """What reads a picture."""

    face: FaceDetector
    mesh: FaceMesh
    expression: ExpressionModel


class Readings(NamedTuple):
    """Answers for one picture: of the picture as it is, live, and under jittered boxes."""

    majority: int
    still: Emotions
    live: Emotions
    jittered: list[Emotions]
    boxed: Emotions
    boxed_jittered: list[Emotions]


def frame_of(picture: Image) -> Image:
    """Return a colour frame with the grey picture, enlarged to `SIDE_PX`, in its middle."""
    frame_bgr = np.full((*FRAME_PX, 3), GREY, np.uint8)
    top, left = (FRAME_PX[0] - SIDE_PX) // 2, (FRAME_PX[1] - SIDE_PX) // 2
    large = cv2.resize(picture, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_CUBIC)
    frame_bgr[top : top + SIDE_PX, left : left + SIDE_PX] = large[:, :, None]
    return frame_bgr


def jittered(face: Face, rng: np.random.Generator) -> Face:
    """Return the face with its box scaled by up to `SCALE` and shifted by up to `SHIFT`."""
    x1, y1, x2, y2 = face.box_xyxy
    width, height = x2 - x1, y2 - y1
    scale = 1 + rng.uniform(-SCALE, SCALE)
    right, down = rng.uniform(-SHIFT, SHIFT, 2)
    x, y = (x1 + x2) / 2 + right * width, (y1 + y2) / 2 + down * height
    half_x, half_y = width * scale / 2, height * scale / 2
    return msgspec.structs.replace(face, box_xyxy=(x - half_x, y - half_y, x + half_x, y + half_y))


def read(networks: Networks, frame_bgr: Image, faces: list[Face]) -> list[Emotions]:
    """Return the emotions of faces that have been measured or are framed by their box."""
    return [face.emotions for face in networks.expression.read(frame_bgr, faces) if face.emotions]


def readings(
    networks: Networks, pictures: Image, majority: NDArray[np.int64], rng: np.random.Generator
) -> Iterator[Readings]:
    """Yield the readings of every picture in which detector and mesh find the face."""
    # Framed by its box, this face is exactly the picture.
    side = pictures.shape[1]
    edge = (side / BOX_SIDE - side) / 2
    whole = Face((-edge, -edge, side + edge, side + edge), 1.0)
    for picture, answer in zip(pictures, majority, strict=True):
        frame_bgr = frame_of(picture)
        found = networks.face.detect(frame_bgr)[:1]
        measured = networks.mesh.measure(frame_bgr, found)
        if not measured:
            continue
        moved = [jittered(found[0], rng) for _ in range(JITTERS)]
        boxed = [msgspec.structs.replace(face, landmarks=()) for face in (found[0], *moved)]
        again = [face for one in moved for face in networks.mesh.measure(frame_bgr, [one])]
        by_box = read(networks, frame_bgr, boxed)
        yield Readings(
            int(answer),
            read(networks, cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR), [whole])[0],
            read(networks, frame_bgr, measured)[0],
            read(networks, frame_bgr, again),
            by_box[0],
            by_box[1:],
        )


def change(rows: list[tuple[Emotions, list[Emotions]]]) -> NDArray[np.float64]:
    """Return the absolute change of derived valence of every jittered reading."""
    return np.array(
        [
            abs(affect.derive(moved)[0] - affect.derive(base)[0])
            for base, others in rows
            for moved in others
        ]
    )


def share_equal(left: list[Emotions], right: list[Emotions]) -> float:
    """Return the share of pairs with the same leading class."""
    return float(np.mean(np.argmax(left, axis=1) == np.argmax(right, axis=1)))


def report(rows: list[Readings], tried: int) -> None:
    """Print the figures."""
    still, live = [row.still for row in rows], [row.live for row in rows]
    boxed = [row.boxed for row in rows]
    clear = np.array([row.majority != UNLABELLED for row in rows])
    truth = np.array([row.majority for row in rows])[clear]
    print(f"faces found and measured: {len(rows)} of {tried}")
    for name, answers in (("picture as it is", still), ("live path", live), ("box only", boxed)):
        right = float(np.mean(np.argmax(answers, axis=1)[clear] == truth))
        print(f"accuracy, {name}: {right:.3f} ({len(truth)} faces with a majority)")
    print(f"same answer, live path and picture: {share_equal(still, live):.3f}")
    print(f"same answer, box only and picture: {share_equal(still, boxed):.3f}")
    apart = change([(row.still, [row.live]) for row in rows])
    print(f"valence, live path against picture: mean change {apart.mean():.3f}")
    through = change([(row.live, row.jittered) for row in rows])
    alone = change([(row.boxed, row.boxed_jittered) for row in rows])
    for name, values in (("through the mesh", through), ("box only", alone)):
        high = float(np.quantile(values, 0.95))
        print(f"valence under jitter, {name}: mean {values.mean():.3f}, 95 % below {high:.3f}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--faces", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if LABELS != EMOTIONS:
        raise SystemExit("the training and the live path order the emotions differently")
    networks = Networks(*(zoo.build(zoo.pick(job)[0], {}, "cpu") for job in Networks._fields))
    valid = label(*read_part(options.data, "valid"))
    rng = np.random.default_rng(options.seed)
    chosen = valid.take(np.sort(rng.permutation(len(valid.faces))[: options.faces]))
    report(list(readings(networks, chosen.faces, chosen.majority, rng)), len(chosen.faces))


if __name__ == "__main__":
    main()
