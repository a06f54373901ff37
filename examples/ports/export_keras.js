// Writes a block of Keras' layers, as TensorFlow.js has them, as text: its weights, what it answers,
// and how it goes on training.
//
//     npm install @tensorflow/tfjs && node export_keras.js 784 256 > block.txt
//
// Every tensor is two lines: its name and shape, and its values, which come back exactly.
console.warn = console.error;  // standard output is for the tensors
const tf = require('@tensorflow/tfjs');

const [inputs, outputs] = process.argv.slice(2).map(Number);
const model = tf.sequential({
  layers: [
    tf.layers.dense({units: outputs, inputShape: [inputs]}),
    tf.layers.batchNormalization(),
    tf.layers.reLU(),
  ]
});
const [dense, norm] = model.layers;
let seed = 1;
const random = (...shape) => tf.randomNormal(shape, 0, 1, 'float32', seed++);
dense.setWeights([random(inputs, outputs).div(4), random(outputs)]);
norm.setWeights([
  random(outputs).add(2), random(outputs), random(outputs).div(2), random(outputs).square()
]);

function write(name, tensor) {
  process.stdout.write(`${name} ${tensor.shape.join(' ')}\n${[...tensor.dataSync()].join(' ')}\n`);
}

function writeWeights(prefix) {
  for (const weight of [...dense.weights, ...norm.weights])
    write(prefix + weight.name.split('/').pop(), weight.read());
}

const x = random(10, inputs);
writeWeights('');
write('x', x);
write('y', model.apply(x, {training: false}));
write('trained.y', model.apply(x, {training: true}));
writeWeights('trained.');
