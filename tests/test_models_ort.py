import threading
from pathlib import Path

import numpy as np
import pytest

from affectstream.models.ort import Net, NotFiniteError
from affectstream.stream.errors import ModelError

onnx = pytest.importorskip("onnx")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

INPUTS = {"x": ["n", 3]}
OUTPUTS = {"y": ["n", 3]}


def log_model(**changes):
    """Return a model that computes log(x + 0), with parts of it changed."""
    zero = numpy_helper.from_array(np.zeros(1, np.float32), "zero")
    if changes.get("external"):
        zero.ClearField("raw_data")
        zero.data_location = TensorProto.EXTERNAL
        zero.external_data.add(key="location", value="weights.bin")
    nodes = [
        helper.make_node("Add", ["x", "zero"], ["sum"]),
        helper.make_node("Log", ["sum"], ["y"], domain=changes.get("domain", "")),
    ]
    if changes.get("nested_external"):
        nodes.append(helper.make_node("Constant", [], ["spare"], value=external_tensor()))
    kind = changes.get("kind", TensorProto.FLOAT)
    graph = helper.make_graph(
        nodes,
        "log",
        [helper.make_tensor_value_info("x", kind, changes.get("shape", ["n", 3]))],
        [helper.make_tensor_value_info("y", kind, None)],
        [zero],
    )
    domains = {"", changes.get("domain", "")}
    opsets = [helper.make_opsetid(domain, 17 if not domain else 1) for domain in sorted(domains)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString()


def external_tensor():
    tensor = TensorProto(name="far", data_type=TensorProto.FLOAT, dims=[1])
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")
    return tensor


@pytest.fixture
def written(tmp_path):
    def write(data: bytes) -> Path:
        path = tmp_path / "net.onnx"
        path.write_bytes(data)
        return path

    return write


def test_runs_and_names_its_provider(written):
    net = Net(written(log_model()), INPUTS, OUTPUTS)
    (result,) = net.run({"x": np.array([[1, np.e, np.e**2]], np.float32)})
    assert result == pytest.approx(np.array([[0, 1, 2]]), abs=1e-6)
    assert net.providers[-1] == "CPUExecutionProvider"


GOOD = log_model()
NOISE = np.random.default_rng(3).bytes(5000)


@pytest.mark.parametrize(
    ("data", "word"),
    [
        pytest.param(b"", "no graph", id="empty"),
        pytest.param(NOISE, "damaged", id="random"),
        pytest.param(GOOD[: len(GOOD) // 2], "damaged", id="half"),
        pytest.param(GOOD[:-1], "damaged", id="one byte short"),
        pytest.param(b"\x3a\x00" + NOISE[:40], "net.onnx", id="a graph of noise"),
        pytest.param(log_model(external=True), "another file", id="external data"),
        pytest.param(log_model(nested_external=True), "another file", id="in a constant"),
        pytest.param(log_model(domain="evil.ops"), "evil.ops", id="foreign operators"),
        pytest.param(log_model(shape=["n", 4]), "4", id="wrong shape"),
        pytest.param(log_model(shape=["n", 3, 1]), "3, 1", id="wrong rank"),
        pytest.param(log_model(kind=TensorProto.DOUBLE), "net.onnx", id="wrong type"),
    ],
)
def test_bad_files_are_refused_by_name(written, capfd, data, word):
    with pytest.raises(ModelError, match=r"net\.onnx") as caught:
        Net(written(data), INPUTS, OUTPUTS)
    assert word in str(caught.value)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("cut", range(0, len(GOOD), 7))
def test_every_truncation_is_a_typed_error(written, cut):
    with pytest.raises(ModelError):
        Net(written(GOOD[:cut]), INPUTS, OUTPUTS)


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(ModelError, match=r"gone\.onnx"):
        Net(tmp_path / "gone.onnx", INPUTS, OUTPUTS)
    with pytest.raises(ModelError, match="cannot read"):
        Net(tmp_path, INPUTS, OUTPUTS)


@pytest.mark.parametrize(
    ("inputs", "outputs"), [({"z": ["n", 3]}, OUTPUTS), (INPUTS, {"z": ["n", 3]})]
)
def test_wrong_names_are_told(written, inputs, outputs):
    with pytest.raises(ModelError, match="'z'"):
        Net(written(GOOD), inputs, outputs)


def test_provider_asked_for_and_not_obtained(written):
    import onnxruntime

    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("this ONNX Runtime has CUDA")
    with pytest.raises(ModelError, match="cuda was asked for"):
        Net(written(GOOD), INPUTS, OUTPUTS, "cuda")


@pytest.mark.parametrize("value", [0.0, -1.0, np.nan])
def test_infinity_and_nan_are_typed(written, value):
    net = Net(written(GOOD), INPUTS, OUTPUTS)
    with pytest.raises(NotFiniteError, match="'y'"):
        net.run({"x": np.array([[1, value, 1]], np.float32)})


@pytest.mark.parametrize(
    "feeds", [{"x": np.ones((1, 4), np.float32)}, {"x": np.ones((1, 3))}, {}, {"q": np.ones(1)}]
)
def test_wrong_feeds_are_typed(written, feeds):
    net = Net(written(GOOD), INPUTS, OUTPUTS)
    with pytest.raises(ModelError, match=r"net\.onnx"):
        net.run(feeds)


@pytest.mark.parametrize("count", [1, 2, 3, 7, 8, 11])
def test_batches_are_cut_and_joined(written, count):
    net = Net(written(GOOD), INPUTS, OUTPUTS)
    batch = np.random.default_rng(count).random((count, 3), np.float32) + 1
    (result,) = net.run_batch(batch, (1, 2, 4))
    assert result == pytest.approx(np.log(batch), abs=1e-6)


def test_one_session_serves_many_threads(written):
    net = Net(written(GOOD), INPUTS, OUTPUTS)
    batches = [np.full((1, 3), number + 1, np.float32) for number in range(8)]
    wrong: list[int] = []

    def work(number: int) -> None:
        for _ in range(200):
            (result,) = net.run({"x": batches[number]})
            if not np.allclose(result, np.log(batches[number])):
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
