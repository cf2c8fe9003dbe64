"""The expression net: a small residual network with squeeze-excitation for 48x48 grey faces."""

# mypy: allow-subclassing-any
# (torch is absent where the project's types are checked)

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

SIDE_PX = 48
GREY_MID = 127.5


@dataclass(frozen=True, slots=True)
class NetConfig:
    """Shape of the network: channels of the stem, then channels, blocks and stride per stage."""

    stem: int = 32
    widths: tuple[int, ...] = (56, 96, 192)
    blocks: tuple[int, ...] = (2, 2, 1)
    strides: tuple[int, ...] = (2, 2, 2)
    squeeze: int = 8
    dropout: float = 0.3
    classes: int = 8


class SqueezeExcite(nn.Module):
    """Scale every channel by a gate in 0..1 computed from the channel means.

    Source: Hu et al. 2018, arXiv 1709.01507.
    """

    def __init__(self, channels: int, squeeze: int) -> None:
        """Make the two layers; ``squeeze`` divides the number of channels between them."""
        super().__init__()
        self.down = nn.Linear(channels, channels // squeeze)
        self.up = nn.Linear(channels // squeeze, channels)

    def forward(self, features_nchw: Tensor) -> Tensor:
        """Return the gated features, same shape."""
        gate = torch.sigmoid(self.up(torch.relu(self.down(features_nchw.mean((2, 3))))))
        return features_nchw * gate[:, :, None, None]


class ConvNorm(nn.Module):
    """A convolution without bias and the batch normalisation behind it."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1) -> None:
        """Make both layers, padded so that stride 1 keeps the side."""
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
        self.norm: nn.Module = nn.BatchNorm2d(outputs)
        nn.init.kaiming_normal_(self.conv.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, features_nchw: Tensor) -> Tensor:
        """Return normalised features."""
        normalised: Tensor = self.norm(self.conv(features_nchw))
        return normalised

    def fold(self) -> None:
        """Fold the normalisation into the convolution; only after ``eval()``."""
        if isinstance(self.norm, nn.BatchNorm2d):
            self.conv = fuse_conv_bn_eval(self.conv, self.norm)
            self.norm = nn.Identity()


class Block(nn.Module):
    """Two 3x3 convolutions, squeeze-excitation and a shortcut.

    Where the shape changes, the shortcut averages 2x2 and projects (ResNet-D).
    Source: He et al. 2016, arXiv 1512.03385; He et al. 2019, arXiv 1812.01187.
    """

    def __init__(self, inputs: int, outputs: int, stride: int, squeeze: int) -> None:
        """Make the layers."""
        super().__init__()
        self.first = ConvNorm(inputs, outputs, 3, stride)
        self.second = ConvNorm(outputs, outputs, 3)
        self.gate = SqueezeExcite(outputs, squeeze)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(nn.AvgPool2d(stride), ConvNorm(inputs, outputs, 1))

    def forward(self, features_nchw: Tensor) -> Tensor:
        """Return the block's features."""
        change = self.gate(self.second(torch.relu(self.first(features_nchw))))
        return torch.relu(change + self.shortcut(features_nchw))


class ExpressionNet(nn.Module):
    """Grey faces Nx1x48x48, values 0..255, to logits Nx8."""

    def __init__(self, config: NetConfig) -> None:
        """Make the layers from ``config`` with the global random state."""
        super().__init__()
        self.stem = ConvNorm(1, config.stem, 5, 2)
        layers: list[nn.Module] = []
        inputs = config.stem
        shape = zip(config.widths, config.blocks, config.strides, strict=True)
        for width, count, stride in shape:
            for index in range(count):
                layers.append(Block(inputs, width, stride if index == 0 else 1, config.squeeze))
                inputs = width
        self.stages = nn.Sequential(*layers)
        self.dropout = nn.Dropout(config.dropout)
        self.head = nn.Linear(inputs, config.classes)

    def forward(self, faces_n1hw: Tensor) -> Tensor:
        """Return logits, before any temperature."""
        scaled = (faces_n1hw - GREY_MID) / GREY_MID
        features = self.stages(torch.relu(self.stem(scaled)))
        logits: Tensor = self.head(self.dropout(features.mean((2, 3))))
        return logits

    def fold(self) -> None:
        """Fold every batch normalisation into its convolution; only after ``eval()``."""
        for module in list(self.modules()):
            if isinstance(module, ConvNorm):
                module.fold()


def grown(small: dict[str, Tensor], wide: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the state ``wide`` with the weights of a net that lacks its first blocks.

    The last normalisation of an added block starts at zero, so the block passes on what it gets
    and the larger net answers like the small one. Equal nets give ``small``.
    Source: Goyal et al. 2017, arXiv 1706.02677, section 5.1 (zero initialisation).
    """
    added = _blocks(wide) - _blocks(small)
    state = dict(wide)
    for index in range(added):
        for part in ("weight", "bias"):
            name = f"stages.{index}.second.norm.{part}"
            state[name] = torch.zeros_like(state[name])
    for name, value in small.items():
        parts = name.split(".")
        if parts[0] == "stages":
            parts[1] = str(int(parts[1]) + added)
        state[".".join(parts)] = value
    return state


def _blocks(state: dict[str, Tensor]) -> int:
    return 1 + max(int(name.split(".")[1]) for name in state if name.startswith("stages."))


class Calibrated(nn.Module):
    """The net as it ships: faces to probabilities, softmax of logits over the temperature."""

    def __init__(self, net: ExpressionNet, temperature: float) -> None:
        """Wrap ``net``; ``temperature`` is above 0."""
        super().__init__()
        self.net = net
        self.temperature = temperature

    def forward(self, faces_n1hw: Tensor) -> Tensor:
        """Return probabilities Nx8, every row summing to one."""
        return torch.softmax(self.net(faces_n1hw) / self.temperature, dim=1)
