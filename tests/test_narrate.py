"""What falls due when, how it is queued, and how long an answer is waited for. Pure."""

import pytest
from test_facts import event, span, window

from affectstream.models.grounded_narrator import MAX_LINE
from affectstream.stream.desk import allowed_s
from affectstream.stream.intervals import Queue
from affectstream.stream.messages import Narration
from affectstream.stream.rolling import Rolling


def queue(is_live: bool) -> Queue:
    return Queue(5.0, is_live)


def fill(due: Queue) -> None:
    for second in range(1, 16):
        if second == 7:
            due.add(event(7.0, "arrival", 2))
        due.add(window(float(second), span(1)))


# windows     1 2 3 4 5 6 7 8 9 10 11 12 13 14 15
# due                 |          |              |
def test_a_replay_tells_every_interval() -> None:
    due = queue(is_live=False)
    fill(due)
    told = [due.pop() for _ in range(len(due))]
    assert [[w.pts_s for w in one.windows][-1] for one in told] == [5.0, 10.0, 15.0]
    assert [len(one.events) for one in told] == [0, 1, 0]


def test_live_what_waited_is_told_together_and_nothing_of_it_is_lost() -> None:
    due = queue(is_live=True)
    fill(due)
    (told,) = [due.pop() for _ in range(len(due))]
    assert [w.pts_s for w in told.windows] == [float(second) for second in range(1, 16)]
    assert [one.person for one in told.events] == [2]


@pytest.mark.parametrize("is_live", [True, False])
def test_the_end_brings_the_rest_and_then_the_story(is_live: bool) -> None:
    due = queue(is_live)
    for second in (1, 2, 3):
        due.add(window(float(second), span(1)))
    due.end()
    assert [due.pop().kind for _ in range(len(due))] == ["interval", "story"]


def test_a_failed_interval_has_a_second_turn_in_a_replay_alone() -> None:
    for is_live, tries, again in [(False, 1, True), (False, 2, False), (True, 1, False)]:
        due = queue(is_live)
        fill(due)
        failed = due.pop()
        failed.tries = tries
        assert due.again(failed) is again


def test_the_line_rolls_with_the_windows_and_stands_while_nothing_changes() -> None:
    rolling = Rolling("en", 15.0)
    lines = [rolling.add(event(1.0, "arrival", 1))]
    for second in range(1, 31):
        lines.append(rolling.add(window(float(second), span(1, 0.5 if second < 20 else -0.5))))
    told = [line for line in lines if isinstance(line, Narration)]
    assert [line.pts_s for line in told][:1] == [1.0] and 2 <= len(told) <= 5
    assert all(0 < len(line.line) <= MAX_LINE and line.kind == "line" for line in told)
    assert any(line.pts_s == 20.0 for line in told), "at once when the mood is another"


@pytest.mark.parametrize(
    ("deadline_s", "expected_s", "latencies_s", "allowed"),
    [
        (None, 0.0, [], 20.0),
        (None, 4.0, [], 20.0),
        (None, 12.0, [], 48.0),
        (
            None,
            12.0,
            [2.0, 3.0, 90.0],
            20.0,
        ),  # what was measured counts, and one slow text does not
        (None, 0.0, [10.0, 10.0], 40.0),
        (7.0, 12.0, [10.0], 7.0),
    ],
)
def test_how_long_an_answer_is_waited_for(deadline_s, expected_s, latencies_s, allowed) -> None:
    assert allowed_s(deadline_s, expected_s, latencies_s) == allowed
