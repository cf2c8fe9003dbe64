"""The scheduler's thread by itself, on a real bus."""

import time
from functools import partial

from affectstream.models.scripted import ScriptedVision
from affectstream.stream.bus import Bus
from affectstream.stream.frames import make_link
from affectstream.stream.infer import Pool, infer_loop, vision_loop
from affectstream.stream.schedule import Scheduler
from affectstream.stream.stage import Command, ControlRoom, Report
from affectstream.stream.worker import Workers

PATIENCE_S = 30.0


def test_a_camera_that_was_there_before_the_scheduler_looked_gets_its_turn() -> None:
    """On a busy machine the link of a camera may be made before this thread gets to run."""
    bus = Bus()
    room, workers = ControlRoom(bus), Workers(bus)
    results = bus.socket("pull", "observations", bind="observations")
    scheduler = Scheduler([], lag=4, is_live=True)
    pool = Pool(scheduler, {"cam": make_link("cam", True)}, 1, is_live=True)
    look = partial(vision_loop, vision=ScriptedVision(), jobs=scheduler.under_way, is_live=True)
    workers.start("vision-0", look)
    workers.start("infer", partial(infer_loop, pool=pool))
    told: list[Report] = []
    deadline_s = time.monotonic() + PATIENCE_S
    while room.subscribers < 2:
        told += room.reports()
        assert time.monotonic() < deadline_s
    for command in (Command("add", "cam"), Command("last", "cam", -1), Command("seal")):
        room.command(command)
    while workers.alive:
        told += room.reports()
        assert time.monotonic() < deadline_s
    assert not workers.errors
    while not any(report.what == "end" and report.stage == "infer" for report in told):
        told += room.reports()
        assert time.monotonic() < deadline_s
    assert "gone" in [report.what for report in told]
    bus.close(results)
    room.close()
    bus.shut()
