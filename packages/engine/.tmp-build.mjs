import { build } from "esbuild";

const [, , i, o] = process.argv;
await build({
  entryPoints: [i],
  outfile: "/work/main/packages/engine/dist/" + o,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  external: ["node-llama-cpp"],
  logLevel: "warning",
});
