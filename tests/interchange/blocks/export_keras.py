"""Writes a block of Keras as text: its weights, what it answers, and how it goes on training.

    python3 export_keras.py 784 256 > block.txt

Every tensor is two lines: its name and shape, and its values, which come back exactly.
"""
import sys

import keras
import numpy as np
from keras import layers

keras.utils.set_random_seed(1)
random = np.random.default_rng(1)
inputs, outputs = map(int, sys.argv[1:])
model = keras.Sequential([
    keras.Input((inputs,)),
    layers.Dense(outputs, bias_initializer="random_normal"),
    layers.BatchNormalization(gamma_initializer=keras.initializers.RandomUniform(0.5, 1.5),
                              beta_initializer="random_normal"),
    layers.ReLU(),
])
for _ in range(200):  # moves the running statistics
    model(2 * random.standard_normal((32, inputs), "float32") + 1, training=True)


def write(name, tensor):
    values = keras.ops.convert_to_numpy(tensor)
    print(name, *values.shape)
    print(*values.flatten().tolist())


def write_weights(prefix=""):
    for weight in model.weights:
        write(prefix + weight.name, weight)


x = random.standard_normal((10, inputs), "float32")
write_weights()
write("x", x)
write("y", model(x, training=False))
write("trained.y", model(x, training=True))
write_weights("trained.")
