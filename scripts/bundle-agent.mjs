// npm run bundle: dist/ozone-agent.mjs, one file that runs with Node alone. Another place: --out FILE.
import { mkdirSync, renameSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { build } from "esbuild";
import { ROOT } from "./run.mjs";

const asked = process.argv.indexOf("--out");
const outfile = asked > 0 ? resolve(process.argv[asked + 1]) : `${ROOT}dist/ozone-agent.mjs`;
const draft = `${outfile}.${process.pid}.draft.mjs`;

mkdirSync(dirname(outfile), { recursive: true });
await build({
  entryPoints: [`${ROOT}packages/agent/src/main.ts`],
  outfile: draft,
  bundle: true,
  platform: "node",
  target: "node20",
  format: "esm",
  minify: true,
  keepNames: true,
  legalComments: "none",
  logLevel: "warning",
  // The program knows by this that it is one file, which can be installed.
  define: { "process.env.OZONE_ONE_FILE": '"1"' },
  // Asked for by systeminformation inside a try, and done without.
  external: ["osx-temperature-sensor", "macos-temperature-sensor"],
  // Some bundled libraries are CommonJS and call require() at run time.
  banner: {
    js: '#!/usr/bin/env node\nimport{createRequire as __ozoneRequire}from"node:module";const require=__ozoneRequire(import.meta.url);const __dirname=import.meta.dirname,__filename=import.meta.filename;',
  },
});
renameSync(draft, outfile);
process.stdout.write(`${outfile}\n`);
