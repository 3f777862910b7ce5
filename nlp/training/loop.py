"""The training loop: seeded, resumable, with a progress bar, on a CPU or a GPU."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from tqdm import tqdm

from nlp.network import Network, padded
from nlp.training.batches import Batch, Example, Targets, batches, plan

SAVE_EVERY = 180.0  # seconds
TOKENS_A_BATCH = 16_384  # without gradients


@dataclass(frozen=True, slots=True)
class Settings:
    """What the loop needs of the configuration; the rates are those of the top layer and of the heads."""

    seed: int
    epochs: int
    tokens_a_batch: int
    learning_rate: float
    layer_decay: float
    head_learning_rate: float
    weight_decay: float
    warm_up: float
    label_smoothing: float
    remember: float
    weights: Mapping[str, float]


def fit(
    network: Network,
    examples: Sequence[Example],
    targets: Targets,
    settings: Settings,
    *,
    name: str,
    checkpoint: Path,
    device: torch.device,
    after_epoch: Callable[[int], None] = lambda _epoch: None,
) -> None:
    """Train the network in place. A run that was stopped goes on from `checkpoint`, which is removed at the end."""
    torch.manual_seed(settings.seed)
    network.to(device).train()
    run = _Run(network, _steps(examples, settings) * settings.epochs, settings)
    epoch, first = run.resume(checkpoint)
    saved = time.monotonic()
    while epoch < settings.epochs:
        total = _steps(examples, settings)
        seed = settings.seed * 1000 + epoch
        coming = batches(examples, tokens=settings.tokens_a_batch, seed=seed, device=device, first=first)
        with tqdm(total=total, initial=first, desc=f"{name} epoch {epoch + 1}/{settings.epochs}", unit=" steps") as bar:
            for number, batch in enumerate(coming, start=first + 1):
                bar.set_postfix(loss=f"{run.step(batch, targets):.3f}", refresh=False)
                bar.update()
                if time.monotonic() - saved > SAVE_EVERY:
                    run.save(checkpoint, epoch, number)
                    saved = time.monotonic()
        epoch, first = epoch + 1, 0
        run.save(checkpoint, epoch, 0)
        after_epoch(epoch)
        network.train()
    network.eval()
    checkpoint.unlink(missing_ok=True)


def predict(network: Network, pieces: Sequence[Sequence[int]]) -> tuple[dict[str, Tensor], Tensor]:
    """Return logits [pieces, labels] by task and embeddings [pieces, 384] on the CPU, in the order given."""
    device = next(network.parameters()).device
    network.eval()
    order = sorted(range(len(pieces)), key=lambda place: len(pieces[place]))
    found: list[tuple[list[int], dict[str, Tensor], Tensor]] = []
    with torch.inference_mode(), _autocast(device):
        batch: list[int] = []
        for place in [*order, -1]:
            if batch and (place < 0 or (len(batch) + 1) * len(pieces[place]) > TOKENS_A_BATCH):
                logits, embedding = network(*padded([pieces[one] for one in batch], device))
                found.append((batch, {task: of.cpu() for task, of in logits.items()}, embedding.float().cpu()))
                batch = []
            batch.append(place)
    places = torch.tensor([place for batch, _, _ in found for place in batch])
    back = torch.argsort(places)
    tasks = found[0][1] if found else {}
    logits = {task: torch.cat([of[task] for _, of, _ in found])[back] for task in tasks}
    return logits, torch.cat([embedding for _, _, embedding in found])[back]


class _Run:
    """Optimiser, schedule and the state that a checkpoint holds."""

    def __init__(self, network: Network, steps: int, settings: Settings) -> None:
        self._network = network
        self._settings = settings
        groups = network.parameter_groups(
            learning_rate=settings.learning_rate,
            layer_decay=settings.layer_decay,
            head_rate=settings.head_learning_rate,
        )
        self._optimizer = torch.optim.AdamW(groups, weight_decay=settings.weight_decay, fused=True)
        warm = max(1, int(steps * settings.warm_up))

        def rate(step: int) -> float:
            return min((step + 1) / warm, max(0.0, (steps - step) / max(1, steps - warm)))

        self._schedule = torch.optim.lr_scheduler.LambdaLR(self._optimizer, rate)

    def step(self, batch: Batch, targets: Targets) -> float:
        settings = self._settings
        with _autocast(batch.tokens.device):
            logits, embedding = self._network(batch.tokens, batch.mask)
        loss = targets.loss(logits, batch.rows, settings.weights, settings.label_smoothing)
        forgotten = 1 - (embedding.float() * batch.memory).sum(1)
        loss = loss + settings.remember * forgotten.mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._network.parameters(), 1.0)
        self._optimizer.step()
        self._optimizer.zero_grad()
        self._schedule.step()
        return float(loss.item())

    def save(self, path: Path, epoch: int, step: int) -> None:
        state = {
            "network": self._network.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "schedule": self._schedule.state_dict(),
            "random": torch.get_rng_state(),
            "place": (epoch, step),
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.save(state, path.with_suffix(".part"))
        path.with_suffix(".part").replace(path)

    def resume(self, path: Path) -> tuple[int, int]:
        if not path.is_file():
            return 0, 0
        state: dict[str, Any] = torch.load(path, weights_only=True)
        self._network.load_state_dict(state["network"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._schedule.load_state_dict(state["schedule"])
        torch.set_rng_state(state["random"])
        return tuple(state["place"])


def _steps(examples: Sequence[Example], settings: Settings) -> int:
    # batches differ a little from epoch to epoch; the schedule takes the first epoch's number for all
    lengths = [len(example.piece) for example in examples]
    return len(plan(lengths, tokens=settings.tokens_a_batch, seed=settings.seed * 1000))


def _autocast(device: torch.device) -> torch.autocast:
    return torch.autocast(device.type, dtype=torch.bfloat16)
