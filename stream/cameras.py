"""Cameras by name: the entries of `cameras.yaml`, and `.streams` files with a source a line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)

from .errors import ConfigError
from .explain import explain
from .secrets import SecretUrl

LISTS = (".yaml", ".yml", ".streams")
"""Endings of files that a user may name in place of a source."""

Region = tuple[float, float, float, float]
"""x1, y1, x2, y2 from the top left: shares of the picture where all are at most 1, else px."""


class Treatment(BaseModel):
    """What is done with the pictures of one camera."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rate_hz: Annotated[float, Field(gt=0)] | None = Field(
        None, description="most pictures a second that are looked at"
    )
    region: Region | None = Field(
        None, description="the part that is looked at: [x1, y1, x2, y2] in px, or shares up to 1"
    )
    face_stride: Annotated[int, Field(ge=1)] | None = Field(
        None, description="faces are looked for on every n-th frame; if absent, the run's"
    )
    pose_stride: Annotated[int, Field(ge=1)] | None = Field(
        None, description="bodies are looked for on every n-th frame; if absent, the run's"
    )
    privacy: bool = Field(False, description="sinks that show pictures blur the people in them")

    @field_validator("region")
    @classmethod
    def _has_an_area(cls, region: Region | None) -> Region | None:
        if region is not None:
            left, top, right, bottom = region
            if not (0 <= left < right and 0 <= top < bottom):
                raise ValueError(f"needs 0 <= x1 < x2 and 0 <= y1 < y2, got {list(region)}")
        return region


class Camera(Treatment):
    """A camera: a name, where it is (one of `url`, `path`, `device`), and how it is treated."""

    name: str = Field("", description="what it is called in every result")
    url: SecretStr | None = Field(None, description="rtsp:// or rtsps://, with user and password")
    path: Path | None = Field(None, description="a video that stands in for a camera")
    device: str | None = Field(None, description="a webcam: its number, device file or name")
    loop: bool = Field(False, description="start a video anew when it ends")
    enabled: bool = Field(True, description="`false`: off until `affectstream ctl resume`")

    @field_validator("device", mode="before")
    @classmethod
    def _number_as_text(cls, value: Any) -> Any:
        is_number = isinstance(value, int) and not isinstance(value, bool)
        return str(value) if is_number else value

    @model_validator(mode="after")
    def _is_somewhere(self) -> Camera:
        given = [key for key in ("url", "path", "device") if getattr(self, key) is not None]
        if len(given) != 1:
            found = " and ".join(given) or "none"
            raise ValueError(f"needs exactly one of url, path, device; it has {found}")
        if self.url is not None:
            scheme, colon, rest = self.url.get_secret_value().partition("://")
            if not (scheme and colon):
                raise ValueError("url: begins with rtsp:// or the like; a file is a `path`")
            if not rest:
                raise ValueError("url: names no host")
        return self

    @property
    def title(self) -> str:
        """The name, or one made of where it is, without credentials. Raises: ConfigError."""
        if self.name:
            return self.name
        if self.path is not None:
            return self.path.stem
        if self.url is not None:
            url = SecretUrl.parse(self.url.get_secret_value())
            return f"{url.host} {urlsplit(url.path).path}"
        return str(self.device)


def camera_of(text: str, folder: Path | None = None, **treatment: Any) -> Camera:
    """Return the camera that a URL, a device or a path means; paths start at `folder`.

    Raises: ValidationError.
    """
    if "://" in text:
        return Camera(url=SecretStr(text), **treatment)
    if text.isdigit() or text.startswith("/dev/video"):
        return Camera(device=text, **treatment)
    return Camera(path=_from(folder, Path(text).expanduser()), **treatment)


def entry_of(
    text: str, name: str, rate: float | None, region: str | None, privacy: bool, loop: bool
) -> dict[str, object]:
    """Return the entry of a camera as a command gives it. Raises: ConfigError."""
    parts = None if region is None else region.split(",")
    try:
        camera = camera_of(
            text,
            Path.cwd(),
            name=name,
            rate_hz=rate,
            region=None if parts is None else [float(part) for part in parts],
            privacy=privacy,
            loop=loop,
        )
    except ValidationError as error:
        raise ConfigError(explain(error, Camera, "ctl add")) from None
    except ValueError:
        raise ConfigError(f"--region {region}: write four numbers, x1,y1,x2,y2") from None
    entry: dict[str, object] = camera.model_dump(mode="json", exclude_defaults=True)
    if camera.url is not None:
        entry["url"] = camera.url.get_secret_value()
    return entry


def check_cameras(entries: Any, where: str, folder: Path | None = None) -> tuple[Camera, ...]:
    """Return the cameras of a configuration. Raises: ConfigError naming file, entry and key."""
    if not isinstance(entries, list | tuple) or not entries:
        raise ConfigError(f"{where}: cameras: must be a list with an entry per camera")
    cameras, faults = [], []
    for number, entry in enumerate(entries, 1):
        if isinstance(entry, Camera):
            cameras.append(entry)
            continue
        name = entry.get("name") if isinstance(entry, dict) else None
        place = f"{where}: camera {number}" + (f" ({name})" if name else "")
        try:
            if isinstance(entry, str | int) and not isinstance(entry, bool):
                camera = camera_of(str(entry), folder)
            else:
                camera = Camera.model_validate(entry)
            path = camera.path and _from(folder, camera.path.expanduser())
            cameras.append(camera.model_copy(update={"path": path}))
        except ValidationError as error:
            faults.append(explain(error, Camera, place))
    if faults:
        raise ConfigError("\n".join(faults))
    return tuple(cameras)


def read_streams(path: Path) -> tuple[Camera, ...]:
    """Read a file with a source a line; `#` begins a remark. Raises: ConfigError."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read as text: {error}") from None
    cameras = []
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        try:
            cameras.append(camera_of(text, path.parent))
        except ValidationError as error:
            raise ConfigError(explain(error, Camera, f"{path}: line {number}")) from None
    if not cameras:
        raise ConfigError(f"{path}: names no source; write a URL, a file or a device a line")
    return tuple(cameras)


def split_lists(
    path: Path | None, sources: Sequence[str]
) -> tuple[Path | None, list[str], list[Camera]]:
    """Take lists of cameras out of what a user named as sources.

    Returns the configuration to read (a `.yaml` among the sources, else `path`), the other
    sources, and the cameras of `.streams` files. Raises: ConfigError.
    """
    rest, cameras = [], list[Camera]()
    for text in sources:
        ending = "" if "://" in text else Path(text).suffix.lower()
        if ending == ".streams":
            cameras += read_streams(Path(text).expanduser())
        elif ending in LISTS:
            if path is not None:
                raise ConfigError(f"{text}: one configuration at a time; there is {path} already")
            path = Path(text).expanduser()
        else:
            rest.append(text)
    return path, rest, cameras


def slug(title: str, longest: int) -> str:
    """Return a name in lower case, other characters as `-`."""
    return re.sub(r"[^a-z0-9_]+", "-", title.lower()).strip("-_")[:longest].strip("-") or "source"


def _from(folder: Path | None, path: Path) -> Path:
    return path if folder is None or path.is_absolute() else folder / path
