"""The configuration of a run: every option of the command line is a key here.

Read from YAML; unknown keys are refused, with the valid ones named.
"""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from ..models.quality import Config as QualityConfig
from .errors import ConfigError

Job = Literal["face", "mesh", "expression", "pose", "narrator"]
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

    sources: tuple[str, ...] = Field((), description="files, folders or globs to replay")
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
    window_s: Positive = Field(10.0, description="length of the sliding window, in seconds")
    narrate_s: Positive = Field(15.0, description="media time between narrations, in seconds")
    models: dict[Job, str] = Field(
        {},
        description="network for a job (face, mesh, expression, pose, narrator), by name; "
        "`auto` if absent, `none` leaves the job out",
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
    narrator_deadline_s: Positive = Field(
        20.0, description="a narrator that takes longer is started anew"
    )
    privacy: Literal["none", "blur", "pixelate", "silhouette"] = Field(
        "none", description="hide people in every picture a sink gets; in doubt the whole picture"
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
    """Read a YAML file (or none) and lay the given options over it. Raises: ConfigError."""
    data: dict[str, Any] = {}
    if path is not None:
        try:
            loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise ConfigError(f"{path}: no such configuration file") from None
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise ConfigError(f"{path}: cannot be read as YAML: {error}") from None
        if not isinstance(loaded, dict | None):
            raise ConfigError(f"{path}: must hold keys and values, not {type(loaded).__name__}")
        data = loaded or {}
    models = {**(data.get("models") or {}), **overrides.pop("models", {})}
    given = {key: value for key, value in overrides.items() if value is not None}
    if models:
        given["models"] = models
    try:
        return RunConfig(**{**data, **given})
    except ValidationError as error:
        raise ConfigError(explain(error, RunConfig, str(path or "options"))) from None


def explain(error: ValidationError, model: type[BaseModel], where: str) -> str:
    """Put a validation error into a line for each key at fault that a user can act on."""
    lines: dict[str, str] = {}
    for fault in error.errors():
        key = ".".join(str(part) for part in fault["loc"] if _is_written(part)) or "value"
        if fault["type"] == "extra_forbidden":
            near = difflib.get_close_matches(key, model.model_fields, 1)
            hint = f"did you mean {near[0]}?" if near else "valid: " + ", ".join(model.model_fields)
            lines[key] = f"{where}: unknown key {key}; {hint}"
        elif key in lines:
            lines[key] = f"{lines[key]}, or {fault['msg'][0].lower()}{fault['msg'][1:]}"
        else:
            lines[key] = f"{where}: {key}: got {_told(key, fault['input'])}. {fault['msg']}"
    return "\n".join(lines.values())


def _told(key: str, value: Any) -> str:
    """Return a wrong value for an error; what may hold a credential is not repeated."""
    if isinstance(value, dict | list | tuple):
        return f"a {type(value).__name__}"
    is_secret = any(word in key for word in ("secret", "password", "token", "dsn", "url"))
    return "what is not repeated here" if is_secret else repr(value)


def _is_written(part: str | int) -> bool:
    """Tell a key that a user wrote from what pydantic calls the member of a union it tried."""
    return not str(part).startswith(("literal[", "constrained-", "[key]", "function-"))
