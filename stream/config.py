"""The configuration of a run: every option of the command line is a key here.

Read from YAML; unknown keys are refused, with the valid ones named.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from ..models.quality import Config as QualityConfig
from .cameras import Camera, check_cameras, split_lists
from .errors import ConfigError
from .explain import explain as explain

Job = Literal["face", "mesh", "expression", "pose", "affect", "narrator"]
Purpose = Literal[
    "unstated",
    "personal",
    "research",
    "art",
    "audience",
    "care",
    "other",
    "workplace",
    "education",
]
Positive = Annotated[float, Field(gt=0)]


class SinkEntry(BaseModel):
    """A sink by its kind; further keys are the kind's own."""

    model_config = ConfigDict(extra="allow", frozen=True)
    kind: str

    @property
    def options(self) -> dict[str, Any]:
        """The kind's own keys."""
        return dict(self.model_extra or {})


class RunConfig(BaseModel):
    """A run. The descriptions are what the README and `--help` show."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sources: tuple[str, ...] = Field(
        (), description="files, folders or globs to replay; webcams; `rtsp://` cameras"
    )
    cameras: tuple[Camera, ...] = Field(
        (), description="cameras by name, see [Many cameras](#many-cameras); makes the run live"
    )
    out: Path | None = Field(None, description="folder that receives every result")
    overwrite: bool = Field(False, description="replace the results of an earlier run in `out`")
    sinks: tuple[SinkEntry, ...] = Field(
        (), description="further sinks: a kind, or a mapping with `kind` and its options"
    )
    speed: Literal["real", "max"] | Positive = Field(
        "real", description="`real` (paced by media time), `max`, or a factor"
    )
    live: bool = Field(
        False, description="newest frame wins and drops are counted, instead of every frame"
    )
    most_age_s: Positive | None = Field(
        0.5,
        description="live: a result older than this many seconds is not told, unless its camera "
        "told nothing for 2 s; `null`: every one is",
    )
    resolution: str | None = Field(
        None,
        pattern=r"^\d+x\d+$",
        description="size asked of a webcam, such as 1280x720; if absent, up to that",
    )
    rate_hz: Positive | None = Field(
        None, description="pictures a second asked of a webcam; if absent, 30 where it has that"
    )
    window_s: Positive = Field(10.0, description="length of the sliding window, in seconds")
    narrate_s: Positive = Field(15.0, description="media time between narrations, in seconds")
    models: dict[Job, str] = Field(
        {},
        description="network for a job (face, mesh, expression, pose, affect, narrator), by name; "
        "`auto` if absent, `none` leaves the job out; affect: `derived`, or a fitted head's file",
    )
    transport: Literal["tcp", "udp"] = Field(
        "tcp", description="how cameras on the network send; some know only `udp`"
    )
    loop: bool = Field(False, description="start each source anew when it ends")
    limit_frames: Annotated[int, Field(gt=0)] | None = Field(
        None, description="take only the first frames of each source"
    )
    provider: Literal["auto", "cpu", "cuda", "openvino"] = Field(
        "auto", description="what networks run on; `auto`: CUDA where it works, else the CPU"
    )
    workers: Annotated[int, Field(ge=0, le=64)] = Field(
        0, description="threads that run networks; 0: one per core"
    )
    lag_frames: Annotated[int, Field(ge=1, le=64)] = Field(
        4,
        description="least age of the past a frame may use; bounds a replay's frames at once",
    )
    face_stride: Annotated[int, Field(ge=1)] = Field(
        1, description="faces are looked for on every n-th frame"
    )
    pose_stride: Annotated[int, Field(ge=1)] = Field(
        2, description="bodies are looked for on every n-th frame"
    )
    pose_refresh: Annotated[int, Field(ge=1)] = Field(
        15, description="newcomers are looked for on every n-th frame with bodies"
    )
    max_bodies: Annotated[int, Field(ge=1)] | None = Field(
        None, description="most bodies a frame; if absent, the network's own (BlazePose: 4)"
    )
    second_looks: Annotated[int, Field(ge=0)] = Field(
        4, description="most heads without a face that are looked at again, per frame"
    )
    quality: QualityConfig | None = Field(
        None,
        description="what a good face is, as `{min_quality: 0.6}`; also `side_px`, `sharpness`, "
        "`turn_deg`",
    )
    model_options: dict[Literal["face", "mesh", "expression", "pose"], dict[str, Any]] = Field(
        {}, description="options of the network of a job, as `pose: {min_pose_score: 0.9}`"
    )
    smooth_s: Positive = Field(
        0.3, description="time constant of the smoothed readings, in seconds"
    )
    baseline: Literal["off", "start", "continuous"] = Field(
        "off",
        description="take a resting face off the smoothed readings: learnt at the start or on",
    )
    baseline_s: Positive = Field(
        10.0, description="media time that the baseline of a person is learnt from, in seconds"
    )
    narrator_options: dict[str, Any] = Field({}, description="options of the narrator's engine")
    narrator_deadline_s: Positive | None = Field(
        None,
        description="a narrator that takes longer is started anew; if absent, 20 s or four times "
        "what it usually takes",
    )
    language: str = Field("en", description="language of the narration, by its code")
    style: str = Field("", description="a sentence on how the narrator is to write")
    prompts: Path | None = Field(
        None, description="folder with prompt templates that take the place of ours"
    )
    privacy: Literal["none", "blur", "pixelate", "silhouette"] = Field(
        "none", description="hide people in every picture a sink gets; in doubt the whole picture"
    )
    record: Literal["never", "events", "always"] = Field(
        "never",
        description="keep the original stream, around `events` or `always`; not with `privacy`",
    )
    record_before_s: Annotated[float, Field(ge=0, le=60)] = Field(
        5.0, description="seconds kept before an event, and to the key frame before them"
    )
    record_after_s: Annotated[float, Field(ge=0, le=600)] = Field(
        5.0, description="seconds kept after an event"
    )
    purpose: Purpose = Field(
        "unstated",
        description="what the run is for: unstated, personal, research, art, audience, care, "
        "other; workplace and education are refused",
    )
    purpose_exception: Literal["medical", "safety"] | None = Field(
        None, description="the reason that lets workplace and education pass; needs the next key"
    )
    purpose_reason: str = Field("", description="why, in words; kept in the record of the run")
    hang_s: Positive = Field(60.0, description="a stage that is silent this long ends the run")

    @model_validator(mode="before")
    @classmethod
    def _cameras_are_live(cls, data: Any) -> Any:
        if isinstance(data, dict) and data.get("cameras"):
            if data.get("live") is False:
                raise ValueError("cameras are live: leave `live: false` out, or replay the files")
            return {**data, "live": True}
        return data

    @field_validator("sinks", mode="before")
    @classmethod
    def _bare_kinds(cls, value: Any) -> Any:
        if isinstance(value, list | tuple):
            return [{"kind": item} if isinstance(item, str) else item for item in value]
        return value

    @field_validator("sources", mode="before")
    @classmethod
    def _one_source(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value


def load(path: Path | None, **overrides: Any) -> RunConfig:
    """Read a YAML file (or none) and lay the given options over it.

    A `.yaml` or `.streams` file among the sources is a list of cameras. Raises: ConfigError.
    """
    named = overrides.get("sources") or ()
    path, rest, listed = split_lists(path, [named] if isinstance(named, str) else named)
    overrides["sources"] = rest or None
    data: dict[str, Any] = {}
    if path is not None:
        try:
            loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise ConfigError(f"{path}: no such configuration file") from None
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
            raise ConfigError(f"{path}: {place}{error.problem}") from None
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise ConfigError(f"{path}: cannot be read as YAML: {error}") from None
        if not isinstance(loaded, dict | None):
            raise ConfigError(f"{path}: must hold keys and values, not {type(loaded).__name__}")
        data = loaded or {}
    models = {**(data.get("models") or {}), **overrides.pop("models", {})}
    given = {key: value for key, value in overrides.items() if value is not None}
    if models:
        given["models"] = models
    if data.get("cameras") is not None:
        folder = None if path is None else path.parent
        listed = [*check_cameras(data["cameras"], str(path or "options"), folder), *listed]
    if listed:
        given["cameras"] = tuple(listed)
    try:
        return RunConfig(**{**data, **given})
    except ValidationError as error:
        raise ConfigError(explain(error, RunConfig, str(path or "options"))) from None
