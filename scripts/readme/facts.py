"""What the project is made of and how fast it is: libraries, networks, benchmarks."""

from __future__ import annotations

import ast
import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from affectstream.models import zoo

from .markdown import code, table

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDERS = ("stream", "models", "sinks", "dataset", "scripts")
LIBRARIES = (
    ("numpy", "numpy", "pictures, tensors and keypoints"),
    ("pandas", "pandas", "tables of a run that `stream.runs.Run` returns"),
    ("pyzmq", "zmq", "the links between the threads, and to the narrator's process"),
    ("opencv-python-headless", "cv2", "resizing, cropping, warping, drawing"),
    ("av", "av", "decoding videos, encoding the overlay"),
    ("pygame-ce", "pygame", "the window of `--show`"),
    ("onnxruntime", "onnxruntime", "runs the networks on a processor"),
    ("onnxruntime-gpu", "onnxruntime", "the same on an NVIDIA card"),
    ("onnxruntime-openvino", "onnxruntime", "the same through OpenVINO"),
    ("torch", "torch", "trains the expression network, runs the narrator `tinyllama`"),
    ("transformers", "transformers", "loads TinyLlama, its tokenizer and chat template"),
    ("onnxruntime-genai", "onnxruntime_genai", "runs the narrator `tinyllama-int4`"),
    ("Jinja2", "jinja2", "the prompts of language models, in its sandbox; pages of datasets"),
    ("pyarrow", "pyarrow", "Parquet tables of datasets"),
    ("matplotlib", "matplotlib", "plots of datasets, and of the training of a network"),
    ("scikit-learn", "sklearn", "fits a head to the ratings of a dataset"),
    ("scipy", "scipy", "Student's t for the intervals of a dataset's agreement"),
    ("onnx", "onnx", "writes networks: fitted heads, and what is trained or converted"),
)
"""Distribution, the name it is imported by, and what for."""
FEW = 2


def libraries_table() -> str:
    """Return where each library is used and what installs it. Raises: KeyError for one unused."""
    used: dict[str, list[Path]] = {}
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            for name in set(_imported(path)):
                used.setdefault(name, []).append(path.relative_to(ROOT))
    rows = [
        [code(name), _comes_with(name), purpose, _places(used[module])]
        for name, module, purpose in LIBRARIES
    ]
    return table(["Library", "Comes with", "What for", "Where"], rows)


def networks_table() -> str:
    """Return a row per network that comes with the package."""
    rows = []
    for entry in zoo.listed():
        if entry.way != "shipped":
            continue
        parts = entry.files.values()
        cards = [f"models/weights/{Path(part.path).with_suffix('.md')}" for part in parts]
        rows.append(
            [
                entry.job,
                code(entry.name),
                entry.licence,
                f"{sum(part.size_bytes or 0 for part in parts) / 1e6:.1f}",
                f"{sum(part.ms_1_thread or 0 for part in parts):.1f}",
                ", ".join(f"[{Path(card).stem}]({card})" for card in cards),
            ]
        )
    return table(["Job", "Network", "Licence", "MB", "ms", "Cards"], rows)


def benchmarks_text(results: Path = ROOT / "benchmarks" / "results.jsonl") -> str:
    """Return the newest line of the results in words, or how to get one."""
    row = _newest(results, "frames_per_s")
    if row is None:
        return "No figures yet: `scripts/bench` measures on your machine."
    rate = row["frames_per_s"]
    rows = [
        ["Pipeline, `--speed max`", f"{rate['pipeline']:.1f}"],
        ["The same, with every file of `--out`", f"{rate['pipeline_out']:.1f}"],
        ["A plain loop over the same networks, one thread", f"{rate['plain']:.1f}"],
        ["The ceiling: such a loop on every core at once", f"{rate['ceiling']:.1f}"],
    ]
    ratios = ", ".join(
        f"{name} {value:.2f} ({low:.2f} to {high:.2f})"
        for (name, value), (low, high) in zip(
            row["ratios"].items(), row["ratio_range"].values(), strict=True
        )
    )
    where = f"{row['clip']}, {row['cpu'] or 'unknown processor'}, {row['cores']} cores"
    cost = sum(row["cpu_ms_per_frame"].values())
    return (
        f"{table(['Frames per second', where], rows)}\n\n"
        f"Medians of {row['rounds']} rounds; ratios: {ratios}. Processor time {cost:.0f} ms a "
        f"frame, peak memory {row['peak_mb']:.0f} MB, both with every file ({row['date']})."
    )


def live_text(results: Path = ROOT / "benchmarks" / "results.jsonl") -> str:
    """Return the live results, a table for each clip, way and processor, or how to get them.

    The newest comes first. Each has the newest figures of each number of cameras; those with a note
    are left out.
    """
    lines = results.read_text(encoding="utf-8").splitlines() if results.is_file() else []
    groups: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for row in map(json.loads, lines):
        if "live" in row and "note" not in row:
            groups.setdefault((row["over"], row["clip"], row["cpu"]), []).append(row)
    if not groups:
        return "No figures yet: `scripts/bench live` measures on your machine."
    newest = sorted(groups.values(), key=lambda rows: str(rows[-1]["date"]), reverse=True)
    return "\n\n".join(map(_live_table, newest))


def _live_table(rows: list[dict[str, Any]]) -> str:
    newest = rows[-1]
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        found |= row["live"]
    over, cpu = newest["over"], newest["cpu"] or "unknown processor"
    head = ["Cameras", "Results/s of each", "Age ms, p50 / p95 / max", "Cores used"]
    head += ["CPU on unseen", "MB"] + (["Server's cores"] if over == "rtsp" else [])
    order = sorted(found, key=lambda name: int(name.split()[1]))
    cells = table(head, [_live_row(name, found[name]) for name in order])
    where = f"{newest['clip']} over {over}, {cpu}, {newest['cores']} cores, {newest['date']}"
    return f"{cells}\n\n{where}."


def _live_row(name: str, found: dict[str, Any]) -> list[str]:
    low, high = found["results_per_s"]
    row = [
        name.replace("pipeline", "affectstream").replace("naive", "naive loop"),
        f"{low:.1f} to {high:.1f}",
        " / ".join(f"{age:.0f}" for age in found["age_ms"]),
        f"{found['cores']:.2f}",
        f"{found['cpu_on_unseen']:.0%}" if "cpu_on_unseen" in found else "–",
        str(found["peak_mb"]),
    ]
    return row + ([f"{found['server_cores']:.2f}"] if "server_cores" in found else [])


def _newest(results: Path, key: str) -> dict[str, Any] | None:
    lines = results.read_text(encoding="utf-8").splitlines() if results.is_file() else []
    rows: list[dict[str, Any]] = [json.loads(line) for line in lines]
    return next((row for row in reversed(rows) if key in row), None)


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


def _places(paths: list[Path]) -> str:
    if len(paths) <= FEW:
        return ", ".join(code(path.as_posix()) for path in paths)
    return ", ".join(code(f"{folder}/") for folder in dict.fromkeys(p.parts[0] for p in paths))


def _comes_with(name: str) -> str:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    def names(requirements: list[str]) -> list[str]:
        return [text.partition(">")[0].partition("[")[0] for text in requirements]

    if name in names(project["dependencies"]):
        return "always"
    extras = project["optional-dependencies"].items()
    found = [f"`[{extra}]`" for extra, wanted in extras if name in names(wanted)]
    if not found:
        raise KeyError(f"{name}: no extra installs it")
    return ", ".join(found)
