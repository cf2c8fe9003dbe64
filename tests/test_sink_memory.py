import threading

import pytest
from sink_messages import frame, reading, run_info

from affectstream.sinks import memory
from affectstream.stream.errors import SinkError


def make(**fields):
    return memory.build(memory.Config(**fields), run_info())


def test_keeps_messages_and_frames_in_order():
    sink = make(name="orders")
    sink.open()
    sink.write(reading(0), None)
    picture = frame(1)
    sink.write(reading(1), picture)
    sink.tick()
    sink.close()
    assert [message.seq for message in sink.messages] == [0, 1]
    assert sink.frames == [None, picture]
    assert sink.steps == ["open", "tick", "close"]
    assert memory.kept("orders") is sink


@pytest.mark.parametrize("step", ["open", "tick", "close"])
@pytest.mark.parametrize(("how", "error"), [("sink", SinkError), ("fault", RuntimeError)])
def test_fails_as_scripted(step, how, error):
    sink = make(fail_on=step, fail_with=how)
    with pytest.raises(error, match=step):
        getattr(sink, step)()


def test_write_fails_after_the_scripted_number():
    sink = make(fail_on="write", fail_after=2)
    sink.write(reading(0), None)
    sink.write(reading(1), None)
    with pytest.raises(SinkError):
        sink.write(reading(2), None)
    assert len(sink.messages) == 2


def test_a_held_sink_waits_for_its_release():
    sink = make(held=True)
    thread = threading.Thread(target=sink.write, args=(reading(0), None))
    thread.start()
    assert sink.messages == []
    sink.release()
    thread.join(10)
    assert len(sink.messages) == 1
