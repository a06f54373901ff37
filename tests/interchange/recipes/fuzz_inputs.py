"""Writes the inputs that the fuzz targets run again with every test: small files, whole, cut off, and with a bit changed.

    python3 fuzz_inputs.py FILES FOLDER

FILES is the folder of the committed files; FOLDER gets safetensors/, onnx/, keras/ and set_state/. Python 3.11's standard
library.
"""
import pathlib
import random
import struct
import sys
import zipfile

import safetensors


def variants(data, dice, count):
    """The data, some of their beginnings, and some copies with one bit changed."""
    yield data
    for _ in range(count):
        yield data[:dice.randrange(len(data))]
        changed = bytearray(data)
        changed[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
        yield bytes(changed)


def small_safetensors():
    one = struct.pack("<f", 1.0)
    yield safetensors.write([])
    yield safetensors.write([("a", "F32", [2], 2 * one)], {"format": "pt"})
    yield safetensors.write([(f"bn.{name}", "F32", [1], one) for name in ("running_mean", "running_var", "weight")]
                            + [("bn.num_batches_tracked", "I64", [], bytes(8))])
    yield safetensors.write([("bn/moving_mean", "BF16", [1], bytes(2)), ("bn/moving_variance", "F64", [1], bytes(8))])
    yield safetensors.write([("bits", "F4", [2, 3], bytes(3)), ("none", "F16", [0], b"")])


def small_onnx(files):
    for name in ("opset9_inference", "opset6", "spatial0", "mixed", "new_layer", "no_affine", "training14"):
        yield (files / f"{name}.onnx").read_bytes()


def states(dice):
    """Bytes that set_state_fuzz makes a state of: zeros, ones, and noise."""
    yield b""
    for size in (8, 60, 150):
        yield bytes([1] * size)
        yield from (dice.randbytes(size) for _ in range(6))


def trees(files, dice):
    """Bytes that keras_fuzz makes a tree of groups of, each in front of a configuration."""
    layer = bytes([0x00, 0x01, 0x03, 0x64, 0x65, 0x66, 0x67, 0x31, 0x10, 0x10, 0x02, 0x03, 0x64, 0x65, 0x34])
    named = bytes([0x0E, 0x68, 0x69, 0x6B, 0x6C])
    with zipfile.ZipFile(files / "variants.keras") as archive:
        config = archive.read("config.json")[:2000]
    small = b'{"config":{"layers":[{"class_name":"BatchNormalization","config":{"name":"bn","scale":false}}]}}'
    for tree in (layer, named, layer + named, b""):
        yield from variants(tree + small, dice, 6)
        yield tree + config


def write(folder, inputs):
    folder.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(dict.fromkeys(inputs)):
        (folder / f"{number:03}").write_bytes(data)


def main():
    files, folder = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    dice = random.Random(1)
    write(folder / "safetensors", [v for data in small_safetensors() for v in variants(data, dice, 6)])
    write(folder / "onnx", [v for data in small_onnx(files) for v in variants(data, dice, 4)])
    write(folder / "set_state", list(states(dice)))
    write(folder / "keras", list(trees(files, dice)))


main()
