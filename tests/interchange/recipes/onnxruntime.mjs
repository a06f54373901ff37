// Writes digits_onnxruntime.json: what ONNX Runtime answers for digits.onnx and the images of digits.json in FOLDER.
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
const { images } = JSON.parse(readFileSync(join(folder, "digits.json")));
const session = await InferenceSession.create(
  join(folder, "digits.onnx"), { graphOptimizationLevel: "disabled", intraOpNumThreads: 1 });
const input = new Tensor("float32", Float32Array.from(images.flat()), [images.length, images[0].length]);
const { logits } = await session.run({ images: input });

const [rows, columns] = logits.dims;
const table = Array.from({ length: rows }, (_, i) => Array.from(logits.data.slice(i * columns, (i + 1) * columns)));
writeFileSync(join(folder, "digits_onnxruntime.json"), JSON.stringify({ onnxruntime: VERSION, logits: table }) + "\n");
