"""From what a configuration names to the seats of a live run."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from .cameras import Camera, Treatment, camera_of
from .config import RunConfig
from .errors import ConfigError, SourceError
from .live import Seat
from .locate import (
    CAMERA_SCHEMES,
    NO_SOURCE,
    Asked,
    expand,
    names_camera,
    open_camera,
    unique_ids,
)
from .messages import SourceInfo
from .sources.base import Source


def speed_of(config: RunConfig) -> float | None:
    """Return media seconds per second, None for as fast as it goes."""
    if config.speed == "max":
        return None
    return 1.0 if config.speed == "real" else config.speed


def open_seats(config: RunConfig) -> list[Seat]:
    """Open every camera that is on; one that cannot be opened is a failed one.

    Raises: ConfigError; SourceError when none can be opened.
    """
    cameras = named_cameras(config)
    if not cameras:
        raise ConfigError(NO_SOURCE)
    if not any(camera.enabled for camera in cameras.values()):
        raise ConfigError("every camera is off; set `enabled: true` for one")
    seats, errors = [], []
    for name, camera in cameras.items():
        seat = seat_of(camera, name, config)
        seats.append(seat)
        if camera.enabled:
            try:
                take_place(seat)
            except SourceError as error:
                errors.append(error)
    if not any(seat.state == "ready" for seat in seats):
        raise errors[0]
    return seats


def named_cameras(config: RunConfig) -> dict[str, Camera]:
    """Return every camera of a configuration by its name in the results."""
    cameras = [*_cameras_of(config.sources), *config.cameras]
    return dict(zip(unique_ids(one.title for one in cameras), cameras, strict=True))


def seat_of(camera: Camera, source_id: str, config: RunConfig) -> Seat:
    """Return the seat of a camera, not opened yet."""
    if config.privacy != "none":
        camera = camera.model_copy(update={"privacy": True})
    asked = Asked(config.loop, config.transport, config.resolution, config.rate_hz)
    return Seat(
        SourceInfo(source_id, _origin(camera)),
        camera,
        partial(open_camera, camera, source_id, asked),
        None if camera.path is None else speed_of(config),
    )


def take_place(seat: Seat) -> None:
    """Open the source of a seat. Raises: SourceError; the seat has failed then."""
    assert seat.reopen is not None
    try:
        seat.source = seat.reopen()
    except SourceError as error:
        seat.state, seat.note = "failed", f"failed: {error}"
        raise
    seat.info, seat.state = seat.source.info, "ready"


def seats_of(sources: Sequence[Source], config: RunConfig) -> list[Seat]:
    """Return seats for sources that are open already."""
    speed = speed_of(config)
    return [
        Seat(
            source.info,
            Treatment(privacy=config.privacy != "none"),
            speed=None if source.is_live else speed,
            source=source,
            state="ready",
        )
        for source in sources
    ]


def _cameras_of(given: Sequence[str]) -> list[Camera]:
    cameras = []
    for text in given:
        if names_camera(text):
            cameras.append(Camera(device=text))
        elif text.lower().startswith(CAMERA_SCHEMES):
            cameras.append(camera_of(text))
        else:
            cameras += [Camera(path=path) for path in expand(text)]
    return cameras


def _origin(camera: Camera) -> str:
    """Return where a camera is, for people, without credentials."""
    if camera.path is not None:
        return Path(camera.path).name
    return camera.title if camera.url is None else "network camera"
