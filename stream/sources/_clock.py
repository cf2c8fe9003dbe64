"""The media time of each picture of a replay, from what the media says of itself. Pure."""

from __future__ import annotations

_STEP_S = 0.04
"""How long a picture lasts where neither it nor the one before it tells."""


class MediaClock:
    """Counts from 0 and never falls; a jump of the media's clock starts a new epoch.

    `epoch` is that of the last picture; `jumps` counts those of this pass over the media, and
    `played_s` is the time from the start of the pass to the end of the last picture.
    """

    def __init__(self) -> None:
        """Stand at 0."""
        self.epoch = -1
        self.jumps = 0
        self._time_s = self._end_s = 0.0

    def begin(self, start_s: float | None, longest_gap_s: float) -> None:
        """Start a pass over the media, which calls its start `start_s`; a longer gap is a jump."""
        self.epoch += 1
        self.jumps = 0
        self._zero_s = self._time_s = self._end_s
        self._start_s = start_s
        self._longest_gap_s = longest_gap_s
        self._step_s = _STEP_S
        self._is_first = True

    @property
    def played_s(self) -> float:
        """Seconds of this pass so far."""
        return self._end_s - self._zero_s

    def reach(self, stamp_s: float) -> None:
        """Let the pass last until this time of the media's clock, though no picture shows it."""
        if self._start_s is not None:
            end_s = round(stamp_s - self._start_s + self._zero_s, 6)
            self._end_s = max(self._end_s, end_s)

    def place(self, stamp_s: float) -> float:
        """Return where a time of the media's clock lies, as far as is known by now."""
        return self._zero_s + (0.0 if self._start_s is None else stamp_s - self._start_s)

    def tell(self, stamp_s: float | None, duration_s: float) -> float:
        """Return the time of the next picture.

        `stamp_s` is its time by the media's clock, None where it has none: it then follows the one
        before. `duration_s` is 0 where unknown.
        """
        time_s = self._end_s
        if stamp_s is not None:
            if self._start_s is None:
                self._start_s = stamp_s - self.played_s
            time_s = stamp_s - self._start_s + self._zero_s
            if self._is_first:
                time_s = max(time_s, self._zero_s)
            elif not -1e-6 <= time_s - self._time_s <= self._longest_gap_s:
                self._start_s += time_s - self._end_s
                time_s = self._end_s
                self.epoch += 1
                self.jumps += 1
        time_s = round(time_s, 6)
        if not self._is_first and time_s > self._time_s:
            self._step_s = time_s - self._time_s
        self._time_s, self._is_first = time_s, False
        self._end_s = time_s + (duration_s or self._step_s)
        return time_s
