"""How far our decoding of a pose network is from that of the package it comes from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from affectstream.models import zoo
from affectstream.models.motion import iou
from affectstream.models.ort import Net
from affectstream.models.yolo_pose import Config, YoloPose
from affectstream.stream.messages import Body, Image

from .parts import Measured, SkippedError, clip, wanted

REFERENCE = Path(__file__).resolve().parents[2] / "benchmarks" / "pose_reference.json"
"""Bodies by picture: what `ultralytics` reads from the same file (conf 0.5, iou 0.7, 640 px)."""
NETWORK = "yolov8n-pose_640.onnx"
MIN_IOU = 0.5
"""Least overlap that makes two bodies the same."""
MIN_VISIBILITY = 0.5
"""A keypoint that the reference doubts more is not compared."""


def agreement(data: Path) -> Measured:
    """Return the greatest distance of a visible keypoint, px, and the bodies only one of us saw."""
    network = wanted(data / "models" / NETWORK)
    bodies: dict[str, list[dict[str, Any]]] = json.loads(wanted(REFERENCE).read_text())["pictures"]
    entry = zoo.find("yolov8n-pose")
    file = entry.files["pose"]
    net = Net(network, {file.input.name: file.input.shape}, file.outputs, "cpu")
    estimator = YoloPose(Config(), net, entry)
    apart, missed = [0.0], 0
    for name, expected in bodies.items():
        image_bgr: Image = np.asarray(cv2.imread(str(clip(data, name))), np.uint8)
        distances, alone = compare(estimator.estimate(image_bgr), expected)
        apart, missed = apart + distances, missed + alone
    if not bodies:
        raise SkippedError("the reference is empty")
    return {"pose_apart": max(apart), "pose_missed": missed}


def compare(bodies: list[Body], expected: list[dict[str, Any]]) -> tuple[list[float], int]:
    """Return the distances of visible keypoints in px, and how many bodies have no counterpart."""
    left, distances, missed = list(bodies), [], 0
    for one in expected:
        box = tuple(one["box_xyxy"])
        best = max(left, key=lambda body: iou(body.box_xyxy, box), default=None)
        if best is None or iou(best.box_xyxy, box) < MIN_IOU:
            missed += 1
            continue
        left.remove(best)
        wish, have = np.array(one["keypoints"]), np.array(best.keypoints)
        seen = wish[:, 2] >= MIN_VISIBILITY
        distances += np.hypot(*(wish[seen, :2] - have[seen, :2]).T).tolist()
    return distances, missed + len(left)
