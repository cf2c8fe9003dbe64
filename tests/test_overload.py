"""More cameras than the cores can look at, in made time: fair, fresh, little decoded in vain."""

import random
from collections.abc import Callable

import pytest
from live_simulation import Costs, Made, World

from affectstream.stream.floor import Floor
from affectstream.stream.frames import FrameLink
from affectstream.stream.freshness import Freshness

GROUP_S = 2.0
WARM_S = 40.0

chance = random.Random(7)
STARTS: dict[str, Callable[[int, int], float]] = {
    "evenly": lambda number, of: number * GROUP_S / of,
    "anyhow": lambda number, of: chance.uniform(0, GROUP_S),
    "nearly at once": lambda number, of: chance.uniform(0, GROUP_S / 4),
    "at once": lambda number, of: number / 1000,
}


def world(count: int, starts: str, costs: Costs, seconds: float) -> World:
    """Return so many cameras of 15 a second on two cores, after they have settled."""
    chance.seed(7)
    begin = STARTS[starts]
    made = World(
        [Made(f"cam{k}", 15.0, round(15 * GROUP_S), begin(k, count)) for k in range(count)], costs
    )
    made.run(WARM_S)
    made.forget()
    made.run(seconds)
    return made


def test_eight_cameras_whose_key_frames_come_at_once_share_two_cores() -> None:
    made = world(8, "at once", Costs(0.005, 0.030, 0.040), 60.0)
    least, most = made.results_hz[0], made.results_hz[-1]
    assert most <= 1.1 * least, made.results_hz
    assert 8 * least >= 40, "of 57 that two cores could look at, were all decoded for nothing"
    assert made.unseen < 0.1
    assert max(made.ages_s) <= 0.5


@pytest.mark.slow
@pytest.mark.parametrize("starts", STARTS)
@pytest.mark.parametrize(
    "costs, total_hz, ratio",
    [
        pytest.param(Costs(0.004, 0.014, 0.025), 85, 1.1, id="quick networks"),
        # A few groups of pictures in two minutes: one more or less is more than a tenth.
        pytest.param(Costs(0.005, 0.030, 0.040), 38, 1.2, id="slow networks"),
    ],
)
def test_sixteen_cameras_share_two_cores(
    starts: str, costs: Costs, total_hz: float, ratio: float
) -> None:
    made = world(16, starts, costs, 120.0)
    least, most = made.results_hz[0], made.results_hz[-1]
    assert most <= ratio * least, made.results_hz
    assert sum(made.results_hz) >= total_hz
    assert made.unseen < 0.1
    assert max(made.ages_s) <= 0.5


def test_where_all_can_be_looked_at_all_is() -> None:
    made = world(3, "anyhow", Costs(), 10.0)
    assert made.results_hz == pytest.approx([15.0] * 3, abs=0.11)
    assert made.unseen == 0


def links(rates_hz: dict[str, float]) -> tuple[dict[str, FrameLink], dict[str, list[float]]]:
    """Return links, and what each is told to decode."""
    made = {name: FrameLink(name, "latest") for name in rates_hz}
    told: dict[str, list[float]] = {name: [] for name in rates_hz}
    for name, link in made.items():
        link.full_hz = rates_hz[name]
        link.listen(told[name].append)
    return made, told


def speak(floor: Floor, made: dict[str, FrameLink], names: str, start_s: float) -> None:
    """Let pictures of these cameras come, one in a look, all of them looked at."""
    for step in range(1, 4):
        for name in names:
            made[name].sent += 1
        floor.look(start_s + 0.05 * step)


def test_who_was_seen_most_is_cut_and_comes_back_with_its_next_key_frame() -> None:
    made, told = links({"a": 10.0, "b": 10.0})
    floor = Floor(made, 0.0)
    floor.budget_hz = 10.0
    speak(floor, made, "a", 1.0)
    assert told == {"a": [0.99], "b": [0.99]}, "there is room for one, and the other may begin"
    speak(floor, made, "a", 1.15)
    speak(floor, made, "ab", 2.0)
    assert told == {"a": [0.99, 0.0], "b": [0.99]}
    speak(floor, made, "b", 2.15)
    assert told == {"a": [0.99, 0.0], "b": [0.99]}
    speak(floor, made, "b", 2.3)
    speak(floor, made, "b", 2.45)
    assert told == {"a": [0.99, 0.0, 0.99], "b": [0.99]}, "b was seen more by now"
    floor.budget_hz = float("inf")
    speak(floor, made, "b", 2.6)
    assert told == {"a": [0.99, 0.0, 0.99, 1.0], "b": [0.99, 1.0]}, "the load has gone"


def test_a_camera_that_alone_is_too_much_is_decoded_throughout() -> None:
    made, told = links({"a": 30.0})
    floor = Floor(made, 0.0)
    floor.budget_hz = 10.0
    speak(floor, made, "a", 1.0)
    assert told == {"a": [0.99]}


def test_a_camera_that_joins_does_not_take_the_floor_from_all() -> None:
    made, told = links({"a": 10.0, "b": 10.0})
    floor = Floor(made, 0.0)
    floor.budget_hz = 10.0
    speak(floor, made, "ab", 1.0)
    newcomer, said = links({"c": 10.0})
    made |= newcomer
    speak(floor, made, "ab", 2.0)
    assert floor._speakers[made["c"].address].weight > 0


def test_a_camera_that_opens_late_hears_what_was_asked_of_it() -> None:
    link, told = FrameLink("a", "latest"), list[float]()
    link.ask(0.0)
    link.listen(told.append)
    link.ask(1.0)
    assert told == [0.0, 1.0]


def test_a_frame_starts_only_if_it_can_be_told_in_time() -> None:
    fresh = Freshness(0.5)
    assert fresh.may_start(0.44) and not fresh.may_start(0.46)
    fresh.took(0.2)
    assert fresh.may_start(0.24) and not fresh.may_start(0.26)
    fresh.took(0.9)
    assert fresh.may_start(0.04), "else a slow machine would never look"
    for _ in range(200):
        fresh.took(0.01)
    assert fresh.may_start(0.4), "a hiccup is forgotten"


def test_a_late_result_is_told_only_by_who_was_silent() -> None:
    fresh = Freshness(0.5)
    assert fresh.may_leave("a", 0.9, 10.0), "better late than never"
    assert not fresh.may_leave("a", 0.9, 11.0)
    assert fresh.may_leave("b", 0.9, 11.0)
    assert fresh.may_leave("a", 0.4, 11.5)
    assert not fresh.may_leave("a", 0.9, 13.0)
    assert fresh.may_leave("a", 0.9, 13.6)
    assert all(Freshness(None).may_leave("a", 9.0, 0.1 * k) for k in range(3))


@pytest.mark.slow
def test_who_looks_three_times_too_slowly_for_ten_minutes_sees_the_present() -> None:
    made = World([Made("cam", 15.0, 30, 0.0)], Costs(0.004, 0.2, 0.0), cores=1)
    made.run(600.0)
    assert 4.5 < made.results_hz[0] < 5.2
    assert max(made.ages_s) <= 0.5
    assert max(made.ages_s[-100:]) <= max(made.ages_s[:500]), "it does not grow"


def test_neither_the_slowest_nor_the_fastest_camera_sets_the_rate() -> None:
    """30, 15 and 5 a second, and two cores for half of it."""
    rates_hz = {"fast": 30.0, "usual": 15.0, "slow": 5.0}
    cameras = [Made(name, hz, round(2 * hz), 0.1) for name, hz in rates_hz.items()]
    made = World(cameras, Costs(0.004, 0.060, 0.040))
    made.run(WARM_S)
    made.forget()
    made.run(60.0)
    seen_hz = {name: made.results[name] / 60 for name in rates_hz}
    assert seen_hz["slow"] > 4.5, "nothing of it is lost to the others"
    assert seen_hz["usual"] == pytest.approx(seen_hz["fast"], rel=0.15)
    assert sum(seen_hz.values()) > 22
