"""The layouts in which Keras 3.16 and tf.keras 2 save models of a few kinds of layers, written with h5py.

HDF5 groups, datasets and attributes are made in the order in which Keras makes them. Archives have a fixed date.
"""
import collections
import io
import json
import zipfile

import h5py
import numpy as np

VERSION = "3.16.0"

Layer = collections.namedtuple("Layer", "kind config variables layers", defaults=((), ()))

NAMES = ("gamma", "beta", "moving_mean", "moving_variance")


def normalization(name, values, momentum=0.99, epsilon=0.001):
    """A BatchNormalization that has those of the NAMES that values has."""
    config = {"name": name, "momentum": momentum, "epsilon": epsilon, "center": "beta" in values,
              "scale": "gamma" in values}
    return Layer("BatchNormalization", config,
                 [(part, np.asarray(values[part], np.float32)) for part in NAMES if part in values])


def dense(name, kernel, bias=None):
    variables = [("kernel", kernel)] + ([] if bias is None else [("bias", bias)])
    return Layer("Dense", {"name": name, "units": kernel.shape[1], "use_bias": bias is not None}, variables)


def sequential(name, *layers):
    return Layer("Sequential", {"name": name}, layers=layers)


# The configurations that Keras 3.16 writes.

def serialized(kind, config, module="keras", **more):
    return {"module": module, "class_name": kind, "config": config, "registered_name": None, **more}


def initializer(kind):
    config = {"seed": None, "input_axes": None, "output_axes": None} if kind == "GlorotUniform" else {}
    return serialized(kind, config, "keras.initializers")


def own_config(layer):
    config = dict(layer.config)
    name = config.pop("name")
    common = {"name": name, "trainable": True, "dtype": serialized("DTypePolicy", {"name": "float32"})}
    if layer.kind == "BatchNormalization":
        rest = {
            "axis": -1, **config, "beta_initializer": initializer("Zeros"), "gamma_initializer": initializer("Ones"),
            "moving_mean_initializer": initializer("Zeros"), "moving_variance_initializer": initializer("Ones"),
            "beta_regularizer": None, "gamma_regularizer": None, "beta_constraint": None, "gamma_constraint": None,
            "synchronized": False, "renorm": False, "renorm_clipping": None, "renorm_momentum": 0.99}
    elif layer.kind == "Dense":
        rest = {
            "units": config["units"], "activation": "linear", "use_bias": config["use_bias"],
            "kernel_initializer": initializer("GlorotUniform"), "bias_initializer": initializer("Zeros"),
            "kernel_regularizer": None, "bias_regularizer": None, "kernel_constraint": None, "bias_constraint": None,
            "quantization_config": None}
    else:
        rest = {"max_value": None, "negative_slope": 0.0, "threshold": 0.0}
    return {**common, **rest}


def outputs(layer, inputs):
    if layer.kind == "Dense":
        return layer.config["units"]
    for inner in layer.layers:
        inputs = outputs(inner, inputs)
    return inputs


def inside(layer, inputs, convert):
    """The configurations of the layers in a Sequential, by convert."""
    for inner in layer.layers:
        yield convert(inner, inputs)
        inputs = outputs(inner, inputs)


def full_config(layer, inputs):
    """What config.json holds of a layer with that number of inputs."""
    shape = {"input_shape": [None, inputs]}
    if layer.kind != "Sequential":
        built = {} if layer.kind == "ReLU" else {"build_config": shape}
        return serialized(layer.kind, own_config(layer), "keras.layers", **built)
    layers = [serialized("InputLayer", {
        "batch_shape": [None, inputs], "dtype": "float32", "sparse": False, "ragged": False,
        "name": f"{layer.config['name']}_input", "optional": False}, "keras.layers")]
    layers += inside(layer, inputs, full_config)
    config = {"name": layer.config["name"], "trainable": True, "dtype": serialized("DTypePolicy", {"name": "float32"}),
              "layers": layers, "build_input_shape": [None, inputs]}
    return serialized("Sequential", config, "keras", build_config=shape, compile_config={})


# The files of Keras 3: groups named by class and place.

GROUPS = {"BatchNormalization": "batch_normalization", "Dense": "dense", "ReLU": "re_lu", "Sequential": "sequential"}


def group_names(layers):
    """batch_normalization, batch_normalization_1, ..."""
    count = collections.Counter()
    for layer in layers:
        name = GROUPS[layer.kind]
        yield f"{name}_{count[name]}" if count[name] else name
        count[name] += 1


def save_state(file, layer, path=""):
    group = file.create_group(f"{path}vars")
    group.attrs["name"] = layer.config["name"]
    for i, (_, values) in enumerate(layer.variables):
        group[str(i)] = values  # h5py 3 stores no times unless asked to
    for name, inner in zip(group_names(layer.layers), layer.layers):
        save_state(file, inner, f"{path}layers/{name}/")


def weights_bytes(model):
    memory = io.BytesIO()
    with h5py.File(memory, "w") as file:
        save_state(file, model)
    return memory.getvalue()


def save_weights(path, model):
    with h5py.File(path, "w") as file:
        save_state(file, model)


def save_keras(path, model, inputs, compression=zipfile.ZIP_STORED):
    parts = {
        "metadata.json": json.dumps({"keras_version": VERSION, "date_saved": "2026-01-01@00:00:00"}),
        "config.json": json.dumps(full_config(model, inputs)),
        "model.weights.h5": weights_bytes(model),
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name), content, compression)


# The legacy files: groups named by layer, variables by name.

Dialect = collections.namedtuple("Dialect", "version backend strings config ending whole_path")


def tf_keras_config(layer, inputs):
    """No module, no dtype policy, and axis a list."""
    if layer.kind == "Sequential":
        first = {"class_name": "InputLayer", "config": {
            "batch_input_shape": [None, inputs], "dtype": "float32", "sparse": False, "ragged": False,
            "name": f"{layer.config['name']}_input"}}
        return {"class_name": "Sequential", "config": {
            "name": layer.config["name"], "layers": [first, *inside(layer, inputs, tf_keras_config)]}}
    config = {key: value for key, value in own_config(layer).items()
              if not key.startswith("renorm") and key != "synchronized"}
    for key, value in config.items():
        if key.endswith("initializer"):
            config[key] = {"class_name": value["class_name"], "config": {}}
    return {"class_name": layer.kind, "config": {**config, "dtype": "float32", "axis": [1]}}


def keras3_config(layer, inputs):
    """As in config.json, but of a layer only its class and its own configuration."""

    def stripped(entry):
        config = dict(entry["config"])
        if "layers" in config:
            config["layers"] = [stripped(inner) for inner in config["layers"]]
        return {"class_name": entry["class_name"], "config": config}

    return stripped(full_config(layer, inputs))


def fixed_strings(names):
    """As h5py 2, which wrote most of the old files, stores a list of names: padded to one length."""
    return np.array([name.encode() for name in names]) if names else np.zeros(0)


def variable_strings(names):
    """As h5py 3 stores it."""
    return [name.encode() for name in names]


TF_KERAS = Dialect("2.15.0", "tensorflow", fixed_strings, tf_keras_config, ":0", False)
KERAS3_LOADED = Dialect(VERSION, "numpy", variable_strings, keras3_config, "", False)
KERAS3_NEW = Dialect(VERSION, "numpy", variable_strings, keras3_config, "", True)


def legacy_variables(layer, dialect, path):
    """The (name, values) of a layer and the layers in it, trainable ones first."""
    path = f"{path}{layer.config['name']}/" if dialect.whole_path else ""
    start = path or f"{layer.config['name']}/"
    found = [(f"{start}{name}{dialect.ending}", values) for name, values in layer.variables]
    for inner in layer.layers:
        found += legacy_variables(inner, dialect, path)
    return sorted(found, key=lambda item: "/moving_" in item[0])


def write_legacy_layer(group, variables, dialect):
    group.attrs["weight_names"] = dialect.strings([name for name, _ in variables])
    for name, values in variables:
        group.create_dataset(name, values.shape, dtype=values.dtype)[:] = values


def write_legacy_weights(group, model, dialect):
    group.attrs["layer_names"] = dialect.strings([layer.config["name"] for layer in model.layers])
    group.attrs["backend"] = dialect.backend.encode()
    group.attrs["keras_version"] = dialect.version.encode()
    for layer in sorted(model.layers, key=lambda layer: layer.config["name"]):
        variables = legacy_variables(layer, dialect, f"{model.config['name']}/")
        write_legacy_layer(group.create_group(layer.config["name"]), variables, dialect)
    write_legacy_layer(group.create_group("top_level_model_weights"), [], dialect)


def save_legacy_weights(path, model, dialect):
    with h5py.File(path, "w") as file:
        write_legacy_weights(file, model, dialect)


def save_legacy(path, model, inputs, dialect):
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = dialect.version
        file.attrs["backend"] = dialect.backend
        file.attrs["model_config"] = json.dumps(dialect.config(model, inputs)).encode()
        write_legacy_weights(file.create_group("model_weights"), model, dialect)
