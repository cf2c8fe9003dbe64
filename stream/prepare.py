"""From a configuration to opened models, sources and sinks, and the record of the run."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..models.base import Vision
from ..models.quality import Config as QualityConfig
from ..models.steady import Config as SteadyConfig
from ..sinks.base import RunInfo, Sink
from .config import RunConfig, SinkEntry
from .errors import ConfigError, UsageError
from .kinds import configure, load_kind
from .locate import open_sources
from .narrate import Narrating
from .narrator_process import ENGINES
from .purpose import check_purpose
from .sources.base import Source

if TYPE_CHECKING:
    from .pipeline import Summary

ALWAYS = ("csv", "sqlite", "narrative")
"""The sinks of every run that has a folder."""
PACKAGES = (
    *("affectstream", "numpy", "opencv-python-headless", "av", "pyzmq"),
    *("onnxruntime", "onnxruntime-gpu", "onnxruntime-openvino"),
)
RECORD = "run.json"
_OURS = (
    *("*.csv", "run.db*", "narration.jsonl", "narrative.md", "overlay*.mp4", RECORD),
    *("parquet/*/*.parquet", "parquet/*/*.part", "run.pickle", "postgres.spill", "alerts.db*"),
)


@dataclass
class Prepared:
    """Everything a pipeline needs to start."""

    run: RunInfo
    sources: list[Source]
    sinks: list[tuple[str, Sink]]
    vision: Vision
    narration: Narrating
    steady: SteadyConfig
    workers: int

    def write_record(self, summary: Summary) -> None:
        """Write `run.json`, complete or not at all, and the ledger into the store."""
        folder = self.run.folder
        if folder is None:
            return
        record = {
            "run_id": self.run.run_id,
            "status": summary.status,
            "versions": versions(),
            "config": self.run.config,
            "models": self.run.models,
            "sources": {
                source.info.source_id: {
                    "file": source.info.origin,
                    "frames": summary.frames.get(source.info.source_id),
                    "note": summary.notes.get(source.info.source_id, ""),
                }
                for source in self.sources
            },
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
    vision = vision if vision is not None else open_vision(config)
    opened = list(sources or open_sources(config.sources, loop=config.loop))
    folder = _clear(config.out, config.overwrite) if config.out else None
    run = RunInfo(
        uuid.uuid4().hex[:12],
        folder,
        tuple(source.info for source in opened),
        vision.keypoint_layout,
        config.window_s,
        config.live,
        shown(config),
        {**vision.models, "narrator": {"name": _narrator(config)}},
    )
    return Prepared(
        run,
        opened,
        [*_make_sinks(config, run), *sinks],
        vision,
        Narrating(
            _narrator(config),
            config.narrator_options,
            config.narrate_s,
            config.narrator_deadline_s,
            config.live,
        ),
        SteadyConfig(
            smooth_s=config.smooth_s, baseline=config.baseline, baseline_s=config.baseline_s
        ),
        config.workers or os.cpu_count() or 1,
    )


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
    return {**config.model_dump(mode="json"), "sinks": checked}


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
    networks = {job: name for job, name in config.models.items() if job != "narrator"}
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


def _make_sinks(config: RunConfig, run: RunInfo) -> list[tuple[str, Sink]]:
    """Make the sinks of every run with a folder, then the ones asked for; a kind once."""
    entries = [SinkEntry(kind=kind) for kind in ALWAYS] if run.folder else []
    wanted = {entry.kind: entry for entry in [*entries, *config.sinks]}
    made: list[tuple[str, Sink]] = []
    for kind, entry in wanted.items():
        module = load_kind("sinks", kind)
        made.append((kind, module.build(configure(module, entry.options), run)))
    return made


def _clear(folder: Path, overwrite: bool) -> Path:
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
            for path in (path for pattern in _OURS for path in folder.glob(pattern)):
                path.unlink()
    except OSError as error:
        raise UsageError(f"{folder}: cannot be written: {error.strerror}") from None
    return folder


def _narrator(config: RunConfig) -> str:
    """Return the name of the narrator's engine. Raises: ConfigError naming the ones there are."""
    name = config.models.get("narrator", "auto")
    if name == "auto":
        return "grounded"
    if name not in ENGINES:
        raise ConfigError(f"no narrator {name!r}; there are: auto, {', '.join(ENGINES)}")
    return name


def _write_ledger(folder: Path, summary: Summary) -> None:
    from ..sinks.sqlite import write_ledger

    rows = [
        (scope.split(":")[0], scope.split(":")[1], reason, count)
        for scope, row in summary.ledger.items()
        if ":" in scope
        for reason, count in row.items()
    ]
    write_ledger(folder / "run.db", rows)
