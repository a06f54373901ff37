"""Writes what PyTorch saves: digits.safetensors, digits.json, digits.onnx, pytorch_variants.safetensors.

    python3 pytorch.py FOLDER

Made with Debian 12's python3-torch 1.13.1+dfsg-4 (torch.__version__ says 1.13.0a0) and Python 3.11. PyTorch's state
dictionaries are put into safetensors files by safetensors.py beside this file.
"""
import json
import pathlib
import sys

import torch
from torch import nn

import digits
import safetensors

DTYPES = {torch.float16: "F16", torch.bfloat16: "BF16", torch.float32: "F32", torch.float64: "F64", torch.int64: "I64"}


def tensor_bytes(tensor):
    if tensor.dtype == torch.bfloat16:  # NumPy has no such type
        tensor = tensor.view(torch.int16)
    return tensor.contiguous().numpy().tobytes()


def write_safetensors(path, state, metadata=None):
    path.write_bytes(safetensors.write(
        [(name, DTYPES[tensor.dtype], tensor.shape, tensor_bytes(tensor)) for name, tensor in state.items()],
        metadata))


def write_digits(folder):
    network = digits.trained_network(epsilon=1e-5)
    print(f"digits: {digits.accuracy(network):.1%} of the test images right")
    images, classes = digits.examples()
    with torch.no_grad():
        logits = network(images)
    write_safetensors(folder / "digits.safetensors", network.state_dict())
    (folder / "digits.json").write_text(json.dumps({
        "epsilon": network[1].eps, "images": images.tolist(), "classes": classes.tolist(),
        "logits": logits.tolist()}) + "\n")
    torch.onnx.export(
        network, images, str(folder / "digits.onnx"), opset_version=15, input_names=["images"],
        output_names=["logits"], dynamic_axes={"images": {0: "batch"}, "logits": {0: "batch"}})


def moved(layer, dtype=torch.float32):
    """The layer in dtype, with other parameters than it began with and the statistics of three batches."""
    layer.to(dtype)
    with torch.no_grad():
        for parameter in layer.parameters():
            nn.init.normal_(parameter)
        for _ in range(3):
            layer(2 * torch.randn(8, 3, dtype=dtype) + 1)
    return layer


def variants():
    """One state dictionary of many layers. `module.` is what data parallel training puts before every name."""
    torch.manual_seed(2)
    layers = {
        "module.encoder.bn1": moved(nn.BatchNorm1d(3)),
        "plain": moved(nn.BatchNorm1d(3, affine=False)),
        "untracked": moved(nn.BatchNorm1d(3, track_running_stats=False)),
        "half": moved(nn.BatchNorm1d(3)).half(),
        "bf16": moved(nn.BatchNorm1d(3)).bfloat16(),
        "double": moved(nn.BatchNorm1d(3), torch.float64),
        "old": moved(nn.BatchNorm1d(3)),
        "ln": moved(nn.LayerNorm(3)),
    }
    state = {}
    for name, layer in layers.items():
        state.update(layer.state_dict(prefix=f"{name}."))
    del state["old.num_batches_tracked"]  # as before PyTorch 0.4.1, which brought the counter
    return state


def main():
    folder = pathlib.Path(sys.argv[1])
    write_digits(folder)
    write_safetensors(folder / "pytorch_variants.safetensors", variants(), {"format": "pt"})


if __name__ == "__main__":
    main()
