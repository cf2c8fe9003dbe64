"""From a configuration to opened models, sources and sinks, and the record of the run."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..models import narrators
from ..models.base import Manner, Vision
from ..models.fitted import DERIVED, JOB, FittedHead
from ..models.quality import Config as QualityConfig
from ..models.steady import Config as SteadyConfig
from ..models.tongues import tongue
from ..sinks.base import RunInfo, Sink
from .config import RunConfig, SinkEntry
from .desk import Narrating
from .errors import ConfigError, UsageError
from .kinds import configure, load_kind
from .live import Seat
from .locate import means_camera, open_sources
from .messages import SourceHealth
from .narrator_process import module_of
from .purpose import check_purpose
from .recording import check_recording, recording_of
from .seats import open_seats, seats_of
from .secrets import scrub, scrubbed
from .sources.base import Source

if TYPE_CHECKING:
    from .summary import Summary

ALWAYS = ("csv", "sqlite", "narrative")
"""The sinks of every run that has a folder."""
PACKAGES = (
    *("affectstream", "numpy", "opencv-python-headless", "av", "pyzmq"),
    *("onnxruntime", "onnxruntime-gpu", "onnxruntime-openvino"),
)
RECORD = "run.json"
OURS = (
    *("*.csv", "run.db*", "narration.jsonl", "narrative.md", "overlay*.mp4", RECORD),
    *("parquet/*/*.parquet", "parquet/*/*.part", "run.pickle", "postgres.spill", "alerts.db*"),
    "snapshot-*.png",
)
"""What a run may leave in its folder, but for recordings, which `overwrite` does not take."""


@dataclass
class Prepared:
    """Everything a pipeline needs to start."""

    run: RunInfo
    sources: list[Source]
    seats: list[Seat]
    sinks: list[tuple[str, Sink]]
    vision: Vision
    narration: Narrating
    steady: SteadyConfig
    workers: int
    head: FittedHead | None = None

    def write_record(self, summary: Summary) -> None:
        """Write `run.json`, complete or not at all, and the ledger into the store."""
        folder = self.run.folder
        if folder is None:
            return
        health = self.run.health
        record = {
            "run_id": self.run.run_id,
            "status": summary.status,
            "versions": versions(),
            "config": self.run.config,
            "models": self.run.models,
            "sources": {
                info.source_id: {
                    "file": info.origin,
                    "frames": summary.frames.get(info.source_id),
                    "note": scrub(summary.notes.get(info.source_id, "")),
                    **_state(summary.states.get(info.source_id)),
                }
                for info in (*self.run.sources, *summary.joined)
            },
            **_recordings(self.run),
            **({"lost_sinks": summary.lost} if summary.lost else {}),
            **({"reloads": summary.reloads} if summary.reloads else {}),
            **({"servers": health.servers} if health.servers else {}),
            "ledger": summary.ledger,
            "stages": summary.stages,
            "wall_s": round(summary.wall_s, 3),
            "frames_per_s": round(summary.frames_per_s, 2),
        }
        draft = folder / f"{RECORD}.part"
        draft.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
        draft.replace(folder / RECORD)
        if summary.status != "running":
            _write_ledger(folder, summary)


def prepare(
    config: RunConfig,
    vision: Vision | None,
    sources: Sequence[Source] | None,
    sinks: Sequence[tuple[str, Sink]],
) -> Prepared:
    """Open models first, then sources, then make the folder and the sinks.

    Raises: UsageError, PolicyError, SourceError, ModelError; nothing was written then.
    """
    check_purpose(config)
    check_recording(config)
    narrator, manner = open_narrator(config)
    vision = vision if vision is not None else open_vision(config)
    head = open_head(config)
    is_live = (
        config.live
        or any(means_camera(text) for text in config.sources)
        or any(source.is_live for source in sources or ())
    )
    opened: list[Source] = []
    seats: list[Seat] = []
    if is_live:
        seats = seats_of(sources, config) if sources else open_seats(config)
    else:
        opened = list(sources or open_sources(config.sources, loop=config.loop))
    run = RunInfo(
        uuid.uuid4().hex[:12],
        config.out,
        (*(source.info for source in opened), *(seat.info for seat in seats)),
        vision.keypoint_layout,
        config.window_s,
        is_live,
        shown(config),
        {
            **vision.models,
            **({} if head is None else {JOB: head.record}),
            "narrator": {"name": narrator.name, "why": narrator.why},
        },
    )
    read = [*opened, *(seat.source for seat in seats)]
    made = [*_make_sinks(config, run), *recording_of(config, run, read), *sinks]
    if config.out:
        _clear(config.out, config.overwrite)
    return Prepared(
        run,
        opened,
        seats,
        made,
        vision,
        Narrating(
            narrator.name,
            narrator.options,
            config.narrate_s,
            config.narrator_deadline_s,
            is_live,
            manner,
        ),
        SteadyConfig(
            smooth_s=config.smooth_s, baseline=config.baseline, baseline_s=config.baseline_s
        ),
        config.workers or os.cpu_count() or 1,
        head,
    )


def _state(health: SourceHealth | None) -> dict[str, Any]:
    """Return what the record tells of a live source; nothing for a replay."""
    if health is None:
        return {}
    since = datetime.fromtimestamp(health.since_wall_ns / 1e9, UTC)
    return {
        "state": health.state,
        "since": since.isoformat(timespec="milliseconds"),
        "attempts": health.attempts,
        "outages": health.outages,
        "detail": health.detail,
    }


def _recordings(run: RunInfo) -> dict[str, Any]:
    """Return what the record tells of recordings; nothing where there are none."""
    files, lost = list(run.recordings.files), run.recordings.lost
    return {"recordings": {"files": files, "lost_packets": lost}} if files or lost else {}


def shown(config: RunConfig) -> dict[str, Any]:
    """Return the configuration for the record, with secrets of sinks masked. Raises: ConfigError.

    What a kind declares as secret is known only to its own `Config`.
    """
    checked = [
        {
            "kind": entry.kind,
            **configure(load_kind("sinks", entry.kind), entry.options).model_dump(
                mode="json", exclude_unset=True
            ),
        }
        for entry in config.sinks
    ]
    shown: dict[str, Any] = scrubbed({**config.model_dump(mode="json"), "sinks": checked})
    return shown


def versions() -> dict[str, str]:
    """Return the versions that results depend on."""
    found = {"python": platform.python_version(), "platform": platform.platform()}
    for name in PACKAGES:
        with contextlib.suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def open_vision(config: RunConfig) -> Vision:
    """Open the networks of a configuration. Raises: ConfigError, ModelError, MissingExtraError."""
    import cv2

    from ..models import vision

    cv2.setNumThreads(1)  # The pool of workers is the parallelism; OpenCV's own would fight it.
    networks = {job: name for job, name in config.models.items() if job in vision.JOBS}
    options = {job: dict(own) for job, own in config.model_options.items()}
    if config.max_bodies is not None:
        options.setdefault("pose", {})["max_bodies"] = config.max_bodies
    return vision.build(
        vision.Config(
            models=networks,
            options=options,
            face_stride=config.face_stride,
            pose_stride=config.pose_stride,
            pose_refresh=config.pose_refresh,
            second_looks=config.second_looks,
            quality=config.quality or QualityConfig(),
            provider=config.provider,
        )
    )


def open_head(config: RunConfig) -> FittedHead | None:
    """Open the head that was fitted to ratings; None where values are derived.

    Raises: ConfigError, ModelError, MissingExtraError.
    """
    name = config.models.get("affect", "auto")
    if name == "none":
        raise ConfigError(f"affect cannot be left out; there are: auto, {DERIVED}, or a file")
    return None if name in ("auto", DERIVED) else FittedHead(Path(name).expanduser())


def _make_sinks(config: RunConfig, run: RunInfo) -> list[tuple[str, Sink]]:
    """Make the sinks of every run with a folder, then the ones asked for; a kind once."""
    entries = [SinkEntry(kind=kind) for kind in ALWAYS] if run.folder else []
    wanted = {entry.kind: entry for entry in [*entries, *config.sinks]}
    made: list[tuple[str, Sink]] = []
    for kind, entry in wanted.items():
        module = load_kind("sinks", kind)
        made.append((kind, module.build(configure(module, entry.options), run)))
    return made


def _clear(folder: Path, overwrite: bool) -> None:
    """Make the folder; take earlier results of ours away where that is allowed."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file: name a folder by --out")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            if not overwrite:
                raise UsageError(
                    f"{folder} is not empty: give --overwrite, or another folder by --out"
                )
            for path in (path for pattern in OURS for path in folder.glob(pattern)):
                path.unlink()
    except OSError as error:
        raise UsageError(f"{folder}: cannot be written: {error.strerror}") from None


def open_narrator(config: RunConfig) -> tuple[narrators.Choice, Manner]:
    """Return the narrator's engine, its options checked, and how it is to tell.

    Raises: ConfigError naming the engines, options or languages there are, MissingExtraError,
    ModelError, PolicyError.
    """
    name = config.models.get("narrator", "auto")
    choice = narrators.choose(name, config.narrator_options)
    module = module_of(choice.name)
    options = configure(module, choice.options)
    if hasattr(module, "check"):
        module.check(options)
    tongue(config.language)
    if config.prompts is not None and not config.prompts.is_dir():
        raise ConfigError(f"prompts: {config.prompts} is no folder")
    prompts = str(config.prompts.absolute()) if config.prompts else ""
    manner = {"language": config.language, "style": config.style, "prompts": prompts}
    return choice, Manner(**{key: value for key, value in manner.items() if value})


def _write_ledger(folder: Path, summary: Summary) -> None:
    from ..sinks.sqlite import write_ledger

    rows = [
        (scope.split(":")[0], scope.split(":")[1], reason, count)
        for scope, row in summary.ledger.items()
        if ":" in scope
        for reason, count in row.items()
    ]
    write_ledger(folder / "run.db", rows)
