"""Made messages for the tests of sinks: nothing here comes from a network."""

import math
from pathlib import Path

import numpy as np

from affectstream.models.base import LAYOUTS
from affectstream.sinks.base import RunInfo
from affectstream.stream.messages import (
    Body,
    Event,
    Face,
    Frame,
    Narration,
    Person,
    Reading,
    SourceInfo,
    Span,
    Window,
)

STEP_S = 1 / 25


def run_info(
    folder=None,
    layout="blazepose33",
    sources=("clip",),
    is_live=False,
    finds_faces=True,
    **config,
):
    infos = tuple(
        SourceInfo(name, f"/videos/{name}.mp4", 640, 480, 25.0, 100, 4.0) for name in sources
    )
    folder = None if folder is None else Path(folder)
    models = {"face": {"name": "made"}} if finds_faces else {}
    config = {"window_s": 10.0, **config}
    return RunInfo("run-1", folder, infos, layout, 10.0, is_live, config, models)


def emotions(strong="happiness", share=0.6):
    names = "neutral happiness surprise sadness anger disgust fear contempt".split()
    rest = (1 - share) / (len(names) - 1)
    return tuple(share if name == strong else rest for name in names)


def face(box=(100.0, 80.0, 180.0, 190.0), **fields):
    return Face(box, fields.pop("score", 0.91), emotions=fields.pop("emotions", emotions()))


def body(layout="blazepose33", box=(60.0, 60.0, 240.0, 470.0), visibility=0.9):
    x1, y1, x2, y2 = box
    joints = len(LAYOUTS[layout])
    points = tuple(
        (
            x1 + (x2 - x1) * (0.5 + 0.4 * math.sin(k)),
            y1 + (y2 - y1) * k / joints,
            -3.25 * (k + 1) if layout == "blazepose33" else 0.0,
            visibility,
        )
        for k in range(joints)
    )
    return Body(box, 0.8, layout, points)


def person(number=1, valence=0.5, arousal=0.25, **fields):
    fields.setdefault("face", face())
    return Person(
        number,
        movement=fields.pop("movement", 0.31),
        posture=fields.pop("posture", "standing"),
        valence=valence,
        arousal=arousal,
        affect_source=fields.pop("affect_source", "derived"),
        **fields,
    )


def reading(seq=0, people=(), source="clip", pts_s=None, size=(640, 480), **fields):
    pts_s = seq * STEP_S if pts_s is None else pts_s
    return Reading(
        source_id=source,
        seq=seq,
        pts_s=pts_s,
        width_px=size[0],
        height_px=size[1],
        people=tuple(people),
        **fields,
    )


def frame(seq=0, source="clip", size=(640, 480), pts_s=None, value=None, epoch=0):
    width, height = size
    image = np.full((height, width, 3), 40 if value is None else value, np.uint8)
    image.flags.writeable = False
    pts_s = seq * STEP_S if pts_s is None else pts_s
    return Frame(source, seq, epoch, pts_s, 0, 0, image)


def span(person=0, **fields):
    known = {
        "n": 20,
        "coverage": 0.8,
        "valence_mean": 0.4,
        "valence_sd": 0.1,
        "valence_slope_per_s": -0.01,
        "arousal_mean": 0.2,
        "arousal_sd": 0.05,
        "arousal_slope_per_s": 0.02,
        "quadrant": "excited",
        "emotion": "happiness",
        "movement": 0.3,
    }
    return Span(person, **(known | fields))


def window(seq=25, spans=None, source="clip", **fields):
    fields.setdefault("pts_s", seq * STEP_S)
    spans = (span(1), span(0)) if spans is None else tuple(spans)
    return Window(source_id=source, seq=seq, window_s=10.0, spans=spans, **fields)


def event(seq=10, kind="arrival", number=1, source="clip", **fields):
    return Event(source_id=source, seq=seq, pts_s=seq * STEP_S, kind=kind, person=number, **fields)


def narration(seq=50, text="One person looks happy. They hardly move.", source="clip", **fields):
    fields.setdefault("engine", "grounded")
    return Narration(
        source_id=source,
        seq=seq,
        pts_s=seq * STEP_S,
        text=text,
        grounded=fields.pop("grounded", True),
        latency_s=0.25,
        facts=fields.pop("facts", {"people": 1}),
        **fields,
    )


def write_all(sink, messages):
    sink.open()
    for message in messages:
        sink.write(message, None)
    sink.close()
