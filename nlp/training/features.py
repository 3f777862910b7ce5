"""Features of many texts, with a progress bar and a cache."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nlp.encoder import FEATURES, LAYERS, Encoder

if TYPE_CHECKING:
    from torch import Tensor

TEXTS_A_STEP = 1_024


class CachedEncoder:
    """Features of texts by their first piece, kept in a folder under a hash of all they depend on."""

    def __init__(self, encoder: Encoder, cache: Path, *, bfloat16: bool) -> None:
        self._encoder = encoder
        self._cache = cache
        self._precision = "bf16" if bfloat16 else "fp32"
        cache.mkdir(parents=True, exist_ok=True)

    def features(self, name: str, texts: Sequence[str]) -> Tensor:
        """Return a float32 tensor [texts, FEATURES]; `name` is shown on the bar and is part of the file's name."""
        import torch
        from safetensors.torch import load_file, save_file

        # a text that says nothing is encoded as its two end marks
        pieces = [(of_text or [[101, 102]])[0] for of_text in self._encoder.pieces(texts)]
        digest = hashlib.sha256(f"{LAYERS} {self._precision}".encode())
        for piece in pieces:
            digest.update(torch.tensor([*piece, 0], dtype=torch.int32).numpy().tobytes())
        path = self._cache / f"{name}-{digest.hexdigest()[:16]}.safetensors"
        if path.is_file():
            return load_file(path)["features"].float()
        features = self._encode(name, pieces)
        save_file({"features": features.half()}, path)
        # read back as stored, so that a second run with the cache gives the same heads
        return features.half().float()

    def _encode(self, name: str, pieces: Sequence[list[int]]) -> Tensor:
        import torch
        from tqdm import tqdm

        features = torch.empty(len(pieces), FEATURES)
        by_length = sorted(range(len(pieces)), key=lambda index: len(pieces[index]))
        with tqdm(total=len(pieces), desc=name, unit=" texts", leave=False) as progress:
            for first in range(0, len(by_length), TEXTS_A_STEP):
                step = by_length[first : first + TEXTS_A_STEP]
                features[step] = self._encoder.features([pieces[index] for index in step])
                progress.update(len(step))
        return features
