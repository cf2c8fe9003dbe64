"""The training of the expression net: label rules, augmentation, figures, going on after a stop."""

import dataclasses
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs torch (extra: train)")
pytest.importorskip("onnx", reason="export needs onnx (extra: train)")
pytest.importorskip("onnxruntime", reason="export needs ONNX Runtime (extra: cpu)")
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

import torch  # noqa: E402
from expression.augment import AugmentConfig, augment  # noqa: E402
from expression.data import (  # noqa: E402
    LABELS,
    Labelled,
    majority_classes,
    soft_labels,
    split_held,
    without_repeats,
)
from expression.export import metadata, probabilities_of, write_onnx  # noqa: E402
from expression.loop import TrainConfig, Trainer, learning_rate, logits_of, mixed  # noqa: E402
from expression.net import ExpressionNet, NetConfig, grown  # noqa: E402
from expression.phases import choices, mean_of, trainers  # noqa: E402
from expression.report import calibration_error, fit_temperature, measure, softmax  # noqa: E402
from expression.teaching import trainers as taught_trainers  # noqa: E402

TINY = TrainConfig(
    epochs=2,
    batch=8,
    bf16=False,
    net=NetConfig(stem=4, widths=(4, 8), blocks=(1, 1), strides=(2, 2), squeeze=2),
)

GROWN = dataclasses.replace(
    TINY,
    epochs=1,
    net=NetConfig(stem=4, widths=(4, 4, 8), blocks=(1, 1, 1), strides=(1, 2, 2), squeeze=2),
)


TAUGHT = dataclasses.replace(TINY, epochs=1, taught=0.5)


def synthetic(count: int, seed: int = 0) -> Labelled:
    random = np.random.default_rng(seed)
    majority = random.integers(0, len(LABELS), count)
    faces = random.integers(0, 256, (count, 48, 48)).astype(np.uint8)
    return Labelled(faces, np.eye(8, dtype=np.float32)[majority], majority.astype(np.int64))


#          ne ha su sa an di fe co un nf
VOTES = [
    ("one class", [10, 0, 0, 0, 0, 0, 0, 0, 0, 0], {0: 1.0}, 0),
    ("a lone vote is noise", [0, 9, 1, 0, 0, 0, 0, 0, 0, 0], {1: 1.0}, 1),
    ("two votes count", [8, 0, 0, 2, 0, 0, 0, 0, 0, 0], {0: 0.8, 3: 0.2}, 0),
    ("half is no majority", [5, 0, 0, 5, 0, 0, 0, 0, 0, 0], {0: 0.5, 3: 0.5}, -1),
    ("noise gone, a majority", [5, 0, 0, 3, 1, 1, 0, 0, 0, 0], {0: 0.625, 3: 0.375}, 0),
    ("unknown is not an emotion", [6, 0, 0, 2, 0, 0, 0, 0, 2, 0], {0: 0.75, 3: 0.25}, 0),
    ("unknown spoils the majority", [4, 0, 0, 3, 0, 0, 0, 0, 3, 0], {0: 4 / 7, 3: 3 / 7}, -1),
    ("unknown leads", [4, 0, 0, 0, 0, 0, 0, 0, 6, 0], None, -1),
    ("unknown draws", [5, 0, 0, 0, 0, 0, 0, 0, 5, 0], None, -1),
    ("not a face", [0, 0, 0, 0, 0, 0, 0, 0, 0, 10], None, -1),
    ("nothing but noise", [1, 1, 1, 1, 1, 1, 1, 1, 1, 1], None, -1),
]


@pytest.mark.parametrize(("votes", "soft", "majority"), [row[1:] for row in VOTES],
                         ids=[row[0] for row in VOTES])  # fmt: skip
def test_label_rules(votes, soft, majority):
    votes_n10 = np.array([votes], np.uint8)
    got, usable = soft_labels(votes_n10)
    expected = np.zeros(8)
    for index, share in (soft or {}).items():
        expected[index] = share
    assert usable[0] == (soft is not None)
    np.testing.assert_allclose(got[0], expected, atol=1e-6)
    assert majority_classes(votes_n10)[0] == majority


def test_repeats_and_pictures_from_elsewhere_are_left_out():
    part = synthetic(4)
    doubled = part.take(np.array([0, 1, 0, 2, 3]))
    kept = without_repeats(doubled, elsewhere=part.faces[2:3])
    np.testing.assert_array_equal(kept.faces, part.faces[[0, 1, 3]])


def test_split_is_seeded_disjoint_and_complete():
    part = synthetic(50)
    fitting, held = split_held(part, 0.1, seed=3)
    again, _ = split_held(part, 0.1, seed=3)
    other, _ = split_held(part, 0.1, seed=4)
    assert (len(fitting.faces), len(held.faces)) == (45, 5)
    np.testing.assert_array_equal(fitting.faces, again.faces)
    assert not np.array_equal(fitting.faces, other.faces)
    pixels = {face.tobytes() for face in np.concatenate([fitting.faces, held.faces])}
    assert pixels == {face.tobytes() for face in part.faces}


def test_augment_keeps_shape_and_range_and_is_seeded():
    faces_n1hw = torch.from_numpy(synthetic(16).faces).float().unsqueeze(1)

    def changed(seed: int) -> torch.Tensor:
        return augment(faces_n1hw, AugmentConfig(), torch.Generator().manual_seed(seed))

    assert changed(1).shape == faces_n1hw.shape
    assert changed(1).min() >= 0
    assert changed(1).max() <= 255
    assert torch.equal(changed(1), changed(1))
    assert not torch.equal(changed(1), changed(2))


def test_augment_without_changes_only_mirrors():
    still = AugmentConfig(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    faces_n1hw = torch.from_numpy(synthetic(32).faces).float().unsqueeze(1)
    got = augment(faces_n1hw, still, torch.Generator().manual_seed(1))
    same = (got - faces_n1hw).abs().amax((1, 2, 3)) < 0.1
    mirrored = (got - faces_n1hw.flip(3)).abs().amax((1, 2, 3)) < 0.1
    assert (same ^ mirrored).all()
    assert 0 < int(mirrored.sum()) < 32


def test_learning_rate_rises_then_falls():
    config = TrainConfig()
    rates = [learning_rate(config, step / 100) for step in range(101)]
    top = rates.index(max(rates))
    assert top == round(config.warm_up * 100)
    assert rates[top] == pytest.approx(config.max_learning_rate)
    assert rates == sorted(rates[:top]) + sorted(rates[top:], reverse=True)
    assert rates[-1] == pytest.approx(config.max_learning_rate / config.final_divisor)


def test_learning_rate_is_held():
    config = dataclasses.replace(TrainConfig(), warm_up=0.0, hold=0.5)
    rates = [learning_rate(config, step / 10) for step in range(11)]
    assert set(rates[:6]) == {config.max_learning_rate}
    assert rates[6:] == sorted(set(rates[6:]), reverse=True)
    assert rates[6] < config.max_learning_rate


def test_a_grown_net_answers_like_the_small_one():
    small, wide = ExpressionNet(TINY.net), ExpressionNet(GROWN.net)
    wide.load_state_dict(grown(small.state_dict(), wide.state_dict()))
    faces = synthetic(8).faces
    assert len(wide.stages) == len(small.stages) + 1
    np.testing.assert_array_equal(logits_of(wide, faces), logits_of(small, faces))


def test_the_second_phase_starts_from_the_best_of_the_first(tmp_path):
    fitting, held = split_held(synthetic(40), 0.2, seed=0)
    first, second = trainers((TINY, GROWN), tmp_path, fitting, held, train=True)
    assert len(second.history) == GROWN.epochs
    fresh = Trainer(GROWN, tmp_path / "fresh", first.best)
    expected = logits_of(first.best_net(), held.faces)
    np.testing.assert_array_equal(logits_of(fresh.averaged, held.faces), expected)
    found = choices([first, second], held)
    losses = [one.held["held_loss"] for one in found]
    assert losses == sorted(losses)
    assert {one.name for one in found} == {"phase 1", "phase 2", "mean of phases 1 to 2"}


def test_the_mean_lies_between_the_nets():
    small, wide = ExpressionNet(TINY.net).state_dict(), ExpressionNet(GROWN.net).state_dict()
    mean = mean_of([small, wide])
    assert mean.keys() == wide.keys()
    torch.testing.assert_close(
        mean["head.weight"], (small["head.weight"] + wide["head.weight"]) / 2
    )
    torch.testing.assert_close(
        mean["stages.0.second.norm.weight"], wide["stages.0.second.norm.weight"] / 2
    )


def test_phases_that_never_ran_have_no_best(tmp_path):
    part = synthetic(8)
    with pytest.raises(ValueError, match="no epoch"):
        choices(trainers((TINY, GROWN), tmp_path, part, part, train=False), part)


def test_the_student_is_taught_by_the_best_of_every_teacher(tmp_path):
    fitting, held = split_held(synthetic(40), 0.2, seed=0)
    made = []
    for trainer in taught_trainers(TINY, TAUGHT, 2, tmp_path):
        trainer.run(fitting, held)
        made.append(trainer)
    first, second, student = made
    assert [one.config.seed for one in made] == [1, 2, 1]
    assert not first.teachers and not second.teachers and len(student.teachers) == 2
    for teacher, net in zip((first, second), student.teachers, strict=True):
        expected = logits_of(teacher.best_net(), held.faces)
        np.testing.assert_array_equal(logits_of(net, held.faces), expected)
    faces = torch.from_numpy(held.faces).float().unsqueeze(1)
    said = [softmax(logits_of(net, held.faces)) for net in student.teachers]
    np.testing.assert_allclose(student._opinion(faces), np.mean(said, axis=0), atol=1e-5)
    assert len(student.history) == TAUGHT.epochs


@pytest.mark.parametrize("taught, follows", [(0.0, "votes"), (1.0, "teacher")])
def test_the_target_is_the_votes_or_what_the_teacher_says(tmp_path, taught, follows):
    """A teacher that is certain of class 3, votes for class 5."""
    part = synthetic(32)
    part = Labelled(part.faces, np.eye(8, dtype=np.float32)[np.full(32, 5)], np.full(32, 5))
    teacher = ExpressionNet(TINY.net)
    torch.nn.init.zeros_(teacher.head.weight)
    teacher.head.bias.data = 20.0 * torch.eye(8)[3]
    config = dataclasses.replace(TINY, epochs=12, taught=taught)
    trainer = Trainer(config, tmp_path, teachers=[teacher])
    trainer.run(part, part)
    answers = logits_of(trainer.averaged, part.faces).argmax(axis=1)
    assert set(answers) == {5 if follows == "votes" else 3}


def test_a_teacher_that_never_learned_cannot_teach(tmp_path):
    made = taught_trainers(TINY, TAUGHT, 1, tmp_path)
    next(made)
    with pytest.raises(ValueError, match="no epoch"):
        next(made)


def test_mixed_faces_carry_mixed_labels():
    random = torch.Generator().manual_seed(3)
    faces = torch.arange(8.0).view(8, 1, 1, 1).expand(8, 1, 48, 48)
    soft = torch.eye(8)
    blended, labels = mixed(faces, soft, 0.2, random)
    assert torch.allclose(labels.sum(dim=1), torch.ones(8))
    expected = labels @ torch.arange(8.0)
    assert torch.allclose(blended[:, 0, 0, 0], expected, atol=1e-5)
    assert not torch.equal(labels, soft)


def test_a_stopped_run_goes_on_to_the_same_weights(tmp_path):
    fitting, held = split_held(synthetic(40), 0.2, seed=0)
    straight = Trainer(TINY, tmp_path / "straight")
    straight.run(fitting, held)
    Trainer(TINY, tmp_path / "stopped").run(fitting, held, until_epoch=1)
    resumed = Trainer(TINY, tmp_path / "stopped")
    assert len(resumed.history) == 1
    resumed.run(fitting, held)
    for net in ("net", "averaged"):
        expected = getattr(straight, net).state_dict()
        got = getattr(resumed, net).state_dict()
        assert all(torch.equal(expected[name], got[name]) for name in expected)
    assert len((tmp_path / "stopped" / "log.csv").read_text().splitlines()) == 3
    assert (tmp_path / "stopped" / "curve.svg").read_text().startswith("<svg")


def test_a_checkpoint_of_another_config_is_refused(tmp_path):
    fitting, held = split_held(synthetic(40), 0.2, seed=0)
    Trainer(TINY, tmp_path).run(fitting, held, until_epoch=1)
    other = TrainConfig(epochs=2, batch=8, bf16=False, net=TINY.net, seed=2)
    with pytest.raises(ValueError, match="another config"):
        Trainer(other, tmp_path)


def test_export_before_the_first_epoch_is_refused(tmp_path):
    with pytest.raises(ValueError, match="no epoch"):
        Trainer(TINY, tmp_path).best_net()


def test_the_exported_file_answers_like_the_net(tmp_path):
    import onnx

    fitting, held = split_held(synthetic(40), 0.2, seed=0)
    trainer = Trainer(TINY, tmp_path)
    trainer.run(fitting, held, until_epoch=1)
    net = trainer.best_net()
    path = tmp_path / "net.onnx"
    write_onnx(net, path, metadata(0.5, "Apache-2.0"))
    expected = softmax(logits_of(net, held.faces), 0.5)
    np.testing.assert_allclose(probabilities_of(path, held.faces), expected, atol=1e-5)
    model = onnx.load(path)
    assert not any(node.op_type == "BatchNormalization" for node in model.graph.node)
    properties = {item.key: item.value for item in model.metadata_props}
    assert properties["labels"].split(",") == list(LABELS)
    assert float(properties["temperature"]) == 0.5


def test_calibration_error_of_known_confidence():
    answers = np.array([0, 0, 0, 1])
    probabilities = np.tile([0.95, 0.05], (4, 1))
    assert calibration_error(probabilities, answers) == pytest.approx(0.2)


def test_temperature_recovers_a_known_scale():
    random = np.random.default_rng(0)
    logits = random.normal(0, 2, (20_000, 8))
    answers = (logits + random.gumbel(size=logits.shape)).argmax(axis=1)
    assert fit_temperature(logits * 2, answers) == pytest.approx(2.0, rel=0.05)


def test_figures_of_a_small_table():
    answers = np.array([0, 0, 1, 1, -1])
    probabilities = np.eye(8)[[0, 1, 1, 1, 7]]
    figures = measure(probabilities, answers)
    assert figures.faces == 4
    assert figures.accuracy == 0.75
    assert figures.confusion[0].tolist() == [1, 1, 0, 0, 0, 0, 0, 0]
    assert figures.recall[:2].tolist() == [0.5, 1.0]
    assert figures.macro_f1 == pytest.approx((2 / 3 + 0.8) / 8)
