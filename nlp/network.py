"""The network: one encoder, one linear head a task, one sentence embedding, in one forward pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize
from transformers.models.bert.configuration_bert import BertConfig
from transformers.models.bert.modeling_bert import BertModel

# What the heads read: the mean over a text's tokens of each of these layers, one after the other. The last layer
# alone has forgotten how something was said, the middle ones have not.
LAYERS = (3, 4, 5, 6)
EMBEDDING = 384


class Network(nn.Module):
    """`forward` gives logits [rows, labels] by task and unit sentence embeddings [rows, EMBEDDING]."""

    def __init__(self, encoder: BertModel, sizes: Mapping[str, int], *, dropout: float) -> None:
        """`sizes` is the number of labels of each task. The word embeddings stay as they are."""
        super().__init__()
        self.encoder = encoder
        self.heads = nn.ModuleDict({task: nn.Linear(EMBEDDING * len(LAYERS), labels) for task, labels in sizes.items()})
        self.dropout = Dropout(dropout)
        layers: Any = encoder.encoder.layer
        for layer in layers:
            layer.attention.output.dropout = Dropout(dropout)
            layer.output.dropout = Dropout(dropout)
        for parameter in encoder.embeddings.parameters():
            parameter.requires_grad = False

    def forward(self, tokens: Tensor, mask: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        """`tokens` and `mask` are int64 [rows, length]; mask 1 where there is a token."""
        states, weights = self._states(tokens, mask)
        means = [(state.float() * weights).sum(1) for state in states]
        features = self.dropout(torch.cat(means, dim=-1))
        return {task: head(features).float() for task, head in self.heads.items()}, normalize(means[-1], dim=-1)

    def explained(self, tokens: Tensor, mask: Tensor, tasks: Sequence[str]) -> tuple[Tensor, Tensor, Tensor]:
        """Return logits [rows, labels] of the tasks side by side, embeddings, and shares [rows, length, labels].

        The heads are linear and read means over tokens, so a logit is exactly the sum of its tokens' shares and a bias.
        """
        states, weights = self._states(tokens, mask)
        heads: Any = self.heads
        weight = torch.cat([heads[task].weight for task in tasks])
        bias = torch.cat([heads[task].bias for task in tasks])
        shares = (torch.cat(states, dim=-1) @ weight.T) * weights
        embedding = normalize((states[-1] * weights).sum(1), dim=-1)
        return shares.sum(1) + bias, embedding, shares

    def _states(self, tokens: Tensor, mask: Tensor) -> tuple[list[Tensor], Tensor]:
        states = self.encoder(tokens, attention_mask=mask, output_hidden_states=True).hidden_states
        return [states[layer] for layer in LAYERS], (mask / mask.sum(1, keepdim=True)).unsqueeze(-1)

    def parameter_groups(
        self, *, learning_rate: float, layer_decay: float, head_rate: float
    ) -> list[dict[str, object]]:
        """Return the optimiser's groups: every layer learns `layer_decay` times as fast as the one above it."""
        layers = self.encoder.encoder.layer
        groups: list[dict[str, object]] = [
            {"params": list(layer.parameters()), "lr": learning_rate * layer_decay ** (len(layers) - 1 - depth)}
            for depth, layer in enumerate(layers)
        ]
        return [*groups, {"params": list(self.heads.parameters()), "lr": head_rate}]


class Dropout(nn.Module):
    """Dropout by masks cut at random places out of one long one.

    On a CPU drawing a fresh mask costs a quarter of a training step; this costs nothing worth measuring.
    """

    LENGTH = 1 << 24

    def __init__(self, probability: float) -> None:
        super().__init__()
        self.probability = probability

    def forward(self, values: Tensor) -> Tensor:
        if not self.training or not self.probability:
            return values
        masks = _masks(self.probability, values.device)
        first = int(torch.randint(0, self.LENGTH - values.numel(), (1,)))
        return values * masks[first : first + values.numel()].view(values.shape).to(values.dtype)


_made: dict[tuple[float, torch.device], Tensor] = {}


def _masks(probability: float, device: torch.device) -> Tensor:
    key = (probability, device)
    if key not in _made:
        kept = torch.rand(Dropout.LENGTH, generator=torch.Generator().manual_seed(0)) >= probability
        _made[key] = (kept.to(torch.bfloat16) / (1 - probability)).to(device)
    return _made[key]


def load_network(folder: Path, sizes: Mapping[str, int], *, dropout: float) -> Network:
    """Return a network over the encoder in a folder, its heads new."""
    # the fused attention is slower than the plain one for texts this short
    encoder = BertModel.from_pretrained(
        folder,
        local_files_only=True,
        add_pooling_layer=False,
        attn_implementation="eager",
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    return Network(encoder, sizes, dropout=dropout)


def padded(pieces: Sequence[Sequence[int]], device: torch.device | str = "cpu") -> tuple[Tensor, Tensor]:
    """Return tokens and mask, int64 [pieces, longest]."""
    longest = max(map(len, pieces))
    tokens = torch.zeros(len(pieces), longest, dtype=torch.long)
    mask = torch.zeros_like(tokens)
    for row, piece in enumerate(pieces):
        tokens[row, : len(piece)] = torch.tensor(piece)
        mask[row, : len(piece)] = 1
    return tokens.to(device), mask.to(device)


def bare_network(sizes: Mapping[str, int]) -> Network:
    """Return a network of our shape without weights, for those that ship."""
    config = BertConfig(
        vocab_size=30_522,
        hidden_size=EMBEDDING,
        num_hidden_layers=6,
        num_attention_heads=12,
        intermediate_size=1_536,
        max_position_embeddings=512,
        attn_implementation="eager",  # type: ignore[call-arg] # of every config, by keyword only
    )
    return Network(BertModel(config, add_pooling_layer=False), sizes, dropout=0.0)
