"""The plate reader's network: a compact convolutional transformer with a query for each slot.

The family is that of fast-plate-ocr's CCT readers (a convolutional stem, transformer blocks over
its tokens, learned queries that reduce them to slots), so that the export keeps their contract:
uint8 RGB pictures (N, 64, 128, 3) in, probabilities of characters (N, 10, 79) and of regions
(N, R + 1) out, the last of which means that the crop shows no plate. Source: Hassani et al.,
"Escaping the Big Data Paradigm with Compact Transformers", 2021,
https://arxiv.org/abs/2104.05704.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, cast

import numpy as np
import torch
from torch import Tensor, nn

from training.errors import TrainingError
from training.layouts import REGIONS
from training.lines import ALPHABET
from training.render_plates import SLOTS
from training.shipped_weights import weights_in

GRID_ROWS = 4
GRID_COLUMNS = 16


def _convolution(inputs: int, outputs: int, stride: int | tuple[int, int] = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


def _settled(layer: nn.Sequential, seen: Tensor) -> Tensor:
    """A layer of the stem, its normalisation folded into its filters."""
    convolution, norm, _ = layer
    gain = norm.weight / (norm.running_var + norm.eps).sqrt()
    filters = convolution.weight * gain[:, None, None, None]
    offset = norm.bias - norm.running_mean * gain
    return cast(
        Tensor,
        nn.functional.conv2d(seen, filters, offset, convolution.stride, convolution.padding).relu(),
    )


# PyTorch is absent where types are checked: hence the ignores.


def _silence(layer: nn.Linear | nn.Conv2d) -> None:
    """Let a layer that ends a branch answer nothing until it has learnt: nothing is disturbed."""
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)


class Residual(nn.Module):  # type: ignore[misc]
    """Two convolutions that add to a feature map, at first nothing.

    They have no normalisation, so that they can join a network whose own is settled.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, 1, 1)
        self.last = nn.Conv2d(channels, channels, 3, 1, 1)
        _silence(self.last)

    def forward(self, seen: Tensor) -> Tensor:
        """Refine a map of shape (N, channels, H, W)."""
        return cast(Tensor, seen + self.last(self.first(seen).relu()))


class Block(nn.Module):  # type: ignore[misc]
    """A transformer block: attention over the tokens, then a small perceptron on each."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.before_attention = nn.LayerNorm(width)
        self.query_key_value = nn.Linear(width, 3 * width)
        self.project = nn.Linear(width, width)
        self.perceptron = nn.Sequential(
            nn.LayerNorm(width),
            nn.Linear(width, 2 * width),
            nn.ReLU(inplace=True),
            nn.Linear(2 * width, width),
        )
        _silence(self.project)
        _silence(self.perceptron[-1])

    def forward(self, tokens: Tensor) -> Tensor:
        """Mix tokens of shape (N, T, width)."""
        count, length, width = tokens.shape
        parts = self.query_key_value(self.before_attention(tokens))
        parts = parts.reshape(count, length, 3, self.heads, width // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4).unbind(0)
        scores = query * (width // self.heads) ** -0.5 @ key.transpose(-1, -2)
        # In plain operations: PyTorch's own attention takes a fourth of a step on a processor.
        mixed = scores.softmax(-1).to(value.dtype) @ value
        tokens = tokens + self.project(mixed.transpose(1, 2).reshape(count, length, width))
        return cast(Tensor, tokens + self.perceptron(tokens))


class Glance(nn.Module):  # type: ignore[misc]
    """A second look: each slot, which now knows its neighbours, looks at the tokens once more."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.before = nn.LayerNorm(width)
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.project = nn.Linear(width, width)

    def forward(self, slots: Tensor, tokens: Tensor) -> Tensor:
        """Add to slots (N, S, width) what they see in tokens (N, T, width)."""
        count, _, width = slots.shape
        split = (count, -1, self.heads, width // self.heads)
        query = self.query(self.before(slots)).reshape(split).transpose(1, 2)
        key, value = self.key_value(tokens).reshape(count, -1, 2, *split[2:]).unbind(2)
        scores = query * split[-1] ** -0.5 @ key.permute(0, 2, 3, 1)
        seen = scores.softmax(-1).to(value.dtype) @ value.transpose(1, 2)
        return cast(Tensor, slots + self.project(seen.transpose(1, 2).reshape(slots.shape)))


class Answer(NamedTuple):
    """What the network says of N pictures.

    `characters` are logits (N, 10, 79), `region` logits (N, R), `plate` those of being a plate at
    all (N,). The other two serve training alone:
    `looked` is where each slot looked, attention (N, 10, 64) over the grid of 4 rows and 16
    columns, row by row; `spots` are logits (N, 64, 79) of the character in each cell, the padding
    where none stands.
    """

    characters: Tensor
    region: Tensor
    plate: Tensor
    looked: Tensor
    spots: Tensor


class PlateReaderNet(nn.Module):  # type: ignore[misc]
    """Reads a plate: a distribution over the alphabet for each slot, and one over the regions."""

    def __init__(self, *, width: int = 96, heads: int = 3, layers: int = 5) -> None:
        super().__init__()
        self.heads = heads
        self.settled = False
        self.stem = nn.Sequential(
            _convolution(3, 24, 2),
            _convolution(24, 32),
            _convolution(32, 64, 2),
            _convolution(64, 64),
            _convolution(64, width, 2),
            _convolution(width, width, (2, 1)),
        )
        # By the layer of the stem that they follow.
        self.refined = nn.ModuleDict({"3": Residual(64), "4": Residual(width)})
        self.positions = nn.Parameter(torch.randn(1, GRID_ROWS * GRID_COLUMNS, width) * 0.02)
        self.encoder = nn.Sequential(*(Block(width, heads) for _ in range(layers)))
        self.norm = nn.LayerNorm(width)
        self.queries = nn.Parameter(torch.randn(1, SLOTS + 1, width) * 0.02)
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.decoder = Block(width, heads)
        self.glance = Glance(width, heads)
        self.second = Block(width, heads)
        self.head = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, len(ALPHABET)))
        self.region = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, len(REGIONS)))
        self.plate = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 1))
        self.spot = nn.Linear(width, len(ALPHABET))

    def _features(self, pictures: Tensor) -> Tensor:
        """What the stem sees, shape (N, width, 4, 16)."""
        seen = pictures
        for index, layer in enumerate(self.stem):
            seen = _settled(layer, seen) if self.settled else layer(seen)
            if str(index) in self.refined:
                seen = self.refined[str(index)](seen)
        return seen

    def forward(self, pictures: Tensor) -> Answer:
        """Read pictures of shape (N, 3, 64, 128), float, 0 to 255, RGB.

        A `settled` network no longer learns what its normalisation subtracts and divides by, which
        saves a fifth of a step.
        """
        pictures = pictures / 255.0 - 0.5
        tokens = self._features(pictures).flatten(2).transpose(1, 2)
        tokens = self.norm(self.encoder(tokens + self.positions))
        count, length, width = tokens.shape
        split = (count, -1, self.heads, width // self.heads)
        key, value = self.key_value(tokens).reshape(count, length, 2, self.heads, -1).unbind(2)
        query = self.query(self.queries).expand(count, -1, -1).reshape(split).transpose(1, 2)
        scores = query @ key.permute(0, 2, 3, 1) * (width // self.heads) ** -0.5
        attention = scores.softmax(-1)
        looked = (attention.to(value.dtype) @ value.transpose(1, 2)).transpose(1, 2).flatten(2)
        read = self.decoder(looked + self.queries)
        read = self.second(self.glance(read, tokens))
        return Answer(
            characters=self.head(read[:, :SLOTS]),
            region=self.region(read[:, SLOTS]),
            plate=self.plate(read[:, SLOTS])[:, 0],
            looked=attention[:, 0, :SLOTS],
            spots=self.spot(tokens),
        )


class ExportedReader(nn.Module):  # type: ignore[misc]
    """The network with fast-plate-ocr's contract: uint8 RGB (N, 64, 128, 3) to probabilities."""

    def __init__(self, net: PlateReaderNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Probabilities of characters (N, 10, 79), and of regions and of no plate (N, R + 1)."""
        answer = self.net(pictures.permute(0, 3, 1, 2).float())
        plate = answer.plate.sigmoid()[:, None]
        region = torch.cat([answer.region.softmax(-1) * plate, 1 - plate], dim=1)
        return answer.characters.softmax(-1), region


def mean_weights(checkpoints: Sequence[Path]) -> dict[str, Tensor]:
    """The mean of readers' weights, of which each began with those of another.

    A checkpoint that is named twice counts twice. An exported `.onnx` file is one, too.

    Raises:
        TrainingError: A file is no reader, or they are of different shape.
    """
    states = [_weights(path) for path in checkpoints]
    if any(state.keys() != states[0].keys() for state in states):
        raise TrainingError("These readers have different layers and so no mean.")
    return {
        name: (sum(state[name].float() for state in states) / len(states)).to(weight.dtype)
        for name, weight in states[0].items()
    }


def _weights(path: Path) -> dict[str, Tensor]:
    if path.suffix == ".onnx":
        return {name: torch.from_numpy(np.array(one)) for name, one in weights_in(path).items()}
    state = torch.load(path, map_location="cpu", weights_only=True)
    return cast(dict[str, Tensor], state["average"])


def grow(net: PlateReaderNet, weights: Mapping[str, Tensor]) -> None:
    """Take weights over; layers that they lack keep their own, and so answer nothing at first.

    Raises:
        TrainingError: The weights are of another network.
    """
    absent = net.load_state_dict(weights, strict=False)
    if absent.unexpected_keys:
        raise TrainingError(f"This is no reader of this shape: {absent.unexpected_keys[:3]}")
