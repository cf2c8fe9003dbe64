"""Smoothing, hysteresis and baseline; time goes from left to right."""

import math
import random

import pytest

from affectstream.models.steady import Config, Steadiness
from affectstream.stream.messages import EMOTIONS, Steady

RATE_HZ = 25.0


def mix(**shares: float) -> tuple[float, ...]:
    rest = 1.0 - sum(shares.values())
    return tuple(shares.get(name, 0.0) + (rest if name == "neutral" else 0.0) for name in EMOTIONS)


def play(steady: Steadiness, script: list[tuple[float, tuple[float, ...]]]) -> list[Steady]:
    """Play (seconds, emotions) one behind the other; return what came out for each frame."""
    out, frame = [], 0
    for seconds, emotions in script:
        for _ in range(round(seconds * RATE_HZ)):
            out.append(steady.update(frame / RATE_HZ, 1, emotions, emotions[1], 0.0))
            frame += 1
    return out


def test_a_step_is_followed_with_the_time_constant() -> None:
    """neutral ---- | happy ----

    share of happiness after one time constant: 1 - 1/e
    """
    tau_s = 0.4
    out = play(Steadiness(Config(smooth_s=tau_s)), [(1.0, mix()), (2.0, mix(happiness=1.0))])
    after = out[25 + round(tau_s * RATE_HZ) - 1]
    assert after.emotions[1] == pytest.approx(1 - math.exp(-1), abs=0.01)
    assert after.valence == pytest.approx(after.emotions[1])
    assert sum(after.emotions) == pytest.approx(1.0)


@pytest.mark.parametrize("rate_hz", [5.0, 10.0, 30.0])
def test_the_frame_rate_does_not_matter(rate_hz: float) -> None:
    steady = Steadiness(Config(smooth_s=0.5))
    steady.update(0.0, 1, mix(), 0.0, 0.0)
    for k in range(1, round(rate_hz) + 1):
        last = steady.update(k / rate_hz, 1, mix(happiness=1.0), 1.0, 0.0)
    assert last.emotions[1] == pytest.approx(1 - math.exp(-2), abs=1e-9)


def flips(labels: list[str]) -> int:
    return sum(a != b for a, b in zip(labels, labels[1:], strict=False))


def test_a_label_on_the_border_does_not_flicker() -> None:
    chance = random.Random(1)
    steady = Steadiness()
    raw, shown = [], []
    for frame in range(60 * 25):
        share = min(max(chance.gauss(0.5, 0.15), 0.0), 1.0)
        emotions = mix(sadness=share)
        raw.append("sadness" if share > 0.5 else "neutral")
        shown.append(steady.update(frame / RATE_HZ, 1, emotions, 0.0, 0.0).emotion)
    assert flips(raw) > 300
    assert flips(shown) <= 3


def test_a_real_change_of_label_comes_within_a_second_and_a_short_one_does_not() -> None:
    """neutral 1 s | happy 0.2 s | neutral 1 s | happy 2 s"""
    happy = mix(happiness=0.95)
    out = play(Steadiness(), [(1.0, mix()), (0.2, happy), (1.0, mix()), (2.0, happy)])
    labels = [steady.emotion for steady in out]
    assert set(labels[:55]) == {"neutral"}
    assert labels[55 + 25 :] == ["happiness"] * 25


def test_a_gap_starts_anew() -> None:
    steady = Steadiness()
    steady.update(0.0, 1, mix(), 0.0, 0.0)
    back = steady.update(5.0, 1, mix(anger=0.9), -0.5, 0.5)
    assert back.emotion == "anger"
    assert (back.valence, back.arousal) == pytest.approx((-0.5, 0.5))


@pytest.mark.parametrize("mode", ["start", "continuous"])
def test_a_resting_face_that_looks_sad_reads_neutral_and_can_still_smile(mode: str) -> None:
    """sad at rest 10 s | smile 2 s | sad at rest 2 s"""
    rest, smile = mix(sadness=0.6), mix(sadness=0.05, happiness=0.9)
    plain = play(Steadiness(), [(10.0, rest)])
    assert plain[-1].emotion == "sadness"
    steady = Steadiness(Config(baseline=mode, baseline_s=8.0))
    out = play(steady, [(10.0, rest), (2.0, smile), (2.0, rest)])
    assert out[249].emotion == "neutral" and out[249].emotions[3] < 0.1
    assert out[299].emotion == "happiness"
    assert out[-1].emotion == "neutral"
    assert all(sum(one.emotions) == pytest.approx(1.0) for one in out)


def test_a_much_stronger_sadness_is_still_seen_over_a_slightly_sad_rest() -> None:
    steady = Steadiness(Config(baseline="start", baseline_s=5.0))
    out = play(steady, [(6.0, mix(sadness=0.1)), (3.0, mix(sadness=0.97))])
    assert out[-1].emotion == "sadness"


def test_people_do_not_mix_and_can_be_forgotten() -> None:
    steady = Steadiness()
    for k in range(25):
        one = steady.update(k / RATE_HZ, 1, mix(), 0.0, 0.0)
        two = steady.update(k / RATE_HZ, 2, mix(fear=1.0), -0.6, 0.6)
    assert (one.emotion, two.emotion) == ("neutral", "fear")
    steady.forget([2])
    assert steady.update(1.0, 2, mix(), 0.0, 0.0).emotion == "neutral"
