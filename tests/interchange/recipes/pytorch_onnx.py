"""Writes what PyTorch's ONNX exporter makes of batch normalization, one small file for each case.

    python3 pytorch_onnx.py FOLDER

Made with Debian 12's python3-torch 1.13.1+dfsg-4 (torch.__version__ says 1.13.0a0) and Python 3.11. The exporter gives
names of its own; the README in the folder above says what stands in each file.
"""
import pathlib
import sys
import warnings

import torch
from torch import nn
from torch.onnx import TrainingMode


def trained(network, inputs, batches=3):
    """The network with other parameters than it began with, and statistics of some batches."""
    with torch.no_grad():
        for parameter in network.parameters():
            nn.init.normal_(parameter, 0.5, 0.5)
        for _ in range(batches):
            network(2 * torch.randn_like(inputs) + 1)
    return network


def export(path, network, inputs, opset=15, training=False):
    """Exports the network in one mode, with the options that the exporter asks for in it."""
    mode = TrainingMode.TRAINING if training else TrainingMode.EVAL
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a file in training mode is for training
        torch.onnx.export(
            network.train(training), inputs, str(path), opset_version=opset, training=mode,
            do_constant_folding=not training, input_names=["x"], output_names=["y"])


def write_convolutions(folder):
    """The layer behind the convolution goes into its weights, the one behind the transposed convolution does not."""
    images = torch.randn(2, 2, 4, 4)
    export(folder / "conv_folded.onnx", trained(nn.Sequential(
        nn.Conv2d(2, 3, 3, bias=False), nn.BatchNorm2d(3), nn.ReLU(),
        nn.ConvTranspose2d(3, 2, 2, bias=False), nn.BatchNorm2d(2)), images), images)


def behind_linear(**options):
    return nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3, **options))


def write_layers(folder):
    rows = torch.randn(4, 3)
    export(folder / "new_layer.onnx", behind_linear(), rows)
    export(folder / "no_affine.onnx", trained(behind_linear(affine=False), rows), rows)
    export(folder / "untracked.onnx", trained(behind_linear(track_running_stats=False), rows), rows)
    cumulative = trained(behind_linear(momentum=None), rows)
    export(folder / "cumulative.onnx", cumulative, rows)
    export(folder / "cumulative_training.onnx", cumulative, rows, training=True)


def write_training(folder):
    rows = torch.randn(4, 3)
    for opset in (9, 14):
        export(folder / f"training{opset}.onnx", trained(behind_linear(), rows), rows, opset, training=True)


def main():
    torch.set_num_threads(1)
    torch.manual_seed(3)
    folder = pathlib.Path(sys.argv[1])
    write_convolutions(folder)
    write_layers(folder)
    write_training(folder)


if __name__ == "__main__":
    main()
