"""FER+ `valid`: how often the shipped expression net is right, and how steady the live crop is."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from expression.data import Labelled, label, read_part
from expression.report import measure
from measure_live_expression import Networks, change, readings

from affectstream.models import zoo
from affectstream.models.crop import to_batch
from affectstream.models.expression import BATCH_SIZES, columns, in_order

from .parts import Measured, SkippedError, wanted

JITTERED_FACES = 300
SEED = 1


def ferplus(data: Path) -> Measured:
    """Return accuracy (%), macro-F1 and calibration error by the majority protocol.

    The pictures go through the ONNX file as they are: no detector, no crop.
    """
    valid = _valid(data)
    entry = zoo.find("expression")
    wish = entry.files["expression"].input
    pictures = [cv2.cvtColor(face, cv2.COLOR_GRAY2BGR) for face in valid.faces]
    if valid.faces.shape[1] != wish.side_px:
        pictures = [cv2.resize(one, (wish.side_px, wish.side_px)) for one in pictures]
    net = zoo.open_net(entry, "expression", "cpu")
    (outputs,) = net.run_batch(to_batch(pictures, wish), BATCH_SIZES)
    answers = np.array(in_order(outputs, columns(entry.labels, entry.name)))
    figures = measure(answers, valid.majority)
    return {
        "ferplus_accuracy": 100 * figures.accuracy,
        "ferplus_macro_f1": figures.macro_f1,
        "ferplus_ece": figures.calibration_error,
    }


def jitter(data: Path) -> Measured:
    """Return the mean change of valence when the detector's box is off.

    Through the mesh, as the live path goes, and with the box alone framing the face.
    """
    valid = _valid(data)
    rng = np.random.default_rng(SEED)
    chosen = valid.take(np.sort(rng.permutation(len(valid.faces))[:JITTERED_FACES]))
    networks = Networks(*(zoo.build(zoo.pick(job)[0], {}, "cpu") for job in Networks._fields))
    rows = list(readings(networks, chosen.faces, chosen.majority, rng))
    if not rows:
        raise SkippedError("the detector found no face")
    return {
        "valence_jitter": float(change([(row.live, row.jittered) for row in rows]).mean()),
        "valence_jitter_box": float(
            change([(row.boxed, row.boxed_jittered) for row in rows]).mean()
        ),
    }


def _valid(data: Path) -> Labelled:
    wanted(data / "data" / "ferplus" / "ferplus_valid.npz")
    return label(*read_part(data, "valid"))
