"""Live capture and inference in made time: cameras, cores and decoders are numbers.

What decides is the real thing (links, scheduler, load, choice of packets); what takes time is not.
Cores are shared evenly by all that is at work, as an operating system does.
"""

from collections import defaultdict, deque
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from affectstream.stream.frames import FrameLink
from affectstream.stream.freshness import Freshness
from affectstream.stream.live import ADAPT_S
from affectstream.stream.load import Load
from affectstream.stream.messages import Body, Frame, Observation
from affectstream.stream.schedule import Scheduler
from affectstream.stream.sources._shed import PacketChoice
from affectstream.stream.strides import Strides

STEP_S = 0.002
IMAGE = np.zeros((2, 2, 3), np.uint8)


@dataclass
class Costs:
    """Processor time of one picture: decoding, a look at faces, and what bodies add, in s."""

    decode_s: float = 0.004
    faces_s: float = 0.014
    bodies_s: float = 0.025


@dataclass
class Made:
    """A camera: pictures a second, group of pictures, and when its first packet comes."""

    name: str
    rate_hz: float
    group: int
    start_s: float
    packets: int = 0
    waiting: deque[tuple[int, float]] = field(default_factory=deque)
    choice: PacketChoice = field(default_factory=PacketChoice)
    decoded: int = 0
    had: int | None = None
    adapt_s: float = 0.0
    left_s: float = 0.0
    seq: int = -1


class World:
    """So many cameras and cores; `run` goes on for a while and notes results."""

    def __init__(self, cameras: list[Made], costs: Costs, cores: int = 2) -> None:
        self.cameras, self.costs, self.cores = cameras, costs, cores
        self.now_s = 0.0
        self.links = {one.name: FrameLink(one.name, "latest") for one in cameras}
        self.scheduler = Scheduler([], lag=4, is_live=True)
        for one in cameras:
            self.links[one.name].listen(partial(setattr, one.choice, "share"))
            self.scheduler.add(one.name, Strides(1, 2, 15), None)
        self.load = Load(self.scheduler, self.links, cores, 0.0)
        self.fresh = Freshness(0.5)
        self.jobs: dict[int, float] = {}
        self.started_s: dict[int, float] = {}
        self.forget()

    def forget(self) -> None:
        """Measure from here on."""
        self.results: dict[str, int] = defaultdict(int)
        self.since_s = self.now_s
        self.ages_s: list[float] = []
        self.decode_s = self.look_s = self.unseen_s = 0.0

    @property
    def results_hz(self) -> list[float]:
        """Results a second of each camera, the lowest first."""
        seconds = self.now_s - self.since_s
        return sorted(self.results[one.name] / seconds for one in self.cameras)

    @property
    def unseen(self) -> float:
        """The share of the processor that went into pictures that nobody looked at."""
        return self.unseen_s / (self.decode_s + self.look_s)

    def run(self, seconds: float) -> None:
        """Go on."""
        for _ in range(round(seconds / STEP_S)):
            self.now_s += STEP_S
            for one in self.cameras:
                self._arrive(one)
            self._work()
            self._schedule()

    def _arrive(self, one: Made) -> None:
        while one.start_s + one.packets / one.rate_hz <= self.now_s:
            is_key = one.packets % one.group == 0
            one.packets += 1
            if one.choice.takes(is_key):
                one.waiting.append((one.packets, self.now_s))

    def _work(self) -> None:
        decoding = [one for one in self.cameras if one.waiting]
        at_work = len(decoding) + len(self.jobs)
        if not at_work:
            return
        each_s = STEP_S * min(1.0, self.cores / at_work)
        for one in decoding:
            self.decode_s += each_s
            one.left_s += each_s
            if one.left_s >= self.costs.decode_s:
                one.left_s = 0.0
                one.waiting.popleft()
                one.choice.decoded(1)
                self._decoded(one)
        for number in self.jobs:
            self.look_s += each_s
            self.jobs[number] -= each_s

    def _decoded(self, one: Made) -> None:
        one.seq += 1
        one.decoded += 1
        now_ns = round(self.now_s * 1e9)
        frame = Frame(one.name, one.seq, 0, self.now_s, now_ns, now_ns, IMAGE)
        if self.links[one.name].put(frame):
            self.unseen_s += self.costs.decode_s
        if self.now_s < one.adapt_s:
            return
        had, one.had = one.had, one.decoded + one.choice.left_out
        since_s, one.adapt_s = self.now_s - one.adapt_s + ADAPT_S, self.now_s + ADAPT_S
        if had is not None:
            self.links[one.name].full_hz = (one.had - had) / since_s

    def _schedule(self) -> None:
        for number in [number for number, left_s in self.jobs.items() if left_s <= 0]:
            del self.jobs[number]
            self.fresh.took(self.now_s - self.started_s.pop(number))
            self._finish(number)
        while (frame := self._next()) is not None:
            if self.fresh.may_start(self._age_s(frame)):
                self.scheduler.admit(frame)
            else:
                self._waste(frame.source_id)
        while len(self.jobs) < self.cores and (job := self.scheduler.next_job()) is not None:
            assert job.frame.looks is not None
            bodies_s = self.costs.bodies_s if job.frame.looks.bodies else 0.0
            self.jobs[job.number] = self.costs.faces_s + bodies_s
            self.started_s[job.number] = self.now_s
        for seen in self.scheduler.in_order():
            if self.fresh.may_leave(seen.source_id, self._age_s(seen), self.now_s):
                self.results[seen.source_id] += 1
                self.ages_s.append(self._age_s(seen))
            else:
                self._waste(seen.source_id)
        self.load.tell(self.now_s, len(self.jobs))

    def _next(self) -> Frame | None:
        wanted = self.scheduler.wanted(self.cores - len(self.jobs))
        frames = (self.links[name].take() for name in wanted)
        return next((frame for frame in frames if frame is not None), None)

    def _finish(self, number: int) -> None:
        frame = self.scheduler.under_way[number].frame
        looked = frame.looks is not None and frame.looks.bodies
        self.scheduler.under_way[number].seen = Observation(
            source_id=frame.source_id,
            seq=frame.seq,
            pts_s=frame.pts_s,
            t_mono_ns=frame.t_mono_ns,
            width_px=2,
            height_px=2,
            bodies=(Body((0, 0, 1, 1), 1.0, "coco17", ()),) if looked else None,
        )
        self.scheduler.finish(number)

    def _age_s(self, of: Frame | Observation) -> float:
        return self.now_s - of.t_mono_ns / 1e9

    def _waste(self, name: str) -> None:
        self.links[name].late += 1
        self.unseen_s += self.costs.decode_s
