"""Writes ONNX files whose batch normalization stands in forms that PyTorch's exporter does not write.

    python3 onnx_files.py FOLDER

Made with Debian 12's python3-onnx 1.12.0-2+b4 and Python 3.11; onnx.checker accepts every file. Values are small and
exact in every type, except that those of type double are no floats.
"""
import pathlib
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

VALUES = {"scale": [1.5, -0.5], "bias": [0.25, -2.0], "mean": [0.5, 3.0], "var": [2.0, 0.125]}


def as_array(name, shape, values, dtype=np.float32):
    """A tensor by from_array: raw_data."""
    return numpy_helper.from_array(np.array(values, dtype).reshape(shape), name)


def as_half(name, shape, values):
    return as_array(name, shape, values, np.float16)


def as_list(data_type):
    """The function that makes a tensor of data_type by make_tensor: in float_data, double_data or int32_data."""
    return lambda name, shape, values: helper.make_tensor(name, data_type, shape, values)


def parameters(prefix, make=as_array, factor=1.0):
    return [make(f"{prefix}.{name}", [2], [factor * value for value in values]) for name, values in VALUES.items()]


def layer(name, x, tensors, y, **attributes):
    return helper.make_node(
        "BatchNormalization", [x] + [tensor.name for tensor in tensors], [y], name=name, **attributes)


def model(nodes, inputs, outputs, initializers, opset, ir_version):
    graph = helper.make_graph(nodes, "batch_normalization", inputs, outputs, initializers)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=ir_version)
    onnx.checker.check_model(made)
    return made


def value_info(name, shape, data_type=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, data_type, shape)


def infos(initializers):
    """The initializers as inputs, which they had to be before IR version 4."""
    return [value_info(tensor.name, tensor.dims, tensor.data_type) for tensor in initializers]


def typed():
    """A layer for each type and each field in which a tensor can stand, of opset 15."""
    layers = [
        ("float_raw", TensorProto.FLOAT, parameters("float_raw")),
        ("float_list", TensorProto.FLOAT, parameters("float_list", as_list(TensorProto.FLOAT))),
        ("double_list", TensorProto.DOUBLE, parameters("double_list", as_list(TensorProto.DOUBLE), 1 / 3)),
        ("half_list", TensorProto.FLOAT16, parameters("half_list", as_list(TensorProto.FLOAT16))),
        ("half_raw", TensorProto.FLOAT16, parameters("half_raw", as_half)),
        ("bfloat16_list", TensorProto.BFLOAT16, parameters("bfloat16_list", as_list(TensorProto.BFLOAT16))),
    ]
    return model(
        [layer(name, f"{name}.x", tensors, f"{name}.y", epsilon=0.0625) for name, _, tensors in layers],
        [value_info(f"{name}.x", ["N", 2], data_type) for name, data_type, _ in layers],
        [value_info(f"{name}.y", ["N", 2], data_type) for name, data_type, _ in layers],
        [tensor for _, _, tensors in layers for tensor in tensors], 15, 8)


def mixed():
    """Half precision with statistics of type float, which opset 15 allows, and no attribute at all."""
    tensors = parameters("bn", as_half)[:2] + parameters("bn")[2:]
    half = TensorProto.FLOAT16
    return model([layer("bn", "x", tensors, "y")], [value_info("x", ["N", 2], half)],
                 [value_info("y", ["N", 2], half)], tensors, 15, 8)


def single(opset, ir_version, tensors, shape, **attributes):
    """One layer without a name, whose initializers are inputs of the graph too."""
    return model([layer(None, "x", tensors, "y", **attributes)], [value_info("x", shape)] + infos(tensors),
                 [value_info("y", shape)], tensors, opset, ir_version)


def per_position():
    """Parameters of shape (C, H, W) = (2, 1, 3)."""
    ramps = {"scale": 1.0, "bias": -1.0, "mean": 0.5, "var": 2.0}
    return [as_array(f"bn.{name}", [2, 1, 3], first + 0.25 * np.arange(6)) for name, first in ramps.items()]


def save_external(folder):
    tensors = parameters("bn") + [as_array("linear.weight", [2, 2], [1, 2, 3, 4])]
    nodes = [
        helper.make_node("MatMul", ["x", "linear.weight"], ["h"], name="linear"),
        layer("bn", "h", tensors[:4], "y"),
    ]
    made = model(nodes, [value_info("x", ["N", 2])], [value_info("y", ["N", 2])], tensors, 15, 8)
    (folder / "external.data").unlink(missing_ok=True)  # the writer appends to it
    onnx.save_model(
        made, str(folder / "external.onnx"), save_as_external_data=True, location="external.data", size_threshold=0)


def main():
    folder = pathlib.Path(sys.argv[1])
    files = {
        "typed": typed(),
        "mixed": mixed(),
        "spatial0": single(7, 3, per_position(), [4, 2, 1, 3], spatial=0),
        "opset1": single(1, 3, parameters("bn"), [4, 2], is_test=1, consumed_inputs=[0, 0, 0, 1, 1]),
        "opset6": single(6, 3, parameters("bn"), [4, 2], is_test=1, epsilon=0.0625),
        "opset9_inference": single(9, 4, parameters("bn"), [4, 2]),
    }
    for name, made in files.items():
        (folder / f"{name}.onnx").write_bytes(made.SerializeToString(deterministic=True))
    save_external(folder)


if __name__ == "__main__":
    main()
