// Writes what ONNX Runtime answers for models in FOLDER: digits_onnxruntime.json for digits.onnx and the images of
// digits.json, and written_onnxruntime.json for written_*.onnx, which this library wrote.
//
//     npm install --ignore-scripts onnxruntime-node@1.30.0    (in the folder it is run from, or one above it)
//     node onnxruntime.mjs FOLDER
//
// Made with onnxruntime-node 1.30.0 and Node.js 20.20.2, on the CPU, with its graph optimisations disabled.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const VERSION = "1.30.0";
const require = createRequire(join(process.cwd(), "here"));
const { InferenceSession, Tensor, env } = require("onnxruntime-node");
if (env.versions.node !== VERSION) throw new Error(`this is onnxruntime-node ${env.versions.node}, not ${VERSION}`);

const folder = process.argv[2];
const ARRAYS = { float32: Float32Array, float64: Float64Array };

async function answer(file, type, values, dims) {
  const session = await InferenceSession.create(
    join(folder, file), { graphOptimizationLevel: "disabled", intraOpNumThreads: 1 });
  const x = new Tensor(type, ARRAYS[type].from(values), dims);
  return (await session.run({ [session.inputNames[0]]: x }))[session.outputNames[0]];
}

function write(file, content) {
  writeFileSync(join(folder, file), JSON.stringify({ onnxruntime: VERSION, ...content }) + "\n");
}

const { images } = JSON.parse(readFileSync(join(folder, "digits.json")));
const logits = await answer("digits.onnx", "float32", images.flat(), [images.length, images[0].length]);
const [rows, columns] = logits.dims;
write("digits_onnxruntime.json", {
  logits: Array.from({ length: rows }, (_, i) => Array.from(logits.data.slice(i * columns, (i + 1) * columns))),
});

// Five samples within four deviations of the running means of written_models.hpp, at each position.
const MEANS = [0, 3, -20, 1000];
const DEVIATIONS = [1, 0.5, 2, 1];
const written = {};
for (const [name, type, spatial] of [
  ["written_float", "float32", []], ["written_double", "float64", [2, 2]], ["written_relu", "float32", [3]],
  ["written_leaky", "float32", []]]) {
  const inner = spatial.reduce((product, extent) => product * extent, 1);
  const x = [];
  for (let n = 0; n < 5; ++n) {
    for (let c = 0; c < 4; ++c) {
      for (let i = 0; i < inner; ++i) x.push(MEANS[c] + DEVIATIONS[c] * (((7 * n + 3 * c + 5 * i) % 33) / 4 - 4));
    }
  }
  const y = await answer(`${name}.onnx`, type, x, [5, 4, ...spatial]);
  written[name] = { dims: y.dims, x, y: Array.from(y.data) };
}
write("written_onnxruntime.json", written);
