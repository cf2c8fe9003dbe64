"""The scheduler's thread alone: who is let in, and that it ends."""

from collections import deque
from functools import partial

from affectstream.models.scripted import ScriptedVision
from affectstream.stream.bus import Bus
from affectstream.stream.crew import vision_loop
from affectstream.stream.frames import make_link
from affectstream.stream.infer import Pool, infer_loop
from affectstream.stream.schedule import Job, Scheduler
from affectstream.stream.stage import Command, ControlRoom, Report
from affectstream.stream.worker import Workers

PATIENCE_S = 20.0


def test_a_camera_whose_link_was_there_before_the_thread_began_is_let_in_by_the_command() -> None:
    bus = Bus()
    room, workers = ControlRoom(bus), Workers(bus)
    aggregate = bus.socket("pull", "observations", bind="observations")
    scheduler = Scheduler([], lag=4, is_live=True)
    jobs: deque[Job] = deque()
    pool = Pool(scheduler, {"a": make_link("a", True)}, 1, jobs, is_live=True)
    look = partial(vision_loop, vision=ScriptedVision(), jobs=jobs, is_live=True)
    told: list[Report] = []
    try:
        workers.start("vision", look)
        workers.start("infer", partial(infer_loop, pool=pool))
        while room.subscribers < 2:
            told += room.reports()
        for command in (Command("add", "a"), Command("last", "a", -1), Command("seal")):
            room.command(command)
        assert workers.join(PATIENCE_S) == []
        told += room.reports(0.0)
    finally:
        room.command(Command("stop"))
        workers.join(PATIENCE_S)
        bus.close(aggregate)
        room.close()
        bus.shut()
    assert workers.errors == []
    assert [(one.what, one.source_id) for one in told if one.what == "gone"] == [("gone", "a")]
