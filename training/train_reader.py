"""Trains the plate reader on rendered shards.

    python -m training.train_reader --plates /tmp/plates --out /tmp/reader --steps 6200 --seed 1

Every `--save-every` steps the state goes to `last.pt`; a second call goes on from there. Shards
that appear while it runs are taken up at the next pass. The renderer knows where each character
stands, so the first attention head is taught to look there and each cell of the grid to name the
character in it, which saves most of the samples that finding the characters costs otherwise.
"""

import argparse
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from torch import Tensor, distributed, multiprocessing, nn

from training.batches import Batch, ahead, batches
from training.reader_model import Answer, PlateReaderNet, grow, mean_weights
from training.render_plates import PAD, UNKNOWN_REGION, UNREAD

EMA_DECAY = 0.999
WARM_UP_STEPS = 300
REPORT_EVERY = 100
LOOK_FIRST_STEPS = 3000
SPOT_WEIGHT = 0.5
REGION_WEIGHT = 0.5
PLATE_WEIGHT = 0.3


def learning_rate(step: int, done: float, peak: float) -> float:
    """A short warm-up, then half a cosine down to a hundredth of the peak when all is `done` (1).

    >>> learning_rate(0, 0.0, 1.0) < 0.01, learning_rate(1000, 1.0, 1.0)
    (True, 0.01)
    """
    warm = min(1.0, (step + 1) / WARM_UP_STEPS)
    return float(warm * peak * (0.01 + 0.99 * 0.5 * (1 + np.cos(np.pi * min(1.0, done)))))


def gaze_weight(step: int) -> float:
    """How much looking counts beside reading: everything depends on it first, little later."""
    return max(0.1, 1 - step / LOOK_FIRST_STEPS)


class ReaderTraining:
    """The state of a training run: network, its moving average, optimizer and step."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        torch.manual_seed(arguments.seed)
        self.out: Path = arguments.out
        self.peak: float = arguments.peak
        self.half: bool = arguments.half
        self.step = 0
        self.seconds = 0.0
        self.net = PlateReaderNet().to(memory_format=torch.channels_last)
        self.average = PlateReaderNet().to(memory_format=torch.channels_last)
        self.average.load_state_dict(self.net.state_dict())
        decayed = [weight for weight in self.net.parameters() if weight.ndim >= 2]
        others = [weight for weight in self.net.parameters() if weight.ndim < 2]
        self.optimizer = torch.optim.AdamW(
            [{"params": decayed, "weight_decay": 0.02}, {"params": others, "weight_decay": 0.0}],
            lr=arguments.peak,
        )
        if (self.out / "last.pt").exists():
            self._load(self.out / "last.pt")
        elif arguments.start:
            grow(self.net, mean_weights(arguments.start))
            self.average.load_state_dict(self.net.state_dict())
        self.net.settled = arguments.settled
        self.answer = torch.compile(self.net) if arguments.compile else self.net

    def _load(self, path: Path) -> None:
        state = torch.load(path, map_location="cpu", weights_only=True)
        self.net.load_state_dict(state["net"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step = state["step"]
        self.seconds = state["seconds"]

    def save(self) -> None:
        """Write the state so that a stop at any moment leaves a whole file."""
        state = {
            "net": self.net.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "seconds": self.seconds,
        }
        torch.save(state, self.out / "last.part")
        (self.out / "last.part").rename(self.out / "last.pt")

    def learn(self, batch: Batch, done: float) -> list[float]:
        """One step; answers the loss of reading, and the shares right of texts, regions, plates."""
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(self.step, done, self.peak)
        with torch.autocast("cpu", torch.bfloat16, enabled=self.half):
            answer = Answer(*(part.float() for part in self.answer(batch.pictures)))
        reading = nn.functional.cross_entropy(
            answer.characters.flatten(0, 1),
            batch.labels.flatten(),
            ignore_index=UNREAD,
            label_smoothing=0.02,
        )
        loss = reading + self._hints(answer, batch)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self._share_gradients()
        nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        self.optimizer.step()
        self._follow()
        self.step += 1
        exact = (answer.characters.argmax(-1) == batch.labels).all(-1)[batch.labels[:, 0] != UNREAD]
        known = batch.regions != UNKNOWN_REGION
        placed = (answer.region.argmax(-1) == batch.regions)[known]
        sorted_out = (answer.plate > 0) == (batch.plate > 0)
        shares = [float(right.float().mean()) for right in (exact, placed, sorted_out)]
        return [float(reading.detach()), *shares]

    def _hints(self, answer: Answer, batch: Batch) -> Tensor:
        """The losses beside reading: where to look, what is in each cell, region, plate or not."""
        looking = -(batch.gaze * (answer.looked + 1e-6).log()).sum() / batch.gaze.sum()
        cells = nn.functional.cross_entropy(
            answer.spots.flatten(0, 1),
            batch.spots.flatten(),
            ignore_index=UNREAD,
            reduction="none",
        )
        spots = batch.spots.flatten()
        spotting = cells[(spots != PAD) & (spots != UNREAD)].mean() + cells[spots == PAD].mean()
        region = nn.functional.cross_entropy(
            answer.region, batch.regions, ignore_index=UNKNOWN_REGION, label_smoothing=0.02
        ).nan_to_num()  # a batch of unknown regions alone
        plate = nn.functional.binary_cross_entropy_with_logits(answer.plate, batch.plate)
        return (
            gaze_weight(self.step) * looking
            + SPOT_WEIGHT * spotting
            + REGION_WEIGHT * region
            + PLATE_WEIGHT * plate
        )

    def _share_gradients(self) -> None:
        """Average the gradients of all processes, which start and stay equal."""
        if distributed.get_world_size() == 1:
            return
        weights = [weight for weight in self.net.parameters() if weight.grad is not None]
        flat = torch.cat([weight.grad.flatten() for weight in weights])
        distributed.all_reduce(flat)
        flat /= distributed.get_world_size()
        for weight, part in zip(weights, flat.split([w.numel() for w in weights]), strict=True):
            weight.grad = part.view_as(weight)

    @torch.no_grad()  # type: ignore[untyped-decorator]  # PyTorch has no types here
    def _follow(self) -> None:
        """Move the average towards the network; in the beginning fast, so that it does not lag."""
        keep = min(EMA_DECAY, (1 + self.step) / (10 + self.step))
        pairs = zip(self.average.state_dict().values(), self.net.state_dict().values(), strict=True)
        for slow, fast in pairs:
            if slow.dtype.is_floating_point:
                slow.lerp_(fast, 1 - keep)
            else:
                slow.copy_(fast)


def _done(training: ReaderTraining, arguments: argparse.Namespace) -> float:
    """How much of the run is over, from 0 to 1, by steps or by time."""
    by_time = training.seconds / 60 / arguments.minutes if arguments.minutes else 0.0
    return float(max(training.step / arguments.steps, by_time))


def train(rank: int, arguments: argparse.Namespace, meeting: str) -> None:
    """Train in one of the processes; the first one reports and saves."""
    torch.set_num_threads(1)
    distributed.init_process_group(
        "gloo", init_method=f"file://{meeting}", rank=rank, world_size=arguments.processes
    )
    training = ReaderTraining(arguments)
    random = np.random.default_rng((arguments.seed, training.step, rank))
    source = ahead(batches(arguments.plates, arguments.batch // arguments.processes, random))
    learnt, started = [], time.process_time()
    began = started - training.seconds
    while (done := _done(training, arguments)) < 1:
        learnt.append(training.learn(next(source), done))
        training.seconds = time.process_time() - began
        if rank == 0 and training.step % REPORT_EVERY == 0:
            rate = REPORT_EVERY * arguments.batch / (time.process_time() - started)
            loss, exact, placed, plate = np.nanmean(learnt, axis=0)
            print(
                f"step {training.step} loss {loss:.3f} exact {exact:.3f} region {placed:.3f} "
                f"plate {plate:.3f} {rate:.0f} plates/s",
                flush=True,
            )
            learnt, started = [], time.process_time()
        if rank == 0 and training.step % arguments.save_every == 0:
            training.save()
    if rank == 0:
        training.save()
    distributed.destroy_process_group()


def main() -> None:
    """Train from the command line.

    One thread in each of two processes, because PyTorch's threads wait in busy loops: beside other
    work on the same two cores they read 29 plates a second together, one alone 88.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plates", type=Path, required=True, help="folder of the shards")
    parser.add_argument("--out", type=Path, required=True, help="folder of the checkpoint")
    parser.add_argument(
        "--start",
        type=Path,
        nargs="+",
        help="checkpoints or an exported reader, with the mean of whose weights to begin",
    )
    parser.add_argument("--steps", type=int, default=12_000)
    parser.add_argument("--batch", type=int, default=64, help="plates a step, over all processes")
    parser.add_argument("--peak", type=float, default=2e-3, help="highest learning rate")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, help="end after so long, whatever the steps")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--save-every", type=int, default=200)
    parser.add_argument("--half", action="store_true", help="compute in bfloat16")
    parser.add_argument("--settled", action="store_true", help="keep what normalisation learnt")
    parser.add_argument("--compile", action="store_true", help="compile the network first")
    arguments = parser.parse_args()
    if any(path.suffix == ".onnx" for path in arguments.start or ()) and not arguments.settled:
        parser.error("what was exported no longer knows how to normalise: add --settled")
    arguments.out.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder:
        multiprocessing.spawn(
            train, args=(arguments, f"{folder}/meeting"), nprocs=arguments.processes
        )


if __name__ == "__main__":
    main()
