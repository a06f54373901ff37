"""Writes a block of PyTorch as text: its weights, what it answers, and how it goes on training.

    python3 export_pytorch.py 784 256 > block.txt

Every tensor is two lines: its name and shape, and its values, which come back exactly.
"""
import sys

import torch
from torch import nn

torch.manual_seed(1)
inputs, outputs = map(int, sys.argv[1:])
model = nn.Sequential(nn.Linear(inputs, outputs), nn.BatchNorm1d(outputs), nn.ReLU())
nn.init.uniform_(model[1].weight, 0.5, 1.5)
nn.init.normal_(model[1].bias)
for _ in range(20):
    model(2 * torch.randn(32, inputs) + 1)  # moves the running statistics


def write(tensors, prefix=""):
    for name, tensor in tensors.items():
        print(prefix + name, *tensor.shape)
        print(*tensor.flatten().tolist())


x = torch.randn(10, inputs)
write(model.state_dict())
write({"x": x, "y": model.eval()(x), "trained.y": model.train()(x)})
write(model.state_dict(), "trained.")
