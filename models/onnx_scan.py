"""Look through an ONNX file for what we do not open, without the `onnx` package.

Only the fields that lead to operator sets and to tensors are followed; everything else is skipped
by its length.

Source: the ONNX schema, onnx/onnx.proto3 (field numbers), and the Protocol Buffers wire format.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..stream.errors import ModelError

DOMAINS = frozenset({"", "ai.onnx", "ai.onnx.ml", "com.microsoft"})
"""The operator sets that ONNX Runtime ships; others need code from outside."""

NESTED = {
    "model": {7: "graph", 8: "opset", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "function": {7: "node", 9: "opset"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
}
"""Per message: which fields hold which messages."""

OPSET_DOMAIN, TENSOR_EXTERNAL_DATA, TENSOR_DATA_LOCATION = 1, 13, 14
MAX_DEPTH = 32


def scan(data: bytes, name: str) -> None:
    """Check that a model is whole, stands alone and needs no foreign operators.

    Raises:
        ModelError: `data` is no ONNX model, keeps weights in another file, or uses an operator
            set that ONNX Runtime does not have. The text holds `name`.
    """
    try:
        found = set(_walk(memoryview(data), "model", 0))
    except (IndexError, ValueError) as error:
        raise ModelError(f"{name} is damaged or no ONNX model ({error})") from error
    if "graph" not in found:
        raise ModelError(f"{name} is damaged or no ONNX model (it holds no graph)")
    if "external data" in found:
        raise ModelError(f"{name} keeps weights in another file; save it with all its weights")
    domains = sorted(item[7:] for item in found if item.startswith("domain "))
    if foreign := [domain for domain in domains if domain not in DOMAINS]:
        raise ModelError(f"{name} uses operators that are not known here: {', '.join(foreign)}")


def _walk(message: memoryview, kind: str, depth: int) -> Iterator[str]:
    """Yield what matters: `graph`, `external data`, `domain NAME`."""
    if depth > MAX_DEPTH:
        raise ValueError("nested too deeply")
    if kind == "graph":
        yield "graph"
    for field, value in _fields(message):
        if kind == "tensor" and field in (TENSOR_EXTERNAL_DATA, TENSOR_DATA_LOCATION):
            if value != 0:
                yield "external data"
        elif kind == "opset" and field == OPSET_DOMAIN and isinstance(value, memoryview):
            yield f"domain {bytes(value).decode()}"
        elif (inner := NESTED.get(kind, {}).get(field)) and isinstance(value, memoryview):
            yield from _walk(value, inner, depth + 1)


def _fields(message: memoryview) -> Iterator[tuple[int, memoryview | int]]:
    """Yield the number and the value of every field; fixed-width values are left out."""
    position = 0
    while position < len(message):
        tag, position = _varint(message, position)
        wire = tag & 7
        if wire == 0:
            number, position = _varint(message, position)
            yield tag >> 3, number
            continue
        if wire == 2:
            length, position = _varint(message, position)
        elif wire in (1, 5):
            length = 8 if wire == 1 else 4
        else:
            raise ValueError(f"wire type {wire}")
        if position + length > len(message):
            raise ValueError("it ends too early")
        if wire == 2:
            yield tag >> 3, message[position : position + length]
        position += length


def _varint(message: memoryview, position: int) -> tuple[int, int]:
    """Return the number at `position`, and the position behind it."""
    value = 0
    for shift in range(0, 70, 7):
        byte = message[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
    raise ValueError("a number that does not end")
