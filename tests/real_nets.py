"""Adapters of the networks that lie in the folder of test data and do not come with the package."""

from pathlib import Path
from typing import Any

import msgspec

from affectstream.models import zoo


def entry(name: str, file: Path, side_px: int | None = None, **outputs: list[int | str]) -> Any:
    """Return the listed model of a name with another file, and size and outputs if given."""
    listed = next(one for one in zoo.listed() if one.name == name)
    ((part, old),) = listed.files.items()
    changes: dict[str, Any] = {"path": str(file)}
    if side_px is not None:
        shape = ("batch", 3, side_px, side_px)
        changes["input"] = msgspec.structs.replace(old.input, shape=shape)
    if outputs:
        changes["outputs"] = outputs
    replaced = msgspec.structs.replace(old, **changes)
    return msgspec.structs.replace(listed, files={part: replaced})


def yolo(data: Path, side_px: int, **options: Any) -> Any:
    """Return YOLOv8n-pose."""
    file = data / "models" / f"yolov8n-pose_{side_px}.onnx"
    return zoo.build(
        entry("yolov8n-pose", file, side_px, output0=["batch", 56, "places"]), options, "cpu"
    )


def yunet(data: Path, file: str = "face_detection_yunet_2023mar.onnx", **options: Any) -> Any:
    """Return YuNet, 640 px or of free size."""
    listed = entry("yunet", data / "models" / file)
    (net,) = listed.files.values()
    free = {name: ["batch", "cells", shape[2]] for name, shape in net.outputs.items()}
    return zoo.build(entry("yunet", data / "models" / file, **free), options, "cpu")
