"""From a trained network to the files that ship: half-precision weights for torch, int8 ONNX for onnxruntime."""

from __future__ import annotations

import logging
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from nlp.network import Network

OPSET = 18
BLOCK = 32  # weights that share a scale
INT8_PRODUCTS = 4  # what onnxruntime calls products of eight by eight bits


class _Whole(nn.Module):
    """What the ONNX file computes: all logits side by side, the embedding, every token's share of each logit."""

    def __init__(self, network: Network, tasks: list[str]) -> None:
        super().__init__()
        self.network = network
        self.tasks = tasks

    def forward(self, tokens: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return self.network.explained(tokens, mask, self.tasks)


def export_onnx(network: Network, tasks: list[str], path: Path) -> None:
    """Write the network with the heads of `tasks` as int8 ONNX, about 25 MB.

    Inputs `tokens`, `mask` int64 [rows, length]; outputs float32 `logits` [rows, labels of all tasks], `sentence`
    [rows, 384], `shares` [rows, length, labels of all tasks]. Weights are eight bits in blocks of 32, and what they are
    multiplied with is rounded block by block as well: so a text gives the same numbers alone and in any batch, which
    onnxruntime's dynamic quantisation, one scale for a whole batch, does not.
    """
    import onnx
    from onnxruntime.quantization.matmul_nbits_quantizer import DefaultWeightOnlyQuantConfig, MatMulNBitsQuantizer

    with tempfile.TemporaryDirectory() as folder:
        full = Path(folder) / "full.onnx"
        export_full(network, tasks, full)
        model = onnx.load(full)
    _words_in_eight_bits(model)
    # it tells of every node it looks at
    logging.getLogger("onnxruntime.quantization.matmul_nbits_quantizer").setLevel(logging.WARNING)
    config = DefaultWeightOnlyQuantConfig(block_size=BLOCK, is_symmetric=True, accuracy_level=INT8_PRODUCTS, bits=8)
    quantizer = MatMulNBitsQuantizer(model, algo_config=config)
    quantizer.process()
    quantizer.model.save_model_to_file(str(path))


def _words_in_eight_bits(model: Any) -> None:
    """Store each word's embedding as int8 with a scale of its own, in place: 11 MB in place of 45."""
    from onnx import TensorProto, helper, numpy_helper

    graph = model.graph
    weights = {weight.name: weight for weight in graph.initializer}
    gather = next(node for node in graph.node if node.op_type == "Gather" and "word_embeddings" in node.input[0])
    words = numpy_helper.to_array(weights[gather.input[0]])
    scales = (np.abs(words).max(1, keepdims=True) / 127).astype(np.float32)
    graph.initializer.remove(weights[gather.input[0]])
    graph.initializer.extend(
        [
            numpy_helper.from_array(np.round(words / np.maximum(scales, 1e-12)).astype(np.int8), "words"),
            numpy_helper.from_array(scales, "scales_of_words"),
        ]
    )
    ids, embedded = gather.input[1], gather.output[0]
    place = list(graph.node).index(gather)
    graph.node.remove(gather)
    steps = [
        helper.make_node("Gather", ["words", ids], ["words_here"]),
        helper.make_node("Cast", ["words_here"], ["words_as_floats"], to=TensorProto.FLOAT),
        helper.make_node("Gather", ["scales_of_words", ids], ["scales_here"]),
        helper.make_node("Mul", ["words_as_floats", "scales_here"], [embedded]),
    ]
    for offset, step in enumerate(steps):
        graph.node.insert(place + offset, step)


def export_full(network: Network, tasks: list[str], path: Path) -> None:
    """Write the network as float32 ONNX: what the int8 file is compared with."""
    network = network.cpu().float().eval()
    rows, length = torch.export.Dim("rows", min=1, max=4096), torch.export.Dim("length", min=2, max=512)
    example = torch.randint(1000, 2000, (3, 7)), torch.ones(3, 7, dtype=torch.long)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _Whole(network, tasks),
            example,
            path,
            input_names=["tokens", "mask"],
            output_names=["logits", "sentence", "shares"],
            dynamic_shapes={"tokens": {0: rows, 1: length}, "mask": {0: rows, 1: length}},
            opset_version=OPSET,
            dynamo=True,
            external_data=False,
            verbose=False,
        )


def save_half(network: Network, tasks: list[str], path: Path) -> None:
    """Write the weights of the encoder and of the heads of `tasks` in half precision, about 45 MB."""
    from safetensors.torch import save_file

    wanted = {
        name: value.detach().cpu().half().contiguous()
        for name, value in network.state_dict().items()
        if not name.startswith("heads.") or name.split(".")[1] in tasks
    }
    save_file(wanted, path)
