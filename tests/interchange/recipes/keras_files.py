"""Writes weights as Keras saves them, with h5py: no Keras is needed.

    python3 keras_files.py FOLDER

    digits.keras, digits.weights.h5, digits_keras.json      the network of digits.py, epsilon 1e-3
    variants.keras, variants.weights.h5, twelve.keras       layers that are easily confused, as Keras 3.16 saves them
    legacy.h5, legacy_weights.h5                            the variants in HDF5 files as tf.keras 2 saves them
    legacy_keras3.h5, legacy_paths.h5                       legacy files of Keras 3.16: of a loaded model, of a new one
    keras_layers.json                                       what stands in every layer of these but digits

Made with Debian 12's python3-h5py 3.7.0-8 (HDF5 1.10.8), python3-numpy 1.24.2, python3-torch 1.13.1+dfsg-4 and Python
3.11.
"""
import json
import pathlib
import sys
import zipfile

import numpy as np
import torch

import digits
from keras_layouts import (
    KERAS3_LOADED, KERAS3_NEW, NAMES, TF_KERAS, Layer, dense, normalization, save_keras, save_legacy,
    save_legacy_weights, save_weights, sequential)


def digits_model(network):
    linear, norm, _, last = network
    state = [norm.weight, norm.bias, norm.running_mean, norm.running_var]
    return sequential(
        "sequential",
        dense("dense", linear.weight.detach().numpy().T.copy()),
        normalization("batch_normalization", dict(zip(NAMES, (part.detach().numpy() for part in state)))),
        Layer("ReLU", {"name": "re_lu"}),
        dense("dense_1", last.weight.detach().numpy().T.copy(), last.bias.detach().numpy()))


def answers(model, images):
    """The model's logits in double precision."""
    first, norm, _, last = ([values.astype(float) for _, values in layer.variables] for layer in model.layers)
    gamma, beta, mean, variance = norm
    epsilon = model.layers[1].config["epsilon"]
    hidden = (images @ first[0] - mean) / np.sqrt(variance + epsilon) * gamma + beta
    return np.maximum(hidden, 0) @ last[0] + last[1]


def write_digits(folder):
    network = digits.trained_network(epsilon=1e-3)
    print(f"digits: {digits.accuracy(network):.1%} of the test images right")
    model = digits_model(network)
    images, classes = digits.examples()
    logits = answers(model, images.numpy().astype(float))
    with torch.no_grad():
        assert np.allclose(logits, network(images).numpy(), atol=1e-4)
    save_keras(folder / "digits.keras", model, 64)
    save_weights(folder / "digits.weights.h5", model)
    first, last = (dict(model.layers[place].variables) for place in (0, 3))
    (folder / "digits_keras.json").write_text(json.dumps({
        "epsilon": 1e-3, "images": images.tolist(), "classes": classes.tolist(), "logits": logits.tolist(),
        "first_kernel": first["kernel"].tolist(), "last_kernel": last["kernel"].tolist(),
        "last_bias": last["bias"].tolist()}) + "\n")


def random_values(random, names=NAMES):
    """Two channels with values of either sign, but for the variances."""
    values = {name: random.uniform(-2, 2, 2).astype(np.float32) for name in NAMES}
    values["moving_variance"] = abs(values["moving_variance"]) + np.float32(0.5)
    return {name: values[name] for name in names}


def variants(random):
    """The first has the name that is the third's group; of the two with three variables one lacks gamma, one beta."""
    return sequential(
        "variants",
        normalization("batch_normalization_2", random_values(random)),
        normalization("no_scale", random_values(random, NAMES[1:]), epsilon=1e-5),
        normalization("no_center", random_values(random, ("gamma",) + NAMES[2:]), momentum=0.9),
        sequential("block", normalization("neither", random_values(random, NAMES[2:]))))


def paths(random):
    return sequential(
        "model",
        normalization("outer", random_values(random)),
        sequential("block", normalization("inner", random_values(random, NAMES[2:]))))


def twelve(random):
    return sequential("twelve", *(normalization(f"norm_{i}", random_values(random)) for i in range(12)))


def described(layer):
    """The normalizations of a model by name."""
    if layer.kind == "BatchNormalization":
        return {layer.config["name"]: {
            "epsilon": layer.config["epsilon"], "momentum": layer.config["momentum"],
            **{name: values.tolist() for name, values in layer.variables}}}
    return {name: found for inner in layer.layers for name, found in described(inner).items()}


def write_layers(folder):
    random = np.random.Generator(np.random.PCG64(4))
    models = {model.config["name"]: model for model in (variants(random), paths(random), twelve(random))}
    some = models["variants"]
    save_keras(folder / "variants.keras", some, 2)
    save_weights(folder / "variants.weights.h5", some)
    save_keras(folder / "twelve.keras", models["twelve"], 2, zipfile.ZIP_DEFLATED)
    save_legacy(folder / "legacy.h5", some, 2, TF_KERAS)
    save_legacy_weights(folder / "legacy_weights.h5", some, TF_KERAS)
    save_legacy(folder / "legacy_keras3.h5", some, 2, KERAS3_LOADED)
    save_legacy(folder / "legacy_paths.h5", models["model"], 2, KERAS3_NEW)
    (folder / "keras_layers.json").write_text(
        json.dumps({name: described(model) for name, model in models.items()}, indent=1) + "\n")


def main():
    folder = pathlib.Path(sys.argv[1])
    write_digits(folder)
    write_layers(folder)


if __name__ == "__main__":
    main()
