"""The times of a live picture: media time, how late it is, and when the camera says it was taken.

Pure: the clocks of this machine are arguments.
"""

from __future__ import annotations

_STEP_S = 0.04
"""How long a picture lasts until two stamps have told."""

_JUMP_S = 10.0
"""A stamp that runs this much ahead of the time that has passed is a jump of the camera's clock.
Source: `-dts_delta_threshold` of ffmpeg."""

_DISORDER_S = 1.0
"""Stamps that fall by less are out of order, as from cameras that stamp B-frames wrongly: their
pictures follow each other as they arrive, `_LEAST_S` apart at least."""

_LEAST_S = 0.001

_CREEP = 2e-4
"""Share by which two clocks may drift apart: quartz without discipline stays within 200 ppm."""

_LATE_S = 1.0
_TOLERANCE_S = 1e-6

_TRUST_S = 300.0
"""A camera whose clock is further off than this was never set, or is in another time zone."""


class LiveClock:
    """Media time of a live source: seconds since its start, by the camera's stamps.

    It never falls. A new connection, a jump of the stamps back or far ahead, and another size of
    the picture each start a new `epoch`, which begins at the time that has really passed.
    """

    def __init__(self) -> None:
        """Wait for the first picture, which is time 0."""
        self.epoch = -1
        self._zero_s: float | None = None
        self._time_s, self._arrived_s = 0.0, 0.0
        self._step_s = _STEP_S
        self._offset_s: float | None = None
        self._size_px = (0, 0)
        self._is_fresh = True

    def begin(self) -> None:
        """Start a new epoch with the next picture."""
        self._is_fresh = True

    def tell(self, stamp_s: float | None, now_s: float, size_px: tuple[int, int]) -> float | None:
        """Return the media time of a picture; None where its stamp repeats the one before.

        `stamp_s` is the camera's, None where it gives none: the picture then follows the last.
        """
        if self._zero_s is None:
            self._zero_s = now_s
        if self._is_fresh or size_px != self._size_px:
            return self._start(stamp_s, now_s, size_px)
        time_s = self._time_s + self._step_s
        if stamp_s is not None and self._offset_s is None:
            self._offset_s = time_s - stamp_s
        elif stamp_s is not None and self._offset_s is not None:
            time_s = stamp_s + self._offset_s
            gone_s = time_s - self._time_s
            if abs(gone_s) < _TOLERANCE_S:
                return None
            if gone_s < -_DISORDER_S or gone_s - (now_s - self._arrived_s) > _JUMP_S:
                return self._start(stamp_s, now_s, size_px)
            if gone_s < 0:
                time_s = max(self._time_s + _LEAST_S, now_s - self._zero_s)
                self._offset_s = time_s - stamp_s
            else:
                self._step_s = gone_s
        return self._keep(time_s, now_s)

    def _start(self, stamp_s: float | None, now_s: float, size_px: tuple[int, int]) -> float:
        assert self._zero_s is not None
        earliest_s = 0.0 if self.epoch < 0 else self._time_s + self._step_s
        self.epoch += 1
        self._is_fresh, self._size_px = False, size_px
        time_s = max(earliest_s, now_s - self._zero_s)
        self._offset_s = None if stamp_s is None else time_s - stamp_s
        return self._keep(time_s, now_s)

    def _keep(self, time_s: float, now_s: float) -> float:
        self._time_s, self._arrived_s = time_s, now_s
        return round(time_s, 6)


class Lateness:
    """Tells when a reader falls behind its camera, by stamps that arrive later and later.

    Only what lasts counts: the burst after a hiccup of the network is soon read.
    """

    def __init__(self) -> None:
        """Take the first stamp as in time."""
        self._least_s: float | None = None
        self._told_s = 0.0
        self._late_since_s: float | None = None

    def is_behind(self, stamp_s: float, now_s: float) -> bool:
        """Return whether stamps have been a second late for a second."""
        late_s = now_s - stamp_s
        if self._least_s is None or late_s < self._least_s or late_s - self._least_s > _JUMP_S:
            self._least_s = late_s
        else:
            self._least_s += _CREEP * (now_s - self._told_s)
        self._told_s = now_s
        if late_s - self._least_s < _LATE_S:
            self._late_since_s = None
        elif self._late_since_s is None:
            self._late_since_s = now_s
        return self._late_since_s is not None and now_s - self._late_since_s > _LATE_S


class SenderClock:
    """Wall time (UTC) at the camera, from its sender reports."""

    def __init__(self) -> None:
        """Know nothing."""
        self._offset_s: float | None = None
        self.off_s: float | None = None

    def hear(self, wall_s: float, stamp_s: float, now_wall_s: float) -> None:
        """Learn that the camera took what bears `stamp_s` at `wall_s`.

        `off_s` then says how far its clock is from ours; one that is far off is not trusted.
        """
        self.off_s = wall_s - now_wall_s
        self._offset_s = wall_s - stamp_s if abs(self.off_s) <= _TRUST_S else None

    @property
    def is_trusted(self) -> bool:
        """Whether a picture's time is the camera's."""
        return self._offset_s is not None

    def wall_ns(self, stamp_s: float | None, now_wall_ns: int) -> int:
        """Return when a picture was taken; its arrival where the camera does not tell."""
        if stamp_s is None or self._offset_s is None:
            return now_wall_ns
        return round((stamp_s + self._offset_s) * 1e9)
