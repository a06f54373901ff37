"""The handwritten digits of examples/data, and a small network of PyTorch trained on them."""
import gzip
import pathlib

import numpy as np
import torch
from torch import nn

DATA = pathlib.Path(__file__).resolve().parents[3] / "examples" / "data"


def idx(name):
    """The array of bytes in one IDX file."""
    content = gzip.decompress((DATA / name).read_bytes())
    sizes = np.frombuffer(content, ">u4", count=content[3], offset=4)
    return np.frombuffer(content, "u1", offset=4 + sizes.nbytes).reshape(sizes)


def images_and_classes(part):
    """The images of part as rows of 64 pixels from 0 to 1, which float holds exactly, and their classes."""
    images = idx(f"{part}-images-idx3-ubyte.gz")
    classes = idx(f"{part}-labels-idx1-ubyte.gz")
    return (torch.tensor(images.reshape(len(images), -1) / 16, dtype=torch.float32),
            torch.tensor(classes.astype("i8")))


def trained_network(epsilon, epochs=30):
    """Linear, BatchNorm1d, ReLU, Linear with 12 channels, trained, in evaluation."""
    torch.set_num_threads(1)
    torch.manual_seed(1)
    images, classes = images_and_classes("train")
    network = nn.Sequential(
        nn.Linear(64, 12, bias=False), nn.BatchNorm1d(12, eps=epsilon), nn.ReLU(), nn.Linear(12, 10))
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
    for _ in range(epochs):
        for rows in torch.randperm(len(images)).split(64):
            optimizer.zero_grad()
            nn.functional.cross_entropy(network(images[rows]), classes[rows]).backward()
            optimizer.step()
    return network.eval()


def accuracy(network):
    images, classes = images_and_classes("t10k")
    with torch.no_grad():
        return (network(images).argmax(1) == classes).double().mean().item()


def examples():
    """The first 16 test images and their classes."""
    images, classes = images_and_classes("t10k")
    return images[:16], classes[:16]
