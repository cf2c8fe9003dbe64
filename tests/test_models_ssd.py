import math

import numpy as np
import pytest

from affectstream.models import blazeface, blazepose_decode, ssd


@pytest.mark.parametrize(
    ("anchors", "count"), [(blazeface.ANCHORS, 2304), (blazepose_decode.ANCHORS, 2254)]
)
def test_anchor_counts(anchors, count):
    assert anchors.shape == (count, 2)
    assert 0 < anchors.min() and anchors.max() < 1


def test_anchors_follow_a_naive_loop():
    naive = [
        ((column + 0.5) / cells, (row + 0.5) / cells)
        for cells, per_cell in [(28, 2), (14, 2), (7, 6)]
        for row in range(cells)
        for column in range(cells)
        for _ in range(per_cell)
    ]
    assert blazepose_decode.ANCHORS == pytest.approx(np.array(naive), abs=1e-6)


def test_decode_follows_a_naive_loop():
    random = np.random.default_rng(0)
    anchors = ssd.grid([(4, 2)])
    regressors = random.normal(size=(32, 8)).astype(np.float32) * 20
    logits = random.normal(size=(32, 1)).astype(np.float32) * 200
    found = ssd.decode(regressors, logits, anchors, 100, 0.6)
    naive = []
    for anchor, values, (logit,) in zip(anchors, regressors, logits, strict=True):
        score = 1 / (1 + math.exp(-max(min(float(logit), 100), -100)))
        if score >= 0.6:
            x, y = values[0] + anchor[0] * 100, values[1] + anchor[1] * 100
            box = [x - values[2] / 2, y - values[3] / 2, x + values[2] / 2, y + values[3] / 2]
            points = [
                [values[k] + anchor[0] * 100, values[k + 1] + anchor[1] * 100] for k in (4, 6)
            ]
            naive.append((box, points, score))
    assert 5 < len(naive) < 30
    assert found.boxes == pytest.approx(np.array([row[0] for row in naive]), abs=1e-3)
    assert found.points == pytest.approx(np.array([row[1] for row in naive]), abs=1e-3)
    assert found.scores == pytest.approx(np.array([row[2] for row in naive]), abs=1e-6)


def test_nothing_found_keeps_its_shape():
    anchors = ssd.grid([(4, 1)])
    zeros = np.zeros((16, 12), np.float32)
    found = ssd.decode(zeros, zeros[:, :1] - 5, anchors, 100, 0.5)
    best = ssd.weighted_nms(found, 0.3)
    assert (best.boxes.shape, best.points.shape, best.scores.shape) == ((0, 4), (0, 4, 2), (0,))


BOXES = [  # (one, other, intersection over union)
    ((0, 0, 10, 10), (0, 0, 10, 10), 1),
    ((0, 0, 10, 10), (5, 0, 15, 10), 1 / 3),
    ((0, 0, 10, 10), (20, 20, 30, 30), 0),
    ((0, 0, 10, 10), (10, 0, 20, 10), 0),
    ((0, 0, 10, 10), (2, 2, 4, 4), 0.04),
    ((0, 0, 0, 0), (0, 0, 0, 0), 0),
]


@pytest.mark.parametrize(("one", "other", "iou"), BOXES)
def test_overlap(one, other, iou):
    result = ssd.overlap(np.array(one, np.float32), np.array([other], np.float32))
    assert result == pytest.approx([iou])


def naive_nms(boxes, points, scores, min_iou):
    left = sorted(range(len(scores)), key=lambda i: -scores[i])
    result = []
    while left:
        near = [
            i
            for i in left
            if i == left[0] or ssd.overlap(boxes[left[0]], boxes[i : i + 1])[0] > min_iou
        ]
        total = sum(scores[i] for i in near)
        box = sum(scores[i] / total * boxes[i] for i in near)
        point = sum(scores[i] / total * points[i] for i in near)
        result.append((box, point, scores[left[0]]))
        left = [i for i in left if i not in near]
    return result


@pytest.mark.parametrize("seed", range(4))
def test_nms_follows_a_naive_loop(seed):
    random = np.random.default_rng(seed)
    corners = random.uniform(0, 40, (30, 2))
    boxes = np.hstack([corners, corners + random.uniform(5, 30, (30, 2))]).astype(np.float32)
    points = random.uniform(0, 50, (30, 4, 2)).astype(np.float32)
    scores = random.uniform(0.5, 1, 30).astype(np.float32)
    best = ssd.weighted_nms(ssd.Found(boxes, points, scores), 0.3)
    naive = naive_nms(boxes, points, scores, 0.3)
    assert len(best.scores) == len(naive) < 30
    for index, (box, point, score) in enumerate(naive):
        assert best.boxes[index] == pytest.approx(box, abs=1e-3)
        assert best.points[index] == pytest.approx(point, abs=1e-3)
        assert best.scores[index] == pytest.approx(score)


@pytest.mark.parametrize("logit", [-1e30, -100, -1, 0, 2, 100, 1e30])
def test_sigmoid_never_overflows(logit):
    expected = 0 if logit < -80 else 1 if logit > 80 else 1 / (1 + math.exp(-logit))
    assert ssd.sigmoid(np.array([logit], np.float32)) == pytest.approx([expected], abs=1e-6)
