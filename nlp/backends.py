"""The one forward pass, computed by onnxruntime (int8, the default on a CPU) or by torch (a GPU, or by setting)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from nlp.encoder import TOKENS_A_BATCH, Piece, batches_by_length
from nlp.light import Matrix
from nlp.loading import MODEL_FOLDER
from nlp.model import HALF, INT8, Model, verify

if TYPE_CHECKING:
    from torch import Tensor

BACKENDS = ("onnx", "torch")

Batch = tuple[Any, Any]  # tokens and mask, int64 [rows, length]


@dataclass(frozen=True, slots=True)
class Passed:
    """What the network says of pieces: `logits` [pieces, labels of all tasks], unit `embeddings` [pieces, 384].

    `shares` holds for each piece [its inner tokens, labels of all tasks]: what every token adds to every logit.
    """

    logits: Matrix
    embeddings: Matrix
    shares: Sequence[Matrix]


class Backend(Protocol):
    """Computes padded batches. `name` is what the command line calls it, `tokens_a_batch` how large one may be."""

    name: str
    tokens_a_batch: int

    def run(self, batches: Iterable[Batch]) -> Iterable[tuple[Matrix, Matrix, Matrix]]:
        """Yield logits, embeddings and shares of each batch, in order."""


def forward(backend: Backend, pieces: Sequence[Piece]) -> Passed:
    """Return what the network says of each piece, in the order given; batched by length, so little is padding."""
    logits: list[Matrix] = [np.empty(0, np.float32)] * len(pieces)
    embeddings, shares = list(logits), list(logits)
    batches = list(batches_by_length([len(piece.tokens) for piece in pieces], backend.tokens_a_batch))
    answers = backend.run(_padded([pieces[place] for place in batch]) for batch in batches)
    for batch, said in zip(batches, answers, strict=True):
        for row, place in enumerate(batch):
            logits[place], embeddings[place] = said[0][row], said[1][row]
            shares[place] = said[2][row, 1 : len(pieces[place].tokens) - 1]
    return Passed(np.stack(logits), np.stack(embeddings), shares)


def load_backend(name: str | None, model: Model, *, threads: int | None, folder: Path = MODEL_FOLDER) -> Backend:
    """Return a backend by name, "onnx" by default. Raises ModelMissing, and ValueError for an unknown name."""
    if name not in (None, *BACKENDS):
        raise ValueError(f"unknown backend {name!r}, there are {', '.join(BACKENDS)}")
    return TorchBackend(model, folder, threads) if name == "torch" else OnnxBackend(folder, threads)


class OnnxBackend:
    """Int8: each piece by itself, so its numbers are the same to the last bit whatever waits beside it.

    It is no slower than batches (0.9 to 1.1 of their CPU): nothing is padded, and every thread has a piece of its own.
    """

    name = "onnx"
    tokens_a_batch = 0

    def __init__(self, folder: Path, threads: int | None) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        # a spinning thread takes the core that another process waits for
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        # memory of the longest batch ever seen would stay reserved for good
        options.enable_cpu_mem_arena = False
        self._session = onnxruntime.InferenceSession(
            str(verify(folder, INT8)), options, providers=["CPUExecutionProvider"]
        )
        self._each = map if threads == 1 else ThreadPoolExecutor(threads or os.cpu_count(), "nlp-onnx").map

    def run(self, batches: Iterable[Batch]) -> Iterable[tuple[Matrix, Matrix, Matrix]]:
        return self._each(self._one, batches)

    def _one(self, batch: Batch) -> tuple[Matrix, Matrix, Matrix]:
        tokens, mask = batch
        logits, embeddings, shares = self._session.run(None, {"tokens": tokens, "mask": mask})
        return logits, embeddings, shares


class TorchBackend:
    """Full precision, on a GPU where there is one."""

    name = "torch"
    tokens_a_batch = TOKENS_A_BATCH

    def __init__(self, model: Model, folder: Path, threads: int | None) -> None:
        import torch
        from safetensors.torch import load_file

        from nlp.network import bare_network

        if threads:
            torch.set_num_threads(threads)
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        sizes = {name: len(task.labels) for name, task in model.tasks.items()}
        network = bare_network(sizes)
        network.load_state_dict({name: value.float() for name, value in load_file(verify(folder, HALF)).items()})
        self._network = network.eval().to(self._device)
        self._tasks = list(sizes)

    def run(self, batches: Iterable[Batch]) -> Iterable[tuple[Matrix, Matrix, Matrix]]:
        return map(self._one, batches)

    def _one(self, batch: Batch) -> tuple[Matrix, Matrix, Matrix]:
        import torch

        tokens, mask = batch
        with torch.inference_mode():
            here = torch.from_numpy(tokens).to(self._device), torch.from_numpy(mask).to(self._device)
            said: tuple[Tensor, ...] = self._network.explained(*here, self._tasks)
        logits, embeddings, shares = (of.float().cpu().numpy() for of in said)
        return logits, embeddings, shares


def _padded(pieces: Sequence[Piece]) -> Batch:
    longest = max(len(piece.tokens) for piece in pieces)
    tokens = np.zeros((len(pieces), longest), np.int64)
    mask = np.zeros_like(tokens)
    for row, piece in enumerate(pieces):
        tokens[row, : len(piece.tokens)] = piece.tokens
        mask[row, : len(piece.tokens)] = 1
    return tokens, mask
