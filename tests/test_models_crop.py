import math

import numpy as np
import pytest

from affectstream.models import crop

RGB = crop.Input("x", ("batch", 3, 8, 8), "RGB", scale=1 / 127.5, offset=-1)


def picture(width: int, height: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def smooth_picture(width: int, height: int) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    planes = [128 + 100 * np.sin(x / 17 + k) * np.cos(y / 23 - k) for k in range(3)]
    return np.stack(planes, axis=2).astype(np.uint8)


@pytest.mark.parametrize(
    ("width", "height"), [(640, 360), (360, 640), (192, 192), (50, 31), (1, 1), (1920, 3), (97, 96)]
)
def test_letterbox_fits_pads_and_maps_back(width, height):
    square, matrix = crop.letterbox(np.full((height, width, 3), 200, np.uint8), 192, 7)
    assert square.shape == (192, 192, 3)
    corners = crop.transform(np.array([[0.0, 0.0], [width, height]]), matrix)
    (left, top), (right, bottom) = corners.round().astype(int)
    assert max(right - left, bottom - top) == 192
    inside = np.zeros((192, 192), bool)
    inside[top:bottom, left:right] = True
    assert (square[inside] == 200).all()
    assert (square[~inside] == 7).all()
    back = crop.transform(corners, crop.inverse(matrix))
    assert back == pytest.approx(np.array([[0, 0], [width, height]]), abs=1e-9)


def test_letterbox_averages_large_pictures():
    image = picture(768, 768)
    square, _ = crop.letterbox(image, 192, 0)
    blocks = image.reshape(192, 4, 192, 4, 3).mean(axis=(1, 3))
    assert square.astype(float) == pytest.approx(blocks, abs=2)


REGIONS = [
    (100.0, 80.0, 64.0, 0.0),
    (100.0, 80.0, 64.0, 0.4),
    (100.0, 80.0, 30.0, math.pi / 2),
    (60.0, 90.0, 111.0, -2.5),
]


@pytest.mark.parametrize("region", REGIONS)
def test_region_matrix_puts_the_corners_where_they_belong(region):
    x, y, side, rotation = region
    matrix = crop.region_matrix(region, 64)
    across = np.array([math.cos(rotation), math.sin(rotation)]) * side / 2
    down = np.array([-math.sin(rotation), math.cos(rotation)]) * side / 2
    corners = np.array([[x, y]]) + np.stack([-across - down, across - down, across + down])
    expected = np.array([[0, 0], [64, 0], [64, 64]])
    assert crop.transform(corners, matrix) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("region", REGIONS)
def test_warp_samples_like_a_naive_loop(region):
    image = smooth_picture(200, 160)
    side = 40
    matrix = crop.region_matrix(region, side)
    warped = crop.warp(image, matrix, side, 0)
    back = crop.inverse(matrix)
    for row in range(2, side, 9):
        for column in range(1, side, 9):
            x, y = crop.transform(np.array([column + 0.5, row + 0.5]), back) - 0.5
            left, top = math.floor(x), math.floor(y)
            if not (0 <= left < 199 and 0 <= top < 159):
                continue
            right_share, bottom_share = x - left, y - top
            cells = image[top : top + 2, left : left + 2].astype(float)
            upper = cells[0, 0] * (1 - right_share) + cells[0, 1] * right_share
            lower = cells[1, 0] * (1 - right_share) + cells[1, 1] * right_share
            naive = upper * (1 - bottom_share) + lower * bottom_share
            assert warped[row, column] == pytest.approx(naive, abs=3)


def test_warp_of_the_whole_picture_changes_nothing():
    image = picture(32, 32)
    assert (crop.warp(image, np.eye(2, 3), 32, 0) == image).all()


def test_warp_pads_outside():
    matrix = crop.region_matrix((-500.0, -500.0, 20.0, 0.0), 16)
    assert (crop.warp(picture(32, 32), matrix, 16, 9) == 9).all()


def test_oversampling_averages_what_lies_under_a_pixel():
    board = (np.indices((480, 480)).sum(axis=0) % 2 * 254).astype(np.uint8)
    image = np.repeat(board[:, :, None], 3, axis=2)
    matrix = np.array([[0.1, 0, 0.013], [0, 0.1, 0.021]])
    plain, averaged = (crop.warp(image, matrix, 48, 0, factor) for factor in (1, 4))
    spread = [np.abs(warped[4:-4, 4:-4].astype(float) - 127).max() for warped in (plain, averaged)]
    assert spread[1] < 45
    assert spread[1] <= spread[0]


def test_oversampling_averages_blocks_exactly():
    image = picture(192, 192)
    matrix = np.array([[0.25, 0, 0], [0, 0.25, 0]])
    warped = crop.warp(image, matrix, 48, 0, 4)
    blocks = image.reshape(48, 4, 48, 4, 3).mean(axis=(1, 3))
    assert warped.astype(float) == pytest.approx(blocks, abs=1)


@pytest.mark.parametrize("seed", range(5))
def test_similarity_is_found_again(seed):
    random = np.random.default_rng(seed)
    points = random.normal(size=(5, 2)) * 50
    angle, scale, shift = random.uniform(-3, 3), random.uniform(0.1, 3), random.normal(size=2)
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = crop.similarity_matrix(points.tolist(), points @ turn.T + shift)
    assert matrix == pytest.approx(np.column_stack([turn, shift]), abs=1e-9)


def test_similarity_beats_every_neighbour():
    random = np.random.default_rng(1)
    points, targets = random.normal(size=(2, 5, 2)) * 10
    best = crop.similarity_matrix(points.tolist(), targets)

    def error(cosine, sine, x, y):
        matrix = np.array([[cosine, -sine, x], [sine, cosine, y]])
        return ((crop.transform(points, matrix) - targets) ** 2).sum()

    found = np.array([best[0, 0], best[1, 0], best[0, 2], best[1, 2]])
    for step in np.vstack([np.eye(4), -np.eye(4)]) * 1e-3:
        assert error(*found) <= error(*(found + step))


def test_similarity_of_one_repeated_point_is_finite():
    assert np.isfinite(crop.similarity_matrix([(3.0, 3.0)] * 5, np.eye(5, 2))).all()


@pytest.mark.parametrize("colour", ["RGB", "BGR"])
def test_batch_is_scaled_and_ordered(colour):
    crops = [picture(8, 8, seed) for seed in range(3)]
    wanted = crop.Input("x", ("batch", 3, 8, 8), colour, scale=1 / 127.5, offset=-1)
    batch = crop.to_batch(crops, wanted)
    assert batch.shape == (3, 3, 8, 8)
    assert batch.dtype == np.float32
    for channel in range(3):
        source = 2 - channel if colour == "RGB" else channel
        naive = crops[1][:, :, source] / 127.5 - 1
        assert batch[1, channel] == pytest.approx(naive, abs=1e-6)


def test_grey_batch():
    image = picture(8, 8)
    batch = crop.to_batch([image], crop.Input("x", ("batch", 1, 8, 8), "grey"))
    naive = image @ np.array([0.114, 0.587, 0.299])
    assert batch[0, 0] == pytest.approx(naive, abs=1)


@pytest.mark.parametrize(
    ("box", "clipped"),
    [
        ((1, 2, 3, 4), (1, 2, 3, 4)),
        ((-5, -6, 50, 60), (0, 0, 40, 30)),
        ((50, 60, 70, 80), (40, 30, 40, 30)),
    ],
)
def test_boxes_are_clipped_to_plain_floats(box, clipped):
    result = crop.clip_box(box, 40, 30)
    assert result == clipped
    assert all(type(value) is float for value in result)
